//! People: who is answered, who is not, and what becomes of what they write.
#![expect(
    clippy::expect_used,
    reason = "a test that cannot go on fails, and says why"
)]

use std::time::Duration;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::Fault;
use cctelegram_testkit::emulator::FaultKind;
use cctelegram_testkit::emulator::Message;
use cctelegram_testkit::until;
use serde_json::Value;
use serde_json::json;

use crate::steps::STRANGER;
use crate::steps::all_handled;
use crate::steps::setup;

const REFUSAL: &str = "This bot is private.";

/// Writes to the bot and waits for its reply to that message.
async fn say(bridge: &TestBridge, user: i64, text: &str) -> String {
    let said = bridge.emulator.send_text(user, text);
    let answers = |m: &Message| m.from_bot && m.reply_to == Some(said);
    let answer = bridge
        .message(user, &format!("the answer to {text}"), answers)
        .await;
    answer.text.expect("an answer is text")
}

fn refusals(bridge: &TestBridge, user: i64) -> usize {
    let messages = bridge.emulator.messages(user);
    messages
        .iter()
        .filter(|m| {
            m.from_bot
                && m.text
                    .as_deref()
                    .is_some_and(|text| text.starts_with(REFUSAL))
        })
        .count()
}

fn from_bot(bridge: &TestBridge, user: i64) -> usize {
    bridge
        .emulator
        .messages(user)
        .iter()
        .filter(|m| m.from_bot)
        .count()
}

