//! Issue security: schemes, levels and members.

use axum::{Router, extract::Path, routing::get};

use super::issues::visible_project;
use crate::{
    gateway::{AppState, Charge},
    jira::{
        refusal::{Answer, Refusal},
        session::{Session, ok},
        view::HolderExpansions,
    },
    world::{
        SecurityLevelId, SecuritySchemeId,
        jira::{SecurityLevel, SecurityScheme},
    },
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/issuesecurityschemes", get(schemes))
        .route("/issuesecurityschemes/search", get(search))
        .route("/issuesecurityschemes/level", get(levels))
        .route("/issuesecurityschemes/level/member", get(all_members))
        .route("/issuesecurityschemes/project", get(projects))
        .route("/issuesecurityschemes/{id}", get(scheme))
        .route("/issuesecurityschemes/{id}/members", get(members))
        .route("/securitylevel/{id}", get(level))
        .route("/project/{project}/issuesecuritylevelscheme", get(project_scheme))
        .route("/project/{project}/securitylevel", get(project_levels))
}

async fn schemes(session: Session) -> Answer {
    let site = session.site().read();
    session.require_admin(&site)?;
    let view = session.view(&site);
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("issueSecuritySchemes").array(|json| {
                site.jira()
                    .security_schemes
                    .iter()
                    .for_each(|scheme| view.security_scheme(json, scheme, false));
            });
        });
    }))
}

async fn search(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    let view = session.view(&site);
    let (ids, projects) = (session.query.list("id"), session.query.list("projectId"));
    let users = |scheme: &SecurityScheme| {
        let all = site.jira().projects.iter().filter(|project| project.security_scheme == Some(scheme.id));
        all.map(|project| project.id.to_string()).collect::<Vec<_>>()
    };
    let wanted = |scheme: &&SecurityScheme| {
        (ids.is_empty() || ids.contains(&scheme.id.to_string().as_str()))
            && (projects.is_empty() || users(scheme).iter().any(|id| projects.contains(&id.as_str())))
    };
    let found: Vec<&SecurityScheme> = site.jira().security_schemes.iter().filter(wanted).collect();
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &found, |json, scheme| {
            json.object(|json| {
                json.key("id").number(scheme.id);
                json.key("self").string(&view.link(format_args!("issuesecurityschemes/{}", scheme.id)));
                json.key("name").string(&scheme.name);
                json.key("description").string(&scheme.description);
                if let Some(level) = scheme.default_level {
                    json.key("defaultLevel").number(level);
                }
                json.key("projectIds").array(|json| {
                    users(scheme)
                        .iter()
                        .filter_map(|id| id.parse::<u64>().ok())
                        .for_each(|id| json.number(id));
                });
            });
        });
    }))
}

/// Every level with its scheme.
fn all_levels(session: &Session, site: &crate::world::SiteState) -> Vec<(SecuritySchemeId, SecurityLevelId)> {
    let schemes = session.query.list("schemeId");
    let wanted =
        |scheme: &&SecurityScheme| schemes.is_empty() || schemes.contains(&scheme.id.to_string().as_str());
    let all = site.jira().security_schemes.iter().filter(wanted);
    all.flat_map(|scheme| scheme.levels.iter().map(|level| (scheme.id, level.id))).collect()
}

async fn levels(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    let view = session.view(&site);
    let ids = session.query.list("id");
    let only_default = session.query.flag("onlyDefault", false);
    let found: Vec<(&SecurityScheme, &SecurityLevel)> = all_levels(&session, &site)
        .into_iter()
        .filter_map(|(_, level)| site.jira().security_level(level))
        .filter(|(scheme, level)| {
            (ids.is_empty() || ids.contains(&level.id.to_string().as_str()))
                && (!only_default || scheme.default_level == Some(level.id))
        })
        .collect();
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &found, |json, (scheme, level)| {
            view.security_level_listed(json, scheme, level);
        });
    }))
}

