//! 429: who waits, for how long, and what it costs.

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::WAIT;
use cctelegram_testkit::emulator::Call;
use cctelegram_testkit::emulator::Emulator;
use cctelegram_testkit::emulator::FaultKind;
use cctelegram_testkit::until;
use serde_json::json;

use super::ask;
use super::count;
use super::progress;
use super::sends;
use crate::steps::SECOND;
use crate::steps::THIRD;
use crate::steps::fault;
use crate::steps::info;
use crate::steps::post;
use crate::steps::setup;
use crate::steps::shown;

fn limited(seconds: u64) -> FaultKind {
    let description = format!("Too Many Requests: retry after {seconds}");
    FaultKind::Status {
        code: 429,
        description,
        retry_after: Some(seconds),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_429_holds_its_chat_for_exactly_the_time_it_names_and_no_other() {
    let bridge = TestBridge::start(setup().users(&[USER, SECOND])).await;
    fault(&bridge, "sendMessage", 1, limited(3));
    post(&bridge, &info("event one")).await;
    let refused = |phone: &Emulator| {
        sends(phone, None)
            .into_iter()
            .find(|call| call.status == 429)
    };
    let refused = bridge
        .emulator
        .wait_until(refused, WAIT)
        .await
        .expect("a refused call");
    let limited = refused.params["chat_id"].as_i64().unwrap();
    let other = if limited == USER { SECOND } else { USER };
    // Not even the most urgent message goes to the chat that has to wait.
    ask(&bridge, "deploy").await;
    bridge.message_with(limited, "event one").await;
    bridge.message_with(limited, "Deploy?").await;
    bridge.idle().await;
    let again = sends(&bridge.emulator, Some(limited))
        .into_iter()
        .find(|call| call.at_ms > refused.at_ms)
        .unwrap();
    assert!(
        again.at_ms >= refused.at_ms + 3_000,
        "{} ms",
        again.at_ms - refused.at_ms
    );
    let others = sends(&bridge.emulator, Some(other));
    assert_eq!(others.len(), 2);
    assert!(
        others.iter().all(|call| call.at_ms < refused.at_ms + 3_000),
        "the other chat had to wait"
    );
    assert_eq!(count(&bridge.emulator, limited, "event one"), 1);
    assert_eq!(bridge.emulator.refused_429(), 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_chats_limited_at_once_make_everybody_wait() {
    let bridge = TestBridge::start(setup().users(&[USER, SECOND, THIRD])).await;
    fault(&bridge, "sendMessage", 2, limited(2));
    post(&bridge, &info("event one")).await;
    let both = |phone: &Emulator| (phone.refused_429() == 2).then_some(());
    bridge
        .emulator
        .wait_until(both, WAIT)
        .await
        .expect("two refused calls");
    // The answers have to be read before anybody can wait for them.
    let page = format!(
        "http://{}/metrics",
        bridge.status().await["health_address"].as_str().unwrap()
    );
    until("both answers are read", async || {
        let text = reqwest::get(&page).await.ok()?.text().await.ok()?;
        text.contains("cctelegram_messages_limited_total 2")
            .then_some(())
    })
    .await;
    post(&bridge, &info("event two")).await;
    for user in [USER, SECOND, THIRD] {
        bridge.message_with(user, "event one").await;
        bridge.message_with(user, "event two").await;
    }
    let calls = sends(&bridge.emulator, None);
    let refused = calls
        .iter()
        .filter(|call| call.status == 429)
        .map(|call| call.at_ms)
        .max()
        .unwrap();
    let second = |call: &&Call| {
        call.params["text"]
            .as_str()
            .is_some_and(|text| text.contains("event two"))
    };
    let first_taken = calls
        .iter()
        .filter(second)
        .map(|call| call.at_ms)
        .min()
        .unwrap();
    assert!(
        first_taken >= refused + 2_000,
        "{} ms",
        first_taken - refused
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_429_of_an_edit_and_of_a_later_part_loses_and_doubles_nothing() {
    let bridge = TestBridge::start(setup()).await;
    post(&bridge, &progress("step one")).await;
    bridge.message_with(USER, "step one").await;
    fault(&bridge, "editMessageText", 1, limited(1));
    post(&bridge, &progress("step two")).await;
    bridge.message_with(USER, "step two").await;
    fault(
        &bridge,
        "sendMessage",
        1,
        FaultKind::Delay(std::time::Duration::ZERO),
    );
    fault(&bridge, "sendMessage", 1, limited(1));
    let lines: Vec<String> = (0..400)
        .map(|line| format!("line {line:05} of a long log"))
        .collect();
    post(
        &bridge,
        &json!({ "type": "build_failed", "title": "In parts", "description": lines.join("\n") }),
    )
    .await;
    bridge.idle().await;
    let joined: String = bridge.emulator.messages(USER).iter().map(shown).collect();
    for line in 0..400 {
        assert_eq!(
            joined.matches(&format!("line {line:05} ")).count(),
            1,
            "line {line}"
        );
    }
    bridge.finish().await;
}
