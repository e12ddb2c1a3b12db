//! Names for what a text refers to by id only.

/// A page or other content that a text refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentReference<'r> {
    /// By the id of the content.
    Id(&'r str),
    /// By title, in the space with this key or, without one, in the space of the text itself.
    Title {
        /// The key of the space.
        space: Option<&'r str>,
        /// The exact title.
        title: &'r str,
    },
    /// The home of the space with this key.
    Space(&'r str),
}

/// What a reference leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Where a browser finds it: absolute, or relative to the site.
    pub url: String,
    /// Its title, when known.
    pub title: Option<String>,
}

/// Resolves what a text names only by id. Every method may answer `None`, which is what the defaults do: the text then
/// shows what it holds itself.
///
/// Answers end up in the renderings, so an implementation must give only what every reader of the text may see.
pub trait Names {
    /// The display name of an account, without `@`.
    fn account(&self, account_id: &str) -> Option<String> {
        let _ = account_id;
        None
    }

    /// Where an attachment, named by its media file id or its file name, can be fetched.
    fn attachment_url(&self, id_or_name: &str) -> Option<String> {
        let _ = id_or_name;
        None
    }

    /// Where a page, post or space is.
    fn content(&self, reference: ContentReference<'_>) -> Option<Target> {
        let _ = reference;
        None
    }

    /// Where an issue is.
    fn issue_url(&self, key: &str) -> Option<String> {
        let _ = key;
        None
    }
}

/// Resolves nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoNames;

impl Names for NoNames {}
