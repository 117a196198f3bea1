//! Groups that move, lose rights, or are left.

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::Fault;
use cctelegram_testkit::emulator::FaultKind;
use cctelegram_testkit::emulator::GroupKind;
use serde_json::json;

use super::GROUP;
use super::MOVED;
use super::copy;
use super::count;
use super::enrol;
use super::event;
use super::from_bot;
use super::in_group;
use super::press_in_group;
use super::request;
use super::say;
use crate::steps::STRANGER;
use crate::steps::all_handled;
use crate::steps::setup;

/// What Telegram sends when somebody changes the bot's rights in the group.
fn change_rights(bridge: &TestBridge, may_send: bool) {
    let member = |may: bool| {
        json!({
            "user": { "id": 1, "is_bot": true, "first_name": "Bot" },
            "status": "restricted", "is_member": true, "until_date": 0, "can_send_messages": may,
        })
    };
    bridge.emulator.push_update(json!({ "my_chat_member": {
        "chat": { "id": GROUP, "type": "supergroup", "title": "Team" },
        "from": { "id": STRANGER, "is_bot": false, "first_name": "Mallory" },
        "date": 1_700_000_000,
        "old_chat_member": member(!may_send),
        "new_chat_member": member(may_send),
    }}));
}

fn refuse_next(bridge: &TestBridge, description: &str) {
    bridge.emulator.fault(Fault {
        method: Some("sendMessage".to_owned()),
        times: 1,
        kind: FaultKind::Status {
            code: 400,
            description: description.to_owned(),
            retry_after: None,
        },
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_becomes_a_supergroup_keeps_all_that_waits() {
    let mut bridge = in_group(setup(), GroupKind::Basic).await;
    enrol(&bridge, &["shop"]).await;
    bridge.drop_event("r", &request("r"));
    copy(&bridge, GROUP, "r").await;
    bridge.idle().await;
    bridge.kill().await;
    bridge.emulator.migrate_group(GROUP, MOVED).expect("it can");
    // What waits for the old id when the bridge comes back.
    bridge.drop_event("e", &event("e", "shop"));
    bridge.launch().await;
    bridge.message_with(MOVED, "Event e").await;
    let again = copy(&bridge, MOVED, "r").await;
    let told = press_in_group(&bridge, USER, &again, "Approve").await;
    assert!(told.contains("Approve"), "{told}");
    bridge.response("r.json").await;
    all_handled(&bridge).await;
    assert_eq!(bridge.records("chat_migrated").await.len(), 1);
    let list = bridge.socket.get("/v1/chats").await.body;
    assert_eq!(
        (&list[0]["chat"], list.as_array().map(Vec::len)),
        (&json!(MOVED), Some(1))
    );
    assert_eq!(count(&bridge, MOVED, "Event e"), 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn thrown_out_is_told_in_private_once_and_open_requests_come_along() {
    let route =
        format!("[[route]]\nmatch = {{ type = \"approval_request\" }}\nchats = [{GROUP}]\n");
    let bridge = in_group(setup().config(&route), GroupKind::Supergroup).await;
    enrol(&bridge, &[]).await;
    bridge.drop_event("r", &request("r"));
    copy(&bridge, GROUP, "r").await;
    bridge.idle().await;
    assert_eq!(
        count(&bridge, USER, "May I r?"),
        0,
        "it went to the group only"
    );
    let phone = &bridge.emulator;
    phone.remove_bot(GROUP, STRANGER).expect("a member");
    let told = bridge
        .message_with(USER, "was removed from the group “Team”")
        .await;
    assert!(
        told.text
            .is_some_and(|text| text.contains("by Mallory (6666)"))
    );
    copy(&bridge, USER, "r").await;
    bridge.drop_event("e", &event("e", "shop"));
    bridge.message_with(USER, "Event e").await;
    // Added by a stranger: still parked. Removed again: nobody is told twice.
    phone.add_bot(GROUP, STRANGER).expect("a member");
    bridge.records_when("access_refused", 1).await;
    phone.remove_bot(GROUP, STRANGER).expect("a member");
    all_handled(&bridge).await;
    assert_eq!(count(&bridge, GROUP, "Event e"), 0);
    let status = bridge.status().await;
    assert_eq!(status["healthy"], true, "{status}");
    assert!(
        status["parked"][0]
            .as_str()
            .is_some_and(|text| text.contains("“Team”"))
    );
    phone.add_bot(GROUP, USER).expect("a member");
    bridge.message_with(GROUP, "Event e").await;
    assert_eq!(count(&bridge, USER, "was removed from the group"), 1);
    assert_eq!(bridge.records("recipient_parked").await.len(), 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_message_tells_of_a_lost_group_too() {
    let bridge = in_group(setup(), GroupKind::Supergroup).await;
    enrol(&bridge, &[]).await;
    let kicked = FaultKind::Status {
        code: 403,
        description: "Forbidden: bot was kicked from the supergroup chat".to_owned(),
        retry_after: None,
    };
    bridge.emulator.fault(Fault {
        method: Some("sendMessage".to_owned()),
        times: 1,
        kind: kicked,
    });
    // The answer goes to the group alone.
    say(&bridge, USER, "/status");
    bridge
        .message_with(USER, "was removed from the group “Team”")
        .await;
    // Whoever is allowed and writes there shows that the bot is in it.
    say(&bridge, USER, "/mode");
    bridge.message_with(GROUP, "Mode local").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_right_to_send_a_group_waits_and_its_requests_go_to_people() {
    let route =
        format!("[[route]]\nmatch = {{ type = \"approval_request\" }}\nchats = [{GROUP}]\n");
    let bridge = in_group(setup().config(&route), GroupKind::Supergroup).await;
    enrol(&bridge, &[]).await;
    refuse_next(
        &bridge,
        "Bad Request: not enough rights to send text messages to the chat",
    );
    bridge.drop_event("r", &request("r"));
    bridge
        .message_with(USER, "the bot may not send messages there")
        .await;
    copy(&bridge, USER, "r").await;
    let status = bridge.status().await;
    let parked = status["parked"][0].as_str().unwrap_or_default();
    assert!(parked.contains("is given the right"), "{status}");
    change_rights(&bridge, false);
    all_handled(&bridge).await;
    assert_eq!(count(&bridge, GROUP, "May I r?"), 0);
    change_rights(&bridge, true);
    copy(&bridge, GROUP, "r").await;
    assert_eq!(bridge.records("recipient_returned").await.len(), 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_strangers_cannot_end_a_park_by_rights_or_by_moving_the_group() {
    let bridge = in_group(setup(), GroupKind::Basic).await;
    enrol(&bridge, &[]).await;
    let phone = &bridge.emulator;
    phone.remove_bot(GROUP, STRANGER).expect("a member");
    bridge
        .message_with(USER, "was removed from the group")
        .await;
    phone.add_bot(GROUP, STRANGER).expect("a member");
    change_rights(&bridge, true);
    phone.migrate_group(GROUP, MOVED).expect("it can");
    bridge.records_when("chat_migrated", 1).await;
    bridge.drop_event("e", &event("e", "shop"));
    bridge.message_with(USER, "Event e").await;
    all_handled(&bridge).await;
    for chat in [GROUP, MOVED] {
        assert_eq!(count(&bridge, chat, "Event e"), 0);
    }
    assert_eq!(bridge.socket.get("/v1/chats").await.body[0]["away"], true);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_group_gets_nothing_more_and_its_buttons_are_void() {
    let bridge = in_group(setup(), GroupKind::Supergroup).await;
    enrol(&bridge, &[]).await;
    bridge.drop_event("r", &request("r"));
    let shown = copy(&bridge, GROUP, "r").await;
    bridge.idle().await;
    let id = GROUP.to_string();
    let removed = bridge.command(&["chats", "remove", &id]).await;
    assert_eq!(removed.code, Some(0), "{removed:?}");
    let before = from_bot(&bridge, GROUP);
    let told = press_in_group(&bridge, USER, &shown, "Approve").await;
    assert!(told.contains("Nothing was decided"), "{told}");
    bridge.drop_event("e", &event("e", "shop"));
    bridge.message_with(USER, "Event e").await;
    bridge.idle().await;
    assert_eq!(from_bot(&bridge, GROUP), before);
    assert_eq!(bridge.records("chat_removed").await.len(), 1);
    let again = bridge.command(&["chats", "remove", &id]).await;
    assert!(
        again.stderr.contains("there is no enrolled group"),
        "{again:?}"
    );
    bridge.finish().await;
}
