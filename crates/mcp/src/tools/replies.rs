//! `wait_for_reply`: what somebody writes in reply to a message of this session.

use std::time::Duration;

use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use tokio::time::Instant;

use super::Effect;
use super::ToolAnswer;
use super::described;
use crate::access::LONGEST_WAIT_S;
use crate::access::NotReached;
use crate::arguments::Failed;
use crate::asking::WaitSeconds;
use crate::caller::Caller;
use crate::desk::Desk;
use crate::desk::LOOK_AGAIN;
use crate::mailbox::Letter;

pub(super) const NAME: &str = "wait_for_reply";

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplyArguments {
    /// The message that is replied to, by the `event_id` that sending it gave. Without it: any message of this session.
    event_id: Option<String>,
    /// How long to wait. Without it: 300 seconds.
    #[serde(default)]
    wait_seconds: WaitSeconds,
}

/// What came.
#[derive(Serialize, JsonSchema)]
pub(super) struct Replied {
    /// Absent when nobody replied in time.
    reply: Option<Letter>,
}

pub(super) fn tool() -> Tool {
    described::<ReplyArguments, Replied>(
        NAME,
        (
            "Wait for a reply",
            "Waits until somebody replies on Telegram to a message that this session sent, and returns the text. Each reply is given out once. Replies to other sessions are never given out.",
        ),
        Effect::Reads,
    )
}

pub(super) async fn run(
    desk: &Desk,
    caller: &Caller,
    arguments: ReplyArguments,
) -> Result<ToolAnswer, Failed> {
    let event = arguments.event_id.as_deref();
    if event.is_some_and(|event| !desk.mailbox().has_sent(event)) {
        let reason = "no message with this id was sent in this session: use the event_id that sending it gave";
        return Err(Failed::field("event_id", reason));
    }
    if !desk.mailbox().has_sent_anything() {
        let text = "nothing was sent in this session, so nobody can reply\nSend a message first.";
        return Err(Failed(text.to_owned()));
    }
    let wait = arguments.wait_seconds.span();
    let what = "Waiting for a reply on the phone.";
    let reply = caller
        .while_waiting(wait, what, next(desk, event, wait))
        .await;
    let reply = reply.transpose()?.flatten();
    let text = reply
        .as_ref()
        .map_or_else(|| "Nobody replied in time.".to_owned(), Letter::quoted);
    let in_vain = reply.is_none();
    Ok(ToolAnswer::new(text, &Replied { reply })?.in_vain_if(in_vain))
}

/// The next text that was not given out yet; none if none comes in time.
pub(super) async fn next(
    desk: &Desk,
    event: Option<&str>,
    wait: Duration,
) -> Result<Option<Letter>, Failed> {
    let deadline = Instant::now() + wait;
    loop {
        if let Some(letter) = desk.mailbox().next_text(event) {
            return Ok(Some(letter));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        let wait_s = left.as_secs().saturating_add(1).min(LONGEST_WAIT_S);
        match tokio::time::timeout(left, desk.collect(wait_s)).await {
            Ok(Ok(())) | Err(_) => {}
            Ok(Err(NotReached::Refused(problem))) => {
                return Err(NotReached::Refused(problem).into());
            }
            Ok(Err(NotReached::NoBridge(_) | NotReached::Broken(_))) => {
                tokio::time::sleep(LOOK_AGAIN.min(left)).await;
            }
        }
    }
}
