//! What can be done with requests, desks, organizations and customers, and that the Jira view shows the same.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Caller, customers, desks, text};
use crate::support::{Lab, answer};

async fn desk_and_type(caller: &Caller<'_>, name: &str) -> (String, String) {
    let desk = text(&caller.read("/servicedesk").await["values"][0]["id"]);
    let kinds = caller.walk(&format!("/servicedesk/{desk}/requesttype"), 50).await;
    let kind = kinds.iter().find(|kind| kind["name"] == name).unwrap();
    (desk, text(&kind["id"]))
}

#[tokio::test]
async fn a_request_is_raised_with_the_fields_of_its_form_and_no_others() {
    let lab = Lab::with(desks()).await;
    let admin = Caller::admin(&lab).await;
    let customers = customers(&lab);
    let (desk, kind) = desk_and_type(&admin, "Report a fault").await;
    let form = admin.read(&format!("/servicedesk/{desk}/requesttype/{kind}/field")).await;
    let fields = form["requestTypeFields"].as_array().unwrap();
    let choice = fields.iter().find(|field| !field["validValues"].as_array().unwrap().is_empty()).unwrap();
    let mut values = json!({ "summary": "Leak", "description": "below deck" });
    values[text(&choice["fieldId"])] = json!({ "id": choice["validValues"][1]["value"] });
    let mut body = json!({
        "serviceDeskId": desk, "requestTypeId": kind, "requestFieldValues": values,
        "requestParticipants": [customers[1]], "raiseOnBehalfOf": customers[0],
    });
    let (status, raised) = admin.send("POST", "/request", body.clone()).await;
    assert_eq!(status, 201, "{raised}");
    assert_eq!(raised["reporter"]["accountId"], customers[0].as_str());
    assert_eq!(raised["requestFieldValues"].as_array().unwrap().len(), 3, "{raised}");
    let issue = admin.issue(&text(&raised["issueId"])).await;
    assert_eq!(issue["fields"]["customfield_10031"][0]["accountId"], customers[1].as_str());
    assert_eq!(issue["fields"]["customfield_10010"]["requestType"]["id"], kind.as_str());
    assert_eq!(issue["fields"][text(&choice["fieldId"])]["value"], choice["validValues"][1]["label"]);
    body["requestFieldValues"]["priority"] = json!({ "id": "1" });
    assert_eq!(admin.send("POST", "/request", body.clone()).await.0, 400, "a field beside the form");
    body["requestFieldValues"] = json!({ "description": "x" });
    assert_eq!(admin.send("POST", "/request", body).await.0, 400, "no summary");
}

#[tokio::test]
async fn only_an_approver_decides_once_and_the_field_of_the_issue_shows_it() {
    let lab = Lab::with(desks()).await;
    let admin = Caller::admin(&lab).await;
    let mut decided = false;
    for request in admin.walk("/request?requestOwnership=ALL_REQUESTS", 100).await {
        let id = text(&request["issueId"]);
        let page = admin.read(&format!("/request/{id}/approval")).await;
        let Some(approval) = page["values"].get(0) else { continue };
        let issue = admin.issue(&id).await;
        assert_eq!(issue["fields"]["customfield_10032"][0]["finalDecision"], approval["finalDecision"]);
        let pending =
            approval["approvers"].as_array().unwrap().iter().find(|it| it["approverDecision"] == "pending");
        let (Some(pending), "pending") = (pending, approval["finalDecision"].as_str().unwrap()) else {
            continue;
        };
        let path = format!("/request/{id}/approval/{}", text(&approval["id"]));
        let approver = text(&pending["approver"]["accountId"]);
        if approver != admin.account_id {
            assert_eq!(admin.send("POST", &path, json!({ "decision": "approve" })).await.0, 403);
        }
        let person = Caller::new(&lab, &approver).await;
        if person.get(&path).await.0 != 200 {
            continue;
        }
        assert_eq!(person.send("POST", &path, json!({ "decision": "maybe" })).await.0, 400);
        let (status, body) = person.send("POST", &path, json!({ "decision": "decline" })).await;
        assert_eq!((status, &body["finalDecision"]), (200, &json!("declined")), "{body}");
        assert!(body["completedDate"]["epochMillis"].is_i64());
        assert_eq!(person.send("POST", &path, json!({ "decision": "approve" })).await.0, 409);
        let issue = admin.issue(&id).await;
        assert_eq!(issue["fields"]["customfield_10032"][0]["finalDecision"], "declined");
        decided = true;
        break;
    }
    assert!(decided, "no request waited for an approval");
}

