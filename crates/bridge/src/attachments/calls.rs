//! Where an event's files stand among its messages: behind a report, and before the question that they belong to.

use cctelegram_core::event::Event;
use cctelegram_core::message::Outgoing;
use cctelegram_core::message::render;
use cctelegram_store::Leased;
use cctelegram_telegram::SendOptions;

use crate::compose;
use crate::compose::Call;

/// The message makes the sound; its files need none.
const SILENT: SendOptions = SendOptions {
    silent: true,
    reply_to: None,
    thread: None,
};

/// The row's next call, where the event's files follow its messages.
pub(crate) fn then_files(
    messages: Vec<Outgoing>,
    event: &Event,
    row: &Leased,
    options: SendOptions,
) -> Call {
    let files = render::files(event);
    let next = usize::try_from(row.parts_sent).unwrap_or(usize::MAX);
    let Some(next) = next.checked_sub(messages.len()) else {
        let call = compose::part(messages, row, options);
        return match call {
            Call::Send {
                part,
                last,
                options,
            } => Call::Send {
                part,
                last: last && files.is_empty(),
                options,
            },
            other @ (Call::File { .. } | Call::Edit { .. } | Call::Nothing) => other,
        };
    };
    let last = next.saturating_add(1) >= files.len();
    match files.into_iter().nth(next) {
        Some(file) => Call::File {
            file,
            last,
            options: SILENT,
        },
        None => Call::Nothing,
    }
}

/// The next file of a request; once all are sent, the row as its messages count it.
pub(crate) fn before_the_question(event: &Event, row: &Leased) -> Result<Call, Box<Leased>> {
    let files = render::files(event);
    let count = u32::try_from(files.len()).unwrap_or(u32::MAX);
    match files
        .into_iter()
        .nth(usize::try_from(row.parts_sent).unwrap_or(usize::MAX))
    {
        Some(file) => Ok(Call::File {
            file,
            last: false,
            options: SILENT,
        }),
        None => Err(Box::new(Leased {
            parts_sent: row.parts_sent.saturating_sub(count),
            ..row.clone()
        })),
    }
}
