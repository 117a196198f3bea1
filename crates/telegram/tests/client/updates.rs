//! Updates as Telegram sends them, and as nobody should.

use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_core::id::UserId;
use cctelegram_telegram::update::GroupChat;
use cctelegram_telegram::update::IncomingMessage;
use cctelegram_telegram::update::IncomingPress;
use cctelegram_telegram::update::Migration;
use cctelegram_telegram::update::Sender;
use cctelegram_telegram::update::StandingChange;
use cctelegram_telegram::update::Update;
use cctelegram_telegram::update::decode;
use proptest::prelude::*;
use serde_json::Value;
use serde_json::json;

fn ada() -> Sender {
    Sender {
        id: UserId(7),
        is_bot: false,
        username: Some("ada".to_owned()),
        first_name: "Ada".to_owned(),
    }
}

fn ada_json() -> Value {
    json!({ "id": 7, "is_bot": false, "first_name": "Ada", "username": "ada", "language_code": "en" })
}

fn private_message(extra: Value) -> Value {
    let mut message = json!({
        "message_id": 12,
        "from": ada_json(),
        "chat": { "id": 7, "first_name": "Ada", "username": "ada", "type": "private" },
        "date": 1_763_733_727,
        "text": "/start abc",
        "entities": [{ "offset": 0, "length": 6, "type": "bot_command" }],
    });
    for (name, value) in extra.as_object().unwrap() {
        message[name] = value.clone();
    }
    message
}

fn read_message(kind: &str, message: Value) -> IncomingMessage {
    let update = json!({ "update_id": 1, kind: message }).to_string();
    let Update::Message(message) = decode(&update) else {
        panic!("{update}")
    };
    message
}

fn plain() -> IncomingMessage {
    IncomingMessage {
        chat: ChatId(7),
        chat_is_private: true,
        group: None,
        message: MessageId(12),
        from: Some(ada()),
        reply_to: None,
        text: Some("/start abc".to_owned()),
        forwarded: false,
        via_bot: false,
        edited: false,
        has_sender_chat: false,
        date: 1_763_733_727,
    }
}

/// What a case changes about the plain message, as sent and as read.
type Case = (Value, fn(&mut IncomingMessage));

fn check_messages(cases: &[Case]) {
    for (extra, change) in cases {
        let mut expected = plain();
        change(&mut expected);
        assert_eq!(
            read_message("message", private_message(extra.clone())),
            expected,
            "{extra}"
        );
    }
}

#[test]
fn messages_are_read() {
    let edited = IncomingMessage {
        edited: true,
        ..plain()
    };
    assert_eq!(
        read_message("edited_message", private_message(json!({}))),
        edited
    );
    let reply = json!({ "reply_to_message": { "message_id": 3, "date": 0 } });
    let group = json!({ "chat": { "id": -1_001_234_567_890_i64, "type": "supergroup" } });
    check_messages(&[
        (json!({}), |_| {}),
        (json!({ "message_id": 12.0 }), |_| {}),
        (json!({ "from": null }), |m| m.from = None),
        (json!({ "from": { "id": 1.5 } }), |m| m.from = None),
        (json!({ "text": null, "caption": "a picture" }), |m| {
            m.text = None;
        }),
        (json!({ "text": 5 }), |m| m.text = None),
        (json!({ "date": 1e300 }), |m| m.date = 0),
        (reply, |m| m.reply_to = Some(MessageId(3))),
        (group, |m| {
            (m.chat, m.chat_is_private) = (ChatId(-1_001_234_567_890), false);
            m.group = Some(GroupChat {
                title: String::new(),
                is_forum: false,
            });
        }),
    ]);
}

#[test]
fn security_words_that_are_not_the_senders_own_are_marked() {
    let channel = json!({ "sender_chat": { "id": -100, "type": "channel" } });
    let hidden = json!({ "forward_origin": { "type": "hidden_user", "sender_user_name": "x" } });
    check_messages(&[
        (hidden, |m| m.forwarded = true),
        (json!({ "forward_date": 1 }), |m| m.forwarded = true),
        (json!({ "forward_sender_name": "x" }), |m| {
            m.forwarded = true;
        }),
        (json!({ "via_bot": ada_json() }), |m| m.via_bot = true),
        (channel, |m| m.has_sender_chat = true),
    ]);
}

