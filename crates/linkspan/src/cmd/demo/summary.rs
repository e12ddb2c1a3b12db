//! What the demo says when it is ready: what a newcomer can do next.

use std::fmt::Write as _;
use std::time::Duration;

use linkspan_sandbox::SandboxInfo;

use crate::output::{AccountTokens, DemoCounts, counted};

/// What the summary tells of.
pub(super) struct Summary<'a> {
    pub(super) base_url: &'a str,
    pub(super) api_key: &'a str,
    pub(super) tokens: &'a AccountTokens,
    pub(super) link_page: &'a str,
    pub(super) dashboard_url: &'a str,
    pub(super) setup_url: &'a str,
    pub(super) sandbox: &'a SandboxInfo,
    pub(super) counts: DemoCounts,
    pub(super) elapsed: Duration,
}

impl Summary<'_> {
    pub(super) fn in_words(&self) -> String {
        let Self { base_url, api_key, tokens, link_page, dashboard_url, setup_url, sandbox, counts, elapsed } =
            self;
        let counts = counted([
            ("tickets", counts.tickets),
            ("comments", counts.comments),
            ("articles", counts.articles),
            ("customers", counts.contacts),
            ("customer organizations", counts.accounts),
        ]);
        let site = sandbox.sites.first().map_or("the site", |site| site.name.as_str());
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "\nReady after {:.1} s: {site} is linked and read: {counts}.\n",
            elapsed.as_secs_f64()
        );
        let _ = writeln!(text, "Read it as your product would:");
        let _ = writeln!(text, "  curl -s '{base_url}/api/ticketing/v1/tickets?page_size=2' \\");
        let _ = writeln!(
            text,
            "      -H 'Authorization: Bearer {api_key}' -H 'X-Account-Token: {}'",
            tokens.jira
        );
        let _ = writeln!(text, "  curl -s '{base_url}/api/knowledgebase/v1/articles?page_size=2' \\");
        let _ = writeln!(
            text,
            "      -H 'Authorization: Bearer {api_key}' -H 'X-Account-Token: {}'\n",
            tokens.confluence
        );
        let _ = writeln!(text, "Link a site as your customer would, in a browser:");
        let _ = writeln!(text, "  {link_page}\n");
        let _ = writeln!(text, "See what is linked and how its reading goes, on the dashboard (opens once):");
        let _ = writeln!(text, "  {dashboard_url}\n");
        let _ = writeln!(text, "Walk through the set-up of an app, with the simulator's developer console:");
        let _ = writeln!(text, "  {setup_url}\n");
        let _ = writeln!(text, "API document       {base_url}/openapi.json");
        let _ = writeln!(text, "Simulated Atlassian {}", sandbox.origin);
        let _ = writeln!(text, "  developer console {}/_sandbox/console", sandbox.origin);
        if let Some(admin) = sandbox.users.iter().find(|user| user.is_admin) {
            let _ = writeln!(
                text,
                "  admin             {} ({}), API token {}",
                admin.display_name, admin.email, admin.api_token
            );
        }
        let _ = writeln!(text, "  control token     {}", sandbox.control_token);
        text.push_str("\nIt goes on reading changes. Ctrl-C stops it.\n");
        text
    }
}
