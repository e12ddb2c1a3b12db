//! Service desks and organizations.

use std::sync::Arc;

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

impl ServiceDesk {
    /// The groups its request types are listed in, with their names.
    pub fn request_type_groups(&self) -> Vec<(u64, &'static str)> {
        let mut ids: Vec<u64> =
            self.request_types.iter().flat_map(|it| it.group_ids.iter().copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        let name = |id: &u64| match id {
            1 => "General",
            2 => "Changes and faults",
            _ => "Other",
        };
        ids.iter().map(|id| (*id, name(id))).collect()
    }
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
    /// Properties: key and JSON text.
    pub properties: Vec<(String, Arc<str>)>,
}
