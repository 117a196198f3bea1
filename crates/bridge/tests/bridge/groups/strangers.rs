//! Who is heard in a group.

use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::GroupKind;
use cctelegram_testkit::emulator::Message;
use cctelegram_testkit::emulator::Post;
use serde_json::json;

use super::GROUP;
use super::copy;
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

#[tokio::test(flavor = "multi_thread")]
async fn security_a_strangers_press_in_a_group_decides_nothing() {
    let bridge = in_group(setup(), GroupKind::Supergroup).await;
    enrol(&bridge, &[]).await;
    bridge.drop_event("r", &request("r"));
    let shown = copy(&bridge, GROUP, "r").await;
    let told = press_in_group(&bridge, STRANGER, &shown, "Approve").await;
    assert!(told.contains("Only allowed people decide here"), "{told}");
    let again = bridge
        .emulator
        .press_in_group(GROUP, STRANGER, shown.message_id, "Approve")
        .expect("there is such a button");
    all_handled(&bridge).await;
    assert_eq!(bridge.records("access_refused").await.len(), 1);
    assert!(bridge.emulator.answer(&again).is_none(), "once a minute");
    assert!(bridge.records("approval_decided").await.is_empty());
    press_in_group(&bridge, USER, &shown, "Approve").await;
    let answer = bridge.response("r.json").await;
    assert_eq!(answer["response"], "approve", "{answer}");
    for chat in [GROUP, USER] {
        let ended = |m: &Message| {
            m.keyboard.is_empty()
                && m.text
                    .as_deref()
                    .is_some_and(|text| text.contains("May I r?") && text.contains("@user1001"))
        };
        bridge.message(chat, "the request ended", ended).await;
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_only_allowed_people_are_heard_in_a_group() {
    let bridge = in_group(setup(), GroupKind::Supergroup).await;
    enrol(&bridge, &[]).await;
    bridge.drop_event("e", &event("e", "shop"));
    let shown = bridge.message_with(GROUP, "Event e").await;
    let (before, files) = (from_bot(&bridge, GROUP), bridge.answer_files());
    let reply = |text: &str, anonymous, forwarded| Post {
        text: text.to_owned(),
        reply_to: Some(shown.message_id),
        anonymous,
        forwarded,
        ..Post::default()
    };
    let phone = &bridge.emulator;
    for (user, post) in [
        (STRANGER, reply("/mode mute", false, false)),
        (STRANGER, reply("do it", false, false)),
        (USER, reply("do it", true, false)),
        (USER, reply("/mode mute", true, false)),
        (USER, reply("do it", false, true)),
    ] {
        phone.post_in_group(GROUP, user, &post).expect("a member");
    }
    let chatter = json!({ "message": {
        "message_id": 99, "date": 1_700_000_000, "text": "lunch?",
        "from": { "id": USER, "is_bot": false, "first_name": "User 1001" },
        "chat": { "id": GROUP, "type": "supergroup", "title": "Team" },
    }});
    phone.push_update(chatter);
    bridge.records_when("update_ignored", 3).await;
    all_handled(&bridge).await;
    bridge.idle().await;
    assert_eq!(bridge.records("access_refused").await.len(), 2);
    assert_eq!(bridge.status().await["mode"]["mode"], "local");
    assert_eq!(from_bot(&bridge, GROUP), before, "nobody was answered");
    assert_eq!(bridge.answer_files(), files);
    // The allowed person is heard.
    phone
        .post_in_group(GROUP, USER, &reply("go on", false, false))
        .expect("a member");
    bridge.message_with(GROUP, "Noted as an answer to").await;
    say(&bridge, USER, "/queue");
    bridge.message_with(GROUP, "is shown in private only").await;
    say(&bridge, USER, "/mode nomad");
    bridge.message_with(GROUP, "Mode nomad").await;
    assert_eq!(bridge.answer_files().len(), files.len() + 1);
    bridge.finish().await;
}
