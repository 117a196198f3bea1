//! What may become of words that are only known when they run, as far as their text tells. A deny that looked only at
//! what is certain would be slipped past with `pu$@sh`, `{push,-f}` or `$(echo push)`.

use super::Word;
use super::quoting::ansi_c;

/// A word as a deny looks at it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Guess {
    parts: Vec<GuessPart>,
    /// Words that stand in it, in a substitution or between braces: it may become each.
    pub words: Vec<String>,
    /// It may become whatever variables hold.
    pub takes_variables: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum GuessPart {
    Char(char),
    /// Any characters, or none.
    Any,
}

impl Guess {
    /// None for a word that is known for sure.
    #[must_use]
    pub fn of(word: &Word) -> Option<Self> {
        match word {
            Word::Literal(_) => None,
            Word::Open(written) => Some(Self::read(written)),
        }
    }

    fn read(written: &str) -> Self {
        let mut guess = Self::default();
        let mut quoted = false;
        let mut rest = written;
        while let Some(c) = rest.chars().next() {
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            match c {
                '"' => quoted = !quoted,
                '\\' => {
                    let escaped = rest.chars().next();
                    rest = rest
                        .get(escaped.map_or(0, char::len_utf8)..)
                        .unwrap_or_default();
                    guess
                        .parts
                        .extend(escaped.filter(|c| *c != '\n').map(GuessPart::Char));
                }
                '\'' if !quoted => {
                    let (text, behind) = rest.split_once('\'').unwrap_or((rest, ""));
                    guess.parts.extend(text.chars().map(GuessPart::Char));
                    rest = behind;
                }
                '$' => rest = guess.dollar(rest, quoted),
                '`' => {
                    let (inner, behind) = rest.split_once('`').unwrap_or((rest, ""));
                    guess.output(inner, quoted);
                    rest = behind;
                }
                '<' | '>' if rest.starts_with('(') => guess.parts.push(GuessPart::Any),
                '{' if !quoted => {
                    let (inner, behind) = balanced(rest, '{', '}');
                    guess.parts.push(GuessPart::Any);
                    guess.take(inner.split([',', '{', '}']));
                    rest = behind;
                }
                '*' | '?' if !quoted => guess.parts.push(GuessPart::Any),
                '[' if !quoted => {
                    guess.parts.push(GuessPart::Any);
                    rest = rest.split_once(']').map_or("", |(_, behind)| behind);
                }
                plain => guess.parts.push(GuessPart::Char(plain)),
            }
        }
        guess
    }

    /// What stands behind a `$`; gives what is behind that.
    fn dollar<'a>(&mut self, rest: &'a str, quoted: bool) -> &'a str {
        match rest.chars().next() {
            Some('(') => {
                let (inner, behind) = balanced(rest.get(1..).unwrap_or_default(), '(', ')');
                self.output(inner, quoted);
                behind
            }
            Some('{') => {
                let (inner, behind) = balanced(rest.get(1..).unwrap_or_default(), '{', '}');
                self.parts.push(GuessPart::Any);
                self.takes_variables = true;
                let name = |c: char| c.is_alphanumeric() || "_@*#!".contains(c);
                let operator = |c: char| ":-=+?".contains(c);
                let with_operator = inner.trim_start_matches(name);
                let default = with_operator
                    .strip_prefix(':')
                    .unwrap_or(with_operator)
                    .strip_prefix(operator);
                self.take(default.unwrap_or_default().split_whitespace());
                behind
            }
            Some('\'') if !quoted => {
                let inner = rest.get(1..).unwrap_or_default();
                let (text, behind) = ansi_c_end(inner);
                match ansi_c(text) {
                    Some(text) => self.parts.extend(text.chars().map(GuessPart::Char)),
                    None => self.parts.push(GuessPart::Any),
                }
                behind
            }
            // To be translated, but mostly it is not.
            Some('"') if !quoted => rest,
            Some(c) if c == '_' || c.is_ascii_alphabetic() => {
                self.parts.push(GuessPart::Any);
                self.takes_variables = true;
                rest.trim_start_matches(|c: char| c == '_' || c.is_ascii_alphanumeric())
            }
            Some(c) if "@*#?-$!0123456789".contains(c) => {
                self.parts.push(GuessPart::Any);
                self.takes_variables = true;
                rest.get(1..).unwrap_or_default()
            }
            Some(_) | None => {
                self.parts.push(GuessPart::Char('$'));
                rest
            }
        }
    }

    /// The output of a command: the words of that command are what it is known to consist of. Between quotes it is one
    /// word, which a longer text is not.
    fn output(&mut self, inner: &str, quoted: bool) {
        self.parts.push(GuessPart::Any);
        let told = if quoted && inner.contains("<<") {
            inner.lines().next().unwrap_or_default()
        } else {
            inner
        };
        self.take(told.split([' ', '\t', '\n', ';', '|', '&', '(', ')']));
    }

    fn take<'a>(&mut self, words: impl Iterator<Item = &'a str>) {
        let bare = words.map(|word| word.replace(['"', '\'', '\\'], ""));
        self.words.extend(bare.filter(|word| !word.is_empty()));
    }

    /// May it become this text? Not if nothing of the text stands in it: anything could become anything.
    #[must_use]
    pub fn may_be(&self, text: &str) -> bool {
        let says_something = self
            .parts
            .iter()
            .any(|part| matches!(part, GuessPart::Char(_)));
        let chars: Vec<char> = text.chars().collect();
        says_something && fits(&self.parts, &chars)
    }

    /// Is it an option, and which is open?
    #[must_use]
    pub fn is_any_option(&self) -> bool {
        matches!(
            self.parts.as_slice(),
            [GuessPart::Char('-'), GuessPart::Any, ..]
        )
    }
}

/// Wildcards against a text, in time proportional to the product of their lengths.
fn fits(parts: &[GuessPart], text: &[char]) -> bool {
    let mut reached = vec![false; text.len().saturating_add(1)];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for part in parts {
        let mut next = vec![false; reached.len()];
        let mut before = false;
        for (at, (slot, was)) in next.iter_mut().zip(&reached).enumerate() {
            match part {
                GuessPart::Any => {
                    before |= *was;
                    *slot = before;
                }
                GuessPart::Char(c) => {
                    *slot = before && at.checked_sub(1).and_then(|at| text.get(at)) == Some(c);
                    before = *was;
                }
            }
        }
        reached = next;
    }
    reached.last() == Some(&true)
}

/// What stands before the bracket that closes, and what behind it.
fn balanced(text: &str, opening: char, closing: char) -> (&str, &str) {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        if c == opening {
            depth += 1;
        } else if c == closing {
            if depth == 0 {
                let behind = at.saturating_add(c.len_utf8());
                return (
                    text.get(..at).unwrap_or_default(),
                    text.get(behind..).unwrap_or_default(),
                );
            }
            depth -= 1;
        }
    }
    (text, "")
}

/// Splits at the quote that ends `$'…'`.
fn ansi_c_end(text: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            '\'' if !escaped => {
                return (
                    text.get(..at).unwrap_or_default(),
                    text.get(at.saturating_add(1)..).unwrap_or_default(),
                );
            }
            _ => escaped = false,
        }
    }
    (text, "")
}
