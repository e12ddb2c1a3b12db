//! Field configurations, and the field schemes that replace them: a site has one of the two (`atlassian-endpoints.md` 3.11).
//!
//! The setting `field_scheme_sites` names the sites that have moved on. There the older listings are empty; everywhere else
//! the newer operations answer that they are switched off.

use axum::{Router, extract::Path, routing::get};

use super::arrangements::{among, wanted_projects};
use crate::{
    gateway::{AppState, Charge},
    jira::{
        json::Json,
        refusal::{Answer, Refusal},
        session::{Session, ok},
        view::SYSTEM_FIELDS,
    },
    world::{
        SiteState,
        jira::{FIELD_CONFIGURATION_SCHEME, FIELD_CONFIGURATIONS, FieldConfiguration, FieldKind, Project},
    },
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/fieldconfiguration", get(configurations))
        .route("/fieldconfiguration/{id}/fields", get(configured_fields))
        .route("/fieldconfigurationscheme", get(configuration_schemes))
        .route("/fieldconfigurationscheme/mapping", get(mapping))
        .route("/fieldconfigurationscheme/project", get(schemes_of_projects))
        .route("/config/fieldschemes", get(field_schemes))
        .route("/config/fieldschemes/projects", get(field_schemes_of_projects))
        .route("/config/fieldschemes/{id}/fields", get(fields_of_scheme))
}

/// Whether the site has field schemes in place of field configurations.
fn has_field_schemes(session: &Session) -> bool {
    let settings = session.state.settings();
    settings.field_scheme_sites.iter().any(|cloud_id| cloud_id == session.site().cloud_id())
}

fn require_field_schemes(session: &Session) -> Result<(), Refusal> {
    if has_field_schemes(session) {
        return Ok(());
    }
    Err(Refusal::not_found("Field schemes are not enabled on this site."))
}

/// A list of the older model: empty where the site has the newer one.
fn of_older_model<T>(session: &Session, list: Vec<T>) -> Vec<T> {
    if has_field_schemes(session) { Vec::new() } else { list }
}

async fn configurations(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    let ids = session.query.list("id");
    let only_default = session.query.flag("isDefault", false);
    let text = session.query.text("query").unwrap_or_default().to_lowercase();
    let mut found = of_older_model(&session, FIELD_CONFIGURATIONS.to_vec());
    found.retain(|it| {
        (ids.is_empty() || ids.contains(&it.id.to_string().as_str()))
            && (!only_default || it.is_default)
            && it.name.to_lowercase().contains(&text)
    });
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &found, |json, it| {
            json.object(|json| {
                json.key("id").number(it.id);
                json.key("name").string(it.name);
                json.key("description").string(it.description);
                if it.is_default {
                    json.key("isDefault").boolean(true);
                }
            });
        });
    }))
}

/// What a configuration says of one field.
struct Configured {
    id: String,
    description: String,
    hidden: bool,
    required: bool,
    renderer: Option<&'static str>,
}

fn configured(site: &SiteState, configuration: &FieldConfiguration) -> Vec<Configured> {
    let help = |text: &str| if configuration.is_default { String::new() } else { text.to_owned() };
    let system = SYSTEM_FIELDS.iter().filter(|field| field.orderable).map(|field| Configured {
        id: field.id.to_owned(),
        description: if field.id == "summary" {
            help("Say what happened in one line")
        } else {
            String::new()
        },
        hidden: false,
        required: field.id == "summary" || field.id == "issuetype",
        renderer: matches!(field.id, "description" | "environment" | "comment" | "worklog")
            .then_some("atlassian-wiki-renderer"),
    });
    let custom = site.jira().configured_fields().map(|(id, field)| Configured {
        id: id.to_string(),
        description: field.description.clone(),
        hidden: configuration.hides(Some(field.kind)),
        required: false,
        renderer: (field.kind == FieldKind::TextArea).then_some("atlassian-wiki-renderer"),
    });
    system.chain(custom).collect()
}

/// The configuration (or under the newer model the scheme) of an id.
fn named(id: &str) -> Result<&'static FieldConfiguration, Refusal> {
    let found = FIELD_CONFIGURATIONS.iter().find(|it| it.id.to_string() == id);
    found.ok_or_else(|| Refusal::not_found(format!("The field configuration '{id}' was not found.")))
}

async fn configured_fields(Path(id): Path<String>, session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    let configuration = named(&id)?;
    let fields = of_older_model(&session, configured(&site, configuration));
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &fields, |json, field| {
            json.object(|json| {
                json.key("id").string(&field.id);
                json.key("description").string(&field.description);
                json.key("isHidden").boolean(field.hidden);
                json.key("isRequired").boolean(field.required);
                if let Some(renderer) = field.renderer {
                    json.key("renderer").string(renderer);
                }
            });
        });
    }))
}

fn configuration_scheme(json: &mut Json) {
    let (id, name, description) = FIELD_CONFIGURATION_SCHEME;
    json.object(|json| {
        json.key("id").plain(id);
        json.key("name").string(name);
        json.key("description").string(description);
    });
}

