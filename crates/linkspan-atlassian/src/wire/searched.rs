//! Content of Confluence's first generation, as a search by CQL gives it (`atlassian-endpoints.md` 6.1, 6.5, 6.6).

use super::confluence::{Body, Links, SpaceIdOnly, User};
use super::jira::List;
use super::{Id, Member, Moment, Number, Text, shapes};

shapes! {
    /// Content of any type, with what was expanded.
    Searched {
        "id" id: Member<Id<'a>>,
        "type" kind: Member<Text<'a>>,
        "status" status: Member<Text<'a>>,
        "title" title: Member<Text<'a>>,
        "space" space: Member<SpaceIdOnly<'a>>,
        "history" history: Member<History<'a>>,
        "version" version: Member<SearchedVersion<'a>>,
        "ancestors" ancestors: Member<List<'a>>,
        "container" container: Member<Holder<'a>>,
        "body" body: Member<Body<'a>>,
        "extensions" extensions: Member<Extensions<'a>>,
        "_links" links: Member<Links<'a>>,
    }
    /// Who made content, and when.
    History {
        "createdBy" created_by: Member<User<'a>>,
        "createdDate" created_at: Member<Moment>,
    }
    /// The present version.
    SearchedVersion {
        "number" number: Member<Number>,
        "when" created_at: Member<Moment>,
        "by" by: Member<User<'a>>,
    }
    /// What a comment or attachment hangs on, or what stands above content.
    Holder {
        "id" id: Member<Id<'a>>,
        "type" kind: Member<Text<'a>>,
    }
    /// What only some types have: where a comment stands, what kind of file an attachment is.
    Extensions {
        "location" location: Member<Text<'a>>,
        "mediaType" media_type: Member<Text<'a>>,
        "fileSize" file_size: Member<Number>,
        "comment" comment: Member<Text<'a>>,
    }
}
