//! `ask_human`: a question that is answered with a button or in one's own words.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::Either;
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use super::Effect;
use super::ToolAnswer;
use super::approval::labels;
use super::described;
use super::replies;
use super::sending;
use crate::arguments::Failed;
use crate::arguments::Words;
use crate::asking;
use crate::asking::Ended;
use crate::asking::WaitSeconds;
use crate::caller::Caller;
use crate::desk::Desk;
use crate::letter::Letter;
use crate::report::Report;
use crate::report::title_and_rest;

pub(super) const NAME: &str = "ask_human";

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QuestionArguments {
    /// The question. The first line is shown as the title.
    question: Words,
    /// Answers to choose from, shown as buttons; at most 8. Replying in one's own words is possible all the same.
    #[schemars(length(min = 1, max = 8))]
    options: Option<Vec<Words>>,
    /// How long to wait for the answer. Without it: 300 seconds.
    #[serde(default)]
    wait_seconds: WaitSeconds,
    /// The project it belongs to. Without it: the repository that the server was started in.
    project: Option<String>,
}

/// What came of the question.
#[derive(Serialize, JsonSchema)]
pub(super) struct QuestionEnded {
    event_id: String,
    /// Did anybody answer?
    answered: bool,
    /// The label of the button, or the text.
    answer: Option<String>,
    /// `option`, `text`, or why there is no answer.
    kind: String,
    /// Who answered.
    by: Option<String>,
}

pub(super) fn tool() -> Tool {
    described::<QuestionArguments, QuestionEnded>(
        NAME,
        (
            "Ask a person",
            "Asks the people on Telegram a question and waits for the answer: one of the options, or text that somebody replies. It asks for no permission: use send_approval_request for that.",
        ),
        Effect::Sends,
    )
}

pub(super) async fn run(
    desk: &Desk,
    caller: &Caller,
    arguments: QuestionArguments,
) -> Result<ToolAnswer, Failed> {
    let wait = arguments.wait_seconds.span();
    let (title, rest) = title_and_rest(arguments.question.as_str());
    let asks = arguments.options.is_some();
    let kind = if asks {
        "approval_request"
    } else {
        "alert_notification"
    };
    let how = "Reply to this message to answer in your own words.";
    let below = rest.map_or_else(|| how.to_owned(), |rest| format!("{rest}\n\n{how}"));
    let report = Report::question(kind, title, desk, caller)?
        .with("description", Some(below))
        .with("project", arguments.project)
        .with_data("options", arguments.options.as_deref().map(labels));
    let answered = if asks {
        choice_or_text(desk, caller, &report, wait).await
    } else {
        text(desk, caller, &report, wait).await
    };
    let renamed = |Failed(text): Failed| {
        Failed(
            text.replace("data.options", "options")
                .replacen("title:", "question:", 1),
        )
    };
    told(&answered.map_err(renamed)?)
}

/// A press or a reply, whichever comes first.
async fn choice_or_text(
    desk: &Desk,
    caller: &Caller,
    report: &Report,
    wait: Duration,
) -> Result<QuestionEnded, Failed> {
    let posed = asking::pose(desk, report, wait).await?;
    let first = async {
        let press = pin!(asking::end(desk, posed.approval, wait));
        let reply = pin!(replies::next(desk, Some(report.id()), wait));
        match futures_util::future::select(press, reply).await {
            Either::Left((ended, _)) => Ok(of_press(ended?)),
            // Without a reply in time, the question ends at the same time.
            Either::Right((Ok(None), press)) => Ok(of_press(press.await?)),
            Either::Right((Ok(Some(letter)), _)) => {
                // The reply was given out, and is an answer even if the question cannot be taken back.
                match asking::withdraw(desk, posed.approval).await {
                    Ok(ended) if ended.option.is_some() => Ok(of_press(ended)),
                    Ok(_) | Err(_) => Ok(of_letter(&letter)),
                }
            }
            Either::Right((Err(failed), _)) => {
                asking::give_up(desk, posed.approval).await;
                Err(failed)
            }
        }
    };
    let what = asking::waiting_for(posed.muted);
    match caller.while_waiting(wait, what, first).await {
        Some(answered) => answered,
        None => Ok(of_press(asking::withdraw(desk, posed.approval).await?)),
    }
}

async fn text(
    desk: &Desk,
    caller: &Caller,
    report: &Report,
    wait: Duration,
) -> Result<QuestionEnded, Failed> {
    let sent = sending::send(desk, report).await?;
    let reply = replies::next(desk, Some(report.id()), wait);
    let what = "Waiting for a reply on the phone.";
    let letter = caller.while_waiting(wait, what, reply).await;
    Ok(match letter.transpose()?.flatten() {
        Some(letter) => of_letter(&letter),
        None => QuestionEnded {
            event_id: sent.event_id,
            answered: false,
            answer: None,
            kind: "expired".to_owned(),
            by: None,
        },
    })
}

fn of_press(ended: Ended) -> QuestionEnded {
    let answered = ended.option.is_some();
    QuestionEnded {
        event_id: ended.event_id,
        answered,
        answer: ended.option,
        kind: if answered {
            "option".to_owned()
        } else {
            ended.state
        },
        by: ended.decided_by,
    }
}

fn of_letter(letter: &Letter) -> QuestionEnded {
    QuestionEnded {
        event_id: letter.event_id.clone(),
        answered: true,
        answer: Some(letter.text.clone()),
        kind: letter.kind.clone(),
        by: letter.username.as_ref().map(|name| format!("@{name}")),
    }
}

fn told(answered: &QuestionEnded) -> Result<ToolAnswer, Failed> {
    let by = answered.by.as_deref().unwrap_or("a person");
    let text = match &answered.answer {
        Some(answer) => {
            let lines: Vec<String> = answer.lines().map(|line| format!("> {line}")).collect();
            format!("Answer of {by} on Telegram:\n{}", lines.join("\n"))
        }
        None => format!("Nobody answered ({}).", answered.kind),
    };
    Ok(ToolAnswer::new(text, answered)?.in_vain_if(!answered.answered))
}
