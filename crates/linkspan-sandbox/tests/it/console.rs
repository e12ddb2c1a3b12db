//! The developer console's screens.

use crate::support::{Lab, location};

pub(crate) const CALLBACK: &str = "https://vendor.example/callback";

/// Creates an app owned by the admin, with a callback and two Jira scopes; returns its client id.
pub(crate) async fn create_app(lab: &Lab, name: &str, access: &str) -> String {
    let form = [("name", name), ("owner", lab.admin()), ("access", access)];
    let created = lab.post("/_sandbox/console").form(&form).send().await.unwrap();
    assert_eq!(created.status(), 303);
    let client_id = location(&created).rsplit('/').next().unwrap().to_owned();
    change(lab, &format!("{client_id}/authorization"), &[("callback", CALLBACK)], 303).await;
    change(
        lab,
        &format!("{client_id}/permissions/jira"),
        &[("scope", "read:jira-work"), ("scope", "read:jira-user")],
        303,
    )
    .await;
    client_id
}

pub(crate) async fn share(lab: &Lab, client_id: &str) {
    let form = [
        ("sharing", "on"),
        ("vendor_name", "Vendor"),
        ("privacy_policy", "https://vendor.example/privacy"),
        ("personal_data", "no"),
    ];
    change(lab, &format!("{client_id}/distribution"), &form, 303).await;
}

pub(crate) async fn secret_of(lab: &Lab, client_id: &str) -> String {
    let page = screen(lab, client_id).await;
    let (_, rest) = page.split_once("<th scope=\"row\">Secret</th><td class=\"code\">").unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}

pub(crate) async fn change(lab: &Lab, path: &str, form: &[(&str, &str)], expected: u16) -> String {
    let response = lab.post(&format!("/_sandbox/console/{path}")).form(form).send().await.unwrap();
    let status = response.status().as_u16();
    let page = response.text().await.unwrap();
    assert_eq!(status, expected, "{path}: {page}");
    page
}

async fn screen(lab: &Lab, path: &str) -> String {
    lab.get(&format!("/_sandbox/console/{path}")).send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn a_new_app_starts_unshared_and_walks_through_the_set_up_screens() {
    let lab = Lab::start().await;
    let client_id = create_app(&lab, "Acme & Sons", "account").await;
    assert_eq!(client_id.len(), 32);
    let page = screen(&lab, &client_id).await;
    assert!(page.contains("Acme &amp; Sons") && page.contains("Distribution: Not sharing"));
    assert!(page.contains(&format!("value=\"{CALLBACK}\"")));
    assert!(page.contains("<tr><td>Jira API</td><td>2</td>"));
    share(&lab, &client_id).await;
    assert!(screen(&lab, &client_id).await.contains("Distribution: Sharing"));
    let list = lab.get("/_sandbox/console").send().await.unwrap().text().await.unwrap();
    assert!(list.contains("Acme &amp; Sons") && list.contains("Linkspan demo"));
}

#[tokio::test]
async fn permissions_offer_classic_and_granular_scopes_and_refuse_others() {
    let lab = Lab::start().await;
    let client_id = create_app(&lab, "App", "account").await;
    let page = screen(&lab, &format!("{client_id}/permissions/jira")).await;
    assert!(page.contains("Classic scopes") && page.contains("Granular scopes"));
    assert!(page.contains("value=\"read:jira-work\" checked") && page.contains("value=\"read:issue:jira\">"));
    assert!(!page.contains("offline_access"), "it is no checkbox of the permissions screen");
    let refused =
        change(&lab, &format!("{client_id}/permissions/jira"), &[("scope", "read:page:confluence")], 400)
            .await;
    assert!(refused.contains("the Jira API has no scope `read:page:confluence`"));
}

#[tokio::test]
async fn sharing_wants_vendor_policy_and_an_honest_declaration() {
    let lab = Lab::start().await;
    let client_id = create_app(&lab, "App", "account").await;
    let path = format!("{client_id}/distribution");
    let base = [("sharing", "on"), ("vendor_name", "Vendor"), ("privacy_policy", "https://vendor.example/p")];
    let unconfirmed = [base.as_slice(), &[("personal_data", "yes")]].concat();
    assert!(change(&lab, &path, &unconfirmed, 400).await.contains("must confirm that it implements"));
    let no_policy = [("sharing", "on"), ("vendor_name", "Vendor"), ("privacy_policy", "soon")];
    assert!(change(&lab, &path, &no_policy, 400).await.contains("absolute http or https address"));
    assert!(change(&lab, &path, &base[..1], 400).await.contains("1 to 500 characters"));
    change(&lab, &path, &[base.as_slice(), &[("personal_data", "yes"), ("reporting", "yes")]].concat(), 303)
        .await;
    change(&lab, &path, &[("sharing", "off")], 303).await;
    assert!(screen(&lab, &client_id).await.contains("Distribution: Not sharing"));
}

#[tokio::test]
async fn a_replaced_secret_stops_working_at_once() {
    let lab = Lab::start().await;
    let pair = lab.linked(&[]).await;
    change(&lab, &format!("{}/secret", lab.info.client_id), &[], 303).await;
    let refresh_token = pair["refresh_token"].as_str().unwrap();
    assert_eq!(lab.refresh(refresh_token).await.0, 401);
    assert_ne!(lab.handle.info().client_secret, lab.info.client_secret);
}

#[tokio::test]
async fn bad_input_to_the_console_is_named_and_changes_nothing() {
    let lab = Lab::start().await;
    let client_id = create_app(&lab, "App", "account").await;
    for (path, form, reason) in [
        (
            format!("{client_id}/authorization"),
            [("callback", "javascript:alert(1)")],
            "absolute http or https address",
        ),
        (
            format!("{client_id}/authorization"),
            [("callback", "https://vendor.example/#part")],
            "absolute http or https address",
        ),
        (format!("{client_id}/settings"), [("name", "  ")], "1 to 500 characters"),
    ] {
        assert!(change(&lab, &path, &form, 400).await.contains(reason), "{path}");
    }
    assert!(
        change(&lab, "nobody/settings", &[("name", "x")], 404).await.contains("no app has this client id")
    );
    assert!(screen(&lab, &client_id).await.contains(&format!("value=\"{CALLBACK}\"")));
    let forged = lab
        .post(&format!("/_sandbox/console/{client_id}/secret"))
        .header("sec-fetch-site", "cross-site")
        .send()
        .await
        .unwrap();
    assert_eq!(forged.status(), 403);
}