/// The answer files with their content.
fn answers(bridge: &TestBridge) -> Vec<(String, Value)> {
    let read = |name: String| {
        let bytes = std::fs::read(bridge.responses().join(&name)).expect("it was listed");
        (
            name,
            serde_json::from_slice(&bytes).expect("an answer file is JSON"),
        )
    };
    bridge.answer_files().into_iter().map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_is_answered() {
    let bridge = TestBridge::start(setup()).await;
    for (command, answer) in [
        ("/start", "Hello User 1001."),
        ("/help", "/whoami: Your Telegram user id"),
        ("/help@cctelegram_demo_bot", "/mute: "),
        ("/whoami", "Your Telegram user id is 1001."),
        ("/status", "Open requests: 0."),
        ("/mode", "Mode local: "),
        ("/mode nomad", "Mode nomad: "),
        ("/mode loud", "`loud` is not a mode"),
        ("/mute", "For how long?"),
        ("/mute soon", "soon"),
        ("/mute 2h", "Mode mute: "),
        ("/mute 2h", ", until "),
        ("/mode reset", "Mode local: "),
    ] {
        let said = say(&bridge, USER, command).await;
        assert!(said.contains(answer), "{command}: {said}");
    }
    bridge.idle().await;
    assert_eq!(say(&bridge, USER, "/queue").await, "Nothing waits.");
    assert!(
        bridge.answer_files().is_empty(),
        "commands of ours are no answers"
    );
    assert!(bridge.records("mode_changed").await.len() >= 4);
    assert!(!bridge.records("command_handled").await.is_empty());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_for_another_bot_is_no_command_of_ours() {
    let bridge = TestBridge::start(setup()).await;
    say(&bridge, USER, "/mode@other_bot mute").await;
    assert_eq!(bridge.status().await["mode"]["mode"], "local");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_shows_what_is_held_back() {
    let bridge = TestBridge::start(setup()).await;
    say(&bridge, USER, "/mute 2h").await;
    bridge.drop_event(
        "held",
        &json!({ "type": "build_completed", "title": "Held back for now" }),
    );
    bridge
        .status_when("the event is held", |status| status["held"] == 1)
        .await;
    assert!(
        say(&bridge, USER, "/queue")
            .await
            .contains("Held back for now")
    );
    assert!(say(&bridge, USER, "/status").await.contains("Held: 1."));
    say(&bridge, USER, "/mode local").await;
    bridge.message_with(USER, "Held back for now").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn telegram_is_told_the_commands() {
    let bridge = TestBridge::start(setup()).await;
    until("the commands are set", async || {
        (bridge.emulator.count("setMyCommands") > 0).then_some(())
    })
    .await;
    let call = bridge
        .emulator
        .calls()
        .into_iter()
        .find(|call| call.method == "setMyCommands")
        .expect("it was counted");
    let names: Vec<&str> = call.params["commands"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["command"].as_str())
        .collect();
    assert_eq!(
        names,
        ["start", "help", "status", "mode", "queue", "mute", "whoami"]
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_stranger_is_refused_politely_once_and_recorded_each_time() {
    let bridge = TestBridge::start(setup()).await;
    for text in [
        "hello",
        "/start",
        "/help",
        "/whoami",
        "/status",
        "/mode mute",
        "/mute 2h",
        "/queue",
        "/deploy",
        "hello?",
    ] {
        bridge.emulator.send_text(STRANGER, text);
    }
    let refused = bridge.records_when("access_refused", 10).await;
    assert!(
        refused
            .iter()
            .all(|record| record["actor"]["user"] == STRANGER && record["outcome"] == "refused")
    );
    bridge
        .message(STRANGER, "the refusal", |m| m.from_bot)
        .await;
    bridge.idle().await;
    assert_eq!(
        (refusals(&bridge, STRANGER), from_bot(&bridge, STRANGER)),
        (1, 1)
    );
    assert!(bridge.answer_files().is_empty());
    assert_eq!(bridge.status().await["mode"]["mode"], "local");
    assert_eq!(from_bot(&bridge, USER), 0, "nobody else hears of it");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_strangers_text_never_reaches_the_log() {
    let bridge = TestBridge::start(setup()).await;
    bridge
        .emulator
        .send_text(STRANGER, "xyzzy-4711 in the log?");
    bridge.records_when("access_refused", 1).await;
    assert!(bridge.log().contains("a stranger was refused"));
    assert!(!bridge.log().contains("xyzzy-4711"));
    let records = bridge.database().await.audit().await;
    assert!(
        !records
            .iter()
            .any(|record| record.to_string().contains("xyzzy-4711"))
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_an_empty_list_admits_nobody() {
    let bridge = TestBridge::start(setup().users(&[])).await;
    assert_eq!(bridge.status().await["allowed_users"], 0);
    for user in [USER, STRANGER] {
        bridge.emulator.send_text(user, "/status");
        bridge.message(user, "the refusal", |m| m.from_bot).await;
        assert_eq!(refusals(&bridge, user), 1);
    }
    assert_eq!(bridge.records("access_refused").await.len(), 2);
    assert!(bridge.records("command_handled").await.is_empty());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_star_opens_three_harmless_commands_and_nothing_else() {
    let everybody = setup()
        .users(&[])
        .variable("TELEGRAM_ALLOWED_USERS", "*")
        .config("[[users]]\nid = 1001");
    let bridge = TestBridge::start(everybody).await;
    bridge.emulator.open_chat(USER);
    bridge.drop_event(
        "star",
        &json!({ "type": "approval_request", "event_id": "star", "title": "May I star?" }),
    );
    let copy = bridge.message_with(USER, "May I star?").await;
    assert_eq!(
        say(&bridge, STRANGER, "/whoami").await,
        format!("Your Telegram user id is {STRANGER}.")
    );
    assert!(
        say(&bridge, STRANGER, "/start")
            .await
            .contains("private bridge")
    );
    assert!(say(&bridge, STRANGER, "/help").await.contains("/whoami"));
    for text in [
        "/status",
        "/mode mute",
        "/mute 1h",
        "/queue",
        "/deploy",
        "just text",
    ] {
        bridge.emulator.send_text(STRANGER, text);
    }
    let approve = copy.keyboard[0][0].callback_data.clone().unwrap();
    bridge
        .emulator
        .press_forged(STRANGER, USER, copy.message_id, &approve);
    bridge.records_when("access_refused", 7).await;
    assert!(bridge.answer_files().is_empty());
    let status = bridge.status().await;
    assert_eq!(
        (&status["mode"]["mode"], &status["pending_approvals"]),
        (&json!("local"), &json!(1))
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_answer_the_event_one_file_each() {
    let bridge = TestBridge::start(setup()).await;
    bridge.drop_event("ask", &json!({
        "type": "task_completion", "event_id": "ask-7", "title": "Which colour?", "task_id": "paint"
    }));
    let question = bridge.message_with(USER, "Which colour?").await;
    bridge.idle().await;
    for (text, file) in [
        ("blue", "ask-7.json"),
        ("no, green", "ask-7.2.json"),
        ("blue after all", "ask-7.3.json"),
    ] {
        bridge.emulator.reply(USER, question.message_id, text);
        let response = bridge.response(file).await;
        assert_eq!(response["response"], text);
        assert_eq!(response["response_type"], "text");
        assert_eq!(
            (&response["event_id"], &response["task_id"]),
            (&json!("ask-7"), &json!("paint"))
        );
        assert_eq!(
            (&response["user_id"], &response["username"]),
            (&json!(USER), &json!("user1001"))
        );
    }
    bridge
        .message_with(USER, "Noted as an answer to “Which colour?”.")
        .await;
    assert_eq!(
        bridge.answer_files(),
        ["ask-7.2.json", "ask-7.3.json", "ask-7.json"]
    );
    assert_eq!(bridge.records("user_response").await.len(), 3);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_is_faster_than_telegrams_answer_still_answers_its_message() {
    let bridge = TestBridge::start(setup()).await;
    bridge.emulator.fault(Fault {
        method: Some("sendMessage".to_owned()),
        times: 1,
        kind: FaultKind::SlowAnswer(Duration::from_secs(1)),
    });
    bridge.drop_event(
        "fast",
        &json!({ "type": "task_completion", "event_id": "fast-1", "title": "Which colour?" }),
    );
    let question = bridge.message_with(USER, "Which colour?").await;
    bridge.emulator.reply(USER, question.message_id, "blue");
    assert_eq!(bridge.response("fast-1.json").await["response"], "blue");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn free_text_is_an_answer_to_nothing_in_particular() {
    let bridge = TestBridge::start(setup()).await;
    let said = say(&bridge, USER, "please <b>stop</b> 👍").await;
    assert!(
        said.starts_with("Noted. It answers no message in particular"),
        "{said}"
    );
    until("the answer is written", async || {
        (bridge.answer_files().len() == 1).then_some(())
    })
    .await;
    let (name, answer) = answers(&bridge).remove(0);
    let id: uuid::Uuid = name
        .strip_suffix(".json")
        .unwrap()
        .parse()
        .expect("the file is named after an id of its own");
    assert!(!id.is_nil());
    assert_eq!(
        (&answer["event_id"], &answer["response_type"]),
        (&Value::Null, &json!("text"))
    );
    assert_eq!(answer["response"], "please <b>stop</b> 👍");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_of_nobodys_is_passed_on() {
    let bridge = TestBridge::start(setup()).await;
    bridge.drop_event(
        "run",
        &json!({ "type": "build_failed", "event_id": "run-1", "title": "It failed" }),
    );
    let failed = bridge.message_with(USER, "It failed").await;
    bridge.idle().await;
    bridge.emulator.reply(USER, failed.message_id, "/retry now");
    let response = bridge.response("run-1.json").await;
    assert_eq!(
        (&response["response_type"], &response["response"]),
        (&json!("command"), &json!("/retry now"))
    );
    bridge.emulator.send_text(USER, "/deploy");
    until("the second answer is written", async || {
        (bridge.answer_files().len() == 2).then_some(())
    })
    .await;
    let of_nothing = answers(&bridge)
        .into_iter()
        .find(|(name, _)| name != "run-1.json")
        .unwrap()
        .1;
    assert_eq!(
        (&of_nothing["response_type"], &of_nothing["event_id"]),
        (&json!("command"), &Value::Null)
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_text_is_not_passed_on_and_its_sender_is_told() {
    let bridge = TestBridge::start(setup()).await;
    bridge.emulator.push_update(json!({ "message": {
        "message_id": 500, "date": 1_700_000_000, "chat": { "id": USER, "type": "private" },
        "from": { "id": USER, "is_bot": false, "first_name": "User 1001" }, "caption": "/mode mute",
        "photo": [{ "file_id": "x", "file_unique_id": "x", "width": 1, "height": 1 }]
    }}));
    bridge
        .message_with(USER, "Only text reaches the bridge")
        .await;
    assert!(bridge.answer_files().is_empty());
    assert_eq!(bridge.status().await["mode"]["mode"], "local");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_what_is_not_written_here_and_now_carries_no_authority() {
    let bridge = TestBridge::start(setup()).await;
    let person =
        json!({ "id": USER, "is_bot": false, "first_name": "User 1001", "username": "user1001" });
    let private = json!({ "id": USER, "type": "private", "first_name": "User 1001" });
    let message = |changes: Value| {
        let mut message = json!({
            "message_id": 900, "date": 1_700_000_000, "from": person, "chat": private, "text": "/mode mute"
        });
        for (name, value) in changes.as_object().expect("changes are named") {
            message[name] = value.clone();
        }
        message
    };
    let origin =
        json!({ "type": "hidden_user", "sender_user_name": "Somebody", "date": 1_600_000_000 });
    let updates = [
        json!({ "message": message(json!({ "forward_origin": origin })) }),
        json!({ "message": message(json!({ "forward_date": 1_600_000_000 })) }),
        json!({ "message": message(json!({ "is_automatic_forward": true })) }),
        json!({ "edited_message": message(json!({ "edit_date": 1_700_000_001 })) }),
        json!({ "message": message(json!({ "via_bot": { "id": 5, "is_bot": true, "first_name": "inline" } })) }),
        json!({ "message": message(json!({ "sender_chat": { "id": -100_123, "type": "channel", "title": "x" } })) }),
        json!({ "message": message(json!({ "chat": { "id": -77, "type": "group", "title": "x" } })) }),
        json!({ "message": message(json!({ "chat": { "id": -100_123, "type": "supergroup", "title": "x" } })) }),
        json!({ "message": message(json!({ "chat": { "id": -100_123, "type": "channel", "title": "x" } })) }),
        json!({ "message": message(json!({ "from": { "id": USER, "is_bot": true, "first_name": "bot" } })) }),
        json!({ "message": message(json!({ "from": null })) }),
    ];
    for update in &updates {
        bridge.emulator.push_update(update.clone());
    }
    // Telegram was not asked for channels: such an update is of no use, and of no effect.
    let post = json!({ "message_id": 901, "date": 1, "chat": { "id": -100_123, "type": "channel" }, "text": "/mode mute" });
    bridge.emulator.push_update(json!({ "channel_post": post }));
    // The group and the supergroup are enrolled by nobody: what is written there leaves no trace at all.
    let recorded = updates.len() - 2;
    let ignored = bridge.records_when("update_ignored", recorded).await;
    all_handled(&bridge).await;
    assert!(ignored.iter().all(|record| record["outcome"] == "refused"));
    assert!(bridge.answer_files().is_empty());
    assert_eq!(bridge.status().await["mode"]["mode"], "local");
    assert_eq!(from_bot(&bridge, USER), 0);
    assert!(
        say(&bridge, USER, "/mode").await.starts_with("Mode local"),
        "what is written here and now counts"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_names_give_no_rights() {
    let bridge = TestBridge::start(setup()).await;
    let twin = json!({ "id": STRANGER, "is_bot": false, "first_name": "User 1001", "username": "user1001" });
    for id in [
        json!(STRANGER),
        json!(-1_001),
        json!("1001x"),
        json!(null),
        json!(1_001.5),
    ] {
        let mut from = twin.clone();
        from["id"] = id;
        bridge.emulator.push_update(json!({ "message": {
            "message_id": 7, "date": 1_700_000_000, "from": from, "chat": { "id": STRANGER, "type": "private" }, "text": "/mode mute"
        }}));
    }
    let no_effect = async || {
        bridge.records("access_refused").await.len() + bridge.records("update_ignored").await.len()
    };
    until("each is on the record", async || {
        (no_effect().await == 5).then_some(())
    })
    .await;
    assert_eq!(bridge.status().await["mode"]["mode"], "local");
    assert!(bridge.answer_files().is_empty());
    bridge.finish().await;
}
