//! Where an event's files stand among its messages: behind a report, and before the question that they belong to.

use cctelegram_core::event::Event;
use cctelegram_core::message::Outgoing;
use cctelegram_core::message::render;
use cctelegram_store::Leased;
use cctelegram_store::StoreError;
use cctelegram_telegram::SendOptions;

use crate::app::App;
use crate::compose;
use crate::compose::Call;

/// The message makes the sound; its files need none.
const SILENT: SendOptions = SendOptions {
    silent: true,
    reply_to: None,
    thread: None,
};

/// How many of the row's messages so far were files.
pub(crate) async fn files_sent(app: &App, event: &Event, row: &Leased) -> Result<u32, StoreError> {
    if event.attachments.is_empty() {
        return Ok(0);
    }
    app.store.files_sent(row.row).await
}

/// The row's next call, where the event's files follow its messages. Once a file was sent no message follows any more,
/// however long the messages have become meanwhile.
pub(crate) fn then_files(
    messages: Vec<Outgoing>,
    event: &Event,
    row: &Leased,
    files_sent: u32,
    options: SendOptions,
) -> Call {
    let files = render::files(event);
    let taken = usize::try_from(row.parts_sent).unwrap_or(usize::MAX);
    if files_sent == 0 && taken < messages.len() {
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
    }
    let next = usize::try_from(files_sent).unwrap_or(usize::MAX);
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
pub(crate) fn before_the_question(
    event: &Event,
    row: &Leased,
    files_sent: u32,
) -> Result<Call, Box<Leased>> {
    let next = usize::try_from(files_sent).unwrap_or(usize::MAX);
    match render::files(event).into_iter().nth(next) {
        Some(file) => Ok(Call::File {
            file,
            last: false,
            options: SILENT,
        }),
        None => Err(Box::new(Leased {
            parts_sent: row.parts_sent.saturating_sub(files_sent),
            ..row.clone()
        })),
    }
}

#[cfg(test)]
mod tests {
    use cctelegram_core::delivery::Work;
    use cctelegram_core::event::Attachment;
    use cctelegram_core::file::FileKind;
    use cctelegram_core::file::FileName;
    use cctelegram_core::id::AttachmentId;
    use cctelegram_core::id::ChatId;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn row(parts_sent: u32) -> Leased {
        let file = |name: &str| Attachment {
            id: AttachmentId(Uuid::now_v7()),
            name: FileName::clean(name),
            kind: FileKind::Other,
            size: 1,
            sha256: "00".repeat(32),
            masked: false,
        };
        let event = json!({ "id": "a", "type": "info_notification", "title": "A" });
        let event: Event = serde_json::from_value(event).unwrap();
        Leased {
            row: 1,
            chat: ChatId(11),
            work: Work::Event,
            attempt: 0,
            parts_sent,
            event: Some(event.with_files(vec![file("1.bin"), file("2.bin")])),
            approval: None,
            message: None,
            count: 1,
            held_events: Vec::new(),
            reply_to: None,
        }
    }

    fn told(call: Call) -> String {
        match call {
            Call::Send { last, .. } => format!("text, {last}"),
            Call::File { file, last, .. } => format!("{}, {last}", file.name),
            Call::Edit { .. } | Call::Nothing => "nothing".to_owned(),
        }
    }

    #[test]
    fn messages_that_become_more_or_fewer_meanwhile_shift_no_file() {
        for (messages, parts_sent, files_sent, expected) in [
            (1, 0, 0, "text, false"),
            (1, 1, 0, "1.bin, false"),
            (1, 2, 1, "2.bin, true"),
            (1, 3, 2, "nothing"),
            // One more since: it still comes before the first file, and never between files.
            (2, 1, 0, "text, false"),
            (2, 2, 1, "2.bin, true"),
            // Fewer since.
            (1, 3, 0, "1.bin, false"),
            (1, 4, 1, "2.bin, true"),
        ] {
            let row = row(parts_sent);
            let parts = (0..messages).flat_map(|_| render::notice("text")).collect();
            let event = row.event.clone().unwrap();
            let options = SendOptions::default();
            let call = then_files(parts, &event, &row, files_sent, options);
            let case = (messages, parts_sent, files_sent);
            assert_eq!(told(call), expected, "{case:?}");
        }
    }

    #[test]
    fn the_question_comes_after_its_files_and_counts_without_them() {
        for (parts_sent, files_sent, expected) in [
            (0, 0, Some("1.bin, false")),
            (1, 1, Some("2.bin, false")),
            (2, 2, None),
            (4, 2, None),
        ] {
            let row = row(parts_sent);
            let event = row.event.clone().unwrap();
            match before_the_question(&event, &row, files_sent) {
                Ok(call) => assert_eq!(Some(told(call).as_str()), expected),
                Err(row) => assert_eq!((row.parts_sent, None), (parts_sent - 2, expected)),
            }
        }
    }
}
