//! The identifiers that travel between crates.

use std::fmt;
use std::str::FromStr;

use cctelegram_crypto::Digest;
use serde::Deserialize;
use serde::Serialize;
use uuid::Uuid;

/// A Telegram user's number. Names change hands; the number is the identity.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub i64);

/// A Telegram chat's number. A user's private chat has the user's number, a group's is negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChatId(pub i64);

/// A message's number within its chat.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(pub i64);

/// A topic's number within its chat.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ThreadId(pub i64);

/// An enrolment of a group that somebody began at the terminal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EnrolmentId(pub i64);

impl UserId {
    /// The private chat between this user and the bot.
    #[must_use]
    pub const fn private_chat(self) -> ChatId {
        ChatId(self.0)
    }
}

impl ChatId {
    #[must_use]
    pub const fn is_group(self) -> bool {
        self.0 < 0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for EnrolmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ChatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is wrong with an event id.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event id has 1 to 64 of A-Z a-z 0-9 . _ : - and no leading dot")]
pub struct BadEventId;

/// An event's id: given by its producer, or derived from what was read. It names the answer file, so it is never a path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventId(String);

impl EventId {
    /// The id of an event that came without one: the same bytes from the same place are the same event.
    #[must_use]
    pub fn derived(digest: Digest) -> Self {
        let mut hex = digest.hex();
        hex.truncate(32);
        Self(format!("auto-{hex}"))
    }

    /// The id of something that the bridge itself has to tell.
    #[must_use]
    pub fn for_alert(id: Uuid) -> Self {
        Self(format!("{ALERT}{id}"))
    }

    /// Does the bridge itself tell this?
    #[must_use]
    pub fn is_alert(&self) -> bool {
        self.0
            .strip_prefix(ALERT)
            .is_some_and(|id| id.parse::<Uuid>().is_ok())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How the ids of the bridge's own alerts begin.
pub(crate) const ALERT: &str = "bridge-";

impl FromStr for EventId {
    type Err = BadEventId;

    fn from_str(text: &str) -> Result<Self, BadEventId> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-');
        let good =
            (1..=64).contains(&text.len()) && !text.starts_with('.') && text.chars().all(allowed);
        good.then(|| Self(text.to_owned())).ok_or(BadEventId)
    }
}

impl TryFrom<String> for EventId {
    type Error = BadEventId;

    fn try_from(text: String) -> Result<Self, BadEventId> {
        text.parse()
    }
}

impl From<EventId> for String {
    fn from(id: EventId) -> Self {
        id.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id under which a file was handed over (UUID version 7).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttachmentId(pub Uuid);

impl fmt::Display for AttachmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An approval's id (UUID version 7: sortable by time, made by whoever asks).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApprovalId(pub Uuid);

impl fmt::Display for ApprovalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ApprovalId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_an_event_id_is_never_a_path() {
        for good in ["a", "build-17", "ci:main.2", "A_b"] {
            assert!(good.parse::<EventId>().is_ok(), "{good}");
        }
        let long = "x".repeat(65);
        for bad in [
            "",
            ".hidden",
            "..",
            "a/b",
            "a\\b",
            "a b",
            "é",
            "a\0",
            long.as_str(),
        ] {
            assert_eq!(bad.parse::<EventId>(), Err(BadEventId), "{bad:?}");
        }
    }
}
