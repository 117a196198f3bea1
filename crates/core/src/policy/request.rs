//! One use of a tool by an agent, as the rules look at it.

use std::fmt;

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

    #[must_use]
    pub fn within(mut self, project: Option<String>) -> Self {
        self.project = project;
        self
    }

    /// The files that the command writes to, as they are written there.
    pub fn written_files(&self) -> impl Iterator<Item = &str> {
        let invocations = self
            .command
            .iter()
            .flat_map(|(_, script)| &script.invocations);
        invocations.flat_map(|one| one.writes.iter().flatten().map(String::as_str))
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
        doubts.iter().map(Doubt::to_string).collect()
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

    /// The files that are named or written to.
    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        let named = self.paths.iter().map(String::as_str);
        named.chain(self.written_files())
    }

    /// What of the command contains this pattern. Where it is in doubt what runs, its mere words count as well.
    pub(super) fn command_with(&self, pattern: &CommandPattern) -> Option<String> {
        let (text, script) = self.command.as_ref()?;
        let found = script.invocations.iter().find(|one| pattern.is_within(one));
        if let Some(found) = found {
            return Some(ToBeAllowed::Command(found).to_string());
        }
        let in_doubt = !script.doubts.is_empty() && pattern.is_in_text(text);
        in_doubt.then(|| "its words, in a command that cannot be taken apart".to_owned())
    }
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
