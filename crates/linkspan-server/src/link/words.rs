//! What is said to a customer whom something stopped.

use axum::http::StatusCode;
use linkspan_engine::link::{CallbackProblem as C, LinkProblem};

/// A problem in words.
pub(super) struct Words {
    pub(super) status: StatusCode,
    pub(super) heading: String,
    pub(super) what: String,
    pub(super) next: String,
    pub(super) may_retry: bool,
}

/// The words for a problem.
#[expect(clippy::too_many_lines, reason = "a table of texts with one entry for each problem")]
pub(super) fn of(problem: &LinkProblem, vendor: &str) -> Words {
    let words = |status, may_retry, heading: &str, what: String, next: String| Words {
        status,
        heading: heading.to_owned(),
        what,
        next,
        may_retry,
    };
    let new_link = format!("Ask {vendor} for a new link.");
    let again = "You can try again.".to_owned();
    match problem {
        LinkProblem::UnknownLink => words(
            StatusCode::NOT_FOUND,
            false,
            "This link is not known",
            "The address may have been cut or mistyped.".to_owned(),
            new_link,
        ),
        LinkProblem::LinkExpired => words(
            StatusCode::GONE,
            false,
            "This link has expired",
            "Links work for a limited time only.".to_owned(),
            new_link,
        ),
        LinkProblem::LinkUsed => words(
            StatusCode::GONE,
            false,
            "This link was used already",
            "Each link connects one site, once. If you connected it yourself, all is well.".to_owned(),
            format!("To connect another site, ask {vendor} for a new link."),
        ),
        LinkProblem::NotOffered(integration) => words(
            StatusCode::BAD_REQUEST,
            true,
            "That cannot be connected with this link",
            format!("This link does not offer {}.", integration.display_name()),
            again,
        ),
        LinkProblem::Callback(C::UnknownState) => words(
            StatusCode::BAD_REQUEST,
            false,
            "This answer was not expected",
            "Atlassian's answer does not belong to a connection that is under way, or it was used before, as when a page is \
             loaded again. It changed nothing: what was connected before still is."
                .to_owned(),
            format!("If you saw no confirmation, open the link that {vendor} gave you and begin anew."),
        ),
        LinkProblem::Callback(C::OtherBrowser) => words(
            StatusCode::BAD_REQUEST,
            false,
            "This was begun in another browser",
            "For your safety a connection must end in the browser in which it began. Nothing was connected.".to_owned(),
            format!("Open the link that {vendor} gave you in this browser and begin anew."),
        ),
        LinkProblem::Callback(C::StateExpired) => words(
            StatusCode::GONE,
            true,
            "That took too long",
            "Atlassian's answer came after the connection had timed out. Nothing was connected.".to_owned(),
            again,
        ),
        LinkProblem::Callback(C::Declined) => words(
            StatusCode::OK,
            true,
            "You declined",
            format!("Nothing was connected; {vendor} cannot see your site."),
            "If that was a mistake, you can try again.".to_owned(),
        ),
        LinkProblem::Callback(C::AtlassianError(error)) => words(
            StatusCode::BAD_GATEWAY,
            true,
            "Atlassian stopped the connection",
            format!("It said: {error}"),
            again,
        ),
        LinkProblem::Callback(C::CodeRefused) => words(
            StatusCode::BAD_GATEWAY,
            true,
            "Atlassian did not confirm your agreement",
            "Its answer had expired or was used before. Nothing was connected.".to_owned(),
            again,
        ),
        LinkProblem::NoRefreshToken => words(
            StatusCode::BAD_GATEWAY,
            false,
            "The connection would not last",
            "Atlassian gave access for an hour only, without the permission to stay connected (offline_access).".to_owned(),
            format!("Tell {vendor}: the scope offline_access is missing."),
        ),
        LinkProblem::NoSite(integration) => words(
            StatusCode::OK,
            true,
            "No site to connect",
            format!("Your Atlassian account has no site with {} that you agreed to share.", integration.display_name()),
            "Sign in with the account you use on that site and choose the site when Atlassian asks. Guests of a site cannot connect it."
                .to_owned(),
        ),
        LinkProblem::SiteNotCovered => words(
            StatusCode::BAD_REQUEST,
            true,
            "That site is not covered",
            "Your agreement with Atlassian does not, or no longer, cover the site you chose.".to_owned(),
            "Begin anew and choose the site when Atlassian asks.".to_owned(),
        ),
        LinkProblem::OtherSiteLinked { linked } => words(
            StatusCode::CONFLICT,
            true,
            "Another site is connected",
            format!("{vendor} already reads {linked} for you. Connecting a different site would mix the data of both."),
            format!("Choose {linked} to renew its connection, or ask {vendor} to add a second connection."),
        ),
        LinkProblem::MissingScopes(scopes) => words(
            StatusCode::BAD_GATEWAY,
            false,
            "Permissions are missing",
            format!("Without these nothing can be read: {}.", scopes.join(", ")),
            format!("Tell {vendor}: its Atlassian app must ask for them."),
        ),
        LinkProblem::Callback(C::AppRefused) => words(
            StatusCode::BAD_GATEWAY,
            false,
            "The connection is not set up correctly",
            format!("Atlassian does not accept the credentials of {vendor}'s app."),
            format!("Tell {vendor} about it; you can do nothing here."),
        ),
        LinkProblem::Callback(C::NoApp) => words(
            StatusCode::SERVICE_UNAVAILABLE,
            false,
            "The connection is not set up yet",
            format!("{vendor} has registered no Atlassian app here."),
            format!("Tell {vendor} about it; you can do nothing here."),
        ),
        LinkProblem::Callback(C::Unavailable(_)) => words(
            StatusCode::BAD_GATEWAY,
            true,
            "Atlassian does not answer",
            "Nothing was connected, and nothing was lost.".to_owned(),
            "Wait a minute and try again.".to_owned(),
        ),
        LinkProblem::Callback(C::Internal(_)) => words(
            StatusCode::INTERNAL_SERVER_ERROR,
            true,
            "Something went wrong here",
            "Nothing was connected.".to_owned(),
            format!("Try again; if it stays, tell {vendor}."),
        ),
    }
}

