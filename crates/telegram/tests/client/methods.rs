//! What is asked of the Bot API, and how its results are read.

use cctelegram_core::delivery::Outcome;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_core::id::ThreadId;
use cctelegram_core::message::Action;
use cctelegram_core::message::Body;
use cctelegram_core::message::Button;
use cctelegram_core::message::Document;
use cctelegram_core::message::Draft;
use cctelegram_core::message::Keyboard;
use cctelegram_core::message::Outgoing;
use cctelegram_telegram::CallError;
use cctelegram_telegram::CallbackStyle;
use cctelegram_telegram::SendOptions;
use cctelegram_telegram::TopicRefused;
use serde_json::json;

use crate::server::Server;
use crate::server::error;
use crate::server::ok;
use crate::server::plain;

const CHAT: ChatId = ChatId(-42);
const LOUD_REPLY: SendOptions = SendOptions {
    silent: false,
    reply_to: Some(MessageId(9)),
    thread: None,
};
const SILENT: SendOptions = SendOptions {
    silent: true,
    reply_to: None,
    thread: None,
};

fn body() -> Body {
    Draft::new()
        .plain("👍 ")
        .bold("b")
        .pre(Some("sh"), "ls")
        .quote("q")
        .finish()
}

fn keyboard() -> Keyboard {
    Keyboard(vec![vec![Button::new(
        "Yes",
        Action::Callback("y".to_owned()),
    )]])
}

