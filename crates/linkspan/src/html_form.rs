//! The forms of an HTML page, as far as a browser would send them: hidden fields, chosen radio buttons, the first submit
//! button. Pages of our own and of the sandbox, both well formed, are all that is read here.

use std::collections::HashMap;

/// A form as it stands before anybody touched it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    /// Where it is sent, as written; empty for the page itself.
    pub(crate) action: String,
    /// The radio buttons by group, in the order of the page.
    options: Vec<(String, String)>,
    /// What would be sent.
    pub(crate) fields: Vec<(String, String)>,
}

impl Form {
    /// Chooses a radio button, or the given value of any other field. Without effect when the form has no such field.
    pub(crate) fn choose(&mut self, name: &str, value: &str) {
        let mut options = self.options.iter().filter(|(group, _)| group == name).peekable();
        let is_radio = options.peek().is_some();
        let is_offered = options.any(|(_, option)| option == value);
        match self.fields.iter_mut().find(|(field, _)| field == name) {
            Some((_, chosen)) if is_offered || !is_radio => value.clone_into(chosen),
            None if is_offered => self.fields.push((name.to_owned(), value.to_owned())),
            _ => {}
        }
    }
}

/// The first form of a page.
pub(crate) fn first_form(html: &str) -> Option<Form> {
    let mut form: Option<Form> = None;
    let mut has_submit = false;
    for tag in tags(html) {
        match (tag.name.as_str(), &mut form) {
            ("form", None) => form = Some(Form { action: tag.get("action"), ..Form::default() }),
            ("/form", Some(_)) => break,
            ("input", Some(form)) => add_input(form, &tag),
            ("button", Some(form)) if !has_submit && tag.get("type") != "button" => {
                has_submit = true;
                if let Some(name) = tag.attributes.get("name") {
                    form.fields.push((name.clone(), tag.get("value")));
                }
            }
            _ => {}
        }
    }
    form
}

fn add_input(form: &mut Form, tag: &Tag) {
    let Some(name) = tag.attributes.get("name") else { return };
    let kind = tag.get("type");
    let value = tag.get("value");
    let is_checked = tag.attributes.contains_key("checked");
    if kind == "radio" {
        form.options.push((name.clone(), value.clone()));
    }
    if !matches!(kind.as_str(), "radio" | "checkbox") || is_checked {
        form.fields.push((name.clone(), value));
    }
}

/// The value of the first attribute of this name on a page.
pub(crate) fn first_attribute(html: &str, name: &str) -> Option<String> {
    tags(html).find_map(|tag| tag.attributes.get(name).cloned())
}

/// The text of the first element of this name, without the tags in it.
pub(crate) fn first_text(html: &str, element: &str) -> Option<String> {
    let inside = html.split_once(&format!("<{element}"))?.1.split_once('>')?.1;
    let inside = inside.split_once(&format!("</{element}>"))?.0;
    let mut text = String::new();
    for (index, piece) in inside.split('<').enumerate() {
        let piece = if index == 0 { piece } else { piece.split_once('>').map_or("", |(_, rest)| rest) };
        text.push_str(piece);
    }
    Some(decoded(&text).split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A tag with its attributes; of an attribute without a value, the value is empty.
struct Tag {
    name: String,
    attributes: HashMap<String, String>,
}

impl Tag {
    fn get(&self, name: &str) -> String {
        self.attributes.get(name).cloned().unwrap_or_default()
    }
}

fn tags(html: &str) -> impl Iterator<Item = Tag> {
    html.split('<').skip(1).filter_map(|piece| {
        let (name, rest) = piece.split_at(piece.find(|c: char| c.is_whitespace() || c == '>')?);
        Some(Tag { name: name.to_ascii_lowercase(), attributes: attributes(rest) })
    })
}

fn attributes(mut rest: &str) -> HashMap<String, String> {
    let mut attributes = HashMap::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        let Some(end) = rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/')) else { break };
        if end == 0 {
            break;
        }
        let name = rest[..end].to_ascii_lowercase();
        rest = &rest[end..];
        let value = match rest.strip_prefix('=') {
            None => String::new(),
            Some(after) => {
                let (value, left) = attribute_value(after);
                rest = left;
                decoded(value)
            }
        };
        attributes.entry(name).or_insert(value);
    }
    attributes
}

fn attribute_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    text.split_at(text.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(text.len()))
}

/// Replaces character references: those that escaping makes, and numbers.
fn decoded(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        if let Some((character, left)) =
            after.split_once(';').and_then(|(name, left)| Some((referenced(name)?, left)))
        {
            decoded.push(character);
            rest = left;
        } else {
            decoded.push('&');
            rest = after;
        }
    }
    decoded.push_str(rest);
    decoded
}

fn referenced(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONSENT: &str = r#"<h1>Agree <b>now</b></h1><form method="post" action="/authorize">
        <input type="hidden" name="state" value="a&amp;b&#x2f;c&quot;">
        <input type=radio name=account value=one checked><input type="radio" name="account" value="two">
        <input type="radio" name="site" value="s1" required><input type="radio" name="site" value="s2" required>
        <input type="email" name="email"><input type="checkbox" name="box" value="1">
        <button class="act" type="submit" name="decision" value="accept">Accept</button>
        <button type="submit" name="decision" value="decline">Decline</button></form>
        <form action="/other"></form><div data-type="a'b"></div>"#;

    fn pairs(form: &Form) -> Vec<(&str, &str)> {
        form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    #[test]
    fn a_form_is_read_as_a_browser_would_send_it() {
        let form = first_form(CONSENT).unwrap();
        assert_eq!(form.action, "/authorize");
        let expected = [("state", "a&b/c\""), ("account", "one"), ("email", ""), ("decision", "accept")];
        assert_eq!(pairs(&form), expected);
    }

    #[test]
    fn only_what_a_group_offers_can_be_chosen() {
        let mut form = first_form(CONSENT).unwrap();
        form.choose("account", "two");
        form.choose("account", "three");
        form.choose("site", "s2");
        form.choose("absent", "x");
        let expected =
            [("state", "a&b/c\""), ("account", "two"), ("email", ""), ("decision", "accept"), ("site", "s2")];
        assert_eq!(pairs(&form), expected);
    }

    #[test]
    fn attributes_and_texts_are_found_by_name() {
        assert_eq!(first_attribute(CONSENT, "data-type").as_deref(), Some("a'b"));
        assert_eq!(first_attribute(CONSENT, "data-none"), None);
        assert_eq!(first_text(CONSENT, "h1").as_deref(), Some("Agree now"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(html in "[<>=\"'&;#x /a-cé]{0,60}") {
            let _ = (first_form(&html), first_attribute(&html, "a"), first_text(&html, "a"));
        }
    }
}
