use linkspan_model::ids::AppId;
use linkspan_model::product::{AppPurpose, Integration};
use linkspan_store::{App, PreviousSecret, Store, StoreError};

use crate::fixture::{app, at, digest, grant, sealed, tokens, uuid_of};

pub(crate) async fn an_app_is_registered_and_replaced(store: Store) {
    let mut registered = App {
        id: app(),
        client_id: "client".to_owned(),
        client_secret: sealed("secret"),
        redirect_uri: "https://vendor.example/oauth/callback".to_owned(),
        name: "Vendor".to_owned(),
        scopes: vec!["read:jira-work".to_owned(), "offline_access".to_owned()],
        previous_secret: None,
    };
    store.put_app(&registered, at(1)).await.unwrap();
    registered.name = String::from("Vendor 2");
    registered.client_secret = sealed("newer secret");
    store.put_app(&registered, at(2)).await.unwrap();
    let stored = store.app(app()).await.unwrap().unwrap();
    assert_eq!(stored.name, "Vendor 2");
    assert_eq!(stored.client_secret, registered.client_secret);
    assert_eq!(stored.scopes, registered.scopes);
    assert_eq!(store.apps().await.unwrap().len(), 1);
    // The secret before stays known until another takes its place.
    let previous = PreviousSecret { sealed: sealed("secret"), until: at(900) };
    registered.previous_secret = Some(previous.clone());
    store.put_app(&registered, at(3)).await.unwrap();
    registered.previous_secret = None;
    store.put_app(&registered, at(4)).await.unwrap();
    let kept = store.app(app()).await.unwrap().unwrap().previous_secret.unwrap();
    assert_eq!((kept.sealed, kept.until), (previous.sealed, at(900)));
}

pub(crate) async fn an_app_serves_its_purposes_and_goes_when_nothing_needs_it(store: Store) {
    let named = |client_id: &str| App {
        id: AppId::of_client(client_id),
        client_id: client_id.to_owned(),
        client_secret: sealed(client_id),
        redirect_uri: "https://vendor.example/oauth/callback".to_owned(),
        name: client_id.to_owned(),
        scopes: vec!["read:me".to_owned()],
        previous_secret: None,
    };
    let (jira, confluence) =
        (AppPurpose::Integration(Integration::Jira), AppPurpose::Integration(Integration::Confluence));
    let served = async || -> Vec<(AppPurpose, String)> {
        let apps = store.assigned_apps().await.unwrap();
        apps.into_iter().map(|(purpose, app)| (purpose, app.client_id)).collect()
    };
    store.assign_app(confluence, &named("b"), at(1)).await.unwrap();
    store.assign_app(jira, &named("client"), at(2)).await.unwrap();
    store.assign_app(AppPurpose::All, &named("client"), at(3)).await.unwrap();
    let (one, other) = ("client".to_owned(), "b".to_owned());
    assert_eq!(
        served().await,
        [(AppPurpose::All, one.clone()), (jira, one.clone()), (confluence, other.clone())]
    );

    // Another app takes over; the one that nobody needs any more goes with its secret.
    store.assign_app(confluence, &named("c"), at(4)).await.unwrap();
    assert!(store.app(AppId::of_client("b")).await.unwrap().is_none());

    // Grants keep their app: its secret refreshes them.
    store.put_grant(grant("ann"), app(), "ann", &tokens("pair"), at(5)).await.unwrap();
    assert!(store.unassign_app(jira).await.unwrap());
    assert!(!store.unassign_app(jira).await.unwrap());
    assert!(store.unassign_app(AppPurpose::All).await.unwrap());
    assert_eq!(served().await, [(confluence, "c".to_owned())]);
    assert!(store.app(app()).await.unwrap().is_some());
    store.delete_grant(grant("ann")).await.unwrap();
    store.unassign_app(confluence).await.unwrap();
    assert!(store.apps().await.unwrap().is_empty());
}

