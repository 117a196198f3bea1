//! What there is to say about an event, and the order in which it is said.

use super::super::Body;
use super::super::Document;
use super::super::Draft;
use super::data::Unshown;
use super::data::plain;
use super::fit::line;
use super::fit::paragraph;
use super::form::Fact;
use super::form::Piece;
use super::form::Placement;
use super::headline::source_time;
use super::kinds::COMMON;
use super::kinds::family;
use super::manner::Manner;
use super::manner::Style;
use crate::event::Event;

/// So many facts stand outside the details of a concise message.
const FACTS: usize = 2;

/// Everything that is said about an event below its headline.
pub(super) struct Story {
    description: Option<String>,
    /// The most important first.
    pieces: Vec<Piece>,
    /// So many of them are what matters most for this type.
    main: usize,
    /// What nobody understood: one line for each field.
    rest: Vec<String>,
    /// What the headline of a concise message leaves out.
    place: Vec<String>,
}

impl Story {
    /// The event's secrets were masked before.
    pub(super) fn of(event: &Event, manner: &Manner) -> Self {
        let family = family(&event.kind);
        let mut data = Unshown::of(&event.data);
        let mut read = |facts: &[Fact]| -> Vec<Piece> {
            let pieces = facts.iter().map(|fact| fact.read(event, &mut data, manner));
            pieces.flatten().collect()
        };
        let mut pieces = read(family.main);
        let main = pieces.len();
        pieces.extend(read(family.more));
        pieces.extend(read(COMMON));
        let details = data
            .rest()
            .map(|(name, value)| format!("{name}: {}", plain(value)));
        let description = event.description.clone();
        let task = event.task_id.as_deref().map(|task| format!("Task: {task}"));
        let time = source_time(event, &manner.zone);
        let time = time.map(|time| format!("Time of the source: {time}"));
        Self {
            description: description.filter(|text| !text.trim().is_empty()),
            pieces,
            main,
            rest: details.collect(),
            place: task.into_iter().chain(time).collect(),
        }
    }

    /// The files that hold what the message shows a part of.
    pub(super) fn documents(&mut self) -> Vec<Document> {
        let pieces = self.pieces.iter_mut();
        pieces.filter_map(|piece| piece.document.take()).collect()
    }

    /// Everything below the headline.
    pub(super) fn told(&self, style: Style) -> Body {
        match style {
            Style::Detailed => self.detailed(),
            Style::Concise => self.concise(),
        }
    }

    fn detailed(&self) -> Body {
        let mut draft = self.placed(Draft::new(), &[Placement::Top]);
        if let Some(description) = &self.description {
            draft = paragraph(draft).plain(description);
        }
        let below = [Placement::Line, Placement::Link, Placement::Block];
        let facts = self.placed(Draft::new(), &below).finish();
        if !facts.is_empty() {
            let is_alone = self.description.is_none();
            // Facts follow a bar on the next line.
            draft = if is_alone && !draft.is_empty() {
                draft.line()
            } else {
                paragraph(draft)
            };
            draft = draft.body(&facts);
        }
        folded(draft, &self.rest)
    }

    fn placed(&self, draft: Draft, placements: &[Placement]) -> Draft {
        placements.iter().fold(draft, |draft, placement| {
            let here = |piece: &&Piece| piece.placement == *placement;
            let pieces = self.pieces.iter().filter(here);
            pieces.fold(draft, |draft, piece| below(draft, &piece.body))
        })
    }

    /// The first facts and the first link; everything else is folded away. Where there is no fact, the description is one.
    fn concise(&self) -> Body {
        let mut draft = Draft::new();
        let mut hidden = Vec::new();
        let (mut facts, mut links) = (0, 0);
        for (index, piece) in self.pieces.iter().enumerate() {
            let matters = index < self.main || facts == 0;
            let brief = match piece.placement {
                Placement::Top | Placement::Line if matters && facts < FACTS => Some(&piece.body),
                Placement::Block if matters && facts < FACTS => piece.brief.as_ref(),
                Placement::Link if links == 0 => Some(&piece.body),
                Placement::Top | Placement::Line | Placement::Block | Placement::Link => None,
            };
            if let Some(brief) = brief {
                draft = below(draft, brief);
                if piece.placement == Placement::Link {
                    links += 1;
                } else {
                    facts += 1;
                }
            }
            if brief.is_none_or(|brief| !says_all(brief, &piece.body)) {
                hidden.push(piece.body.text().to_owned());
            }
        }
        let description = self.description.iter().cloned();
        if facts == 0 {
            let told = description.fold(Draft::new(), |draft, text| draft.plain(&text));
            let gap = if told.is_empty() || draft.is_empty() {
                ""
            } else {
                "\n"
            };
            draft = told.plain(gap).body(&draft.finish());
        } else {
            hidden.splice(..0, description);
        }
        hidden.extend(self.rest.iter().chain(&self.place).cloned());
        folded(draft, &hidden)
    }
}

/// Does one line hold everything of a body, whose heading may stand on a line of its own?
fn says_all(brief: &Body, body: &Body) -> bool {
    brief.text() == body.text().replacen(":\n", ": ", 1)
}

/// The draft with lines below it that unfold when they are touched.
fn folded(draft: Draft, lines: &[String]) -> Body {
    if lines.is_empty() {
        return draft.finish();
    }
    paragraph(draft).quote(&lines.join("\n")).finish()
}

fn below(draft: Draft, body: &Body) -> Draft {
    line(draft, "").body(body)
}
