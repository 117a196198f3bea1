//! What a shell command runs, read from its text by a real parser. What cannot be told for sure is a doubt, and whoever
//! decides by this must not allow anything that is in doubt.

mod git;
mod guess;
mod hidden;
mod programs;
mod quoting;
mod sed;
mod tree;

use std::fmt;

pub use guess::Guess;
pub use quoting::Word;

/// Longer commands are not taken apart (bytes).
const LONGEST: usize = 64 * 1024;
/// Scripts within scripts, as in `sh -c "sh -c '…'"`, are followed so far.
const DEEPEST: usize = 4;

/// So many scripts within one are taken apart.
const MOST_SCRIPTS: usize = 200;

/// A command line taken apart.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Script {
    /// Every program that is started, wherever it stands: after `;` and `|`, in substitutions, in functions.
    pub invocations: Vec<Invocation>,
    /// What may be started besides, as the words of other programs say: enough to forbid it.
    pub possible: Vec<Invocation>,
    /// What variables are given: words that are not known for sure may become these.
    pub values: Vec<String>,
    /// Files that redirections name, as they are written.
    pub redirected: Vec<String>,
    /// Why it cannot be said for sure what is run; empty when it can.
    pub doubts: Vec<Doubt>,
}

/// One program with its arguments.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Invocation {
    /// The name comes first. Names are always literal; what has another is a doubt.
    pub words: Vec<Word>,
    /// Files that its output is written to, `/dev/null` left out; `None` where the name is not literal.
    pub writes: Vec<Option<String>>,
    /// Is the environment changed for it, as in `A=b program`?
    pub assigns: bool,
}

/// A reason why it cannot be said what a command line runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Doubt {
    TooLong,
    /// The parser does not understand it.
    Syntax,
    /// A part of the shell's language that changes what other parts mean.
    Construct(&'static str),
    /// The name of a program that is only known when it runs.
    UnknownName(String),
    /// A program that runs what it is given: `eval`, `ssh`, `xargs`, `python -c`.
    RunsItsInput(String),
    /// A command of the shell that changes what later commands mean.
    ChangesTheShell(String),
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "it is longer than {} kB", LONGEST / 1024),
            Self::Syntax => f.write_str("the shell parser does not understand it"),
            Self::Construct(what) => write!(f, "it contains {what}"),
            Self::UnknownName(name) => {
                write!(f, "the program `{name}` is only known when it runs")
            }
            Self::RunsItsInput(name) => write!(f, "`{name}` runs what it is given"),
            Self::ChangesTheShell(name) => {
                write!(f, "`{name}` changes what later commands mean")
            }
        }
    }
}

impl Script {
    /// Takes a command line apart.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut left = MOST_SCRIPTS;
        Self::read_at(text, 0, &mut left)
    }

    /// `left` counts down what may still be taken apart: scripts in scripts multiply.
    fn read_at(text: &str, depth: usize, left: &mut usize) -> Self {
        let mut script = Self::default();
        if text.len() > LONGEST || depth > DEEPEST || *left == 0 {
            script.doubts.push(Doubt::TooLong);
            return script;
        }
        *left -= 1;
        tree::walk(text, &mut script);
        hidden::look(&mut script, depth, left);
        script
    }

    /// Everything that is started, or may be.
    pub fn all(&self) -> impl Iterator<Item = &Invocation> {
        self.invocations.iter().chain(&self.possible)
    }
}

impl Invocation {
    /// The program's name as it was written.
    #[must_use]
    pub fn name(&self) -> &str {
        self.words
            .first()
            .and_then(Word::literal)
            .unwrap_or_default()
    }

    /// The program's name without the folder that it lies in.
    #[must_use]
    pub fn base_name(&self) -> &str {
        let name = self.name();
        name.rsplit('/').next().unwrap_or(name)
    }
}

#[cfg(test)]
mod tests;
