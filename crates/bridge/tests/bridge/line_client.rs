//! A client of `cctelegram mcp` that writes and reads lines, to see everything that is said.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says why"
)]

use cctelegram_testkit::Process;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::WAIT;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncBufReadExt as _;
use tokio::io::BufReader;
use tokio::io::Lines;
use tokio::process::ChildStdout;
use tokio::time::timeout;

/// A client that writes lines of JSON and reads them.
pub(crate) struct LineClient {
    pub(crate) process: Process,
    pub(crate) lines: Lines<BufReader<ChildStdout>>,
    pub(crate) last_id: i64,
    /// What came without being an answer.
    pub(crate) notices: Vec<Value>,
}

impl LineClient {
    pub(crate) fn start(bridge: &TestBridge) -> Self {
        Self::of(bridge.spawn(&["mcp"]))
    }

    /// Speaks with a server that was started already.
    pub(crate) fn of(mut process: Process) -> Self {
        let lines = BufReader::new(process.output()).lines();
        Self {
            process,
            lines,
            last_id: 0,
            notices: Vec::new(),
        }
    }

    /// A client that has shaken hands.
    pub(crate) async fn ready(bridge: &TestBridge) -> Self {
        let mut client = Self::start(bridge);
        client.initialize("2025-11-25").await;
        client
    }

    pub(crate) async fn initialize(&mut self, revision: &str) -> Value {
        let client = json!({ "name": "line-client", "version": "1" });
        let params =
            json!({ "protocolVersion": revision, "capabilities": {}, "clientInfo": client });
        let answer = self.request("initialize", params).await;
        self.write(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))
            .await;
        answer["result"].clone()
    }

    pub(crate) async fn write(&mut self, message: &Value) {
        self.process.type_in(&format!("{message}\n")).await;
    }

    pub(crate) async fn begin(&mut self, method: &str, params: Value) -> i64 {
        self.last_id += 1;
        let id = self.last_id;
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.write(&request).await;
        id
    }

    /// Every line has to be JSON-RPC.
    pub(crate) async fn answer(&mut self, id: i64) -> Value {
        if let Some(found) = self.notices.iter().position(|said| said["id"] == id) {
            return self.notices.remove(found);
        }
        loop {
            let line = timeout(WAIT, self.lines.next_line())
                .await
                .expect("an answer in time");
            let line = line.unwrap().expect("the server is there");
            let message: Value = serde_json::from_str(&line).expect("JSON on standard output");
            assert_eq!(message["jsonrpc"], "2.0", "{message}");
            if message["id"] == id {
                return message;
            }
            self.notices.push(message);
        }
    }

    /// The next notification of this kind.
    pub(crate) async fn notice(&mut self, method: &str) -> Value {
        loop {
            let found = self
                .notices
                .iter()
                .position(|said| said["method"] == method);
            if let Some(found) = found {
                return self.notices.remove(found);
            }
            let line = timeout(WAIT, self.lines.next_line())
                .await
                .expect("a notification in time");
            let line = line.unwrap().expect("the server is there");
            self.notices
                .push(serde_json::from_str(&line).expect("JSON"));
        }
    }

    pub(crate) async fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params).await;
        self.answer(id).await
    }

    pub(crate) async fn begin_call(&mut self, tool: &str, arguments: Value) -> i64 {
        let meta = json!({ "progressToken": "p" });
        let params = json!({ "name": tool, "arguments": arguments, "_meta": meta });
        self.begin("tools/call", params).await
    }

    pub(crate) async fn called(&mut self, id: i64) -> Called {
        let answer = self.answer(id).await;
        let result = &answer["result"];
        assert!(result.is_object(), "{answer}");
        Called {
            failed: result["isError"].as_bool().unwrap_or_default(),
            text: result["content"][0]["text"].as_str().unwrap().to_owned(),
            structured: result["structuredContent"].clone(),
        }
    }

    pub(crate) async fn call(&mut self, tool: &str, arguments: Value) -> Called {
        let id = self.begin_call(tool, arguments).await;
        self.called(id).await
    }

    /// Closes its end; the server has to end by itself, cleanly.
    pub(crate) async fn leave(self) {
        drop(self.lines);
        let finished = timeout(WAIT, self.process.finish())
            .await
            .expect("the server ends with its input");
        assert_eq!(finished.code, Some(0), "{finished:?}");
    }
}

/// What a call came to.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) failed: bool,
    pub(crate) text: String,
    pub(crate) structured: Value,
}

impl Called {
    pub(crate) fn good(self) -> Value {
        assert!(!self.failed, "{self:?}");
        self.structured
    }

    pub(crate) fn bad(self) -> String {
        assert!(self.failed, "{self:?}");
        self.text
    }
}