#[test]
fn groups_and_their_moves_are_read() {
    let chat = json!({ "id": -5, "type": "group", "title": "Team", "is_forum": true });
    let message = read_message("message", private_message(json!({ "chat": chat })));
    let group = GroupChat {
        title: "Team".to_owned(),
        is_forum: true,
    };
    assert_eq!(message.group, Some(group));
    let moved = Update::Migration(Migration {
        from: ChatId(-5),
        to: ChatId(-1_005),
    });
    for (here, name, other) in [
        (-5, "migrate_to_chat_id", -1_005),
        (-1_005, "migrate_from_chat_id", -5),
    ] {
        let service = json!({ "message_id": 1, "date": 1, "chat": { "id": here, "type": "group" }, name: other });
        let update = json!({ "update_id": 1, "message": service });
        assert_eq!(decode(&update.to_string()), moved);
        let edit = json!({ "update_id": 1, "edited_message": service });
        assert!(matches!(decode(&edit.to_string()), Update::Message(_)));
    }
}

#[test]
fn presses_are_read() {
    let whole = IncomingPress {
        callback_id: "4382bfdwdsb323b2d9".to_owned(),
        from: ada(),
        chat: Some(ChatId(7)),
        message: Some(MessageId(12)),
        data: Some("a:x".to_owned()),
    };
    let nowhere = IncomingPress {
        chat: None,
        message: None,
        ..whole.clone()
    };
    let inaccessible =
        json!({ "chat": { "id": 7, "type": "private" }, "message_id": 12, "date": 0 });
    for (message, data, expected) in [
        (private_message(json!({})), json!("a:x"), whole.clone()),
        (inaccessible, json!("a:x"), whole.clone()),
        (Value::Null, json!("a:x"), nowhere),
        (
            private_message(json!({})),
            json!(7),
            IncomingPress {
                data: None,
                ..whole
            },
        ),
    ] {
        let update = json!({
            "update_id": 2,
            "callback_query": {
                "id": "4382bfdwdsb323b2d9",
                "from": ada_json(),
                "message": message,
                "chat_instance": "-1",
                "data": data,
            },
        });
        assert_eq!(
            decode(&update.to_string()),
            Update::Press(expected),
            "{update}"
        );
    }
}

#[test]
fn a_change_of_standing_is_read() {
    for (old, new, change) in [
        (json!("member"), json!("kicked"), StandingChange::Blocked),
        (json!("kicked"), json!("member"), StandingChange::Returned),
        (
            json!("left"),
            json!("administrator"),
            StandingChange::Returned,
        ),
        (
            json!("administrator"),
            json!("left"),
            StandingChange::Blocked,
        ),
        (
            json!("member"),
            json!("administrator"),
            StandingChange::MaySend,
        ),
        (json!("member"), json!("ascended"), StandingChange::Other),
        (Value::Null, json!("kicked"), StandingChange::Blocked),
        (Value::Null, Value::Null, StandingChange::Other),
    ] {
        let update = json!({
            "update_id": 3,
            "my_chat_member": {
                "chat": { "id": 7, "type": "private" },
                "from": ada_json(),
                "date": 1_763_733_727,
                "old_chat_member": { "status": old },
                "new_chat_member": { "status": new, "until_date": 0 },
            },
        });
        let Update::Membership(found) = decode(&update.to_string()) else {
            panic!("{update}")
        };
        assert_eq!((found.chat, found.change), (ChatId(7), change), "{update}");
        assert_eq!((found.chat_is_private, found.from), (true, Some(ada())));
    }
}

#[test]
fn a_right_to_send_that_is_taken_or_given_back_is_read() {
    let member = json!({ "status": "member" });
    let restricted =
        |may: bool| json!({ "status": "restricted", "is_member": true, "can_send_messages": may });
    for (old, new, change) in [
        (&member, restricted(false), StandingChange::Other),
        (
            &restricted(false),
            restricted(true),
            StandingChange::MaySend,
        ),
        (&restricted(false), member.clone(), StandingChange::MaySend),
    ] {
        let update = json!({ "update_id": 3, "my_chat_member": {
            "chat": { "id": -7, "type": "supergroup", "title": "Team" },
            "from": ada_json(),
            "date": 1_763_733_727,
            "old_chat_member": old,
            "new_chat_member": new,
        }});
        let Update::Membership(found) = decode(&update.to_string()) else {
            panic!("{update}")
        };
        assert_eq!(found.change, change, "{update}");
    }
}

