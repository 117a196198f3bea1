//! The files of an event: as messages of their own, and as a list in the event's message.

use super::super::Body;
use super::super::Draft;
use super::super::FileMessage;
use super::fit::head;
use super::fit::line;
use crate::event::Attachment;
use crate::event::Event;

/// The event's files, each as a message.
#[must_use]
pub fn files(event: &Event) -> Vec<FileMessage> {
    event.attachments.iter().map(FileMessage::of).collect()
}

/// Every file with name, size and digest; nothing without files.
pub(super) fn list(event: &Event) -> Body {
    let draft = match event.attachments.len() {
        0 => return Body::default(),
        1 => Draft::new().plain("1 file is attached:"),
        count => Draft::new().plain(&format!("{count} files are attached:")),
    };
    let add = |draft, file: &Attachment| {
        let name = head(&Draft::new().plain(file.name.as_str()).finish(), NAME);
        let masked = if file.masked {
            ", secrets are masked in what is sent"
        } else {
            ""
        };
        let about = format!(" ({}{masked})\nSHA-256: ", size(file.size));
        line(draft, "").body(&name).plain(&about).code(&file.sha256)
    };
    event.attachments.iter().fold(draft, add).finish()
}

/// `512 bytes`, `12.3 KiB`, `4.0 MiB`.
fn size(bytes: u64) -> String {
    let tenths = |unit: u64| {
        let tenths = bytes.saturating_mul(10) / unit;
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match bytes {
        1 => "1 byte".to_owned(),
        0..KIB => format!("{bytes} bytes"),
        KIB..MIB => format!("{} KiB", tenths(KIB)),
        MIB.. => format!("{} MiB", tenths(MIB)),
    }
}

/// The most that is shown of a name here, so that ten files fit beside the buttons.
const NAME: usize = 40;
const KIB: u64 = 1024;
const MIB: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::event::sample;
    use crate::file::FileKind;
    use crate::file::FileName;
    use crate::id::AttachmentId;

    fn attached(name: &str, size: u64, masked: bool) -> Attachment {
        Attachment {
            id: AttachmentId(Uuid::nil()),
            name: FileName::clean(name),
            kind: FileKind::Text,
            size,
            sha256: "ab".repeat(32),
            masked,
        }
    }

    #[test]
    fn every_file_is_listed_with_size_and_digest() {
        let files = vec![attached("a.log", 1, false), attached("b.log", 2_560, true)];
        let event = sample("custom_event", "A", json!({})).with_files(files);
        let digest = "ab".repeat(32);
        let expected = format!(
            "2 files are attached:\na.log (1 byte)\nSHA-256: {digest}\n\
             b.log (2.5 KiB, secrets are masked in what is sent)\nSHA-256: {digest}"
        );
        assert_eq!(list(&event).text(), expected);
        assert!(list(&sample("custom_event", "A", json!({}))).is_empty());
    }

    #[test]
    fn sizes_are_read_at_a_glance() {
        for (bytes, shown) in [
            (0, "0 bytes"),
            (1_023, "1023 bytes"),
            (1_024, "1.0 KiB"),
            (20 * MIB, "20.0 MiB"),
            (u64::MAX, "1759218604441.5 MiB"),
        ] {
            assert_eq!(size(bytes), shown);
        }
    }
}
