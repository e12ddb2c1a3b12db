//! Where webhooks do not go (hazard O7).

use linkspan_engine::EngineError;
use linkspan_engine::webhooks::{EndpointSettings, WebhookFormat};

use super::{Receiver, Vendor};

fn settings(url: &str) -> EndpointSettings {
    EndpointSettings {
        url: url.to_owned(),
        description: String::new(),
        events: vec!["*".to_owned()],
        accounts: None,
        integrations: None,
        format: WebhookFormat::Linkspan,
    }
}

#[tokio::test]
async fn o7_an_endpoint_at_an_inner_address_is_not_made() {
    let vendor = Vendor::with_networks(&[]).await;
    for url in
        ["https://127.0.0.1/", "http://127.0.0.1:8080/", "https://[::ffff:a9fe:a9fe]/", "https://2130706433/"]
    {
        let refused = vendor.engine.create_webhook_endpoint(settings(url), false).await;
        assert!(matches!(refused, Err(EngineError::Invalid(_))), "{url}");
    }
    let mut wrong = settings("https://hooks.example.com/");
    wrong.events = vec!["ticket.exploded".to_owned()];
    let refused = vendor.engine.create_webhook_endpoint(wrong, false).await;
    assert!(matches!(refused, Err(EngineError::Invalid(why)) if why.contains("ticket.exploded")));
}

#[tokio::test]
async fn o7_a_name_that_leads_inside_is_refused_when_it_is_connected_to() {
    // `localhost` stands for a name whose owner points it inside after the endpoint was made.
    let (vendor, receiver) = (Vendor::with_networks(&[]).await, Receiver::start().await);
    let (_, source) = vendor.link("acme").await;
    let port = receiver.url.rsplit(':').next().unwrap().trim_end_matches("/hook").to_owned();
    let (endpoint, _) = vendor.endpoint(&format!("https://localhost:{port}/hook")).await;
    vendor.ticket(source, 1, "x").await;
    assert_eq!(vendor.tend().await.failed, 1);
    assert!(receiver.take().is_empty());
    let delivery = vendor.deliveries(endpoint).await.remove(0);
    let (_, log) = vendor.engine.webhook_delivery(delivery.id).await.unwrap();
    assert_eq!((&*log[0].outcome, log[0].status), ("forbidden", None));
    assert!(log[0].error.as_ref().unwrap().contains("not a public address"), "{log:?}");
}

#[tokio::test]
async fn o7_a_redirect_is_not_followed() {
    let (vendor, receiver, inner) = (Vendor::start().await, Receiver::start().await, Receiver::start().await);
    let (_, source) = vendor.link("acme").await;
    let (endpoint, _) = vendor.endpoint(&receiver.url).await;
    receiver.redirects_to(&inner.url);
    vendor.ticket(source, 1, "x").await;
    assert_eq!(vendor.tend().await.failed, 1);
    assert!(inner.take().is_empty());
    let delivery = vendor.deliveries(endpoint).await.remove(0);
    let (_, log) = vendor.engine.webhook_delivery(delivery.id).await.unwrap();
    assert_eq!(log[0].status, Some(307));
    assert!(log[0].error.as_ref().unwrap().contains("redirects are not followed"));
}

#[tokio::test]
async fn o7_an_address_that_was_allowed_once_is_judged_anew_each_time() {
    let (vendor, receiver) = (Vendor::start().await, Receiver::start().await);
    let (_, source) = vendor.link("acme").await;
    let (endpoint, _) = vendor.endpoint(&receiver.url).await;
    // The operator takes the network back and starts the server anew.
    let strict = vendor.another_process_with(&[]).await;
    vendor.ticket(source, 1, "x").await;
    let turn = strict.tend_webhooks(std::sync::Arc::new(super::vendor::Plain)).await.unwrap();
    assert_eq!((turn.failed, receiver.take().len()), (1, 0));
    let log = vendor.engine.webhook_delivery(vendor.deliveries(endpoint).await[0].id).await.unwrap().1;
    assert_eq!(log[0].outcome, "forbidden");
}

#[tokio::test]
async fn g4_what_an_endpoint_echoes_does_not_get_into_the_log() {
    let (vendor, receiver) = (Vendor::start().await, Receiver::start().await);
    let (_, source) = vendor.link("acme").await;
    let (endpoint, _) = vendor.endpoint(&receiver.url).await;
    receiver.answers(400);
    receiver.says("cannot take {\"name\":\"The salaries of the board\"} with lsa_canary123");
    vendor.ticket(source, 1, "The salaries of the board").await;
    vendor.tend().await;
    let log = vendor.engine.webhook_delivery(vendor.deliveries(endpoint).await[0].id).await.unwrap().1;
    let kept = log[0].response.as_ref().unwrap();
    assert!(
        kept.starts_with("cannot take ") && !kept.contains("salaries") && !kept.contains("canary"),
        "{kept}"
    );
}