#[test]
fn everything_else_is_other() {
    for (body, what) in [
        ("", "not a JSON object"),
        ("{", "not a JSON object"),
        ("[1]", "not a JSON object"),
        ("null", "not a JSON object"),
        (r#"{"update_id":1}"#, "an update without content"),
        (
            r#"{"update_id":1,"channel_post":{"message_id":1}}"#,
            "channel_post",
        ),
        (
            r#"{"update_id":1,"stopped_message_generation":{}}"#,
            "stopped_message_generation",
        ),
        (r#"{"update_id":1,"\u001b[31m":{}}"#, "31m"),
        (r#"{"update_id":1,"":{}}"#, "an update of unknown kind"),
        (r#"{"update_id":1,"message":null}"#, "an incomplete message"),
        (
            r#"{"update_id":1,"message":{"message_id":1}}"#,
            "an incomplete message",
        ),
        (
            r#"{"update_id":1,"message":{"chat":{"id":"7"},"message_id":1}}"#,
            "an incomplete message",
        ),
        (
            r#"{"update_id":1,"message":{"chat":{"id":99999999999999999999},"message_id":1}}"#,
            "an incomplete message",
        ),
        (
            r#"{"update_id":1,"callback_query":{"id":"x"}}"#,
            "an incomplete callback_query",
        ),
        (
            r#"{"update_id":1,"my_chat_member":[]}"#,
            "an incomplete my_chat_member",
        ),
    ] {
        assert_eq!(
            decode(body),
            Update::Other {
                what: what.to_owned()
            },
            "{body}"
        );
    }
    let deep = format!(
        r#"{{"message":{}1{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    assert!(matches!(decode(&deep), Update::Other { .. }));
}

#[test]
fn a_field_that_telegram_adds_hides_nothing() {
    let update =
        json!({ "update_id": 1, "a_new_field": {}, "message": private_message(json!({})) });
    assert_eq!(decode(&update.to_string()), Update::Message(plain()));
}

proptest! {
    #[test]
    fn security_no_text_makes_decoding_fail(body in any::<String>()) {
        drop(decode(&body));
    }

    /// A good update with any one byte replaced.
    #[test]
    fn security_no_damage_makes_decoding_fail(at in 0..400_usize, byte in 32..127_u8) {
        let update = json!({ "update_id": 1, "message": private_message(json!({})) });
        let mut bytes = update.to_string().into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        drop(decode(&String::from_utf8_lossy(&bytes)));
    }

    /// Whatever else a message has or lacks, a mark that takes authority from it is seen.
    #[test]
    fn security_no_change_of_a_message_hides_a_mark(
        mark in prop::sample::select(MARKS.to_vec()),
        value in prop_oneof![Just(json!(true)), Just(json!(1)), Just(json!({})), Just(json!("x")), Just(json!([]))],
        kind in prop::sample::select(vec!["message", "edited_message"]),
        others in prop::collection::hash_map("[a-z_]{1,12}|from|text|date|reply_to_message", any_json(), 0..5),
    ) {
        let mut message = private_message(json!({}));
        for (name, other) in others {
            if !["chat", "message_id"].contains(&name.as_str()) && MARKS.iter().all(|(mark, _)| *mark != name) {
                message[name] = other;
            }
        }
        let (name, is_marked) = mark;
        message[name] = value;
        let message = read_message(kind, message);
        prop_assert!(is_marked(&message), "{name}");
        prop_assert_eq!(message.edited, kind == "edited_message");
        prop_assert_eq!(message.chat, ChatId(7));
    }

    /// A bot stays a bot, and a group does not become a private chat.
    #[test]
    fn security_no_odd_value_makes_a_person_of_a_bot_or_a_private_chat_of_a_group(
        is_bot in any_json(),
        kind in any_json(),
    ) {
        let mut message = private_message(json!({}));
        message["from"]["is_bot"] = is_bot.clone();
        message["chat"]["type"] = kind.clone();
        let message = read_message("message", message);
        let person = is_bot.is_null() || is_bot == false;
        prop_assert_eq!(message.from.map(|from| from.is_bot), Some(!person));
        prop_assert_eq!(message.chat_is_private, kind == "private");
    }
}

/// A mark and where it is read.
type Mark = (&'static str, fn(&IncomingMessage) -> bool);

const MARKS: [Mark; 8] = [
    ("forward_origin", |message| message.forwarded),
    ("forward_date", |message| message.forwarded),
    ("forward_from", |message| message.forwarded),
    ("forward_from_chat", |message| message.forwarded),
    ("forward_sender_name", |message| message.forwarded),
    ("is_automatic_forward", |message| message.forwarded),
    ("via_bot", |message| message.via_bot),
    ("sender_chat", |message| message.has_sender_chat),
];

fn any_json() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop_oneof![Just("private".to_owned()), any::<String>()].prop_map(Value::from),
        Just(json!([1, { "id": 7 }])),
        Just(json!({ "id": 7, "type": "private" })),
    ]
}
