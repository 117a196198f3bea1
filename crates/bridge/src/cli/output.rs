//! What commands print. Nothing that came from outside can steer the terminal.

use std::fmt::Write as _;
use std::io;
use std::io::Write as _;

use serde::Serialize;

use super::failure::Failure;

/// Prints a line. A reader that has gone away is not an error: `cctelegram queue | head`.
pub(super) fn line(text: &str) {
    write(&mut io::stdout(), &harmless(text));
}

/// Prints a line; tells whether anybody still reads.
pub(super) fn line_is_read(text: &str) -> bool {
    writeln!(io::stdout(), "{}", harmless(text)).is_ok()
}

/// Prints a line that is a JSON document already; tells whether anybody still reads.
pub(super) fn json_line_is_read(text: &str) -> bool {
    writeln!(io::stdout(), "{}", escaped(text, as_json)).is_ok()
}

/// Prints a line for the person at the terminal, beside the output that programs read.
pub(super) fn note(text: &str) {
    write(&mut io::stderr(), &harmless(text));
}

/// Prints a question and leaves the cursor behind it.
pub(super) fn prompt(text: &str) {
    let mut terminal = io::stderr();
    let shown = write!(terminal, "{} ", harmless(text)).and_then(|()| terminal.flush());
    shown.unwrap_or_default();
}

/// Prints a value for programs.
pub(super) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(anyhow::Error::from)?;
    write(&mut io::stdout(), &escaped(&text, as_json));
    Ok(())
}

fn write(to: &mut impl io::Write, text: &str) {
    writeln!(to, "{text}").unwrap_or_default();
}

fn as_json(text: &mut String, c: char) -> std::fmt::Result {
    write!(text, "\\u{:04x}", u32::from(c))
}

fn harmless(text: &str) -> String {
    escaped(text, |text, c| write!(text, "{}", c.escape_unicode()))
}

/// Terminals obey control characters, and characters that change the direction of writing deceive the reader.
fn escaped(text: &str, escape: impl Fn(&mut String, char) -> std::fmt::Result) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let controls = c.is_control() && c != '\n' && c != '\t';
        let deceives = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if controls || deceives {
            // Writing into a String cannot fail.
            escape(&mut shown, c).unwrap_or_default();
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_text_from_outside_cannot_steer_the_terminal() {
        assert_eq!(
            harmless("a\u{1b}[2Jb\rc\u{9b}d\u{202e}e\nf"),
            "a\\u{1b}[2Jb\\u{d}c\\u{9b}d\\u{202e}e\nf"
        );
        assert_eq!(harmless("Grüße 🎉 █"), "Grüße 🎉 █");
    }
}
