//! Where a path leads: one origin stands for every Atlassian host.

use http::Uri;

/// The two products behind the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProductFamily {
    /// Jira, Jira Software, Jira Service Management.
    Jira,
    /// Confluence.
    Confluence,
}

/// Which host a request to a product would have gone to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// `api.atlassian.com/ex/…`: bearer tokens.
    Gateway,
    /// `{site}.atlassian.net`: e-mail and API token, or nobody.
    SiteHost,
}

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// The sandbox itself: control plane, console, pictures.
    Sandbox,
    /// `auth.atlassian.com`, and `api.atlassian.com` outside `/ex`.
    Platform,
    /// A product of a site.
    Product {
        /// The cloud id asked for; `None` is the first site, on its own host.
        cloud_id: Option<String>,
        /// The product.
        family: ProductFamily,
        /// The host.
        door: Door,
        /// The path as the site host would see it.
        path: String,
    },
}

/// Path beginnings that the first site's own host answers.
const SITE_HOST_ROOTS: [&str; 6] = ["/rest/", "/wiki/", "/secure/", "/browse/", "/media/", "/_edge/"];

impl Destination {
    /// The destination of a path.
    pub(crate) fn of(path: &str) -> Self {
        if is_under(path, "/_sandbox") {
            return Self::Sandbox;
        }
        if let Some((cloud_id, rest)) = path.strip_prefix("/ex/jira/").map(split_cloud_id) {
            return Self::product(Some(cloud_id), ProductFamily::Jira, Door::Gateway, rest.to_owned());
        }
        if let Some((cloud_id, rest)) = path.strip_prefix("/ex/confluence/").map(split_cloud_id) {
            // The real gateway answers with and without the `/wiki` segment.
            let path = if is_under(rest, "/wiki") { rest.to_owned() } else { format!("/wiki{rest}") };
            return Self::product(Some(cloud_id), ProductFamily::Confluence, Door::Gateway, path);
        }
        if let Some((cloud_id, rest)) = path.strip_prefix("/s/").map(split_cloud_id) {
            return Self::product(Some(cloud_id), family_of(rest), Door::SiteHost, rest.to_owned());
        }
        if SITE_HOST_ROOTS.iter().any(|root| path.starts_with(root)) {
            return Self::product(None, family_of(path), Door::SiteHost, path.to_owned());
        }
        Self::Platform
    }

    fn product(cloud_id: Option<&str>, family: ProductFamily, door: Door, path: String) -> Self {
        let path = canonical(path);
        Self::Product { cloud_id: cloud_id.map(str::to_owned), family, door, path }
    }
}

/// The same query behind another path.
pub(crate) fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    text.parse().ok()
}

fn is_under(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The product a path of a site host belongs to.
pub(super) fn family_of(path: &str) -> ProductFamily {
    if is_under(path, "/wiki") { ProductFamily::Confluence } else { ProductFamily::Jira }
}

fn split_cloud_id(rest: &str) -> (&str, &str) {
    rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash))
}

/// Jira's `latest` is version 2 of the platform and 1.0 of Agile; doubled slashes, which clients make by joining, are one.
fn canonical(mut path: String) -> String {
    while path.contains("//") {
        path = path.replace("//", "/");
    }
    for (alias, version) in
        [("/rest/api/latest/", "/rest/api/2/"), ("/rest/agile/latest/", "/rest/agile/1.0/")]
    {
        if let Some(rest) = path.strip_prefix(alias) {
            return format!("{version}{rest}");
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(path: &str) -> (Option<String>, ProductFamily, Door, String) {
        match Destination::of(path) {
            Destination::Product { cloud_id, family, door, path } => (cloud_id, family, door, path),
            other => panic!("{path} leads to {other:?}"),
        }
    }

    #[test]
    fn the_gateway_takes_confluence_with_and_without_wiki() {
        for path in ["/ex/confluence/c1/wiki/api/v2/pages", "/ex/confluence/c1/api/v2/pages"] {
            let expected = (
                Some("c1".to_owned()),
                ProductFamily::Confluence,
                Door::Gateway,
                "/wiki/api/v2/pages".to_owned(),
            );
            assert_eq!(product(path), expected);
        }
    }

    #[test]
    fn the_site_host_of_any_site_stands_under_s() {
        let expected = (
            Some("c2".to_owned()),
            ProductFamily::Confluence,
            Door::SiteHost,
            "/wiki/rest/api/search".to_owned(),
        );
        assert_eq!(product("/s/c2/wiki/rest/api/search"), expected);
        assert_eq!(product("/s/c2/rest/api/3/myself").1, ProductFamily::Jira);
        assert_eq!(product("/rest/api/3/myself").0, None);
    }

    #[test]
    fn aliases_and_doubled_slashes_find_their_path() {
        assert_eq!(product("/ex/jira/c1//rest/api/latest/issue/A-1").3, "/rest/api/2/issue/A-1");
        assert_eq!(product("/rest/agile/latest/board").3, "/rest/agile/1.0/board");
    }

    #[test]
    fn everything_else_is_platform_or_sandbox() {
        for path in ["/authorize", "/oauth/token", "/me", "/", "/nowhere", "/exchange"] {
            assert_eq!(Destination::of(path), Destination::Platform, "{path}");
        }
        assert_eq!(Destination::of("/_sandbox/stats"), Destination::Sandbox);
        assert_eq!(Destination::of("/_sandboxes"), Destination::Platform);
    }
}
