//! Formatting lies within its text, in order, and does not tear a character of UTF-16 apart.

use arbitrary::Unstructured;
use cctelegram_core::message::Body;
use cctelegram_core::message::Draft;
use cctelegram_core::message::utf16_len;

use crate::draft;

/// # Panics
/// When a promise is broken.
pub fn check(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let (Ok(one), Ok(two)) = (draft::body(&mut input), draft::body(&mut input)) else {
        return;
    };
    hold(&one);
    let both = Draft::new().body(&one).plain("|").body(&two).finish();
    hold(&both);
    assert_eq!(both.text(), format!("{}|{}", one.text(), two.text()));
    assert_eq!(
        both.entities().len(),
        one.entities().len() + two.entities().len()
    );
}

/// # Panics
/// When formatting lies where it must not.
pub fn hold(body: &Body) {
    let units: Vec<u16> = body.text().encode_utf16().collect();
    assert_eq!(units.len(), body.len());
    assert_eq!(utf16_len(body.text()), body.len());
    let mut end_of_last = 0;
    for entity in body.entities() {
        assert!(entity.length > 0, "an empty entity");
        assert!(
            entity.offset >= end_of_last,
            "entities overlap or stand in no order"
        );
        end_of_last = entity.offset + entity.length;
        assert!(end_of_last <= units.len(), "an entity ends behind its text");
        let covered = String::from_utf16(&units[entity.offset..end_of_last]);
        assert!(covered.is_ok(), "an entity cuts a surrogate pair");
    }
}