#[tokio::test]
async fn a_message_goes_out_with_entities_and_without_previews() {
    let server = Server::answering(vec![ok(r#"{"message_id":1}"#)]);
    let message = Outgoing::Text {
        body: body(),
        keyboard: Some(keyboard()),
    };
    server.client().send(CHAT, &message, LOUD_REPLY).await;
    let expected = json!({
        "chat_id": -42,
        "text": "👍 blsq",
        "entities": [
            { "type": "bold", "offset": 3, "length": 1 },
            { "type": "pre", "offset": 4, "length": 2, "language": "sh" },
            { "type": "expandable_blockquote", "offset": 6, "length": 1 },
        ],
        "link_preview_options": { "is_disabled": true },
        "reply_markup": { "inline_keyboard": [[{ "text": "Yes", "callback_data": "y" }]] },
        "reply_parameters": { "message_id": 9, "allow_sending_without_reply": true },
    });
    assert_eq!(server.last_json(), expected);
}

#[tokio::test]
async fn a_silent_message_says_so_and_an_edit_may_take_the_buttons() {
    let server = Server::answering(vec![ok(r#"{"message_id":1}"#), ok("true")]);
    let client = server.client();
    let plain = Draft::new().plain("x").finish();
    let message = Outgoing::Text {
        body: plain.clone(),
        keyboard: None,
    };
    client.send(CHAT, &message, SILENT).await;
    assert_eq!(server.last_json()["disable_notification"], true);
    let edited = client.edit(CHAT, MessageId(5), &plain, None).await;
    assert_eq!(edited, Outcome::Sent(MessageId(5)));
    let expected = json!({
        "chat_id": -42,
        "message_id": 5,
        "text": "x",
        "link_preview_options": { "is_disabled": true },
    });
    assert_eq!(server.last_json(), expected);
}

#[tokio::test]
async fn a_topic_is_made_and_written_to() {
    let server = Server::answering(vec![
        ok(r#"{"message_thread_id":77,"name":"x","icon_color":1}"#),
        ok(r#"{"message_id":1}"#),
        error(400, "Bad Request: the chat is not a forum"),
        error(429, "Too Many Requests: retry after 5"),
        error(403, "Forbidden: bot was kicked from the supergroup chat"),
    ]);
    let client = server.client();
    let name = Draft::new()
        .plain(&format!(" {}", "👍".repeat(99)))
        .finish();
    assert_eq!(client.create_topic(CHAT, &name).await, Ok(ThreadId(77)));
    let expected = json!({ "chat_id": -42, "name": "👍".repeat(64) });
    assert_eq!(
        server.last_json(),
        expected,
        "128 code units, cut between characters"
    );
    let message = Outgoing::Text {
        body: Draft::new().plain("x").finish(),
        keyboard: None,
    };
    let options = SendOptions {
        thread: Some(ThreadId(77)),
        ..SendOptions::default()
    };
    client.send(CHAT, &message, options).await;
    assert_eq!(server.last_json()["message_thread_id"], 77);
    let refused = client.create_topic(CHAT, &name).await;
    assert!(
        matches!(refused, Err(TopicRefused::Never(_))),
        "{refused:?}"
    );
    let limited = client.create_topic(CHAT, &name).await;
    assert!(
        matches!(limited, Err(TopicRefused::Limited { .. })),
        "{limited:?}"
    );
    let kicked = client.create_topic(CHAT, &name).await;
    assert!(matches!(kicked, Err(TopicRefused::Chat(_))), "{kicked:?}");
}

#[tokio::test]
async fn a_document_goes_out_as_a_form() {
    let server = Server::answering(vec![ok(r#"{"message_id":1}"#)]);
    let document = Document::new("full text.txt", "line 1\nline 2\n");
    let message = Outgoing::Document {
        document,
        caption: body(),
    };
    let outcome = server.client().send(CHAT, &message, SILENT).await;
    assert_eq!(outcome, Outcome::Sent(MessageId(1)));
    let request = &server.requests()[0];
    for part in [
        "name=\"chat_id\"\r\n\r\n-42",
        "name=\"document\"; filename=\"full_text.txt\"",
        "line 1\nline 2\n",
        "name=\"caption\"\r\n\r\n👍 blsq",
        "name=\"caption_entities\"\r\n\r\n[{\"",
        "name=\"disable_notification\"\r\n\r\ntrue",
    ] {
        assert!(request.contains(part), "{part} is not in {request}");
    }
}

#[tokio::test]
async fn updates_come_raw_and_none_stops_the_others() {
    let list = r#"[{"update_id":7,"message":{"text":"\ud800"}},{"update_id":8.0,"new_thing":1},
        {"message":{}},{"update_id":"9"},5,{"update_id":10}]"#;
    let server = Server::answering(vec![ok(list), ok("[]"), ok("{}")]);
    let client = server.client();
    let updates = client.get_updates(Some(7), 25).await.unwrap();
    let ids: Vec<i64> = updates.iter().map(|update| update.id).collect();
    assert_eq!(ids, [7, 8, 10]);
    assert_eq!(updates[1].body, r#"{"update_id":8.0,"new_thing":1}"#);
    let expected = json!({
        "offset": 7,
        "limit": 100,
        "timeout": 25,
        "allowed_updates": ["message", "edited_message", "callback_query", "my_chat_member"],
    });
    assert_eq!(server.last_json(), expected);
    assert_eq!(client.get_updates(None, 0).await, Ok(Vec::new()));
    assert!(server.last_json().get("offset").is_none());
    assert!(matches!(
        client.get_updates(None, 0).await,
        Err(CallError::Unreachable(_))
    ));
}

#[tokio::test]
async fn a_second_poller_and_a_revoked_token_are_told_apart() {
    let conflict = "Conflict: terminated by other getUpdates request";
    let server = Server::answering(vec![error(409, conflict), error(401, "Unauthorized")]);
    let client = server.client();
    let found = client.get_updates(None, 0).await;
    assert_eq!(found, Err(CallError::Conflict(conflict.to_owned())));
    let found = client.get_updates(None, 0).await;
    assert_eq!(
        found,
        Err(CallError::Unauthorized("Unauthorized".to_owned()))
    );
}

#[tokio::test]
async fn the_bot_is_read_as_far_as_it_is_described() {
    let full = r#"{"id":123456789,"is_bot":true,"first_name":"B","username":"b_bot","can_join_groups":false}"#;
    let server = Server::answering(vec![ok(full), ok(r#"{"id":1}"#), ok("{}")]);
    let client = server.client();
    assert_eq!(client.bot_id(), 123_456_789);
    let bot = client.get_me().await.unwrap();
    assert_eq!(
        (bot.id, bot.username.as_deref()),
        (client.bot_id(), Some("b_bot"))
    );
    assert_eq!(
        (bot.can_join_groups, bot.supports_inline_queries),
        (Some(false), None)
    );
    assert_eq!(client.get_me().await.unwrap().username, None);
    assert!(client.get_me().await.is_err());
}

#[tokio::test]
async fn a_late_answer_to_a_press_is_no_error() {
    let late = "Bad Request: query is too old and response timeout expired or query ID is invalid";
    let server = Server::answering(vec![
        ok("true"),
        error(400, late),
        error(400, "Bad Request: other"),
    ]);
    let client = server.client();
    let text = "👍".repeat(150);
    assert_eq!(
        client
            .answer_callback("q", &plain(&text), CallbackStyle::Window)
            .await,
        Ok(())
    );
    let asked = server.last_json();
    assert_eq!(asked["text"], "👍".repeat(100));
    assert_eq!(
        (&asked["callback_query_id"], &asked["show_alert"]),
        (&json!("q"), &json!(true))
    );
    assert_eq!(
        client
            .answer_callback("q", &plain(""), CallbackStyle::Toast)
            .await,
        Ok(())
    );
    assert!(
        client
            .answer_callback("q", &plain(""), CallbackStyle::Toast)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn the_small_methods_work() {
    let set = r#"{"url":"https://x.example/hook"}"#;
    let answers = vec![
        ok("true"),
        ok("true"),
        ok(set),
        ok(r#"{"url":""}"#),
        ok("{}"),
    ];
    let server = Server::answering(answers);
    let client = server.client();
    assert_eq!(
        client.set_commands(&[("status", "How it goes")]).await,
        Ok(())
    );
    let expected = json!({ "commands": [{ "command": "status", "description": "How it goes" }] });
    assert_eq!(server.last_json(), expected);
    assert_eq!(client.delete_webhook().await, Ok(()));
    assert_eq!(
        client.webhook_url().await,
        Ok(Some("https://x.example/hook".to_owned()))
    );
    assert_eq!(client.webhook_url().await, Ok(None));
    assert_eq!(client.webhook_url().await, Ok(None));
}
