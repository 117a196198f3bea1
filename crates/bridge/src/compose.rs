//! What one outbox row needs next: its event, request or text becomes one call to Telegram.

use cctelegram_core::approval::Approval;
use cctelegram_core::approval::Choice;
use cctelegram_core::approval::GivenAnswer;
use cctelegram_core::approval::State;
use cctelegram_core::delivery::Work;
use cctelegram_core::event::Event;
use cctelegram_core::id::MessageId;
use cctelegram_core::message::Action;
use cctelegram_core::message::Body;
use cctelegram_core::message::Button;
use cctelegram_core::message::FileMessage;
use cctelegram_core::message::Keyboard;
use cctelegram_core::message::Outgoing;
use cctelegram_core::message::render;
use cctelegram_core::mode::Mode;
use cctelegram_crypto::Token;
use cctelegram_store::Leased;
use cctelegram_store::Mint;
use cctelegram_store::MintDetails;
use cctelegram_telegram::SendOptions;

use crate::app::App;
use crate::attachments::before_the_question;
use crate::attachments::files_sent;
use crate::attachments::then_files;
use crate::enrolment_question;

/// The label of the button that shows everything that is known.
const DETAILS: &str = "Details";
/// The label of the button that answers with what is marked.
const DONE: &str = "Done";

