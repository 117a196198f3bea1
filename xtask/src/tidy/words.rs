//! Words that give unfinished work away. Matched as whole words, whatever their case, also inside
//! `snake_case` and `CamelCase` names.

use super::Finding;
use super::Rule;
use super::source::Source;
use super::source::numbered;

/// Found in comments, strings and names.
const WORDS: [&str; 6] = [
    "simplified",
    "placeholder",
    "enhanced",
    "fixme",
    "xxx",
    "hack",
];
/// Found in comments and strings only: `for now in times` is a loop.
const PHRASES: [&[&str]; 2] = [&["for", "now"], &["in", "a", "real", "implementation"]];
const MACROS: [&str; 2] = ["todo!", "unimplemented!"];

const REMEDY: &str = "finish it or leave it out, and name it for what it is";

/// Strings count in production only: a test may feed the product whatever it likes.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    let layers = &source.layers;
    let mut found = Vec::new();
    for (line, text) in numbered(&layers.code) {
        found.extend(words_in(text).map(|word| (line, word.to_owned())));
        found.extend(macros_in(text).map(|name| (line, name.to_owned())));
    }
    for (line, text) in numbered(&layers.comments).chain(source.production(&layers.strings)) {
        found.extend(words_in(text).map(|word| (line, word.to_owned())));
    }
    found.extend(phrases_in(numbered(&layers.comments)));
    found.extend(phrases_in(source.production(&layers.strings)));
    found
        .into_iter()
        .map(|(line, word)| source.finding(Rule::Word, line, format!("`{word}`"), REMEDY))
        .collect()
}

fn words_in(text: &str) -> impl Iterator<Item = &'static str> {
    let words = split(text);
    WORDS
        .into_iter()
        .filter(move |bad| words.iter().any(|word| word.eq_ignore_ascii_case(bad)))
}

fn macros_in(code: &str) -> impl Iterator<Item = &'static str> {
    MACROS.into_iter().filter(move |name| {
        code.match_indices(name).any(|(at, _)| {
            let before = code.get(..at).and_then(|before| before.chars().next_back());
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
        })
    })
}

/// Phrases, also those that a line break divides; the line is the one of the last word.
fn phrases_in<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut recent: Vec<String> = Vec::new();
    for (line, text) in lines {
        for token in text.split_whitespace() {
            // Only comment marks may stand between: `wait for. Now go` is no `for now`.
            if token.chars().all(|c| matches!(c, '/' | '!' | '*')) {
                continue;
            }
            let word = token.trim_start_matches(['"', '(']);
            let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric());
            recent.push(bare.to_ascii_lowercase());
            let ended = PHRASES
                .into_iter()
                .filter(|phrase| ends_with(&recent, phrase));
            found.extend(ended.map(|phrase| (line, phrase.join(" "))));
            if bare != word {
                recent.clear();
            }
        }
    }
    found
}

fn ends_with(words: &[String], phrase: &[&str]) -> bool {
    words.len() >= phrase.len()
        && words
            .iter()
            .rev()
            .zip(phrase.iter().rev())
            .all(|(a, b)| a == b)
}

/// Splits at everything that is not a letter or digit, and where a capital follows a small letter.
fn split(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_small = false;
    for c in text.chars() {
        if !c.is_alphanumeric() || after_small && c.is_uppercase() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.push(c);
        }
        after_small = c.is_lowercase();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<(usize, String)> {
        let source = Source::new(path.to_owned(), text.to_owned());
        check(&source)
            .into_iter()
            .map(|finding| (finding.line, finding.what))
            .collect()
    }

    #[test]
    fn forbidden_words_are_found() {
        let cases = [
            ("// FIXME later", "`fixme`"),
            ("// A Hack.", "`hack`"),
            ("/// XXX", "`xxx`"),
            ("struct EnhancedQueue;", "`enhanced`"),
            ("let simplified_layout = 1;", "`simplified`"),
            ("let a = \"a placeholder text\";", "`placeholder`"),
            ("fn a() { todo!() }", "`todo!`"),
            ("fn a() { unimplemented!() }", "`unimplemented!`"),
            ("// good enough for now", "`for now`"),
            ("// good enough for\n// now, says who", "`for now`"),
            ("/// For now.", "`for now`"),
            (
                "// in a real implementation this sends",
                "`in a real implementation`",
            ),
        ];
        for (text, expected) in cases {
            let words: Vec<String> = found("crates/core/src/a.rs", text)
                .into_iter()
                .map(|(_, word)| word)
                .collect();
            assert_eq!(words, [expected], "{text}");
        }
    }

    #[test]
    fn innocent_words_are_not() {
        let cases = [
            "for now in times {}",
            "// what it waits for. Now go on",
            "// for the time that now is",
            "let hackney = placeholders;",
            "// Hackney shares the placeholders",
            "let a = my_todo!();",
        ];
        for text in cases {
            assert_eq!(found("crates/core/src/a.rs", text), [], "{text}");
        }
    }

    #[test]
    fn strings_of_tests_are_free_but_their_comments_are_not() {
        let text = "let a = \"xxx for now\"; // hack";
        assert_eq!(
            found("crates/core/tests/a.rs", text),
            [(1, "`hack`".to_owned())]
        );
    }
}