#[tokio::test]
async fn participants_come_and_go_and_see_the_request_meanwhile() {
    let lab = Lab::with(desks()).await;
    let admin = Caller::admin(&lab).await;
    let customers = customers(&lab);
    let (desk, kind) = desk_and_type(&admin, "Ask a question").await;
    let body = json!({ "serviceDeskId": desk, "requestTypeId": kind, "requestFieldValues": { "summary": "Shared" } });
    let id = text(&admin.send("POST", "/request", body).await.1["issueId"]);
    let path = format!("/request/{id}/participant");
    let guest = Caller::new(&lab, &customers[2]).await;
    assert_eq!(guest.get(&format!("/request/{id}")).await.0, 404);
    let named = json!({ "accountIds": [customers[2]] });
    let (status, page) = admin.send("POST", &path, named.clone()).await;
    assert_eq!((status, &page["size"]), (200, &json!(1)), "{page}");
    assert_eq!(guest.get(&format!("/request/{id}")).await.0, 200);
    assert_eq!(guest.send("POST", &path, named.clone()).await.0, 403, "participants invite nobody");
    assert_eq!(guest.read(&format!("/request/{id}/notification")).await["subscribed"], true);
    assert_eq!(guest.send("DELETE", &format!("/request/{id}/notification"), Value::Null).await.0, 204);
    assert_eq!(guest.read(&format!("/request/{id}/notification")).await["subscribed"], false);
    assert_eq!(guest.send("PUT", &format!("/request/{id}/notification"), Value::Null).await.0, 204);
    assert_eq!(guest.read(&format!("/request/{id}/notification")).await["subscribed"], true);
    assert_eq!(admin.send("DELETE", &path, named).await.1["size"], 0);
    assert_eq!(guest.get(&format!("/request/{id}")).await.0, 404);
    let unknown = json!({ "accountIds": ["nobody"] });
    assert_eq!(admin.send("POST", &path, unknown).await.0, 400);
}

#[tokio::test]
async fn the_reporter_rates_a_resolved_request() {
    let lab = Lab::with(desks()).await;
    let admin = Caller::admin(&lab).await;
    let customer = Caller::new(&lab, &customers(&lab)[0]).await;
    let (desk, kind) = desk_and_type(&admin, "Get access").await;
    let body =
        json!({ "serviceDeskId": desk, "requestTypeId": kind, "requestFieldValues": { "summary": "Key" } });
    let id = text(&customer.send("POST", "/request", body).await.1["issueId"]);
    let path = format!("/request/{id}/feedback");
    let rating = json!({ "type": "csat", "rating": 4, "comment": { "body": "quick" } });
    assert_eq!(customer.send("POST", &path, rating.clone()).await.0, 400, "not resolved yet");
    let steps = customer.walk(&format!("/request/{id}/transition"), 50).await;
    assert_eq!(steps.len(), 1, "customers may resolve and nothing else: {steps:?}");
    let step = json!({ "id": steps[0]["id"], "additionalComment": { "body": "done, thanks" } });
    assert_eq!(customer.send("POST", &format!("/request/{id}/transition"), step).await.0, 204);
    assert_eq!(customer.read(&format!("/request/{id}/comment")).await["values"][0]["body"], "done, thanks");
    assert_eq!(customer.get(&path).await.0, 404);
    assert_eq!(customer.send("POST", &path, rating.clone()).await, (201, rating.clone()));
    assert_eq!(admin.read(&path).await, rating);
    assert_eq!(admin.issue(&id).await["fields"]["customfield_10034"], json!({ "rating": 4 }));
    assert_eq!(customer.send("POST", &path, json!({ "rating": 6 })).await.0, 400);
    assert_eq!(customer.send("DELETE", &path, Value::Null).await.0, 204);
    assert_eq!(admin.get(&path).await.0, 404);
    assert!(admin.issue(&id).await["fields"]["customfield_10034"].is_null());
}

/// A form with files of these names.
fn upload(caller: &Caller<'_>, path: &str, names: &[&str]) -> RequestBuilder {
    let part = |name: &&str| {
        format!(
            "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/pdf\r\n\r\n12345\r\n"
        )
    };
    let parts: String = names.iter().map(part).collect();
    let request =
        caller.request(Method::POST, path).header("content-type", "multipart/form-data; boundary=B");
    request.body(format!("{parts}--B--\r\n"))
}

