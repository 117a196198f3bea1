//! Why a call gave no result.

use std::time::Duration;

use crate::answer::CallFailure;

/// Why a call gave no result. The texts contain neither the token nor a URL.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CallError {
    /// 401 or 404: the token is not valid, or not valid on this server.
    #[error("Telegram doesn't accept the bot's token: {0}")]
    Unauthorized(String),
    /// 409: another process polls with our token, or a webhook is set.
    #[error("Telegram serves this bot's updates elsewhere: {0}")]
    Conflict(String),
    /// 429: no such call before the span is over.
    #[error("Telegram asks to wait {} s", after.as_secs())]
    Limited { after: Duration },
    /// Telegram understood the call and will not do it.
    #[error("Telegram refused the call ({code}): {reason}")]
    Refused { code: i64, reason: String },
    /// Lost connections, time-outs, server errors, unreadable answers: the call may or may not have been executed.
    #[error("Telegram can't be reached: {0}")]
    Unreachable(String),
}

impl From<CallFailure> for CallError {
    fn from(failure: CallFailure) -> Self {
        match failure {
            CallFailure::Unreachable(reason) => Self::Unreachable(reason),
            CallFailure::Limited { after } => Self::Limited { after },
            CallFailure::Answered {
                code: 401 | 404,
                description,
                ..
            } => Self::Unauthorized(description),
            CallFailure::Answered {
                code: 409,
                description,
                ..
            } => Self::Conflict(description),
            CallFailure::Answered {
                code, description, ..
            } => Self::Refused {
                code,
                reason: description,
            },
        }
    }
}