/// The next call that a row needs.
pub(crate) enum Call {
    Send {
        part: Outgoing,
        last: bool,
        options: SendOptions,
    },
    File {
        file: FileMessage,
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

/// Makes the row's next call ready.
pub(crate) async fn next_call(app: &App, row: &Leased) -> anyhow::Result<Call> {
    let manner = &app.config.messages.manner();
    let options = SendOptions {
        silent: !rings(app, row),
        reply_to: row.reply_to,
        ..SendOptions::default()
    };
    Ok(match (&row.work, &row.event, &row.approval) {
        (Work::Event, Some(event), _) => then_files(
            render::counted(render::event(event, manner), row.count),
            event,
            row,
            files_sent(app, event, row).await?,
            options,
        ),
        (Work::Count, Some(event), _) => count((event, render::event(event, manner)), row, options),
        (Work::Details, Some(event), _) => part(render::details(event, manner), row, options),
        (Work::Notice { text }, _, _) => part(render::notice(text), row, options),
        (Work::Enrolment { enrolment }, _, _) => {
            enrolment_question::next_call(app, row, *enrolment).await?
        }
        (Work::Held { .. }, _, _) => part(render::held(&row.held_events), row, options),
        (Work::Folded { .. }, _, _) => folded(app, row, options).await?,
        (Work::ListDetails { .. }, _, _) => {
            part(render::folded_details(&row.held_events), row, options)
        }
        (Work::Progress { .. }, Some(event), _) => {
            progress(render::progress(event, manner), row, options)
        }
        (Work::Approval { .. }, Some(event), Some(approval)) => {
            ask(app, row, event, approval, options).await?
        }
        (Work::ApprovalEdit { .. }, Some(event), Some(approval)) => {
            refresh(app, row, event, approval).await?
        }
        (Work::Reminder { .. }, Some(event), Some(approval)) => {
            remind(app, row, (event, approval), options).await?
        }
        (
            Work::Event
            | Work::Count
            | Work::Details
            | Work::Progress { .. }
            | Work::Approval { .. }
            | Work::ApprovalEdit { .. }
            | Work::Reminder { .. },
            _,
            _,
        ) => {
            anyhow::bail!("outbox row {} has lost its event or approval", row.row)
        }
    })
}

/// Does the row's next message ring? Of several only the first does.
fn rings(app: &App, row: &Leased) -> bool {
    let (quiet, zone) = (&app.config.quiet.ringing, &app.config.messages.zone);
    let now = app.now();
    if row.parts_sent > 0 {
        return false;
    }
    match &row.work {
        Work::Event | Work::Progress { .. } | Work::Approval { .. } | Work::Reminder { .. } => row
            .event
            .as_ref()
            .is_some_and(|event| quiet.rings(event, now, zone)),
        Work::Held { .. } | Work::Folded { .. } => row
            .held_events
            .iter()
            .any(|event| quiet.rings(event, now, zone)),
        Work::Details | Work::ListDetails { .. } | Work::Notice { .. } => {
            quiet.answer_rings(now, zone)
        }
        Work::Enrolment { .. } => quiet.question_rings(now, zone),
        Work::ApprovalEdit { .. } | Work::Count => false,
    }
}

/// Brings an event's message up to date with its count. Where that is out of reach, one more says it.
fn count((event, parts): (&Event, Vec<Outgoing>), row: &Leased, options: SendOptions) -> Call {
    match (row.message, render::edited(parts, row.count)) {
        (None, _) => Call::Send {
            part: render::again_of(event, row.count),
            last: true,
            options,
        },
        (Some(message), Some((body, keyboard))) => Call::Edit {
            message,
            body,
            keyboard,
        },
        (reply_to, None) => Call::Send {
            part: render::again(row.count),
            last: true,
            options: SendOptions {
                reply_to,
                ..options
            },
        },
    }
}

/// A list, with a button for the details of what it lists.
async fn folded(app: &App, row: &Leased, options: SendOptions) -> anyhow::Result<Call> {
    let token = Token::random()?;
    let action = Action::Callback(token.expose().to_owned());
    let keyboard = Keyboard(vec![vec![Button::new(DETAILS, action)]]);
    let call = part(render::folded(&row.held_events, keyboard), row, options);
    if let Call::Send {
        part: Outgoing::Text {
            keyboard: Some(_), ..
        },
        ..
    } = &call
    {
        let mint = MintDetails {
            list: row.row,
            chat: row.chat,
            button: token.digest(),
            at: app.now(),
        };
        app.store.mint_details(mint).await?;
    }
    Ok(call)
}

/// The next part that was not sent yet.
pub(crate) fn part(parts: Vec<Outgoing>, row: &Leased, options: SendOptions) -> Call {
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

fn progress(body: Body, row: &Leased, options: SendOptions) -> Call {
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
    let sent = files_sent(app, event, row).await?;
    let row = &match before_the_question(event, row, sent) {
        Ok(file) => return Ok(file),
        Err(row) => row,
    };
    // Of the question's own messages the first rings, whatever went before.
    let options = SendOptions {
        silent: !rings(app, row),
        ..options
    };
    let zone = &app.config.messages.zone;
    let write =
        |keyboard| render::approval(event, &approval.digest, approval.expires, zone, keyboard);
    let without_buttons = write(Keyboard::default());
    let next = usize::try_from(row.parts_sent).unwrap_or(usize::MAX);
    if next.saturating_add(1) < without_buttons.len() {
        return Ok(part(without_buttons, row, options));
    }
    let keyboard = keyboard(app, row, approval, None).await?;
    Ok(part(write(keyboard), row, options))
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
    let zone = &app.config.messages.zone;
    let (status, keyboard) = match (&approval.state, approval.ending()) {
        (State::Pending, _) | (_, None) => {
            let marked = GivenAnswer::Several(approval.marks.list());
            let status = match approval.label(&marked).filter(|marked| !marked.is_empty()) {
                Some(marked) => format!("Marked: {marked}. Press Done when that is all."),
                None => format!("Still waiting at {}.", app.now().clock_time(zone)),
            };
            (
                status,
                Some(keyboard(app, row, approval, Some(message)).await?),
            )
        }
        (_, Some(ending)) => (ending.told(zone), None),
    };
    let body = render::approval_edit(event, &approval.digest, approval.expires, zone, &status);
    Ok(Call::Edit {
        message,
        body,
        keyboard,
    })
}

/// Says once more that a request waits, in reply to it; nothing while the bridge is mute.
async fn remind(
    app: &App,
    row: &Leased,
    (event, approval): (&Event, &Approval),
    options: SendOptions,
) -> anyhow::Result<Call> {
    if app.mode().await?.mode == Mode::Mute {
        return Ok(Call::Nothing);
    }
    let zone = &app.config.messages.zone;
    let until = approval.expires.map_or_else(String::new, |end| {
        format!(" It expires at {}.", end.clock_time(zone))
    });
    let text = format!("Still waiting for an answer: “{}”.{until}", event.title);
    Ok(part(render::notice(&text), row, options))
}

/// How an option is shown that may be marked.
pub(crate) const fn tick(is_marked: bool) -> &'static str {
    if is_marked { "☑" } else { "☐" }
}

/// Makes new buttons. Only the digests of their data are stored, and they are stored before they are sent.
async fn keyboard(
    app: &App,
    row: &Leased,
    approval: &Approval,
    message: Option<MessageId>,
) -> anyhow::Result<Keyboard> {
    let options = approval.options.iter().enumerate().map(|(index, label)| {
        let label = if approval.form.several {
            format!("{} {label}", tick(approval.marks.has(index)))
        } else {
            label.clone()
        };
        (Choice::Option(index), label)
    });
    let done = approval.form.several.then_some((Choice::Done, DONE));
    let own = done.into_iter().chain([(Choice::Details, DETAILS)]);
    let own = own.map(|(choice, label)| (choice, label.to_owned()));
    let mut digests = Vec::new();
    let mut rows = Vec::new();
    for (choice, label) in options.chain(own) {
        let token = Token::random()?;
        digests.push((token.digest(), choice));
        rows.push(Button::new(
            &label,
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
    Ok(arranged(rows, approval.options.len()))
}

/// Short options stand side by side, long ones each in a row of their own; the bridge's own buttons come last.
fn arranged(mut buttons: Vec<Button>, options: usize) -> Keyboard {
    let own = buttons.split_off(options.min(buttons.len()));
    let short = buttons
        .iter()
        .all(|button| button.label().chars().count() <= 14);
    let per_row = if short { 2 } else { 1 };
    let mut rows: Vec<Vec<Button>> = buttons.chunks(per_row).map(<[Button]>::to_vec).collect();
    rows.extend(own.into_iter().map(|button| vec![button]));
    Keyboard(rows)
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
        let shape = |labels: &[&str], options: usize| {
            arranged(buttons(labels), options)
                .0
                .iter()
                .map(Vec::len)
                .collect::<Vec<_>>()
        };
        assert_eq!(shape(&["Approve", "Deny", DETAILS], 2), [2, 1]);
        assert_eq!(
            shape(&["Yes, and never ask again", "No", DETAILS], 2),
            [1, 1, 1]
        );
        assert_eq!(shape(&["☐ A", "☑ B", DONE, DETAILS], 2), [2, 1, 1]);
        assert_eq!(shape(&["A", "B", "C", DETAILS], 3), [2, 1, 1]);
    }
}
