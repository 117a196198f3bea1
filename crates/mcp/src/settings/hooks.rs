//! The hooks of Claude Code and Codex, which differ in how a program is named and in which events there are.

use std::collections::BTreeSet;

use jsonc_parser::cst::CstInputValue;
use jsonc_parser::cst::CstNode;
use jsonc_parser::cst::CstObject;
use serde_json::Value;

use super::Registration;
use super::UnfitSettings;
use super::document;
use super::document::JsonText;
use super::launch::OwnCommand;

/// One event that this program is called for.
pub(super) struct Occasion {
    pub(super) name: &'static str,
    /// How long it may take to answer (`--wait`), where somebody is waited for.
    wait_s: Option<u64>,
    /// Without an answer the agent goes on as if nothing was asked, unless it is told to stop then.
    can_block: bool,
}

/// Most calls are answered within milliseconds (seconds).
const QUICK: u64 = 10;
/// Until then the agent does not go on (seconds): a form is shown at its terminal only afterwards.
const FORM: u64 = 120;
/// Until then it is not known whether the agent may try again (seconds).
const RETRY: u64 = 60;
/// The agent kills a hook a little later than the hook gives up (seconds).
const GRACE: u64 = 10;

const fn quick(name: &'static str) -> Occasion {
    Occasion {
        name,
        wait_s: None,
        can_block: false,
    }
}

const fn waiting(name: &'static str, wait_s: u64) -> Occasion {
    Occasion {
        name,
        wait_s: Some(wait_s),
        can_block: false,
    }
}

const fn blocking(event: Occasion) -> Occasion {
    Occasion {
        can_block: true,
        ..event
    }
}

/// Every event of Claude Code's that something is done about.
pub(super) fn of_claude_code(wait_s: u64) -> Vec<Occasion> {
    vec![
        quick("SessionStart"),
        quick("UserPromptSubmit"),
        blocking(quick("PreToolUse")),
        blocking(waiting("PermissionRequest", wait_s)),
        waiting("PermissionDenied", wait_s.min(RETRY)),
        quick("PostToolUse"),
        quick("PostToolUseFailure"),
        quick("PostToolBatch"),
        waiting("Elicitation", wait_s.min(FORM)),
        quick("Notification"),
        quick("SubagentStop"),
        quick("PreCompact"),
        waiting("Stop", wait_s),
        quick("StopFailure"),
        quick("SessionEnd"),
    ]
}

/// Codex has fewer, and shows its own question only when the hook is through.
pub(super) fn of_codex(wait_s: u64) -> Vec<Occasion> {
    vec![
        quick("SessionStart"),
        quick("UserPromptSubmit"),
        quick("PreToolUse"),
        waiting("PermissionRequest", wait_s),
        quick("PostToolUse"),
        quick("SubagentStop"),
        quick("PreCompact"),
        waiting("Stop", wait_s),
        quick("SessionEnd"),
    ]
}

impl Occasion {
    /// The words behind the program's name.
    pub(super) fn words(&self, fail_closed: bool) -> Vec<String> {
        let mut words = vec!["hook".to_owned()];
        if let Some(wait_s) = self.wait_s {
            words.extend(["--wait".to_owned(), wait_s.to_string()]);
        }
        if fail_closed && self.name == "PermissionRequest" {
            words.push("--fail-closed".to_owned());
        }
        words
    }

    /// In exec form: no shell takes the words apart.
    pub(super) fn in_exec_form(&self, registration: &Registration) -> CstInputValue {
        let launch = &registration.launch;
        let words = launch.arguments(&self.words(registration.fail_closed));
        let mut fields = vec![
            field("command", launch.program.as_str()),
            ("args".to_owned(), document::strings(&words)),
        ];
        self.finish(&mut fields);
        if registration.fail_closed && self.can_block {
            fields.push(field("onFailure", "block"));
        }
        group(fields)
    }

    /// As one line for a shell: Codex knows no other form.
    pub(super) fn as_line(&self, registration: &Registration) -> CstInputValue {
        let words = self.words(registration.fail_closed);
        let line = registration.launch.line(&words);
        let mut fields = vec![field("command", line)];
        self.finish(&mut fields);
        group(fields)
    }

    fn finish(&self, fields: &mut Vec<(String, CstInputValue)>) {
        fields.insert(0, field("type", "command"));
        let timeout = self
            .wait_s
            .map_or(QUICK, |wait_s| wait_s.saturating_add(GRACE));
        fields.push(field("timeout", timeout));
    }
}

