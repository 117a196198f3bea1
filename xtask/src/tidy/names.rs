//! File and module names that name no noun of the domain.

use super::Finding;
use super::Rule;
use super::source::Source;
use super::source::numbered;

const NOT_NOUNS: [&str; 8] = [
    "util", "utils", "helper", "helpers", "common", "misc", "manager", "types",
];
const NOT_PREFIXES: [&str; 1] = ["enhanced_"];
const NOT_SUFFIXES: [&str; 4] = ["_utils", "_helpers", "_manager", "_integration"];

const REMEDY: &str = "name it after the type or the verb in it";

pub(super) fn check(source: &Source) -> Vec<Finding> {
    let parts = source
        .path
        .split('/')
        .map(|part| part.trim_end_matches(".rs"));
    let of_path = parts
        .filter(|part| is_forbidden(part))
        .map(|part| (1, part));
    let inline = numbered(&source.layers.code).filter_map(|(line, code)| {
        let name = inline_module(code)?;
        is_forbidden(name).then_some((line, name))
    });
    of_path
        .chain(inline)
        .map(|(line, name)| source.finding(Rule::Name, line, format!("a module `{name}`"), REMEDY))
        .collect()
}

fn is_forbidden(name: &str) -> bool {
    NOT_NOUNS.contains(&name)
        || NOT_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || NOT_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// `a` of `mod a {`; a `mod a;` is reported at its file.
fn inline_module(code: &str) -> Option<&str> {
    let declaration = code
        .trim()
        .trim_start_matches("pub(crate) ")
        .trim_start_matches("pub ");
    Some(declaration.strip_prefix("mod ")?.strip_suffix('{')?.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_a_noun_are_found() {
        let cases = [
            ("crates/core/src/utils.rs", "", 1),
            ("crates/core/src/helpers/mod.rs", "", 1),
            ("crates/core/src/event/types.rs", "", 1),
            ("crates/core/src/enhanced_queue.rs", "", 1),
            ("crates/core/src/queue_manager.rs", "", 1),
            ("crates/core/src/queue.rs", "mod common {\n}", 1),
            ("crates/core/src/queue.rs", "pub mod lease {\n}", 0),
            ("crates/core/src/typesetting.rs", "", 0),
            ("crates/core/tests/common/mod.rs", "", 1),
        ];
        for (path, text, expected) in cases {
            let source = Source::new(path.to_owned(), text.to_owned());
            assert_eq!(check(&source).len(), expected, "{path} {text:?}");
        }
    }
}
