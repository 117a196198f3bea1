//! What belongs to a private key: lines of base64 and the end. Whatever may be a command stays visible.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// What stands between the lines of a key, also in a string, in source code or in a diff.
static GAP: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^(?:[\s"'+,#*]|\\{1,2}[nrt]){1,200}"#).ok());

/// A field above the lines. The first two are part of the key; the others are text of somebody, so they stay visible.
static FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let part = r"(?P<part>(?:Proc-Type|DEK-Info): [A-Za-z0-9,-]{1,80})";
    Regex::new(&format!(
        r"^(?:{part}|(?:Version|Comment|Hash|Charset): [^\n\\]{{0,200}})"
    ))
    .ok()
});

static END: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----").ok());

/// The parts of `text` that belong to the key that begins with `header`.
pub(super) fn ranges(text: &str, header: Range<usize>) -> Vec<Range<usize>> {
    let mut ranges = vec![header.clone()];
    let mut at = header.end;
    loop {
        let start = after_gap(text, at);
        if let Some(end) = matched(&END, text, start) {
            extend(&mut ranges, start, end, false);
            break;
        }
        if start == at {
            break;
        }
        if let Some((end, shown)) = field(text, start) {
            if !shown {
                extend(&mut ranges, start, end, false);
            }
            at = end;
            continue;
        }
        let end = word(text, start);
        let line = text.get(start..end).unwrap_or_default();
        if is_base64(line) {
            let apart = ranges.last().is_some_and(|last| last.end < at);
            extend(&mut ranges, start, end, apart);
            at = end;
            continue;
        }
        if let Some(end) = tail(text, start) {
            extend(&mut ranges, start, end, false);
        }
        break;
    }
    ranges
}

/// Masks on from the last range, or apart from it where something between them stays visible.
fn extend(ranges: &mut Vec<Range<usize>>, start: usize, end: usize, apart: bool) {
    match ranges.last_mut() {
        Some(last) if !apart => last.end = end,
        Some(_) | None => ranges.push(start..end),
    }
}

fn matched(pattern: &LazyLock<Option<Regex>>, text: &str, at: usize) -> Option<usize> {
    let found = pattern.as_ref()?.find(text.get(at..)?)?;
    Some(at.saturating_add(found.end()))
}

fn after_gap(text: &str, at: usize) -> usize {
    let at = matched(&GAP, text, at).unwrap_or(at);
    let rest = text.get(at..).unwrap_or_default();
    // The `-` of a diff.
    if rest.starts_with('-') && !rest.starts_with("--") {
        at.saturating_add(1)
    } else {
        at
    }
}

/// Where a field ends, and whether it stays visible.
fn field(text: &str, at: usize) -> Option<(usize, bool)> {
    let found = FIELD.as_ref()?.captures(text.get(at..)?)?;
    let end = at.saturating_add(found.get(0)?.end());
    Some((end, found.name("part").is_none()))
}

fn word(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let in_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    at.saturating_add(rest.find(|c| !in_word(c)).unwrap_or(rest.len()))
}

/// A line as no command, option or path is: letters of both cases and digits well mixed.
fn is_base64(line: &str) -> bool {
    let count = |test: fn(&u8) -> bool| line.bytes().filter(test).count();
    let (lower, upper) = (count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase));
    let digits = count(u8::is_ascii_digit);
    match line.len() {
        0..=19 => false,
        20..=59 => digits >= 2 && upper >= 3 && lower >= 1 && !line.contains('/'),
        _ => digits >= 2 && upper >= 8 && lower >= 4,
    }
}

/// The last, short line and the sum, when the end follows.
fn tail(text: &str, start: usize) -> Option<usize> {
    let mut at = start;
    for _ in 0..2 {
        let end = word(text, at);
        let line = text.get(at..end).filter(|line| !line.is_empty())?;
        let any = |test: fn(char) -> bool| line.contains(test);
        let lower = any(|c| c.is_ascii_lowercase());
        let upper = any(|c| c.is_ascii_uppercase());
        if line.len() > 80 || line.starts_with('/') || !(lower && (upper || line.ends_with('='))) {
            return None;
        }
        at = after_gap(text, end);
        if let Some(end) = matched(&END, text, at) {
            return Some(end);
        }
    }
    None
}
