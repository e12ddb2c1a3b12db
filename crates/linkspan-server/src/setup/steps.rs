//! What can be told of each step from here.

use linkspan_engine::doctor::{Finding, Verdict};
use minijinja::{Value, context};

/// A mark beside a step.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mark {
    verdict: Verdict,
    found: String,
    remedy: Option<String>,
}

impl Mark {
    fn of(finding: &Finding) -> Self {
        Self { verdict: finding.verdict, found: finding.found.clone(), remedy: finding.remedy.clone() }
    }

    fn unknown(why: &str) -> Self {
        Self { verdict: Verdict::Skipped, found: why.to_owned(), remedy: None }
    }

    pub(super) fn good(found: &str) -> Self {
        Self { verdict: Verdict::Ok, found: found.to_owned(), remedy: None }
    }

    pub(super) fn shown(&self) -> Value {
        shown(self.verdict, &self.found, self.remedy.as_deref(), None)
    }
}

/// A finding as the page shows it.
pub(super) fn finding(finding: &Finding) -> Value {
    let of = match &finding.subject {
        Some(subject) => format!("{}: {subject}", finding.check),
        None => finding.check.to_owned(),
    };
    shown(finding.verdict, &finding.found, finding.remedy.as_deref(), Some(of))
}

fn shown(verdict: Verdict, found: &str, remedy: Option<&str>, of: Option<String>) -> Value {
    let sign = match verdict {
        Verdict::Ok => "✓",
        Verdict::Warning => "!",
        Verdict::Problem => "✗",
        Verdict::Skipped => "–",
    };
    context! { verdict => verdict.as_str(), sign => sign, found => found, remedy => remedy, of => of }
}

/// The marks of the steps that are about the app; `findings` are those of the app, `None` when it is not registered yet.
pub(super) struct Marks {
    pub(super) create: Mark,
    pub(super) permissions: Mark,
    pub(super) authorization: Mark,
    pub(super) credentials: Mark,
}

impl Marks {
    pub(super) fn of(findings: Option<&[Finding]>) -> Self {
        let Some(findings) = findings else {
            let unknown =
                || Mark::unknown("It can be checked once client id and secret are entered in step 5.");
            return Self {
                create: unknown(),
                permissions: unknown(),
                authorization: unknown(),
                credentials: Mark::unknown("Not entered yet."),
            };
        };
        let worst = |check: &str| -> Option<&Finding> {
            let of_check = findings.iter().filter(|finding| finding.check == check);
            of_check.max_by_key(|finding| match finding.verdict {
                Verdict::Ok => 0,
                Verdict::Skipped => 1,
                Verdict::Warning => 2,
                Verdict::Problem => 3,
            })
        };
        let (callback, scopes, credentials) = (worst("callback"), worst("scopes"), worst("credentials"));
        let is_bad = |finding: Option<&Finding>| finding.is_some_and(|it| it.verdict == Verdict::Problem);
        let is_unknown_app = callback.is_some_and(|it| it.found.contains("no app with this client id"));
        Self {
            create: match callback {
                Some(finding) if is_unknown_app => Mark::of(finding),
                _ if is_bad(credentials) => Mark::unknown("It can be told once the credentials are right."),
                Some(finding) if finding.verdict == Verdict::Skipped => Mark::of(finding),
                _ => Mark::good("Atlassian knows the app."),
            },
            // The callback is looked at first: what is asked for is seen only once that is right.
            permissions: match scopes {
                Some(finding)
                    if finding.verdict == Verdict::Ok
                        && callback.is_none_or(|it| it.verdict != Verdict::Ok) =>
                {
                    Mark::unknown("What the console has is seen once the callback of step 4 is right.")
                }
                Some(finding) => Mark::of(finding),
                None => match callback {
                    Some(finding) if finding.verdict == Verdict::Ok => {
                        Mark::good("Atlassian takes what is asked for.")
                    }
                    _ => Mark::unknown("It is seen once the callback of step 4 is right."),
                },
            },
            authorization: match callback {
                Some(finding) if !is_unknown_app => Mark::of(finding),
                _ => Mark::unknown("It is seen once the steps before are right."),
            },
            credentials: credentials.map_or_else(|| Mark::unknown("It could not be checked."), Mark::of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_credentials_are_entered_nothing_is_told_to_be_right() {
        let marks = Marks::of(None);
        for mark in [marks.create, marks.permissions, marks.authorization, marks.credentials] {
            assert_eq!(mark.verdict, Verdict::Skipped);
        }
    }

    #[test]
    fn a_wrong_callback_hides_what_the_console_has_of_scopes() {
        let findings = [
            Finding::ok("credentials", "right"),
            Finding::problem("callback", "not the callback", "enter it"),
            Finding::ok("scopes", "whole"),
        ];
        let marks = Marks::of(Some(&findings));
        assert_eq!(marks.create.verdict, Verdict::Ok);
        assert_eq!(marks.permissions.verdict, Verdict::Skipped);
        assert_eq!(marks.authorization.verdict, Verdict::Problem);
        assert_eq!(marks.credentials.verdict, Verdict::Ok);
    }
}
