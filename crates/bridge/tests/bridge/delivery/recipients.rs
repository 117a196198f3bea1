//! Who gets which event.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use serde_json::Value;
use serde_json::json;

use super::OTHERS;
use super::received;
use crate::steps::event;
use crate::steps::post;
use crate::steps::setup;
use crate::steps::shown;

/// Titles by chat, of everything that was received.
fn titles(
    bridge: &TestBridge,
    users: &[i64],
    titles: &[&'static str],
) -> BTreeMap<&'static str, BTreeSet<i64>> {
    let mut found: BTreeMap<&'static str, BTreeSet<i64>> = BTreeMap::new();
    for user in users {
        let messages = received(&bridge.emulator, *user);
        for title in titles.iter().filter(|title| {
            messages
                .iter()
                .any(|message| shown(message).contains(**title))
        }) {
            found.entry(title).or_default().insert(*user);
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_goes_once_to_the_private_chat_of_every_allowed_user() {
    let users = [USER, OTHERS[0], OTHERS[1]];
    let bridge = TestBridge::start(setup().users(&users)).await;
    bridge.emulator.open_chat(OTHERS[2]);
    post(&bridge, &event("build_completed", "Build 7 finished")).await;
    for user in users {
        bridge.message_with(user, "Build 7 finished").await;
    }
    bridge.idle().await;
    assert_eq!(bridge.emulator.count("sendMessage"), users.len());
    assert!(
        received(&bridge.emulator, OTHERS[2]).is_empty(),
        "who is not allowed gets nothing"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_narrow_by_type_severity_and_project() {
    let users = [USER, OTHERS[0], OTHERS[1]];
    let routes = r#"
[[route]]
match = { type = "lint_check" }
chats = [1001]
[[route]]
match = { severity = "critical" }
chats = [1002]
[[route]]
match = { project = "shop" }
chats = [1003]
[[route]]
match = { type = "build_failed", project = "shop" }
chats = [1001]
"#;
    let bridge = TestBridge::start(setup().users(&users).config(routes)).await;
    let with = |kind: &str, title: &str, more: Value| {
        let mut event = event(kind, title);
        event
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        event
    };
    for event in [
        with("lint_check", "by type", json!({})),
        with(
            "info_notification",
            "by severity",
            json!({ "data": { "severity": "critical" } }),
        ),
        with(
            "info_notification",
            "by project",
            json!({ "project": "shop" }),
        ),
        with(
            "build_failed",
            "by two routes",
            json!({ "project": "shop" }),
        ),
        with("build_failed", "half a match", json!({ "project": "bank" })),
        with(
            "info_notification",
            "no match",
            json!({ "data": { "severity": "error" } }),
        ),
    ] {
        post(&bridge, &event).await;
    }
    bridge.idle().await;
    let all = [
        "by type",
        "by severity",
        "by project",
        "by two routes",
        "half a match",
        "no match",
    ];
    let expected = BTreeMap::from([
        ("by type", BTreeSet::from([1_001])),
        ("by severity", BTreeSet::from([1_002])),
        ("by project", BTreeSet::from([1_003])),
        ("by two routes", BTreeSet::from([1_001, 1_003])),
        ("half a match", BTreeSet::from(users)),
        ("no match", BTreeSet::from(users)),
    ]);
    assert_eq!(titles(&bridge, &users, &all), expected);
    bridge.finish().await;
}
