//! The generic reader's rules for what tells items apart.

use super::*;

fn owner(id: &str, params: &[(&'static str, &str)]) -> ListOwner {
    ListOwner {
        id: Some(id.to_owned()),
        params: params.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
    }
}

fn ids_and_paths(kept: &Converted) -> Vec<(&str, &str)> {
    kept.raws.iter().map(|raw| (raw.remote_id.as_str(), raw.path.as_str())).collect()
}

#[test]
fn an_item_with_an_id_of_the_site_is_kept_under_it() {
    let kept =
        kept_list("jira.dashboard", r#"{"values": [{"id": "10", "name": "x"}]}"#, &ListOwner::default());
    assert_eq!(ids_and_paths(&kept), [("10", "/rest/api/3/dashboard/10")]);
    assert_eq!(kept.raws[0].json, r#"{"id": "10", "name": "x"}"#);
}

#[test]
fn an_id_that_counts_within_its_owner_only_is_led_by_the_owner() {
    let owner = owner("7/3", &[("serviceDeskId", "7"), ("requestTypeId", "3")]);
    let kept = kept_list("jsm.requesttypefield", r#"{"requestTypeFields": []}"#, &owner);
    assert_eq!(ids_and_paths(&kept), [("7/3", "/rest/servicedeskapi/servicedesk/7/requesttype/3/field")]);

    let owner = self::owner("customfield_1", &[("fieldId", "customfield_1")]);
    let page = r#"{"values": [{"id": 5}, {"id": 6}]}"#;
    let kept = kept_list("jira.fieldcontext", page, &owner);
    assert_eq!(
        ids_and_paths(&kept),
        [
            ("customfield_1/5", "/rest/api/3/field/customfield_1/context?contextId=5"),
            ("customfield_1/6", "/rest/api/3/field/customfield_1/context?contextId=6"),
        ]
    );
}

#[test]
fn a_pair_of_members_tells_mappings_apart_also_where_one_is_missing() {
    let owner = owner("customfield_1", &[("fieldId", "customfield_1")]);
    let page = r#"{"values": [{"contextId": "5", "projectId": "9"}, {"contextId": "6", "isGlobalContext": true}, {}]}"#;
    let kept = kept_list("jira.fieldcontextproject", page, &owner);
    assert_eq!(kept.ids[..2], ["customfield_1/5/9", "customfield_1/6/-"]);
    assert!(kept.raws[2].problem.is_some(), "an item that nothing tells apart is kept with the reason");
}

#[test]
fn texts_are_their_own_ids() {
    let kept = kept_list("jira.label", r#"{"values": ["red", "a \"b\""]}"#, &ListOwner::default());
    assert_eq!(kept.ids, ["red", "a \"b\""]);
}

#[test]
fn an_answer_that_is_one_thing_has_the_id_of_its_owner() {
    let owner = owner("10042", &[("issueIdOrKey", "10042")]);
    let kept = kept_list("jira.vote", r#"{"votes": 2}"#, &owner);
    assert_eq!(ids_and_paths(&kept), [("10042", "/rest/api/3/issue/10042/votes")]);
    let kept = kept_list("jira.jqldata", r#"{"visibleFieldNames": []}"#, &ListOwner::default());
    assert_eq!(kept.ids, ["autocompletedata"]);
}

#[test]
fn every_listing_s_parameters_are_those_of_its_call() {
    for resource in Resource::all() {
        let Some(listing) = resource.listing() else { continue };
        let call = resource.ways[0].calls[resource.ways[0].calls.len() - 1];
        let mut named: Vec<&str> = match listing.per {
            Per::Each { bind, .. } => bind.iter().map(|(name, _)| *name).collect(),
            Per::Word(name, _) => vec![name],
            Per::Site | Per::Setting(..) => vec![],
        };
        let mut wanted: Vec<&str> =
            call.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        named.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(named, wanted, "{}", resource.kind);
        if let Per::Each { kind, .. } = listing.per {
            assert!(
                Resource::of_kind(kind).is_some(),
                "{} hangs on `{kind}`, which nothing reads",
                resource.kind
            );
        }
    }
}

#[test]
fn kinds_are_unique_and_lead_with_their_product() {
    let mut kinds = std::collections::HashSet::new();
    for resource in Resource::all() {
        assert!(kinds.insert(resource.kind), "{} is listed twice", resource.kind);
        for call in resource.ways.iter().flat_map(|way| way.calls) {
            assert_eq!(call.product, resource.product(), "{}", resource.kind);
        }
        assert!(resource.ways.first().is_some_and(|way| way.lacks.is_none()), "{}", resource.kind);
    }
}

#[test]
fn no_kind_hangs_on_itself_by_any_number_of_steps() {
    for resource in Resource::all() {
        let mut owner = Some(resource);
        let mut steps = 0;
        while let Some(Per::Each { kind, .. }) =
            owner.and_then(|owner| owner.listing()).map(|listing| listing.per)
        {
            owner = Resource::of_kind(kind);
            steps += 1;
            assert!(steps < 5, "{} has a long chain of owners", resource.kind);
        }
    }
}
