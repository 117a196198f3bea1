//! Edits and deletions.

use std::time::Duration;

use serde_json::json;

use crate::support::ADA;
use crate::support::Bot;

#[tokio::test]
async fn an_edit_replaces_text_and_keyboard() {
    let bot = Bot::start().await;
    let id = bot.ask().await;
    let edit = || json!({"chat_id": ADA, "message_id": id, "text": "done"});
    let edited = bot.ok("editMessageText", edit()).await;
    assert_eq!(edited["text"], "done");
    assert!(edited.get("reply_markup").is_none());
    let message = bot.phone.messages(ADA).pop().unwrap();
    assert!(message.keyboard.is_empty() && message.edit_date.is_some());
    assert_eq!(message.edits, 1);

    let refused = bot.refused(400, "editMessageText", edit()).await;
    assert_eq!(
        refused,
        "Bad Request: message is not modified: specified new message content and reply markup are \
         exactly the same as a current content and reply markup of the message"
    );
}

#[tokio::test]
async fn a_keyboard_is_edited_alone() {
    let bot = Bot::start().await;
    let id = bot.ask().await;
    let params = json!({"chat_id": ADA, "message_id": id});
    bot.ok("editMessageReplyMarkup", params.clone()).await;
    let message = bot.phone.messages(ADA).pop().unwrap();
    assert!(message.keyboard.is_empty() && message.edit_date.is_none());
    let refused = bot.refused(400, "editMessageReplyMarkup", params).await;
    assert!(
        refused.starts_with("Bad Request: message is not modified"),
        "{refused}"
    );
}

#[tokio::test]
async fn what_cannot_be_edited() {
    let bot = Bot::start().await;
    let theirs = bot.phone.send_text(ADA, "mine");
    let own = bot.say("x").await;
    for (method, id, description) in [
        ("editMessageText", 999, "message to edit not found"),
        ("editMessageText", theirs, "message can't be edited"),
        (
            "editMessageCaption",
            own,
            "there is no caption in the message to edit",
        ),
        ("deleteMessage", 999, "message to delete not found"),
    ] {
        let mut params = json!({"chat_id": ADA, "message_id": id});
        if method == "editMessageText" {
            params["text"] = json!("y");
        }
        let refused = bot.refused(400, method, params).await;
        assert_eq!(refused, format!("Bad Request: {description}"));
    }
}

#[tokio::test]
async fn deleted_is_gone_for_the_bot() {
    let bot = Bot::start().await;
    let id = bot.say("x").await;
    bot.ok("deleteMessage", json!({"chat_id": ADA, "message_id": id}))
        .await;
    assert!(bot.phone.messages(ADA)[0].deleted);
    let edit = json!({"chat_id": ADA, "message_id": id, "text": "y"});
    let refused = bot.refused(400, "editMessageText", edit).await;
    assert_eq!(refused, "Bad Request: message to edit not found");

    let old = bot.say("x").await;
    bot.phone.advance(Duration::from_hours(49));
    let delete = json!({"chat_id": ADA, "message_id": old});
    let refused = bot.refused(400, "deleteMessage", delete).await;
    assert_eq!(
        refused,
        "Bad Request: message can't be deleted for everyone"
    );
}
