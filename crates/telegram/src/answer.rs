//! What the Bot API answered: a result, or why there is none.

use std::time::Duration;

use cctelegram_core::id::ChatId;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::number::whole;

/// An HTTP answer as it came.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The `Retry-After` header in seconds, which a server in front of the API may set without any JSON.
    pub(crate) retry_after: Option<i64>,
    pub(crate) body: Vec<u8>,
}

/// Why a call gave no result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum CallFailure {
    /// No answer that can be understood: the call may have been executed.
    Unreachable(String),
    /// Not executed; to be repeated after the span.
    Limited { after: Duration },
    /// An error of the API itself.
    Answered {
        code: i64,
        description: String,
        migrate_to: Option<ChatId>,
    },
}

/// The frame of every answer of the Bot API.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    ok: bool,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error_code: Value,
    #[serde(default)]
    description: Value,
    #[serde(default)]
    parameters: Value,
}

impl Answer {
    /// The result's JSON text.
    pub(crate) fn result(self) -> Result<String, CallFailure> {
        let text = String::from_utf8_lossy(&self.body);
        let Ok(envelope) = serde_json::from_str::<Envelope<'_>>(&text) else {
            return Err(self.without_json());
        };
        match envelope {
            Envelope {
                ok: true,
                result: Some(result),
                ..
            } => Ok(result.get().to_owned()),
            Envelope {
                ok: true,
                result: None,
                ..
            } => Err(CallFailure::Unreachable(
                "the answer has no result".to_owned(),
            )),
            refusal @ Envelope { ok: false, .. } => Err(self.refusal(&refusal)),
        }
    }

    /// What an error means, by the code in the JSON; the HTTP status stands in for a missing one.
    fn refusal(&self, envelope: &Envelope<'_>) -> CallFailure {
        let known = |code: &i64| (400..600).contains(code);
        let code = whole(&envelope.error_code)
            .filter(known)
            .unwrap_or(i64::from(self.status));
        let description = envelope
            .description
            .as_str()
            .unwrap_or("no description")
            .to_owned();
        let parameter = |name| envelope.parameters.get(name).and_then(whole);
        match code {
            429 => limited(parameter("retry_after").or(self.retry_after)),
            // A proxy's or the server's own time-out: it may pass.
            408 | 425 | 500.. => CallFailure::Unreachable(format!("{code} {description}")),
            400..500 => {
                let migrate_to = parameter("migrate_to_chat_id").map(ChatId);
                CallFailure::Answered {
                    code,
                    description,
                    migrate_to,
                }
            }
            _ => CallFailure::Unreachable(format!("the answer makes no sense (HTTP {code})")),
        }
    }

    /// What an answer means that is not the API's: a server in between wrote it. Only two say something certain.
    fn without_json(&self) -> CallFailure {
        match self.status {
            413 => CallFailure::Answered {
                code: 413,
                description: "Request Entity Too Large".to_owned(),
                migrate_to: None,
            },
            429 => limited(self.retry_after),
            300..400 => CallFailure::Unreachable(format!(
                "the server redirects (HTTP {}), which is never followed; is the API URL right?",
                self.status
            )),
            status => CallFailure::Unreachable(format!("the answer is not JSON (HTTP {status})")),
        }
    }
}

/// The longest wait that is believed. Telegram asks for minutes after a flood; a day would be somebody's mistake, and
/// trying again after an hour costs nothing.
const LONGEST_WAIT_S: u64 = 3_600;

/// A wait of zero or of unknown length is a second: the limit of one chat (Bot API FAQ).
fn limited(seconds: Option<i64>) -> CallFailure {
    let seconds = seconds
        .and_then(|seconds| u64::try_from(seconds).ok())
        .unwrap_or(1);
    CallFailure::Limited {
        after: Duration::from_secs(seconds.clamp(1, LONGEST_WAIT_S)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16, body: &str) -> CallFailure {
        Answer {
            status,
            retry_after: Some(9),
            body: body.as_bytes().to_vec(),
        }
        .result()
        .unwrap_err()
    }

    #[test]
    fn waits_are_believed_up_to_an_hour() {
        for (body, seconds) in [
            (
                r#"{"ok":false,"error_code":429,"parameters":{"retry_after":17}}"#,
                17,
            ),
            (
                r#"{"ok":false,"error_code":429,"parameters":{"retry_after":17.0}}"#,
                17,
            ),
            (
                r#"{"ok":false,"error_code":429,"parameters":{"retry_after":1000000}}"#,
                3_600,
            ),
            (
                r#"{"ok":false,"error_code":429,"parameters":{"retry_after":-5}}"#,
                1,
            ),
            (
                r#"{"ok":false,"error_code":429,"parameters":{"retry_after":"soon"}}"#,
                9,
            ),
            (r#"{"ok":false,"error_code":429}"#, 9),
            ("<html>slow down</html>", 9),
        ] {
            let after = Duration::from_secs(seconds);
            assert_eq!(failure(429, body), CallFailure::Limited { after }, "{body}");
        }
    }

    #[test]
    fn the_code_in_the_answer_counts_before_the_status() {
        let body = r#"{"ok":false,"error_code":403,"description":"Forbidden: x"}"#;
        let expected = CallFailure::Answered {
            code: 403,
            description: "Forbidden: x".to_owned(),
            migrate_to: None,
        };
        assert_eq!(failure(200, body), expected);
    }

    #[test]
    fn what_is_not_understood_may_be_repeated() {
        for (status, body) in [
            (200, ""),
            (200, "[]"),
            (200, r#"{"ok":true}"#),
            (200, r#"{"ok":false}"#),
            (200, r#"{"ok":"yes","result":1}"#),
            (401, "<html>log in to the hotel's network</html>"),
            (502, "<html>Bad Gateway</html>"),
            (
                500,
                r#"{"ok":false,"error_code":500,"description":"Internal Server Error"}"#,
            ),
            (200, r#"{"ok":false,"error_code":502.0}"#),
            (302, ""),
        ] {
            assert!(
                matches!(failure(status, body), CallFailure::Unreachable(_)),
                "{status} {body}"
            );
        }
    }
}
