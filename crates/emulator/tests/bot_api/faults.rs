//! Faults, and the end of the server.

use std::time::Duration;
use std::time::Instant;

use cctelegram_emulator::Fault;
use cctelegram_emulator::FaultKind;
use serde_json::Value;
use serde_json::json;

use crate::support::ADA;
use crate::support::Bot;

fn next(kind: FaultKind) -> Fault {
    Fault {
        method: Some("sendMessage".into()),
        times: 1,
        kind,
    }
}

fn hello() -> Value {
    json!({"chat_id": ADA, "text": "hello"})
}

#[tokio::test]
async fn a_status_is_answered_without_executing() {
    let bot = Bot::start().await;
    let description = "Too Many Requests: retry after 7".to_owned();
    bot.phone.fault(next(FaultKind::Status {
        code: 429,
        description,
        retry_after: Some(7),
    }));
    let (status, body) = bot.call("sendMessage", hello()).await;
    assert_eq!(
        (status, &body["parameters"]["retry_after"]),
        (429, &json!(7))
    );
    assert!(bot.phone.messages(ADA).is_empty());
    assert_eq!(bot.phone.refused_429(), 1);
    bot.ok("sendMessage", hello()).await;
}

#[tokio::test]
async fn a_raw_body_is_not_json() {
    let bot = Bot::start().await;
    let body = "<html>Bad Gateway</html>".to_owned();
    bot.phone.fault(next(FaultKind::Raw { code: 502, body }));
    bot.ok("getMe", json!({})).await;
    let response = bot.post("sendMessage", hello()).await.unwrap();
    assert_eq!(response.status(), 502);
    assert_eq!(response.text().await.unwrap(), "<html>Bad Gateway</html>");
}

#[tokio::test]
async fn a_dropped_connection_gives_no_answer() {
    let bot = Bot::start().await;
    bot.ok("getMe", json!({})).await;
    bot.phone.fault(next(FaultKind::DropBefore));
    assert!(bot.post("sendMessage", hello()).await.is_err());
    assert!(bot.phone.messages(ADA).is_empty());

    bot.phone.fault(next(FaultKind::DropAfter));
    assert!(bot.post("sendMessage", hello()).await.is_err());
    assert_eq!(bot.phone.messages(ADA).len(), 1);

    let calls = bot.phone.calls();
    let reasons: Vec<_> = calls
        .iter()
        .filter_map(|call| call.description.as_deref())
        .collect();
    assert_eq!(
        reasons,
        [
            "connection dropped before execution",
            "executed, connection dropped without an answer",
        ]
    );
    assert_eq!(bot.phone.count("sendMessage"), 0);
}

#[tokio::test]
async fn a_delay_comes_before_the_execution() {
    let bot = Bot::start().await;
    let by = Duration::from_millis(50);
    bot.phone.fault(next(FaultKind::Delay(by)));
    let started = Instant::now();
    bot.ok("sendMessage", hello()).await;
    assert!(started.elapsed() >= by);
}

#[tokio::test]
async fn a_slow_answer_comes_after_the_execution() {
    let bot = Bot::start().await;
    let by = Duration::from_millis(50);
    bot.phone.fault(next(FaultKind::SlowAnswer(by)));
    let started = Instant::now();
    let seen = bot.phone.wait_until(|phone| phone.messages(ADA).pop(), by);
    let (_sent, seen) = tokio::join!(bot.ok("sendMessage", hello()), seen);
    assert!(seen.is_some() && started.elapsed() >= by);
}

#[tokio::test]
async fn a_lasting_fault_ends_when_cleared() {
    let bot = Bot::start().await;
    bot.phone.fault(Fault {
        method: None,
        times: u32::MAX,
        kind: FaultKind::DropBefore,
    });
    for _ in 0..3 {
        assert!(bot.post("getMe", json!({})).await.is_err());
    }
    bot.phone.clear_faults();
    bot.ok("getMe", json!({})).await;
}

#[tokio::test]
async fn stopping_closes_the_port() {
    let bot = Bot::start().await;
    bot.say("kept").await;
    bot.phone.stop().await;
    assert!(bot.post("getMe", json!({})).await.is_err());
    assert_eq!(bot.phone.messages(ADA).len(), 1);
    bot.phone.stop().await;
}
