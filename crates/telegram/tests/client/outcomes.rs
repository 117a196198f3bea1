//! What each answer of the Bot API means for a message.

use std::time::Duration;

use cctelegram_core::delivery::Outcome;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_core::message::Body;
use cctelegram_core::message::Document;
use cctelegram_core::message::Draft;
use cctelegram_core::message::Outgoing;
use cctelegram_telegram::SendOptions;

use crate::server::Server;
use crate::server::error;
use crate::server::http;
use crate::server::ok;
use crate::server::with_header;

const CHAT: ChatId = ChatId(7);

fn body() -> Body {
    Draft::new().plain("a ").bold("b").finish()
}

async fn sent(answers: Vec<String>) -> Outcome {
    sent_to(CHAT, answers).await
}

async fn sent_to(chat: ChatId, answers: Vec<String>) -> Outcome {
    let server = Server::answering(answers);
    let message = Outgoing::Text {
        body: body(),
        keyboard: None,
    };
    server
        .client()
        .send(chat, &message, SendOptions::default())
        .await
}

async fn edited(answers: Vec<String>) -> Outcome {
    edited_in(CHAT, answers).await
}

async fn edited_in(chat: ChatId, answers: Vec<String>) -> Outcome {
    let server = Server::answering(answers);
    server
        .client()
        .edit(chat, MessageId(3), &body(), None)
        .await
}

fn kind(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Sent(_) => "sent",
        Outcome::Retry { .. } => "retry",
        Outcome::Limited { .. } => "limited",
        Outcome::Unpaired { .. } => "unpaired",
        Outcome::NoRight { .. } => "no right",
        Outcome::NoThread { closed: true } => "closed",
        Outcome::NoThread { closed: false } => "no thread",
        Outcome::Migrated(_) => "migrated",
        Outcome::Gone => "gone",
        Outcome::Unauthorized { .. } => "unauthorized",
        Outcome::Refused { .. } => "refused",
    }
}

/// Code, description, and what they mean for a message to send and for one to edit.
const ERRORS: &str = "
    400 | Bad Request: message is not modified: …          | refused      | sent
    400 | Bad Request: message to edit not found           | refused      | gone
    400 | Bad Request: message can't be edited             | refused      | gone
    400 | Bad Request: MESSAGE_ID_INVALID                  | refused      | gone
    400 | Bad Request: message is too long                 | refused      | refused
    400 | Bad Request: text must be non-empty              | refused      | refused
    400 | Bad Request: BUTTON_DATA_INVALID                 | refused      | refused
    400 | Bad Request: chat not found                      | unpaired     | unpaired
    400 | Bad Request: TOPIC_CLOSED                        | closed       | refused
    400 | Bad Request: message thread not found            | no thread    | refused
    401 | Unauthorized                                     | unauthorized | unauthorized
    403 | Forbidden: bot was blocked by the user           | unpaired     | unpaired
    403 | Forbidden: user is deactivated                   | unpaired     | unpaired
    404 | Not Found                                        | unauthorized | unauthorized
    409 | Conflict: terminated by other getUpdates request | retry        | retry
    413 | Request Entity Too Large                         | refused      | refused
    418 | I'm a teapot                                     | refused      | refused
    429 | Too Many Requests: retry after 5                 | limited      | limited
    500 | Internal Server Error                            | retry        | retry
    502 | Bad Gateway                                      | retry        | retry
";

#[tokio::test]
async fn every_error_has_one_meaning() {
    for row in ERRORS.trim().lines() {
        let columns: Vec<&str> = row.split('|').map(str::trim).collect();
        let [code, description, sending, editing] = columns[..] else {
            panic!("{row}")
        };
        let answer = error(code.parse().unwrap(), description);
        assert_eq!(
            kind(&sent(vec![answer.clone()]).await),
            sending,
            "send: {row}"
        );
        assert_eq!(kind(&edited(vec![answer]).await), editing, "edit: {row}");
    }
}

