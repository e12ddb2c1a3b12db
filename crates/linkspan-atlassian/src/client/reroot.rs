//! Links in answers (`self`, `next`, `nextPage`, the `Link` header) point at the site or at nothing in particular.
//! Only their query is ever used, and only when their path is the call's own: no link chooses a host, and so none
//! ever receives a token (hazard M2, `atlassian-platform.md` section 0).

use crate::calls::Call;

/// The longest link that is followed.
const LINK_CAP: usize = 16 << 10;

/// The target of `rel="next"` in one `Link` header.
pub(crate) fn next_of_link_header(header: &str) -> Option<String> {
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let (target, after) = after.split_once('>')?;
        // The link's parameters run to the next comma that begins another `<target>`.
        let parameters = after.split('<').next().unwrap_or("");
        let is_next = parameters.split([';', ',']).map(str::trim).any(|parameter| {
            parameter.split_once('=').is_some_and(|(key, value)| {
                key.trim().eq_ignore_ascii_case("rel")
                    && value
                        .trim()
                        .trim_matches('"')
                        .split_whitespace()
                        .any(|rel| rel.eq_ignore_ascii_case("next"))
            })
        });
        if is_next {
            return Some(target.trim().to_owned());
        }
        rest = after;
    }
    None
}

/// The query of `link`, when its path is the path of `call` (with any values in the placeholders).
///
/// # Errors
/// Why the link is not followed.
pub(crate) fn reroot_query(call: &Call, link: &str) -> Result<String, &'static str> {
    if link.len() > LINK_CAP {
        return Err("the next link is too long");
    }
    if !link.bytes().all(|byte| (0x21..0x7f).contains(&byte)) {
        return Err("the next link holds characters no URL has");
    }
    let without_fragment = link.split('#').next().unwrap_or("");
    let (target, query) = without_fragment.split_once('?').ok_or("the next link has no query")?;
    let path = match target.split_once("://") {
        Some((_, after_scheme)) => after_scheme.find('/').map_or("", |slash| &after_scheme[slash..]),
        None if target.starts_with("//") => return Err("the next link names a host without a scheme"),
        None => target,
    };
    if query.is_empty() {
        return Err("the next link has no query");
    }
    if !is_path_of(call, path) {
        return Err("the next link leads to another operation");
    }
    Ok(query.to_owned())
}

/// Whether `path` is that of `call`, on the site, on the gateway (`/ex/{product}/{cloudId}` in front), or relative to
/// Confluence's own root (without `/wiki`).
fn is_path_of(call: &Call, path: &str) -> bool {
    let path = match path.strip_prefix("/ex/") {
        Some(below) => match below.splitn(3, '/').nth(2) {
            Some(rest) => rest,
            None => return false,
        },
        None => path.trim_start_matches('/'),
    };
    let own = call.path.trim_start_matches('/');
    matches_template(own, path)
        || own.strip_prefix("wiki/").is_some_and(|below_root| matches_template(below_root, path))
}

fn matches_template(template: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    let all_fit = template.split('/').all(|expected| {
        segments.next().is_some_and(|found| {
            let fits = if expected.starts_with('{') { !found.is_empty() } else { found == expected };
            fits && found != "." && found != ".."
        })
    });
    all_fit && segments.next().is_none()
}
