//! `sendMessage`: texts, entities, keyboards, replies, chats, limits.

use std::time::Duration;

use cctelegram_emulator::User;
use serde_json::Value;
use serde_json::json;

use crate::support::ADA;
use crate::support::Bot;

fn to_ada(extra: &Value) -> Value {
    let mut params = json!({"chat_id": ADA, "text": "hello"});
    for (name, value) in extra.as_object().unwrap() {
        params[name] = value.clone();
    }
    params
}

#[tokio::test]
async fn a_message_arrives_as_it_was_sent() {
    let bot = Bot::start().await;
    let params = to_ada(&json!({
        "text": "  run ls",
        "entities": [{"type": "pre", "offset": 6, "length": 2, "language": "sh"}],
        "disable_notification": true,
        "protect_content": true,
        "link_preview_options": {"is_disabled": true},
        "reply_markup": {"inline_keyboard": [[
            {"text": "Yes", "callback_data": "y", "style": "success"},
            {"text": "Docs", "url": "https://example.org"},
        ]]},
    }));
    let sent = bot.ok("sendMessage", params).await;
    assert_eq!(sent["text"], "run ls");
    assert_eq!(sent["entities"][0]["offset"], 4);
    assert_eq!(sent["chat"]["type"], "private");
    assert_eq!(sent["from"]["is_bot"], true);
    assert_eq!(
        sent["reply_markup"]["inline_keyboard"][0][0]["callback_data"],
        "y"
    );

    let message = bot.phone.messages(ADA).pop().unwrap();
    assert!(message.from_bot && message.silent && message.protected && message.preview_disabled);
    assert_eq!(message.message_id, sent["message_id"]);
    assert_eq!(message.entities[0]["language"], "sh");
    assert_eq!(
        message.keyboard[0][1].url.as_deref(),
        Some("https://example.org")
    );
    assert_eq!(
        (message.edits, message.edit_date, message.deleted),
        (0, None, false)
    );
}

#[tokio::test]
async fn refusals_in_telegrams_words() {
    let bot = Bot::start().await;
    let keyboard = |button: Value| json!({"reply_markup": {"inline_keyboard": [[button]]}});
    for (extra, description) in [
        (json!({"text": " \n"}), "message text is empty"),
        (json!({"text": "x".repeat(4097)}), "message is too long"),
        (json!({"text": "x".repeat(32_769)}), "text is too long"),
        (json!({"chat_id": 999}), "chat not found"),
        (json!({"chat_id": "@nobody"}), "chat not found"),
        (
            json!({"reply_parameters": {"message_id": 77}}),
            "message to be replied not found",
        ),
        (
            keyboard(json!({"text": "a", "callback_data": "x".repeat(65)})),
            "BUTTON_DATA_INVALID",
        ),
        (
            keyboard(json!({"text": "a"})),
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            json!({"entities": [{"type": "bold", "offset": 4, "length": 2}]}),
            "can't parse entities: entity beginning at UTF-16 offset 4 ends after the end of the \
             text at UTF-16 offset 5",
        ),
    ] {
        let refused = bot.refused(400, "sendMessage", to_ada(&extra)).await;
        assert_eq!(refused, format!("Bad Request: {description}"));
    }
    assert!(bot.phone.messages(ADA).is_empty());
}

#[tokio::test]
async fn replies() {
    let bot = Bot::start().await;
    let first = bot.phone.send_text(ADA, "question");
    let reply = to_ada(&json!({"reply_parameters": {"message_id": first}}));
    let sent = bot.ok("sendMessage", reply).await;
    assert_eq!(sent["reply_to_message"]["text"], "question");
    let gone = json!({"message_id": 777, "allow_sending_without_reply": true});
    let sent = bot
        .ok("sendMessage", to_ada(&json!({"reply_parameters": gone})))
        .await;
    assert!(sent.get("reply_to_message").is_none());
    let replies: Vec<_> = bot
        .phone
        .messages(ADA)
        .iter()
        .map(|it| it.reply_to)
        .collect();
    assert_eq!(replies, [None, Some(first), None]);
}

