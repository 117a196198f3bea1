//! Forms of a few words: texts, codes, people, times, changes.

use jiff::tz::TimeZone;
use serde_json::Value;

use super::super::super::Draft;
use super::super::data::Unshown;
use super::super::data::scalar;
use super::Fact;
use super::Names;
use super::Piece;
use crate::event::Event;
use crate::event::Severity;
use crate::time::Timestamp;

/// So much of a hash is enough to find a commit.
const HASH: usize = 10;

pub(super) fn text(fact: &Fact, data: &mut Unshown<'_>) -> Option<Piece> {
    let text = data.take(fact.names, scalar)?;
    Some(Piece::labelled(fact.label, &text))
}

pub(super) fn subject(fact: &Fact, event: &Event, data: &mut Unshown<'_>) -> Option<Piece> {
    let text = data.take(fact.names, scalar)?;
    let is_new = text.trim() != event.title.trim();
    is_new.then(|| Piece::labelled(fact.label, &text))
}

pub(super) fn code(fact: &Fact, language: Option<&str>, data: &mut Unshown<'_>) -> Option<Piece> {
    let text = data.take_text(fact.names)?;
    let label = Draft::new().plain(&format!("{}:", fact.label));
    if text.trim().contains('\n') {
        let block = Piece::block(label.line().pre(language, text));
        return Some(block.in_brief(fact.label, text));
    }
    Some(Piece::line(label.plain(" ").code(text.trim())))
}

/// A whole hash stands under the details.
pub(super) fn hash(fact: &Fact, data: &mut Unshown<'_>) -> Option<Piece> {
    let cut = |value: &'_ Value| {
        let text = value.as_str()?.trim();
        let is_hash = text.len() > HASH && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        text.get(..HASH).filter(|_| is_hash).map(str::to_owned)
    };
    let short = data
        .look(fact.names, cut)
        .or_else(|| Some(data.take_text(fact.names)?.trim().to_owned()))?;
    let label = Draft::new().plain(&format!("{}: ", fact.label));
    Some(Piece::line(label.code(&short)))
}

/// What an object says besides the name stands under the details.
pub(super) fn person(fact: &Fact, data: &mut Unshown<'_>) -> Option<Piece> {
    let names = ["name", "login", "username", "first_name"];
    let inside = |value: &Value| {
        let name = names.iter().find_map(|name| value.get(name)?.as_str());
        name.filter(|name| !name.trim().is_empty())
            .map(str::to_owned)
    };
    let name = data
        .take(fact.names, scalar)
        .or_else(|| data.look(fact.names, inside))?;
    Some(Piece::labelled(fact.label, &name))
}

pub(super) fn time(fact: &Fact, data: &mut Unshown<'_>, zone: &TimeZone) -> Option<Piece> {
    let told = |value: &Value| {
        let text = value.as_str()?;
        Some(Timestamp::parse(text)?.date_time(zone))
    };
    let time = data.take(fact.names, told);
    let time = time.or_else(|| data.take_text(fact.names).map(str::to_owned))?;
    Some(Piece::labelled(fact.label, &time))
}

pub(super) fn change(fact: &Fact, from: Names, data: &mut Unshown<'_>) -> Option<Piece> {
    let to = data.take(fact.names, scalar)?;
    let change = match data.take(from, scalar) {
        Some(from) => format!("{from} → {to}"),
        None => to,
    };
    Some(Piece::labelled(fact.label, &change))
}

pub(super) fn call(
    fact: &Fact,
    url: Names,
    status: Names,
    data: &mut Unshown<'_>,
) -> Option<Piece> {
    let url = data.take_text(url)?;
    let method = data.take_text(fact.names);
    let status = data.take(status, |value| value.is_number().then(|| value.to_string()));
    let method = method
        .map(|method| format!("{method} "))
        .unwrap_or_default();
    let status = status
        .map(|status| format!(" → {status}"))
        .unwrap_or_default();
    let call = format!("{method}{url}{status}");
    Some(Piece::labelled(fact.label, &call))
}

pub(super) fn severity(fact: &Fact, event: &Event, data: &mut Unshown<'_>) -> Option<Piece> {
    let _shown_by_the_sign = data.take(fact.names, |value| Severity::from_word(value.as_str()?));
    let severity = event.severity();
    let unusual = severity != event.kind.default_severity();
    unusual.then(|| Piece::labelled(fact.label, severity.name()))
}
