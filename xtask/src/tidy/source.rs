//! One Rust file as the rules see it: its layers, whose it is, and which of its lines are tests.

use std::ops::RangeInclusive;

use super::Finding;
use super::Rule;
use super::layers::Layers;

/// A Rust file of the repository.
#[derive(Debug)]
pub(super) struct Source {
    /// Relative to the repository, with `/`.
    pub(super) path: String,
    pub(super) text: String,
    pub(super) layers: Layers,
    tests: Vec<RangeInclusive<usize>>,
}

impl Source {
    pub(super) fn new(path: String, text: String) -> Self {
        let layers = Layers::of(&text);
        let tests = test_items(&layers.code);
        Self {
            path,
            text,
            layers,
            tests,
        }
    }

    /// `core` for a file below `crates/core/`.
    pub(super) fn crate_name(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// Whether the whole file is outside the product.
    pub(super) fn is_test(&self) -> bool {
        let folders = ["tests", "benches", "examples"];
        self.path.split('/').any(|part| folders.contains(&part)) || self.path.ends_with("/tests.rs")
    }

    /// The numbered lines of one layer that belong to the product.
    pub(super) fn production<'a>(
        &'a self,
        layer: &'a str,
    ) -> impl Iterator<Item = (usize, &'a str)> {
        let whole = self.is_test();
        numbered(layer)
            .filter(move |(line, _)| !whole && !self.tests.iter().any(|test| test.contains(line)))
    }

    pub(super) fn finding(
        &self,
        rule: Rule,
        line: usize,
        what: String,
        remedy: &'static str,
    ) -> Finding {
        Finding {
            rule,
            path: self.path.clone(),
            line,
            what,
            remedy,
        }
    }
}

/// The lines of a text, counted from one.
pub(super) fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
}

/// The lines of all items behind `#[cfg(test)]`.
fn test_items(code: &str) -> Vec<RangeInclusive<usize>> {
    let marker = "#[cfg(test)]";
    let line_of = |at: usize| {
        code.get(..at)
            .map_or(1, |before| before.matches('\n').count() + 1)
    };
    code.match_indices(marker)
        .map(|(at, _)| {
            let start = at + marker.len();
            let length = item_length(code.get(start..).unwrap_or_default());
            line_of(at)..=line_of(start + length)
        })
        .collect()
}

/// How far the item goes that `code` begins with: to its `;` or to the end of its braces.
fn item_length(code: &str) -> usize {
    let mut depth = 0_i32;
    for (at, c) in code.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth -= 1,
            _ => {}
        }
        if depth < 0 || depth == 0 && matches!(c, ';' | '}') {
            return at;
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_behind_cfg_test_are_not_production() {
        let text = "fn a() {}\n#[cfg(test)]\nuse b::c;\nfn d() {}\n#[cfg(test)]\n#[path = \"e\"]\nmod tests {\n  fn f() { g([1]); }\n}\nfn h() {}";
        let source = Source::new("crates/core/src/i.rs".to_owned(), text.to_owned());
        let lines: Vec<usize> = source
            .production(&source.text)
            .map(|(line, _)| line)
            .collect();
        assert_eq!(lines, [1, 4, 10]);
    }

    #[test]
    fn files_of_tests_are_not_production() {
        let cases = [
            ("crates/core/tests/a.rs", true),
            ("crates/core/benches/a.rs", true),
            ("crates/core/src/a/tests.rs", true),
            ("crates/core/src/a.rs", false),
            ("crates/testkit/src/a.rs", false),
        ];
        for (path, expected) in cases {
            let source = Source::new(path.to_owned(), String::new());
            assert_eq!(source.is_test(), expected, "{path}");
        }
    }
}
