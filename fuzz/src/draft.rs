//! A formatted text out of bytes.

use arbitrary::Result;
use arbitrary::Unstructured;
use cctelegram_core::message::Body;
use cctelegram_core::message::Draft;

/// Pieces of text, each with its formatting, as the bytes say.
///
/// # Errors
/// The bytes are used up.
pub fn body(input: &mut Unstructured<'_>) -> Result<Body> {
    let mut draft = Draft::new();
    let pieces = input.int_in_range(0..=40_u8)?;
    for _ in 0..pieces {
        let kind = input.int_in_range(0..=6_u8)?;
        let repeated = usize::from(input.int_in_range(1..=8_u8)?);
        let text = input.arbitrary::<&str>()?.repeat(repeated);
        draft = match kind {
            0 => draft.plain(&text),
            1 => draft.bold(&text),
            2 => draft.italic(&text),
            3 => draft.code(&text),
            4 => draft.pre(Some("rust"), &text),
            5 => draft.quote(&text),
            _ => draft.plain(&text).line(),
        };
    }
    Ok(draft.finish())
}
