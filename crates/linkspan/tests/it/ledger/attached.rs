//! Comments and attachments of Confluence that go, and come, while their page stays.

use jiff::SignedDuration;
use linkspan_model::absence::Absence;
use linkspan_model::ids::RecordId;
use linkspan_model::record::{Body, Model};
use linkspan_sandbox::world::confluence::{ContentComment, ContentFile};
use linkspan_store::{Batch, ListFilter, Removal};

use super::Mirror;
use crate::personal_data::Consent;
use crate::support::small_world;

/// A comment with another below it or not, and an attachment, each on a page that everybody sees.
fn something(mirror: &Mirror) -> (ContentComment, ContentFile) {
    mirror.act(|site, _| {
        let mut ids: Vec<_> = site.content_ids().collect();
        ids.sort_unstable();
        let contents = || {
            ids.iter().filter_map(|id| site.content(*id)).filter(|content| {
                content.head.status == linkspan_sandbox::world::confluence::ContentStatus::Current
                    && content.head.kind.is_article()
                    && content.head.parent.is_some()
            })
        };
        let comment = contents().find_map(|content| content.comments.first().cloned()).unwrap();
        let file = contents().find_map(|content| content.files.first().cloned()).unwrap();
        (comment, file)
    })
}

async fn absence(mirror: &Mirror, model: Model, remote_id: impl ToString) -> Option<Option<Absence>> {
    let id = RecordId::of(mirror.confluence, model, &remote_id.to_string());
    let states = mirror.privacy.store.record_states(mirror.confluence, &[id]).await.unwrap();
    states.get(&id).map(|state| state.absence)
}

async fn goes_and_comes(consent: Consent) {
    let mirror = Mirror::with(small_world(), consent).await;
    let (comment, file) = something(&mirror);
    let page = RecordId::of(mirror.confluence, Model::Article, &file.container.to_string());
    let before = mirror.page(file.container).await;
    mirror.act(|site, stamp| {
        site.delete_content_comment(stamp, comment.id).unwrap();
        site.delete_content_file(stamp, file.id, false).unwrap();
    });
    // No reading of changes tells of it.
    mirror.interval().await;
    assert_eq!(absence(&mirror, Model::Comment, comment.id).await, Some(None));
    assert_eq!(absence(&mirror, Model::Attachment, file.id).await, Some(None));
    // By search alone, a second walk has to say the same.
    for _ in 0..2 {
        mirror.walk(mirror.confluence).await;
        mirror.interval().await;
    }
    assert_eq!(absence(&mirror, Model::Comment, comment.id).await, Some(Some(Absence::Removed)));
    assert_eq!(absence(&mirror, Model::Attachment, file.id).await, Some(Some(Absence::Removed)));
    for model in [Model::Comment, Model::Attachment] {
        let row = mirror.attached(model).await.unwrap();
        assert_eq!(row.upstream, row.stored, "{row:?}");
        assert!(row.repaired["surplus"] >= 1, "{row:?}");
        assert_eq!((row.suspected_at, &row.walk), (None, &None), "{row:?}");
    }
    // The page stays as it was, but for the attachment that it named.
    let after = mirror.page(file.container).await;
    assert_eq!((after.deleted, after.id, after.remote_updated_at), (false, page, before.remote_updated_at));
    let gone = RecordId::of(mirror.confluence, Model::Attachment, &file.id.to_string());
    let names = |record: &linkspan_store::StoredRecord| match record.instance().unwrap() {
        Body::Article(article) => article.attachments.contains(&gone),
        _ => panic!("an article"),
    };
    assert_eq!((names(&before), names(&after)), (true, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn s11_comments_and_attachments_that_go_by_themselves_are_noticed_by_their_ids() {
    goes_and_comes(Consent::Granular).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s11_comments_and_attachments_that_go_by_themselves_are_noticed_by_two_searches() {
    goes_and_comes(Consent::BySearch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s23_comments_and_attachments_that_are_missing_are_brought_back() {
    for consent in [Consent::Granular, Consent::BySearch] {
        let mirror = Mirror::with(small_world(), consent).await;
        let mut removed = Vec::new();
        for model in [Model::Comment, Model::Attachment] {
            let records = mirror.listed(mirror.confluence, model, &ListFilter::default()).await;
            // Not one that the reading of what changed comes by again.
            let oldest = records.iter().min_by_key(|record| record.remote_updated_at).unwrap();
            removed.push(Removal::from((model, oldest.id)));
        }
        let now = mirror.privacy.engine.clock().now();
        let batch = Batch { removed: removed.clone(), ..Batch::default() };
        mirror.privacy.store.write_batch(mirror.confluence, &batch, now).await.unwrap();
        mirror.walk(mirror.confluence).await;
        for removal in removed {
            let states = mirror.privacy.store.record_states(mirror.confluence, &[removal.id]).await.unwrap();
            assert!(!states[&removal.id].deleted, "{:?}", removal.model);
            let row = mirror.attached(removal.model).await.unwrap();
            assert_eq!((row.found.get("missing"), row.upstream), (Some(&1), row.stored), "{row:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_what_hangs_on_a_page_that_is_out_of_sight_is_no_drift() {
    for consent in [Consent::Granular, Consent::BySearch] {
        let mirror = Mirror::with(small_world(), consent).await;
        let (comment, _) = something(&mirror);
        mirror.walk(mirror.confluence).await;
        // Not yet noticed when comments are walked: the page decides.
        mirror.act(|site, stamp| site.trash_content(stamp, comment.container).unwrap());
        mirror.privacy.pass(SignedDuration::from_hours(25)).await;
        mirror.read_anyway().await;
        for model in [Model::Comment, Model::Attachment] {
            assert_eq!(mirror.attached(model).await.unwrap().found.get("surplus"), None);
        }
        // A search shows no trash, so that there the page is taken to be removed, with what hangs on it.
        let gone = if consent == Consent::BySearch { Absence::Removed } else { Absence::Trashed };
        assert_eq!(absence(&mirror, Model::Comment, comment.id).await, Some(Some(gone)));
        mirror.act(|site, stamp| site.restore_content(stamp, comment.container).unwrap());
        mirror.interval().await;
        mirror.walk(mirror.confluence).await;
        assert_eq!(absence(&mirror, Model::Comment, comment.id).await, Some(None));
        mirror.is_clean().await;
    }
}
