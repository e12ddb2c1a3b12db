//! What hangs on an issue: comments, worklogs, histories, attachments, links.

use super::View;
use crate::{
    jira::{json::Json, session::Version},
    world::{
        IssueId, Rich,
        jira::{
            Attachment, Comment, History, HistoryItem, Issue, IssueLink, RemoteLink, Visibility, Worklog,
        },
    },
};

impl View<'_> {
    /// Rich text: ADF in version 3, wiki markup in version 2.
    pub(crate) fn rich(&self, json: &mut Json, text: &Rich) {
        match self.version {
            Version::V3 => json.raw(&self.site.directory().with_present_names(text.adf())),
            Version::V2 => json.string(&text.wiki()),
        }
    }

    /// Rich text, or `null`.
    pub(crate) fn rich_or_null(&self, json: &mut Json, text: Option<&Rich>) {
        match text {
            Some(text) => self.rich(json, text),
            None => json.null(),
        }
    }

    /// The member `visibility`, where there is a restriction.
    fn visibility(&self, json: &mut Json, visibility: Option<Visibility>) {
        match visibility {
            None => {}
            Some(Visibility::Role(role)) => {
                let name = self.site.jira().role(role).map_or("", |role| role.name.as_str());
                json.key("visibility").object(|json| {
                    json.key("type").string("role");
                    json.key("value").string(name);
                    json.key("identifier").plain(role);
                });
            }
            Some(Visibility::Group(group)) => {
                let group = self.site.group(group);
                json.key("visibility").object(|json| {
                    json.key("type").string("group");
                    json.key("value").string(group.map_or("", |group| group.name.as_str()));
                    json.key("identifier").string(group.map_or("", |group| group.id.as_str()));
                });
            }
        }
    }

    /// A comment. `properties` and `rendered` are its expansions.
    pub(crate) fn comment(
        &self,
        json: &mut Json,
        issue: &Issue,
        comment: &Comment,
        expand: CommentExpansions,
    ) {
        json.object(|json| {
            json.key("self").plain(format_args!(
                "{}{}/issue/{}/comment/{}",
                self.url,
                self.version.prefix(),
                issue.id,
                comment.id
            ));
            json.key("id").plain(comment.id);
            if let Some(author) = comment.author {
                json.key("author");
                self.user(json, author);
            }
            json.key("body");
            self.rich(json, &comment.body);
            if expand.rendered {
                json.key("renderedBody").string(&rendered(&comment.body));
            }
            if let Some(author) = comment.update_author {
                json.key("updateAuthor");
                self.user(json, author);
            }
            json.key("created");
            self.times.write(json, comment.created);
            json.key("updated");
            self.times.write(json, comment.updated);
            self.visibility(json, comment.visibility);
            json.key("jsdPublic").boolean(comment.public);
            if issue.request.is_some() {
                json.key("jsdAuthorCanSeeRequest").boolean(comment.author.is_some());
            }
            if expand.properties {
                json.key("properties").array(|json| {
                    if !comment.public {
                        json.object(|json| {
                            json.key("key").string("sd.public.comment");
                            json.key("value").object(|json| json.key("internal").boolean(true));
                        });
                    }
                });
            }
        });
    }

    /// The comments of an issue the reader may see, oldest first.
    pub(crate) fn visible_comments<'i>(&self, issue: &'i Issue) -> Vec<&'i Comment> {
        issue
            .comments
            .iter()
            .filter(|comment| self.site.can_see_comment(&self.reader, issue, comment))
            .collect()
    }

    /// The worklogs of an issue the reader may see, oldest first.
    pub(crate) fn visible_worklogs<'i>(&self, issue: &'i Issue) -> Vec<&'i Worklog> {
        issue
            .worklogs
            .iter()
            .filter(|worklog| self.site.can_see_worklog(&self.reader, issue, worklog))
            .collect()
    }

    /// A worklog.
    pub(crate) fn worklog(&self, json: &mut Json, issue: IssueId, worklog: &Worklog) {
        json.object(|json| {
            json.key("self").plain(format_args!(
                "{}{}/issue/{issue}/worklog/{}",
                self.url,
                self.version.prefix(),
                worklog.id
            ));
            if let Some(author) = worklog.author {
                json.key("author");
                self.user(json, author);
            }
            if let Some(author) = worklog.update_author {
                json.key("updateAuthor");
                self.user(json, author);
            }
            if let Some(comment) = &worklog.comment {
                json.key("comment");
                self.rich(json, comment);
            }
            json.key("created");
            self.times.write(json, worklog.created);
            json.key("updated");
            self.times.write(json, worklog.updated);
            self.visibility(json, worklog.visibility);
            json.key("started");
            self.times.write(json, worklog.started);
            json.key("timeSpent").string(&duration(worklog.seconds));
            json.key("timeSpentSeconds").number(worklog.seconds);
            json.key("id").plain(worklog.id);
            json.key("issueId").plain(issue);
        });
    }

    /// One save of an issue. `fields`, when given, keeps the items of these field ids only.
    pub(crate) fn history(&self, json: &mut Json, history: &History, fields: Option<&[String]>) {
        json.object(|json| {
            json.key("id").plain(history.id);
            if let Some(author) = history.author {
                json.key("author");
                self.user(json, author);
            }
            json.key("created");
            self.times.write(json, history.created);
            json.key("items").array(|json| {
                let kept = |id: &str| fields.is_none_or(|fields| fields.iter().any(|field| field == id));
                for item in history.items.iter().filter(|item| kept(&item.field_id)) {
                    json.object(|json| self.history_item(json, item));
                }
            });
        });
    }

    /// The members of one changed field.
    pub(crate) fn history_item(&self, json: &mut Json, item: &HistoryItem) {
        let directory = self.site.directory();
        let (from, to) = (item.from.as_deref(), item.to.as_deref());
        let from_string = directory.shown_side(from, item.from_string.as_deref());
        let to_string = directory.shown_side(to, item.to_string.as_deref());
        json.key("field").string(&item.field);
        json.key("fieldtype").string(item.field_type);
        json.key("fieldId").string(&item.field_id);
        json.key("from").string_or_null(from);
        json.key("fromString").string_or_null(from_string.as_deref());
        json.key("to").string_or_null(to);
        json.key("toString").string_or_null(to_string.as_deref());
    }

    /// An attachment as issues embed it, or (with `numeric_id`) as `GET attachment/{id}` shows it.
    pub(crate) fn attachment(&self, json: &mut Json, attachment: &Attachment, numeric_id: bool) {
        let prefix = self.version.prefix();
        json.object(|json| {
            json.key("self").plain(format_args!("{}{prefix}/attachment/{}", self.url, attachment.id));
            if numeric_id {
                json.key("id").number(attachment.id);
            } else {
                json.key("id").plain(attachment.id);
            }
            json.key("filename").string(&attachment.filename);
            if let Some(author) = attachment.author {
                json.key("author");
                self.user(json, author);
            }
            json.key("created");
            self.times.write(json, attachment.created);
            json.key("size").number(attachment.size);
            json.key("mimeType").string(&attachment.mime_type);
            json.key("content")
                .plain(format_args!("{}{prefix}/attachment/content/{}", self.url, attachment.id));
            if attachment.mime_type.starts_with("image/") {
                json.key("thumbnail")
                    .plain(format_args!("{}{prefix}/attachment/thumbnail/{}", self.url, attachment.id));
            }
        });
    }

    /// An issue as its relatives show it. Nothing is written of an issue the reader may not see.
    pub(crate) fn issue_brief(&self, json: &mut Json, id: IssueId) {
        let Some(head) = self.site.issue_head(id) else { return };
        let config = self.site.jira();
        json.object(|json| {
            json.key("id").plain(id);
            json.key("key").string(&self.site.key_of(head.project, head.number));
            json.key("self").plain(format_args!("{}{}/issue/{id}", self.url, self.version.prefix()));
            json.key("fields").object(|json| {
                json.key("summary").string(&self.site.issue_summary(id).unwrap_or_default());
                if let Some(status) = config.status(head.status) {
                    json.key("status");
                    self.status(json, status);
                }
                if let Some(priority) = head.priority.and_then(|id| config.priority(id)) {
                    json.key("priority");
                    self.priority(json, priority);
                }
                if let Some(kind) = config.issue_type(head.issue_type) {
                    json.key("issuetype");
                    self.issue_type(json, kind);
                }
            });
        });
    }

    /// A link to another issue, as the issue field shows it.
    pub(crate) fn issue_link(&self, json: &mut Json, link: &IssueLink) {
        json.object(|json| {
            json.key("id").plain(link.id);
            json.key("self").plain(format_args!(
                "{}{}/issueLink/{}",
                self.url,
                self.version.prefix(),
                link.id
            ));
            if let Some(kind) = self.site.jira().link_type(link.link_type) {
                json.key("type");
                self.link_type(json, kind);
            }
            json.key(if link.outward { "outwardIssue" } else { "inwardIssue" });
            self.issue_brief(json, link.other);
        });
    }

    /// A remote link.
    pub(crate) fn remote_link(&self, json: &mut Json, issue: &Issue, link: &RemoteLink) {
        json.object(|json| {
            json.key("id").number(link.id);
            json.key("self").string(&self.link(format_args!("issue/{}/remotelink/{}", issue.id, link.id)));
            if !link.global_id.is_empty() {
                json.key("globalId").string(&link.global_id);
            }
            let confluence = link.global_id.contains("pageId=");
            json.key("application").object(|json| {
                if confluence {
                    json.key("type").string("com.atlassian.confluence");
                    json.key("name").string("System Confluence");
                }
            });
            json.key("relationship").string(&link.relationship);
            json.key("object").object(|json| {
                json.key("url").string(&link.url);
                json.key("title").string(&link.title);
                json.key("icon").object(|_| {});
                json.key("status").object(|json| {
                    json.key("resolved").boolean(false);
                    json.key("icon").object(|_| {});
                });
            });
        });
    }
}

