//! Formatting made by [`Draft`] lies where Telegram accepts it, whatever is put in.

use proptest::prelude::*;

use super::*;

/// What is put in: a format and a text that may be anything, secrets and characters that do not show included.
fn pieces() -> impl Strategy<Value = Vec<(u8, String)>> {
    let secret = format!("{}{}", "AKIA", "IOSFODNN7EXAMPLE");
    let text = prop_oneof![
        any::<String>(),
        "[a-z \n]{0,20}",
        Just(secret),
        Just("\u{202e}\u{200d}\u{e0041}".to_owned()),
        Just("👩\u{200d}💻🇩🇪".to_owned()),
    ];
    prop::collection::vec((0..7_u8, text), 0..20)
}

fn draft(pieces: &[(u8, String)]) -> Body {
    let add = |draft: Draft, (kind, text): &(u8, String)| match kind {
        0 => draft.plain(text),
        1 => draft.bold(text),
        2 => draft.italic(text),
        3 => draft.code(text),
        4 => draft.pre(Some("rust"), text),
        5 => draft.quote(text),
        _ => draft.line(),
    };
    pieces.iter().fold(Draft::new(), add).finish()
}

proptest! {
    #[test]
    fn formatting_is_in_order_within_the_text_and_tears_no_character(one in pieces(), two in pieces()) {
        let (one, two) = (draft(&one), draft(&two));
        let body = Draft::new().body(&one).line().body(&two).finish();
        let units: Vec<u16> = body.text().encode_utf16().collect();
        prop_assert_eq!(body.len(), units.len());
        let mut end_of_last = 0;
        for entity in body.entities() {
            prop_assert!(entity.length > 0 && entity.offset >= end_of_last);
            end_of_last = entity.offset + entity.length;
            prop_assert!(end_of_last <= units.len());
            prop_assert!(String::from_utf16(&units[entity.offset..end_of_last]).is_ok());
        }
        prop_assert_eq!(body.entities().len(), one.entities().len() + two.entities().len());
    }

    #[test]
    fn formatting_covers_what_was_formatted(pieces in pieces()) {
        let body = draft(&pieces);
        let units: Vec<u16> = body.text().encode_utf16().collect();
        let covered = body.entities().iter().map(|entity| {
            String::from_utf16(&units[entity.offset..entity.offset + entity.length]).unwrap()
        });
        let expected = pieces.iter().filter(|(kind, _)| (1..=5).contains(kind));
        let expected = expected.map(|(_, text)| clean(text)).filter(|text| !text.is_empty());
        prop_assert!(covered.eq(expected));
    }
}