#[tokio::test]
async fn a_group_in_which_the_bot_may_not_write_is_told_from_a_message_that_is_refused() {
    for description in [
        "Bad Request: not enough rights to send text messages to the chat",
        "Bad Request: not enough rights to send documents to the chat",
        "Bad Request: have no rights to send a message",
        "Bad Request: CHAT_RESTRICTED",
        "Bad Request: CHAT_WRITE_FORBIDDEN",
        "Bad Request: CHAT_SEND_PHOTOS_FORBIDDEN",
    ] {
        let answer = error(400, description);
        let group = ChatId(-7);
        let to_group = sent_to(group, vec![answer.clone()]).await;
        assert_eq!(kind(&to_group), "no right", "{description}");
        let in_group = edited_in(group, vec![answer.clone()]).await;
        assert_eq!(kind(&in_group), "no right", "{description}");
        assert_eq!(kind(&sent(vec![answer]).await), "refused", "{description}");
    }
    let topics = error(400, "Bad Request: not enough rights to create a topic");
    assert_eq!(kind(&sent_to(ChatId(-7), vec![topics]).await), "refused");
}

#[tokio::test]
async fn answers_that_are_not_the_apis_may_be_repeated() {
    for (answer, expected) in [
        (http(502, "<html>Bad Gateway</html>"), "retry"),
        (http(200, "<html>log in here</html>"), "retry"),
        (http(401, "<html>log in here</html>"), "retry"),
        (http(200, r#"{"ok":true,"result":{"#), "retry"),
        (ok(r#"{"message_id":"x"}"#), "retry"),
        (ok("true"), "retry"),
        (String::new(), "retry"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"ok\":tr".to_owned(),
            "retry",
        ),
        ("SSH-2.0-OpenSSH_9.6\r\n".to_owned(), "retry"),
        (http(413, "<html>too large</html>"), "refused"),
        (
            with_header(429, "Retry-After: 12", "<html>slow</html>"),
            "limited",
        ),
    ] {
        assert_eq!(
            kind(&sent(vec![answer.clone()]).await),
            expected,
            "{answer}"
        );
    }
}

#[tokio::test]
async fn outcomes_carry_what_the_answer_says() {
    let moved = r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-1001234567890}}"#;
    let limited = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 35","parameters":{"retry_after":35}}"#;
    for (answer, expected) in [
        (
            ok(r#"{"message_id":42,"new_field":{}}"#),
            Outcome::Sent(MessageId(42)),
        ),
        (
            http(400, moved),
            Outcome::Migrated(ChatId(-1_001_234_567_890)),
        ),
        (
            http(429, limited),
            Outcome::Limited {
                after: Duration::from_secs(35),
            },
        ),
        (
            error(403, "Forbidden: bot was kicked from the group chat"),
            Outcome::Unpaired {
                reason: "Forbidden: bot was kicked from the group chat".to_owned(),
            },
        ),
    ] {
        assert_eq!(sent(vec![answer]).await, expected);
    }
    assert_eq!(edited(vec![ok("true")]).await, Outcome::Sent(MessageId(3)));
}

#[tokio::test]
async fn formatting_that_is_blamed_is_dropped_once() {
    let blame = || error(400, "Bad Request: can't parse entities: unsupported");
    let server = Server::answering(vec![blame(), ok(r#"{"message_id":1}"#)]);
    let message = Outgoing::Text {
        body: body(),
        keyboard: None,
    };
    let outcome = server
        .client()
        .send(CHAT, &message, SendOptions::default())
        .await;
    assert_eq!(outcome, Outcome::Sent(MessageId(1)));
    let requests = server.requests();
    assert!(requests[0].contains("entities") && !requests[1].contains("entities"));
    assert!(requests[1].contains(r#""text":"a b""#), "{}", requests[1]);

    assert_eq!(kind(&sent(vec![blame(), blame()]).await), "refused");
    assert_eq!(kind(&edited(vec![blame(), ok("true")]).await), "sent");

    let document = Document::new("full.txt", "all of it");
    let message = Outgoing::Document {
        document,
        caption: body(),
    };
    let server = Server::answering(vec![blame(), ok(r#"{"message_id":2}"#)]);
    let outcome = server
        .client()
        .send(CHAT, &message, SendOptions::default())
        .await;
    assert_eq!(outcome, Outcome::Sent(MessageId(2)));
    assert!(!server.requests()[1].contains("caption_entities"));
}

#[tokio::test]
async fn security_an_endless_answer_is_not_read() {
    let mut answer = http(200, "")
        .replace("Content-Length: 0", "X: y")
        .into_bytes();
    answer.resize(9 * 1024 * 1024, b' ');
    let server = Server::answering(vec![answer]);
    let message = Outgoing::Text {
        body: body(),
        keyboard: None,
    };
    let outcome = server
        .client()
        .send(CHAT, &message, SendOptions::default())
        .await;
    let cause = "the answer has more than 8 MiB".to_owned();
    assert_eq!(outcome, Outcome::Retry { cause });
}
