//! Atlassian's answers to what an app presents (`atlassian-platform.md` 1.1, 1.3 to 1.5), and its clock.

use jiff::Timestamp;
use linkspan_atlassian::calls::{Feature, ScopeSet};
use linkspan_atlassian::client::Upstream;
use linkspan_atlassian::oauth::{AppCredentials, ConsentScreen, Seen, TokenError, authorize_url};
use linkspan_model::clock::Clock;
use linkspan_model::product::AppPurpose;
use linkspan_model::secret::Secret;
use tokio::time::timeout;
use url::Url;

use super::{Finding, LOOK_PATIENCE, scopes};

/// From here on a clock is told to be wrong: webhook tokens are accepted with a minute or two of leeway.
const SKEW_WARNING: u64 = 30;
/// From here on a clock is wrong enough for tokens to be thought alive that are dead.
const SKEW_PROBLEM: u64 = 300;
/// Not a state that anybody gave out: nobody is to come back with it.
const CHECK_STATE: &str = "linkspan-check";

/// An app that is to be checked.
#[derive(Clone, Debug)]
pub struct AppOnTrial {
    /// What it serves.
    pub purpose: AppPurpose,
    /// What it presents at the token endpoint.
    pub credentials: AppCredentials,
    /// The callback URL that is sent along.
    pub redirect_uri: String,
    /// Scopes that are asked for.
    pub scopes: ScopeSet,
}

/// Whether Atlassian answers, and whether the clock here agrees with its own.
pub async fn examine_atlassian(upstream: &Upstream, clock: &Clock) -> Vec<Finding> {
    let address = upstream.endpoints().authorize();
    let host = address.origin().ascii_serialization();
    match look(upstream, address).await {
        Ok(seen) => vec![
            Finding::ok("atlassian", format!("{host} answers")),
            match seen.date {
                Some(date) => clock_finding(date, clock.now()),
                None => Finding::skipped("clock", "the answer of Atlassian tells no time"),
            },
        ],
        Err(why) => vec![
            Finding::problem(
                "atlassian",
                format!("{host} gives no answer: {why}"),
                "Let this machine reach it by https: look at the firewall, the proxy settings and the name service.",
            ),
            Finding::skipped("clock", "Atlassian gave no answer to compare with"),
        ],
    }
}

fn clock_finding(theirs: Timestamp, ours: Timestamp) -> Finding {
    let skew = ours.as_second() - theirs.as_second();
    let side = if skew > 0 { "ahead of" } else { "behind" };
    let found = format!("this machine's clock is {} seconds {side} Atlassian's", skew.unsigned_abs());
    let remedy = "Turn on time synchronisation on this machine (NTP, chrony or systemd-timesyncd).";
    match skew.unsigned_abs() {
        SKEW_PROBLEM.. => Finding::problem("clock", found, remedy),
        SKEW_WARNING.. => Finding::warning("clock", found, remedy),
        0..=2 => Finding::ok("clock", "this machine's clock agrees with Atlassian's"),
        _ => Finding::ok("clock", found),
    }
}

/// Checks an app: whether its client id and secret are right, whether its callback is the one in the console as far as
/// that can be seen, and its scopes. `callback` is this server's own, if there is a server.
pub async fn examine_app(
    upstream: &Upstream,
    app: &AppOnTrial,
    features: &[Feature],
    callback: Option<&str>,
) -> Vec<Finding> {
    let mut findings = match Url::parse(&app.redirect_uri) {
        Ok(redirect_uri) => {
            let (credentials, callback) = tokio::join!(
                credentials(upstream, app, &redirect_uri),
                consent_screen(upstream, app, &redirect_uri, callback),
            );
            vec![credentials, callback]
        }
        Err(error) => vec![Finding::problem(
            "callback",
            format!("the callback URL `{}` is no URL: {error}", app.redirect_uri),
            "Register the app again with the whole callback URL.",
        )],
    };
    findings.extend(scopes::examine(app.purpose, &app.scopes, features));
    let name = format!("{} ({})", app.purpose.display_name(), app.credentials.client_id);
    findings.into_iter().map(|finding| finding.about(name.as_str())).collect()
}

