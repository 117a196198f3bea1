//! Every module begins by saying what lives in it.

use super::Finding;
use super::Rule;
use super::source::Source;
use super::source::numbered;

pub(super) fn check(source: &Source) -> Option<Finding> {
    if !source.path.split('/').any(|part| part == "src") {
        return None;
    }
    let (line, first) = numbered(&source.text)
        .find(|(_, line)| !line.trim().is_empty())
        .unwrap_or((1, ""));
    let documented = first.starts_with("//! ") || first.starts_with("#![doc");
    (!documented).then(|| {
        source.finding(
            Rule::Docs,
            line,
            "the module does not begin with `//!`".to_owned(),
            "say in its first lines what lives here",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_begins_with_its_documentation() {
        let cases = [
            ("crates/core/src/a.rs", "//! Ages.\n", false),
            ("crates/core/src/a.rs", "\n//! Ages.\n", false),
            (
                "crates/core/src/lib.rs",
                "#![doc = include_str!(\"../README.md\")]\n",
                false,
            ),
            ("crates/core/src/a.rs", "use b;\n//! Late.\n", true),
            ("crates/core/src/a.rs", "/// Of the wrong kind.\n", true),
            ("crates/core/src/a.rs", "//!\n", true),
            ("crates/core/src/a.rs", "", true),
            ("crates/core/tests/a.rs", "use b;\n", false),
        ];
        for (path, text, expected) in cases {
            let source = Source::new(path.to_owned(), text.to_owned());
            assert_eq!(check(&source).is_some(), expected, "{path}: {text:?}");
        }
    }
}
