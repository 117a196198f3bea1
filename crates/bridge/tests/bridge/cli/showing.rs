//! Commands that show or switch: `mode`, `queue`, `status`, `schema`.

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use serde_json::Value;
use serde_json::json;

use super::json_of;
use super::piped;
use super::printed;
use crate::steps::setup;

/// No keyword of an older draft, and every reference leads somewhere.
fn check_dialect(part: &Value, whole: &Value) {
    if let Some(place) = part.get("$ref").and_then(Value::as_str) {
        let place = place
            .strip_prefix('#')
            .expect("a reference stays in the schema");
        assert!(whole.pointer(place).is_some(), "{place} leads nowhere");
    }
    for (keyword, inner) in part.as_object().into_iter().flatten() {
        let old = [
            "definitions",
            "dependencies",
            "additionalItems",
            "$recursiveRef",
        ];
        assert!(
            !old.contains(&keyword.as_str()),
            "{keyword} is of an older draft"
        );
        if keyword != "examples" {
            check_dialect(inner, whole);
        }
    }
    part.as_array()
        .into_iter()
        .flatten()
        .for_each(|inner| check_dialect(inner, whole));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_bridge_commands_say_so_and_where_they_looked() {
    let bridge = TestBridge::prepare(setup()).await;
    for words in [
        &["status"][..],
        &["queue"],
        &["mode"],
        &["mode", "mute"],
        &["ask", "Anybody?"],
    ] {
        let alone = bridge.command(words).await;
        assert_eq!(
            (alone.code, alone.stdout.as_str()),
            (Some(4), ""),
            "{words:?}: {alone:?}"
        );
        let place = bridge.socket.path().display().to_string();
        let says = format!("cctelegram: no bridge is running (looked at {place}, ");
        assert!(alone.stderr.starts_with(&says), "{alone:?}");
        assert!(
            alone
                .stderr
                .ends_with("\nStart it with `cctelegram start`.\n"),
            "{alone:?}"
        );
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mode_is_shown_switched_and_reset() {
    let bridge = TestBridge::start(setup().variable("CC_TELEGRAM_MODE", "nomad")).await;
    for (words, shown) in [
        (&["mode"][..], "nomad (setting)"),
        (&["mode", "local"], "local (switched)"),
        (&["mode"], "local (switched)"),
        (&["mode", "reset"], "nomad (setting)"),
    ] {
        assert_eq!(printed(&bridge.command(words).await), shown, "{words:?}");
    }
    let muted = bridge.command(&["mode", "mute", "--for", "2h"]).await;
    let text = printed(&muted);
    assert!(
        text.starts_with("mute until ") && text.ends_with(" UTC (switched)"),
        "{text}"
    );
    let shown = json_of(&bridge.command(&["mode", "--json"]).await);
    assert_eq!(
        (&shown["mode"], &shown["set_by"]),
        (&json!("mute"), &json!("switch"))
    );
    assert!(shown["until"].is_i64(), "{shown}");
    assert_eq!(bridge.records("mode_changed").await.len(), 3);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_mode_changes_nothing() {
    let bridge = TestBridge::start(setup()).await;
    for (words, named) in [
        (&["mode", "loud"][..], "'loud'"),
        (&["mode", "mute", "--for", "2"], "`2`"),
        (
            &["mode", "nomad", "--for", "2h"],
            "only mute can end by itself",
        ),
        (&["mode", "reset", "--for", "2h"], "a reset has no duration"),
        (&["mode", "--for", "2h"], "--for"),
    ] {
        let refused = bridge.command(words).await;
        assert_eq!(
            (refused.code, refused.stdout.as_str()),
            (Some(2), ""),
            "{words:?}: {refused:?}"
        );
        assert!(refused.stderr.contains(named), "{words:?}: {refused:?}");
    }
    assert_eq!(bridge.status().await["mode"]["mode"], "local");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_shows_what_waits() {
    let bridge = TestBridge::start(setup().variable("CC_TELEGRAM_MODE", "mute")).await;
    assert_eq!(printed(&bridge.command(&["queue"]).await), "Nothing waits.");
    assert_eq!(
        json_of(&bridge.command(&["queue", "--json"]).await),
        json!([])
    );
    for title in ["First", "Second", "Third"] {
        printed(&bridge.command(&["send", title]).await);
    }
    let shown = bridge.command(&["queue"]).await;
    let lines: Vec<&str> = printed(&shown).lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    for (line, title) in lines.iter().zip(["First", "Second", "Third"]) {
        assert!(
            line.contains("held")
                && line.contains(&format!("chat {USER}"))
                && line.ends_with(title),
            "{line}"
        );
    }
    assert_eq!(
        printed(&bridge.command(&["queue", "--limit", "2"]).await)
            .lines()
            .count(),
        2
    );
    let entries = json_of(&bridge.command(&["queue", "--json"]).await);
    assert_eq!(
        (entries.as_array().unwrap().len(), &entries[2]["title"]),
        (3, &json!("Third"))
    );
    assert_eq!(
        bridge.command(&["queue", "--limit", "many"]).await.code,
        Some(2)
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_is_an_exit_code_too() {
    let bridge = TestBridge::start(setup().variable("EVENT_TTL_HOURS", "48")).await;
    let healthy = bridge.command(&["status"]).await;
    let pid = bridge.process().id();
    for part in [
        &format!("process {pid}"),
        "healthy; ",
        "@cctelegram_demo_bot",
        "people     1\n",
        "local (setting)",
    ] {
        assert!(printed(&healthy).contains(part), "{part}: {healthy:?}");
    }
    assert!(
        healthy
            .stdout
            .contains("no effect  EVENT_TTL_HOURS=48 (environment): "),
        "{healthy:?}"
    );
    assert_eq!(
        json_of(&bridge.command(&["status", "--json"]).await)["pid"],
        pid
    );
    bridge
        .emulator
        .set_webhook_url("https://elsewhere.example/hook");
    bridge
        .status_when("the bridge has a problem", |status| {
            status["healthy"] == false
        })
        .await;
    let ill = bridge.command(&["status"]).await;
    assert_eq!(ill.code, Some(1), "{ill:?}");
    assert!(
        ill.stdout.contains("has problems")
            && ill.stdout.contains("\nproblem    Answers may go to"),
        "{ill:?}"
    );
    assert_eq!(bridge.command(&["status", "--json"]).await.code, Some(1));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_is_of_the_2020_draft_and_its_examples_are_taken() {
    let bridge = TestBridge::start(setup()).await;
    let schema = json_of(&bridge.command(&["schema", "event"]).await);
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    assert_eq!(schema["required"], json!(["type", "title"]));
    check_dialect(&schema, &schema);
    let examples = schema["examples"].as_array().expect("there are examples");
    assert!(examples.len() > 3);
    for example in examples {
        let sent = piped(&bridge, &["send", "--event", "-"], &example.to_string()).await;
        assert_eq!(sent.code, Some(0), "{example}: {sent:?}");
        bridge
            .message_with(USER, example["title"].as_str().unwrap())
            .await;
    }
    assert_eq!(
        bridge.command(&["schema", "everything"]).await.code,
        Some(2)
    );
    bridge.finish().await;
}
