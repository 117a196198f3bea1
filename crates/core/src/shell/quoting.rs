//! Words of the shell as the program gets them: quotes and backslashes taken away.

use std::iter::Peekable;
use std::str::Chars;

use tree_sitter::Node;

/// One word of a command line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Word {
    /// Known for sure.
    Literal(String),
    /// Known only when it runs; it may become several words, or none.
    Open(String),
}

impl Word {
    /// The text, if it is known for sure.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        match self {
            Self::Literal(text) => Some(text),
            Self::Open(_) => None,
        }
    }

    /// The text as the program gets it, or as it was written where that is not known.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Literal(text) | Self::Open(text) => text,
        }
    }

    /// The word that two make which touch.
    pub(super) fn joined(&self, other: &Self) -> Self {
        let text = format!("{}{}", self.text(), other.text());
        match (self, other) {
            (Self::Literal(_), Self::Literal(_)) => Self::Literal(text),
            (Self::Literal(_) | Self::Open(_), _) => Self::Open(text),
        }
    }

    /// The word that a node of the tree stands for.
    pub(super) fn of(node: Node<'_>, source: &str) -> Self {
        let written = text_of(node, source);
        match literal(node, source) {
            Some(text) => Self::Literal(text),
            None => Self::Open(written.to_owned()),
        }
    }
}

pub(super) fn text_of<'a>(node: Node<'_>, source: &'a str) -> &'a str {
    source.get(node.byte_range()).unwrap_or_default()
}

/// The text that the shell makes of a node, unless that depends on anything but the node.
fn literal(node: Node<'_>, source: &str) -> Option<String> {
    let text = text_of(node, source);
    match node.kind() {
        "word" => bare(text),
        "number" if node.named_child_count() == 0 => Some(text.to_owned()),
        "raw_string" => Some(text.strip_prefix('\'')?.strip_suffix('\'')?.to_owned()),
        "string" => double_quoted(node, text),
        "ansi_c_string" => ansi_c(text.strip_prefix("$'")?.strip_suffix('\'')?),
        "concatenation" => concatenation(node, source),
        _ => None,
    }
}

/// Pieces that stand right beside one another. A gap, or braces, would make several words of it.
fn concatenation(node: Node<'_>, source: &str) -> Option<String> {
    let mut cursor = node.walk();
    let mut end = node.start_byte();
    let mut joined = String::new();
    for piece in node.children(&mut cursor) {
        if piece.start_byte() != end || !piece.is_named() {
            return None;
        }
        end = piece.end_byte();
        joined.push_str(&literal(piece, source)?);
    }
    (end == node.end_byte()).then_some(joined)
}

/// A word without quotes. Wildcards, braces and a tilde in front become something else.
fn bare(text: &str) -> Option<String> {
    if text.starts_with('~') {
        // A home is one word whose text is not known here.
        return (!text.contains(['*', '?', '[', '{', '$', '`'])).then(|| text.to_owned());
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                // A line that goes on: the shell takes both away.
                '\n' => {}
                escaped => plain.push(escaped),
            },
            '*' | '?' | '[' | '{' | '}' | '$' | '`' | '\0' | ' ' | '\t' | '\n' => return None,
            _ => plain.push(c),
        }
    }
    Some(plain)
}

/// Does the parser take for one word what bash takes for several, as in `a ] ]]`?
pub(super) fn is_several(word: &str) -> bool {
    let mut chars = word.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            ' ' | '\t' | '\n' => return true,
            _ => {}
        }
    }
    false
}

/// A string in double quotes without substitutions (bash, "Double Quotes": the backslash keeps its meaning only before
/// `$`, a backquote, `"`, a backslash and a line's end).
fn double_quoted(node: Node<'_>, text: &str) -> Option<String> {
    let mut cursor = node.walk();
    if node
        .named_children(&mut cursor)
        .any(|child| child.kind() != "string_content")
    {
        return None;
    }
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('$' | '`' | '"' | '\\')) => plain.extend(chars.next()),
            ('\\', Some('\n')) => {
                chars.next();
            }
            ('`' | '\0', _) => return None,
            _ => plain.push(c),
        }
    }
    Some(plain)
}

/// `$'…'` (bash, "ANSI-C Quoting"). What is no character, or ends the text, makes the word unknown.
pub(super) fn ansi_c(inner: &str) -> Option<String> {
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        plain.push(match chars.next()? {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'e' | 'E' => '\u{1b}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            quoted @ ('\\' | '\'' | '"' | '?') => quoted,
            'x' => one_byte(digits(&mut chars, 16, 2)?)?,
            'u' => character(digits(&mut chars, 16, 4)?)?,
            'U' => character(digits(&mut chars, 16, 8)?)?,
            first @ '0'..='7' => {
                let mut code = first.to_digit(8)?;
                for _ in 0..2 {
                    match chars.next_if(|c| c.is_digit(8)) {
                        Some(digit) => code = code * 8 + digit.to_digit(8)?,
                        None => break,
                    }
                }
                one_byte(code)?
            }
            _ => return None,
        });
    }
    Some(plain)
}

/// As many digits as there are, but no more than so many.
fn digits(chars: &mut Peekable<Chars<'_>>, radix: u32, most: usize) -> Option<u32> {
    let mut text = String::new();
    while text.len() < most
        && let Some(digit) = chars.next_if(|c| c.is_digit(radix))
    {
        text.push(digit);
    }
    u32::from_str_radix(&text, radix).ok()
}

/// Bytes beyond ASCII may be parts of characters, and a NUL ends the text.
fn one_byte(code: u32) -> Option<char> {
    char::from_u32(code).filter(|c| *c != '\0' && c.is_ascii())
}

fn character(code: u32) -> Option<char> {
    char::from_u32(code).filter(|c| *c != '\0')
}
