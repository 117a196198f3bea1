//! What people do, as the bot sees it.

use std::time::Duration;

use cctelegram_emulator::CallbackAnswer;
use cctelegram_emulator::EmulatorError;
use serde_json::json;

use crate::support::ADA;
use crate::support::Bot;
use crate::support::SOON;

#[tokio::test]
async fn a_text_is_an_update() {
    let bot = Bot::start().await;
    let id = bot.phone.send_text(7, "/start abc");
    let reply = bot.phone.reply(7, id, "again");
    let updates = bot.updates(json!({})).await;
    let message = &updates[0]["message"];
    assert_eq!(message["message_id"], id);
    assert_eq!(message["text"], "/start abc");
    assert_eq!(
        message["entities"],
        json!([{"type": "bot_command", "offset": 0, "length": 6}])
    );
    assert_eq!(
        (&message["chat"]["id"], &message["from"]["id"]),
        (&json!(7), &json!(7))
    );
    assert_eq!(updates[1]["message"]["message_id"], reply);
    assert_eq!(updates[1]["message"]["reply_to_message"]["message_id"], id);
    assert_eq!(
        updates[1]["update_id"],
        updates[0]["update_id"].as_i64().unwrap() + 1
    );
}

#[tokio::test]
async fn a_press_is_answered_once() {
    let bot = Bot::start().await;
    let id = bot.ask().await;
    let press = bot.phone.press(ADA, id, "Go").unwrap();
    let query = bot.updates(json!({})).await[0]["callback_query"].clone();
    assert_eq!(query["id"], press);
    assert_eq!(query["data"], "go");
    assert_eq!(query["from"]["username"], "ada");
    assert_eq!(
        query["message"]["reply_markup"]["inline_keyboard"][0][0]["text"],
        "Go"
    );
    assert!(query["chat_instance"].is_string());

    assert_eq!(bot.phone.answer(&press), None);
    let answer = || json!({"callback_query_id": press, "text": "Done", "show_alert": true});
    assert_eq!(bot.ok("answerCallbackQuery", answer()).await, true);
    let said = CallbackAnswer {
        text: Some("Done".into()),
        show_alert: true,
    };
    assert_eq!(bot.phone.answer(&press), Some(said));
    let refused = bot.refused(400, "answerCallbackQuery", answer()).await;
    assert_eq!(
        refused,
        "Bad Request: query is too old and response timeout expired or query ID is invalid"
    );
}

#[tokio::test]
async fn presses_grow_old() {
    let bot = Bot::start().await;
    let id = bot.ask().await;
    let press = bot.phone.press(ADA, id, "Go").unwrap();
    bot.phone.send_text(ADA, "hello");
    bot.phone.advance(Duration::from_secs(149));
    assert_eq!(bot.phone.pending_updates(), 2);
    bot.phone.advance(Duration::from_secs(1));
    assert_eq!(bot.phone.pending_updates(), 1);
    let late = json!({"callback_query_id": press});
    let refused = bot.refused(400, "answerCallbackQuery", late).await;
    assert!(refused.contains("query is too old"), "{refused}");
    bot.phone.advance(Duration::from_hours(24));
    assert!(bot.updates(json!({})).await.is_empty());
    let long = json!({"callback_query_id": press, "text": "x".repeat(201)});
    let refused = bot.refused(400, "answerCallbackQuery", long).await;
    assert_eq!(refused, "Bad Request: MESSAGE_TOO_LONG");
}

#[tokio::test]
async fn presses_that_cannot_be() {
    let bot = Bot::start().await;
    let id = bot.ask().await;
    assert_eq!(
        bot.phone.press(9, id, "Go"),
        Err(EmulatorError::UnknownUser(9))
    );
    let missing = EmulatorError::NoSuchMessage {
        user_id: ADA,
        message_id: 99,
    };
    assert_eq!(bot.phone.press(ADA, 99, "Go"), Err(missing));
    let refused = bot.phone.press(ADA, id, "Stop").unwrap_err();
    assert!(matches!(refused, EmulatorError::NoSuchButton { labels, .. } if labels == ["Go"]));
    assert_eq!(bot.phone.pending_updates(), 0);
}

#[tokio::test]
async fn forged_presses_carry_anything() {
    let bot = Bot::start().await;
    let id = bot.ask().await;
    bot.phone.press_forged(666, ADA, id, "forged");
    bot.phone.press_forged(666, 666, 12_345, "gone");
    let updates = bot.updates(json!({})).await;
    let first = &updates[0]["callback_query"];
    assert_eq!(
        (&first["from"]["id"], &first["data"]),
        (&json!(666), &json!("forged"))
    );
    assert_eq!(first["message"]["chat"]["id"], ADA);
    assert_eq!(updates[1]["callback_query"]["message"]["date"], 0);
}

#[tokio::test]
async fn blocking_is_an_update() {
    let bot = Bot::start().await;
    bot.phone.block(ADA);
    bot.phone.block(ADA);
    bot.phone.unblock(ADA);
    let updates = bot.updates(json!({})).await;
    let status: Vec<_> = updates
        .iter()
        .map(|it| &it["my_chat_member"]["new_chat_member"]["status"])
        .collect();
    assert_eq!(status, ["kicked", "member"]);
}

#[tokio::test]
async fn waiting_ends_at_the_change_or_the_timeout() {
    let bot = Bot::start().await;
    let phone = bot.phone.clone();
    let last_text = |phone: &cctelegram_emulator::Emulator| phone.messages(ADA).pop()?.text;
    let waiting = phone.wait_until(last_text, SOON);
    let (text, _) = tokio::join!(waiting, bot.say("now"));
    assert_eq!(text.as_deref(), Some("now"));
    let never = phone
        .wait_until(|_| None::<()>, Duration::from_millis(20))
        .await;
    assert_eq!(never, None);
}
