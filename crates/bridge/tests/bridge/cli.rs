//! The command line as people and scripts use it: what is printed where, and the exit code.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says why"
)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::net::UnixListener;

use cctelegram_testkit::Finished;
use cctelegram_testkit::Process;
use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::WAIT;
use cctelegram_testkit::emulator::Fault;
use cctelegram_testkit::emulator::FaultKind;
use cctelegram_testkit::emulator::Message;
use rustix::process::Signal;
use serde_json::Value;
use serde_json::json;

fn setup() -> Setup {
    Setup::of(env!("CARGO_BIN_EXE_cctelegram"))
}

/// Runs a command that reads `input`.
async fn piped(bridge: &TestBridge, arguments: &[&str], input: &str) -> Finished {
    let mut process = bridge.spawn(arguments);
    process.type_in(input).await;
    process.finish().await
}

/// Runs a command through a shell that does something else first.
fn through_shell(bridge: &TestBridge, script: &str, arguments: &[&str]) -> Process {
    let program = ["sh", "-c", script, env!("CARGO_BIN_EXE_cctelegram")];
    let command: Vec<&OsStr> = program.iter().chain(arguments).map(OsStr::new).collect();
    Process::start(&command, &bridge.variables())
}

fn json_of(finished: &Finished) -> Value {
    serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("no JSON: {finished:?}"))
}

/// The command succeeded, and this is all that it printed for programs.
fn printed(finished: &Finished) -> &str {
    assert_eq!(finished.code, Some(0), "{finished:?}");
    finished.stdout.trim_end_matches('\n')
}

fn events_in_spool(bridge: &TestBridge) -> usize {
    let entries = fs::read_dir(bridge.events()).unwrap();
    let files = entries.filter(|entry| entry.as_ref().unwrap().path().is_file());
    files.count()
}

/// Waits for the question's message and presses one of its buttons.
async fn press(bridge: &TestBridge, question: &str, label: &str) -> Message {
    let asks =
        |m: &Message| !m.keyboard.is_empty() && m.text.as_deref().unwrap().contains(question);
    let message = bridge.message(USER, question, asks).await;
    bridge
        .emulator
        .press(USER, message.message_id, label)
        .expect("the button is there");
    message
}

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
async fn every_command_helps_and_those_with_options_show_examples() {
    let bridge = TestBridge::prepare(setup()).await;
    let commands: [&[&str]; 10] = [
        &[],
        &["send"],
        &["ask"],
        &["mode"],
        &["demo"],
        &["init"],
        &["start"],
        &["status"],
        &["queue"],
        &["schema"],
    ];
    for (number, words) in commands.iter().enumerate() {
        for flag in ["--help", "-h"] {
            let words: Vec<&str> = words.iter().copied().chain([flag]).collect();
            let helped = bridge.command(&words).await;
            assert!(printed(&helped).contains("Usage: cctelegram"), "{helped:?}");
            assert_eq!(helped.stderr, "");
            let shows = helped.stdout.contains("Examples:\n  cctelegram ");
            assert!(
                shows || number > 3,
                "{words:?} shows no examples:\n{}",
                helped.stdout
            );
        }
    }
    let version = bridge.command(&["--version"]).await;
    assert_eq!(
        printed(&version),
        concat!("cctelegram ", env!("CARGO_PKG_VERSION"))
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_command_is_wrong_usage() {
    let bridge = TestBridge::prepare(setup()).await;
    for (words, named) in [
        (&["launch"][..], "'launch'"),
        (&["statsu"], "'status'"),
        (&["send", "x", "--colour"], "'--colour'"),
        (
            &["--start", "status"],
            "--start stands alone\nLeave the command out.",
        ),
        (&[], "there is no command\n\nThe secure line"),
    ] {
        let refused = bridge.command(words).await;
        assert_eq!(
            (refused.code, refused.stdout.as_str()),
            (Some(2), ""),
            "{words:?}: {refused:?}"
        );
        assert!(refused.stderr.contains(named), "{words:?}: {refused:?}");
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_home_can_be_named_on_the_command_line() {
    let bridge = TestBridge::start(setup()).await;
    let root = bridge.root();
    let mut variables = bridge.variables();
    variables.retain(|(name, _)| name != "CC_TELEGRAM_HOME");
    let told = |home: &str| {
        let words = [
            env!("CARGO_BIN_EXE_cctelegram"),
            "status",
            "--json",
            "--home",
            home,
        ];
        Process::start(&words.map(OsStr::new), &variables).finish()
    };
    let here = told(root.to_str().unwrap()).await;
    assert_eq!(json_of(&here)["home"].as_str(), root.to_str());
    assert_eq!(told("/nowhere/at/all").await.code, Some(4));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_nothing_is_coloured() {
    let bridge = TestBridge::start(setup()).await;
    let commands: [&[&str]; 9] = [
        &["--help"],
        &["ask", "--help"],
        &["status"],
        &["queue"],
        &["mode"],
        &["send", "Plain"],
        &["bogus"],
        &["send", "x", "--severity", "loud"],
        &["start"],
    ];
    for words in commands {
        let Finished { stdout, stderr, .. } = bridge.command(words).await;
        assert!(
            !format!("{stdout}{stderr}").contains('\u{1b}'),
            "{words:?}:\n{stdout}{stderr}"
        );
        assert!(
            !format!("{stdout}{stderr}").is_empty(),
            "{words:?} says nothing"
        );
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_what_comes_from_outside_cannot_steer_the_terminal() {
    let bridge = TestBridge::start(setup().variable("CC_TELEGRAM_MODE", "mute")).await;
    printed(
        &bridge
            .command(&[
                "send",
                "wipe\u{1b}[2J\u{9b}2J\u{202e}txt",
                "--type",
                "x\u{1b}c",
            ])
            .await,
    );
    for words in [
        &["queue"][..],
        &["queue", "--json"],
        &["send", "x", "--event", "\u{1b}[2J"],
    ] {
        let Finished { stdout, stderr, .. } = bridge.command(words).await;
        let shown = format!("{stdout}{stderr}");
        let steers = shown
            .chars()
            .find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
        assert_eq!(steers, None, "{words:?}: {shown:?}");
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_went_away_is_no_error() {
    let bridge = TestBridge::start(setup()).await;
    let commands: [&[&str]; 8] = [
        &["--help"],
        &["status"],
        &["status", "--json"],
        &["queue"],
        &["mode"],
        &["send", "Unread"],
        &["schema", "event"],
        &["reference", "config"],
    ];
    for words in commands {
        let mut process = through_shell(&bridge, "read -r go; exec \"$0\" \"$@\"", words);
        drop(process.output());
        process.type_in("go\n").await;
        let finished = process.finish().await;
        assert_eq!(
            (finished.code, finished.stderr.as_str()),
            (Some(0), ""),
            "{words:?}"
        );
    }
    let mut asked = bridge.spawn(&["ask", "Who listens?"]);
    drop(asked.output());
    press(&bridge, "Who listens?", "Approve").await;
    let finished = tokio::time::timeout(WAIT, asked.finish())
        .await
        .expect("it ends");
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""));
    bridge.finish().await;
}
