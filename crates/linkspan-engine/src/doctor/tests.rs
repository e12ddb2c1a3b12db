use linkspan_atlassian::calls::{Feature, GUIDES, ScopeFamily, ScopeSet, smallest_scopes};
use linkspan_model::product::{AppPurpose, Integration, Product};
use url::Url;

use super::{Verdict, examine_address, scopes};

fn verdicts(address: &str) -> Vec<Verdict> {
    examine_address(&Url::parse(address).unwrap()).into_iter().map(|finding| finding.verdict).collect()
}

#[test]
fn plain_http_is_for_loopback_alone() {
    assert_eq!(verdicts("https://link.vendor.example"), [Verdict::Ok]);
    assert_eq!(verdicts("http://link.vendor.example"), [Verdict::Problem]);
    assert_eq!(verdicts("http://192.0.2.7:8080"), [Verdict::Problem]);
    for loopback in ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"] {
        assert_eq!(verdicts(loopback), [Verdict::Warning], "{loopback}");
    }
}

#[test]
fn surprises_in_the_public_address_are_told() {
    assert_eq!(verdicts("https://vendor.example/linkspan"), [Verdict::Warning]);
    assert_eq!(verdicts("https://user:pass@vendor.example/"), [Verdict::Problem]);
    assert_eq!(verdicts("https://vendor.example/?x=1"), [Verdict::Problem]);
    assert_eq!(verdicts("ftp://vendor.example/"), [Verdict::Problem]);
}

fn found(purpose: AppPurpose, have: &ScopeSet, features: &[Feature]) -> Vec<(Verdict, String)> {
    scopes::examine(purpose, have, features).into_iter().map(|it| (it.verdict, it.found)).collect()
}

#[test]
fn l12_scopes_that_are_proposed_are_found_to_be_whole() {
    let usual = Feature::usual();
    let list = smallest_scopes(&[Product::Jira, Product::Confluence], &usual, ScopeFamily::Classic).set();
    let findings = found(AppPurpose::All, &list, &usual);
    let whole = (Verdict::Ok, format!("{} scopes open all that is to be read", list.len()));
    assert!(findings == [whole] || list.len() > 50, "{findings:?}");
    let jira = smallest_scopes(&[Product::Jira], &[Feature::Tickets], ScopeFamily::Classic).set();
    let purpose = AppPurpose::Integration(Integration::Jira);
    assert_eq!(found(purpose, &jira, &[Feature::Tickets])[0].0, Verdict::Ok);
}

#[test]
fn l6_a_list_without_offline_access_is_a_problem() {
    let have = ScopeSet::parse("read:me read:jira-work");
    let purpose = AppPurpose::Integration(Integration::Jira);
    let findings = found(purpose, &have, &[Feature::Tickets]);
    assert_eq!(findings[0].0, Verdict::Problem);
    assert!(findings[0].1.starts_with("offline_access is not asked for"), "{findings:?}");
}

#[test]
fn l12_missing_and_dead_scopes_are_told_with_their_remedy() {
    let have = ScopeSet::parse("offline_access read:me");
    let purpose = AppPurpose::Integration(Integration::Jira);
    let findings = found(purpose, &have, &[Feature::Tickets]);
    assert!(findings.iter().any(|(_, words)| words.contains("read:jira-work")), "{findings:?}");

    let guide: ScopeSet = GUIDES[0].scopes.iter().copied().collect();
    let findings = scopes::examine(AppPurpose::All, &guide, &[Feature::Articles]);
    let dead = findings.iter().find(|it| it.found.starts_with("read:content.property:confluence")).unwrap();
    assert_eq!(dead.verdict, Verdict::Warning);
    assert!(dead.remedy.as_ref().unwrap().contains("read:page:confluence"), "{dead:?}");
}

#[test]
fn more_than_fifty_scopes_are_a_warning() {
    let have: ScopeSet = (0..51).map(|number| format!("read:thing-{number}:jira")).collect();
    let findings = found(AppPurpose::Integration(Integration::Jira), &have, &[Feature::Tickets]);
    assert!(findings[0].1.starts_with("51 scopes are asked for"), "{findings:?}");
    assert_eq!(findings[0].0, Verdict::Warning);
}
