//! How messages look in the chat of a real bridge: style, time zone, attached files.

use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::until;
use serde_json::Value;
use serde_json::json;

fn setup() -> Setup {
    Setup::of(env!("CARGO_BIN_EXE_cctelegram")).config("[messages]\ntime_zone = \"Asia/Kolkata\"")
}

fn slow() -> Value {
    json!({
        "type": "performance_alert", "title": "The checkout is slow", "timestamp": "2026-11-21T14:02:07Z",
        "data": {
            "metric": "p95_latency", "value": 840, "threshold": 500, "unit": "ms", "service": "checkout",
            "url": "https://monitor.example.com"
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_detailed_message_tells_its_time_in_the_zone() {
    let bridge = TestBridge::start(setup()).await;
    bridge.drop_event("slow", &slow());
    let message = bridge.message_with(USER, "The checkout is slow").await;
    let expected = "⚠️ The checkout is slow\nPerformance alert · 2026-11-21 19:32 IST\n\n\
                    p95 latency 840 ms, threshold 500 ms (+68 %)\nService: checkout\nLink: https://monitor.example.com";
    assert_eq!(message.text.as_deref(), Some(expected));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_concise_message_folds_away_all_but_the_facts_that_matter() {
    let bridge = TestBridge::start(setup().variable("CC_TELEGRAM_MESSAGE_STYLE", "concise")).await;
    bridge.drop_event("slow", &slow());
    let message = bridge.message_with(USER, "The checkout is slow").await;
    let text = message.text.unwrap();
    let (shown, folded) = text.rsplit_once("\n\n").unwrap();
    let expected = "⚠️ The checkout is slow\nPerformance alert\n\n\
                    p95 latency 840 ms, threshold 500 ms (+68 %)\nLink: https://monitor.example.com";
    assert_eq!(shown, expected);
    let expected =
        "Service: checkout\nTime of the source: 2026-11-21 19:32 IST (2026-11-21T14:02:07Z)";
    assert_eq!(folded, expected);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_long_stack_arrives_as_a_file_without_its_secrets() {
    let bridge = TestBridge::start(setup()).await;
    let secret = format!("{}{}", "AKIA", "IOSFODNN7EXAMPLE");
    let mut stack: Vec<String> = (0..40).map(|n| format!("at frame_{n}")).collect();
    stack.push(format!("with key {secret}"));
    let event = json!({
        "type": "error_occurred", "title": "Orders fail",
        "data": { "error": "division by zero", "stack_trace": stack.join("\n") }
    });
    bridge.drop_event("error", &event);
    let message = bridge.message_with(USER, "Orders fail").await;
    let text = message.text.unwrap();
    assert!(
        text.contains("at frame_7") && !text.contains("at frame_8"),
        "{text}"
    );
    let file = until("the stack arrives", async || {
        let messages = bridge.emulator.messages(USER);
        messages.into_iter().find_map(|message| message.document)
    })
    .await;
    assert_eq!(file.file_name, "stack.txt");
    let content = String::from_utf8(file.bytes).unwrap();
    assert!(
        content.contains("at frame_39\nwith key [redacted: aws access key "),
        "{content}"
    );
    assert!(!content.contains(&secret), "{content}");
    bridge.finish().await;
}
