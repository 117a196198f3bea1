//! `EMERGENCY_LOCKDOWN`: `true` in any place wins, in whatever state the file is.

use super::mistake::Place;
use super::raw;
use super::raw::Raw;

const NAME: &str = "EMERGENCY_LOCKDOWN";

pub(super) fn is_name(name: &str) -> bool {
    name == NAME
}

/// Looks for the switch in the raw text, because it is appended in a hurry: twice, into any table, or to a last line
/// without an end.
pub(super) fn scan(text: &str, place: &Place, raw: &mut Raw) {
    if text.lines().any(asks) {
        refuse(place, raw);
    }
}

/// Refuses to start.
pub(super) fn refuse(place: &Place, raw: &mut Raw) {
    raw.mistake(
        place,
        NAME,
        "lockdown is asked for, and this version knows no lockdown, so the bridge does not run at all",
        "Nothing is sent and nothing is approved. To lift it, set it to false or remove it in every place.",
    );
}

fn asks(line: &str) -> bool {
    line.match_indices(NAME).any(|(start, _)| {
        let (before, rest) = line.split_at(start);
        let after = rest.get(NAME.len()..).unwrap_or_default();
        !is_comment(before) && value(after).and_then(raw::flag) == Some(true)
    })
}

/// A comment is not heeded, unless the switch was glued to its end by `echo … >> file`.
fn is_comment(before: &str) -> bool {
    let glued = before.ends_with(|c: char| !c.is_whitespace() && c != '#');
    before.contains('#') && !glued
}

/// What follows the equals sign, without quotes.
fn value(after: &str) -> Option<&str> {
    let after = after.trim_start_matches(['"', '\'']).trim_start();
    let value = after
        .strip_prefix('=')?
        .trim_start()
        .trim_start_matches(['"', '\'']);
    let end = value
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(value.len());
    value.get(..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_lockdown_is_found_wherever_it_was_put() {
        for line in [
            "EMERGENCY_LOCKDOWN=true",
            "  EMERGENCY_LOCKDOWN = true # now",
            "export EMERGENCY_LOCKDOWN='true'",
            "\"EMERGENCY_LOCKDOWN\" = true",
            "EMERGENCY_LOCKDOWN=1",
            "EMERGENCY_LOCKDOWN=TRUE",
            "anomaly_detection = trueEMERGENCY_LOCKDOWN=true",
            "HEALTH_PORT=8080EMERGENCY_LOCKDOWN=true",
            "# the last line has no endEMERGENCY_LOCKDOWN=true",
            "security.EMERGENCY_LOCKDOWN = true",
        ] {
            assert!(asks(line), "{line}");
        }
    }

    #[test]
    fn false_and_comments_are_no_lockdown() {
        for line in [
            "EMERGENCY_LOCKDOWN=false",
            "# EMERGENCY_LOCKDOWN=true",
            "#EMERGENCY_LOCKDOWN=true",
            "HEALTH_PORT=1 # EMERGENCY_LOCKDOWN=true",
            "EMERGENCY_LOCKDOWN",
            "",
        ] {
            assert!(!asks(line), "{line}");
        }
    }
}
