//! What an attempt to send or edit came to: the one place that reads error texts.
//!
//! The texts are those of the official server (tdlib/telegram-bot-api); they are compared without regard to case.

use std::time::Duration;

use cctelegram_core::delivery::Outcome;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;

use crate::answer::CallFailure;

/// Which kind of call failed: some texts mean something for edits or in groups only.
#[derive(Clone, Copy)]
pub(crate) enum Attempt {
    Send(ChatId),
    Edit(ChatId, MessageId),
    MakeTopic,
}

impl Attempt {
    fn is_message_to_group(self) -> bool {
        match self {
            Self::Send(chat) | Self::Edit(chat, _) => chat.is_group(),
            Self::MakeTopic => false,
        }
    }
}

/// Texts that say that a message can no longer be edited.
const GONE: [&str; 3] = [
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
];

/// Texts that say that a topic is not there, or that nobody may write there.
const NO_THREAD: [&str; 3] = [
    "message thread not found",
    "topic_deleted",
    "topic_id_invalid",
];
const CLOSED_THREAD: [&str; 1] = ["topic_closed"];

/// Texts that say that the bot may not write in a group, or not this kind of message.
const NO_RIGHT: [&str; 5] = [
    "not enough rights to send",
    "no rights to send",
    "chat_restricted",
    "chat_write_forbidden",
    "chat_send_",
];

/// Why no topic was made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TopicRefused {
    /// The chat has no topics, or the bot may not make any.
    #[error("Telegram makes no topic there: {0}")]
    Never(String),
    /// It may work later, and a topic may have been made.
    #[error("no topic was made: {0}")]
    NotNow(String),
    /// Nothing to this chat before the span is over.
    #[error("Telegram asks to wait {} s", after.as_secs())]
    Limited { after: Duration },
    /// The chat itself does not want us, or is another one now, or the token is refused.
    #[error("the chat can't be written to")]
    Chat(Outcome),
}

impl From<CallFailure> for TopicRefused {
    fn from(failure: CallFailure) -> Self {
        match outcome(failure, Attempt::MakeTopic) {
            Outcome::Refused { reason } => Self::Never(reason),
            Outcome::Retry { cause } => Self::NotNow(cause),
            Outcome::Limited { after } => Self::Limited { after },
            chat @ (Outcome::Unpaired { .. }
            | Outcome::Migrated(_)
            | Outcome::Unauthorized { .. }) => Self::Chat(chat),
            Outcome::Sent(_)
            | Outcome::Gone
            | Outcome::NoThread { .. }
            | Outcome::NoRight { .. } => Self::Never("the answer makes no sense".to_owned()),
        }
    }
}

pub(crate) fn outcome(failure: CallFailure, attempt: Attempt) -> Outcome {
    match failure {
        CallFailure::Unreachable(cause) => Outcome::Retry { cause },
        CallFailure::Limited { after } => Outcome::Limited { after },
        CallFailure::Answered {
            migrate_to: Some(chat),
            ..
        } => Outcome::Migrated(chat),
        CallFailure::Answered {
            code,
            description,
            migrate_to: None,
        } => answered(code, description, attempt),
    }
}

fn answered(code: i64, reason: String, attempt: Attempt) -> Outcome {
    let text = reason.to_lowercase();
    match (code, attempt) {
        (401 | 404, _) => Outcome::Unauthorized { reason },
        (403, _) => Outcome::Unpaired { reason },
        // Another process polls with our token: that is the poller's alarm, and nothing is wrong with the message.
        (409, _) => Outcome::Retry { cause: reason },
        (400, Attempt::Edit(_, message)) if text.contains("message is not modified") => {
            Outcome::Sent(message)
        }
        (400, Attempt::Edit(..)) if GONE.iter().any(|gone| text.contains(gone)) => Outcome::Gone,
        (400, Attempt::Send(_)) if NO_THREAD.iter().any(|gone| text.contains(gone)) => {
            Outcome::NoThread { closed: false }
        }
        (400, Attempt::Send(_)) if CLOSED_THREAD.iter().any(|closed| text.contains(closed)) => {
            Outcome::NoThread { closed: true }
        }
        (400, _)
            if attempt.is_message_to_group() && NO_RIGHT.iter().any(|no| text.contains(no)) =>
        {
            Outcome::NoRight { reason }
        }
        // The chat can't be written to until its person writes.
        (400, _) if text.contains("chat not found") => Outcome::Unpaired { reason },
        _ => Outcome::Refused { reason },
    }
}

/// Whether the picture itself is at fault, so that the same file may pass as a document. The first three are Telegram's
/// own codes; the others are sentences of `TDLib`.
pub(crate) fn blames_picture(failure: &CallFailure) -> bool {
    let CallFailure::Answered {
        code: 400,
        description,
        ..
    } = failure
    else {
        return false;
    };
    let text = description.to_lowercase();
    let told = [
        "image_process_failed",
        "photo_invalid",
        "photo_save_file_invalid",
        "photo_ext_invalid",
        "too big for a photo",
        "file must be a photo",
    ];
    told.iter().any(|part| text.contains(part))
}

/// Whether the formatting is at fault, so that the same text without it may pass.
pub(crate) fn blames_entities(failure: &CallFailure) -> bool {
    let CallFailure::Answered {
        code: 400,
        description,
        ..
    } = failure
    else {
        return false;
    };
    let text = description.to_lowercase();
    text.contains("can't parse entities") || text.contains("entity_")
}
