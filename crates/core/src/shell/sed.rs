//! `sed`: its language can run programs and write files, so only scripts that plainly do neither are passed.

use std::iter::Peekable;
use std::str::Chars;

use super::Invocation;
use super::Word;

/// Does a call of sed do anything but print and change lines?
pub(super) fn is_more_than_plain(invocation: &Invocation) -> bool {
    if !matches!(invocation.base_name(), "gsed" | "sed") {
        return false;
    }
    let mut words = invocation.words.iter().skip(1);
    let mut scripts = Vec::new();
    let mut first_operand = None;
    while let Some(word) = words.next() {
        let Some(text) = word.literal() else {
            // Files may well be known only when it runs; a script may not.
            if first_operand.is_none() && scripts.is_empty() {
                return true;
            }
            continue;
        };
        if let Some(script) = text.strip_prefix("--expression=") {
            scripts.push(script);
        } else if text == "--expression" || is_letters(text, 'e') {
            match words.next().map(Word::literal) {
                Some(Some(script)) => scripts.push(script),
                Some(None) | None => return true,
            }
        } else if !text.starts_with('-') {
            first_operand = first_operand.or(Some(text));
        } else if text.starts_with("--e")
            || text.starts_with("--f")
            || (!text.starts_with("--") && text.contains(['e', 'f']))
        {
            return true;
        }
    }
    if scripts.is_empty() {
        scripts.extend(first_operand);
    }
    !scripts.iter().all(|script| is_plain(script))
}

/// Letters behind one dash, of which the last is this one.
fn is_letters(word: &str, last: char) -> bool {
    word.strip_prefix('-')
        .and_then(|letters| letters.strip_suffix(last))
        .is_some_and(|letters| letters.chars().all(|c| "nrEsuz".contains(c)))
}

/// Addresses, and commands that neither run programs nor write files (GNU sed, "sed scripts").
fn is_plain(script: &str) -> bool {
    let mut chars = script.chars().peekable();
    loop {
        while chars
            .next_if(|c| c.is_whitespace() || ";{}".contains(*c))
            .is_some()
        {}
        if chars.peek().is_none() {
            return true;
        }
        if address(&mut chars)
            .and_then(|()| command(&mut chars))
            .is_none()
        {
            return false;
        }
    }
}

fn address(chars: &mut Peekable<Chars<'_>>) -> Option<()> {
    loop {
        match chars.peek() {
            Some('/') => {
                chars.next();
                until(chars, '/')?;
            }
            Some(c) if c.is_ascii_digit() || "$,+~! ".contains(*c) => {
                chars.next();
            }
            _ => return Some(()),
        }
    }
}

fn command(chars: &mut Peekable<Chars<'_>>) -> Option<()> {
    match chars.next()? {
        '{' | '}' => return Some(()),
        's' | 'y' => {
            let delimiter = chars
                .next()
                .filter(|c| !c.is_alphanumeric() && *c != '\\')?;
            until(chars, delimiter)?;
            until(chars, delimiter)?;
            while chars
                .next_if(|c| c.is_ascii_digit() || "gpiIM".contains(*c))
                .is_some()
            {}
        }
        'p' | 'P' | 'd' | 'D' | 'n' | 'N' | 'g' | 'G' | 'h' | 'H' | 'x' | '=' => {}
        'q' | 'Q' | 'l' => while chars.next_if(char::is_ascii_digit).is_some() {},
        _ => return None,
    }
    match chars.peek() {
        None | Some(';' | '}' | '\n' | ' ') => Some(()),
        Some(_) => None,
    }
}

fn until(chars: &mut Peekable<Chars<'_>>, delimiter: char) -> Option<()> {
    loop {
        match chars.next()? {
            '\\' => {
                chars.next()?;
            }
            '\n' => return None,
            c if c == delimiter => return Some(()),
            _ => {}
        }
    }
}
