//! One use of a tool by an agent, as the rules look at it.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use super::pattern::CommandPattern;
use crate::shell::Doubt;
use crate::shell::Invocation;
use crate::shell::Script;
use crate::shell::Word;

/// What an agent is about to do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ToolUse {
    /// Like `claude-code`.
    pub agent: String,
    /// The name of the project, where it is known.
    pub project: Option<String>,
    /// Like `Bash`, `Write`, `mcp__server__tool`.
    pub tool: String,
    /// The shell command, for a tool that runs one.
    command: Option<(String, Script)>,
    /// The files that the tool names, absolute, without `.` and `..`, as written and with symbolic links followed.
    paths: Vec<String>,
    /// Files and commands that it seems to name as well: enough to forbid it.
    mentioned: Vec<String>,
    hinted: Vec<(String, Script)>,
    /// Why no allow may count, whatever runs.
    reserves: Vec<String>,
}

/// What has to be covered by an allow.
pub(super) enum ToBeAllowed<'a> {
    Command(&'a Invocation),
    File(&'a str),
    Tool(&'a str),
}

impl ToolUse {
    #[must_use]
    pub fn new(agent: &str, tool: &str) -> Self {
        Self {
            agent: agent.to_owned(),
            tool: tool.to_owned(),
            ..Self::default()
        }
    }

    /// With the shell command that the tool runs.
    #[must_use]
    pub fn running(mut self, command: &str) -> Self {
        self.command = Some((command.to_owned(), Script::read(command)));
        self
    }

    /// With the files that the tool names. A path that is written in several ways is given in each of them.
    #[must_use]
    pub fn touching(mut self, paths: Vec<String>) -> Self {
        self.paths = paths;
        self
    }

    /// With files that it may be about: denies look at them, and an allow does not have to cover them.
    #[must_use]
    pub fn mentioning(mut self, paths: Vec<String>) -> Self {
        self.mentioned = paths;
        self
    }

    /// With a text that may be a shell command: denies look at it.
    #[must_use]
    pub fn hinting_at(mut self, command: &str) -> Self {
        self.hinted
            .push((command.to_owned(), Script::read(command)));
        self
    }

    /// With a reason why it is never allowed by a rule.
    #[must_use]
    pub fn reserved(mut self, why: String) -> Self {
        self.reserves.push(why);
        self
    }

    #[must_use]
    pub fn within(mut self, project: Option<String>) -> Self {
        self.project = project;
        self
    }

    /// The files that the command writes to, as they are written there, and below each folder that it changes to.
    #[must_use]
    pub fn written_files(&self) -> Vec<String> {
        let Some((_, script)) = &self.command else {
            return Vec::new();
        };
        let written = script.invocations.iter().flat_map(|one| &one.writes);
        let written = written.flatten().map(String::as_str);
        below_each(&folders(script), written)
    }

    /// Words of commands that may name files, and where redirections lead, as they are written there.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let scripts = self.command.iter().chain(&self.hinted);
        let of_script = |(text, script): &(String, Script)| {
            let words = script.all().flat_map(|one| &one.words).map(Word::text);
            let mut words: Vec<&str> = words.collect();
            words.extend(script.redirected.iter().map(String::as_str));
            words.extend(script.values.iter().map(String::as_str));
            if !script.doubts.is_empty() {
                let between = |c: char| c.is_whitespace() || "\"'`()<>;|&,".contains(c);
                words.extend(text.split(between));
            }
            below_each(&folders(script), words.into_iter().flat_map(names_in))
        };
        scripts.flat_map(of_script).collect()
    }

    pub(super) const fn has_command(&self) -> bool {
        self.command.is_some()
    }

    /// Why no allow may count.
    pub(super) fn doubts(&self) -> Vec<String> {
        let script = self.command.as_ref().map(|(_, script)| script);
        let doubts = script
            .map(|script| script.doubts.as_slice())
            .unwrap_or_default();
        let reserves = self.reserves.iter().cloned();
        reserves
            .chain(doubts.iter().map(Doubt::to_string))
            .collect()
    }

    /// Everything that an allow has to cover.
    pub(super) fn parts(&self) -> Vec<ToBeAllowed<'_>> {
        let commands = self
            .command
            .iter()
            .flat_map(|(_, script)| &script.invocations);
        let files = self.paths.iter().map(|path| ToBeAllowed::File(path));
        let mut parts: Vec<ToBeAllowed<'_>> =
            commands.map(ToBeAllowed::Command).chain(files).collect();
        if parts.is_empty() {
            parts.push(ToBeAllowed::Tool(&self.tool));
        }
        parts
    }

    /// The commands that it runs or seems to name, with their text.
    pub fn scripts(&self) -> impl Iterator<Item = (&str, &Script)> {
        let scripts = self.command.iter().chain(&self.hinted);
        scripts.map(|(text, script)| (text.as_str(), script))
    }

    /// What of its commands may become this program with these arguments, where that is not certain. What is certain is
    /// for the caller to look at: only who knows the program knows what its arguments mean.
    #[must_use]
    pub fn may_run(&self, program: &str, arguments: &[&str]) -> Option<String> {
        let is_certain = |one: &Invocation| {
            one.base_name() == program && one.words.iter().all(|word| word.literal().is_some())
        };
        let pattern = CommandPattern::of_words(program, arguments);
        self.first_command(&pattern, |one| !is_certain(one))
    }

    /// The files that are named, or seem to be.
    pub fn files(&self) -> impl Iterator<Item = String> {
        let named = self.paths.iter().chain(&self.mentioned).cloned();
        named.chain(self.written_files())
    }

    /// What of the command contains this pattern. Where it is in doubt what runs, its mere words count as well.
    pub(super) fn command_with(&self, pattern: &CommandPattern) -> Option<String> {
        self.first_command(pattern, |_| true)
    }

    fn first_command(
        &self,
        pattern: &CommandPattern,
        counts: impl Fn(&Invocation) -> bool,
    ) -> Option<String> {
        self.scripts().find_map(|(text, script)| {
            let within = |one: &&Invocation| counts(one) && pattern.is_within(one, &script.values);
            if let Some(found) = script.all().find(within) {
                return Some(ToBeAllowed::Command(found).to_string());
            }
            let in_doubt = !script.doubts.is_empty() && pattern.is_in_text(text);
            in_doubt.then(|| "its words, in a command that cannot be taken apart".to_owned())
        })
    }
}

