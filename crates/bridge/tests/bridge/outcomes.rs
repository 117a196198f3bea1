//! What the bridge makes of every answer that Telegram can give, and of none.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that panics has failed, in its helpers too"
)]

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::WAIT;
use cctelegram_testkit::bot_token;
use cctelegram_testkit::emulator::Call;
use cctelegram_testkit::emulator::Emulator;
use cctelegram_testkit::emulator::Fault;
use cctelegram_testkit::emulator::FaultKind;
use cctelegram_testkit::emulator::Message;
use cctelegram_testkit::until;
use serde_json::Value;
use serde_json::json;

const OTHER: i64 = 1_002;
const THIRD: i64 = 1_003;
const BOT: u64 = 7_000_001;

fn setup() -> Setup {
    Setup::of(env!("CARGO_BIN_EXE_cctelegram"))
}

fn event(title: &str) -> Value {
    json!({ "type": "info_notification", "title": title })
}

fn progress(title: &str) -> Value {
    json!({ "type": "task_progress", "task_id": "task-1", "title": title })
}

async fn post(bridge: &TestBridge, event: &Value) {
    let answer = bridge.socket.post("/v1/events", event).await;
    assert_eq!(answer.status, 202, "{answer:?}");
}

/// Asks for a decision; answers the request's id.
async fn ask(bridge: &TestBridge, event_id: &str) -> String {
    let event = json!({ "type": "approval_request", "event_id": event_id, "title": "Deploy?" });
    let answer = bridge
        .socket
        .post("/v1/approvals", &json!({ "event": event }))
        .await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.body["approval_id"].as_str().unwrap().to_owned()
}

fn fault(bridge: &TestBridge, method: &str, times: u32, kind: FaultKind) {
    bridge.emulator.fault(Fault {
        method: Some(method.to_owned()),
        times,
        kind,
    });
}

fn refusal(code: u16, description: &str) -> FaultKind {
    FaultKind::Status {
        code,
        description: description.to_owned(),
        retry_after: None,
    }
}

fn limited(seconds: u64) -> FaultKind {
    let description = format!("Too Many Requests: retry after {seconds}");
    FaultKind::Status {
        code: 429,
        description,
        retry_after: Some(seconds),
    }
}

fn shown(message: &Message) -> &str {
    message
        .text
        .as_deref()
        .or(message.caption.as_deref())
        .unwrap_or_default()
}

/// How many messages of the bot in this chat contain the text.
fn count(emulator: &Emulator, user: i64, text: &str) -> usize {
    let messages = emulator.messages(user);
    messages
        .iter()
        .filter(|message| message.from_bot && shown(message).contains(text))
        .count()
}

/// Calls that send a message, those of one chat or all.
fn sends(emulator: &Emulator, chat: Option<i64>) -> Vec<Call> {
    let to_chat = |call: &Call| chat.is_none() || call.params["chat_id"].as_i64() == chat;
    emulator
        .calls()
        .into_iter()
        .filter(|call| call.method == "sendMessage" && to_chat(call))
        .collect()
}

async fn sent_times(bridge: &TestBridge, times: usize) {
    let enough = |phone: &Emulator| (sends(phone, None).len() >= times).then_some(());
    bridge
        .emulator
        .wait_until(enough, WAIT)
        .await
        .expect("that many calls");
}

/// The status code and the body of the health page.
async fn health(bridge: &TestBridge) -> (u16, Value) {
    let address = bridge.status().await["health_address"]
        .as_str()
        .unwrap()
        .to_owned();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client
        .get(format!("http://{address}/health"))
        .send()
        .await
        .expect("the health page answers");
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_str(&response.text().await.unwrap()).unwrap(),
    )
}

/// Waits until the health page answers with this code; answers its body.
async fn health_when(bridge: &TestBridge, code: u16) -> Value {
    until(&format!("health says {code}"), async || {
        let (status, body) = health(bridge).await;
        (status == code).then_some(body)
    })
    .await
}