async fn all_members(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    let view = session.view(&site);
    let (ids, levels) = (session.query.list("id"), session.query.list("levelId"));
    let found: Vec<_> = all_levels(&session, &site)
        .into_iter()
        .filter_map(|(_, level)| site.jira().security_level(level))
        .filter(|(_, level)| levels.is_empty() || levels.contains(&level.id.to_string().as_str()))
        .flat_map(|(scheme, level)| level.members.iter().map(move |member| (scheme, level, member)))
        .filter(|(_, _, member)| ids.is_empty() || ids.contains(&member.id.to_string().as_str()))
        .collect();
    let expand = HolderExpansions::parse(&session.query.list("expand"));
    let shown = page.of(&found).len();
    Ok(ok(Charge::identity(shown), |json| {
        page.write(json, &session, &found, |json, row| view.security_member(json, *row, expand, true));
    }))
}

async fn projects(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    let (schemes, ids) = (session.query.list("issueSecuritySchemeId"), session.query.list("projectId"));
    let found: Vec<_> = site
        .jira()
        .projects
        .iter()
        .filter_map(|project| Some((project.security_scheme?, project.id)))
        .filter(|(scheme, project)| {
            (schemes.is_empty() || schemes.contains(&scheme.to_string().as_str()))
                && (ids.is_empty() || ids.contains(&project.to_string().as_str()))
        })
        .collect();
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &found, |json, (scheme, project)| {
            json.object(|json| {
                json.key("issueSecuritySchemeId").plain(scheme);
                json.key("projectId").plain(project);
            });
        });
    }))
}

fn no_scheme() -> Refusal {
    Refusal::not_found("The issue security scheme does not exist.")
}

async fn scheme(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    session.require_admin(&site)?;
    let view = session.view(&site);
    let scheme =
        SecuritySchemeId::parse(&id).and_then(|id| site.jira().security_scheme(id)).ok_or_else(no_scheme)?;
    Ok(ok(Charge::BASE, |json| view.security_scheme(json, scheme, true)))
}

async fn members(Path(id): Path<String>, session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    let view = session.view(&site);
    let scheme =
        SecuritySchemeId::parse(&id).and_then(|id| site.jira().security_scheme(id)).ok_or_else(no_scheme)?;
    let levels = session.query.list("issueSecurityLevelId");
    let found: Vec<_> = scheme
        .levels
        .iter()
        .filter(|level| levels.is_empty() || levels.contains(&level.id.to_string().as_str()))
        .flat_map(|level| level.members.iter().map(move |member| (scheme, level, member)))
        .collect();
    let expand = HolderExpansions::parse(&session.query.list("expand"));
    let shown = page.of(&found).len();
    Ok(ok(Charge::identity(shown), |json| {
        page.write(json, &session, &found, |json, row| view.security_member(json, *row, expand, false));
    }))
}

async fn level(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let found = SecurityLevelId::parse(&id).and_then(|id| site.jira().security_level(id));
    let (_, level) = found.ok_or_else(|| Refusal::not_found("The issue security level does not exist."))?;
    Ok(ok(Charge::BASE, |json| view.security_level(json, level)))
}

async fn project_scheme(Path(id_or_key): Path<String>, session: Session) -> Answer {
    session.signed_in()?;
    let site = session.site().read();
    let view = session.view(&site);
    let project = visible_project(&view, &id_or_key)?;
    if !site.can_administer_project(&view.reader, project) {
        return Err(Refusal::forbidden("You cannot edit the configuration of this project."));
    }
    let scheme =
        project.security_scheme.and_then(|id| site.jira().security_scheme(id)).ok_or_else(no_scheme)?;
    Ok(ok(Charge::BASE, |json| view.security_scheme(json, scheme, true)))
}

/// The levels the caller may set: those whose members the caller is among.
async fn project_levels(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let project = visible_project(&view, &id_or_key)?;
    let scheme = project.security_scheme.and_then(|id| site.jira().security_scheme(id));
    let may_set = site.has_permission(&view.reader, "SET_ISSUE_SECURITY", project, None);
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("levels").array(|json| {
                let levels = scheme.iter().flat_map(|scheme| &scheme.levels).filter(|_| may_set);
                levels.for_each(|level| view.security_level(json, level));
            });
        });
    }))
}
