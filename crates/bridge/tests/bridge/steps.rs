//! Steps that tests of several claims take.

use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::emulator::Fault;
use cctelegram_testkit::emulator::FaultKind;
use cctelegram_testkit::emulator::Message;
use cctelegram_testkit::until;
use serde_json::Value;
use serde_json::json;

/// People besides the one that every set-up allows.
pub(crate) const SECOND: i64 = 1_002;
pub(crate) const THIRD: i64 = 1_003;
/// Somebody whom no set-up allows.
pub(crate) const STRANGER: i64 = 6_666;

pub(crate) fn setup() -> Setup {
    Setup::of(env!("CARGO_BIN_EXE_cctelegram"))
}

pub(crate) fn event(kind: &str, title: &str) -> Value {
    json!({ "type": kind, "title": title })
}

pub(crate) fn info(title: &str) -> Value {
    event("info_notification", title)
}

/// Hands an event over at the socket.
pub(crate) async fn post(bridge: &TestBridge, event: &Value) {
    let answer = bridge.socket.post("/v1/events", event).await;
    assert_eq!(answer.status, 202, "{answer:?}");
}

/// The next calls of a method meet this.
pub(crate) fn fault(bridge: &TestBridge, method: &str, times: u32, kind: FaultKind) {
    bridge.emulator.fault(Fault {
        method: Some(method.to_owned()),
        times,
        kind,
    });
}

/// The text of a message, or what stands below its file.
pub(crate) fn shown(message: &Message) -> &str {
    message
        .text
        .as_deref()
        .or(message.caption.as_deref())
        .unwrap_or_default()
}

/// Waits until nothing that people sent is left to handle.
pub(crate) async fn all_handled(bridge: &TestBridge) {
    until("every update is handled", async || {
        let unhandled = "SELECT count(*) FROM update_inbox WHERE handled = 0";
        let waits = bridge.emulator.pending_updates() > 0
            || bridge.database().await.number(unhandled).await > 0;
        (!waits).then_some(())
    })
    .await;
}