/// The folders that a script changes to, one after the other, as far as they are written there.
fn folders(script: &Script) -> Vec<String> {
    let changes = script
        .all()
        .filter(|one| matches!(one.base_name(), "cd" | "chdir" | "pushd"));
    let targets = changes.filter_map(|one| {
        let mut words = one.words.iter().skip(1).map(Word::text);
        words.find(|word| !word.starts_with('-'))
    });
    let mut folder = PathBuf::new();
    let mut folders: Vec<String> = Vec::new();
    for target in targets.take(MOST_FOLDERS) {
        // A change may be one within a subshell: each counts by itself, and after those before it.
        folder.push(target);
        for place in [Path::new(target), folder.as_path()] {
            let place = place.to_string_lossy().into_owned();
            if !folders.contains(&place) {
                folders.push(place);
            }
        }
    }
    folders
}

const MOST_FOLDERS: usize = 16;

fn below_each<'a>(folders: &[String], names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut files = BTreeSet::new();
    for name in names.filter(|name| !name.is_empty()) {
        files.insert(name.to_owned());
        let is_relative = !name.starts_with(['/', '~', '$']);
        for folder in folders.iter().filter(|_| is_relative) {
            let below = Path::new(folder).join(name);
            files.insert(below.to_string_lossy().into_owned());
        }
    }
    files.into_iter().collect()
}

/// A word, and what in it may be a file's name: `--file=NAME`, `@NAME`, `-fNAME`, `host:NAME`.
fn names_in(word: &str) -> impl Iterator<Item = &str> {
    let signs = word.match_indices(['=', '@', ':']);
    let behind = signs.filter_map(move |(at, _)| word.get(at.saturating_add(1)..));
    let attached = word
        .strip_prefix('-')
        .and_then(|rest| rest.find(['/', '~', '.']).and_then(|at| rest.get(at..)));
    [word].into_iter().chain(behind).chain(attached)
}

impl fmt::Display for ToBeAllowed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(invocation) => {
                let words: Vec<&str> = invocation.words.iter().map(Word::text).collect();
                write!(f, "`{}`", words.join(" "))?;
                for file in &invocation.writes {
                    write!(
                        f,
                        " with output to {}",
                        file.as_deref().unwrap_or("an unknown file")
                    )?;
                }
                if invocation.assigns {
                    f.write_str(" with a changed environment")?;
                }
                Ok(())
            }
            Self::File(file) => write!(f, "the file {file}"),
            Self::Tool(tool) => write!(f, "the tool {tool}"),
        }
    }
}
