//! `get_telegram_responses`: what people answered so far.

use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use super::Effect;
use super::ToolAnswer;
use super::described;
use crate::arguments::Failed;
use crate::desk::Desk;
use crate::letter::Letter;

pub(super) const NAME: &str = "get_telegram_responses";

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResponsesArguments {
    /// Answers to the event with this id, whichever session sent it, an earlier one too. Without it: answers to everything that this session sent.
    event_id: Option<String>,
    /// So many of the newest answers. Without it: 20.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u8>,
}

/// The newest answers, the oldest of them first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AnswerList {
    responses: Vec<Letter>,
}

pub(super) fn tool() -> Tool {
    described::<ResponsesArguments, AnswerList>(
        NAME,
        (
            "List answers",
            "Lists what people answered on Telegram to the messages and questions of this session, or to the one event that is named, without waiting.",
        ),
        Effect::Reads,
    )
}

pub(super) async fn run(desk: &Desk, arguments: ResponsesArguments) -> Result<ToolAnswer, Failed> {
    let limit = arguments.limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return Err(Failed::field("limit", "is not between 1 and 100"));
    }
    let limit = usize::from(limit);
    let responses = if let Some(event) = arguments.event_id.as_deref() {
        of_event(desk, event, limit).await?
    } else {
        desk.answers(limit).await?
    };
    let text = if responses.is_empty() {
        "No answers.".to_owned()
    } else {
        let quoted: Vec<String> = responses.iter().map(Letter::quoted).collect();
        quoted.join("\n\n")
    };
    ToolAnswer::new(text, &AnswerList { responses })
}

async fn of_event(desk: &Desk, event: &str, limit: usize) -> Result<Vec<Letter>, Failed> {
    let entries = desk.access.answers_to(event, limit).await?;
    Ok(entries.iter().filter_map(Letter::of).collect())
}
