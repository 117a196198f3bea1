//! What can go wrong: an answer with `ok: false`, and a person doing the impossible.

/// A refusal as the Bot API words it; the HTTP status is the same number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) code: u16,
    pub(crate) description: String,
    pub(crate) retry_after: Option<u64>,
    /// The supergroup that took the place of the group.
    pub(crate) migrate_to: Option<i64>,
}

impl ApiError {
    pub(crate) fn new(code: u16, description: impl Into<String>) -> Self {
        Self {
            code,
            description: description.into(),
            retry_after: None,
            migrate_to: None,
        }
    }

    pub(crate) fn bad_request(what: impl AsRef<str>) -> Self {
        Self::new(400, format!("Bad Request: {}", what.as_ref()))
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized")
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    pub(crate) fn conflict(what: &str) -> Self {
        Self::new(409, format!("Conflict: {what}"))
    }

    pub(crate) fn too_large() -> Self {
        Self::new(413, "Request Entity Too Large")
    }

    pub(crate) fn too_many_requests(seconds: u64) -> Self {
        Self {
            code: 429,
            description: format!("Too Many Requests: retry after {seconds}"),
            retry_after: Some(seconds),
            migrate_to: None,
        }
    }

    pub(crate) fn migrated(to: i64) -> Self {
        let what = "group chat was upgraded to a supergroup chat";
        Self {
            migrate_to: Some(to),
            ..Self::bad_request(what)
        }
    }
}

/// Why a person could not do something in the app.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmulatorError {
    /// No such user was added.
    #[error("user {0} is unknown")]
    UnknownUser(i64),
    /// The message is not in the user's chat, or was deleted.
    #[error("message {message_id} is not in the chat of user {user_id}")]
    NoSuchMessage {
        /// Whose chat was searched.
        user_id: i64,
        /// What was not found there.
        message_id: i64,
    },
    /// The message has no button with that label.
    #[error("message {message_id} has no button {label:?}, it has {labels:?}")]
    NoSuchButton {
        /// The message searched.
        message_id: i64,
        /// The label wanted.
        label: String,
        /// The labels it has.
        labels: Vec<String>,
    },
    /// The button opens a link or copies text, or is disabled: a press sends nothing to the bot.
    #[error("button {0:?} sends no callback query")]
    NotACallback(String),
    /// No such group was added.
    #[error("group {0} is unknown")]
    NoSuchGroup(i64),
    /// Only members write, press and change who is in.
    #[error("user {user_id} is not a member of group {chat_id}")]
    NotAMember {
        /// The group.
        chat_id: i64,
        /// Who is not in it.
        user_id: i64,
    },
    /// The topic does not exist.
    #[error("there is no topic {0}")]
    NoSuchTopic(i64),
    /// Only a small group that was not moved yet becomes a supergroup.
    #[error("group {0} cannot become a supergroup")]
    CannotMove(i64),
}
