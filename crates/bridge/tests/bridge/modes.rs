//! Local, nomad and mute: who switches, what is held, and what follows when a mute ends.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that panics has failed, in its helpers too"
)]

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::Message;
use cctelegram_testkit::until;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::Value;
use serde_json::json;

use crate::steps::SECOND;
use crate::steps::event;
use crate::steps::setup;
use crate::steps::shown;

const MODE: &str = "/v1/mode";

async fn post(bridge: &TestBridge, event: &Value) -> Value {
    let answer = bridge.socket.post("/v1/events", event).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.body
}

/// Asks for a decision; answers what the socket said.
async fn ask(bridge: &TestBridge, title: &str, lifetime_s: Option<u64>) -> Value {
    let mut request = json!({ "event": event("approval_request", title) });
    if let Some(seconds) = lifetime_s {
        request["lifetime_s"] = seconds.into();
    }
    let answer = bridge.socket.post("/v1/approvals", &request).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.body
}

/// Where the request stands once it is over, or after the wait.
async fn ended(bridge: &TestBridge, asked: &Value) -> Value {
    let id = asked["approval_id"].as_str().unwrap();
    bridge
        .socket
        .get(&format!("/v1/approvals/{id}?wait_s=30"))
        .await
        .body
}

async fn put(bridge: &TestBridge, request: Value) -> Value {
    let answer = bridge
        .socket
        .request(Method::PUT, MODE, Some(&request))
        .await
        .unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

async fn reset(bridge: &TestBridge) -> Value {
    let answer = bridge
        .socket
        .request(Method::DELETE, MODE, None)
        .await
        .unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

async fn mode(bridge: &TestBridge) -> Value {
    bridge.socket.get(MODE).await.body
}

async fn mode_when(bridge: &TestBridge, wanted: &str) -> Value {
    until(&format!("the mode is {wanted}"), async || {
        Some(mode(bridge).await).filter(|mode| mode["mode"] == wanted)
    })
    .await
}

fn received(bridge: &TestBridge, user: i64) -> Vec<Message> {
    bridge
        .emulator
        .messages(user)
        .into_iter()
        .filter(|message| message.from_bot)
        .collect()
}

/// The bot's messages to the user that contain the text.
fn with(bridge: &TestBridge, user: i64, text: &str) -> Vec<Message> {
    received(bridge, user)
        .into_iter()
        .filter(|message| shown(message).contains(text))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_shows_switches_and_resets_the_mode() {
    let bridge = TestBridge::start(setup()).await;
    assert_eq!(
        mode(&bridge).await,
        json!({ "mode": "local", "set_by": "setting" })
    );
    assert_eq!(
        put(&bridge, json!({ "mode": "nomad" })).await,
        json!({ "mode": "nomad", "set_by": "switch" })
    );
    assert_eq!(mode(&bridge).await["mode"], "nomad");
    assert_eq!(bridge.status().await["mode"]["mode"], "nomad");
    let muted = put(&bridge, json!({ "mode": "mute", "for_s": 3_600 })).await;
    assert!(muted["until"].is_i64(), "{muted}");
    assert_eq!(
        reset(&bridge).await,
        json!({ "mode": "local", "set_by": "setting" })
    );
    for wrong in [
        json!({ "mode": "loud" }),
        json!({}),
        json!("mute"),
        json!({ "mode": "mute", "for_s": -1 }),
    ] {
        let answer = bridge
            .socket
            .request(Method::PUT, MODE, Some(&wrong))
            .await
            .unwrap();
        assert_eq!(answer.status, 400, "{wrong}: {answer:?}");
    }
    assert_eq!(mode(&bridge).await["mode"], "local");
    let records = bridge.database().await.audit().await;
    let is_switch =
        |record: &&Value| record["event"] == "mode_changed" && record["target"] == "mode";
    let switches: Vec<&Value> = records
        .iter()
        .filter(is_switch)
        .map(|record| &record["details"]["to"])
        .collect();
    assert_eq!(switches, ["nomad", "mute", "local"]);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chat_shows_switches_and_resets_the_mode() {
    let bridge = TestBridge::start(setup().variable("CC_TELEGRAM_MODE", "nomad")).await;
    for (command, answer, expected) in [
        ("/mode", "Mode nomad", "nomad"),
        ("/mode local", "Mode local", "local"),
        (
            "/mode MUTE",
            "Mode mute: everything but security alerts is held back.",
            "mute",
        ),
        ("/mode reset", "Mode nomad", "nomad"),
        ("/mute", "For how long?", "nomad"),
        ("/mute 2", "is not a duration", "nomad"),
        ("/mode loud", "is not a mode", "nomad"),
        ("/mute 1h30m", "until", "mute"),
        ("/mode nomad", "Mode nomad", "nomad"),
    ] {
        let question = bridge.emulator.send_text(USER, command);
        let replied = |message: &Message| message.from_bot && message.reply_to == Some(question);
        let reply = bridge.message(USER, command, replied).await;
        assert!(shown(&reply).contains(answer), "{command}: {reply:?}");
        assert_eq!(mode(&bridge).await["mode"], expected, "{command}");
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_survives_restarts_and_wins_over_the_setting_until_it_is_reset() {
    let mut bridge = TestBridge::start(setup().variable("CC_TELEGRAM_MODE", "nomad")).await;
    assert_eq!(
        mode(&bridge).await,
        json!({ "mode": "nomad", "set_by": "setting" })
    );
    put(&bridge, json!({ "mode": "local" })).await;
    assert!(bridge.terminate().await.success());
    bridge.launch().await;
    assert_eq!(
        mode(&bridge).await,
        json!({ "mode": "local", "set_by": "switch" })
    );
    bridge.kill().await;
    bridge.launch().await;
    assert_eq!(
        mode(&bridge).await,
        json!({ "mode": "local", "set_by": "switch" })
    );
    reset(&bridge).await;
    bridge.kill().await;
    bridge.launch().await;
    assert_eq!(
        mode(&bridge).await,
        json!({ "mode": "nomad", "set_by": "setting" })
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mute_holds_everything_but_security_alerts() {
    let bridge = TestBridge::start(setup().users(&[USER, SECOND])).await;
    put(&bridge, json!({ "mode": "mute" })).await;
    let kinds = [
        "info_notification",
        "task_failed",
        "task_progress",
        "alert_notification",
        "something_new",
    ];
    for kind in kinds {
        assert_eq!(
            post(&bridge, &event(kind, kind)).await["muted"],
            true,
            "{kind}"
        );
    }
    bridge.drop_event("from-a-file", &event("build_failed", "from a file"));
    bridge
        .status_when("everything is held", |status| status["held"] == 12)
        .await;
    let critical = json!({ "type": "info_notification", "title": "shouting", "data": { "severity": "critical" } });
    assert_eq!(
        post(&bridge, &critical).await["muted"],
        true,
        "loud is not the same as dangerous"
    );
    assert_eq!(
        post(&bridge, &event("security_alert", "the alarm")).await["muted"],
        false
    );
    bridge.idle().await;
    for user in [USER, SECOND] {
        assert_eq!(with(&bridge, user, "the alarm").len(), 1);
        assert_eq!(received(&bridge, user).len(), 1, "{user}");
    }
    let held = bridge.socket.get("/v1/queue").await.body;
    let held = held
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["state"] == "held")
        .count();
    assert_eq!(held, 14);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mute_of_the_setting_holds_too_and_commands_are_answered() {
    let bridge = TestBridge::start(setup().variable("CC_TELEGRAM_MODE", "mute")).await;
    post(&bridge, &event("build_failed", "held by the setting")).await;
    bridge.emulator.send_text(USER, "/queue");
    bridge.message_with(USER, "held: held by the setting").await;
    bridge.emulator.send_text(USER, "/mode local");
    bridge
        .message(USER, "the list", |m| {
            shown(m).contains("held by the setting") && m.reply_to.is_none()
        })
        .await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_mute_sends_open_requests_whole_and_the_rest_in_one_list() {
    let users = [USER, SECOND];
    let bridge = TestBridge::start(setup().users(&users)).await;
    put(&bridge, json!({ "mode": "mute" })).await;
    let titles: Vec<String> = (0..12)
        .map(|number| format!("held event {number:02}"))
        .collect();
    for title in &titles {
        post(&bridge, &event("build_failed", title)).await;
    }
    let asked = ask(&bridge, "Deploy while muted?", Some(600)).await;
    assert_eq!(asked["muted"], true);
    assert_eq!(bridge.status().await["held"], 26);
    assert!(received(&bridge, USER).is_empty());
    reset(&bridge).await;
    bridge.idle().await;
    for user in users {
        let messages = received(&bridge, user);
        assert_eq!(messages.len(), 2, "{user}: {messages:?}");
        let request = with(&bridge, user, "Deploy while muted?").remove(0);
        let labels: Vec<&str> = request
            .keyboard
            .iter()
            .flatten()
            .map(|button| button.text.as_str())
            .collect();
        assert_eq!(labels, ["Approve", "Deny", "Details"]);
        let list = messages
            .iter()
            .find(|message| message.message_id != request.message_id)
            .unwrap();
        assert!(list.keyboard.is_empty());
        for title in &titles {
            assert_eq!(
                shown(list).matches(title.as_str()).count(),
                1,
                "{title} in {}",
                shown(list)
            );
        }
        assert!(
            request.message_id < list.message_id || user != messages[0].chat_id,
            "the request comes first"
        );
    }
    let request = with(&bridge, USER, "Deploy while muted?").remove(0);
    bridge
        .emulator
        .press(USER, request.message_id, "Approve")
        .unwrap();
    assert_eq!(ended(&bridge, &asked).await["response"], "approve");
    assert_eq!(bridge.status().await["held"], 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_names_every_event_that_was_held() {
    let bridge = TestBridge::start(setup()).await;
    put(&bridge, json!({ "mode": "mute" })).await;
    let padding = "and a title that goes on and on ".repeat(4);
    let titles: Vec<String> = (0..150).map(|number| format!("held {number:03}")).collect();
    for title in &titles {
        post(
            &bridge,
            &event("build_failed", &format!("{title} {padding}")),
        )
        .await;
    }
    put(&bridge, json!({ "mode": "local" })).await;
    bridge.idle().await;
    let messages = received(&bridge, USER);
    assert!(messages.len() <= 3, "{} messages", messages.len());
    let mut all: String = messages.iter().map(shown).collect();
    let documents = messages
        .iter()
        .filter_map(|message| message.document.as_ref());
    all.extend(documents.map(|document| String::from_utf8_lossy(&document.bytes).into_owned()));
    for title in &titles {
        assert!(all.contains(title.as_str()), "{title} is missing");
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_expired_under_a_mute_is_listed_without_buttons() {
    let bridge = TestBridge::start(setup()).await;
    put(&bridge, json!({ "mode": "mute" })).await;
    let short = ask(&bridge, "Too late?", Some(1)).await;
    let long = ask(&bridge, "Still time?", Some(600)).await;
    assert_eq!(short["muted"], true);
    let answer = ended(&bridge, &short).await;
    assert_eq!(
        answer["state"], "expired",
        "its time runs while muted: {answer}"
    );
    assert!(answer.get("response").is_none());
    reset(&bridge).await;
    bridge.message_with(USER, "Still time?").await;
    let list = bridge.message_with(USER, "Too late?").await;
    bridge.idle().await;
    assert!(list.keyboard.is_empty(), "{list:?}");
    assert_eq!(received(&bridge, USER).len(), 2);
    let id = long["approval_id"].as_str().unwrap();
    assert_eq!(
        bridge.socket.get(&format!("/v1/approvals/{id}")).await.body["state"],
        "pending"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_withdrawn_under_a_mute_asks_nobody_later() {
    let bridge = TestBridge::start(setup()).await;
    put(&bridge, json!({ "mode": "mute" })).await;
    let asked = ask(&bridge, "Never mind?", None).await;
    let path = format!("/v1/approvals/{}", asked["approval_id"].as_str().unwrap());
    let answer = bridge
        .socket
        .request(Method::DELETE, &path, None)
        .await
        .unwrap();
    assert_eq!(answer.body["state"], "withdrawn", "{answer:?}");
    reset(&bridge).await;
    bridge.idle().await;
    assert!(
        received(&bridge, USER)
            .iter()
            .all(|message| message.keyboard.is_empty())
    );
    assert_eq!(bridge.status().await["held"], 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mute_with_a_duration_ends_by_itself_and_gives_way_to_what_was_before() {
    let bridge = TestBridge::start(setup()).await;
    put(&bridge, json!({ "mode": "nomad" })).await;
    put(&bridge, json!({ "mode": "mute", "for_s": 2 })).await;
    post(&bridge, &event("build_failed", "held for two seconds")).await;
    bridge.message_with(USER, "held for two seconds").await;
    assert_eq!(
        mode(&bridge).await,
        json!({ "mode": "nomad", "set_by": "switch" })
    );
    bridge.emulator.send_text(USER, "/mute 2s");
    mode_when(&bridge, "mute").await;
    post(&bridge, &event("build_failed", "held once more")).await;
    bridge.message_with(USER, "held once more").await;
    mode_when(&bridge, "nomad").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mute_in_a_mute_still_gives_way_to_the_mode_before_both() {
    let bridge = TestBridge::start(setup()).await;
    put(&bridge, json!({ "mode": "mute", "for_s": 3_600 })).await;
    put(&bridge, json!({ "mode": "mute", "for_s": 1 })).await;
    assert_eq!(mode_when(&bridge, "local").await["set_by"], "setting");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_come_while_a_mute_ends_are_not_left_behind() {
    let bridge = TestBridge::start(setup()).await;
    for round in 0..10 {
        put(&bridge, json!({ "mode": "mute" })).await;
        let titles: Vec<String> = (0..8)
            .map(|number| format!("round {round} number {number}."))
            .collect();
        let posts = join_all(titles.iter().map(|title| async {
            post(&bridge, &event("build_failed", title)).await;
        }));
        tokio::join!(posts, reset(&bridge));
        bridge
            .status_when("nothing is held", |status| status["held"] == 0)
            .await;
        bridge.idle().await;
        for title in &titles {
            assert_eq!(with(&bridge, USER, title).len(), 1, "{title}");
        }
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn restarts_under_a_mute_lose_nothing() {
    let mut bridge = TestBridge::start(setup()).await;
    put(&bridge, json!({ "mode": "mute" })).await;
    post(&bridge, &event("build_failed", "held before the crash")).await;
    let asked = ask(&bridge, "Asked before the crash?", None).await;
    bridge.kill().await;
    bridge.launch().await;
    assert_eq!(mode(&bridge).await["mode"], "mute");
    assert_eq!(bridge.status().await["held"], 2);
    post(&bridge, &event("build_failed", "held after the crash")).await;
    assert!(bridge.terminate().await.success());
    bridge.launch().await;
    assert!(received(&bridge, USER).is_empty());
    reset(&bridge).await;
    bridge.idle().await;
    assert_eq!(with(&bridge, USER, "held before the crash").len(), 1);
    assert_eq!(with(&bridge, USER, "held after the crash").len(), 1);
    let request = with(&bridge, USER, "Asked before the crash?").remove(0);
    bridge
        .emulator
        .press(USER, request.message_id, "Deny")
        .unwrap();
    assert_eq!(ended(&bridge, &asked).await["response"], "deny");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mute_that_ends_while_no_bridge_runs_lets_go_at_the_next_start() {
    let mut bridge = TestBridge::start(setup()).await;
    let muted = put(&bridge, json!({ "mode": "mute", "for_s": 1 })).await;
    post(&bridge, &event("build_failed", "held over the break")).await;
    bridge.kill().await;
    let end = u128::try_from(muted["until"].as_i64().unwrap()).unwrap();
    until("the mute is over", async || {
        let since = std::time::UNIX_EPOCH.elapsed().unwrap();
        (since.as_millis() > end).then_some(())
    })
    .await;
    bridge.launch().await;
    bridge.message_with(USER, "held over the break").await;
    assert_eq!(
        mode(&bridge).await,
        json!({ "mode": "local", "set_by": "setting" })
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_setting_after_a_restart_lets_go_of_what_was_held() {
    let mut bridge = TestBridge::start(setup()).await;
    put(&bridge, json!({ "mode": "mute" })).await;
    post(&bridge, &event("build_failed", "held by a switch")).await;
    put(&bridge, json!({ "mode": "local" })).await;
    bridge.kill().await;
    bridge.launch().await;
    bridge.message_with(USER, "held by a switch").await;
    bridge.idle().await;
    assert_eq!(
        with(&bridge, USER, "held by a switch").len(),
        1,
        "the crash between switch and list doubles nothing"
    );
    bridge.finish().await;
}
