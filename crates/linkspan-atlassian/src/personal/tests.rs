use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const ADA: &str = "712020:11111111-2222-3333-4444-555555555555";
const BEN: &str = "5be24ba3f91c106033269280";

/// Everything in which upstream is known to say something about an account.
fn everything() -> Value {
    let user = |id: &str, name: &str| {
        json!({
            "self": format!("https://acme.atlassian.net/rest/api/3/user?accountId={id}"),
            "accountId": id, "accountType": "atlassian", "active": true, "displayName": name,
            "emailAddress": format!("{name}@acme.example"), "timeZone": "Europe/Berlin",
            "avatarUrls": { "48x48": format!("https://pictures.example/{name}") },
        })
    };
    let document = json!({ "type": "doc", "content": [
        { "type": "mention", "attrs": { "id": ADA, "text": "@Ada", "accessLevel": "" } },
        { "type": "mention", "attrs": { "id": BEN, "text": "@Ben" } },
    ]});
    json!({
        "id": "10042",
        "fields": {
            "summary": "Ada asked for it",
            "assignee": user(ADA, "Ada"), "reporter": user(BEN, "Ben"),
            "customfield_1": [user(ADA, "Ada")], "description": document,
        },
        "changelog": { "histories": [{ "author": user(BEN, "Ben"), "items": [
            { "field": "assignee", "fieldId": "assignee", "from": ADA, "fromString": "Ada", "to": BEN, "toString": "Ben" },
            { "field": "people", "from": BEN, "fromString": "Ben", "to": format!("[{BEN}, {ADA}]"), "toString": "[Ben, Ada]" },
            { "field": "status", "from": "1", "fromString": "Open", "to": "3", "toString": "Done" },
        ]}]},
        "actors": [{ "id": 10240, "displayName": "Ada", "type": "atlassian-user-role-actor", "avatarUrl": "https://pictures.example/Ada",
            "actorUser": { "accountId": ADA } }],
        "space": { "type": "personal", "key": "~1", "name": "Ada", "authorId": ADA },
        "lead": { "name": "The Ada project", "leadAccountId": ADA },
        "body": {
            "atlas_doc_format": { "value": document.to_string() },
            "storage": { "value": format!("<p><ac:link><ri:user ri:account-id=\"{ADA}\" /><ac:link-body>Ada</ac:link-body></ac:link> \
                and <ac:link><ri:user ri:account-id=\"{BEN}\" /></ac:link></p>") },
        },
        "author": { "type": "known", "accountId": ADA, "email": "Ada@acme.example", "publicName": "Ada",
            "profilePicture": { "path": "/Ada.png" } },
        "reporter": { "accountId": ADA, "displayName": "Ada", "_links": { "self": "https://acme.example/user?accountId=1",
            "avatarUrls": { "48x48": "https://pictures.example/Ada" } } },
        "audit": [
            { "authorAccountId": BEN, "remoteAddress": "192.0.2.1", "objectItem": { "id": ADA, "name": "Ada", "typeName": "USER" },
              "changedValues": [{ "fieldName": "Full name", "changedFrom": "Ada B.", "changedTo": "Ada" }] },
            { "authorAccountId": ADA, "remoteAddress": "192.0.2.2", "objectItem": { "id": BEN, "name": "Ben", "typeName": "USER" },
              "changedValues": [{ "fieldName": "Full name", "changedFrom": "Ben C.", "changedTo": "Ben" }] },
            { "author": { "type": "user", "accountId": ADA, "displayName": "Ada" }, "remoteAddress": "192.0.2.3" },
        ],
    })
}

#[test]
fn g2_all_that_is_said_about_an_account_is_taken_out_and_nothing_else() {
    let json = serde_json::to_string_pretty(&everything()).unwrap();
    let redacted = redact(&json, &["x", ADA]).unwrap();
    assert_eq!(redacted.touched.into_iter().collect::<Vec<_>>(), [1]);
    let left: Value = serde_json::from_str(&redacted.json).unwrap();
    insta::assert_json_snapshot!(left);
    // What was typed or belongs to something else stays.
    assert_eq!(redacted.json.matches("Ada").count(), 2, "{}", redacted.json);
    assert!(redacted.json.contains("Ada asked for it") && redacted.json.contains("The Ada project"));
    assert!(redact(&redacted.json, &[ADA]).is_none(), "nothing is left to take out");
}

