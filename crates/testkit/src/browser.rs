//! A real browser for the emulator's page.

use std::ffi::OsStr;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncBufReadExt as _;
use tokio::io::BufReader;
use tokio::io::Lines;
use tokio::process::ChildStdout;

use crate::Process;
use crate::until;

/// A headless Chromium, driven over the `WebDriver` protocol of the W3C.
pub struct Browser {
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
    pub async fn start() -> Self {
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let home = ("HOME".to_owned(), profile.path().display().to_string());
        let mut driver = Process::start(
            &[OsStr::new("chromedriver"), OsStr::new("--port=0")],
            &[home],
        );
        let mut lines = BufReader::new(driver.output()).lines();
        let port: u16 = loop {
            let line = lines.next_line().await.expect("chromedriver's output");
            let line = line.expect("chromedriver says its port");
            if let Some((_, port)) = line.rsplit_once("started successfully on port ") {
                break port.trim_end_matches('.').parse().expect("a port");
            }
        };
        let client = reqwest::Client::builder()
            .timeout(Duration::from_mins(1))
            .build()
            .expect("an answer of chromedriver");
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
            .expect("an answer of chromedriver")
            .json()
            .await
            .expect("an answer of chromedriver");
        let id = answer
            .pointer("/value/sessionId")
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("no browser: {answer}"));
        Self {
            driver,
            client,
            session: format!("{url}/{id}"),
            _profile: profile,
            _log: lines,
        }
    }

    pub async fn open(&self, url: &str) {
        self.post("/url", &json!({ "url": url })).await;
    }

    /// Runs a script in the page and gives back what it returns.
    pub async fn script(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
            .await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let sent = self
            .client
            .post(format!("{}{path}", self.session))
            .json(body)
            .send()
            .await
            .expect("an answer of chromedriver");
        value_of(sent).await
    }

    async fn get(&self, path: &str) -> Value {
        let sent = self
            .client
            .get(format!("{}{path}", self.session))
            .send()
            .await
            .expect("an answer of chromedriver");
        value_of(sent).await
    }

    /// Clicks, as a person would, on the first element of this kind with this text.
    pub async fn click(&self, selector: &str, text: &str) {
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

    /// Sets how large the page is shown, and how many dots a pixel has.
    pub async fn resize(&self, width: u32, height: u32, scale: f64) {
        let metrics = json!({
            "cmd": "Emulation.setDeviceMetricsOverride",
            "params": { "width": width, "height": height, "deviceScaleFactor": scale, "mobile": false }
        });
        self.post("/goog/cdp/execute", &metrics).await;
    }

    /// A picture of the first element of this kind: PNG in Base64.
    pub async fn picture(&self, selector: &str) -> String {
        let wanted = json!({ "using": "css selector", "value": selector });
        let found = self.post("/element", &wanted).await;
        let id = found
            .as_object()
            .and_then(|element| element.values().next());
        let id = id.and_then(Value::as_str).expect("the element is there");
        let picture = self.get(&format!("/element/{id}/screenshot")).await;
        picture.as_str().expect("a picture").to_owned()
    }

    pub async fn close(self) {
        self.client
            .delete(&self.session)
            .send()
            .await
            .expect("an answer of chromedriver");
        self.driver.terminate().await;
    }
}

async fn value_of(answer: reqwest::Response) -> Value {
    let mut answer: Value = answer.json().await.expect("JSON of chromedriver");
    answer.get_mut("value").map(Value::take).unwrap_or_default()
}
