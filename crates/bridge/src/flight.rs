//! One call to Telegram: rendered, sent, and its outcome recorded before anything else goes to that chat.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use cctelegram_core::approval::Approval;
use cctelegram_core::approval::Choice;
use cctelegram_core::approval::State;
use cctelegram_core::delivery::Outcome;
use cctelegram_core::delivery::Work;
use cctelegram_core::delivery::backoff;
use cctelegram_core::event::Event;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_core::message::Action;
use cctelegram_core::message::Body;
use cctelegram_core::message::Button;
use cctelegram_core::message::Keyboard;
use cctelegram_core::message::Outgoing;
use cctelegram_core::message::render;
use cctelegram_core::time::Timestamp;
use cctelegram_crypto::Token;
use cctelegram_store::Leased;
use cctelegram_store::Mark;
use cctelegram_store::Marked;
use cctelegram_store::Mint;
use cctelegram_telegram::SendOptions;
use futures_util::FutureExt as _;

use crate::app::App;
use crate::undeliverable;

/// After a failure of the store, the next try.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// The label of the button that shows everything that is known.
const DETAILS: &str = "Details";

/// A call that is over.
pub(crate) struct Landed {
    pub(crate) chat: ChatId,
    pub(crate) answered: Timestamp,
    /// What came of it; nothing when no call was made.
    pub(crate) outcome: Option<Outcome>,
}

/// The next call that a row needs.
enum Call {
    Send {
        part: Outgoing,
        last: bool,
        options: SendOptions,
    },
    Edit {
        message: MessageId,
        body: Body,
        keyboard: Option<Keyboard>,
    },
    /// Everything of this row was sent already.
    Nothing,
}

/// Makes the row's next call and records what came of it.
pub(crate) async fn fly(app: Arc<App>, row: Leased) -> Landed {
    let chat = row.chat;
    // A message that cannot even be made must not take the sender, and with it all others, down again and again.
    let prepared = AssertUnwindSafe(prepare(&app, &row)).catch_unwind().await;
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(_) => return never(&app, &row).await,
    };
    let (outcome, last) = match prepared {
        Ok(Call::Nothing) => (None, true),
        Ok(Call::Send {
            part,
            last,
            options,
        }) => (
            Some(app.bot.client().send(chat, &part, options).await),
            last,
        ),
        Ok(Call::Edit {
            message,
            body,
            keyboard,
        }) => (
            Some(
                app.bot
                    .client()
                    .edit(chat, message, &body, keyboard.as_ref())
                    .await,
            ),
            true,
        ),
        Err(error) => {
            let (error, answered) = (format!("{error:#}"), app.now());
            tracing::error!(error, row = row.row, "the message cannot be made ready");
            app.health.send_failed(answered, error);
            mark(
                &app,
                Mark {
                    row: row.row,
                    chat,
                    at: answered,
                    result: Marked::Retry {
                        due: answered.plus(STORE_PAUSE),
                    },
                },
            )
            .await;
            return Landed {
                chat,
                answered,
                outcome: None,
            };
        }
    };
    let answered = app.now();
    if let Some(outcome) = &outcome {
        tell(&app, &row, outcome, answered);
    }
    let result = marked(&row, outcome.as_ref(), last, answered);
    let dead = matches!(result, Marked::Dead { .. });
    mark(
        &app,
        Mark {
            row: row.row,
            chat,
            at: answered,
            result,
        },
    )
    .await;
    if dead {
        undeliverable::tell(&app, &row).await;
    }
    Landed {
        chat,
        answered,
        outcome,
    }
}

/// Gives a row up whose message made the program stumble.
async fn never(app: &App, row: &Leased) -> Landed {
    let answered = app.now();
    tracing::error!(
        row = row.row,
        "making this message failed inside the program"
    );
    let reason = "making this message failed inside the program: please report it, with bridge.log"
        .to_owned();
    mark(
        app,
        Mark {
            row: row.row,
            chat: row.chat,
            at: answered,
            result: Marked::Dead { reason },
        },
    )
    .await;
    undeliverable::tell(app, row).await;
    Landed {
        chat: row.chat,
        answered,
        outcome: None,
    }
}

