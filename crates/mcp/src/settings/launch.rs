//! How agents start this program, and how it is known again in their settings.

use std::ffi::OsStr;
use std::path::Path;

use cctelegram_core::shell::Script;
use cctelegram_core::shell::Word;

/// This program, and the home that it is to use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Launch {
    /// From `/` on.
    pub program: String,
    /// Where it is not the usual one.
    pub home: Option<String>,
}

impl Launch {
    /// The arguments, for a program that is started without a shell.
    pub(super) fn arguments(&self, rest: &[String]) -> Vec<String> {
        let home = self.home.iter().flat_map(|home| ["--home", home]);
        home.map(str::to_owned)
            .chain(rest.iter().cloned())
            .collect()
    }

    /// The arguments of the MCP server, with what people added to them.
    pub(super) fn server_arguments(&self, added: Vec<String>) -> Vec<String> {
        let words: Vec<String> = std::iter::once("mcp".to_owned()).chain(added).collect();
        self.arguments(&words)
    }

    /// One line for a shell.
    pub(super) fn line(&self, rest: &[String]) -> String {
        let words = std::iter::once(self.program.clone()).chain(self.arguments(rest));
        words.map(quoted).collect::<Vec<_>>().join(" ")
    }
}

/// A command of this program's, as it stands in settings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct OwnCommand {
    /// `hook` in `/usr/bin/cctelegram --home /srv/a hook --wait 9`.
    pub(super) name: String,
    pub(super) home: Option<String>,
    /// What stands behind the name.
    pub(super) rest: Vec<String>,
}

impl OwnCommand {
    /// `own` is the program that runs now, which may have another name.
    pub(super) fn read<'a>(
        own: &str,
        program: &str,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Option<Self> {
        let is_named =
            || Path::new(program).file_name().and_then(OsStr::to_str) == Some("cctelegram");
        if program != own && !is_named() {
            return None;
        }
        let (mut name, mut home, mut rest) = (None, None, Vec::new());
        let mut arguments = arguments.into_iter();
        while let Some(word) = arguments.next() {
            match (word, word.strip_prefix("--home=")) {
                ("--home", _) => home = arguments.next().map(str::to_owned),
                (_, Some(told)) => home = Some(told.to_owned()),
                (word, None) if name.is_some() => rest.push(word.to_owned()),
                (option, None) if option.starts_with('-') => {}
                (other, None) => name = Some(other.to_owned()),
            }
        }
        let name = name?;
        Some(Self { name, home, rest })
    }

    /// The same from a line that a shell takes apart.
    pub(super) fn read_line(own: &str, line: &str) -> Option<Self> {
        let script = Script::read(line);
        let [only] = script.invocations.as_slice() else {
            return None;
        };
        // `"$HOME/bin/cctelegram"` is known by its end.
        let text = |word: &Word| {
            let literal = word.literal().map(str::to_owned);
            literal.unwrap_or_else(|| word.text().replace('"', ""))
        };
        let words: Vec<String> = only.words.iter().map(text).collect();
        let (program, arguments) = words.split_first()?;
        Self::read(own, program, arguments.iter().map(String::as_str))
    }

    /// What follows an option: `9` for `--wait`.
    pub(super) fn option(&self, option: &str) -> Option<&str> {
        let mut words = self.rest.iter();
        words.find(|word| *word == option)?;
        words.next().map(String::as_str)
    }

    pub(super) fn says(&self, word: &str) -> bool {
        self.rest.iter().any(|said| said == word)
    }
}

fn quoted(word: String) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_known_again_whatever_is_in_it() {
        for (program, home) in [
            ("/usr/bin/cctelegram", None),
            ("/home/a b/it's/cctelegram", Some("/srv/$x `y` \"z\"")),
        ] {
            let launch = Launch {
                program: program.to_owned(),
                home: home.map(str::to_owned),
            };
            let line = launch.line(&["hook".to_owned()]);
            let found = OwnCommand::read_line("/x", &line).unwrap();
            assert_eq!((found.name, found.home), ("hook".to_owned(), launch.home));
        }
        for line in [
            "other hook",
            "cctelegram hook; rm x",
            "cctelegram-old hook",
            "",
        ] {
            assert_eq!(OwnCommand::read_line("/x", line), None, "{line}");
        }
        for line in ["\"$HOME/bin/cctelegram\" hook", "/opt/cct hook"] {
            assert!(OwnCommand::read_line("/opt/cct", line).is_some(), "{line}");
        }
    }
}
