//! `cctelegram send`, with and without a bridge.

use std::fs;
use std::os::unix::net::UnixListener;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use serde_json::json;

use super::json_of;
use super::piped;
use super::printed;
use super::through_shell;
use crate::steps::setup;

fn events_in_spool(bridge: &TestBridge) -> usize {
    let entries = fs::read_dir(bridge.events()).unwrap();
    let files = entries.filter(|entry| entry.as_ref().unwrap().path().is_file());
    files.count()
}

/// What is typed, what is piped in, and what the complaint has to name.
const WRONG: [(&[&str], &str, &str); 14] = [
    (&["send"], "", "<TITLE>"),
    (&["send", "x", "--severity", "loud"], "", "--severity"),
    (&["send", "x", "--event", "-"], "", "--event"),
    (
        &["send", "x", "--data", "{"],
        "",
        "--data is no JSON object",
    ),
    (
        &["send", "x", "--data", "[1]"],
        "",
        "--data is no JSON object",
    ),
    (&["send", " "], "", "title: must not be empty"),
    (&["send", "x", "--type", ""], "", "type: must not be empty"),
    (
        &["send", "--event", "/nowhere/at.all"],
        "",
        "/nowhere/at.all cannot be read",
    ),
    (
        &["send", "--event", "-"],
        "[]",
        "the event is no JSON object",
    ),
    (
        &["send", "--event", "-"],
        r#"{"type": 7, "title": "x"}"#,
        "type: expected text, found a number",
    ),
    (
        &["send", "--event", "-"],
        r#"{"type": "x", "title": ["x"]}"#,
        "title: expected text, found a list",
    ),
    (
        &["send", "--event", "-"],
        r#"{"type": "x", "title": "x", "task_id": {}}"#,
        "task_id: ",
    ),
    (
        &["send", "--event", "-"],
        r#"{"type": "x", "title": "x", "event_id": "a b/c"}"#,
        "event_id: ",
    ),
    (
        &["send", "--event", "-"],
        r#"{"type": "approval_request", "title": "x", "data": {"options": ["a", 3]}}"#,
        "data.options[1]: ",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_is_stored_and_arrives_with_everything_that_was_said() {
    let bridge = TestBridge::start(setup()).await;
    let words = [
        "send",
        "Build finished",
        "--type",
        "build_completed",
        "--project",
        "shop",
        "--description",
        "All green.",
        "--task",
        "t-7",
        "--severity",
        "warning",
        "--url",
        "https://ci.example/7",
        "--data",
        r#"{"warnings": 3}"#,
    ];
    let sent = bridge.command(&words).await;
    let (id, rest) = printed(&sent)
        .split_once(' ')
        .expect("an id and what became of it");
    assert_eq!((id.len(), rest, sent.stderr.as_str()), (36, "stored", ""));
    let text = bridge
        .message_with(USER, "Build finished")
        .await
        .text
        .unwrap();
    for part in ["shop", "All green.", "warnings", "3"] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    let accepted = json_of(&bridge.command(&["send", "Again", "--json"]).await);
    assert_eq!(
        (&accepted["status"], &accepted["muted"]),
        (&json!("stored"), &json!(false))
    );
    bridge.message_with(USER, "Again").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_event_comes_from_a_file_or_the_input_and_is_sent_once() {
    let bridge = TestBridge::start(setup()).await;
    let event =
        json!({ "type": "info_notification", "title": "Whole", "event_id": "whole-1" }).to_string();
    let file = bridge.root().join("whole.json");
    fs::write(&file, &event).unwrap();
    let file = file.to_str().unwrap().to_owned();
    assert_eq!(
        printed(&bridge.command(&["send", "--event", &file]).await),
        "whole-1 stored"
    );
    let again = piped(&bridge, &["send", "--event", "-"], &event).await;
    assert_eq!(
        printed(&again),
        "whole-1 was stored before: nothing is sent twice"
    );
    let again = piped(&bridge, &["send", "--event", "-", "--json"], &event).await;
    assert_eq!(json_of(&again)["status"], "duplicate");
    bridge.message_with(USER, "Whole").await;
    bridge.idle().await;
    assert_eq!(bridge.status().await["delivered"], 1);
    fs::remove_file(file).unwrap();
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_event_is_wrong_usage_and_its_field_is_named_with_and_without_a_bridge() {
    let mut bridge = TestBridge::start(setup()).await;
    for runs in [true, false] {
        for (words, input, named) in WRONG {
            let refused = piped(&bridge, words, input).await;
            assert_eq!(
                (refused.code, refused.stdout.as_str()),
                (Some(2), ""),
                "{words:?} {input}: {refused:?}"
            );
            assert!(
                refused.stderr.contains(named),
                "{words:?} {input} (runs: {runs}): {refused:?}"
            );
        }
        if runs {
            assert_eq!(bridge.status().await["delivered"], 0);
            assert!(bridge.terminate().await.success());
        }
        assert_eq!(events_in_spool(&bridge), 0);
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_too_large_is_refused_at_once_with_and_without_a_bridge() {
    let mut bridge = TestBridge::start(setup()).await;
    let file = bridge.root().join("large.json");
    let large = json!({ "type": "x", "title": "x", "description": "y".repeat(1024 * 1024) });
    fs::write(&file, large.to_string()).unwrap();
    let file = file.to_str().unwrap().to_owned();
    for runs in [true, false] {
        for source in [file.as_str(), "/dev/zero"] {
            let refused = bridge.command(&["send", "--event", source]).await;
            let told = format!("{source} is larger than 1024 KiB");
            assert_eq!(refused.code, Some(2), "{refused:?}");
            assert!(refused.stderr.contains(&told), "{refused:?}");
        }
        if runs {
            assert!(bridge.terminate().await.success());
        }
        assert_eq!(events_in_spool(&bridge), 0);
    }
    fs::remove_file(file).unwrap();
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_whose_id_is_null_gets_one() {
    let bridge = TestBridge::start(setup()).await;
    let event = r#"{"type": "x", "title": "Nameless", "event_id": null}"#;
    let sent = piped(&bridge, &["send", "--event", "-"], event).await;
    let (id, rest) = printed(&sent).split_once(' ').expect("an id");
    assert_eq!((id.len(), rest), (36, "stored"));
    bridge.message_with(USER, "Nameless").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_that_does_not_answer_properly_is_not_called_absent() {
    let mut bridge = TestBridge::start(setup()).await;
    assert!(bridge.terminate().await.success());
    let socket = bridge.root().join("bridge.sock");
    fs::remove_file(&socket).unwrap_or_default();
    let listener = UnixListener::bind(&socket).unwrap();
    // Takes every connection and says nothing.
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let spooled = bridge.command(&["send", "Unheard"]).await;
    assert!(printed(&spooled).ends_with(" put into the spool"));
    assert_eq!(
        spooled.stderr.trim_end(),
        "the bridge did not answer properly; the event waits in the spool"
    );
    assert_eq!(events_in_spool(&bridge), 1);
    fs::remove_file(&socket).unwrap();
    bridge.launch().await;
    bridge.message_with(USER, "Unheard").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_refused_like_everything_else() {
    let bridge = TestBridge::start(setup()).await;
    let large = json!({ "type": "x", "title": "y".repeat(2 * 1024 * 1024) });
    for path in ["/v1/events", "/v1/approvals"] {
        let answer = bridge.socket.post(path, &large).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (413, &json!("too_large")),
            "{path}"
        );
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_bridge_what_is_sent_waits_in_the_spool_and_arrives_later() {
    let mut bridge = TestBridge::start(setup()).await;
    assert!(bridge.terminate().await.success());
    let spooled = bridge.command(&["send", "Patience"]).await;
    assert!(
        printed(&spooled).ends_with(" put into the spool"),
        "{spooled:?}"
    );
    assert!(
        spooled
            .stderr
            .contains("no bridge is running: the event is sent when one starts"),
        "{spooled:?}"
    );
    let as_json = json_of(&bridge.command(&["send", "More of it", "--json"]).await);
    assert_eq!(as_json["status"], "spooled");
    assert!(as_json["event_id"].is_string());
    assert_eq!(events_in_spool(&bridge), 2);
    bridge.launch().await;
    bridge.message_with(USER, "Patience").await;
    bridge.message_with(USER, "More of it").await;
    bridge.idle().await;
    assert_eq!(
        (
            bridge.status().await["delivered"].as_u64(),
            events_in_spool(&bridge)
        ),
        (Some(2), 0)
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_bridge_and_a_spool_nothing_is_claimed_to_be_sent() {
    let mut bridge = TestBridge::prepare(setup()).await;
    let nowhere = bridge.command(&["send", "Lost?"]).await;
    assert_eq!(
        (nowhere.code, nowhere.stdout.as_str()),
        (Some(4), ""),
        "{nowhere:?}"
    );
    assert!(
        nowhere
            .stderr
            .contains("is no spool\nRun `cctelegram init`."),
        "{nowhere:?}"
    );
    bridge.launch().await;
    assert!(bridge.terminate().await.success());
    // No file may grow: a full disk, for this one process.
    let full = through_shell(
        &bridge,
        "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"",
        &["send", "Lost?"],
    );
    let full = full.finish().await;
    assert_eq!((full.code, full.stdout.as_str()), (Some(4), ""), "{full:?}");
    assert!(
        full.stderr.contains("the spool does not take ")
            && full.stderr.contains("\nIs there room on the disk"),
        "{full:?}"
    );
    assert_eq!(
        fs::read_dir(bridge.events()).unwrap().count(),
        1,
        "nothing but the folder of the rejected"
    );
    bridge.finish().await;
}
