//! What may and may not happen at a cut.

use proptest::prelude::*;

use super::super::Draft;
use super::super::EntityKind;
use super::*;

fn texts(parts: &[Body]) -> Vec<&str> {
    parts.iter().map(Body::text).collect()
}

fn plain(text: &str) -> Body {
    Draft::new().plain(text).finish()
}

#[test]
fn lines_stay_whole_then_words_then_characters() {
    let cases: [(&str, usize, &[&str]); 9] = [
        ("", 10, &[]),
        ("short", 10, &["short"]),
        ("one two\nthree", 10, &["one two", "three"]),
        ("one two three", 10, &["one two", "three"]),
        ("abcdefghijkl", 10, &["abcdefghij", "kl"]),
        ("a\nbcdefghijkl mno", 10, &["a", "bcdefghijk", "l mno"]),
        ("one\n\n\n  two three", 10, &["one", "  two", "three"]),
        ("👍👍👍", 5, &["👍👍", "👍"]),
        ("a b\n", 4, &["a b\n"]),
    ];
    for (text, limit, expected) in cases {
        assert_eq!(texts(&split(&plain(text), limit)), expected, "{text:?}");
    }
}

#[test]
fn a_character_of_many_code_points_stays_whole_unless_it_is_longer_than_a_part() {
    let family = "👨\u{200d}👩\u{200d}👧";
    let body = plain(&format!("ab{family}c"));
    assert_eq!(texts(&split(&body, 9)), ["ab", &format!("{family}c")]);
    let parts = split(&body, 4);
    assert_eq!(
        parts.iter().map(Body::text).collect::<String>(),
        body.text()
    );
    assert!(parts.iter().all(|part| part.len() <= 4));
}

#[test]
fn formatting_that_fits_stays_in_one_part() {
    let body = Draft::new()
        .plain("some words ")
        .bold("bold words")
        .plain(" end")
        .finish();
    let parts = split(&body, 15);
    assert_eq!(texts(&parts), ["some words", "bold words end"]);
    assert_eq!(parts[0].entities(), []);
    assert_eq!(
        parts[1].entities(),
        [Entity {
            kind: EntityKind::Bold,
            offset: 0,
            length: 10
        }]
    );
}

#[test]
fn formatting_at_the_beginning_of_a_part_stays_whole_too() {
    let body = Draft::new().code("one\ntwo").plain("threefour").finish();
    let parts = split(&body, 10);
    assert_eq!(texts(&parts), ["one\ntwothr", "eefour"]);
}

#[test]
fn formatting_that_does_not_fit_goes_on_with_its_language() {
    let kind = EntityKind::Pre {
        language: Some("diff".to_owned()),
    };
    let body = Draft::new()
        .plain("see\n")
        .pre(Some("diff"), "+one\n+two\n+three")
        .plain("\nend")
        .finish();
    let parts = split(&body, 10);
    assert_eq!(texts(&parts), ["see\n+one", "+two", "+three\nend"]);
    let spans: Vec<(usize, usize)> = parts
        .iter()
        .map(|part| (part.entities()[0].offset, part.entities()[0].length))
        .collect();
    assert_eq!(spans, [(4, 4), (0, 4), (0, 6)]);
    assert!(parts.iter().all(|part| part.entities()[0].kind == kind));
}

#[test]
fn security_no_part_has_more_entities_than_telegram_keeps() {
    let body = (0..250)
        .fold(Draft::new(), |draft, _| draft.code("x").plain("\n"))
        .finish();
    let parts = split(&body, 4096);
    assert_eq!(
        parts
            .iter()
            .map(|part| part.entities().len())
            .collect::<Vec<_>>(),
        [100, 100, 50]
    );
    assert!(super::parts(&body, 4096, 2).all(|part| part.entities().len() <= 98));
}

/// Pieces of text and how each is formatted.
fn bodies() -> impl Strategy<Value = Body> {
    let text = prop_oneof![
        "[a-z \n]{0,40}",
        "\\PC{0,20}",
        any::<String>(),
        "[👍👩é ]{0,20}"
    ];
    let piece = (0..4_u8, text);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| {
        let add = |draft: Draft, (kind, text): (u8, String)| match kind {
            0 => draft.plain(&text),
            1 => draft.bold(&text),
            2 => draft.pre(Some("rust"), &text),
            _ => draft.quote(&text),
        };
        pieces.into_iter().fold(Draft::new(), add).finish()
    })
}

fn without_space(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The formatted text of each kind, without white space.
fn formatted(bodies: &[Body]) -> [String; 3] {
    let of = |wanted: fn(&EntityKind) -> bool| {
        let mut out = String::new();
        for body in bodies {
            let units: Vec<u16> = body.text().encode_utf16().collect();
            for entity in body.entities().iter().filter(|entity| wanted(&entity.kind)) {
                out += &String::from_utf16(&units[entity.offset..entity.offset + entity.length])
                    .unwrap();
            }
        }
        without_space(&out)
    };
    [
        of(|kind| *kind == EntityKind::Bold),
        of(|kind| {
            *kind
                == EntityKind::Pre {
                    language: Some("rust".to_owned()),
                }
        }),
        of(|kind| *kind == EntityKind::ExpandableBlockquote),
    ]
}

proptest! {
    #[test]
    fn nothing_but_white_space_is_lost_and_every_part_fits(body in bodies(), limit in 2_usize..80) {
        let parts = split(&body, limit);
        prop_assert!(parts.iter().all(|part| part.len() <= limit && !part.text().trim().is_empty()));
        let joined: String = parts.iter().map(Body::text).collect();
        prop_assert_eq!(without_space(&joined), without_space(body.text()));
        prop_assert_eq!(formatted(&parts), formatted(std::slice::from_ref(&body)));
    }

    #[test]
    fn no_character_is_cut_that_fits_a_part_and_entities_stay_within(body in bodies(), limit in 2_usize..80) {
        let parts = split(&body, limit);
        for part in &parts {
            prop_assert!(part.entities().len() <= MAX_ENTITIES);
            let inside = |entity: &Entity| entity.length > 0 && entity.offset + entity.length <= part.len();
            prop_assert!(part.entities().iter().all(inside));
            prop_assert!(part.entities().is_sorted_by_key(|entity| entity.offset));
        }
        let shown = |text: &str| -> Vec<String> {
            let characters = text.graphemes(true).filter(|it| !it.trim().is_empty());
            characters.map(str::to_owned).collect()
        };
        let whole = shown(body.text());
        if whole.iter().all(|character| utf16_len(character) <= limit) {
            let cut: Vec<String> = parts.iter().flat_map(|part| shown(part.text())).collect();
            prop_assert_eq!(cut, whole);
        }
    }

    #[test]
    fn a_text_that_fits_is_one_part(body in bodies()) {
        let parts = split(&body, body.len().max(2));
        if !body.text().trim().is_empty() {
            prop_assert_eq!(parts, [body]);
        }
    }
}
