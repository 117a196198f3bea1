//! What agents may do without being asked, and what they may never do: rules over tools, commands and files.
//!
//! A deny that matches wins over everything. An allow counts only if it covers every part of what is to run and nothing
//! is in doubt. Everything else is no decision: whoever is asked decides.

mod file;
mod pattern;
mod request;

use std::fmt;

pub use file::BadRule;
pub use file::read;
pub use request::ToolUse;

use pattern::CommandPattern;
use pattern::TextPattern;

/// All rules, in the order in which they stand in the file.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    rules: Vec<PolicyRule>,
    /// What follows when people were asked and nobody answered.
    pub unanswered: Unanswered,
}

/// What follows when nobody answers. There is no allow among it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Unanswered {
    /// The agent goes on as if nobody had been asked: the terminal decides.
    #[default]
    Terminal,
    Deny,
}

/// One `[[rule]]`.
#[derive(Clone, Debug)]
struct PolicyRule {
    /// Its `name`, or its place in the file.
    name: String,
    reason: Option<String>,
    outcome: Effective,
    agent: Option<TextPattern>,
    project: Option<TextPattern>,
    tool: Option<TextPattern>,
    command: Option<CommandPattern>,
    path: Option<TextPattern>,
}

/// What a rule says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Effective {
    Allow,
    Deny,
}

/// What the policy says of one use of a tool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ruling {
    /// Never: the rule's name, why, and the part that it matched.
    Denied {
        rule: String,
        reason: Option<String>,
        part: String,
    },
    /// Without asking: the names of the rules that cover it.
    Allowed { rules: Vec<String> },
    /// Somebody has to be asked; why no rule decided.
    Undecided { why: Vec<String> },
}

impl Policy {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// How many rules there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// What the rules say of this use of a tool.
    #[must_use]
    pub fn rule_on(&self, tool_use: &ToolUse) -> Ruling {
        let here = |outcome| {
            self.rules
                .iter()
                .filter(move |rule| rule.outcome == outcome && rule.is_about(tool_use))
        };
        if let Some((rule, part)) =
            here(Effective::Deny).find_map(|rule| Some((rule, rule.denies(tool_use)?)))
        {
            return Ruling::Denied {
                rule: rule.name.clone(),
                reason: rule.reason.clone(),
                part,
            };
        }
        let doubts = tool_use.doubts();
        if !doubts.is_empty() {
            return Ruling::Undecided { why: doubts };
        }
        let (mut rules, mut why) = (Vec::new(), Vec::new());
        for part in tool_use.parts() {
            match here(Effective::Allow).find(|rule| rule.covers(tool_use, &part)) {
                Some(rule) if rules.contains(&rule.name) => {}
                Some(rule) => rules.push(rule.name.clone()),
                None => why.push(format!("no rule allows {part}")),
            }
        }
        if why.is_empty() && !rules.is_empty() {
            Ruling::Allowed { rules }
        } else {
            Ruling::Undecided { why }
        }
    }
}

impl PolicyRule {
    fn is_about(&self, tool_use: &ToolUse) -> bool {
        let meets = |pattern: &Option<TextPattern>, text: Option<&str>| {
            pattern
                .as_ref()
                .is_none_or(|pattern| text.is_some_and(|text| pattern.matches(text)))
        };
        meets(&self.agent, Some(&tool_use.agent))
            && meets(&self.project, tool_use.project.as_deref())
            && meets(&self.tool, Some(&tool_use.tool))
    }

    /// The part that this rule denies, if there is one. One is enough.
    fn denies(&self, tool_use: &ToolUse) -> Option<String> {
        if self.command.is_none() && self.path.is_none() {
            return Some(format!("the tool {}", tool_use.tool));
        }
        let command = match &self.command {
            Some(pattern) => Some(tool_use.command_with(pattern)?),
            None => None,
        };
        let file = match &self.path {
            Some(pattern) => Some(
                tool_use
                    .files()
                    .find(|file| pattern.matches(file))
                    .map(|file| format!("the file {file}"))?,
            ),
            None => None,
        };
        command.or(file)
    }

    /// Does this rule allow this part, exactly as it stands there?
    fn covers(&self, tool_use: &ToolUse, part: &request::ToBeAllowed<'_>) -> bool {
        match part {
            request::ToBeAllowed::Tool(_) => self.command.is_none() && self.path.is_none(),
            request::ToBeAllowed::File(file) => {
                let in_reach = |pattern: &TextPattern| pattern.matches(file);
                self.command.is_none() && self.path.as_ref().is_none_or(in_reach)
            }
            request::ToBeAllowed::Command(invocation) => {
                let writes_nothing = invocation.writes.is_empty() && !invocation.assigns;
                let fits = |pattern: &CommandPattern| pattern.is_exactly(invocation);
                self.path.is_none()
                    && writes_nothing
                    && tool_use.has_command()
                    && self.command.as_ref().is_some_and(fits)
            }
        }
    }
}

impl fmt::Display for Ruling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied { rule, reason, part } => {
                write!(f, "denied by “{rule}”, which matches {part}")?;
                reason
                    .as_ref()
                    .map_or(Ok(()), |reason| write!(f, ": {reason}"))
            }
            Self::Allowed { rules } => write!(f, "allowed by “{}”", rules.join("”, “")),
            Self::Undecided { why } if why.is_empty() => f.write_str("no rule is about it"),
            Self::Undecided { why } => write!(f, "not decided: {}", why.join("; ")),
        }
    }
}

#[cfg(test)]
mod tests;
