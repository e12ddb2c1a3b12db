//! What becomes of a record that a whole walk over its container did not meet: a table, and nothing else.
//!
//! One negative search never deletes (hazard S3); a listing that broke off, that disagrees with a count, or that a person
//! with less access was given, proves nothing (hazard S12). So each of these has to hold before anything is concluded, and
//! the first that does not decides:
//!
//! | evidence | verdict |
//! | --- | --- |
//! | the listing did not end by its rule | keep: the walk goes on from there, or begins anew |
//! | the scopes changed, or the container is not listed or not browsable after the walk | keep |
//! | the number met lies outside of what was counted before and after | keep: the index lags |
//! | it could not be counted, the grant opens no look by id, or so many are missing that it is suspicious, and no earlier walk said the same | wait for a second walk |
//! | the look by id was refused, or upstream could not answer it | keep |
//! | the look by id finds it here, and a search that is told to look closely finds it too | keep: the index lags |
//! | it finds it here, and cannot tell why no list shows it | wait; archived once no walk has met it for longer than the index lags |
//! | it finds it in another container | moved: store it as it is now |
//! | it finds it archived | archived |
//! | it finds it in the trash | trashed |
//! | it does not find it, and fewer people than those of the container could see it | lost access |
//! | it does not find it | removed |
//!
//! What hangs on a Confluence article has no readers of its own. So it needs no count: where the article is found by id and
//! the comment or attachment is not, it is gone.
//!
//! An issue is archived that is found by id, but not by a search with `reconcileIssues`, which is not behind
//! (`atlassian-platform.md` 7.3). The last two rows cannot be told apart for sure: upstream answers alike for what it
//! deleted and for what it hides. A security level or a restriction of its own speaks for the latter.

use linkspan_model::absence::Absence;

/// Records of a container that may be missing at once without suspicion, whatever its size.
pub(in crate::sync) const SUSPICIOUS_FROM: usize = 20;
/// One in so many of the records of a container is suspicious.
pub(in crate::sync) const SUSPICIOUS_SHARE: usize = 10;

/// Whether so many missing at once want a second walk before anything is removed.
pub(in crate::sync) fn is_suspicious(missing: usize, stored: usize) -> bool {
    missing > SUSPICIOUS_FROM.max(stored / SUSPICIOUS_SHARE)
}

/// What a look by id saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sync) enum Look {
    /// It is not there, or not visible.
    NotFound,
    /// It is in the container, and listed by whatever is not behind.
    Here,
    /// It is there, and listed by nothing: it is archived, or the index is behind.
    Unlisted,
    /// It is in another container.
    Elsewhere,
    /// It is archived.
    Archived,
    /// It is in the trash.
    Trashed,
    /// Upstream refused to tell, or could not.
    Untold,
}

/// What is known of one walk that met the end of every list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sync) struct WalkEvidence {
    /// The scopes are those of its beginning, and the container is still listed and browsable.
    pub(in crate::sync) reach_stands: bool,
    /// Whether the number met lies within what was counted; `None` where that is not enough: nothing can be counted, or
    /// no look by id follows.
    pub(in crate::sync) counts_agree: Option<bool>,
    /// Too many are missing at once.
    pub(in crate::sync) is_suspicious: bool,
}

/// What a walk allows to be concluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sync) enum Conclusion {
    /// Nothing, for this reason.
    Nothing(&'static str),
    /// Something about what an earlier walk did not meet either.
    OfSecondWalk,
    /// Something about everything that it did not meet.
    OfEverything,
}

