//! The length of a file. Functions are measured by clippy's `too_many_lines`.

use super::Finding;
use super::Rule;
use super::source::Source;

const LIMIT: usize = 400;

pub(super) fn check(source: &Source) -> Option<Finding> {
    let mut production = source.production(&source.text);
    let (first_too_many, _) = production.nth(LIMIT)?;
    let lines = LIMIT + 1 + production.count();
    Some(source.finding(
        Rule::Size,
        first_too_many,
        format!("{lines} lines of production code, {LIMIT} is the limit"),
        "find the second noun in it and give it a file",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, production: usize, tests: usize) -> Source {
        let body = "fn a() {}\n".repeat(production);
        let tail = format!(
            "#[cfg(test)]\nmod tests {{\n{}}}\n",
            "fn b() {}\n".repeat(tests)
        );
        Source::new(path.to_owned(), body + &tail)
    }

    #[test]
    fn only_production_lines_count() {
        let cases = [
            ("crates/core/src/a.rs", 401, 0, Some(401)),
            ("crates/core/src/a.rs", 400, 300, None),
            ("crates/core/tests/a.rs", 900, 0, None),
        ];
        for (path, production, tests, expected) in cases {
            let found = check(&source(path, production, tests)).map(|finding| finding.line);
            assert_eq!(found, expected, "{path} {production}+{tests}");
        }
    }
}
