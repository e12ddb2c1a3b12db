//! An app's list of scopes: too long, dead ones, what is missing for what is wanted.

use linkspan_atlassian::calls::{
    Feature, SCOPE_WARNING, ScopeFamily, ScopeSet, compare_scopes, products_for, smallest_scopes,
};
use linkspan_model::product::AppPurpose;

use super::Finding;

const CHECK: &str = "scopes";

/// Checks the scopes that an app of this purpose asks for.
pub(super) fn examine(purpose: AppPurpose, have: &ScopeSet, features: &[Feature]) -> Vec<Finding> {
    // It asks for `read:me` whatever its list says.
    if purpose == AppPurpose::Identity {
        return Vec::new();
    }
    let products = products_for(purpose, features);
    let mut findings = Vec::new();
    if have.len() > SCOPE_WARNING {
        findings.push(Finding::warning(
            CHECK,
            format!("{} scopes are asked for; consent has been seen failing with more than {SCOPE_WARNING}", have.len()),
            "Ask for fewer: prefer classic scopes (`linkspan scopes --family classic`), or want less with --models.",
        ));
    }
    let list = smallest_scopes(&products, features, ScopeFamily::Classic);
    let mut compared = compare_scopes(&list, &products, features, have, purpose.as_str());
    for dead in &compared.dead {
        findings.push(Finding::warning(
            CHECK,
            format!("{} opens nothing any more: {}", dead.scope, dead.why),
            format!(
                "Ask for {} in its place, and take {} off the app in the console.",
                dead.replacement, dead.scope
            ),
        ));
    }
    if let Some(place) = compared.missing.iter().position(|scope| scope == "offline_access") {
        compared.missing.remove(place);
        findings.push(Finding::problem(
            CHECK,
            "offline_access is not asked for: every link would die within the hour",
            "Add offline_access to the list of scopes here; the console has no box for it.",
        ));
    }
    if !compared.missing.is_empty() {
        findings.push(Finding::warning(
            CHECK,
            format!("for what is to be read, these are missing: {}", compared.missing.join(" ")),
            "Add them under Permissions in the console and to the list here, then have customers consent again; or want \
             less with --models.",
        ));
    }
    if findings.is_empty() {
        let spare = match compared.surplus.as_slice() {
            [] => String::new(),
            surplus => format!("; not needed: {}", surplus.join(" ")),
        };
        findings
            .push(Finding::ok(CHECK, format!("{} scopes open all that is to be read{spare}", have.len())));
    }
    findings
}
