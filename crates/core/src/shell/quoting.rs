//! Words of the shell as the program gets them: quotes and backslashes taken away.

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
            '*' | '?' | '[' | '{' | '}' | '$' | '`' | '\0' => return None,
            _ => plain.push(c),
        }
    }
    Some(plain)
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

/// `$'…'` (bash, "ANSI-C Quoting"). Rare escapes are not worth knowing: they make the word unknown.
fn ansi_c(inner: &str) -> Option<String> {
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match chars.next()? {
            'n' => plain.push('\n'),
            't' => plain.push('\t'),
            'r' => plain.push('\r'),
            quoted @ ('\\' | '\'' | '"' | '?') => plain.push(quoted),
            'x' => {
                let digits: String = chars.by_ref().take(2).collect();
                let code = u8::from_str_radix(&digits, 16).ok()?;
                (digits.len() == 2 && (1..128).contains(&code)).then_some(())?;
                plain.push(char::from(code));
            }
            _ => return None,
        }
    }
    Some(plain)
}
