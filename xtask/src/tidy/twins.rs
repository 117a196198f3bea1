//! One name, one type: a second definition is the start of a second implementation.

use std::collections::BTreeMap;

use super::Finding;
use super::Rule;
use super::source::Source;

/// Names that the path before them completes: `lease::Error`, `cli::send::Args`.
const COMPLETED_BY_THEIR_PATH: [&str; 3] = ["Args", "Error", "Raw"];

/// Looks at the types that other files can see. The emulator is a peer with types of its own, so it
/// is compared with itself only.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut first_seen: BTreeMap<(bool, &str), String> = BTreeMap::new();
    let mut findings = Vec::new();
    for source in sources {
        let Some(owner) = source.crate_name() else {
            continue;
        };
        for (line, code) in source.production(&source.layers.code) {
            let Some(name) = defined_type(code) else {
                continue;
            };
            if COMPLETED_BY_THEIR_PATH.contains(&name) {
                continue;
            }
            let place = format!("{}:{line}", source.path);
            match first_seen.get(&(owner == "emulator", name)) {
                None => drop(first_seen.insert((owner == "emulator", name), place)),
                Some(first) => findings.push(source.finding(
                    Rule::Twin,
                    line,
                    format!("`{name}` is defined a second time, first at {first}"),
                    "use that one, or name what makes this one different",
                )),
            }
        }
    }
    findings
}

/// `A` of `pub struct A` and the like.
fn defined_type(code: &str) -> Option<&str> {
    let visible = code.trim_start().strip_prefix("pub")?;
    let item = match visible.strip_prefix('(') {
        Some(scope) => scope.split_once(')')?.1,
        None => visible,
    };
    let item = item.trim_start();
    let named = ["struct ", "enum ", "trait "]
        .iter()
        .find_map(|kind| item.strip_prefix(kind))?;
    named
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| Source::new((*path).to_owned(), (*text).to_owned()))
            .collect();
        check(&sources)
            .into_iter()
            .map(|finding| finding.path)
            .collect()
    }

    #[test]
    fn a_second_definition_is_found() {
        for second in [
            "pub enum Queue {",
            "pub(crate) trait Queue: Send {",
            "pub struct Queue<A>(A);",
        ] {
            let files = [
                ("crates/core/src/a.rs", "pub struct Queue;"),
                ("crates/store/src/b.rs", second),
            ];
            assert_eq!(found(&files), ["crates/store/src/b.rs"], "{second}");
        }
    }

    #[test]
    fn peers_tests_private_and_generic_names_are_free() {
        let cases = [
            ("crates/emulator/src/a.rs", "pub struct Queue;"),
            ("crates/store/tests/a.rs", "pub struct Queue;"),
            (
                "crates/store/src/a.rs",
                "#[cfg(test)]\nmod tests { \npub struct Queue;\n}",
            ),
            ("crates/store/src/a.rs", "struct Queue;"),
            ("crates/store/src/a.rs", "pub enum Error {}"),
            ("crates/store/src/a.rs", "pub use core::Queue;"),
        ];
        for (path, text) in cases {
            let files = [
                (
                    "crates/core/src/a.rs",
                    "pub enum Error {}\npub struct Queue;",
                ),
                (path, text),
            ];
            assert_eq!(found(&files), Vec::<String>::new(), "{path}: {text}");
        }
    }

    #[test]
    fn twins_inside_the_emulator_are_found() {
        let files = [
            ("crates/emulator/src/a.rs", "pub struct Chat;"),
            ("crates/emulator/src/b.rs", "pub struct Chat;"),
        ];
        assert_eq!(found(&files), ["crates/emulator/src/b.rs"]);
    }
}
