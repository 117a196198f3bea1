//! A text that is cut into messages loses nothing but white space at the cuts, and every part can be sent.

use arbitrary::Result;
use arbitrary::Unstructured;
use cctelegram_core::message::Body;
use cctelegram_core::message::split;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::draft;
use crate::entities;

/// # Panics
/// When a promise is broken.
pub fn check(data: &[u8]) {
    let mut input = Unstructured::new(data);
    if let Ok((limit, body)) = read(&mut input) {
        hold(&body, limit);
    }
}

fn read(input: &mut Unstructured<'_>) -> Result<(usize, Body)> {
    let limit = if input.arbitrary()? {
        4096
    } else {
        usize::from(input.int_in_range(2..=300_u16)?)
    };
    Ok((limit, draft::body(input)?))
}

fn hold(body: &Body, limit: usize) {
    let parts = split(body, limit);
    let mut rest = body.text();
    for part in &parts {
        assert!(
            part.len() <= limit,
            "a part has {} of {limit} units",
            part.len()
        );
        assert!(
            !part.text().trim().is_empty(),
            "a part without anything to see"
        );
        assert!(
            part.entities().len() <= 100,
            "more entities than Telegram keeps"
        );
        entities::hold(part);
        // In the order of the whole, and only white space between them.
        let at = rest
            .find(part.text())
            .expect("a part that is not in the text");
        let (skipped, from_here) = rest.split_at(at);
        assert!(skipped.trim().is_empty(), "{skipped:?} is lost");
        rest = &from_here[part.text().len()..];
    }
    assert!(rest.trim().is_empty(), "{rest:?} is lost");
    let longest = body
        .text()
        .graphemes(true)
        .map(|it| it.encode_utf16().count())
        .max();
    if longest.unwrap_or(0) <= limit {
        whole_characters(body, &parts);
    }
}

/// No cut is within what people see as one character.
fn whole_characters(body: &Body, parts: &[Body]) {
    let mut of_whole = body
        .text()
        .graphemes(true)
        .filter(|it| !it.trim().is_empty());
    for character in parts.iter().flat_map(|part| part.text().graphemes(true)) {
        if !character.trim().is_empty() {
            assert_eq!(Some(character), of_whole.next(), "a character is cut");
        }
    }
    assert_eq!(of_whole.next(), None);
}
