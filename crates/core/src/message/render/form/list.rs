//! Forms of several things: items with messages, files, pairs, links.

use serde_json::Value;

use super::super::super::Document;
use super::super::super::Draft;
use super::super::data::Unshown;
use super::super::data::scalar;
use super::Fact;
use super::Piece;

/// How many items are shown with their message.
const ITEMS: usize = 5;
/// How many files are named.
const FILES: usize = 20;
/// How many pairs are shown.
const PAIRS: usize = 12;
/// So much of an item's message; the file has the whole.
const MESSAGE: usize = 300;

/// One failing test, problem or commit: what it is, where, and what is said about it.
struct Item {
    name: String,
    place: String,
    message: String,
}

/// The first five; where something is left out, all of them in a file.
pub(super) fn items(fact: &Fact, file: &'static str, data: &mut Unshown<'_>) -> Option<Piece> {
    let items = data.take(fact.names, |value| {
        let list = value.as_array()?;
        let items = list.iter().map(Item::read).collect::<Option<Vec<_>>>();
        items.filter(|items| !items.is_empty())
    })?;
    let shown = items.iter().take(ITEMS);
    let is_cut = |item: &Item| item.message.chars().count() > MESSAGE;
    let draft = Draft::new().plain(&format!("{} ({}):", fact.label, items.len()));
    let mut draft = shown.fold(draft, |draft, item| item.add_to(draft));
    let document = if items.len() > ITEMS || items.iter().any(is_cut) {
        let whole: Vec<String> = items.iter().map(Item::whole).collect();
        Some(Document::new(file, &whole.join("\n\n")))
    } else {
        None
    };
    if let Some(more) = items.len().checked_sub(ITEMS).filter(|more| *more > 0) {
        draft = draft.plain(&format!("\nand {more} more"));
    }
    if document.is_some() {
        draft = draft.plain(&format!("\nAll of them are attached: {file}"));
    }
    let piece = Piece::block(draft).in_brief(fact.label, &items.len().to_string());
    Some(piece.with(document))
}

impl Item {
    /// Text, or an object; what is not understood of that stands with its message.
    fn read(value: &Value) -> Option<Self> {
        if let Some(text) = value.as_str() {
            let (name, message) = text.split_once('\n').unwrap_or((text, ""));
            return Some(Self {
                name: name.to_owned(),
                place: String::new(),
                message: message.to_owned(),
            });
        }
        let mut data = Unshown::of(value.as_object()?);
        let name = [
            "name", "test", "title", "id", "rule", "code", "check", "hash", "sha", "cve",
        ];
        let name = data.take(&name, scalar);
        let file = data.take(&["file", "path", "location", "package"], scalar);
        let line = data.take(&["line", "version"], scalar);
        let message = data.take(
            &[
                "message",
                "error",
                "reason",
                "description",
                "failure",
                "subject",
            ],
            scalar,
        );
        let place = match (file, line) {
            (Some(file), Some(line)) => format!("{file}:{line}"),
            (Some(file), None) => file,
            (None, _) => String::new(),
        };
        let rest: Vec<String> = data
            .rest()
            .filter_map(|(name, value)| {
                let text = scalar(value).or_else(|| (!value.is_null()).then(|| value.to_string()));
                Some(format!("{name}: {}", text?))
            })
            .collect();
        let said = message.into_iter().chain(rest);
        let message = said.collect::<Vec<_>>().join("\n");
        let name = name.or_else(|| (!place.is_empty() || !message.is_empty()).then(String::new))?;
        Some(Self {
            name,
            place,
            message,
        })
    }

    /// What it is and where, in one line.
    fn line(&self) -> String {
        let texts = [self.name.trim(), self.place.trim()];
        let filled = texts.into_iter().filter(|text| !text.is_empty());
        filled.collect::<Vec<_>>().join(", ")
    }

    fn add_to(&self, draft: Draft) -> Draft {
        let head = self.line();
        let draft = draft.plain("\n• ");
        let draft = if head.is_empty() {
            draft
        } else {
            draft.code(&head)
        };
        let mut message: String = self.message.trim().chars().take(MESSAGE).collect();
        if message.is_empty() {
            return draft;
        }
        if message.len() < self.message.trim().len() {
            message.push('…');
        }
        let message = message.replace('\n', "\n   ");
        let gap = if head.is_empty() { "" } else { "\n   " };
        draft.plain(&format!("{gap}{message}"))
    }

    fn whole(&self) -> String {
        let parts = [self.line(), self.message.trim().to_owned()];
        let filled = parts.into_iter().filter(|text| !text.is_empty());
        filled.collect::<Vec<_>>().join("\n")
    }
}

pub(super) fn files(fact: &Fact, data: &mut Unshown<'_>) -> Option<Piece> {
    let files = data.look(fact.names, texts)?;
    // A list that is cut here stands whole under the details.
    if files.len() <= FILES {
        let _shown_here = data.take(fact.names, texts);
    }
    let mut text = format!("{} ({}):", fact.label, files.len());
    for file in files.iter().take(FILES) {
        text.push_str("\n• ");
        text.push_str(file);
    }
    if let Some(more) = files.len().checked_sub(FILES).filter(|more| *more > 0) {
        text.push_str("\nand ");
        text.push_str(&more.to_string());
        text.push_str(" more");
    }
    let brief = files.len().to_string();
    Some(Piece::block(Draft::new().plain(&text)).in_brief(fact.label, &brief))
}

/// `{"database": "ok", "cache": "slow"}`; values of values stay for the details.
pub(super) fn pairs(fact: &Fact, data: &mut Unshown<'_>) -> Option<Piece> {
    let pairs = data.take(fact.names, |value| {
        let map = value.as_object()?;
        let pair = |(name, value): (&String, &Value)| Some(format!("{name}: {}", scalar(value)?));
        let pairs: Option<Vec<String>> = map.iter().map(pair).collect();
        pairs.filter(|pairs| (1..=PAIRS).contains(&pairs.len()))
    })?;
    let text = format!("{}:\n• {}", fact.label, pairs.join("\n• "));
    let brief = pairs.join(", ");
    Some(Piece::block(Draft::new().plain(&text)).in_brief(fact.label, &brief))
}

/// Single links and lists of them.
pub(super) fn links(fact: &Fact, data: &mut Unshown<'_>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    while let Some(link) = data.take_text(fact.names) {
        pieces.push(Piece::link(link));
    }
    while let Some(links) = data.take(fact.names, texts) {
        pieces.extend(links.into_iter().map(Piece::link));
    }
    pieces
}

/// A list of texts that is not empty.
fn texts(value: &Value) -> Option<Vec<&str>> {
    let texts: Option<Vec<&str>> = value.as_array()?.iter().map(Value::as_str).collect();
    texts.filter(|texts| !texts.is_empty())
}
