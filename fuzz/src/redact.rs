//! A secret does not survive, whatever stands around it, and what was masked stays as it is.

use arbitrary::Result;
use arbitrary::Unstructured;
use cctelegram_core::message::Draft;
use cctelegram_core::message::redact::redact;

use crate::secrets;

/// # Panics
/// When a promise is broken.
pub fn check(data: &[u8]) {
    let mut input = Unstructured::new(data);
    if let Ok((text, secret)) = read(&mut input) {
        let masked = redact(&text);
        assert!(
            !masked.contains(&secret),
            "{secret:?} survives in {masked:?}"
        );
        assert_eq!(redact(&masked), masked, "masked text is masked again");
        let body = Draft::new().code(&text).finish();
        assert!(!body.text().contains(&secret));
    }
}

/// A text with a secret in it.
fn read(input: &mut Unstructured<'_>) -> Result<(String, String)> {
    let (kind, which) = (
        input.int_in_range(0..=2_u8)?,
        usize::from(input.arbitrary::<u8>()?),
    );
    let before = input.arbitrary::<&str>()?;
    let after = input.arbitrary::<&str>()?;
    // What the fuzzer itself wrote down in plain is no secret of ours.
    let all = secrets::anywhere().into_iter().chain(secrets::apart());
    let planted: Vec<String> = all
        .chain(secrets::named().into_iter().map(|(_, secret)| secret))
        .collect();
    if planted
        .iter()
        .any(|secret| before.contains(secret) || after.contains(secret))
    {
        return Err(arbitrary::Error::IncorrectFormat);
    }
    let pick = |all: Vec<String>| all[which % all.len()].clone();
    Ok(match kind {
        0 => {
            let secret = pick(secrets::anywhere());
            (format!("{before}{secret}{after}"), secret)
        }
        1 => {
            let secret = pick(secrets::apart());
            (format!("{before} {secret}{after}"), secret)
        }
        _ => {
            let all = secrets::named();
            let (name, secret) = all[which % all.len()].clone();
            (format!("{before}\n{name}{secret}\n{after}"), secret)
        }
    })
}