async fn prepare(app: &App, row: &Leased) -> anyhow::Result<Call> {
    let silent = SendOptions {
        silent: true,
        reply_to: None,
    };
    let loud = SendOptions {
        silent: false,
        reply_to: row.reply_to,
    };
    Ok(match (&row.work, &row.event, &row.approval) {
        (Work::Event, Some(event), _) => part(render::event(event), row, loud),
        (Work::Details, Some(event), _) => part(render::details(event), row, loud),
        (Work::Notice { text }, _, _) => part(render::notice(text), row, loud),
        (Work::Held { .. }, _, _) => part(render::held(&row.held_events), row, loud),
        (Work::Progress { .. }, Some(event), _) => progress(event, row, silent),
        (Work::Approval { .. }, Some(event), Some(approval)) => {
            ask(app, row, event, approval, loud).await?
        }
        (Work::ApprovalEdit { .. }, Some(event), Some(approval)) => {
            refresh(app, row, event, approval).await?
        }
        (
            Work::Event
            | Work::Details
            | Work::Progress { .. }
            | Work::Approval { .. }
            | Work::ApprovalEdit { .. },
            _,
            _,
        ) => {
            anyhow::bail!("outbox row {} has lost its event or approval", row.row)
        }
    })
}

/// The next part that was not sent yet.
fn part(parts: Vec<Outgoing>, row: &Leased, options: SendOptions) -> Call {
    let next = usize::try_from(row.parts_sent).unwrap_or(usize::MAX);
    let count = parts.len();
    match parts.into_iter().nth(next) {
        Some(part) => Call::Send {
            part,
            last: next.saturating_add(1) >= count,
            options,
        },
        None => Call::Nothing,
    }
}

fn progress(event: &Event, row: &Leased, options: SendOptions) -> Call {
    let body = render::progress(event);
    match row.message {
        Some(message) => Call::Edit {
            message,
            body,
            keyboard: None,
        },
        None => Call::Send {
            part: Outgoing::Text {
                body,
                keyboard: None,
            },
            last: true,
            options,
        },
    }
}

async fn ask(
    app: &App,
    row: &Leased,
    event: &Event,
    approval: &Approval,
    options: SendOptions,
) -> anyhow::Result<Call> {
    let without_buttons = render::approval(
        event,
        &approval.digest,
        approval.expires,
        Keyboard::default(),
    );
    let next = usize::try_from(row.parts_sent).unwrap_or(usize::MAX);
    if next.saturating_add(1) < without_buttons.len() {
        return Ok(part(without_buttons, row, options));
    }
    let keyboard = keyboard(app, row, approval, None).await?;
    Ok(part(
        render::approval(event, &approval.digest, approval.expires, keyboard),
        row,
        options,
    ))
}

/// Brings a copy up to date. While the request is open it keeps buttons; afterwards it says how it ended.
async fn refresh(
    app: &App,
    row: &Leased,
    event: &Event,
    approval: &Approval,
) -> anyhow::Result<Call> {
    let Some(message) = row.message else {
        return Ok(Call::Nothing);
    };
    let (status, keyboard) = match (&approval.state, approval.ending()) {
        (State::Pending, _) | (_, None) => {
            let status = format!("Still waiting at {}.", app.now().clock_time());
            (
                status,
                Some(keyboard(app, row, approval, Some(message)).await?),
            )
        }
        (_, Some(ending)) => (ending, None),
    };
    let body = render::approval_edit(event, &approval.digest, approval.expires, &status);
    Ok(Call::Edit {
        message,
        body,
        keyboard,
    })
}

/// Makes new buttons. Only the digests of their data are stored, and they are stored before they are sent.
async fn keyboard(
    app: &App,
    row: &Leased,
    approval: &Approval,
    message: Option<MessageId>,
) -> anyhow::Result<Keyboard> {
    let choices = (0..approval.options.len())
        .map(Choice::Option)
        .chain([Choice::Details]);
    let labels = approval.options.iter().map(String::as_str).chain([DETAILS]);
    let mut digests = Vec::new();
    let mut rows = Vec::new();
    for (choice, label) in choices.zip(labels) {
        let token = Token::random()?;
        digests.push((token.digest(), choice));
        rows.push(Button::new(
            label,
            Action::Callback(token.expose().to_owned()),
        ));
    }
    let mint = Mint {
        approval: approval.id,
        chat: row.chat,
        message,
        buttons: digests,
        at: app.now(),
    };
    app.store.mint(mint).await?;
    Ok(arranged(rows))
}

