//! `policy.toml`: every mistake is found and named, and one mistake makes the whole file count for nothing.

use std::fmt;

use toml::Table;
use toml::Value;

use super::Effective;
use super::Policy;
use super::PolicyRule;
use super::Unanswered;
use super::pattern::CommandPattern;
use super::pattern::TextPattern;

/// What is wrong with the file, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BadRule {
    /// Like `rule 3 (no force push)`, or `line 7`.
    pub place: String,
    pub what: String,
    pub remedy: String,
}

impl fmt::Display for BadRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.place, self.what, self.remedy)
    }
}

/// Reads the text of a policy.
///
/// # Errors
/// All mistakes at once.
pub fn read(text: &str) -> Result<Policy, Vec<BadRule>> {
    let table = text.parse::<Table>().map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before
            .unwrap_or_default()
            .matches('\n')
            .count()
            .saturating_add(1);
        vec![BadRule {
            place: format!("line {line}"),
            what: format!("{}.", error.message()),
            remedy: "Correct the line; the rest is read after that.".to_owned(),
        }]
    })?;
    let mut mistakes = Vec::new();
    let unknown = table
        .keys()
        .filter(|key| !["rule", UNANSWERED].contains(&key.as_str()));
    for key in unknown {
        mistakes.push(BadRule {
            place: key.clone(),
            what: "there is nothing of this name.".to_owned(),
            remedy: format!("A policy consists of [[rule]] tables, and {UNANSWERED}."),
        });
    }
    let rules = match table.get("rule") {
        Some(Value::Array(rules)) => rules.as_slice(),
        None => &[],
        Some(_) => {
            mistakes.push(BadRule {
                place: "rule".to_owned(),
                what: "it is not a list of tables.".to_owned(),
                remedy: "Write [[rule]], with two brackets on each side.".to_owned(),
            });
            &[]
        }
    };
    let mut policy = Policy {
        unanswered: unanswered(&table, &mut mistakes),
        ..Policy::default()
    };
    for (number, rule) in (1_usize..).zip(rules) {
        let table = rule.as_table().cloned().unwrap_or_default();
        policy.rules.extend(
            Reader {
                number,
                table,
                mistakes: &mut mistakes,
            }
            .rule(),
        );
    }
    if mistakes.is_empty() {
        Ok(policy)
    } else {
        Err(mistakes)
    }
}

fn unanswered(table: &Table, mistakes: &mut Vec<BadRule>) -> Unanswered {
    match table.get(UNANSWERED) {
        None => Unanswered::default(),
        Some(Value::String(text)) if text == "terminal" => Unanswered::Terminal,
        Some(Value::String(text)) if text == "deny" => Unanswered::Deny,
        Some(_) => {
            mistakes.push(BadRule {
                place: UNANSWERED.to_owned(),
                what: "that cannot follow when nobody answers.".to_owned(),
                remedy: "Write \"terminal\" or \"deny\"; nothing is ever allowed by it.".to_owned(),
            });
            Unanswered::default()
        }
    }
}

/// The key beside the rules.
const UNANSWERED: &str = "nobody_answers";
/// The keys of a rule.
const KEYS: [&str; 4] = ["name", "reason", "outcome", "match"];
/// The conditions within `match`.
const CONDITIONS: [&str; 5] = ["agent", "project", "tool", "command", "path"];

struct Reader<'a> {
    number: usize,
    table: Table,
    mistakes: &'a mut Vec<BadRule>,
}

impl Reader<'_> {
    fn rule(mut self) -> Option<PolicyRule> {
        let before = self.mistakes.len();
        self.unknown(&self.table.clone(), &KEYS);
        let Some(conditions) = self.table.get("match").and_then(Value::as_table).cloned() else {
            self.mistake(
                "it has no conditions.",
                "Write match = { tool = \"…\" } or another condition.",
            );
            return None;
        };
        self.unknown(&conditions, &CONDITIONS);
        let rule = PolicyRule {
            name: self.name(),
            reason: self.text(&self.table.clone(), "reason"),
            outcome: self.outcome()?,
            agent: self.pattern(&conditions, "agent", TextPattern::read),
            project: self.pattern(&conditions, "project", TextPattern::read),
            tool: self.pattern(&conditions, "tool", TextPattern::read),
            command: self.pattern(&conditions, "command", CommandPattern::read),
            path: self.pattern(&conditions, "path", TextPattern::read),
        };
        let decides = rule.tool.is_some() || rule.command.is_some() || rule.path.is_some();
        if !decides {
            self.mistake(
                "it says nothing of what is done.",
                "Give it a tool, a command or a path.",
            );
        }
        if rule.outcome == Effective::Allow && rule.command.is_some() && rule.path.is_some() {
            self.mistake(
                "it allows a command for a path, which no tool has both of.",
                "Make two rules of it.",
            );
        }
        (self.mistakes.len() == before).then_some(rule)
    }

    fn name(&mut self) -> String {
        let name = self.text(&self.table.clone(), "name");
        name.unwrap_or_else(|| format!("rule {}", self.number))
    }

    fn outcome(&mut self) -> Option<Effective> {
        let outcome = self.text(&self.table.clone(), "outcome");
        match outcome.as_deref() {
            Some("allow") => Some(Effective::Allow),
            Some("deny") => Some(Effective::Deny),
            _ => {
                self.mistake(
                    "it has no outcome that is known here.",
                    "Write outcome = \"deny\" or \"allow\".",
                );
                None
            }
        }
    }

    fn pattern<T>(
        &mut self,
        table: &Table,
        key: &str,
        read: fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(table, key)?;
        match read(&text) {
            Ok(pattern) => Some(pattern),
            Err(why) => {
                self.mistake(
                    &format!("`{key}` cannot be used: {why}."),
                    "See docs/POLICY.md for patterns.",
                );
                None
            }
        }
    }

    fn text(&mut self, table: &Table, key: &str) -> Option<String> {
        let text = table.get(key)?.as_str().map(str::trim);
        if text.is_none_or(str::is_empty) {
            self.mistake(&format!("`{key}` is not a text."), "Put it in quotes.");
        }
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn unknown(&mut self, table: &Table, known: &[&str]) {
        let unknown: Vec<String> = table
            .keys()
            .filter(|key| !known.contains(&key.as_str()))
            .cloned()
            .collect();
        for key in unknown {
            let remedy = format!("Here go: {}.", known.join(", "));
            self.mistake(&format!("`{key}` is not known here."), &remedy);
        }
    }

    fn mistake(&mut self, what: &str, remedy: &str) {
        let name = self.table.get("name").and_then(Value::as_str);
        let place = match name {
            Some(name) => format!("rule {} ({name})", self.number),
            None => format!("rule {}", self.number),
        };
        self.mistakes.push(BadRule {
            place,
            what: what.to_owned(),
            remedy: remedy.to_owned(),
        });
    }
}