async fn configuration_schemes(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    let ids = session.query.list("id");
    let mut schemes = of_older_model(&session, vec![FIELD_CONFIGURATION_SCHEME.0]);
    schemes.retain(|id| ids.is_empty() || ids.contains(&id.to_string().as_str()));
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &schemes, |json, _| configuration_scheme(json));
    }))
}

async fn mapping(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    let ids = session.query.list("fieldConfigurationSchemeId");
    let scheme = FIELD_CONFIGURATION_SCHEME.0;
    let mut rows = of_older_model(&session, vec![("default", FIELD_CONFIGURATIONS[1].id)]);
    rows.retain(|_| ids.is_empty() || ids.contains(&scheme.to_string().as_str()));
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &rows, |json, (kind, configuration)| {
            json.object(|json| {
                json.key("fieldConfigurationSchemeId").plain(scheme);
                json.key("issueTypeId").string(kind);
                json.key("fieldConfigurationId").plain(configuration);
            });
        });
    }))
}

/// Company-managed projects by their configuration, the default one first.
fn by_configuration(site: &SiteState) -> Vec<(&'static FieldConfiguration, Vec<&Project>)> {
    let of = |configuration: &'static FieldConfiguration| {
        let projects = site.jira().projects.iter().filter(|project| {
            !project.is_team_managed() && site.jira().field_configuration(project) == configuration
        });
        (configuration, projects.collect())
    };
    FIELD_CONFIGURATIONS.iter().map(of).collect()
}

async fn schemes_of_projects(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let wanted = wanted_projects(&session)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    let rows = by_configuration(&site).into_iter().map(|(it, projects)| (it, among(&projects, &wanted)));
    let rows: Vec<_> = rows.filter(|(_, projects)| !projects.is_empty()).collect();
    let rows = of_older_model(&session, rows);
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &rows, |json, (configuration, projects)| {
            json.object(|json| {
                // Projects with the default configuration have no scheme.
                if !configuration.is_default {
                    json.key("fieldConfigurationScheme");
                    configuration_scheme(json);
                }
                json.key("projectIds").array(|json| projects.iter().for_each(|id| json.string(id)));
            });
        });
    }))
}

/// Under the newer model a configuration is a scheme that projects have directly.
async fn field_schemes(session: Session) -> Answer {
    let page = session.query.page(50, 100)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    require_field_schemes(&session)?;
    let view = session.view(&site);
    let wanted = session.query.list("projectId");
    let text = session.query.text("query").unwrap_or_default().to_lowercase();
    let mut rows = by_configuration(&site);
    rows.retain(|(scheme, projects)| {
        (wanted.is_empty() || !among(projects, &wanted).is_empty())
            && scheme.name.to_lowercase().contains(&text)
    });
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &rows, |json, (scheme, _)| {
            let link = |part: &str| view.link(format_args!("config/fieldschemes/{}/{part}", scheme.id));
            json.object(|json| {
                json.key("id").number(scheme.id);
                json.key("name").string(scheme.name);
                json.key("description").string(scheme.description);
                json.key("isDefault").boolean(scheme.is_default);
                json.key("fieldsCount").number(associated(&site, scheme).len());
                json.key("links").object(|json| {
                    json.key("associations").string(&link("fields"));
                    json.key("projects").string(&link("projects"));
                });
            });
        });
    }))
}

/// The fields of a scheme: what the older model hides is not associated in the newer one.
fn associated(site: &SiteState, scheme: &FieldConfiguration) -> Vec<Configured> {
    let mut fields = configured(site, scheme);
    fields.retain(|field| !field.hidden);
    fields
}

async fn field_schemes_of_projects(session: Session) -> Answer {
    let page = session.query.page(50, 100)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    require_field_schemes(&session)?;
    let wanted = wanted_projects(&session)?;
    let rows: Vec<(u64, u64)> = by_configuration(&site)
        .into_iter()
        .flat_map(|(scheme, projects)| projects.into_iter().map(move |project| (scheme.id, project.id.0)))
        .filter(|(_, project)| wanted.contains(&project.to_string().as_str()))
        .collect();
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &rows, |json, (scheme, project)| {
            json.object(|json| {
                json.key("schemeId").number(scheme);
                json.key("projectId").number(project);
            });
        });
    }))
}

async fn fields_of_scheme(Path(id): Path<String>, session: Session) -> Answer {
    let page = session.query.page(50, 100)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    require_field_schemes(&session)?;
    let scheme = named(&id)?;
    let wanted = session.query.list("fieldId");
    let mut fields = associated(&site, scheme);
    fields.retain(|it| wanted.is_empty() || wanted.contains(&it.id.as_str()));
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &fields, |json, field| {
            json.object(|json| {
                json.key("fieldId").string(&field.id);
                json.key("allowedOperations").array(|json| {
                    if field.id.starts_with("customfield_") {
                        json.string("REMOVE");
                    }
                });
                json.key("parameters").object(|json| {
                    json.key("description").string(&field.description);
                    json.key("isRequired").boolean(field.required);
                    if let Some(renderer) = field.renderer {
                        json.key("rendererType").string(renderer);
                    }
                });
                json.key("restrictedToWorkTypes").array(|_| {});
                json.key("workTypeParameters").array(|_| {});
            });
        });
    }))
}