/// Short labels stand side by side, long ones each in a row of their own; Details comes last.
fn arranged(mut buttons: Vec<Button>) -> Keyboard {
    let details = buttons.pop();
    let short = buttons
        .iter()
        .all(|button| button.label().chars().count() <= 14);
    let per_row = if short { 2 } else { 1 };
    let mut rows: Vec<Vec<Button>> = buttons.chunks(per_row).map(<[Button]>::to_vec).collect();
    rows.extend(details.map(|button| vec![button]));
    Keyboard(rows)
}

/// What the outcome means for the row.
fn marked(row: &Leased, outcome: Option<&Outcome>, last: bool, now: Timestamp) -> Marked {
    let Some(outcome) = outcome else {
        return Marked::Done { message: None };
    };
    match outcome {
        Outcome::Sent(message) if last => Marked::Done {
            message: Some(*message),
        },
        Outcome::Sent(message) => Marked::PartSent {
            message: *message,
            parts_sent: row.parts_sent.saturating_add(1),
        },
        Outcome::Retry { .. } => {
            // Any value that differs between rows and tries will do for the jitter.
            let [.., jitter] = (now.as_millis() ^ row.row).to_be_bytes();
            Marked::Retry {
                due: now.plus(backoff(row.attempt, jitter)),
            }
        }
        Outcome::Limited { .. } | Outcome::Unauthorized { .. } => Marked::Released,
        Outcome::Unpaired { reason } => Marked::Parked {
            reason: reason.clone(),
        },
        Outcome::Migrated(chat) => Marked::Migrated(*chat),
        Outcome::Gone => Marked::Anew,
        Outcome::Refused { reason } => Marked::Dead {
            reason: reason.clone(),
        },
    }
}

/// Writes the mark, again and again if need be: until it stands, this chat gets no further message.
async fn mark(app: &App, mark: Mark) {
    while let Err(error) = app.store.mark(mark.clone()).await {
        let error = format!("{:#}", anyhow::Error::from(error));
        tracing::error!(
            error,
            row = mark.row,
            "the delivery cannot be recorded; trying again"
        );
        app.health.store(Some(error));
        tokio::time::sleep(STORE_PAUSE).await;
    }
    app.wake.changed();
}

fn tell(app: &App, row: &Leased, outcome: &Outcome, at: Timestamp) {
    let chat = row.chat.0;
    match outcome {
        Outcome::Sent(_) => {
            app.health.sent();
            app.metrics.delivered();
        }
        Outcome::Retry { cause } => {
            tracing::warn!(
                row = row.row,
                chat.id = chat,
                cause,
                "not delivered yet: trying again"
            );
            app.metrics.retried();
            app.health.send_failed(at, cause.clone());
        }
        Outcome::Unpaired { reason } => {
            tracing::warn!(
                chat.id = chat,
                reason,
                "this recipient is parked until they write again"
            );
        }
        Outcome::Refused { reason } => {
            tracing::error!(
                row = row.row,
                chat.id = chat,
                reason,
                "Telegram refuses this message for good"
            );
            app.metrics.dead();
        }
        Outcome::Limited { .. } => app
            .health
            .send_failed(at, "Telegram's limit was met".to_owned()),
        Outcome::Migrated(_) | Outcome::Gone | Outcome::Unauthorized { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buttons(labels: &[&str]) -> Vec<Button> {
        labels
            .iter()
            .map(|label| Button::new(label, Action::Callback("x".to_owned())))
            .collect()
    }

    #[test]
    fn short_choices_stand_side_by_side_and_details_last() {
        let shape = |labels: &[&str]| {
            arranged(buttons(labels))
                .0
                .iter()
                .map(Vec::len)
                .collect::<Vec<_>>()
        };
        assert_eq!(shape(&["Approve", "Deny", DETAILS]), [2, 1]);
        assert_eq!(
            shape(&["Yes, and never ask again", "No", DETAILS]),
            [1, 1, 1]
        );
        assert_eq!(shape(&["A", "B", "C", DETAILS]), [2, 1, 1]);
    }
}
