//! A call's parameters and the URL they make (hazard M8: nothing leaves the call's own path).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use url::Url;

use super::endpoints::{Endpoints, Site};
use crate::calls::Call;
use crate::error::CallError;

/// Everything but RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The longest path value: ids are far shorter.
const VALUE_CAP: usize = 255;

/// What fills a call: path values, query pairs, a JSON body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params {
    path: Vec<(&'static str, String)>,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
    /// The query of a next link, sent as given; it takes precedence over `query`.
    link_query: Option<String>,
}

impl Params {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Fills the placeholder `name` of the call's path.
    #[must_use]
    pub fn path(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.path.push((name, value.into()));
        self
    }

    /// Adds a query pair; a name may be repeated.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Sets the JSON body.
    #[must_use]
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Replaces all pairs of this name by one.
    pub(crate) fn set_query(&mut self, name: &'static str, value: String) {
        self.query.retain(|(known, _)| *known != name);
        self.query.push((name, value));
    }

    /// Leaves parameters out of the query.
    pub(crate) fn leave_out(&mut self, names: &[&str]) {
        self.query.retain(|(name, _)| !names.contains(name));
    }

    /// Sets a member of the JSON body, which becomes an object if it is none.
    pub(crate) fn set_body_member(&mut self, name: &str, value: Value) {
        let body = self.body.get_or_insert_with(|| Value::Object(serde_json::Map::new()));
        if let Value::Object(members) = body {
            members.insert(name.to_owned(), value);
        }
    }

    /// Sends the query of a next link as given, with those of the own pairs that it does not name.
    pub(crate) fn set_link_query(&mut self, query: String) {
        self.link_query = Some(query);
    }

    pub(super) fn json_body(&self) -> Option<Vec<u8>> {
        self.body.as_ref().map(|body| body.to_string().into_bytes())
    }

    fn query_text(&self) -> Option<String> {
        let link = self.link_query.as_deref().unwrap_or("");
        let named_by_link = |name: &str| form_urlencoded::parse(link.as_bytes()).any(|(key, _)| key == name);
        let mut text = link.to_owned();
        for (name, value) in self.query.iter().filter(|(name, _)| !named_by_link(name)) {
            if !text.is_empty() {
                text.push('&');
            }
            text.extend(utf8_percent_encode(name, ENCODED));
            text.push('=');
            text.extend(utf8_percent_encode(value, ENCODED));
        }
        (!text.is_empty()).then_some(text)
    }
}

/// The gateway URL of a call.
pub(super) fn build_url(
    endpoints: &Endpoints,
    call: &'static Call,
    site: &Site,
    params: &Params,
) -> Result<Url, CallError> {
    let refuse = |why: String| CallError::NotSent { call: call.name, why };
    let mut path = String::with_capacity(call.path.len() + 32);
    let mut rest = call.path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let mut values = params.path.iter().filter(|(known, _)| *known == name);
        let value = match (values.next(), values.next()) {
            (Some((_, value)), None) => value,
            (None, _) => return Err(refuse(format!("`{name}` is missing"))),
            _ => return Err(refuse(format!("`{name}` is given twice"))),
        };
        path.push_str(before);
        path.extend(utf8_percent_encode(
            segment(value).map_err(|why| refuse(format!("`{name}` {why}")))?,
            ENCODED,
        ));
        rest = after;
    }
    path.push_str(rest);
    if let Some((name, _)) = params.path.iter().find(|(name, _)| !call.path.contains(&format!("{{{name}}}")))
    {
        return Err(refuse(format!("`{name}` is no part of the path")));
    }
    let cloud_id = segment(&site.cloud_id).map_err(|why| refuse(format!("the cloud id {why}")))?;
    if !cloud_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
        return Err(refuse("the cloud id holds other characters than letters, digits and dashes".to_owned()));
    }
    let mut url = endpoints.gateway(call.product, cloud_id, &path);
    url.set_query(params.query_text().as_deref());
    Ok(url)
}

/// A value that stays one path segment.
fn segment(value: &str) -> Result<&str, &'static str> {
    if value.is_empty() {
        return Err("is empty");
    }
    if value.len() > VALUE_CAP {
        return Err("is too long");
    }
    if value == "." || value == ".." {
        return Err("would leave its place in the path");
    }
    if value.chars().any(|c| matches!(c, '/' | '\\') || c.is_control()) {
        return Err("holds a slash or a control character");
    }
    Ok(value)
}

#[cfg(test)]
impl Params {
    pub(crate) fn query_for_tests(&self) -> String {
        self.query_text().unwrap_or_default()
    }

    pub(crate) fn body_for_tests(&self) -> Value {
        self.body.clone().unwrap_or_default()
    }
}