/// Members of a comment that are written when asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CommentExpansions {
    /// `properties`
    pub(crate) properties: bool,
    /// `renderedBody`
    pub(crate) rendered: bool,
}

/// A duration in Jira's words, with a day of 8 hours and a week of 5 days.
pub(crate) fn duration(seconds: u32) -> String {
    const UNITS: [(u32, &str); 4] = [(5 * 8 * 3600, "w"), (8 * 3600, "d"), (3600, "h"), (60, "m")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (size, unit) in UNITS {
        if rest >= size {
            parts.push(format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    if parts.is_empty() { "0m".to_owned() } else { parts.join(" ") }
}

/// Rich text as HTML: its plain lines in paragraphs, escaped.
pub(crate) fn rendered(text: &Rich) -> String {
    let mut html = String::new();
    for paragraph in
        text.wiki().replace("\r\n", "\n").split("\n\n").filter(|paragraph| !paragraph.trim().is_empty())
    {
        html.push_str("<p>");
        for c in paragraph.trim_matches('\n').chars() {
            match c {
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '&' => html.push_str("&amp;"),
                '\n' => html.push_str("<br/>\n"),
                c => html.push(c),
            }
        }
        html.push_str("</p>\n");
    }
    html
}

#[cfg(test)]
mod tests {
    use super::{duration, rendered};
    use crate::world::Rich;

    #[test]
    fn durations_count_days_of_eight_hours_and_weeks_of_five_days() {
        let table = [
            (0, "0m"),
            (59, "0m"),
            (60, "1m"),
            (5400, "1h 30m"),
            (28_800, "1d"),
            (201_660, "1w 2d 1m"),
            (144_000, "1w"),
        ];
        for (seconds, expected) in table {
            assert_eq!(duration(seconds), expected);
        }
    }

    #[test]
    fn rendered_text_is_escaped() {
        let text = Rich::Wiki("a <b>\r\nc\n\n\n&".into());
        assert_eq!(rendered(&text), "<p>a &lt;b&gt;<br/>\nc</p>\n<p>&amp;</p>\n");
    }
}
