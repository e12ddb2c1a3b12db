//! A customer's browser: keeps cookies, follows nothing by itself, and reads what the pages say.

use std::collections::HashMap;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use url::Url;

/// What no page may show: our tokens by their beginnings, and JSON web tokens.
const SECRET_BEGINNINGS: [&str; 6] = ["lsk_", "lsa_", "lss_", "lsb_", "lsp_", "eyJ"];

/// A browser of one person.
pub(crate) struct Customer {
    http: reqwest::Client,
    pub(crate) cookies: HashMap<String, String>,
}

/// What came back.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    /// `Set-Cookie` as it came.
    pub(crate) set_cookies: Vec<String>,
    headers: reqwest::header::HeaderMap,
    pub(crate) html: String,
}

impl Customer {
    pub(crate) fn new() -> Self {
        let _ = crate::support::http();
        let policy = reqwest::redirect::Policy::none();
        let patience = std::time::Duration::from_mins(1);
        let http = reqwest::Client::builder().redirect(policy).timeout(patience).no_proxy().build().unwrap();
        Self { http, cookies: HashMap::new() }
    }

    pub(crate) async fn get(&mut self, url: &str) -> Page {
        let request = self.http.get(url);
        self.send(request).await
    }

    pub(crate) async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Page {
        let request = self.http.post(url).form(form);
        self.send(request).await
    }

    /// Sends the consent form of an authorize address; `choice` is added to its parameters or takes their place.
    pub(crate) async fn consent(&mut self, authorize_url: &str, choice: &[(&str, &str)]) -> Page {
        let url = Url::parse(authorize_url).unwrap();
        let mut form: HashMap<String, String> = url.query_pairs().into_owned().collect();
        form.extend(choice.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let form: Vec<(&str, &str)> =
            form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(url.join("/authorize").unwrap().as_str(), &form).await
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Page {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) };
        let response = request.send().await.unwrap();
        let texts = |name| -> Vec<String> {
            response.headers().get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
        };
        let set_cookies = texts(SET_COOKIE);
        for set in &set_cookies {
            let (name, rest) = set.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap_or_default();
            if set.to_ascii_lowercase().contains("max-age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let location = texts(LOCATION).pop();
        Page { status, location, set_cookies, headers, html: response.text().await.unwrap() }
    }
}

impl Page {
    /// The text of the heading.
    pub(crate) fn heading(&self) -> String {
        let heading = between(&self.html, "<h1>", "</h1>").unwrap_or_default();
        let mut text = String::new();
        for piece in heading.split('<') {
            text.push_str(piece.split_once('>').map_or(piece, |(_, rest)| rest));
        }
        text.replace("&#x27;", "'")
    }

    /// The stable word of a problem page.
    pub(crate) fn code(&self) -> &str {
        between(&self.html, "<code>", "</code>").unwrap_or_default()
    }

    pub(crate) fn public_token(&self) -> &str {
        between(&self.html, "data-public-token=\"", "\"").expect("a public token")
    }

    /// The value of a hidden field.
    pub(crate) fn hidden(&self, name: &str) -> String {
        between(&self.html, &format!("name=\"{name}\" value=\""), "\"").expect("the field").to_owned()
    }

    /// Cloud id and name of each site to choose from, in the order of the page.
    pub(crate) fn sites(&self) -> Vec<(&str, &str)> {
        assert_eq!(self.heading(), "Which site?", "{}", self.html);
        let choices = self.html.split("name=\"cloud_id\" value=\"").skip(1);
        choices
            .map(|choice| (choice.split('"').next().unwrap(), between(choice, "<span>", "<small>").unwrap()))
            .collect()
    }

    /// The path of "Try again".
    pub(crate) fn retry(&self) -> Option<String> {
        let path = between(&self.html, "class=\"button\" href=\"", "\"")?;
        Some(path.replace("&#x2f;", "/"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The page of a problem: status, heading in words, the stable code for people and for scripts, and no secret.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, code: &str, heading: &str) {
        let seen = (self.status, self.code().to_owned(), self.heading());
        assert_eq!(seen, (status, code.to_owned(), heading.to_owned()), "{}", self.html);
        assert!(self.html.contains(&format!("data-type=\"{code}\"")), "{}", self.html);
        self.is_careful();
        for beginning in SECRET_BEGINNINGS {
            assert!(!self.html.contains(beginning), "{beginning}: {}", self.html);
        }
    }

    #[track_caller]
    pub(crate) fn is_problem_of(&self, (status, code, heading): (u16, &str, &str)) {
        self.is_problem(status, code, heading);
    }

    /// The headers that every page has: nothing is kept, nothing foreign is loaded, no address leaks.
    #[track_caller]
    pub(crate) fn is_careful(&self) {
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.header("referrer-policy"), "no-referrer");
        assert_eq!(self.header("x-content-type-options"), "nosniff");
        let policy = self.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    }
}

pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(inside, _)| inside)
}
