//! What a file is called on the phone.

use serde::Deserialize;
use serde::Serialize;

use crate::message::redact::redact;
use crate::message::visible::visible;

/// A name that is no path, hides nothing and deceives nobody: letters, digits, blanks and a few signs.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileName(String);

impl FileName {
    /// Makes a name of whatever a producer wrote.
    #[must_use]
    pub fn clean(text: &str) -> Self {
        let text = text.trim_end_matches(['/', '\\']);
        let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
        let harmless = |c: char| c.is_alphanumeric() || " ._-+()@,=".contains(c);
        let shown = visible(&redact(last));
        let mapped: String = shown
            .chars()
            .map(|c| if harmless(c) { c } else { '_' })
            .collect();
        let trimmed = mapped.trim_matches([' ', '.']);
        if trimmed.is_empty() {
            return Self("file".to_owned());
        }
        Self(cut(trimmed))
    }

    /// A name that somebody chose for a file called `file`: without an extension it gets the one of the file.
    #[must_use]
    pub fn chosen(name: &str, file: &str) -> Self {
        let (name, file) = (Self::clean(name), Self::clean(file));
        match (name.extension(), file.extension()) {
            (None, Some(extension)) => Self::clean(&format!("{}.{extension}", name.0)),
            (Some(_), _) | (None, None) => name,
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the last dot, if that is short.
    #[must_use]
    pub fn extension(&self) -> Option<&str> {
        let (stem, extension) = self.0.rsplit_once('.')?;
        let fits = (1..=EXTENSION).contains(&extension.len());
        (fits && !stem.is_empty()).then_some(extension)
    }
}

impl std::fmt::Display for FileName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A long name keeps its extension.
fn cut(name: &str) -> String {
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let extension = extension.filter(|extension| extension.len() <= EXTENSION);
    let room = extension.map_or(LONGEST, |extension| {
        LONGEST.saturating_sub(extension.len().saturating_add(1))
    });
    let stem: String = name.chars().take(room).collect();
    let stem = stem.trim_end_matches([' ', '.']);
    extension.map_or_else(
        || stem.to_owned(),
        |extension| format!("{stem}.{extension}"),
    )
}

/// In characters.
const LONGEST: usize = 100;
/// The longest ending that counts as an extension, in bytes.
const EXTENSION: usize = 12;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn security_a_name_is_no_path_and_hides_nothing() {
        for (written, name) in [
            ("report.html", "report.html"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\cmd.txt", "cmd.txt"),
            ("..", "file"),
            ("", "file"),
            (".env", "env"),
            ("a\u{202e}gnp.exe", "a_U+202E_gnp.exe"),
            ("a\0b\n\u{7}.txt", "a_U+0000_b__U+0007_.txt"),
            ("zero\u{200b}width", "zero_U+200B_width"),
            ("Übersicht (März).pdf", "Übersicht (März).pdf"),
            ("quote\".txt; rm", "quote_.txt_ rm"),
            ("dir/", "dir"),
        ] {
            assert_eq!(FileName::clean(written).as_str(), name, "{written:?}");
        }
        let secret = format!("AKIA{}.txt", "IOSFODNN7EXAMPLE");
        assert!(!FileName::clean(&secret).as_str().contains("IOSFODNN7"));
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let name = FileName::clean(&format!("{}.html", "é".repeat(300)));
        assert_eq!(name.as_str().chars().count(), LONGEST);
        assert_eq!(name.extension(), Some("html"));
    }

    #[test]
    fn a_chosen_name_gets_the_extension_that_it_lacks() {
        for (name, file, expected) in [
            ("Chart", "x.png", "Chart.png"),
            ("Chart.jpg", "x.png", "Chart.jpg"),
            ("Notes", "README", "Notes"),
        ] {
            assert_eq!(FileName::chosen(name, file).as_str(), expected);
        }
    }

    proptest! {
        #[test]
        fn security_whatever_was_written_the_name_is_short_and_harmless(text in ".*") {
            let name = FileName::clean(&text);
            let shown = name.as_str();
            prop_assert!((1..=LONGEST).contains(&shown.chars().count()));
            let hidden = shown.contains(['/', '\\', '\n', '\u{202e}']) || shown.starts_with('.');
            prop_assert!(!hidden);
            prop_assert!(shown.chars().all(|c| c.is_alphanumeric() || c.is_ascii()));
        }
    }
}
