//! Masks the secrets of a text file of any length in little memory.

use crate::message::redact::redact;

/// A text file on its way, cut where no secret lies across the cut.
#[derive(Default)]
pub struct Masking {
    waiting: Vec<u8>,
    masked: bool,
}

/// Somewhere no cut is possible: the text cannot be checked, so it is not sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "it cannot be searched for secrets: a stretch of more than 1 MiB has no place to cut it at"
)]
pub struct Uncheckable;

impl Masking {
    /// Takes the next piece; gives what is ready. Bytes stay as they are wherever nothing is masked.
    pub fn piece(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Uncheckable> {
        self.waiting.extend_from_slice(bytes);
        let mut ready = Vec::new();
        while self.waiting.len() >= WINDOW {
            match cut(&self.waiting) {
                Some(at) => {
                    let rest = self.waiting.split_off(at);
                    let block = std::mem::replace(&mut self.waiting, rest);
                    ready.append(&mut self.mask(block));
                }
                None if self.waiting.len() > LARGEST => return Err(Uncheckable),
                None => break,
            }
        }
        Ok(ready)
    }

    /// The rest, and whether anything was masked in the file.
    #[must_use]
    pub fn finish(mut self) -> (Vec<u8>, bool) {
        let rest = std::mem::take(&mut self.waiting);
        let rest = self.mask(rest);
        (rest, self.masked)
    }

    fn mask(&mut self, block: Vec<u8>) -> Vec<u8> {
        let text = String::from_utf8_lossy(&block);
        let masked = redact(&text);
        if *text == masked {
            return block;
        }
        self.masked = true;
        masked.into_bytes()
    }
}

/// A place behind a line, else behind a word, where both sides masked apart are what they are together.
fn cut(text: &[u8]) -> Option<usize> {
    let half = text.len() / 2;
    let end = text.len().saturating_sub(AROUND);
    let behind = |wanted: fn(u8) -> bool| {
        let places = text.iter().enumerate().take(end).skip(half).rev();
        let found = places.filter(move |(_, byte)| wanted(**byte));
        found.map(|(at, _)| at.saturating_add(1)).take(TRIES)
    };
    let lines = behind(|byte| byte == b'\n');
    let words = behind(|byte| matches!(byte, b' ' | b'\t' | b',' | b';' | b'}' | b'>'));
    lines.chain(words).find(|at| nothing_across(text, *at))
}

fn nothing_across(text: &[u8], at: usize) -> bool {
    let (left, right) = text.split_at(at);
    let left = left
        .get(left.len().saturating_sub(AROUND)..)
        .unwrap_or(left);
    let right = right.get(..AROUND).unwrap_or(right);
    let masked = |bytes: &[u8]| redact(&String::from_utf8_lossy(bytes));
    masked(&[left, right].concat()) == masked(left) + &masked(right)
}

/// Text is masked in blocks of about this size.
const WINDOW: usize = 256 * 1024;
/// What has no place to cut is held up to this size.
const LARGEST: usize = 1024 * 1024;
/// So much on both sides of a cut is looked at: more than the largest key has.
const AROUND: usize = 16 * 1024;
/// Places that are tried, of lines and of words.
const TRIES: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &[u8], piece: usize) -> Result<(Vec<u8>, bool), Uncheckable> {
        let mut masking = Masking::default();
        let mut out = Vec::new();
        for bytes in text.chunks(piece) {
            out.append(&mut masking.piece(bytes)?);
        }
        let (mut rest, changed) = masking.finish();
        out.append(&mut rest);
        Ok((out, changed))
    }

    #[test]
    fn what_holds_no_secret_keeps_every_byte() {
        let text = "line of a log \u{1b}[31mred\u{1b}[0m\r\n"
            .repeat(20_000)
            .into_bytes();
        let mut text = text;
        text.splice(5..5, *b"\xff\xfe");
        assert_eq!(masked(&text, 64 * 1024), Ok((text, false)));
    }

    #[test]
    fn security_secrets_are_masked_wherever_a_piece_ends() {
        let secret = format!("AKIA{}", "IOSFODNN7EXAMPLE");
        for shift in [0, 7, 13] {
            let filler = "x".repeat(shift);
            let line = format!("{filler} some words before key={secret} and after\n");
            let text = line.repeat(WINDOW * 5 / 2 / line.len());
            let (out, changed) = masked(text.as_bytes(), 10_007).unwrap();
            let out = String::from_utf8(out).unwrap();
            assert!(changed && !out.contains("IOSFODNN7"));
            assert_eq!(out.lines().count(), text.lines().count());
        }
    }

    #[test]
    fn security_a_key_of_many_lines_is_not_cut() {
        let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n";
        let key = format!(
            "-----BEGIN {0}-----\n{1}-----END {0}-----\n",
            "PRIVATE KEY",
            body.repeat(26)
        );
        let before = "y\n".repeat((WINDOW - AROUND - key.len() / 2) / 2);
        let text = format!("{before}{key}{}", "z\n".repeat(AROUND));
        let (out, changed) = masked(text.as_bytes(), 4_096).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(changed && !out.contains("MIIEvQ"), "{}", out.len());
    }

    #[test]
    fn security_a_secret_behind_a_byte_that_is_no_text_is_masked() {
        let text = [b"\xe9 password=".as_slice(), b"c0rrect-horse-9\n"].concat();
        let (out, changed) = masked(&text, 5).unwrap();
        assert!(changed && !out.ends_with(b"c0rrect-horse-9\n"));
    }

    #[test]
    fn security_what_cannot_be_cut_is_refused() {
        let line = "x".repeat(LARGEST + WINDOW);
        assert_eq!(masked(line.as_bytes(), 65_536), Err(Uncheckable));
    }

    #[test]
    fn one_long_line_of_words_is_cut_between_them() {
        let text = r#"{"a":1,"b":[2,3]},"#.repeat(100_000);
        let (out, changed) = masked(text.as_bytes(), 65_536).unwrap();
        assert_eq!((out.len(), changed), (text.len(), false));
    }
}
