//! The portal's forms: groups of request types, their fields, and who may use them.

use axum::extract::Path;
use http::HeaderMap;
use serde::Deserialize;

use super::{Answer, JsmRefusal, Slice, base_price, desks, is_agent};
use crate::{
    gateway::Charge,
    jira::{
        body::JsonBody,
        json::Json,
        session::{Session, ok},
        view::View,
    },
    world::{
        SiteState,
        jira::{Field, FieldKind, RequestType},
    },
};

/// Request types asked about at once.
const MAX_CHECKED: usize = 1_000;

/// A field of a request form.
#[derive(Clone, Copy, Debug)]
pub(super) enum FormField<'s> {
    Summary,
    Description,
    Choice(&'s Field),
}

impl FormField<'_> {
    pub(super) fn id(self) -> String {
        match self {
            Self::Summary => "summary".to_owned(),
            Self::Description => "description".to_owned(),
            Self::Choice(field) => field.id.to_string(),
        }
    }

    pub(super) fn label(&self) -> &str {
        match self {
            Self::Summary => "Summary",
            Self::Description => "Description",
            Self::Choice(field) => &field.name,
        }
    }
}

/// The fields of a request type's form: faults also ask for the first choice field of the site.
pub(super) fn form_fields<'s>(site: &'s SiteState, kind: &RequestType) -> Vec<FormField<'s>> {
    let mut fields = vec![FormField::Summary, FormField::Description];
    let faults = site.jira().issue_type(kind.issue_type).is_some_and(|it| it.name == "Incident");
    let choice = site.jira().field_of_kind(FieldKind::Select).filter(|field| faults && field.scope.is_none());
    fields.extend(choice.map(FormField::Choice));
    fields
}

/// The value of a form field in a body: a choice is named by `id` or `value`.
pub(super) fn chosen(field: &Field, value: &serde_json::Value) -> Option<crate::world::OptionId> {
    let text = |name: &str| value.get(name).and_then(serde_json::Value::as_str);
    let named = |option: &&crate::world::jira::FieldOption| {
        text("id").is_some_and(|id| option.id.to_string() == id)
            || text("value").is_some_and(|value| *option.value == *value)
    };
    field.options.iter().find(named).map(|option| option.id)
}

/// `{canAddRequestParticipants, canRaiseOnBehalfOf, requestTypeFields}`
pub(super) fn write_form(json: &mut Json, view: &View<'_>, kind: &RequestType) {
    json.object(|json| {
        json.key("requestTypeFields").array(|json| {
            for field in form_fields(view.site, kind) {
                write_field(json, field);
            }
        });
        json.key("canRaiseOnBehalfOf").boolean(is_agent(view));
        json.key("canAddRequestParticipants").boolean(true);
    });
}

fn write_field(json: &mut Json, field: FormField<'_>) {
    json.object(|json| {
        json.key("fieldId").string(&field.id());
        json.key("name").string(field.label());
        json.key("description").string("");
        json.key("required").boolean(matches!(field, FormField::Summary));
        json.key("defaultValues").array(|_| {});
        json.key("validValues").array(|json| {
            let FormField::Choice(field) = field else { return };
            for option in &field.options {
                json.object(|json| {
                    json.key("value").plain(option.id);
                    json.key("label").string(&option.value);
                    json.key("children").array(|_| {});
                });
            }
        });
        json.key("presetValues").array(|_| {});
        json.key("jiraSchema");
        match field {
            FormField::Choice(field) => View::custom_schema(json, field),
            FormField::Summary | FormField::Description => json.object(|json| {
                json.key("type").string("string");
                json.key("system").string(&field.id());
            }),
        }
        json.key("visible").boolean(true);
    });
}

pub(super) async fn fields(Path((name, kind)): Path<(String, String)>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let (_, desk) = desks::named(&view, &name)?;
    let kind = desks::named_type(desk, &kind)?;
    Ok(ok(Charge::BASE, |json| write_form(json, &view, kind)))
}

pub(super) async fn groups(Path(name): Path<String>, session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    let (_, desk) = desks::named(&view, &name)?;
    Ok(slice.answer(&session, &desk.request_type_groups(), base_price, |json, (id, name)| {
        json.object(|json| {
            json.key("id").plain(id);
            json.key("name").string(name);
        });
    }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Check {
    account_id: Option<String>,
    #[serde(default)]
    permissions: Vec<String>,
    #[serde(default)]
    request_type_ids: Vec<u64>,
}

/// `POST …/requesttype/permissions/check`: for oneself, or as an administrator for somebody else.
pub(super) async fn check(
    Path(name): Path<String>,
    session: Session,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer {
    desks::require_opt_in(&headers)?;
    let check: Check = body.read().map_err(|_| {
        JsmRefusal::bad_request("The body may have `accountId`, `permissions`, `requestTypeIds`.")
    })?;
    if check.request_type_ids.len() > MAX_CHECKED {
        return Err(JsmRefusal::bad_request("At most 1000 request types can be checked at once."));
    }
    let site = session.site().read();
    let view = session.view(&site);
    let own = view.reader.account().map(|index| site.account(index).account_id.as_str());
    let other = check.account_id.as_deref().filter(|id| Some(*id) != own);
    let asked = match other {
        None => session.view(&site),
        Some(id) => {
            if !view.reader.admin {
                return Err(JsmRefusal::not_an_agent());
            }
            let account = site
                .account_by_id(id)
                .ok_or_else(|| JsmRefusal::bad_request(format!("The account '{id}' does not exist.")))?;
            View { reader: site.reader(crate::world::Viewer::Account(account.index)), ..session.view(&site) }
        }
    };
    let found = desks::named(&asked, &name).ok();
    let ids: Vec<u64> = found.map_or_else(Vec::new, |(_, desk)| {
        let all = desk.request_types.iter().map(|kind| kind.id.0);
        let wanted = &check.request_type_ids;
        all.filter(|id| wanted.is_empty() || wanted.contains(id)).collect()
    });
    let administers = found.is_some_and(|(project, _)| site.can_administer_project(&asked.reader, project));
    let wants = |name: &str| check.permissions.is_empty() || check.permissions.iter().any(|it| it == name);
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            for (name, holds) in [("canCreateRequest", true), ("canAdminister", administers)] {
                if wants(name) {
                    json.key(name).array(|json| {
                        for id in ids.iter().filter(|_| holds) {
                            json.number(id);
                        }
                    });
                }
            }
        });
    }))
}
