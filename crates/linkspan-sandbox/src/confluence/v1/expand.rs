//! The `expand` parameter: which optional members an answer holds.

use super::super::parameters::Parameters;

/// Most entries looked at; real URLs have no room for more.
const MAXIMUM_ENTRIES: usize = 200;
/// Deepest path followed: members nest in one another (`ancestors.ancestors…`).
const MAXIMUM_SEGMENTS: usize = 8;

/// A set of dotted paths such as `body.storage` and `history.lastUpdated`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Expand {
    paths: Vec<String>,
}

impl Expand {
    /// Reads `expand`, repeated or joined by commas.
    pub(super) fn read(parameters: &Parameters) -> Self {
        let bounded = |path: &&str| path.split('.').count() <= MAXIMUM_SEGMENTS;
        let paths =
            parameters.list("expand").into_iter().filter(bounded).take(MAXIMUM_ENTRIES).map(str::to_owned);
        Self { paths: paths.collect() }
    }

    /// Reads it from a literal query string, `expand=…`.
    pub(super) fn parse(query: &str) -> Self {
        Self::read(&Parameters::new("", query))
    }

    /// Whether a path, or anything below it, is asked for.
    pub(super) fn has(&self, path: &str) -> bool {
        self.paths.iter().any(|own| below(own, path).is_some())
    }

    /// What is asked for below a path.
    pub(super) fn below(&self, path: &str) -> Self {
        let rests = self.paths.iter().filter_map(|own| below(own, path)).filter(|rest| !rest.is_empty());
        Self { paths: rests.map(str::to_owned).collect() }
    }
}

/// The rest of `path` below `prefix`, empty when they are equal; `None` when it is not below.
fn below<'path>(path: &'path str, prefix: &str) -> Option<&'path str> {
    let rest = path.strip_prefix(prefix)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
}

#[cfg(test)]
mod tests {
    use super::{Expand, Parameters};

    #[test]
    fn a_path_asks_for_its_beginnings_and_not_for_words_it_begins_with() {
        let expand =
            Expand::read(&Parameters::new("/", "expand=body.storage,history.lastUpdated&expand=space"));
        assert!(
            expand.has("body") && expand.has("body.storage") && expand.has("space") && expand.has("history")
        );
        assert!(!expand.has("bod") && !expand.has("body.view") && !expand.has("version"));
        assert!(expand.below("history").has("lastUpdated"));
        assert_eq!(expand.below("space"), Expand::default());
    }
}