/// What a scope allows, for people.
pub(super) fn of_scope(scope: &str) -> Option<String> {
    let text = match scope {
        "offline_access" => "Stay connected while you are away",
        "read:me" => "See your name and e-mail address",
        "read:account" => "See your account's profile",
        "report:personal-data" => "Report whose personal data it holds, so that closed accounts are erased",
        "read:jira-work" => "Read projects, issues, comments, worklogs and attachments in Jira",
        "read:jira-user" => "See people and groups in Jira",
        "write:jira-work" => "Create and change issues and comments in Jira",
        "manage:jira-project" => "See how projects are set up, with their roles and permissions",
        "manage:jira-configuration" => "See how Jira is set up, with permission and security schemes",
        "manage:jira-webhook" => "Be told when something changes in Jira",
        "read:servicedesk-request" => "Read requests in Jira Service Management",
        "manage:servicedesk-customer" => "See customers and organisations in Jira Service Management",
        "write:servicedesk-request" => "Create and change requests in Jira Service Management",
        "search:confluence" => "Search Confluence",
        "read:confluence-space.summary" => "See the list of Confluence spaces",
        "read:confluence-content.all" => "Read Confluence pages and blog posts",
        "read:confluence-content.summary" => "See the list of Confluence pages and blog posts",
        "read:confluence-content.permission" => "See who may read what in Confluence",
        "read:confluence-user" => "See people in Confluence",
        "read:confluence-groups" => "See groups in Confluence",
        "read:confluence-props" => "Read properties of Confluence content",
        "readonly:content.attachment:confluence" => "Download attachments from Confluence",
        _ => return granular(scope),
    };
    Some(text.to_owned())
}

/// A granular scope (`verb:thing:product`) in words.
fn granular(scope: &str) -> Option<String> {
    let mut parts = scope.split(':');
    let (verb, thing, product) = (parts.next()?, parts.next()?, parts.next()?);
    let verb = match verb {
        "read" => "Read",
        "write" => "Create and change",
        "delete" => "Delete",
        "manage" => "Manage",
        _ => return None,
    };
    let product = match product {
        "jira" => "Jira",
        "jira-software" => "Jira boards",
        "servicedesk" => "Jira Service Management",
        "confluence" => "Confluence",
        _ => return None,
    };
    Some(format!("{verb} {} in {product}", plural(&thing.replace(['.', '-'], " "))))
}

/// The plural of what a scope is about, as far as scopes' names need it.
fn plural(thing: &str) -> String {
    match thing {
        _ if thing.ends_with('s') || thing.ends_with("metadata") || thing == "content" => thing.to_owned(),
        _ => match thing.strip_suffix('y') {
            Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
            _ => format!("{thing}s"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_told_in_plain_words() {
        for (scope, words) in [
            ("read:page:confluence", "Read pages in Confluence"),
            ("read:issue.changelog:jira", "Read issue changelogs in Jira"),
            ("read:content-details:confluence", "Read content details in Confluence"),
            ("read:content.metadata:confluence", "Read content metadata in Confluence"),
            ("write:issue.property:jira", "Create and change issue properties in Jira"),
            ("delete:issue-worklog:jira", "Delete issue worklogs in Jira"),
        ] {
            assert_eq!(of_scope(scope).unwrap(), words);
        }
        assert!(of_scope("unheard-of").is_none());
    }
}