/// A code that was never given out is refused as such by who accepts the client.
async fn credentials(upstream: &Upstream, app: &AppOnTrial, redirect_uri: &Url) -> Finding {
    const CHECK: &str = "credentials";
    let attempt = upstream.try_credentials(&app.credentials, redirect_uri);
    let Ok(answer) = timeout(LOOK_PATIENCE, attempt).await else {
        return Finding::skipped(CHECK, "the token endpoint gave no answer in time");
    };
    match answer {
        Some(TokenError::CodeRefused { .. } | TokenError::GrantDead { .. }) | None => Finding::ok(
            CHECK,
            "client id and secret are right: Atlassian refused only the code made up for this check",
        ),
        Some(TokenError::ClientRefused) => Finding::problem(
            CHECK,
            "Atlassian refused the client id or the secret",
            "Copy both anew from the app's Settings in the developer console, without spaces; a secret that was replaced \
             there no longer works.",
        ),
        Some(TokenError::RequestRefused { description }) => Finding::warning(
            CHECK,
            format!("Atlassian refused the check in words that tell neither: {description}"),
            "Look whether the callback URL is the one in the console, and link once to be sure.",
        ),
        Some(
            error @ (TokenError::Throttled { .. }
            | TokenError::Unavailable { .. }
            | TokenError::Transport(_)
            | TokenError::Malformed(_)),
        ) => Finding::skipped(CHECK, format!("it could not be told: {error}")),
    }
}

/// What Atlassian answers to the authorize address, as far as it can be seen without logging in.
async fn consent_screen(
    upstream: &Upstream,
    app: &AppOnTrial,
    redirect_uri: &Url,
    own_callback: Option<&str>,
) -> Finding {
    const CHECK: &str = "callback";
    const CONSOLE: &str = "In the developer console, under Authorization, enter exactly this callback URL";
    if let Some(own) = own_callback
        && own != app.redirect_uri
    {
        return Finding::problem(
            CHECK,
            format!("the app sends people back to {}, but this server's callback is {own}", app.redirect_uri),
            format!(
                "Register the app again with the callback {own}, and enter the same in the developer console."
            ),
        );
    }
    let identity = ScopeSet::parse("read:me");
    let asked = if app.purpose == AppPurpose::Identity { &identity } else { &app.scopes };
    let address = authorize_url(
        upstream.endpoints(),
        &app.credentials.client_id,
        redirect_uri,
        asked,
        &Secret::new(CHECK_STATE),
    );
    let seen = match look(upstream, address).await {
        Ok(seen) => seen,
        Err(why) => return Finding::skipped(CHECK, format!("the consent screen gives no answer: {why}")),
    };
    match ConsentScreen::read(&seen, asked) {
        ConsentScreen::Offered => Finding::ok(
            CHECK,
            format!(
                "Atlassian takes the request for {redirect_uri}, as far as it tells before anybody logs in"
            ),
        ),
        ConsentScreen::CallbackRefused => Finding::problem(
            CHECK,
            format!("{redirect_uri} is not the callback URL of this app in the developer console"),
            format!("{CONSOLE}, letter by letter (`localhost` and `127.0.0.1` differ): {redirect_uri}"),
        ),
        ConsentScreen::ScopeRefused(scope) => Finding::problem(
            "scopes",
            match &scope {
                Some(scope) => format!("the scope {scope} was not added to the app in the developer console"),
                None => {
                    "a scope that is asked for was not added to the app in the developer console".to_owned()
                }
            },
            "Add the scopes that are asked for under Permissions (/setup lists them row by row), or ask for fewer.",
        ),
        ConsentScreen::UnknownApp => Finding::problem(
            CHECK,
            "Atlassian knows no app with this client id",
            "Copy the client id from the app's Settings in the developer console.",
        ),
        ConsentScreen::TooLong => Finding::problem(
            "scopes",
            format!("the consent address is too long with {} scopes", asked.len()),
            "Ask for fewer: want less with --models, or prefer classic scopes.",
        ),
        ConsentScreen::Refused(status) => Finding::problem(
            CHECK,
            format!("Atlassian refused the consent address with status {status}"),
            format!("{CONSOLE}: {redirect_uri}"),
        ),
        ConsentScreen::Unavailable(status) => {
            Finding::skipped(CHECK, format!("the consent screen is unavailable (status {status})"))
        }
    }
}

/// One bounded look; the error in words.
pub(super) async fn look(upstream: &Upstream, address: Url) -> Result<Seen, String> {
    match timeout(LOOK_PATIENCE, upstream.look_at(address)).await {
        Ok(Ok(seen)) => Ok(seen),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("nothing came within {} seconds", LOOK_PATIENCE.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_clock_half_a_minute_off_is_a_warning_and_five_minutes_a_problem() {
        let at = |second: i64| Timestamp::from_second(1_000_000 + second).unwrap();
        for (skew, verdict) in [
            (0, Verdict::Ok),
            (29, Verdict::Ok),
            (-29, Verdict::Ok),
            (30, Verdict::Warning),
            (-299, Verdict::Warning),
            (300, Verdict::Problem),
            (-86_400, Verdict::Problem),
        ] {
            assert_eq!(clock_finding(at(0), at(skew)).verdict, verdict, "{skew}");
        }
        assert!(clock_finding(at(0), at(-40)).found.contains("40 seconds behind"));
    }
}
