//! Rust text taken apart: code, comments and string literals, each on its own with every line where
//! it was. Rules look at one of the three, so a word in a string is no keyword.

/// The three layers of one file. Each has as many lines as the file; the rest is blank.
#[derive(Debug, Default)]
pub(super) struct Layers {
    pub(super) code: String,
    pub(super) comments: String,
    pub(super) strings: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    Text,
}

impl Layers {
    pub(super) fn of(text: &str) -> Self {
        let mut layers = Self::default();
        let mut rest = text;
        while !rest.is_empty() {
            let (kind, length) = first_piece(rest);
            let (piece, after) = rest.split_at(length);
            layers.push(kind, piece);
            rest = after;
        }
        layers
    }

    fn push(&mut self, kind: Kind, piece: &str) {
        let blank: String = piece
            .chars()
            .map(|c| if c == '\n' { c } else { ' ' })
            .collect();
        let part = |wanted| {
            if kind == wanted {
                piece
            } else {
                blank.as_str()
            }
        };
        self.code.push_str(part(Kind::Code));
        self.comments.push_str(part(Kind::Comment));
        self.strings.push_str(part(Kind::Text));
    }
}

/// The kind and length in bytes of the piece that `rest` begins with; never zero.
fn first_piece(rest: &str) -> (Kind, usize) {
    if rest.starts_with("//") {
        return (Kind::Comment, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Kind::Comment, block_comment(rest));
    }
    if rest.starts_with('"') {
        return (Kind::Text, quoted(rest));
    }
    if rest.starts_with('\'') {
        return quote_mark(rest);
    }
    let word_end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    if word_end == 0 {
        return (Kind::Code, rest.chars().next().map_or(1, char::len_utf8));
    }
    let (word, after) = rest.split_at(word_end);
    let literal = match word {
        "r" | "br" | "cr" => raw_quoted(after),
        "b" | "c" if after.starts_with('"') => Some(quoted(after)),
        _ => None,
    };
    literal.map_or((Kind::Code, word_end), |length| {
        (Kind::Text, word_end + length)
    })
}

/// The length of a block comment; Rust's nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(tail) = rest.get(at..).filter(|tail| !tail.is_empty()) {
        if tail.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if tail.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += tail.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// The length of `"…"`, quotes included.
fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of `#"…"#` with any number of `#`, or nothing if this is not one.
fn raw_quoted(rest: &str) -> Option<usize> {
    let hashes = rest.find(|c| c != '#')?;
    let body = rest.get(hashes..)?.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(
        body.find(&end)
            .map_or(rest.len(), |at| hashes + 1 + at + end.len()),
    )
}

/// A character literal, or the quotation mark of a lifetime.
fn quote_mark(rest: &str) -> (Kind, usize) {
    let mut inside = rest.chars().skip(1);
    match inside.next() {
        Some('\\') => {
            let close = rest.char_indices().skip(3).find(|(_, c)| *c == '\'');
            (Kind::Text, close.map_or(rest.len(), |(at, _)| at + 1))
        }
        Some(c) if inside.next() == Some('\'') => (Kind::Text, c.len_utf8() + 2),
        _ => (Kind::Code, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squeezed(layer: &str) -> String {
        layer.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_piece_lands_in_its_layer() {
        let cases = [
            ("let a = 1; // b", "let a = 1;", "// b", ""),
            ("a /* b /* c */ d */ e", "a e", "/* b /* c */ d */", ""),
            (r#"a("// no", b)"#, "a( , b)", "", r#""// no""#),
            (r#"a("\" // no")"#, "a( )", "", r#""\" // no""#),
            (r##"a(r#"b "c" d"#)"##, "a( )", "", r##"r#"b "c" d"#"##),
            (r#"b"x" c"y" br"z""#, "", "", r#"b"x" c"y" br"z""#),
            ("fn a<'b>(c: &'b str)", "fn a<'b>(c: &'b str)", "", ""),
            (
                r#"['"', '\'', 'ß', a]"#,
                "[ , , , a]",
                "",
                r#"'"' '\'' 'ß'"#,
            ),
            ("r#type + for_r", "r#type + for_r", "", ""),
            ("\"never closed", "", "", "\"never closed"),
        ];
        for (text, code, comments, strings) in cases {
            let layers = Layers::of(text);
            assert_eq!(squeezed(&layers.code), code, "code of {text}");
            assert_eq!(squeezed(&layers.comments), comments, "comments of {text}");
            assert_eq!(squeezed(&layers.strings), strings, "strings of {text}");
        }
    }

    #[test]
    fn every_layer_keeps_the_lines() {
        let layers = Layers::of("a\n\"b\nc\"\n/* d\n*/ e\n");
        for layer in [&layers.code, &layers.comments, &layers.strings] {
            assert_eq!(layer.lines().count(), 5, "{layer:?}");
        }
        assert_eq!(layers.code.lines().nth(4).map(str::trim), Some("e"));
    }
}
