//! What may pass is tried again.

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::Fault;
use cctelegram_testkit::emulator::FaultKind;

use super::ask;
use super::count;
use super::health_when;
use super::refusal;
use super::sends;
use crate::steps::fault;
use crate::steps::info;
use crate::steps::post;
use crate::steps::setup;

#[tokio::test(flavor = "multi_thread")]
async fn what_may_pass_is_tried_again_until_it_arrives() {
    let bridge = TestBridge::start(setup()).await;
    let bad_gateway = "<html><head><title>502 Bad Gateway</title></head></html>".to_owned();
    for (number, kind) in [
        refusal(500, "Internal Server Error"),
        FaultKind::Raw {
            code: 502,
            body: bad_gateway,
        },
        FaultKind::Raw {
            code: 200,
            body: "{\"ok\":tru".to_owned(),
        },
        FaultKind::DropBefore,
        refusal(409, "Conflict: terminated by other getUpdates request"),
    ]
    .into_iter()
    .enumerate()
    {
        fault(&bridge, "sendMessage", 2, kind);
        let title = format!("event {number}");
        post(&bridge, &info(&title)).await;
        bridge.idle().await;
        assert_eq!(count(&bridge.emulator, USER, &title), 1, "{title}");
    }
    assert_eq!(sends(&bridge.emulator, None).len(), 15);
    assert_eq!(bridge.status().await["dead"], 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_doubles_that_message_only() {
    let bridge = TestBridge::start(setup()).await;
    post(&bridge, &info("before")).await;
    bridge.message_with(USER, "before").await;
    bridge.idle().await;
    fault(&bridge, "sendMessage", 1, FaultKind::DropAfter);
    post(&bridge, &info("in the middle")).await;
    bridge.idle().await;
    post(&bridge, &info("after")).await;
    bridge.idle().await;
    assert_eq!(count(&bridge.emulator, USER, "before"), 1);
    assert_eq!(
        count(&bridge.emulator, USER, "in the middle"),
        2,
        "Telegram has no key against doubles"
    );
    assert_eq!(count(&bridge.emulator, USER, "after"), 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_answer_was_lost_can_be_decided_at_its_second_copy() {
    let bridge = TestBridge::start(setup()).await;
    fault(&bridge, "sendMessage", 1, FaultKind::DropAfter);
    let id = ask(&bridge, "deploy").await;
    bridge.idle().await;
    let newest = bridge
        .emulator
        .messages(USER)
        .into_iter()
        .rfind(|message| !message.keyboard.is_empty())
        .unwrap();
    bridge
        .emulator
        .press(USER, newest.message_id, "Approve")
        .unwrap();
    let answer = bridge
        .socket
        .get(&format!("/v1/approvals/{id}?wait_s=20"))
        .await;
    assert_eq!(answer.body["response"], "approve", "{answer:?}");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_taken_while_telegram_cannot_be_reached_and_delivered_when_it_can() {
    let mut bridge = TestBridge::prepare(setup()).await;
    bridge.emulator.fault(Fault {
        method: None,
        times: u32::MAX,
        kind: FaultKind::DropBefore,
    });
    bridge.launch().await;
    post(&bridge, &info("early bird")).await;
    bridge.drop_event("early", &info("early file"));
    bridge
        .status_when("both wait", |status| status["waiting"] == 2)
        .await;
    let problems = health_when(&bridge, 503).await["problems"].to_string();
    assert!(problems.contains("not heard from"), "{problems}");
    assert!(bridge.status().await["bot"].is_null());
    bridge.emulator.clear_faults();
    bridge.message_with(USER, "early bird").await;
    bridge.message_with(USER, "early file").await;
    health_when(&bridge, 200).await;
    bridge
        .status_when("the bot's name is known", |status| {
            status["bot"].is_string()
        })
        .await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_that_fails_is_repeated_and_loses_no_press_or_message() {
    let bridge = TestBridge::start(setup()).await;
    fault(
        &bridge,
        "getUpdates",
        1,
        FaultKind::Raw {
            code: 502,
            body: "<html>Bad Gateway</html>".to_owned(),
        },
    );
    fault(&bridge, "getUpdates", 1, FaultKind::DropAfter);
    bridge.emulator.send_text(USER, "/whoami");
    bridge.message_with(USER, &format!("{USER}")).await;
    bridge.emulator.send_text(USER, "/help");
    bridge.message_with(USER, "Press a button").await;
    bridge.idle().await;
    bridge.emulator.send_text(USER, "/mode");
    bridge.message_with(USER, "Mode local").await;
    bridge.idle().await;
    for text in [
        &format!("user id is {USER}"),
        "Press a button",
        "Mode local",
    ] {
        assert_eq!(count(&bridge.emulator, USER, text), 1, "{text}");
    }
    bridge.finish().await;
}
