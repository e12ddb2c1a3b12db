//! How fast issue pages become records, rich text included: `cargo bench -p linkspan-atlassian --bench convert`.

#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use linkspan_atlassian::convert::{JiraContext, issue_page};
use linkspan_model::ids::{AppId, GrantId, SourceId};
use linkspan_model::product::Product;

const ISSUES_PER_PAGE: usize = 100;
const MEASURED_FOR: Duration = Duration::from_secs(3);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let grant = GrantId::of(AppId::of_client("bench"), "account");
    let mut ctx = JiraContext::new(SourceId::of(grant, "cloud", Product::Jira), "https://acme.atlassian.net");
    ctx.access.add_projects(r#"[{"id": "10000", "simplified": false, "projectTypeKey": "software"}]"#)?;
    let scheme = r#"{"permissions": [
        {"permission": "BROWSE_PROJECTS", "holder": {"type": "projectRole", "value": "10002"}},
        {"permission": "BROWSE_PROJECTS", "holder": {"type": "group", "value": "5f0c0a0e-0000-4000-8000-000000000001"}},
        {"permission": "BROWSE_PROJECTS", "holder": {"type": "reporter"}}]}"#;
    ctx.access.set_permission_scheme("10000", scheme)?;
    for (name, comments) in [("typical", 4), ("without comments", 0), ("with 20 comments", 20)] {
        measure(name, &page(comments)?, &ctx)?;
    }
    Ok(())
}

fn measure(name: &str, page: &str, ctx: &JiraContext) -> Result<(), Box<dyn std::error::Error>> {
    let records = issue_page(page, ctx)?.records.len();
    let (mut pages, start) = (0_u32, Instant::now());
    while start.elapsed() < MEASURED_FOR {
        std::hint::black_box(issue_page(std::hint::black_box(page), ctx)?);
        pages += 1;
    }
    let seconds = start.elapsed().as_secs_f64() / f64::from(pages);
    let (issues, bytes) = (f64::from(u32::try_from(ISSUES_PER_PAGE)?), f64::from(u32::try_from(page.len())?));
    println!(
        "{name:<17} {:>9.0} issues/s {:>7.0} MB/s {:>6.1} KB/issue {records:>5} records/page",
        issues / seconds,
        bytes / seconds / 1e6,
        bytes / issues / 1e3,
    );
    Ok(())
}

fn page(comments: usize) -> Result<String, std::fmt::Error> {
    let mut page = String::from(r#"{"isLast": true, "issues": ["#);
    for n in 0..ISSUES_PER_PAGE {
        if n > 0 {
            page.push(',');
        }
        issue(&mut page, n, comments)?;
    }
    page.push_str("]}");
    Ok(page)
}

fn issue(page: &mut String, n: usize, comments: usize) -> std::fmt::Result {
    let id = 10_000 + n;
    write!(
        page,
        r#"{{"expand":"renderedFields,names,schema","id":"{id}","self":"https://acme.atlassian.net/rest/api/3/issue/{id}","key":"OPS-{n}","fields":{{
        "statuscategorychangedate":"2024-05-06T07:08:09.123+0000","summary":"The exporter drops rows when a column is empty ({n})",
        "issuetype":{{"self":"https://acme.atlassian.net/rest/api/3/issuetype/10001","id":"10001","description":"A problem.","iconUrl":"https://acme.atlassian.net/i.svg","name":"Bug","subtask":false,"avatarId":10303,"hierarchyLevel":0}},
        "project":{{"self":"https://acme.atlassian.net/rest/api/3/project/10000","id":"10000","key":"OPS","name":"Operations","projectTypeKey":"software","simplified":false,"avatarUrls":{AVATARS}}},
        "status":{{"id":"3","name":"In Progress","statusCategory":{{"id":4,"key":"indeterminate","colorName":"yellow","name":"In Progress"}}}},
        "priority":{{"id":"2","name":"High","iconUrl":"https://acme.atlassian.net/high.svg"}},"resolution":null,"resolutiondate":null,
        "created":"2024-05-06T07:08:09.123+0000","updated":"2024-05-07T07:08:09.123+0000","duedate":"2024-06-01","labels":["export","data-loss"],
        "assignee":{},"reporter":{},"creator":{},"components":[{{"id":"1","name":"Exporter"}}],"fixVersions":[],"versions":[],"issuelinks":[],"subtasks":[],
        "votes":{{"votes":0,"hasVoted":false}},"watches":{{"watchCount":1,"isWatching":false}},"workratio":-1,"description":{},
        "attachment":[{{"id":"{id}","filename":"rows.csv","author":{},"created":"2024-05-06T07:08:09.123+0000","size":1234,"mimeType":"text/csv","content":"https://acme.atlassian.net/c"}}]"#,
        user(n),
        user(n + 1),
        user(n + 1),
        document(6),
        user(n + 1),
    )?;
    for field in 0..60 {
        write!(
            page,
            r#","customfield_{}":{}"#,
            10_020 + field,
            if field % 12 == 0 { r#"{"id":"1","value":"Red"}"# } else { "null" }
        )?;
    }
    write!(
        page,
        r#","worklog":{{"startAt":0,"maxResults":20,"total":0,"worklogs":[]}},"comment":{{"startAt":0,"maxResults":20,"total":{comments},"comments":["#
    )?;
    for comment in 0..comments {
        let comma = if comment > 0 { "," } else { "" };
        write!(
            page,
            r#"{comma}{{"id":"{}","author":{},"body":{},"updateAuthor":{},"created":"2024-05-06T07:08:09.123+0000","updated":"2024-05-06T07:08:09.123+0000","jsdPublic":true}}"#,
            id * 100 + comment,
            user(comment),
            document(2),
            user(comment),
        )?;
    }
    page.push_str("]}}}");
    Ok(())
}

const AVATARS: &str = r#"{"48x48":"https://avatar-management--avatars.us-west-2.prod.public.atl-paas.net/initials/RZ-5.png","24x24":"https://avatar-management--avatars.us-west-2.prod.public.atl-paas.net/initials/RZ-5.png","16x16":"https://avatar-management--avatars.us-west-2.prod.public.atl-paas.net/initials/RZ-5.png","32x32":"https://avatar-management--avatars.us-west-2.prod.public.atl-paas.net/initials/RZ-5.png"}"#;

fn user(n: usize) -> String {
    let n = n % 40;
    format!(
        r#"{{"self":"https://acme.atlassian.net/rest/api/3/user?accountId=5b10a2844c20165700ede{n:03}","accountId":"5b10a2844c20165700ede{n:03}","avatarUrls":{AVATARS},"displayName":"Person {n}","active":true,"timeZone":"Europe/Berlin","accountType":"atlassian"}}"#
    )
}

fn document(paragraphs: usize) -> String {
    let paragraph = r#"{"type":"paragraph","content":[{"type":"text","text":"When the source has a column without any value, "},{"type":"text","text":"the whole row","marks":[{"type":"strong"}]},{"type":"text","text":" is left out of the export; see "},{"type":"text","text":"the log","marks":[{"type":"link","attrs":{"href":"https://logs.example.org/1"}}]},{"type":"text","text":"."}]}"#;
    format!(r#"{{"version":1,"type":"doc","content":[{}]}}"#, vec![paragraph; paragraphs].join(","))
}