#[tokio::test]
async fn uploads_that_do_not_say_they_are_meant_or_hold_more_than_sixty_files_are_refused() {
    let lab = Lab::with(desks()).await;
    let admin = Caller::admin(&lab).await;
    let desk = text(&admin.read("/servicedesk").await["values"][0]["id"]);
    let issue = text(&admin.read("/request?requestOwnership=ALL_REQUESTS").await["values"][0]["issueId"]);
    for (path, taken) in [
        (format!("/rest/servicedeskapi/servicedesk/{desk}/attachTemporaryFile"), 201),
        (format!("/rest/api/3/issue/{issue}/attachments"), 200),
    ] {
        let unmeant = answer(upload(&admin, &path, &["plan.pdf"]).send().await.unwrap()).await;
        assert_eq!(unmeant.0, 403, "{path}: {}", unmeant.1);
        let own_form = if taken == 201 { "errorMessage" } else { "errorMessages" };
        assert!(unmeant.1.get(own_form).is_some(), "{path}: {}", unmeant.1);
        for (names, expected) in [(60, taken), (61, 413)] {
            let request = upload(&admin, &path, &vec!["plan.pdf"; names]);
            let sent = request.header("X-Atlassian-Token", "no-check").send().await.unwrap();
            assert_eq!(sent.status().as_u16(), expected, "{path} with {names} files");
        }
    }
}

#[tokio::test]
async fn a_file_is_uploaded_then_attached_and_internal_ones_are_hidden_from_customers() {
    let lab = Lab::with(desks()).await;
    let admin = Caller::admin(&lab).await;
    let customer = Caller::new(&lab, &customers(&lab)[0]).await;
    let (desk, kind) = desk_and_type(&admin, "Get access").await;
    let body =
        json!({ "serviceDeskId": desk, "requestTypeId": kind, "requestFieldValues": { "summary": "Key" } });
    let id = text(&customer.send("POST", "/request", body).await.1["issueId"]);
    let mut attached = Vec::new();
    for (name, public) in [("plan.pdf", true), ("secret.pdf", false)] {
        let path = format!("/rest/servicedeskapi/servicedesk/{desk}/attachTemporaryFile");
        let request = upload(&admin, &path, &[name]).header("X-Atlassian-Token", "no-check");
        let (status, waiting) = answer(request.send().await.unwrap()).await;
        assert_eq!(status, 201, "{waiting}");
        let waiting = text(&waiting["temporaryAttachments"][0]["temporaryAttachmentId"]);
        let body = json!({ "temporaryAttachmentIds": [waiting], "public": public });
        let path = format!("/request/{id}/attachment");
        let (status, made) = admin.send("POST", &path, body.clone()).await;
        assert_eq!((status, &made["attachments"]["values"][0]["filename"]), (201, &json!(name)), "{made}");
        assert_eq!(admin.send("POST", &path, body).await.0, 400, "an upload is attached once");
        attached.push(text(&made["attachments"]["values"][0]["_links"]["self"]));
    }
    let seen = customer.walk(&format!("/request/{id}/attachment"), 50).await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(admin.read(&format!("/request/{id}/attachment")).await["size"], 2);
    let comments = customer.read(&format!("/request/{id}/comment?expand=attachment")).await;
    assert_eq!(comments["values"][0]["attachments"]["values"][0]["filename"], "plan.pdf");
    for (address, expected) in attached.iter().zip([303, 404]) {
        let path = address.split_once("/rest/servicedeskapi").unwrap().1;
        assert_eq!(customer.get(path).await.0, expected, "{path}");
    }
}

#[tokio::test]
async fn organizations_are_made_filled_linked_and_deleted() {
    let lab = Lab::with(desks()).await;
    let admin = Caller::admin(&lab).await;
    let customers = customers(&lab);
    let (desk, _) = desk_and_type(&admin, "Get access").await;
    let (status, made) = admin.send("POST", "/organization", json!({ "name": "Quay & Sons" })).await;
    assert_eq!(status, 201, "{made}");
    let id = text(&made["id"]);
    let named = json!({ "accountIds": [customers[0], customers[1]] });
    assert_eq!(admin.send("POST", &format!("/organization/{id}/user"), named).await.0, 204);
    let gone = json!({ "accountIds": [customers[1]] });
    assert_eq!(admin.send("DELETE", &format!("/organization/{id}/user"), gone).await.0, 204);
    assert_eq!(admin.read(&format!("/organization/{id}/user")).await["size"], 1);
    let link = json!({ "organizationId": id.parse::<u64>().unwrap() });
    let path = format!("/servicedesk/{desk}/organization");
    assert_eq!(admin.send("POST", &path, link.clone()).await.0, 204);
    let listed = admin.walk(&format!("{path}?accountId={}", customers[0].replace(':', "%3A")), 50).await;
    assert!(listed.iter().any(|it| it["id"] == made["id"]));
    let property = format!("/organization/{id}/property/tier");
    assert_eq!(admin.send("PUT", &property, json!("gold")).await.0, 201);
    assert_eq!(admin.send("PUT", &property, json!("silver")).await.0, 200);
    assert_eq!(admin.read(&property).await, json!({ "key": "tier", "value": "silver" }));
    assert_eq!(admin.send("DELETE", &property, Value::Null).await.0, 204);
    assert_eq!(admin.get(&property).await.0, 404);
    assert_eq!(admin.send("DELETE", &path, link).await.0, 204);
    assert_eq!(admin.send("DELETE", &format!("/organization/{id}"), Value::Null).await.0, 204);
    assert_eq!(admin.get(&format!("/organization/{id}")).await.0, 404);
}