/// The entry of the queue whose title contains the text.
async fn queued(bridge: &TestBridge, title: &str) -> Option<Value> {
    let queue = bridge.socket.get("/v1/queue").await.body;
    let entries = queue.as_array().unwrap().iter();
    entries
        .into_iter()
        .find(|entry| entry["title"].as_str().unwrap().contains(title))
        .cloned()
}

async fn queued_as(bridge: &TestBridge, title: &str, state: &str) -> Value {
    until(&format!("{title} is {state}"), async || {
        queued(bridge, title)
            .await
            .filter(|entry| entry["state"] == state)
    })
    .await
}

fn write_token(root: &Path, token: &str) {
    let path = root.join(".env");
    let mut file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .unwrap();
    writeln!(file, "TELEGRAM_BOT_TOKEN={token}").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_429_holds_its_chat_for_exactly_the_time_it_names_and_no_other() {
    let bridge = TestBridge::start(setup().users(&[USER, OTHER])).await;
    fault(&bridge, "sendMessage", 1, limited(3));
    post(&bridge, &event("event one")).await;
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
    let other = if limited == USER { OTHER } else { USER };
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
    let bridge = TestBridge::start(setup().users(&[USER, OTHER, THIRD])).await;
    fault(&bridge, "sendMessage", 2, limited(2));
    post(&bridge, &event("event one")).await;
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
    post(&bridge, &event("event two")).await;
    for user in [USER, OTHER, THIRD] {
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
        post(&bridge, &event(&title)).await;
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
    post(&bridge, &event("before")).await;
    bridge.message_with(USER, "before").await;
    bridge.idle().await;
    fault(&bridge, "sendMessage", 1, FaultKind::DropAfter);
    post(&bridge, &event("in the middle")).await;
    bridge.idle().await;
    post(&bridge, &event("after")).await;
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
async fn a_403_parks_its_recipient_until_they_write_and_nobody_else() {
    let bridge = TestBridge::start(setup().users(&[USER, OTHER])).await;
    for description in [
        "Forbidden: bot was blocked by the user",
        "Forbidden: user is deactivated",
    ] {
        fault(&bridge, "sendMessage", 1, refusal(403, description));
        let (refused, meanwhile) = (
            format!("refused: {description}"),
            format!("meanwhile: {description}"),
        );
        post(&bridge, &event(&refused)).await;
        let entry = queued_as(&bridge, &refused, "parked").await;
        assert!(
            entry["reason"].as_str().unwrap().contains(description),
            "{entry}"
        );
        let parked = entry["chat"].as_i64().unwrap();
        let other = if parked == USER { OTHER } else { USER };
        post(&bridge, &event(&meanwhile)).await;
        bridge.message_with(other, &meanwhile).await;
        assert_eq!(count(&bridge.emulator, parked, &meanwhile), 0);
        let told = health_when(&bridge, 200).await["parked"].to_string();
        assert!(told.contains(&parked.to_string()), "{told}");
        bridge.emulator.send_text(parked, "I am back");
        bridge.message_with(parked, &meanwhile).await;
        bridge.idle().await;
        health_when(&bridge, 200).await;
        for user in [USER, OTHER] {
            assert_eq!(count(&bridge.emulator, user, &refused), 1);
            assert_eq!(count(&bridge.emulator, user, &meanwhile), 1);
        }
    }
    assert_eq!(bridge.status().await["dead"], 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blocking_and_unblocking_is_enough_to_park_and_to_go_on() {
    let mut bridge = TestBridge::start(setup().users(&[USER, OTHER])).await;
    bridge.emulator.block(USER);
    let told = |status: &Value| status["parked"].to_string().contains(&USER.to_string());
    bridge.status_when("the chat is parked", told).await;
    post(&bridge, &event("one")).await;
    bridge.message_with(OTHER, "one").await;
    bridge.kill().await;
    bridge.launch().await;
    post(&bridge, &event("two")).await;
    bridge.message_with(OTHER, "two").await;
    assert!(
        sends(&bridge.emulator, Some(USER)).is_empty(),
        "nothing is tried in vain"
    );
    bridge.emulator.unblock(USER);
    bridge.message_with(USER, "one").await;
    bridge.message_with(USER, "two").await;
    health_when(&bridge, 200).await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_that_can_reach_nobody_is_not_healthy() {
    let bridge = TestBridge::start(setup()).await;
    bridge.emulator.block(USER);
    let problems = health_when(&bridge, 503).await["problems"].to_string();
    assert!(problems.contains("No recipient"), "{problems}");
    bridge.emulator.unblock(USER);
    health_when(&bridge, 200).await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_is_not_found_is_parked_and_not_given_up() {
    let bridge = TestBridge::start(setup()).await;
    fault(
        &bridge,
        "sendMessage",
        1,
        refusal(400, "Bad Request: chat not found"),
    );
    post(&bridge, &event("event one")).await;
    let entry = queued_as(&bridge, "event one", "parked").await;
    assert!(
        entry["reason"].as_str().unwrap().contains("chat not found"),
        "{entry}"
    );
    bridge.emulator.send_text(USER, "/status");
    bridge.message_with(USER, "event one").await;
    bridge.idle().await;
    assert_eq!(bridge.status().await["dead"], 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_stops_working_pauses_everything_and_gives_up_nothing() {
    let bridge = TestBridge::start(setup()).await;
    post(&bridge, &event("event one")).await;
    bridge.message_with(USER, "event one").await;
    bridge.emulator.set_token(&bot_token(BOT));
    for number in 0..3 {
        post(&bridge, &event(&format!("while revoked {number}"))).await;
    }
    let problems = health_when(&bridge, 503).await["problems"].to_string();
    assert!(problems.contains("token does not work"), "{problems}");
    sent_times(&bridge, 2).await;
    let status = bridge.status().await;
    assert_eq!(
        (&status["waiting"], &status["dead"]),
        (&json!(3), &json!(0))
    );
    // One refusal is enough: whoever keeps knocking with a revoked token is taken for an attacker.
    assert!(
        sends(&bridge.emulator, None).len() <= 3,
        "{:?}",
        sends(&bridge.emulator, None)
    );
    bridge.emulator.set_token(bridge.token());
    bridge.idle().await;
    health_when(&bridge, 200).await;
    for number in 0..3 {
        assert_eq!(
            count(&bridge.emulator, USER, &format!("while revoked {number}")),
            1
        );
    }
    bridge.emulator.send_text(USER, "/whoami");
    bridge.message_with(USER, &format!("{USER}")).await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_of_the_same_bot_in_the_settings_is_taken_without_a_restart() {
    let mut bridge = TestBridge::prepare(setup().variable("TELEGRAM_BOT_TOKEN", "")).await;
    write_token(&bridge.root(), bridge.token());
    bridge.launch().await;
    post(&bridge, &event("event one")).await;
    bridge.message_with(USER, "event one").await;
    let new = bot_token(BOT);
    bridge.emulator.set_token(&new);
    post(&bridge, &event("event two")).await;
    health_when(&bridge, 503).await;
    write_token(&bridge.root(), &new);
    bridge.message_with(USER, "event two").await;
    health_when(&bridge, 200).await;
    bridge.emulator.send_text(USER, "/whoami");
    bridge.message_with(USER, &format!("{USER}")).await;
    assert!(!bridge.log().contains(&new), "the token stands in the log");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_the_token_of_another_bot_is_not_taken_while_running() {
    let mut bridge = TestBridge::prepare(setup().variable("TELEGRAM_BOT_TOKEN", "")).await;
    write_token(&bridge.root(), bridge.token());
    bridge.launch().await;
    let foreign = bot_token(7_000_002);
    bridge.emulator.set_token(&foreign);
    write_token(&bridge.root(), &foreign);
    post(&bridge, &event("event one")).await;
    health_when(&bridge, 503).await;
    // Two tries with the settings have been made once the old token was refused three times by getMe.
    let asked = |phone: &Emulator| {
        let refused = phone
            .calls()
            .into_iter()
            .filter(|call| call.method == "getMe" && call.status == 401)
            .count();
        (refused >= 3).then_some(())
    };
    bridge
        .emulator
        .wait_until(asked, WAIT)
        .await
        .expect("the old token is tried again");
    assert_eq!(bridge.emulator.count("sendMessage"), 0);
    bridge.emulator.set_token(bridge.token());
    bridge.message_with(USER, "event one").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_good_is_kept_told_and_shown_with_its_reason() {
    let bridge = TestBridge::start(setup()).await;
    fault(
        &bridge,
        "sendMessage",
        1,
        refusal(400, "Bad Request: something nobody has seen before"),
    );
    post(&bridge, &event("the unlucky one")).await;
    let alert = bridge
        .message_with(USER, "A message could not be delivered")
        .await;
    assert!(shown(&alert).contains("the unlucky one"), "{alert:?}");
    let dead = queued_as(&bridge, "the unlucky one", "dead").await;
    assert!(
        dead["reason"]
            .as_str()
            .unwrap()
            .contains("something nobody has seen before"),
        "{dead}"
    );
    assert!(dead["due"].is_null(), "{dead}");
    post(&bridge, &event("the next one")).await;
    bridge.message_with(USER, "the next one").await;
    fault(
        &bridge,
        "sendMessage",
        1,
        refusal(400, "Bad Request: and again"),
    );
    post(&bridge, &event("another unlucky one")).await;
    bridge
        .message(USER, "a second alert", |message| {
            shown(message).contains("another unlucky one")
        })
        .await;
    assert_eq!(bridge.status().await["dead"], 2);
    assert!(
        bridge
            .audited()
            .await
            .contains(&"message_undeliverable".to_owned())
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_is_refused_raises_no_alert() {
    let bridge = TestBridge::start(setup()).await;
    fault(&bridge, "sendMessage", 2, refusal(400, "Bad Request: no"));
    post(&bridge, &event("the unlucky one")).await;
    bridge
        .status_when("both are given up", |status| status["dead"] == 2)
        .await;
    bridge.idle().await;
    post(&bridge, &event("the next one")).await;
    bridge.message_with(USER, "the next one").await;
    bridge.idle().await;
    assert_eq!(sends(&bridge.emulator, None).len(), 3);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_reaches_nobody_ends_its_waiter_without_a_decision() {
    let bridge = TestBridge::start(setup()).await;
    fault(&bridge, "sendMessage", 1, refusal(400, "Bad Request: no"));
    let id = ask(&bridge, "deploy").await;
    let answer = bridge
        .socket
        .get(&format!("/v1/approvals/{id}?wait_s=30"))
        .await;
    assert_eq!(answer.body["state"], "undeliverable", "{answer:?}");
    assert!(answer.body.get("response").is_none(), "{answer:?}");
    bridge
        .message_with(USER, "A message could not be delivered")
        .await;
    bridge.idle().await;
    assert_eq!(bridge.status().await["pending_approvals"], 0);
    assert!(
        bridge
            .audited()
            .await
            .contains(&"approval_undeliverable".to_owned())
    );
    assert!(
        !bridge
            .audited()
            .await
            .contains(&"approval_decided".to_owned())
    );
    let answers = std::fs::read_dir(bridge.responses()).unwrap().count();
    assert_eq!(answers, 0, "nobody answered, so there is no answer file");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_reaches_one_of_two_can_still_be_decided() {
    let bridge = TestBridge::start(setup().users(&[USER, OTHER])).await;
    fault(&bridge, "sendMessage", 1, refusal(400, "Bad Request: no"));
    let id = ask(&bridge, "deploy").await;
    let unlucky = queued_as(&bridge, "Deploy?", "dead").await["chat"]
        .as_i64()
        .unwrap();
    let lucky = if unlucky == USER { OTHER } else { USER };
    let request = bridge.message_with(lucky, "Deploy?").await;
    bridge.idle().await;
    assert_eq!(
        bridge.socket.get(&format!("/v1/approvals/{id}")).await.body["state"],
        "pending"
    );
    bridge
        .emulator
        .press(lucky, request.message_id, "Deny")
        .unwrap();
    let answer = bridge
        .socket
        .get(&format!("/v1/approvals/{id}?wait_s=30"))
        .await;
    assert_eq!(answer.body["response"], "deny", "{answer:?}");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_changes_nothing_is_a_success() {
    let bridge = TestBridge::start(setup()).await;
    for _ in 0..2 {
        post(&bridge, &progress("still step one")).await;
        bridge.message_with(USER, "still step one").await;
        bridge.idle().await;
    }
    let refused = bridge
        .emulator
        .calls()
        .into_iter()
        .find(|call| call.status == 400)
        .expect("a refused edit");
    assert!(
        refused
            .description
            .unwrap()
            .contains("message is not modified")
    );
    let status = bridge.status().await;
    assert_eq!(
        (&status["dead"], &status["waiting"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(count(&bridge.emulator, USER, "still step one"), 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_whose_message_is_gone_is_sent_anew_and_edited_there() {
    let bridge = TestBridge::start(setup()).await;
    post(&bridge, &progress("step one")).await;
    bridge.message_with(USER, "step one").await;
    for (gone, step) in [
        ("Bad Request: message to edit not found", "step two"),
        ("Bad Request: message can't be edited", "step three"),
    ] {
        fault(&bridge, "editMessageText", 1, refusal(400, gone));
        post(&bridge, &progress(step)).await;
        let anew = bridge.message_with(USER, step).await;
        assert_eq!(anew.edits, 0);
    }
    post(&bridge, &progress("step four")).await;
    let edited = bridge.message_with(USER, "step four").await;
    assert_eq!(edited.edits, 1);
    let texts: Vec<i64> = bridge
        .emulator
        .messages(USER)
        .iter()
        .map(|message| message.message_id)
        .collect();
    assert_eq!((texts.len(), texts.last()), (3, Some(&edited.message_id)));
    assert_eq!(bridge.status().await["dead"], 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_whose_formatting_is_refused_is_sent_without_it() {
    let bridge = TestBridge::start(setup()).await;
    let description = "Bad Request: can't parse entities: unsupported entity type";
    fault(&bridge, "sendMessage", 1, refusal(400, description));
    post(&bridge, &event("plain it is")).await;
    let message = bridge.message_with(USER, "plain it is").await;
    assert!(message.entities.is_empty(), "{message:?}");
    bridge.idle().await;
    assert_eq!(bridge.status().await["dead"], 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_token_that_is_refused_at_the_start_ends_it_and_is_not_repeated() {
    let bridge = TestBridge::prepare(setup()).await;
    bridge.emulator.set_token(&bot_token(BOT));
    let finished = bridge.command(&["start"]).await;
    assert!(finished.code.is_some_and(|code| code != 0), "{finished:?}");
    assert!(
        finished.stderr.contains("refuses the bot token"),
        "{finished:?}"
    );
    assert!(finished.stderr.contains("BotFather"), "{finished:?}");
    let secret = bridge.token().split_once(':').unwrap().1;
    assert!(!finished.stderr.contains(secret) && !finished.stdout.contains(secret));
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
    post(&bridge, &event("early bird")).await;
    bridge.drop_event("early", &event("early file"));
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