pub(crate) async fn l12_an_app_that_serves_several_keeps_the_scopes_of_each(store: Store) {
    let one_app = |scopes: &[&str]| App {
        id: app(),
        client_id: "client".to_owned(),
        client_secret: sealed("secret"),
        redirect_uri: "https://vendor.example/oauth/callback".to_owned(),
        name: "Vendor".to_owned(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        previous_secret: None,
    };
    let scopes = async || store.app(app()).await.unwrap().unwrap().scopes;
    let [jira, service, confluence] = Integration::ALL.map(AppPurpose::Integration);
    store.assign_app(jira, &one_app(&["read:me", "read:jira-work"]), at(1)).await.unwrap();
    store.assign_app(service, &one_app(&["read:me", "read:servicedesk-request"]), at(2)).await.unwrap();
    store.assign_app(confluence, &one_app(&["read:me", "search:confluence"]), at(3)).await.unwrap();
    store.assign_app(AppPurpose::Identity, &one_app(&["read:me"]), at(4)).await.unwrap();
    let all = ["read:me", "read:jira-work", "read:servicedesk-request", "search:confluence"];
    assert_eq!(scopes().await, all);
    // Of an app that is shared, one purpose entered anew takes nothing from the others.
    store.assign_app(jira, &one_app(&["read:me"]), at(5)).await.unwrap();
    assert_eq!(scopes().await, all);

    // What it serves alone is the owner's to narrow.
    for purpose in [service, confluence, AppPurpose::Identity] {
        store.unassign_app(purpose).await.unwrap();
    }
    store.assign_app(jira, &one_app(&["read:me"]), at(6)).await.unwrap();
    assert_eq!(scopes().await, ["read:me"]);
}

pub(crate) async fn l12_of_purposes_assigned_at_a_time_none_loses_its_scopes(store: Store) {
    let mut assigning = tokio::task::JoinSet::new();
    for integration in Integration::ALL {
        let store = store.clone();
        assigning.spawn(async move {
            let registered = App {
                id: app(),
                client_id: "client".to_owned(),
                client_secret: sealed("secret"),
                redirect_uri: "https://vendor.example/oauth/callback".to_owned(),
                name: "Vendor".to_owned(),
                scopes: vec![integration.slug().to_owned()],
                previous_secret: None,
            };
            store.assign_app(AppPurpose::Integration(integration), &registered, at(1)).await.unwrap();
        });
    }
    assigning.join_all().await;
    let mut scopes = store.app(app()).await.unwrap().unwrap().scopes;
    scopes.sort_unstable();
    assert_eq!(scopes, ["confluence", "jira", "jira-service-management"]);
}

pub(crate) async fn an_api_key_works_until_it_is_revoked(store: Store) {
    let key = digest("key");
    store.create_api_key(&key, "production", "abcd", at(1)).await.unwrap();
    let again = store.create_api_key(&key, "production", "abcd", at(1)).await;
    assert!(matches!(again, Err(StoreError::Exists(_))));
    assert_eq!(store.api_key(&key).await.unwrap().unwrap().revoked_at, None);
    assert!(store.api_key(&digest("other")).await.unwrap().is_none());

    assert!(store.revoke_api_key(&key, at(5)).await.unwrap());
    assert!(!store.revoke_api_key(&key, at(6)).await.unwrap());
    assert_eq!(store.api_key(&key).await.unwrap().unwrap().revoked_at, Some(at(5)));
    assert_eq!(store.api_keys().await.unwrap()[0].last_four, "abcd");
}

pub(crate) async fn of_racing_nodes_all_get_the_same_server_secret(store: Store) {
    let mut nodes = tokio::task::JoinSet::new();
    for node in 0..8 {
        let store = store.clone();
        nodes.spawn(async move {
            store.ensure_server_secret("digest-key", &sealed(&format!("node {node}")), at(1)).await.unwrap()
        });
    }
    let got = nodes.join_all().await;
    assert!(got.iter().all(|secret| *secret == got[0]));
    assert_eq!(store.server_secret("digest-key").await.unwrap(), Some(got[0].clone()));

    let newer = sealed("resealed");
    assert!(!store.replace_server_secret("digest-key", &newer, &newer).await.unwrap());
    assert!(store.replace_server_secret("digest-key", &got[0], &newer).await.unwrap());
    assert_eq!(store.server_secret("digest-key").await.unwrap(), Some(newer));
}

pub(crate) async fn l11_a_destroyed_data_key_cannot_come_back(store: Store) {
    let (owner, other) = (uuid_of("owner"), uuid_of("other"));
    let first = store.ensure_data_key(owner, &sealed("first"), at(1)).await.unwrap();
    assert_eq!(store.ensure_data_key(owner, &sealed("second"), at(2)).await.unwrap(), first);
    store.ensure_data_key(other, &sealed("of the other"), at(2)).await.unwrap();

    let mut owners = Vec::new();
    while let Some(key) = store.data_keys(owners.last().copied(), 1).await.unwrap().pop() {
        owners.push(key.owner);
    }
    assert_eq!(owners.len(), 2);

    assert!(!store.replace_data_key(owner, &sealed("stale"), &sealed("third")).await.unwrap());
    assert!(store.replace_data_key(owner, &first, &sealed("third")).await.unwrap());
    assert!(store.destroy_data_key(owner).await.unwrap());
    assert!(!store.destroy_data_key(owner).await.unwrap());
    assert_eq!(store.data_key(owner).await.unwrap(), None);
    assert!(!store.replace_data_key(owner, &sealed("third"), &sealed("fourth")).await.unwrap());
    assert!(store.data_key(other).await.unwrap().is_some());
}