#[tokio::test]
async fn customers_are_made_added_to_desks_and_locked_out() {
    let lab = Lab::with(desks()).await;
    let admin = Caller::admin(&lab).await;
    let (desk, _) = desk_and_type(&admin, "Get access").await;
    let new = json!({ "email": "otto@quay.example.org", "displayName": "Otto Quay" });
    let (status, made) = admin.send("POST", "/customer", new.clone()).await;
    assert_eq!((status, &made["displayName"]), (201, &json!("Otto Quay")), "{made}");
    assert_eq!(admin.send("POST", "/customer", new.clone()).await.0, 400);
    assert_eq!(admin.send("POST", "/customer?strictConflictStatusCode=true", new).await.0, 409);
    assert_eq!(admin.send("POST", "/customer", json!({ "email": "nowhere" })).await.0, 400);
    let id = text(&made["accountId"]);
    let path = format!("/servicedesk/{desk}/customer");
    assert_eq!(admin.send("POST", &path, json!({ "accountIds": [id] })).await.0, 204);
    assert_eq!(admin.read(&format!("{path}?query=otto@quay")).await["size"], 1);
    let invited = json!({ "email": "ida@quay.example.org", "displayName": "Ida" });
    assert_eq!(admin.send("POST", &format!("{path}/invite"), invited).await.0, 201);
    assert_eq!(admin.read(&format!("{path}?query=ida")).await["size"], 1);
    let otto = Caller::new(&lab, &id).await;
    assert_eq!(otto.get("/servicedesk").await.0, 200);
    let out = format!("/customer/user/{}/revoke-portal-only-access", id.replace(':', "%3A"));
    assert_eq!(admin.send("PUT", &out, Value::Null).await.0, 204);
    assert_ne!(otto.get("/servicedesk").await.0, 200);
    assert_eq!(admin.send("DELETE", &path, json!({ "accountIds": [id] })).await.0, 204);
    assert_eq!(admin.read(&format!("{path}?query=otto@quay")).await["size"], 0);
}

#[tokio::test]
async fn queues_hold_what_their_query_finds_in_their_columns() {
    let lab = Lab::with(desks()).await;
    let admin = Caller::admin(&lab).await;
    let (desk, _) = desk_and_type(&admin, "Get access").await;
    let queues = admin.walk(&format!("/servicedesk/{desk}/queue?includeCount=true"), 2).await;
    assert!(queues.iter().any(|queue| queue["issueCount"].as_u64().unwrap() > 3));
    for queue in &queues {
        let path = format!("/servicedesk/{desk}/queue/{}/issue", text(&queue["id"]));
        let issues = admin.walk(&path, 50).await;
        assert_eq!(issues.len() as u64, queue["issueCount"].as_u64().unwrap());
        let found: Vec<String> = issues.iter().map(|issue| text(&issue["id"])).collect();
        assert_eq!(found, admin.find(queue["jql"].as_str().unwrap()).await);
        let columns: Vec<&str> =
            queue["fields"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        for issue in &issues {
            let fields = issue["fields"].as_object().unwrap();
            assert!(fields.keys().all(|field| columns.contains(&field.as_str())), "{fields:?}");
        }
    }
}

#[tokio::test]
async fn permissions_on_request_types_can_be_asked_for_oneself_and_by_administrators_for_others() {
    let lab = Lab::with(desks()).await;
    let admin = Caller::admin(&lab).await;
    let customer = Caller::new(&lab, &customers(&lab)[0]).await;
    let (desk, kind) = desk_and_type(&admin, "Get access").await;
    let path = format!("/servicedesk/{desk}/requesttype/permissions/check");
    let kind: u64 = kind.parse().unwrap();
    let ask = json!({ "requestTypeIds": [kind, 999_999] });
    let expected = json!({ "canCreateRequest": [kind], "canAdminister": [kind] });
    assert_eq!(admin.send("POST", &path, ask.clone()).await, (200, expected));
    let expected = json!({ "canCreateRequest": [kind], "canAdminister": [] });
    assert_eq!(customer.send("POST", &path, ask.clone()).await, (200, expected.clone()));
    let of_customer = json!({ "accountId": customer.account_id, "requestTypeIds": [kind] });
    assert_eq!(admin.send("POST", &path, of_customer).await, (200, expected));
    let of_admin = json!({ "accountId": admin.account_id });
    assert_eq!(customer.send("POST", &path, of_admin).await.0, 403);
}
