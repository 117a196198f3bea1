//! How one field of `data`, or a few that belong together, becomes something to read. The tables in `kinds` say which
//! fields are meant; what a form cannot read stays for the details.

mod bar;
mod block;
mod language;
mod list;
mod measure;
mod number;
mod piece;
mod word;

use super::data::Unshown;
use super::manner::Manner;
use crate::event::Event;

pub(super) use piece::Piece;
pub(super) use piece::Placement;

/// Field names that mean the same, the most usual first.
pub(super) type Names = &'static [&'static str];

/// One thing to say about an event, and where it is read from.
#[derive(Clone, Copy)]
pub(super) struct Fact {
    pub(super) label: &'static str,
    pub(super) names: Names,
    pub(super) form: Form,
}

/// What is made of the fields.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// `Label: text`.
    Text,
    /// The same, unless it only repeats the title.
    Subject,
    /// `Label: code`; several lines stand in a block of this language.
    Code(Option<&'static str>),
    /// The first characters of a commit's hash, as code.
    Hash,
    /// A name, or an object with one.
    Person,
    /// A point in time, told in the owner's zone.
    Time,
    /// `Label: from → to`.
    Change {
        from: Names,
    },
    /// `GET https://example.com → 200`.
    Call {
        url: Names,
        status: Names,
    },
    /// A span; the name says the unit.
    Duration,
    /// A number with its unit, which the name says (`_ms`, `_percent`, `_mb`), else this one.
    Quantity(&'static str),
    /// A whole number, or how long a list is.
    Count,
    /// `+120 -40 lines`.
    Churn {
        removed: Names,
    },
    /// `118 passed, 2 failed`.
    Tally(&'static [(&'static str, Names)]),
    /// `CPU 31 %, memory 512 MB`; the unit as for a quantity, else per cent.
    Usage(&'static [(&'static str, Names)]),
    /// `p95 latency 840 ms, threshold 500 ms (+68 %)`.
    Measure {
        metric: Names,
        unit: Names,
        threshold: Names,
    },
    /// `▓▓▓░░░░░░░ 38 %, 3 of 8`.
    Bar,
    /// The first five of a list with their messages; all of them in a file of this name.
    Items(&'static str),
    /// A list of names, the first twenty.
    Files,
    /// An object of short values, one line each.
    Pairs,
    /// Each one a link.
    Links,
    /// What went wrong: the first lines; all of it in `error.txt`.
    Error,
    /// The first lines; all of it in a file of this name.
    Head(&'static str),
    /// The last lines; all of it in a file of this name.
    Tail(&'static str),
    /// Code in the language that `language` or the file's name says.
    Source,
    Diff,
    /// Shown when it is not the type's own; the sign says it otherwise.
    Severity,
}

impl Fact {
    pub(super) const fn new(label: &'static str, names: Names, form: Form) -> Self {
        Self { label, names, form }
    }

    /// Everything that can be said; what was said is no longer in `data`.
    pub(super) fn read(
        &self,
        event: &Event,
        data: &mut Unshown<'_>,
        manner: &Manner,
    ) -> Vec<Piece> {
        let one = match self.form {
            Form::Links => return list::links(self, data),
            Form::Text => word::text(self, data),
            Form::Subject => word::subject(self, event, data),
            Form::Code(language) => word::code(self, language, data),
            Form::Hash => word::hash(self, data),
            Form::Person => word::person(self, data),
            Form::Time => word::time(self, data, &manner.zone),
            Form::Change { from } => word::change(self, from, data),
            Form::Call { url, status } => word::call(self, url, status, data),
            Form::Severity => word::severity(self, event, data),
            Form::Duration => number::duration(self, data),
            Form::Quantity(unit) => number::quantity(self, unit, data),
            Form::Count => number::count(self, data),
            Form::Churn { removed } => number::churn(self, removed, data),
            Form::Tally(parts) => number::tally(parts, data),
            Form::Usage(parts) => number::usage(parts, data),
            Form::Measure {
                metric,
                unit,
                threshold,
            } => measure::measure(self.names, metric, unit, threshold, data),
            Form::Bar => bar::bar(data),
            Form::Items(file) => list::items(self, file, data),
            Form::Files => list::files(self, data),
            Form::Pairs => list::pairs(self, data),
            Form::Error => block::error(self, data),
            Form::Head(file) => block::head(self, file, data),
            Form::Tail(file) => block::tail(self, file, data),
            Form::Source => block::source(self, event, data),
            Form::Diff => block::diff(self, data),
        };
        one.into_iter().collect()
    }

    /// Every field that is looked at, for the documentation.
    pub(super) fn fields(&self) -> Vec<&'static str> {
        let further: Vec<&'static str> = match self.form {
            Form::Change { from } => from.to_vec(),
            Form::Call { url, status } => [url, status].concat(),
            Form::Churn { removed } => removed.to_vec(),
            Form::Tally(parts) | Form::Usage(parts) => parts
                .iter()
                .flat_map(|(_, names)| *names)
                .copied()
                .collect(),
            Form::Measure {
                metric,
                unit,
                threshold,
            } => [threshold, unit, metric].concat(),
            Form::Bar => bar::FIELDS.concat(),
            Form::Source => [block::CODE_LANGUAGE, block::CODE_FILE].concat(),
            Form::Text
            | Form::Subject
            | Form::Code(_)
            | Form::Hash
            | Form::Person
            | Form::Time
            | Form::Duration
            | Form::Quantity(_)
            | Form::Count
            | Form::Items(_)
            | Form::Files
            | Form::Pairs
            | Form::Links
            | Form::Error
            | Form::Head(_)
            | Form::Tail(_)
            | Form::Diff
            | Form::Severity => Vec::new(),
        };
        self.names.iter().copied().chain(further).collect()
    }
}

#[cfg(test)]
mod tests;
