//! Looking at addresses as a set-up check does: without a token, without following, and reading little.

use jiff::Timestamp;
use linkspan_model::secret::Secret;
use reqwest::header::{DATE, HeaderMap, LOCATION};
use url::Url;

use super::{AppCredentials, TokenError};
use crate::calls::ScopeSet;
use crate::client::{Upstream, read_capped, transport};
use crate::error::CallError;

/// The most bytes that are read of a page.
const PAGE_CAP: u64 = 256 << 10;
/// A code that Atlassian never gave out.
const BAD_CODE: &str = "linkspan-checks-the-client-secret-with-this-code-that-nobody-gave-out";
const CALL: &str = "probe";

/// What was seen at an address.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The status.
    pub status: u16,
    /// Where a redirect would lead.
    pub location: Option<String>,
    /// The clock of who answered.
    pub date: Option<Timestamp>,
    /// The text, as far as it was read.
    pub text: String,
    headers: HeaderMap,
}

impl Seen {
    /// A header, if it is there and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// What Atlassian answers to an authorize address before anybody logs in, as far as it can be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsentScreen {
    /// Nothing is wrong with the address, as far as can be seen without logging in.
    Offered,
    /// No app has the client id.
    UnknownApp,
    /// The callback is not the one that is configured in the console.
    CallbackRefused,
    /// A scope was not added to the app in the console.
    ScopeRefused(Option<String>),
    /// The address is too long: too many scopes.
    TooLong,
    /// It was refused in other words.
    Refused(u16),
    /// Atlassian is not well.
    Unavailable(u16),
}

impl Upstream {
    /// Presents a code that was never given out: what is refused tells whether client id and secret are right. Never
    /// gives tokens.
    pub async fn try_credentials(&self, app: &AppCredentials, redirect_uri: &Url) -> Option<TokenError> {
        self.exchange_code(app, &Secret::new(BAD_CODE), redirect_uri).await.err()
    }

    /// Looks at an address once, without a token and without following.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn look_at(&self, url: Url) -> Result<Seen, CallError> {
        let exchange = async {
            let response = self.http().get(url).send().await.map_err(|error| transport(CALL, &error))?;
            let status = response.status().as_u16();
            let headers = response.headers().clone();
            let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
            let (location, date) = (text(LOCATION), text(DATE));
            // A page that is too long or breaks off was seen all the same.
            let body = read_capped(CALL, response, PAGE_CAP).await.unwrap_or_default();
            Ok(Seen {
                status,
                location,
                date: date.as_deref().and_then(moment),
                text: String::from_utf8_lossy(&body).into_owned(),
                headers,
            })
        };
        self.within_total(CALL, exchange).await
    }
}

/// A `Date` header.
fn moment(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

impl ConsentScreen {
    /// What an answer to an authorize address that asks for `scopes` means. Atlassian does not publish its refusals, so
    /// the words of the page decide, and a redirect to the login counts as no refusal (`atlassian-platform.md` 1.1, 1.2).
    pub fn read(seen: &Seen, scopes: &ScopeSet) -> Self {
        let query =
            seen.location.as_deref().and_then(|location| location.split_once('?')).unwrap_or_default().1;
        let told: Vec<String> = form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| name.starts_with("error"))
            .map(|(_, value)| value.into_owned())
            .collect();
        let told = told.join(" ");
        let refusal = match seen.status {
            414 | 431 => return Self::TooLong,
            200..=299 => return Self::Offered,
            300..=399 if told.is_empty() => return Self::Offered,
            300..=399 => told,
            500..=599 | 429 => return Self::Unavailable(seen.status),
            _ => shown_text(&seen.text),
        };
        let words = refusal.to_ascii_lowercase();
        if words.contains("redirect_uri") || words.contains("callback") {
            return Self::CallbackRefused;
        }
        if words.contains("scope") {
            let named = |scope: &&str| {
                refusal
                    .split(|it: char| it.is_whitespace() || "<>\"',".contains(it))
                    .any(|word| word == *scope)
            };
            return Self::ScopeRefused(scopes.iter().find(named).map(str::to_owned));
        }
        if words.contains("client_id") || words.contains("unknown client") || words.contains("unknown app") {
            return Self::UnknownApp;
        }
        Self::Refused(seen.status)
    }
}

/// What a page shows: without markup, styles and scripts, whose words mean nothing.
fn shown_text(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        let name = tag.split(|it: char| !it.is_ascii_alphanumeric()).next().unwrap_or_default();
        let hidden = ["style", "script"].into_iter().find(|hidden| name.eq_ignore_ascii_case(hidden));
        let end = match hidden {
            Some("style") => tag.find("</style"),
            Some(_) => tag.find("</script"),
            None => Some(0),
        };
        // What is cut off in the middle of a tag shows nothing.
        rest = end
            .and_then(|end| tag.get(end + usize::from(hidden.is_some())..))
            .and_then(|tail| tail.split_once('>'))
            .map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, location: Option<&str>, text: &str) -> ConsentScreen {
        let location = location.map(str::to_owned);
        let seen = Seen { status, location, date: None, text: text.to_owned(), headers: HeaderMap::new() };
        ConsentScreen::read(&seen, &ScopeSet::parse("read:me read:jira-work"))
    }

    #[test]
    fn refusals_of_the_authorize_address_are_told_apart_by_their_words() {
        assert_eq!(read(302, Some("https://id.atlassian.com/login?continue=x"), ""), ConsentScreen::Offered);
        assert_eq!(read(200, None, "consent"), ConsentScreen::Offered);
        let wrong = "https://auth.atlassian.com/error?error=invalid_request&error_description=redirect_uri+is+not+registered";
        assert_eq!(read(302, Some(wrong), ""), ConsentScreen::CallbackRefused);
        assert_eq!(read(403, None, "<h1>Callback URL mismatch</h1>"), ConsentScreen::CallbackRefused);
        assert_eq!(
            read(400, None, "asks for the scope read:jira-work, which"),
            ConsentScreen::ScopeRefused(Some("read:jira-work".to_owned()))
        );
        assert_eq!(read(400, None, "invalid scope"), ConsentScreen::ScopeRefused(None));
        assert_eq!(read(400, None, "no app under this client_id"), ConsentScreen::UnknownApp);
        assert_eq!(read(414, None, ""), ConsentScreen::TooLong);
        assert_eq!(read(503, None, "redirect_uri"), ConsentScreen::Unavailable(503));
        assert_eq!(read(400, None, ""), ConsentScreen::Refused(400));
    }

    #[test]
    fn words_of_styles_and_scripts_mean_nothing() {
        let page = "<style>ul.scopes {}</style><script>let callback = 1 < 2;</script><p title=\"scope\">Unknown client_id</p>";
        assert_eq!(shown_text(page).trim(), "Unknown client_id");
        assert_eq!(read(400, None, page), ConsentScreen::UnknownApp);
        assert_eq!(shown_text("a <b").trim(), "a");
        assert_eq!(shown_text("plain words"), "plain words");
        assert_eq!(shown_text("<style>never closed").trim(), "");
    }

    proptest::proptest! {
        #[test]
        fn any_page_is_read_without_harm(page in "[<>/a-z\\u{e9} ]{0,80}|(<style>|</style|<script|>|x){0,12}") {
            proptest::prop_assert!(shown_text(&page).len() <= 2 * page.len() + 1);
        }
    }

    #[test]
    fn the_date_of_an_answer_is_read() {
        assert_eq!(moment("Sun, 06 Nov 1994 08:49:37 GMT").unwrap().to_string(), "1994-11-06T08:49:37Z");
        assert_eq!(moment("yesterday"), None);
    }
}
