//! Files that travel with events: every way in, what is refused, and how they arrive.
#![expect(
    clippy::expect_used,
    reason = "a test that panics has failed, in its helpers too"
)]

mod bounds;
mod content;
mod ways;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::Fault;
use cctelegram_testkit::emulator::FaultKind;
use cctelegram_testkit::emulator::Message;
use cctelegram_testkit::until;
use reqwest::Method;
use serde_json::Value;
use serde_json::json;

fn png() -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(64_u32.to_be_bytes());
    bytes.extend(32_u32.to_be_bytes());
    bytes.extend(b"\x08\x02\0\0\0....\0\0\0\0IEND\xaeB`\x82");
    bytes
}

fn shelf(bridge: &TestBridge) -> std::path::PathBuf {
    bridge.root().join("attachments")
}

fn naming(title: &str, attachments: Value) -> Value {
    json!({ "type": "info_notification", "title": title, "data": { "attachments": attachments } })
}

async fn upload(bridge: &TestBridge, name: &str, content: &[u8]) -> Value {
    let path = format!("/v1/attachments?name={name}");
    let answer = bridge
        .socket
        .raw(Method::POST, &path, content.to_vec())
        .await;
    let answer = answer.expect("the bridge answers");
    assert_eq!(answer.status, 201, "{:?}", answer.body);
    answer.body
}

/// Waits for the file's message.
async fn document(bridge: &TestBridge, name: &str) -> Message {
    let is_it = |message: &Message| {
        message
            .document
            .as_ref()
            .is_some_and(|document| document.file_name == name)
    };
    bridge.message(USER, name, is_it).await
}

fn content(message: &Message) -> &[u8] {
    message
        .document
        .as_ref()
        .map_or(&[], |document| &document.bytes)
}

async fn refused(bridge: &TestBridge, name: &str) -> String {
    let note = bridge
        .events()
        .join("rejected")
        .join(format!("{name}.json.reason"));
    let is_whole = |reason: &String| reason.ends_with('\n');
    until(&format!("{name} is refused"), async || {
        fs::read_to_string(&note).ok().filter(is_whole)
    })
    .await
}

fn fault(method: &str, times: u32, kind: FaultKind) -> Fault {
    Fault {
        method: Some(method.to_owned()),
        times,
        kind,
    }
}

fn answer(code: u16, description: &str) -> FaultKind {
    FaultKind::Status {
        code,
        description: description.to_owned(),
        retry_after: None,
    }
}

/// Calls of this method, refused ones too.
fn tried(bridge: &TestBridge, method: &str) -> usize {
    let calls = bridge.emulator.calls();
    calls.iter().filter(|call| call.method == method).count()
}

/// A file that nobody else can read.
fn private(path: &Path, content: impl AsRef<[u8]>) {
    fs::write(path, content).expect("room");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("it is ours");
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder)
        .expect("the folder can be listed")
        .next()
        .is_none()
}

async fn pieces(bridge: &TestBridge) -> i64 {
    bridge
        .database()
        .await
        .number("SELECT count(*) FROM attachment_piece")
        .await
}
