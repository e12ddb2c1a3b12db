//! How many comments a second one core renders. Run with `cargo bench -p linkspan-atlassian --bench rich`.
#![expect(clippy::print_stdout, reason = "a bench reports on the console")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use linkspan_atlassian::rich::{NoNames, from_adf, from_plain, from_storage, from_wiki};

const ADF: &str = r#"{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"mention","attrs":{"id":"712020:ab","text":"@Ada"}},{"type":"text","text":" I can reproduce this with "},{"type":"text","text":"3.2.0","marks":[{"type":"code"}]},{"type":"text","text":", see the "},{"type":"text","text":"build log","marks":[{"type":"link","attrs":{"href":"https://ci.example/builds/1234"}}]},{"type":"text","text":". It happens only when the cache is "},{"type":"text","text":"cold","marks":[{"type":"strong"}]},{"type":"text","text":"."}]},{"type":"bulletList","content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"Start the server"}]}]},{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"Open the second page"}]}]}]},{"type":"codeBlock","attrs":{"language":"rust"},"content":[{"type":"text","text":"let page = client.page(2)?;\nassert!(page.is_some());"}]}]}"#;
const STORAGE: &str = r#"<p><ac:link><ri:user ri:account-id="712020:ab"/></ac:link> I can reproduce this with <code>3.2.0</code>, see the <a href="https://ci.example/builds/1234">build log</a>. It happens only when the cache is <strong>cold</strong>.</p><ul><li><p>Start the server</p></li><li><p>Open the second page</p></li></ul><ac:structured-macro ac:name="code"><ac:parameter ac:name="language">rust</ac:parameter><ac:plain-text-body><![CDATA[let page = client.page(2)?;]]></ac:plain-text-body></ac:structured-macro>"#;
const WIKI: &str = "[~ada] I can reproduce this with {{3.2.0}}, see the [build log|https://ci.example/builds/1234]. It happens only when the cache is *cold*.\r\n* Start the server\r\n* Open the second page\r\n{code:rust}\r\nlet page = client.page(2)?;\r\n{code}";
const PLAIN: &str =
    "I can reproduce this with 3.2.0, see the build log.\nIt happens only when the cache is cold.";

fn measure(name: &str, bytes: usize, render: impl Fn()) {
    const BATCH: u32 = 1000;
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < Duration::from_secs(2) {
        for _ in 0..BATCH {
            render();
        }
        count += BATCH;
    }
    let seconds = start.elapsed().as_secs_f64();
    let per_second = f64::from(count) / seconds;
    println!("{name:8} {bytes:5} bytes {per_second:10.0} texts/s {:6.2} us/text", 1e6 / per_second);
}

fn main() {
    measure("adf", ADF.len(), || drop(black_box(from_adf(black_box(ADF), &NoNames))));
    measure("storage", STORAGE.len(), || drop(black_box(from_storage(black_box(STORAGE), &NoNames))));
    measure("wiki", WIKI.len(), || drop(black_box(from_wiki(black_box(WIKI), &NoNames))));
    measure("plain", PLAIN.len(), || drop(black_box(from_plain(black_box(PLAIN)))));
}
