//! Answers under the older server's names: those that this session has not got yet, and clearing the files of old ones.

use std::sync::Arc;
use std::time::Duration;

use cctelegram_core::api::ReplyWait;
use cctelegram_core::api::Waiter;
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use uuid::Uuid;

use super::Effect;
use super::Nothing;
use super::ToolAnswer;
use super::consent;
use super::consent::Consent;
use super::described;
use crate::arguments::Failed;
use crate::caller::Caller;
use crate::desk::Desk;
use crate::letter::Letter;

pub(super) const PROCESS: &str = "process_pending_responses";
pub(super) const CLEAR: &str = "clear_old_responses";

/// One call hands over so many at most.
const MOST: usize = 100;
/// A year.
const OLDEST_HOURS: u32 = 8_784;

/// Replies that are handed over by this call.
#[derive(Serialize, JsonSchema)]
pub(super) struct PendingReplies {
    responses: Vec<Letter>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClearArguments {
    /// Only files that are older than so many hours. Without it: 24.
    #[schemars(range(min = 1, max = 8_784))]
    older_than_hours: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Cleared {
    /// So many files were removed.
    removed: u64,
}

pub(super) fn tools() -> Vec<Tool> {
    vec![
        described::<Nothing, PendingReplies>(
            PROCESS,
            (
                "Get pending replies",
                "Hands over, without waiting, the replies to messages of this session that nobody has got yet. Each is given out once.",
            ),
            Effect::Takes,
        ),
        described::<ClearArguments, Cleared>(
            CLEAR,
            (
                "Clear old answer files",
                "Removes old files from the folder of answers, for all agents, when somebody agrees to it on the phone; without that nothing is removed, and the call is an error.",
            ),
            Effect::Ends,
        ),
    ]
}

pub(super) async fn process(desk: &Desk, _: Nothing) -> Result<ToolAnswer, Failed> {
    let mut responses = Vec::new();
    while desk.may_have_answers() && responses.len() < MOST {
        let wait = ReplyWait {
            claim: Uuid::now_v7(),
            event: None,
            waiter: Waiter::Tool,
            wait_s: 0,
        };
        let heard = desk.access.next_reply(&desk.session, &wait).await?;
        let Some(reply) = heard.reply else { break };
        responses.extend(Letter::of(&reply));
    }
    let text = if responses.is_empty() {
        "No reply is pending.".to_owned()
    } else {
        let quoted: Vec<String> = responses.iter().map(Letter::quoted).collect();
        quoted.join("\n\n")
    };
    ToolAnswer::new(text, &PendingReplies { responses })
}

pub(super) async fn clear(
    desk: &Arc<Desk>,
    caller: &Caller,
    arguments: ClearArguments,
) -> Result<ToolAnswer, Failed> {
    let hours = arguments.older_than_hours.unwrap_or(24);
    if !(1..=OLDEST_HOURS).contains(&hours) {
        return Err(Failed::field(
            "older_than_hours",
            "is not between 1 and 8784",
        ));
    }
    let text = format!(
        "Answer files older than {hours} h are removed, of all agents. The bridge's own record of the answers stays."
    );
    let consent = Consent {
        title: "Clear old answer files?",
        text: &text,
        yes: "Clear them",
        no: "Keep them",
        otherwise: (
            "The answer files stay",
            "Somebody has to agree on the phone, or remove them at the machine.",
        ),
    };
    consent::agreed(desk, caller, &consent).await?;
    let keeper = Arc::clone(&desk.means.upkeep);
    let age = Duration::from_secs(u64::from(hours) * 3_600);
    let cleared = tokio::task::spawn_blocking(move || keeper.clear_answers(age)).await;
    let removed = cleared.map_err(|error| Failed(error.to_string()))?;
    let removed = removed.map_err(Failed)?;
    ToolAnswer::new(
        format!("{removed} answer files were removed."),
        &Cleared { removed },
    )
}
