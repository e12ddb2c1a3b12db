//! Query strings as names and values, under the parameters of both products.

/// The decoded names and values of a query string, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct QueryPairs(Vec<(String, String)>);

impl QueryPairs {
    pub(crate) fn parse(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes());
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The same parameters with some replaced, as a query string: links lead back to the request that was sent.
    pub(crate) fn with(&self, replaced: &[(&str, &str)]) -> String {
        let kept = self.iter().filter(|(name, _)| !replaced.iter().any(|(key, _)| key == name));
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .extend_pairs(replaced.iter().copied())
            .finish()
    }
}