#[tokio::test]
async fn a_bot_cannot_write_first_or_when_blocked() {
    let bot = Bot::start().await;
    bot.phone.add_user(User {
        id: 7,
        first_name: "Bob".into(),
        username: None,
    });
    let to_bob = || json!({"chat_id": 7, "text": "hi"});
    let refused = bot.refused(403, "sendMessage", to_bob()).await;
    assert_eq!(
        refused,
        "Forbidden: bot can't initiate conversation with a user"
    );
    bot.phone.send_text(7, "/start");
    bot.ok("sendMessage", to_bob()).await;
    bot.phone.block(7);
    let refused = bot.refused(403, "sendMessage", to_bob()).await;
    assert_eq!(refused, "Forbidden: bot was blocked by the user");
    bot.phone.unblock(7);
    bot.ok("sendMessage", to_bob()).await;
}

/// Calls until the limits refuse; the machine may be slow, but not one call a second.
async fn until_refused(bot: &Bot, method: &str, params: Value) -> reqwest::Response {
    for _ in 0..100 {
        let response = bot.post(method, params.clone()).await.unwrap();
        if response.status() == 429 {
            return response;
        }
    }
    unreachable!("a hundred calls were not too many")
}

#[tokio::test]
async fn too_many_at_once_are_refused() {
    let bot = Bot::start_with(true).await;
    let response = until_refused(&bot, "sendMessage", to_ada(&json!({}))).await;
    assert_eq!(response.headers()["retry-after"], "1");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["description"], "Too Many Requests: retry after 1");
    assert_eq!(body["parameters"]["retry_after"], 1);
    assert_eq!(bot.phone.refused_429(), 1);
    assert!(bot.phone.messages(ADA).len() >= 3);

    let edit = json!({"chat_id": ADA, "message_id": 1});
    until_refused(&bot, "editMessageReplyMarkup", edit).await;
    bot.ok(
        "sendChatAction",
        json!({"chat_id": ADA, "action": "typing"}),
    )
    .await;
    bot.phone.advance(Duration::from_secs(1));
    bot.say("x").await;
    bot.phone.set_limits(false);
    for _ in 0..10 {
        bot.say("x").await;
    }
}

#[tokio::test]
async fn a_group_has_its_own_limit() {
    let bot = Bot::start_with(true).await;
    bot.phone.open_group(-100, "Team");
    let to_group = || json!({"chat_id": -100, "text": "x"});
    for _ in 0..20 {
        bot.ok("sendMessage", to_group()).await;
        bot.phone.advance(Duration::from_secs(1));
    }
    let refused = bot.refused(429, "sendMessage", to_group()).await;
    assert!(
        refused.starts_with("Too Many Requests: retry after "),
        "{refused}"
    );
}

#[tokio::test]
async fn chats_actions_and_reactions() {
    let bot = Bot::start().await;
    let chat = bot.ok("getChat", json!({"chat_id": ADA})).await;
    assert_eq!(
        (&chat["type"], &chat["first_name"]),
        (&json!("private"), &json!("Ada"))
    );
    let wrong = json!({"chat_id": ADA, "action": "dancing"});
    let refused = bot.refused(400, "sendChatAction", wrong).await;
    assert_eq!(refused, "Bad Request: wrong parameter action in request");

    let id = bot.phone.send_text(ADA, "hello");
    let react = |emoji: &str| {
        let reaction = json!([{"type": "emoji", "emoji": emoji}]);
        json!({"chat_id": ADA, "message_id": id, "reaction": reaction})
    };
    bot.ok("setMessageReaction", react("👀")).await;
    assert_eq!(bot.phone.messages(ADA)[0].reaction.as_deref(), Some("👀"));
    let refused = bot.refused(400, "setMessageReaction", react("🧨")).await;
    assert_eq!(refused, "Bad Request: REACTION_INVALID");
}
