//! The demo's phone in a real browser: what a person sees and presses there reaches the one who asked.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails, and says why"
)]

use std::ffi::OsStr;
use std::time::Duration;

use cctelegram_testkit::Process;
use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::until;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncBufReadExt as _;
use tokio::io::BufReader;
use tokio::io::Lines;
use tokio::process::ChildStdout;

fn setup() -> Setup {
    Setup::of(env!("CARGO_BIN_EXE_cctelegram"))
}

/// A headless Chromium, driven over the `WebDriver` protocol of the W3C.
struct Browser {
    driver: Process,
    client: reqwest::Client,
    session: String,
    _profile: tempfile::TempDir,
    /// A driver that cannot write its log ends.
    _log: Lines<BufReader<ChildStdout>>,
}

/// Without these, Chromium wants a sandbox of its own and talks to the network when it starts.
const SWITCHES: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

impl Browser {
    async fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        let home = ("HOME".to_owned(), profile.path().display().to_string());
        let mut driver = Process::start(
            &[OsStr::new("chromedriver"), OsStr::new("--port=0")],
            &[home],
        );
        let mut lines = BufReader::new(driver.output()).lines();
        let port: u16 = loop {
            let line = lines
                .next_line()
                .await
                .unwrap()
                .expect("chromedriver says its port");
            if let Some((_, port)) = line.rsplit_once("started successfully on port ") {
                break port.trim_end_matches('.').parse().unwrap();
            }
        };
        let client = reqwest::Client::builder()
            .timeout(Duration::from_mins(1))
            .build()
            .unwrap();
        let place = format!(
            "--user-data-dir={}",
            profile.path().join("profile").display()
        );
        let arguments: Vec<&str> = SWITCHES.into_iter().chain([place.as_str()]).collect();
        let wanted = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": { "args": arguments } } } });
        let url = format!("http://127.0.0.1:{port}/session");
        let answer: Value = client
            .post(&url)
            .json(&wanted)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let id = answer["value"]["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("no browser: {answer}"));
        Self {
            driver,
            client,
            session: format!("{url}/{id}"),
            _profile: profile,
            _log: lines,
        }
    }

    async fn open(&self, url: &str) {
        self.post("/url", &json!({ "url": url })).await;
    }

    /// Runs a script in the page and gives back what it returns.
    async fn script(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
            .await
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let sent = self
            .client
            .post(format!("{}{path}", self.session))
            .json(body)
            .send()
            .await
            .unwrap();
        let mut answer: Value = sent.json().await.unwrap();
        answer["value"].take()
    }

    async fn get(&self, path: &str) -> Value {
        let sent = self
            .client
            .get(format!("{}{path}", self.session))
            .send()
            .await
            .unwrap();
        let mut answer: Value = sent.json().await.unwrap();
        answer["value"].take()
    }

    /// Clicks, as a person would, on the first element of this kind with this text.
    async fn click(&self, selector: &str, text: &str) {
        let wanted = json!({ "using": "css selector", "value": selector });
        let found = until(&format!("the page shows {text}"), async || {
            for element in self.post("/elements", &wanted).await.as_array()? {
                let id = element.as_object()?.values().next()?.as_str()?.to_owned();
                let shown = self.get(&format!("/element/{id}/text")).await;
                if shown.as_str() == Some(text) {
                    return Some(id);
                }
            }
            None
        })
        .await;
        let clicked = self
            .post(&format!("/element/{found}/click"), &json!({}))
            .await;
        assert!(clicked.is_null(), "{text} cannot be clicked: {clicked}");
    }

    async fn close(self) {
        self.client.delete(&self.session).send().await.unwrap();
        self.driver.terminate().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_approves_in_the_page_and_the_answer_arrives() {
    let bridge = TestBridge::start(setup()).await;
    let browser = Browser::start().await;
    browser.open(&bridge.emulator.url()).await;
    let event = json!({
        "type": "approval_request", "title": "<b>May I?</b>", "event_id": "page-1",
        "data": { "command": "rm -rf build/ && echo '<script>document.title = 1</script>'" }
    });
    bridge.drop_event("ask", &event);
    browser.click(".ikb", "Approve").await;
    assert_eq!(bridge.response("page-1.json").await["response"], "approve");
    bridge.message_with(USER, "Approved by").await;
    let text = until("the page shows the decision", async || {
        let text = browser.script("return document.body.innerText").await;
        text.as_str()
            .filter(|text| text.contains("Approved by"))
            .map(str::to_owned)
    })
    .await;
    assert!(
        text.contains("<b>May I?</b>"),
        "hostile text is shown as text:\n{text}"
    );
    assert_eq!(
        browser
            .script("return document.querySelectorAll('.ikb').length")
            .await,
        0
    );
    browser.close().await;
    bridge.finish().await;
}
