//! How fast pages leave the sandbox: a measurement, meaningful in release builds only.

use std::time::Instant;

use super::Person;
use crate::support::{Lab, small};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: run it in a release build"]
#[expect(clippy::print_stderr, reason = "the measurement is the output")]
async fn pages_with_bodies_leave_at_three_thousand_a_second() {
    let options = linkspan_sandbox::Options {
        spaces: 20,
        pages: 20_000,
        users: 200,
        groups: 20,
        issues: 10,
        ..small()
    };
    let lab = Lab::with(options).await;
    let admin = Person::admin(&lab);
    for list in [
        "/wiki/api/v2/pages?body-format=storage&limit=250",
        "/wiki/api/v2/pages?body-format=atlas_doc_format&limit=250",
        "/wiki/api/v2/pages?limit=250",
        "/wiki/api/v2/pages?sort=-modified-date&limit=250",
        "/wiki/api/v2/footer-comments?body-format=storage&limit=250",
        "/wiki/api/v2/footer-comments?sort=-modified-date&limit=250",
        "/wiki/api/v2/attachments?limit=250",
    ] {
        let (mut path, mut count, mut bytes) = (list.to_owned(), 0, 0);
        let started = Instant::now();
        loop {
            let text = admin.request(reqwest::Method::GET, &path).send().await.unwrap().text().await.unwrap();
            bytes += text.len();
            // The links come last, so the answer need not be parsed to follow them.
            let links = &text[text.rfind("\"_links\":{").unwrap() + 9..text.len() - 1];
            let links: serde_json::Value = serde_json::from_str(links).unwrap();
            count += text.matches("\"webui\":").count();
            let Some(next) = links["next"].as_str() else { break };
            next.clone_into(&mut path);
        }
        let seconds = started.elapsed().as_secs_f64();
        eprintln!("{list}: {count} entries, {} kB, {seconds:.2} s", bytes / 1024);
        if list.contains("body-format=storage") && list.contains("pages") {
            let rate = f64::from(u32::try_from(count).unwrap()) / seconds;
            assert!(rate > 3000.0, "{rate} pages a second");
        }
    }
    for query in [
        "type+in+(page,blogpost)+order+by+lastmodified",
        "type+in+(page,blogpost,comment,attachment)+and+lastmodified+>=+now(\"-4w\")+order+by+lastmodified",
        "text~\"release\"+and+type=page",
    ] {
        let started = Instant::now();
        let (status, body) = admin.get(&format!("/wiki/rest/api/search?limit=25&cql={query}")).await;
        assert_eq!(status, 200, "{body}");
        eprintln!("{query}: {} hits, {:.3} s", body["totalSize"], started.elapsed().as_secs_f64());
    }
}
