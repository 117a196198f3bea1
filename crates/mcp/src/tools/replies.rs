//! `wait_for_reply`: what somebody writes in reply to a message of this session.

use std::time::Duration;

use cctelegram_core::agent::session_of;
use cctelegram_core::api::ReplyHeard;
use cctelegram_core::api::ReplyWait;
use cctelegram_core::api::Waiter;
use cctelegram_core::id::EventId;
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use tokio::time::Instant;
use uuid::Uuid;

use super::Effect;
use super::ToolAnswer;
use super::described;
use crate::arguments::Failed;
use crate::asking::WaitSeconds;
use crate::caller::Caller;
use crate::desk::Desk;
use crate::desk::LOOK_AGAIN;
use crate::letter::Letter;

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
        Effect::Takes,
    )
}

pub(super) async fn run(
    desk: &Desk,
    caller: &Caller,
    arguments: ReplyArguments,
) -> Result<ToolAnswer, Failed> {
    let event: Option<Result<EventId, _>> = arguments.event_id.map(|event| event.parse());
    let event = event.transpose().map_err(|_| not_ours())?;
    if event
        .as_ref()
        .is_some_and(|event| session_of(event).as_ref() != Some(&desk.session))
    {
        return Err(not_ours());
    }
    if !desk.may_have_answers() {
        let text = "nothing was sent in this session, so nobody can reply\nSend a message first.";
        return Err(Failed(text.to_owned()));
    }
    let wait = arguments.wait_seconds.span();
    let what = "Waiting for a reply on the phone.";
    let reply = caller
        .while_waiting(wait, what, next(desk, event.as_ref(), wait))
        .await;
    let reply = reply.transpose()?.flatten();
    let text = reply
        .as_ref()
        .map_or_else(|| "Nobody replied in time.".to_owned(), Letter::quoted);
    let in_vain = reply.is_none();
    Ok(ToolAnswer::new(text, &Replied { reply })?.in_vain_if(in_vain))
}

fn not_ours() -> Failed {
    let reason =
        "no message with this id was sent in this session: use the event_id that sending it gave";
    Failed::field("event_id", reason)
}

/// The next text that was not given out yet; none if none comes in time. A bridge that restarts meanwhile is waited for.
pub(super) async fn next(
    desk: &Desk,
    event: Option<&EventId>,
    wait: Duration,
) -> Result<Option<Letter>, Failed> {
    let deadline = Instant::now() + wait;
    let claim = Uuid::now_v7();
    let mut left = wait;
    loop {
        let request = ReplyWait {
            claim,
            event: event.cloned(),
            waiter: Waiter::Tool,
            // To the end of the last second: otherwise nobody would wait within it.
            wait_s: left.saturating_add(Duration::from_millis(999)).as_secs(),
        };
        match desk.access.next_reply(&desk.session, &request).await {
            Ok(ReplyHeard {
                reply: Some(reply), ..
            }) => return Ok(Letter::of(&reply)),
            Err(error) if !error.may_pass() => return Err(error.into()),
            Ok(ReplyHeard { reply: None, .. }) | Err(_) => {}
        }
        left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        tokio::time::sleep(LOOK_AGAIN.min(left)).await;
        left = deadline.saturating_duration_since(Instant::now());
    }
}
