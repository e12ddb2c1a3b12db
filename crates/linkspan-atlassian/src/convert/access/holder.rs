//! Holders of permissions and security levels (`atlassian-permissions.md` 2.1).

use crate::wire::jira;

/// To whom something is granted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Holder {
    /// Everybody, signed in or not.
    Anyone,
    /// Every user who is signed in on the site.
    SignedIn,
    /// Licensed users of the application with this key.
    ApplicationRole(String),
    /// The group with this id.
    Group(String),
    /// The group with this name, where upstream gave no id.
    GroupNamed(String),
    /// The account with this id.
    Account(String),
    /// Actors of the role with this id in the project at hand.
    Role(String),
    /// Lead of the project at hand.
    Lead,
    /// Reporter of the issue at hand.
    Reporter,
    /// Assignee of the issue at hand.
    Assignee,
    /// Accounts in this field of the issue at hand.
    UserField(String),
    /// Groups in this field of the issue at hand.
    GroupField(String),
    /// Portal customers: nobody in the Jira view.
    PortalCustomers,
}

impl Holder {
    /// Reads a holder.
    ///
    /// # Errors
    /// With the words that name it when it is not understood.
    pub(super) fn read(holder: &jira::Holder<'_>) -> Result<Self, String> {
        let kind = holder.kind.text().ok_or("a holder without a type")?;
        // `value` is the immutable id; `parameter` is a name for groups and the same id otherwise.
        let subject = holder.value.id().or(holder.parameter.id()).map(str::to_owned);
        let needed =
            |subject: Option<String>| subject.ok_or_else(|| format!("a holder `{kind}` that names nobody"));
        Ok(match kind {
            "anyone" => Self::Anyone,
            "applicationRole" => match subject {
                Some(key) => Self::ApplicationRole(key),
                None if holder.value.get().is_none() && holder.value.is_present() => {
                    return Err("a holder `applicationRole` of an unknown form".to_owned());
                }
                None if holder.parameter.get().is_none() && holder.parameter.is_present() => {
                    return Err("a holder `applicationRole` of an unknown form".to_owned());
                }
                None => Self::SignedIn,
            },
            "group" => match holder.value.id() {
                Some(id) => Self::Group(id.to_owned()),
                None => Self::GroupNamed(needed(subject)?),
            },
            "user" => Self::Account(needed(subject)?),
            "projectRole" => Self::Role(needed(subject)?),
            "projectLead" => Self::Lead,
            "reporter" => Self::Reporter,
            "assignee" => Self::Assignee,
            "userCustomField" => Self::UserField(needed(subject)?),
            "groupCustomField" => Self::GroupField(needed(subject)?),
            "sd.customer.portal.only" => Self::PortalCustomers,
            other => return Err(format!("an unknown holder `{other}`")),
        })
    }
}
