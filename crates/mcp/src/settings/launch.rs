//! How agents start this program, and how it is known again in their settings.

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

    /// One line for a shell.
    pub(super) fn line(&self, rest: &[String]) -> String {
        let words = std::iter::once(self.program.clone()).chain(self.arguments(rest));
        words.map(quoted).collect::<Vec<_>>().join(" ")
    }
}

/// What of this program is started: `hook` in `/usr/bin/cctelegram --home /srv/a hook --wait 9`.
pub(super) fn subcommand<'a>(
    program: &str,
    arguments: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if Path::new(program).file_name()?.to_str()? != "cctelegram" {
        return None;
    }
    let mut arguments = arguments.into_iter();
    while let Some(word) = arguments.next() {
        match word {
            "--home" => drop(arguments.next()),
            option if option.starts_with('-') => {}
            other => return Some(other),
        }
    }
    None
}

/// The same for a line that a shell takes apart.
pub(super) fn starts_hook(line: &str) -> bool {
    let script = Script::read(line);
    let [only] = script.invocations.as_slice() else {
        return false;
    };
    let words: Option<Vec<&str>> = only.words.iter().map(Word::literal).collect();
    let words = words.unwrap_or_default();
    let Some((program, arguments)) = words.split_first() else {
        return false;
    };
    subcommand(program, arguments.iter().copied()) == Some("hook")
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
            assert!(starts_hook(&line), "{line}");
        }
        for line in [
            "cctelegram mcp",
            "other hook",
            "cctelegram hook; rm x",
            "cctelegram-old hook",
            "",
        ] {
            assert!(!starts_hook(line), "{line}");
        }
    }
}
