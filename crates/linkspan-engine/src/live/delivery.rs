//! What a delivery says (`atlassian-platform.md` 4.8). Nothing in it is believed but what it points at.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// The longest upstream id.
const ID_CAP: usize = 19;

/// What a delivery points at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// The event, such as `jira:issue_updated`.
    pub(super) event: String,
    /// The issue to look at again, by id; `None` for events that concern none.
    pub(super) issue: Option<String>,
    /// It was deleted.
    pub(super) gone: bool,
    /// Address of the site that it happened on, without a slash at the end.
    pub(super) site: Option<String>,
    /// The registrations that it matched.
    pub(super) webhooks: Vec<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    webhook_event: String,
    #[serde(default)]
    issue: Option<Thing>,
    #[serde(default)]
    comment: Option<Thing>,
    #[serde(default)]
    matched_webhook_ids: Option<Vec<WebhookId>>,
}

#[derive(Deserialize)]
struct Thing {
    #[serde(default)]
    id: Option<Id>,
    #[serde(default, rename = "self")]
    address: Option<String>,
}

/// Upstream writes ids as numbers in some places and as text in others.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Number(u64),
    Text(String),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WebhookId {
    Number(u64),
    Text(String),
    Other(IgnoredAny),
}

/// Reads the body of a delivery; `None` when it is none.
pub(super) fn read(body: &[u8]) -> Option<Told> {
    let body: Body = serde_json::from_slice(body).ok()?;
    let address = body
        .issue
        .as_ref()
        .and_then(|issue| issue.address.clone())
        .or_else(|| body.comment.as_ref().and_then(|comment| comment.address.clone()));
    let issue = body
        .issue
        .and_then(|issue| issue.id)
        .and_then(id)
        // A comment without its issue names it in its own address.
        .or_else(|| body.comment.and_then(|comment| issue_of_comment(comment.address.as_deref()?)));
    let webhooks = body.matched_webhook_ids.unwrap_or_default().into_iter().filter_map(|id| match id {
        WebhookId::Number(number) => Some(number),
        WebhookId::Text(text) => text.parse().ok(),
        WebhookId::Other(_) => None,
    });
    Some(Told {
        gone: body.webhook_event == "jira:issue_deleted",
        event: body.webhook_event,
        issue,
        site: address.as_deref().and_then(site_of),
        webhooks: webhooks.collect(),
    })
}

fn id(id: Id) -> Option<String> {
    let text = match id {
        Id::Number(number) => number.to_string(),
        Id::Text(text) => text,
        Id::Other(_) => return None,
    };
    is_id(&text).then_some(text)
}

fn is_id(text: &str) -> bool {
    (1..=ID_CAP).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The address of the site under which an API address lies: what stands before `/rest/`.
pub(super) fn site_of(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok().filter(|url| url.has_host() && url.username().is_empty())?;
    let (path, _) = url.path().split_once("/rest/")?;
    let origin = url.origin().ascii_serialization();
    Some(format!("{origin}{}", path.trim_end_matches('/')))
}

fn issue_of_comment(address: &str) -> Option<String> {
    let (_, rest) = address.split_once("/issue/")?;
    let (issue, _) = rest.split_once("/comment/")?;
    is_id(issue).then(|| issue.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn told(body: &Value) -> Told {
        read(body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn an_issue_event_points_at_its_issue_and_site() {
        let updated = told(&json!({
            "timestamp": 1, "webhookEvent": "jira:issue_updated", "matchedWebhookIds": [1000, "1001"],
            "issue": { "id": "10042", "self": "https://acme.atlassian.net/rest/api/2/issue/10042", "key": "OPS-7" },
        }));
        let expected = Told {
            event: "jira:issue_updated".to_owned(),
            issue: Some("10042".to_owned()),
            gone: false,
            site: Some("https://acme.atlassian.net".to_owned()),
            webhooks: vec![1000, 1001],
        };
        assert_eq!(updated, expected);
        assert!(told(&json!({ "webhookEvent": "jira:issue_deleted", "issue": { "id": 7 } })).gone);
    }

    #[test]
    fn a_comment_event_without_an_issue_points_at_the_issue_in_its_address() {
        let created = told(&json!({
            "webhookEvent": "comment_created",
            "comment": { "id": "1", "self": "https://a.example/s/c1/rest/api/2/issue/10042/comment/1" },
        }));
        assert_eq!(created.issue.as_deref(), Some("10042"));
        assert_eq!(created.site.as_deref(), Some("https://a.example/s/c1"));
    }

    #[test]
    fn w4_a_body_that_names_no_site_or_a_trap_for_one_has_none() {
        for address in
            ["", "10042", "https://acme.atlassian.net/browse/A-1", "https://x@acme.atlassian.net/rest/api"]
        {
            let body =
                json!({ "webhookEvent": "jira:issue_updated", "issue": { "id": "1", "self": address } });
            assert_eq!(told(&body).site, None, "{address}");
        }
        let other = "https://acme.atlassian.net.evil.example/rest/api/2/issue/1";
        assert_eq!(site_of(other).as_deref(), Some("https://acme.atlassian.net.evil.example"));
        for id in [json!("../1"), json!(""), json!(null), json!([1]), json!("12345678901234567890")] {
            assert_eq!(told(&json!({ "webhookEvent": "e", "issue": { "id": id } })).issue, None, "{id}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&body);
        }
    }
}
