//! The way back: whether browsers that Atlassian sends to the public address arrive at this server.

use linkspan_atlassian::client::Upstream;
use url::{Host, Url};

use super::Finding;
use super::apps::look;

const ADDRESS: &str = "public-url";
const REACH: &str = "reachability";
/// The header in which a server answers a nonce.
const PROOF_HEADER: &str = "x-linkspan-proof";

/// Checks the form of the public address.
pub fn examine_address(public_url: &Url) -> Vec<Finding> {
    let mut findings = Vec::new();
    let loopback = is_loopback(public_url);
    if !matches!(public_url.scheme(), "http" | "https") || !public_url.has_host() {
        return vec![Finding::problem(
            ADDRESS,
            format!("{public_url} is no address of a web server"),
            "Give the https address at which browsers reach this server (--public-url).",
        )];
    }
    if public_url.scheme() == "http" && !loopback {
        findings.push(Finding::problem(
            ADDRESS,
            format!("{public_url} is not https: codes and cookies would travel in the clear"),
            "Put a TLS proxy in front and give the https address (--public-url). Plain http is for loopback alone.",
        ));
    }
    if !public_url.username().is_empty() || public_url.password().is_some() {
        findings.push(Finding::problem(
            ADDRESS,
            "the public URL carries a user name or password",
            "Give it without (--public-url).",
        ));
    }
    if public_url.query().is_some() || public_url.fragment().is_some() {
        findings.push(Finding::problem(
            ADDRESS,
            "the public URL has a query or fragment, which cannot be part of a callback's beginning",
            "Give the address up to the path (--public-url).",
        ));
    }
    if public_url.path() != "/" {
        findings.push(Finding::warning(
            ADDRESS,
            format!("the public URL has a path, {}: the callback lies below it", public_url.path()),
            "That is right only if a proxy takes the path away before it passes requests on; otherwise give the address \
             without a path.",
        ));
    }
    if findings.is_empty() {
        let text = public_url.as_str().trim_end_matches('/');
        findings.push(if loopback {
            Finding::warning(
                ADDRESS,
                format!("{text} reaches browsers on this machine alone"),
                "For customers, give the https address at which they reach this server (--public-url).",
            )
        } else {
            Finding::ok(ADDRESS, format!("{text} is https"))
        });
    }
    findings
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Asks the server at the public address, from here, for its health and its callback. `proof` is what this server answers
/// to `nonce`, where that is known.
pub async fn examine_reach(
    upstream: &Upstream,
    public_url: &Url,
    nonce: &str,
    proof: Option<&str>,
) -> Vec<Finding> {
    let base = public_url.as_str().trim_end_matches('/');
    let Ok(mut health) = Url::parse(&format!("{base}/healthz")) else {
        return vec![Finding::skipped(REACH, "the public URL cannot be used")];
    };
    health.query_pairs_mut().append_pair("nonce", nonce);
    let seen = match look(upstream, health).await {
        Ok(seen) => seen,
        Err(why) => {
            return vec![Finding::problem(
                REACH,
                format!("{base} gives no answer from here: {why}"),
                "Start the server (`linkspan serve`), and look at the name service, the firewall, the certificate and the \
                 proxy in front of it.",
            )];
        }
    };
    if !(200..300).contains(&seen.status) {
        return vec![Finding::problem(
            REACH,
            format!("{base}/healthz answers with status {}, not as a Linkspan server does", seen.status),
            "Let the proxy pass all paths on to this server, and do not ask for a login in front of it.",
        )];
    }
    let findings = match (seen.header(PROOF_HEADER), proof) {
        (Some(shown), Some(expected)) if shown == expected => {
            vec![Finding::ok(REACH, format!("{base} leads to this server"))]
        }
        (Some(_), None) => vec![Finding::warning(
            REACH,
            format!("a Linkspan server answers at {base}, but whether it is this one cannot be told"),
            "Run the check with the server's master key and database.",
        )],
        _ => {
            return vec![Finding::problem(
                REACH,
                format!("something else answers at {base}, not the server with this database and master key"),
                "Point the address at this server, or give this server's own address (--public-url).",
            )];
        }
    };
    let mut findings = findings;
    findings.push(callback(upstream, base).await);
    findings
}

/// Without a state, the callback says that the answer was not expected. Anything else did not come from it.
async fn callback(upstream: &Upstream, base: &str) -> Finding {
    let address = format!("{base}/oauth/callback");
    let Ok(url) = Url::parse(&address) else { return Finding::skipped(REACH, "the callback is no URL") };
    match look(upstream, url).await {
        Ok(seen) if seen.status == 400 && seen.text.contains("unknown_state") => {
            Finding::ok(REACH, format!("{address} is answered by the callback"))
        }
        Ok(seen) => Finding::problem(
            REACH,
            format!("{address} is not answered by the callback (status {})", seen.status),
            "Let the proxy pass /oauth/callback on with its query, without a login in front of it.",
        ),
        Err(why) => Finding::problem(
            REACH,
            format!("{address} gives no answer: {why}"),
            "Let the proxy pass /oauth/callback on to this server.",
        ),
    }
}
