//! What a file is, told from its bytes.

use serde::Deserialize;
use serde::Serialize;

use super::FileName;
use super::picture;
use super::picture::Picture;

/// How a file is treated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// Shown as a photo.
    Photo,
    Text,
    /// Something that runs when it is opened. It may be text as well.
    Program,
    Other,
}

/// A file as it passes by, piece by piece.
#[derive(Default)]
pub struct Look {
    size: u64,
    head: Vec<u8>,
    tail: Vec<u8>,
    has_nul: bool,
    /// Bytes that are no UTF-8.
    stray: u64,
    /// The beginning of a character that a piece broke off.
    broken: Vec<u8>,
}

impl Look {
    /// Takes note of the next piece.
    pub fn piece(&mut self, bytes: &[u8]) {
        self.size = self.size.saturating_add(bytes.len() as u64);
        let room = HEAD.saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(room));
        self.tail
            .extend(bytes.iter().skip(bytes.len().saturating_sub(TAIL)));
        self.tail.drain(..self.tail.len().saturating_sub(TAIL));
        self.has_nul |= bytes.contains(&0);
        self.count_stray(bytes);
    }

    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// What the file is, after its last piece.
    #[must_use]
    pub fn kind(&self, name: &FileName) -> FileKind {
        if self.is_program(name) {
            return FileKind::Program;
        }
        if Picture::of(&self.head).is_some_and(|found| found.is_photo(self.size, &self.tail)) {
            return FileKind::Photo;
        }
        if self.is_text() {
            FileKind::Text
        } else {
            FileKind::Other
        }
    }

    fn is_program(&self, name: &FileName) -> bool {
        let runs = PROGRAMS.iter().any(|start| self.head.starts_with(start))
            || self.has_nul && self.head.starts_with(b"MZ");
        runs || name.is_of_program()
    }

    /// Is it to be looked through for secrets? Text is what has no zero byte and hardly any byte that is not UTF-8: one stray byte must not hide a secret.
    #[must_use]
    pub fn is_text(&self) -> bool {
        let known =
            BINARY.iter().any(|start| self.head.starts_with(start)) || picture::is_webp(&self.head);
        let stray = self.stray.saturating_add(self.broken.len() as u64);
        !self.has_nul && !known && stray <= self.size / 10
    }

    fn count_stray(&mut self, bytes: &[u8]) {
        let mut joined = std::mem::take(&mut self.broken);
        joined.extend_from_slice(bytes);
        let mut rest = joined.as_slice();
        while let Err(error) = std::str::from_utf8(rest) {
            let (_, after) = rest.split_at(error.valid_up_to());
            let Some(length) = error.error_len() else {
                self.broken = after.to_vec();
                return;
            };
            self.stray = self.stray.saturating_add(length as u64);
            rest = after.get(length..).unwrap_or_default();
        }
    }
}

impl FileName {
    /// Does a phone or a computer run or install what is called so, whatever it looks like inside?
    #[must_use]
    pub fn is_of_program(&self) -> bool {
        let extension = self.extension().unwrap_or_default().to_ascii_lowercase();
        PROGRAM_NAMES.contains(&extension.as_str())
    }
}

/// The measures of a JPEG stand behind its preview and its colours.
const HEAD: usize = 256 * 1024;
const TAIL: usize = 16;
/// ELF, Mach-O and universal binaries, Android code.
const PROGRAMS: [&[u8]; 7] = [
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"dex\n",
];
/// What a phone or a computer installs or runs at a tap, whatever it looks like inside.
const PROGRAM_NAMES: [&str; 22] = [
    "apk", "aab", "xapk", "app", "bat", "cmd", "com", "cpl", "deb", "dmg", "exe", "hta", "ipa",
    "jar", "lnk", "msi", "pif", "pkg", "rpm", "scr", "vbs", "wsf",
];
/// Formats that may do without a zero byte: archives, documents, pictures.
const BINARY: [&[u8]; 10] = [
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"%PDF-",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
    b"7z\xbc\xaf",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str, bytes: &[u8], piece: usize) -> FileKind {
        let mut look = Look::default();
        bytes.chunks(piece).for_each(|bytes| look.piece(bytes));
        assert_eq!(look.size(), bytes.len() as u64);
        look.kind(&FileName::clean(name))
    }

    #[test]
    fn the_bytes_tell_what_a_file_is() {
        let latin = [b"long enough to be a text in the old way, na\xefve".as_slice()].concat();
        for (name, bytes, expected) in [
            ("a.log", "grün und 👍".as_bytes(), FileKind::Text),
            ("a.log", &latin, FileKind::Text),
            ("a.html", b"<html>", FileKind::Text),
            ("a.png", b"\x89PNG\r\n\x1a\nbroken", FileKind::Other),
            ("a.txt", b"with a \0", FileKind::Other),
            ("a.txt", b"\xff\xfe\xfd\xfc", FileKind::Other),
            ("a.pdf", b"%PDF-1.7 text only", FileKind::Other),
            ("a.gif", b"GIF89a text only", FileKind::Other),
            ("notes", b"MZ is how this text begins", FileKind::Text),
            ("a.txt", b"MZ\x90\0\x03", FileKind::Program),
            ("a.txt", b"\x7fELF\x02", FileKind::Program),
            ("Setup.EXE", b"text", FileKind::Program),
            ("app.apk", b"PK\x03\x04", FileKind::Program),
            ("deploy.sh", b"#!/bin/sh\n", FileKind::Text),
        ] {
            for piece in [1, 3, 1_000] {
                assert_eq!(
                    kind(name, bytes, piece),
                    expected,
                    "{name} {bytes:?} by {piece}"
                );
            }
        }
    }
}
