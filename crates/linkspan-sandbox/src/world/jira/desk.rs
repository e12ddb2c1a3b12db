//! Service desks and organizations.

use crate::world::ids::{AccountIndex, IssueTypeId, Millis, OrganizationId, RequestTypeId, ServiceDeskId};

/// Who may raise requests in a portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PortalAccess {
    /// Anybody with an account on the site (open portal).
    Open,
    /// Customers who were added, and members of added organizations.
    Restricted,
}

/// The service desk of a project.
#[derive(Debug, Clone)]
pub struct ServiceDesk {
    /// Id of the desk.
    pub id: ServiceDeskId,
    /// Portal access.
    pub access: PortalAccess,
    /// Customers added one by one.
    pub customers: Vec<AccountIndex>,
    /// Organizations added to the desk.
    pub organizations: Vec<OrganizationId>,
    /// Request types.
    pub request_types: Vec<RequestType>,
}

/// A request type.
#[derive(Debug, Clone)]
pub struct RequestType {
    /// Id.
    pub id: RequestTypeId,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Issue type created for it.
    pub issue_type: IssueTypeId,
    /// Portal groups it is listed in.
    pub group_ids: Vec<u64>,
}

/// A JSM organization.
#[derive(Debug, Clone)]
pub struct Organization {
    /// Id.
    pub id: OrganizationId,
    /// UUID.
    pub uuid: String,
    /// Name.
    pub name: String,
    /// When it was made.
    pub created: Millis,
    /// Members, ascending.
    pub members: Vec<AccountIndex>,
}
