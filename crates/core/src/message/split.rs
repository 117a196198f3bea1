//! Cuts a long text into messages.

use unicode_segmentation::UnicodeSegmentation as _;

use super::Body;
use super::Entity;
use super::utf16_len;

/// Telegram drops what goes beyond this many entities, and says nothing.
const MAX_ENTITIES: usize = 100;

/// Parts of at most `limit` UTF-16 units. The cut is at the end of a line, else of a word, else between two characters;
/// formatting that fits one part stays in one part, and goes on in the next where it does not. White space at a cut is
/// left out, since Telegram trims it; everything else stays.
#[must_use]
pub fn split(body: &Body, limit: usize) -> Vec<Body> {
    parts(body, limit, 0).collect()
}

/// As [`split`], but one part after the other, and with room for `reserved` more entities in each.
pub(super) fn parts(body: &Body, limit: usize, reserved: usize) -> impl Iterator<Item = Body> {
    let mut entities: Vec<&Entity> = body.entities().iter().collect();
    entities.sort_by_key(|entity| (entity.offset, std::cmp::Reverse(entity.length)));
    let most = MAX_ENTITIES.saturating_sub(reserved).max(1);
    let limits = Limits {
        units: limit.max(2),
        entities: most,
    };
    let mut rest = Rest {
        text: body.text(),
        offset: 0,
    };
    std::iter::from_fn(move || {
        while !rest.text.is_empty() {
            let (text, offset) = (rest.text, rest.offset);
            let cut = cut(&rest, &entities, &limits);
            let (part, after) = text.split_at_checked(cut.bytes).unwrap_or((text, ""));
            let next = after.trim_start_matches('\n');
            let skipped = after.len().saturating_sub(next.len());
            let behind = offset.saturating_add(cut.units).saturating_add(skipped);
            rest = Rest {
                text: next,
                offset: behind,
            };
            let kept = if after.is_empty() {
                part
            } else {
                part.trim_end()
            };
            if !kept.trim().is_empty() {
                return Some(excerpt(kept, offset, &entities, most));
            }
        }
        None
    })
}

struct Limits {
    units: usize,
    entities: usize,
}

/// What is still to be cut, and where it begins in the whole, in UTF-16 units.
struct Rest<'a> {
    text: &'a str,
    offset: usize,
}

/// A place between two characters, counted from the beginning of the rest.
#[derive(Clone, Copy)]
struct Edge {
    bytes: usize,
    units: usize,
    /// What ends here.
    ends: Ending,
}

#[derive(Clone, Copy, PartialEq)]
enum Ending {
    Line,
    Word,
    Character,
}

/// Where the next part ends.
fn cut(rest: &Rest<'_>, entities: &[&Entity], limits: &Limits) -> Edge {
    let ahead = |entity: &&&Entity| entity.offset.saturating_add(entity.length) > rest.offset;
    let ahead: Vec<&Entity> = entities.iter().filter(ahead).copied().collect();
    let too_many = ahead
        .get(limits.entities)
        .map(|entity| entity.offset.saturating_sub(rest.offset));
    let reach = too_many
        .filter(|units| *units > 0)
        .unwrap_or(usize::MAX)
        .min(limits.units);
    // No code point has more than three bytes for a unit: a long text need not be counted to be known as too long.
    if rest.text.len() <= reach.saturating_mul(3) {
        let units = utf16_len(rest.text);
        if units <= reach {
            return Edge {
                bytes: rest.text.len(),
                units,
                ends: Ending::Line,
            };
        }
    }
    let edges = edges(rest.text, reach);
    let splits = |edge: &Edge| {
        let place = rest.offset.saturating_add(edge.units);
        ahead
            .iter()
            .any(|entity| is_torn(entity, rest.offset, place, limits.units))
    };
    let last = |test: &dyn Fn(&Edge) -> bool| edges.iter().rev().find(|edge| test(edge)).copied();
    let half = reach / 2;
    last(&|edge| edge.ends == Ending::Line && edge.units >= half && !splits(edge))
        .or_else(|| {
            last(&|edge| edge.ends != Ending::Character && edge.units >= half && !splits(edge))
        })
        .or_else(|| last(&|edge| edge.ends != Ending::Character && !splits(edge)))
        .or_else(|| last(&|edge| !splits(edge)))
        .or_else(|| last(&|_| true))
        .unwrap_or_else(|| within_a_character(rest.text, limits.units))
}

/// Would a cut at `place` tear formatting apart that could stay whole in this part, which begins at `start`, or the next?
fn is_torn(entity: &Entity, start: usize, place: usize, longest: usize) -> bool {
    let end = entity.offset.saturating_add(entity.length);
    let crossed = entity.offset < place && place < end;
    crossed && entity.offset >= start && entity.length <= longest
}

/// All edges up to `reach` units from the beginning.
fn edges(text: &str, reach: usize) -> Vec<Edge> {
    let mut edges = Vec::new();
    let mut units = 0_usize;
    for (start, cluster) in text.grapheme_indices(true) {
        units = units.saturating_add(utf16_len(cluster));
        if units > reach {
            break;
        }
        let ends = match cluster.chars().next() {
            Some('\n') => Ending::Line,
            Some(c) if c.is_whitespace() => Ending::Word,
            Some(_) | None => Ending::Character,
        };
        edges.push(Edge {
            bytes: start.saturating_add(cluster.len()),
            units,
            ends,
        });
    }
    edges
}

/// One character as people see it can be longer than a whole message. Then it is cut between code points.
fn within_a_character(text: &str, reach: usize) -> Edge {
    let mut edge = Edge {
        bytes: 0,
        units: 0,
        ends: Ending::Character,
    };
    for c in text.chars() {
        let units = edge.units.saturating_add(c.len_utf16());
        if units > reach {
            break;
        }
        edge = Edge {
            bytes: edge.bytes.saturating_add(c.len_utf8()),
            units,
            ..edge
        };
    }
    edge
}

/// The text that begins at `offset` with the formatting that lies in it.
fn excerpt(text: &str, offset: usize, entities: &[&Entity], most: usize) -> Body {
    let end = offset.saturating_add(utf16_len(text));
    let inside = entities.iter().filter_map(|entity| {
        let from = entity.offset.max(offset);
        let to = entity.offset.saturating_add(entity.length).min(end);
        let length = to.checked_sub(from).filter(|length| *length > 0)?;
        Some(Entity {
            kind: entity.kind.clone(),
            offset: from.saturating_sub(offset),
            length,
        })
    });
    Body::from_clean(text.to_owned(), inside.take(most).collect())
}

#[cfg(test)]
mod tests;
