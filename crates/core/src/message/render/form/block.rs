//! Forms of many lines: errors, stacks, logs, code, changes. The message shows a part, a file has the whole.

use serde_json::Map;
use serde_json::Value;

use super::super::super::Document;
use super::super::super::Draft;
use super::super::data::Unshown;
use super::super::data::plain;
use super::super::data::pretty;
use super::Fact;
use super::Names;
use super::Piece;
use super::language;
use crate::event::Event;

/// How many lines a block shows of something that is longer.
const LINES: usize = 8;
/// A text of so many lines is shown whole.
const WHOLE: usize = 14;
/// How many characters of it are shown.
const CHARACTERS: usize = 1_200;
/// Code and changes are worth more room.
const CODE_LINES: usize = 30;

/// The fields that say in which language code is.
pub(super) const CODE_LANGUAGE: Names = &["language", "lang"];
pub(super) const CODE_FILE: Names = &["file", "path", "file_path", "filename"];

/// Which part of a long text is shown.
#[derive(Clone, Copy)]
enum Side {
    First,
    Last,
}

/// What is shown, and how it lies in the whole.
struct Excerpt<'a> {
    label: &'a str,
    file: &'static str,
    language: Option<String>,
    lines: usize,
    side: Side,
}

pub(super) fn error(fact: &Fact, data: &mut Unshown<'_>) -> Option<Piece> {
    let (text, brief) = data.take(fact.names, |value| match value {
        Value::Null | Value::Bool(_) => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some((text.clone(), text.clone())),
        Value::Object(map) => {
            let told = told(map).unwrap_or_else(|| pretty(value));
            Some((told.clone(), told))
        }
        Value::Number(_) | Value::Array(_) => Some((pretty(value), value.to_string())),
    })?;
    if text.chars().count() <= CHARACTERS && !text.trim().contains('\n') {
        return Some(Piece::labelled(fact.label, &text));
    }
    let excerpt = Excerpt {
        label: fact.label,
        file: "error.txt",
        language: None,
        lines: LINES,
        side: Side::First,
    };
    Some(excerpt.of(&text).in_brief(fact.label, &brief))
}

/// An error as an object: its message, every other field, and the stack last.
fn told(map: &Map<String, Value>) -> Option<String> {
    let mut data = Unshown::of(map);
    let name = data.take_text(&["name", "type", "code", "kind"]);
    let message = data.take_text(&["message", "error", "description"])?;
    let stack = data.take(&["stack", "stack_trace", "traceback"], lines);
    let name = name.map(|name| format!("{name}: ")).unwrap_or_default();
    let fields = data
        .rest()
        .map(|(name, value)| format!("{name}: {}", plain(value)));
    let lines = [format!("{name}{message}")].into_iter().chain(fields);
    Some(lines.chain(stack).collect::<Vec<_>>().join("\n"))
}

/// The frames nearest to the error stand first in most stacks; those that put them last are not turned round.
pub(super) fn head(fact: &Fact, file: &'static str, data: &mut Unshown<'_>) -> Option<Piece> {
    let text = data.take(fact.names, lines)?;
    let python = text
        .trim_start()
        .starts_with("Traceback (most recent call last)");
    let excerpt = Excerpt {
        label: fact.label,
        file,
        language: None,
        lines: LINES,
        side: if python { Side::Last } else { Side::First },
    };
    Some(excerpt.of(&text))
}

pub(super) fn tail(fact: &Fact, file: &'static str, data: &mut Unshown<'_>) -> Option<Piece> {
    let text = data.take(fact.names, lines)?;
    let excerpt = Excerpt {
        label: fact.label,
        file,
        language: None,
        lines: LINES,
        side: Side::Last,
    };
    Some(excerpt.of(&text))
}

pub(super) fn source(fact: &Fact, event: &Event, data: &mut Unshown<'_>) -> Option<Piece> {
    let text = data.take(fact.names, lines)?;
    let whole = Unshown::of(&event.data);
    let said = whole.look(CODE_LANGUAGE, |value| language::named(value.as_str()?));
    let of_file = || whole.look(CODE_FILE, |value| language::of_file(value.as_str()?));
    let excerpt = Excerpt {
        label: fact.label,
        file: "code.txt",
        language: said.or_else(of_file),
        lines: CODE_LINES,
        side: Side::First,
    };
    Some(excerpt.of(&text))
}

pub(super) fn diff(fact: &Fact, data: &mut Unshown<'_>) -> Option<Piece> {
    let text = data.take(fact.names, lines)?;
    let excerpt = Excerpt {
        label: fact.label,
        file: "change.diff",
        language: Some("diff".to_owned()),
        lines: CODE_LINES,
        side: Side::First,
    };
    Some(excerpt.of(&text))
}

impl Excerpt<'_> {
    fn of(&self, text: &str) -> Piece {
        let text = text.trim_matches('\n').trim_end();
        let count = text.lines().count();
        let label = self.label;
        let language = self.language.as_deref();
        if count <= self.lines.max(WHOLE) && text.chars().count() <= CHARACTERS {
            let draft = Draft::new().plain(&format!("{label}:\n"));
            return Piece::block(draft.pre(language, text));
        }
        let (shown, part) = match self.side {
            Side::First => (first(text, self.lines), "the beginning"),
            Side::Last => (last(text, self.lines), "the end"),
        };
        let file = self.file;
        let lines = if count == 1 { "line" } else { "lines" };
        let heading = format!("{label} ({part}; all {count} {lines} are attached: {file}):\n");
        let block = Draft::new().plain(&heading).pre(language, &shown);
        Piece::block(block).with(Some(Document::new(file, text)))
    }
}

fn first(text: &str, lines: usize) -> String {
    let lines: Vec<&str> = text.lines().take(lines).collect();
    lines.join("\n").chars().take(CHARACTERS).collect()
}

fn last(text: &str, lines: usize) -> String {
    let skipped = text.lines().count().saturating_sub(lines);
    let lines: Vec<&str> = text.lines().skip(skipped).collect();
    let kept = lines.join("\n");
    let over = kept.chars().count().saturating_sub(CHARACTERS);
    kept.chars().skip(over).collect()
}

/// Text, or a list of lines.
fn lines(value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return (!text.trim().is_empty()).then(|| text.to_owned());
    }
    let lines: Option<Vec<&str>> = value.as_array()?.iter().map(Value::as_str).collect();
    let lines = lines.filter(|lines| !lines.is_empty())?;
    Some(lines.join("\n"))
}