#[test]
fn the_bytes_around_what_is_taken_out_stay() {
    let json = r#"{ "b" :1.50,"user" : {"displayName":"Ada" , "accountId":"a-1"}, "a":"\u00e4" }"#;
    let expected = r#"{ "b" :1.50,"user" : {"displayName":null , "accountId":"a-1"}, "a":"\u00e4" }"#;
    assert_eq!(redact(json, &["a-1"]).unwrap().json, expected);
}

#[test]
fn what_lies_too_deep_to_be_looked_into_is_taken_out_whole() {
    let inner = format!(r#"{{"accountId":"{ADA}","displayName":"Ada"}}"#);
    let json = format!("{}{inner}{}", "[".repeat(400), "]".repeat(400));
    let redacted = redact(&json, &[ADA]).unwrap().json;
    assert!(!redacted.contains("Ada"));
    serde_json::from_str::<&serde_json::value::RawValue>(&redacted).unwrap();
}

#[test]
fn g1_every_account_that_something_is_said_about_is_found() {
    let json = everything().to_string();
    assert_eq!(accounts_in(&json).into_iter().collect::<Vec<_>>(), [BEN, ADA]);
    let document = everything()["body"]["atlas_doc_format"].to_string();
    assert_eq!(accounts_in(&document).into_iter().collect::<Vec<_>>(), [BEN, ADA]);
    assert_eq!(mentioned_accounts(&document).into_iter().collect::<Vec<_>>(), [BEN, ADA]);
    let storage = everything()["body"]["storage"].to_string();
    assert_eq!(mentioned_accounts(&storage).into_iter().collect::<Vec<_>>(), [BEN, ADA]);
    let wiki = json!({ "body": format!("[~accountid:{ADA}] and [~accountid:] and [~somebody]") }).to_string();
    assert_eq!(mentioned_accounts(&wiki).into_iter().collect::<Vec<_>>(), [ADA]);
    for (field, value) in [("from", ADA.to_owned()), ("to", format!("[x, {ADA}]"))] {
        let item = json!({ field: value, format!("{field}String"): "Ada" }).to_string();
        assert_eq!(accounts_in(&item).into_iter().collect::<Vec<_>>(), [ADA]);
    }
}

#[test]
fn g1_ids_of_other_things_are_no_accounts() {
    let json = json!({ "id": "10042", "accountId": "unknown", "authorId": "not an id", "from": "10001",
        "value": "<ac:inline-comment-marker>", "to": "com.example:some-long-name-of-a-thing",
        "media": { "id": "550e8400-e29b-41d4-a716-446655440000" }, "accountIdentity": "x" });
    assert!(accounts_in(&json.to_string()).is_empty());
    assert!(is_account_id("a") && is_account_id(&"a".repeat(128)));
    for bad in ["", "unknown", "a b", "a_b", "ä", &"a".repeat(129)] {
        assert!(!is_account_id(bad), "{bad}");
    }
}

/// Any JSON, in which objects about accounts are frequent.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i32>().prop_map(Value::from),
        prop::sample::select(vec![ADA, BEN, "text", "ä\"\\"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let key = prop::sample::select(vec![
            "accountId",
            "id",
            "displayName",
            "text",
            "from",
            "fromString",
            "x",
            "ü\"",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..6).prop_map(|members| members
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #[test]
    fn a_redacted_text_is_json_and_has_nothing_left_to_take_out(document in document(), pretty: bool) {
        let json = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) }.unwrap();
        if let Some(redacted) = redact(&json, &[ADA]) {
            prop_assert!(serde_json::from_str::<Value>(&redacted.json).is_ok());
            prop_assert_ne!(&redacted.json, &json);
            prop_assert!(redact(&redacted.json, &[ADA]).is_none());
            // Whatever can be taken out belongs to an account that the scan finds.
            prop_assert!(accounts_in(&json).contains(ADA));
        }
    }

    #[test]
    fn any_text_is_looked_through_without_a_panic(text in "(?s).{0,60}(\"accountId|account-id|\\[~accountid:|\"id\\\\\"){1,3}[:= ]{0,2}[\"\\\\]{0,3}.{0,60}") {
        accounts_in(&text);
        mentioned_accounts(&text);
        redact(&text, &["a", ADA]);
    }
}