impl WalkEvidence {
    /// What the walk allows to be concluded.
    pub(in crate::sync) fn conclusion(self) -> Conclusion {
        if !self.reach_stands {
            return Conclusion::Nothing("what the account behind the grant may see changed during the walk");
        }
        match self.counts_agree {
            Some(false) => Conclusion::Nothing("upstream counts otherwise than it lists; its index may lag"),
            None => Conclusion::OfSecondWalk,
            Some(true) if self.is_suspicious => Conclusion::OfSecondWalk,
            Some(true) => Conclusion::OfEverything,
        }
    }
}

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sync) enum Verdict {
    /// It stays as it is.
    Keep,
    /// It stays as it is, and the next walk asks since when it was not met.
    Wait,
    /// It is stored as it is now, where it is now.
    Move,
    /// It is absent from now on.
    MakeAbsent(Absence),
}

/// What becomes of a record that was not met, by a look at it. `was_guarded`: fewer people than those of the container
/// could see it, as far as known.
pub(in crate::sync) fn verdict(look: Look, was_guarded: bool) -> Verdict {
    match look {
        Look::Here | Look::Untold => Verdict::Keep,
        Look::Unlisted => Verdict::Wait,
        Look::Elsewhere => Verdict::Move,
        Look::Archived => Verdict::MakeAbsent(Absence::Archived),
        Look::Trashed => Verdict::MakeAbsent(Absence::Trashed),
        Look::NotFound if was_guarded => Verdict::MakeAbsent(Absence::LostAccess),
        Look::NotFound => Verdict::MakeAbsent(Absence::Removed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: WalkEvidence =
        WalkEvidence { reach_stands: true, counts_agree: Some(true), is_suspicious: false };

    fn concludes_nothing(evidence: WalkEvidence) -> bool {
        matches!(evidence.conclusion(), Conclusion::Nothing(_))
    }

    #[test]
    fn s12_a_reach_that_changed_removes_nothing() {
        assert!(concludes_nothing(WalkEvidence { reach_stands: false, ..SOUND }));
    }

    #[test]
    fn s12_a_count_that_disagrees_removes_nothing() {
        assert!(concludes_nothing(WalkEvidence { counts_agree: Some(false), ..SOUND }));
        assert!(concludes_nothing(WalkEvidence { counts_agree: Some(false), is_suspicious: true, ..SOUND }));
    }

    #[test]
    fn s12_what_cannot_be_counted_and_what_is_suspicious_wants_a_second_walk() {
        let uncounted = WalkEvidence { counts_agree: None, ..SOUND };
        assert_eq!(uncounted.conclusion(), Conclusion::OfSecondWalk);
        let suspicious = WalkEvidence { is_suspicious: true, ..SOUND };
        assert_eq!(suspicious.conclusion(), Conclusion::OfSecondWalk);
        assert_eq!(SOUND.conclusion(), Conclusion::OfEverything);
    }

    #[test]
    fn s12_a_tenth_of_a_container_or_twenty_are_suspicious() {
        assert!(!is_suspicious(20, 5) && is_suspicious(21, 5));
        assert!(!is_suspicious(100, 1_000) && is_suspicious(101, 1_000));
    }

    #[test]
    fn s3_what_a_look_by_id_finds_in_place_or_cannot_tell_is_kept() {
        for was_guarded in [false, true] {
            assert_eq!(verdict(Look::Here, was_guarded), Verdict::Keep);
            assert_eq!(verdict(Look::Untold, was_guarded), Verdict::Keep);
        }
    }

    #[test]
    fn s14_what_a_look_by_id_finds_elsewhere_has_moved() {
        assert_eq!(verdict(Look::Elsewhere, true), Verdict::Move);
    }

    #[test]
    fn s13_the_archive_the_trash_lost_access_and_removal_are_told_apart() {
        for was_guarded in [false, true] {
            assert_eq!(verdict(Look::Archived, was_guarded), Verdict::MakeAbsent(Absence::Archived));
            assert_eq!(verdict(Look::Trashed, was_guarded), Verdict::MakeAbsent(Absence::Trashed));
        }
        assert_eq!(verdict(Look::NotFound, true), Verdict::MakeAbsent(Absence::LostAccess));
        assert_eq!(verdict(Look::NotFound, false), Verdict::MakeAbsent(Absence::Removed));
    }
}
