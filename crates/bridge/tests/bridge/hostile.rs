//! Texts that want to be something else, secrets that want to get out, and updates that want to stop the poll.
#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, in its helpers too"
)]

use std::fs;
use std::path::PathBuf;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::bot_token;
use cctelegram_testkit::emulator::Call;
use cctelegram_testkit::emulator::Emulator;
use cctelegram_testkit::emulator::Message;
use serde_json::Value;
use serde_json::json;

use crate::steps::post;
use crate::steps::setup;

fn received(emulator: &Emulator) -> Vec<Message> {
    emulator
        .messages(USER)
        .into_iter()
        .filter(|message| message.from_bot)
        .collect()
}

/// Everything that the user can read: texts, captions and attached files.
fn readable(emulator: &Emulator) -> String {
    let mut all = String::new();
    for message in received(emulator) {
        all.push_str(
            message
                .text
                .as_deref()
                .or(message.caption.as_deref())
                .unwrap_or_default(),
        );
        all.push('\n');
        if let Some(document) = &message.document {
            all.push_str(&String::from_utf8(document.bytes.clone()).unwrap());
        }
    }
    all
}

/// No call was refused, none was odd.
fn all_accepted(emulator: &Emulator) {
    let writes = |call: &&Call| call.params.get("chat_id").is_some();
    let calls = emulator.calls();
    let refused: Vec<&Call> = calls
        .iter()
        .filter(writes)
        .filter(|call| call.status != 200)
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

/// What deceives, and how it has to be shown. Without a second text it is shown as it is.
fn hostile_texts() -> Vec<(String, Option<&'static str>)> {
    let plain = |text: &str| (text.to_owned(), None);
    let changed = |text: &str, shown| (text.to_owned(), Some(shown));
    vec![
        plain("<b>bold</b> &amp; &lt; <a href=\"https://evil.example\">click</a>"),
        plain("</pre><script>alert(1)</script>"),
        plain(
            "*bold* _it_ `code` [here](https://evil.example) ```rust ~s~ ||spoiler|| > quote # - . !",
        ),
        plain("'; DROP TABLE outbox; -- \" ' \\ %s %n {0} ${HOME} $(id) `id`"),
        plain("@everyone /start /mode mute https://evil.example tg://user?id=1"),
        plain("日本語 Привет مرحبا שלום 👩‍💻 🏳️‍🌈"),
        changed(
            "\u{1b}[31mred\u{1b}[0m \u{1b}]8;;https://evil.example\u{7}link",
            "<U+001B>[31mred<U+001B>[0m <U+001B>]8;;",
        ),
        changed("safe\u{202e}gnp.exe", "safe<U+202E>gnp.exe"),
        changed(
            "a\u{200b}b\u{200d}c\u{2060}d\u{feff}e",
            "a<U+200B>b<U+200D>c<U+2060>d<U+FEFF>e",
        ),
        changed("before\u{0}after", "before<U+0000>after"),
        changed("rm -rf /\recho safe", "rm -rf /<U+000D>echo safe"),
        changed("p\u{430}ypal", "p\u{430}<U+0430>ypal"),
        changed("\u{e0041}\u{e007f}tagged", "<U+E0041><U+E007F>tagged"),
        changed(
            "\u{d7ff}\u{e000}\u{fffd}\u{10ffff}",
            "\u{d7ff}<U+E000>\u{fffd}<U+10FFFF>",
        ),
        changed(
            "a\u{2028}b\u{2029}c\u{2066}d\u{2069}",
            "a<U+2028>b<U+2029>c<U+2066>d<U+2069>",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn security_hostile_text_arrives_as_text_in_every_field() {
    let bridge = TestBridge::start(setup()).await;
    let texts = hostile_texts();
    let mut expected = Vec::new();
    for (number, (text, shown)) in texts.iter().enumerate() {
        let shown = shown.unwrap_or(text);
        let mark = |field: &str| {
            (
                format!("{number}{field}:{text}:end"),
                format!("{number}{field}:{shown}"),
            )
        };
        let mut event = json!({ "type": "info_notification", "title": "x", "data": {} });
        for field in ["title", "description", "source", "project"] {
            let (sent, wanted) = mark(field);
            event[field] = sent.into();
            expected.push(wanted);
        }
        for field in ["timestamp", "correlation_id", "parent_event_id"] {
            event[field] = mark(field).0.into();
        }
        for field in ["error", "status", "url", "custom"] {
            let (sent, wanted) = mark(field);
            event["data"][field] = sent.into();
            expected.push(wanted);
        }
        event["data"]["list"] = json!([text, [text], { text.as_str(): text }]);
        event["data"][text.as_str()] = text.as_str().into();
        post(&bridge, &event).await;
    }
    bridge.idle().await;
    let all = readable(&bridge.emulator);
    for wanted in expected {
        assert!(all.contains(&wanted), "{wanted:?} is not shown\n{all}");
    }
    all_accepted(&bridge.emulator);
    assert_eq!(bridge.status().await["dead"], 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_hostile_text_is_harmless_as_type_task_and_lines() {
    let bridge = TestBridge::start(setup()).await;
    for (number, (text, _)) in hostile_texts().into_iter().enumerate() {
        let title = format!("number {number}.");
        post(&bridge, &json!({ "type": text, "title": title })).await;
        post(&bridge, &json!({ "type": "task_progress", "title": format!("progress {number}."), "task_id": text })).await;
        post(&bridge, &json!({ "type": "task_progress", "title": format!("later {number}."), "task_id": text })).await;
    }
    for blank in [
        "\n\n\nfirst",
        " \t first \n",
        "\u{200b}",
        "\u{202e}\u{202e}",
        "a\n\n\n\n\n\nb",
    ] {
        post(
            &bridge,
            &json!({ "type": "info_notification", "title": blank, "description": blank }),
        )
        .await;
    }
    bridge.idle().await;
    let all = readable(&bridge.emulator);
    for number in 0..hostile_texts().len() {
        for title in [format!("number {number}."), format!("later {number}.")] {
            assert!(all.contains(&title), "{title} is missing");
        }
    }
    all_accepted(&bridge.emulator);
    assert_eq!(bridge.status().await["dead"], 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_hostile_text_is_shown_in_requests_and_on_their_buttons() {
    let bridge = TestBridge::start(setup()).await;
    for (number, (text, shown)) in hostile_texts().into_iter().enumerate() {
        let wanted = shown.unwrap_or(&text).to_owned();
        let label: String = format!("{number} {text}").chars().take(60).collect();
        let event = json!({
            "type": "approval_request",
            "title": format!("request {number}."),
            "data": { "command": format!("{number}>{text}"), "options": [label, "No"] },
        });
        let asked = bridge
            .socket
            .post("/v1/approvals", &json!({ "event": event }))
            .await;
        assert_eq!(asked.status, 201, "{asked:?}");
        let request = bridge
            .message_with(USER, &format!("request {number}."))
            .await;
        assert!(
            readable(&bridge.emulator).contains(&format!("{number}>{wanted}")),
            "{wanted:?}\n{request:?}"
        );
        let buttons: Vec<_> = request.keyboard.iter().flatten().collect();
        assert_eq!(buttons.len(), 3, "{request:?}");
        assert!(
            buttons[0].text.starts_with(&number.to_string()),
            "{buttons:?}"
        );
        assert!(
            !buttons[0]
                .text
                .contains(['\u{202e}', '\u{200b}', '\u{1b}', '\0']),
            "{buttons:?}"
        );
        bridge
            .emulator
            .press(USER, request.message_id, &buttons[0].text)
            .unwrap();
        let id = asked.body["approval_id"].as_str().unwrap();
        let answer = bridge
            .socket
            .get(&format!("/v1/approvals/{id}?wait_s=20"))
            .await
            .body;
        assert_eq!(
            answer["response"].as_str(),
            Some(label.as_str()),
            "the program gets its own label: {answer}"
        );
    }
    bridge.idle().await;
    all_accepted(&bridge.emulator);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_huge_texts_arrive_whole() {
    let bridge = TestBridge::start(setup()).await;
    let emoji = "👩‍💻".repeat(2_000);
    let words: Vec<String> = (0..30_000)
        .map(|number| format!("word{number:05}"))
        .collect();
    let words = words.join(" ");
    let title = "t".repeat(20_000);
    post(
        &bridge,
        &json!({ "type": "info_notification", "title": "emoji", "description": emoji }),
    )
    .await;
    post(
        &bridge,
        &json!({ "type": "info_notification", "title": "words", "description": words }),
    )
    .await;
    post(
        &bridge,
        &json!({ "type": "info_notification", "title": title, "source": words }),
    )
    .await;
    post(&bridge, &json!({ "type": "info_notification", "title": "no space", "data": { "error": "x".repeat(300_000) } })).await;
    let asked = json!({ "type": "approval_request", "title": emoji, "data": { "command": words } });
    post(&bridge, &asked).await;
    post(&bridge, &json!({ "type": "task_progress", "task_id": "t", "title": "long progress", "description": words })).await;
    bridge.idle().await;
    let all = readable(&bridge.emulator);
    let joined: String = all.chars().filter(|c| !c.is_whitespace()).collect();
    let count = |needle: &str| joined.matches(needle).count();
    assert!(count("👩‍💻") >= 4_000, "{}", count("👩‍💻"));
    assert!(count("word00000") >= 3 && count("word29999") >= 3 && count("word15000") >= 3);
    assert!(joined.contains(&"t".repeat(20_000)), "the title is cut");
    assert!(joined.contains(&"x".repeat(300_000)), "the error is cut");
    all_accepted(&bridge.emulator);
    assert_eq!(bridge.status().await["dead"], 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_what_is_no_event_is_refused_and_harms_nobody() {
    let bridge = TestBridge::start(setup()).await;
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let bodies: Vec<Vec<u8>> = vec![
        br#"{"type": "a", "title": "lone \ud800 surrogate"}"#.to_vec(),
        b"{\"type\": \"a\", \"title\": \"\xff\xfe\"}".to_vec(),
        br#"{"type": "a", "title": {"$ne": null}}"#.to_vec(),
        br#"{"type": "a", "title": "x", "event_id": "../../etc/passwd"}"#.to_vec(),
        format!(r#"{{"type": "a", "title": "x", "data": {{"deep": {deep}}}}}"#).into_bytes(),
        b"[1, 2, 3]".to_vec(),
        Vec::new(),
        vec![0; 1_000],
    ];
    for body in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let answer = bridge
            .socket
            .raw(reqwest::Method::POST, "/v1/events", body)
            .await
            .unwrap();
        assert_eq!(answer.status, 422, "{shown}: {answer:?}");
        assert!(answer.body["message"].is_string(), "{shown}: {answer:?}");
    }
    post(
        &bridge,
        &json!({ "type": "info_notification", "title": "an honest one" }),
    )
    .await;
    bridge.message_with(USER, "an honest one").await;
    bridge.finish().await;
}

/// Secrets, put together here so that none stands in the repository.
fn secrets() -> Vec<String> {
    let letters: String = "a1B2c3D4e5F6g7H8".chars().cycle().take(36).collect();
    vec![
        bot_token(8_123_456),
        ["AK", "IA", "IOSFODNN7EXAMPLE"].concat(),
        ["gh", "p_", &letters].concat(),
        ["github", "_pat_", &letters].concat(),
        ["sk-", "ant-", "api03-", &letters].concat(),
        ["xo", "xb-", &letters].concat(),
    ]
}

/// The bytes of everything that the bridge keeps.
fn kept(bridge: &TestBridge) -> Vec<(PathBuf, Vec<u8>)> {
    let folders = [
        bridge.root(),
        bridge.responses(),
        bridge.events(),
        bridge.events().join("rejected"),
    ];
    let entries = folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
        .flatten();
    let files = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_file());
    files
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn security_no_secret_gets_into_messages_files_database_or_log() {
    let bridge = TestBridge::start(setup().variable("CC_TELEGRAM_LOG", "debug")).await;
    let mut secrets = secrets();
    secrets.push(bridge.token().to_owned());
    for (number, secret) in secrets.iter().enumerate() {
        let hidden = format!("{}\u{200b}{}", &secret[..6], &secret[6..]);
        let event = json!({
            "type": "build_failed",
            "title": format!("event {number}: title {secret}"),
            "description": format!("see {secret}, or {hidden}\nhttps://api.example/bot{secret}/getMe"),
            "source": secret, "project": secret, "task_id": secret, "correlation_id": secret,
            "timestamp": secret, "parent_event_id": secret,
            "data": { "error": format!("curl -H 'Authorization: {secret}'"), "list": [secret], secret.as_str(): 1 },
        });
        post(&bridge, &event).await;
        let progress = json!({ "type": "task_progress", "title": format!("progress {number}"), "task_id": secret });
        post(&bridge, &progress).await;
        let asked = json!({
            "type": "approval_request",
            "title": format!("request {number}"),
            "data": { "command": format!("export KEY={secret}"), "options": [format!("Use {secret}"), "No"] },
        });
        post(&bridge, &asked).await;
        let request = bridge
            .message_with(USER, &format!("request {number}"))
            .await;
        let button = request.keyboard[0][0].text.clone();
        assert!(!button.contains(secret.as_str()), "{button}");
        bridge
            .emulator
            .press(USER, request.message_id, &button)
            .unwrap();
        bridge.drop_event(
            &format!("bad-{number}"),
            &json!({ "type": 7, "title": secret }),
        );
    }
    bridge.idle().await;
    bridge
        .status_when("every request is decided", |status| {
            status["pending_approvals"] == 0
        })
        .await;
    let all = readable(&bridge.emulator);
    assert!(all.contains("[redacted: "), "{all}");
    let calls = format!("{:?}", bridge.emulator.calls());
    let rejected = bridge.events().join("rejected");
    for secret in &secrets {
        assert!(
            !all.contains(secret.as_str()) && !calls.contains(secret.as_str()),
            "{secret:.4} was sent"
        );
        let files = kept(&bridge);
        assert!(
            files
                .iter()
                .any(|(path, _)| path.ends_with("cctelegram.db")),
            "{:?}",
            files.iter().map(|(path, _)| path).collect::<Vec<_>>()
        );
        // What was rejected is the producer's own file and is kept as it is; the reason beside it is ours.
        let ours = |path: &PathBuf| {
            !(path.starts_with(&rejected) && path.extension().is_some_and(|e| e == "json"))
        };
        let leaks = files
            .iter()
            .filter(|(path, _)| ours(path))
            .filter(|(_, bytes)| holds(bytes, secret));
        let leaks: Vec<&PathBuf> = leaks.map(|(path, _)| path).collect();
        assert!(leaks.is_empty(), "{secret:.4} stands in {leaks:?}");
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_secret_in_a_reply_is_not_sent_back() {
    let bridge = TestBridge::start(setup()).await;
    for secret in secrets() {
        let command = format!("/mode {secret}");
        let question = bridge.emulator.send_text(USER, &command);
        let reply = bridge
            .message(USER, "a reply", |m| {
                m.from_bot && m.reply_to == Some(question)
            })
            .await;
        assert!(!reply.text.unwrap().contains(&secret));
    }
    bridge.finish().await;
}

/// Updates that Telegram never sends, or not yet.
fn odd_updates() -> Vec<Value> {
    let chat = json!({ "id": USER, "type": "private" });
    let from = json!({ "id": USER, "is_bot": false, "first_name": "A" });
    let text = |more: Value| {
        let mut message =
            json!({ "message_id": 9_000, "date": 1, "chat": chat, "from": from, "text": "odd" });
        message
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({ "message": message })
    };
    let mut deep = json!({});
    for _ in 0..60 {
        deep = json!({ "reply_to_message": deep, "message_id": 1, "chat": { "id": 1 } });
    }
    vec![
        json!({}),
        json!({ "message": null }),
        json!({ "message": "text" }),
        json!({ "message": [] }),
        json!({ "message": {} }),
        json!({ "message": { "message_id": 1 } }),
        text(json!({ "from": null })),
        text(json!({ "from": { "id": "x" } })),
        text(json!({ "from": { "id": -1 } })),
        text(json!({ "from": { "id": 1e300 } })),
        text(json!({ "from": { "id": u64::MAX } })),
        text(json!({ "chat": { "id": i64::MIN, "type": "private" } })),
        text(json!({ "chat": { "id": USER, "type": "starship" } })),
        text(json!({ "message_id": u64::MAX })),
        text(json!({ "message_id": -1, "date": -1 })),
        text(json!({ "text": 7 })),
        text(json!({ "text": ["a"] })),
        text(json!({ "text": null, "photo": [] })),
        text(json!({ "reply_to_message": { "message_id": i64::MAX } })),
        text(json!({ "text": "/\u{0}\u{202e}start \u{fffd}" })),
        text(json!({ "text": "/mute 99999999999999999999d" })),
        text(json!({ "text": "/mute 18446744073709551615s" })),
        text(json!({ "text": "x".repeat(100_000) })),
        json!({ "message": deep }),
        json!({ "callback_query": {} }),
        json!({ "callback_query": { "id": "1", "from": from } }),
        json!({ "callback_query": { "id": "1", "from": from, "data": 7, "message": "x" } }),
        json!({ "callback_query": { "id": "1", "from": { "id": 5 }, "data": "\u{0}" } }),
        json!({ "callback_query": { "id": 7, "from": null, "inline_message_id": "x", "game_short_name": "y" } }),
        json!({ "my_chat_member": {} }),
        json!({ "my_chat_member": { "chat": chat, "from": from, "old_chat_member": 1, "new_chat_member": { "status": "god" } } }),
        json!({ "edited_message": { "chat": chat } }),
        json!({ "telepathy": { "from": from } }),
        json!({ "\u{202e}\u{0}": [[[]]] }),
        json!({ "message": 1, "callback_query": 2, "poll": 3 }),
        json!("not an object"),
        json!(null),
        json!([1, 2]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn security_no_odd_update_stops_the_poll() {
    let bridge = TestBridge::start(setup()).await;
    for update in odd_updates() {
        bridge.emulator.push_update(update.clone());
        let question = bridge.emulator.send_text(USER, "/whoami");
        let what = format!("the reply after {:.200}", update.to_string());
        let replied = |message: &Message| message.from_bot && message.reply_to == Some(question);
        bridge.message(USER, &what, replied).await;
    }
    assert_eq!(bridge.status().await["healthy"], true);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_many_odd_updates_at_once_hide_no_honest_one() {
    let bridge = TestBridge::start(setup()).await;
    for round in 0..5 {
        for update in odd_updates() {
            bridge.emulator.push_update(update);
        }
        bridge.emulator.send_text(USER, &format!("honest {round}"));
    }
    let noted = |message: &Message| {
        message.from_bot
            && message
                .text
                .as_deref()
                .is_some_and(|text| text.starts_with("Noted"))
    };
    let question = bridge.emulator.send_text(USER, "/whoami");
    let replied = |message: &Message| message.from_bot && message.reply_to == Some(question);
    bridge.message(USER, "the last reply", replied).await;
    let noted = received(&bridge.emulator)
        .iter()
        .filter(|message| noted(message))
        .count();
    assert!(noted >= 5, "{noted}");
    bridge.finish().await;
}