/// Puts these hooks into `hooks`, and takes out what an earlier version put there.
pub(super) fn put_in(
    settings: &CstObject,
    wanted: Vec<(&str, CstInputValue)>,
    own: &str,
) -> Result<(), UnfitSettings> {
    let hooks = document::object_or_new(settings, "hooks")?;
    for event in names(&hooks) {
        if wanted.iter().all(|(name, _)| *name != event) {
            take_out_of(&hooks, &event, own)?;
        }
    }
    for (event, group) in wanted {
        if groups(&hooks, event, own)? == [document::value_of(&group)] {
            continue;
        }
        take_out_of(&hooks, event, own)?;
        match document::array(&hooks, event)? {
            Some(groups) => drop(groups.append(group)),
            None => drop(hooks.append(event, CstInputValue::Array(vec![group]))),
        }
    }
    Ok(())
}

/// Takes the hooks of this program out, and what is empty without them.
pub(super) fn take_out(settings: &CstObject, own: &str) -> Result<(), UnfitSettings> {
    let Some(hooks) = document::object(settings, "hooks")? else {
        return Ok(());
    };
    let names = names(&hooks);
    for event in &names {
        take_out_of(&hooks, event, own)?;
    }
    if names.is_empty() {
        return Ok(());
    }
    document::drop_if_empty(settings, "hooks")
}

fn take_out_of(hooks: &CstObject, event: &str, own: &str) -> Result<(), UnfitSettings> {
    let Some(groups) = document::array(hooks, event)? else {
        return Ok(());
    };
    let mut any = false;
    for group in groups.elements() {
        let is_ours = |handler: &CstNode| own_hook(handler, own).is_some();
        let mine: Vec<CstNode> = handlers(&group).into_iter().filter(is_ours).collect();
        if mine.is_empty() {
            continue;
        }
        any = true;
        for handler in mine {
            handler.remove();
        }
        if handlers(&group).is_empty() {
            group.remove();
        }
    }
    if any {
        document::drop_if_empty(hooks, event)?;
    }
    Ok(())
}

/// The groups of an event that name this program.
fn groups(hooks: &CstObject, event: &str, own: &str) -> Result<Vec<Value>, UnfitSettings> {
    let groups = document::array(hooks, event)?;
    let groups = groups.map(|groups| groups.elements()).unwrap_or_default();
    let ours = groups.iter().filter(|group| {
        handlers(group)
            .iter()
            .any(|one| own_hook(one, own).is_some())
    });
    Ok(ours.filter_map(CstNode::to_serde_value).collect())
}

fn handlers(group: &CstNode) -> Vec<CstNode> {
    let hooks = group
        .as_object()
        .and_then(|group| group.array_value("hooks"));
    hooks.map(|hooks| hooks.elements()).unwrap_or_default()
}

fn own_hook(handler: &CstNode, own: &str) -> Option<OwnCommand> {
    let value = handler.to_serde_value().unwrap_or_default();
    let command = value.get("command").and_then(Value::as_str)?;
    let found = match value.get("args").and_then(Value::as_array) {
        Some(words) => {
            let words = words.iter().filter_map(Value::as_str);
            OwnCommand::read(own, command, words)
        }
        None => OwnCommand::read_line(own, command),
    };
    found.filter(|command| command.name == "hook")
}

/// What the hooks of this program were told before.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FormerHooks {
    /// Each home once; nothing for the usual one.
    pub homes: BTreeSet<Option<String>>,
    /// How long somebody may take to decide.
    pub wait_s: Option<u64>,
    pub fail_closed: bool,
}

impl FormerHooks {
    /// From settings of either agent; nothing where they are not in order, which whoever changes them is told.
    #[must_use]
    pub fn read(text: &str, own: &str) -> Self {
        Self::of(text, own).unwrap_or_default()
    }

    fn of(text: &str, own: &str) -> Result<Self, UnfitSettings> {
        let mut former = Self::default();
        let Some(hooks) = document::object(&JsonText::read(text)?.object, "hooks")? else {
            return Ok(former);
        };
        for event in names(&hooks) {
            let groups = document::array(&hooks, &event)?;
            let groups = groups.map(|groups| groups.elements()).unwrap_or_default();
            let hooks = groups.iter().flat_map(handlers);
            for hook in hooks.filter_map(|hook| own_hook(&hook, own)) {
                if event == "PermissionRequest" {
                    let wait = hook.option("--wait").and_then(|wait| wait.parse().ok());
                    let wait = wait.filter(|wait| *wait > 0);
                    former.wait_s = wait.or(former.wait_s);
                    former.fail_closed |= hook.says("--fail-closed");
                }
                former.homes.insert(hook.home);
            }
        }
        Ok(former)
    }
}

fn names(hooks: &CstObject) -> Vec<String> {
    let properties = hooks.properties().into_iter();
    properties
        .filter_map(|property| property.decoded_name())
        .collect()
}

fn group(handler: Vec<(String, CstInputValue)>) -> CstInputValue {
    let handlers = CstInputValue::Array(vec![CstInputValue::Object(handler)]);
    CstInputValue::Object(vec![("hooks".to_owned(), handlers)])
}

fn field(name: &str, value: impl Into<CstInputValue>) -> (String, CstInputValue) {
    (name.to_owned(), value.into())
}
