//! Changes to permission schemes: grants added and removed.

use axum::extract::Path;
use http::StatusCode;
use serde::Deserialize;

use super::permissions::{known_permission, named_scheme};
use crate::{
    gateway::Charge,
    jira::{
        body::JsonBody,
        json,
        refusal::{Answer, Refusal},
        session::{Session, json_answer, no_content},
        view::HolderExpansions,
        write::stamp,
    },
    world::{FieldId, Product, RoleId, SiteState, jira::Holder},
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewGrant {
    holder: NewHolder,
    permission: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewHolder {
    #[serde(rename = "type")]
    kind: String,
    /// The name or the id; `value` is the id and wins.
    parameter: Option<String>,
    value: Option<String>,
}

impl NewHolder {
    fn resolve(&self, site: &SiteState) -> Result<Holder, Refusal> {
        let named = self.value.as_deref().or(self.parameter.as_deref());
        let missing =
            || Refusal::bad_request(format!("The holder of the type '{}' does not exist.", self.kind));
        let found = match self.kind.as_str() {
            "anyone" => Some(Holder::Anyone),
            "projectLead" => Some(Holder::ProjectLead),
            "reporter" => Some(Holder::Reporter),
            "assignee" => Some(Holder::Assignee),
            "sd.customer.portal.only" => Some(Holder::PortalCustomers),
            "applicationRole" => match named {
                None | Some("") => Some(Holder::ApplicationRole(None)),
                Some(key) => Product::from_key(key).map(|product| Holder::ApplicationRole(Some(product))),
            },
            "group" => named
                .and_then(|name| site.group_by_id(name).or_else(|| site.group_by_name(name)))
                .map(|group| Holder::Group(group.index)),
            "user" => named.and_then(|id| site.account_by_id(id)).map(|it| Holder::User(it.index)),
            "projectRole" => named
                .and_then(RoleId::parse)
                .filter(|role| site.jira().role(*role).is_some())
                .map(Holder::ProjectRole),
            "userCustomField" => Self::field(site, named).map(Holder::UserCustomField),
            "groupCustomField" => Self::field(site, named).map(Holder::GroupCustomField),
            _ => None,
        };
        found.ok_or_else(missing)
    }

    fn field(site: &SiteState, named: Option<&str>) -> Option<FieldId> {
        named.and_then(FieldId::parse).filter(|field| site.jira().field(*field).is_some())
    }
}

pub(super) async fn add(Path(id): Path<String>, session: Session, body: JsonBody) -> Answer {
    let stamp = stamp(&session)?;
    let request: NewGrant = body.read()?;
    let mut site = session.site().write();
    session.require_admin(&site)?;
    let scheme = named_scheme(&site, &id)?.id;
    let permission = known_permission(&request.permission)?;
    let holder = request.holder.resolve(&site)?;
    let made = site.add_grant(stamp, scheme, permission, holder)?;
    let view = session.view(&site);
    let scheme = named_scheme(&site, &id)?;
    let grant = scheme.grants.iter().find(|grant| grant.id == made).ok_or_else(Refusal::payload)?;
    let text = json::text(|json| view.grant(json, scheme, grant, HolderExpansions::default()));
    Ok(json_answer(StatusCode::CREATED, text, Charge::WRITE))
}

pub(super) async fn remove(Path((id, grant)): Path<(String, String)>, session: Session) -> Answer {
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    session.require_admin(&site)?;
    let scheme = named_scheme(&site, &id)?.id;
    let missing = || Refusal::not_found("The permission grant does not exist.");
    let grant = grant.parse().map_err(|_| missing())?;
    site.remove_grant(stamp, scheme, grant)?;
    Ok(no_content())
}
