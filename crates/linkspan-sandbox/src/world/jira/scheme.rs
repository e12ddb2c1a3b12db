//! Permission schemes and issue security schemes.

use crate::world::group::Product;
use crate::world::ids::{
    AccountIndex, FieldId, GroupIndex, PermissionSchemeId, RoleId, SecurityLevelId, SecuritySchemeId,
};

/// Who a grant or a security level names (`atlassian-permissions.md` 2.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Holder {
    /// `anyone`: the public, while the site allows anonymous access.
    Anyone,
    /// `applicationRole` with the key of a product, or without: any signed-in user of the site.
    ApplicationRole(Option<Product>),
    /// `group`
    Group(GroupIndex),
    /// `user`
    User(AccountIndex),
    /// `projectRole`
    ProjectRole(RoleId),
    /// `projectLead`
    ProjectLead,
    /// `reporter`
    Reporter,
    /// `assignee`
    Assignee,
    /// `userCustomField`
    UserCustomField(FieldId),
    /// `groupCustomField`
    GroupCustomField(FieldId),
    /// `sd.customer.portal.only`: adds nobody to the Jira view.
    PortalCustomers,
}

impl Holder {
    /// The `type` member of the payload.
    pub const fn type_key(&self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::ApplicationRole(_) => "applicationRole",
            Self::Group(_) => "group",
            Self::User(_) => "user",
            Self::ProjectRole(_) => "projectRole",
            Self::ProjectLead => "projectLead",
            Self::Reporter => "reporter",
            Self::Assignee => "assignee",
            Self::UserCustomField(_) => "userCustomField",
            Self::GroupCustomField(_) => "groupCustomField",
            Self::PortalCustomers => "sd.customer.portal.only",
        }
    }
}

/// One grant of a permission scheme.
#[derive(Debug, Clone)]
pub struct PermissionGrant {
    /// Id of the grant.
    pub id: u64,
    /// Permission key such as `BROWSE_PROJECTS`.
    pub permission: &'static str,
    /// Holder.
    pub holder: Holder,
}

/// A permission scheme.
#[derive(Debug, Clone)]
pub struct PermissionScheme {
    /// Id.
    pub id: PermissionSchemeId,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Grants.
    pub grants: Vec<PermissionGrant>,
}

/// One member row of a security level.
#[derive(Debug, Clone)]
pub struct SecurityMember {
    /// Id of the row.
    pub id: u64,
    /// Holder.
    pub holder: Holder,
}

/// A level of an issue security scheme.
#[derive(Debug, Clone)]
pub struct SecurityLevel {
    /// Id.
    pub id: SecurityLevelId,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Members.
    pub members: Vec<SecurityMember>,
}

/// An issue security scheme.
#[derive(Debug, Clone)]
pub struct SecurityScheme {
    /// Id.
    pub id: SecuritySchemeId,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Level new issues get, if any.
    pub default_level: Option<SecurityLevelId>,
    /// Levels.
    pub levels: Vec<SecurityLevel>,
}
