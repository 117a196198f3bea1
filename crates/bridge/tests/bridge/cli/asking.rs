//! `cctelegram ask`: its answers, exit codes and waits.

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::Fault;
use cctelegram_testkit::emulator::FaultKind;
use cctelegram_testkit::emulator::Message;
use rustix::process::Signal;
use serde_json::json;

use super::json_of;
use super::press;
use super::printed;
use crate::steps::setup;

/// Waits until the user's copy of the question has lost its buttons.
async fn closed(bridge: &TestBridge, question: &str) -> String {
    let ended =
        |m: &Message| m.keyboard.is_empty() && m.text.as_deref().unwrap().contains(question);
    bridge
        .message(USER, "the end of the question", ended)
        .await
        .text
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_option_is_a_yes_and_only_the_answer_is_printed() {
    let bridge = TestBridge::start(setup()).await;
    let words = [
        "ask",
        "May I run this?",
        "--command",
        "rm -rf build/",
        "--project",
        "shop",
        "--description",
        "Stale.",
    ];
    let asked = bridge.spawn(&words);
    let message = press(&bridge, "May I run this?", "Approve").await;
    let answered = asked.finish().await;
    assert_eq!(
        (
            answered.code,
            answered.stdout.as_str(),
            answered.stderr.as_str()
        ),
        (Some(0), "Approve\n", "")
    );
    let text = message.text.unwrap();
    for part in ["rm -rf build/", "shop", "Stale."] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_another_option_is_no_yes() {
    let bridge = TestBridge::start(setup()).await;
    let cases = [
        (
            &[
                "ask", "Deploy?", "--option", "Ship", "--option", "Hold", "--option", "Later",
            ][..],
            "Deploy?",
            "Ship",
            0,
        ),
        (
            &[
                "ask",
                "Deploy again?",
                "--option",
                "Ship",
                "--option",
                "Hold",
            ],
            "Deploy again?",
            "Hold",
            10,
        ),
        (&["ask", "Delete?"], "Delete?", "Deny", 10),
    ];
    for (words, question, label, code) in cases {
        let asked = bridge.spawn(words);
        press(&bridge, question, label).await;
        let answered = asked.finish().await;
        assert_eq!(
            (answered.code, answered.stdout),
            (Some(code), format!("{label}\n")),
            "{words:?}"
        );
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_can_be_read_by_programs() {
    let bridge = TestBridge::start(setup()).await;
    let asked = bridge.spawn(&[
        "ask", "Deploy?", "--option", "Ship", "--option", "Hold", "--json", "--wait", "10m",
    ]);
    press(&bridge, "Deploy?", "Hold").await;
    let answered = asked.finish().await;
    assert_eq!(answered.code, Some(10), "{answered:?}");
    let status = json_of(&answered);
    assert_eq!(
        (&status["state"], &status["option"]),
        (&json!("decided"), &json!("Hold")),
        "{status}"
    );
    assert_eq!(status["options"], json!(["Ship", "Hold"]));
    assert!(
        status["expires"].is_i64() && status["approval_id"].is_string(),
        "{status}"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_when_nobody_decides_it_is_no_yes() {
    let bridge = TestBridge::start(setup()).await;
    let late = bridge.command(&["ask", "Quick?", "--wait", "1s"]).await;
    assert_eq!((late.code, late.stdout.as_str()), (Some(3), ""), "{late:?}");
    assert_eq!(late.stderr, "nobody decided: the time is up\n");
    closed(&bridge, "Quick?").await;
    let late = bridge
        .command(&["ask", "Quick, in JSON?", "--wait", "1s", "--json"])
        .await;
    assert_eq!(
        (late.code, &json_of(&late)["state"]),
        (Some(3), &json!("expired")),
        "{late:?}"
    );
    let kind = FaultKind::Status {
        code: 400,
        description: "Bad Request: no".to_owned(),
        retry_after: None,
    };
    bridge.emulator.fault(Fault {
        method: Some("sendMessage".to_owned()),
        times: 1,
        kind,
    });
    let nobody = bridge
        .command(&["ask", "Anybody there?", "--wait", "10m"])
        .await;
    assert_eq!(
        (nobody.code, nobody.stdout.as_str()),
        (Some(3), ""),
        "{nobody:?}"
    );
    assert_eq!(
        nobody.stderr,
        "nobody decided: the request could not be delivered to anybody\n"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_question_is_wrong_usage() {
    let bridge = TestBridge::start(setup()).await;
    let twenty: Vec<String> = (0..200)
        .map(|number| format!("--option=o{number}"))
        .collect();
    let too_many: Vec<&str> = ["ask", "x"]
        .into_iter()
        .chain(twenty.iter().map(String::as_str))
        .collect();
    for (words, named) in [
        (&["ask"][..], "<QUESTION>"),
        (&["ask", " "], "title: must not be empty"),
        (&["ask", "x", "--wait", "5"], "`5`"),
        (&["ask", "x", "--wait", "0s"], "lifetime_s"),
        (&["ask", "x", "--option", ""], "data.options[0]: "),
        (&too_many, "data.options: "),
    ] {
        let refused = bridge.command(words).await;
        assert_eq!(
            (refused.code, refused.stdout.as_str()),
            (Some(2), ""),
            "{words:?}: {refused:?}"
        );
        assert!(refused.stderr.contains(named), "{words:?}: {refused:?}");
    }
    assert_eq!(bridge.status().await["pending_approvals"], 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_an_answer_survives_a_restart_of_the_bridge() {
    let mut bridge = TestBridge::start(setup()).await;
    let asked = bridge.spawn(&["ask", "Still there?", "--wait", "10m"]);
    let first = bridge.message_with(USER, "Still there?").await;
    bridge.idle().await;
    bridge.kill().await;
    bridge.launch().await;
    // Its buttons are new ones: the old presses may be gone.
    let renewed = |m: &Message| m.message_id == first.message_id && m.keyboard != first.keyboard;
    bridge.message(USER, "the renewed buttons", renewed).await;
    press(&bridge, "Still there?", "Approve").await;
    let answered = asked.finish().await;
    assert_eq!(
        (answered.code, answered.stdout.as_str()),
        (Some(0), "Approve\n"),
        "{answered:?}"
    );
    assert_eq!(
        answered.stderr,
        "the bridge does not answer; waiting for it to come back\n"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_withdraws_the_question() {
    let bridge = TestBridge::start(setup()).await;
    let asked = bridge.spawn(&["ask", "Never mind?"]);
    let message = bridge.message_with(USER, "Never mind?").await;
    bridge.idle().await;
    asked.signal(Signal::INT);
    let ended = asked.finish().await;
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(130), ""),
        "{ended:?}"
    );
    assert_eq!(
        ended.stderr,
        "cctelegram: interrupted; the question is withdrawn\n"
    );
    closed(&bridge, "Never mind?").await;
    assert_eq!(bridge.records("approval_withdrawn").await.len(), 1);
    assert_eq!(bridge.status().await["pending_approvals"], 0);
    let data = message
        .keyboard
        .first()
        .and_then(|row| row.first()?.callback_data.clone())
        .unwrap();
    let pressed = bridge
        .emulator
        .press_forged(USER, USER, message.message_id, &data);
    bridge.told(&pressed).await;
    assert_eq!(bridge.records("approval_decided").await.len(), 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_mute_a_question_says_that_it_is_held_and_waits() {
    let bridge = TestBridge::start(setup()).await;
    assert_eq!(
        printed(&bridge.command(&["mode", "mute"]).await),
        "mute (switched)"
    );
    let held = bridge.command(&["send", "Psst"]).await;
    assert!(
        printed(&held).ends_with(" stored; held back, the bridge is mute"),
        "{held:?}"
    );
    let asked = bridge.spawn(&["ask", "Awake?"]);
    bridge
        .status_when("the question is held", |status| {
            status["pending_approvals"] == 1 && status["held"] == 2
        })
        .await;
    assert_eq!(bridge.emulator.count("sendMessage"), 0);
    printed(&bridge.command(&["mode", "local"]).await);
    press(&bridge, "Awake?", "Approve").await;
    let answered = asked.finish().await;
    assert_eq!(
        (answered.code, answered.stdout.as_str()),
        (Some(0), "Approve\n"),
        "{answered:?}"
    );
    assert_eq!(
        answered.stderr,
        "the bridge is mute: the question is held back until it is not. Waiting.\n"
    );
    bridge.finish().await;
}
