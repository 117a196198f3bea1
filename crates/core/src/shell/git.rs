//! `git`: which of its words make it run other programs, and where it writes to.

use super::Invocation;
use super::Word;

/// Options before the command that take the next word for themselves.
const TAKES_NEXT: &[&str] = &[
    "-C",
    "-c",
    "--attr-source",
    "--config-env",
    "--git-dir",
    "--namespace",
    "--super-prefix",
    "--work-tree",
];

/// What a call of git does besides its command.
#[derive(Default)]
pub(super) struct GitUse {
    /// It may run programs that its words name: by an alias, a setting, an option.
    pub(super) runs_others: bool,
    /// Files that it is told to write its output to.
    pub(super) writes: Vec<Option<String>>,
}

/// Looks at the words of git, and of its commands as programs of their own.
pub(super) fn look(invocation: &Invocation) -> Option<GitUse> {
    if invocation.base_name() != "git" {
        return None;
    }
    let mut found = GitUse::default();
    let mut words = invocation.words.iter().skip(1).map(Word::text);
    let mut command = "";
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            command = word;
            break;
        }
        found.runs_others |= word.starts_with("-c")
            || word.starts_with("--config-env")
            || word.starts_with("--exec-path=");
        if TAKES_NEXT.contains(&word) {
            words.next();
        }
    }
    let rest: Vec<&str> = words.collect();
    found.runs_others |= runs_others(command, &rest);
    found.writes = writes(command, &rest);
    Some(found)
}

fn runs_others(command: &str, words: &[&str]) -> bool {
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(word));
    let begins = |start: &str| words.iter().any(|word| word.starts_with(start));
    let by_command = match command {
        "difftool" | "filter-branch" | "for-each-repo" | "instaweb" | "mergetool"
        | "send-email" | "web--browse" => true,
        "bisect" => has(&["run"]),
        "submodule" => has(&["foreach"]),
        "rebase" => begins("-x") || begins("-i") || begins("--ex") || begins("--interactive"),
        "clone" | "fetch" | "ls-remote" | "fetch-pack" => {
            begins("-u") || begins("-c") || begins("--config")
        }
        "grep" => begins("-O") || begins("--open-files-in-pager"),
        // A setting can name a program: an alias, a pager, a filter.
        "config" => {
            let looks = has(&["--get", "--get-all", "--list", "-l", "get", "list"]);
            !looks
                && words
                    .iter()
                    .any(|word| word.contains('.') && !word.starts_with("user."))
        }
        _ => false,
    };
    by_command
        || begins("--upload-pack")
        || begins("--receive-pack")
        || begins("--exec")
        || begins("ext::")
}

/// `--output=FILE` of all that show changes, `-o` of those that make archives.
fn writes(command: &str, words: &[&str]) -> Vec<Option<String>> {
    let mut files = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (name, value) = word
            .split_once('=')
            .map_or((*word, None), |(name, value)| (name, Some(value)));
        let is_long = name.len() > 3
            && ("--output".starts_with(name) || "--output-directory".starts_with(name));
        let is_short =
            matches!(command, "archive" | "format-patch" | "fast-export") && word.starts_with("-o");
        if is_long {
            let file = value.or_else(|| words.next().copied());
            files.push(file.map(str::to_owned));
        } else if is_short {
            let attached = word.strip_prefix("-o").filter(|file| !file.is_empty());
            let file = attached.or_else(|| words.next().copied());
            files.push(file.map(str::to_owned));
        }
    }
    files
}
