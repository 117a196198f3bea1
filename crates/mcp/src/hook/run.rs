//! One call of the hook, from its input to what it prints.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use cctelegram_core::agent::Seen;
use cctelegram_core::agent::Trace;
use cctelegram_core::api::Accepted;
use cctelegram_core::api::ModeStatus;
use cctelegram_core::api::SettledList;
use cctelegram_core::policy::Policy;
use cctelegram_core::policy::Ruling;

use super::OwnFiles;
use super::ToolCall;
use super::Workplace;
use super::input::CodingAgent;
use super::input::HookInput;
use super::input::Moment;
use super::input::SessionRule;
use super::notice;
use super::offer;
use super::offer::Offer;
use super::permission;
use super::permission::Told;
use super::reply;
use super::reply::Gate;
use super::secrets::KnownSecrets;
use super::workplace;
use crate::socket::LineError;
use crate::socket::SocketLine;

/// What the hook needs besides its input.
pub struct HookSetting<'a> {
    /// Reads the rules; the text says what is wrong with them.
    pub policy: &'a dyn Fn() -> Result<Policy, String>,
    /// What of ours no agent may touch.
    pub off_limits: &'a dyn Fn() -> Vec<PathBuf>,
    pub line: SocketLine<'a>,
    pub secrets: &'a dyn Fn() -> KnownSecrets,
    /// The home of whoever the agent runs as.
    pub person: Option<&'a Path>,
    /// How long an answer may be waited for.
    pub wait: Duration,
    /// Refuse what the bridge cannot be asked about.
    pub fail_closed: bool,
}

/// What a call of the hook came to.
#[derive(Debug, Default)]
pub struct HookResult {
    /// What is printed; without it the agent goes on as without a hook.
    pub output: Option<String>,
    /// For whoever looks into why there was no answer.
    pub note: Option<String>,
}

impl HookResult {
    fn say(output: String) -> Self {
        Self {
            output: Some(output),
            note: None,
        }
    }

    fn silent(note: impl ToString) -> Self {
        Self {
            output: None,
            note: Some(note.to_string()),
        }
    }
}

/// Carries out one call.
#[must_use]
pub fn run(input: &HookInput, setting: &HookSetting<'_>) -> HookResult {
    let deadline = Instant::now() + setting.wait;
    match &input.moment {
        Moment::PreToolUse(call) => before(input, call, setting),
        Moment::PermissionRequest { call, rules } => {
            permission(input, (call, rules), setting, deadline)
        }
        Moment::ToolsDone(_)
        | Moment::PromptSubmitted
        | Moment::SessionStarted { .. }
        | Moment::SessionEnded { .. }
        | Moment::Stopped { .. }
        | Moment::StopFailed { .. }
        | Moment::SubagentStopped { .. }
        | Moment::Notified { .. }
        | Moment::Compacting { .. } => match report(input, setting) {
            // Most people's agents work without a bridge most of the time.
            Ok(()) | Err(LineError::NoBridge) => HookResult::default(),
            Err(error) => HookResult::silent(error),
        },
        Moment::Other => HookResult::default(),
    }
}

fn before(input: &HookInput, call: &ToolCall, setting: &HookSetting<'_>) -> HookResult {
    match ruling(input, call, setting) {
        Ok(Ruling::Denied { rule, reason, part }) => HookResult::say(reply::pre_tool_use(
            Gate::Deny,
            &refusal(&rule, reason, &part),
        )),
        // Codex takes no allow here: it gets it when it asks for permission.
        Ok(ruling @ Ruling::Allowed { .. }) if input.agent == CodingAgent::ClaudeCode => {
            HookResult::say(reply::pre_tool_use(
                Gate::Allow,
                &format!("CCTelegram: {ruling}"),
            ))
        }
        Ok(Ruling::Allowed { .. } | Ruling::Undecided { .. }) => HookResult::default(),
        Err(wrong) => HookResult::say(match input.agent {
            CodingAgent::ClaudeCode => reply::pre_tool_use(Gate::Ask, &wrong),
            CodingAgent::Codex => reply::pre_tool_use(Gate::Deny, &wrong),
        }),
    }
}

fn permission(
    input: &HookInput,
    (call, rules): (&ToolCall, &[SessionRule]),
    setting: &HookSetting<'_>,
    deadline: Instant,
) -> HookResult {
    match ruling(input, call, setting) {
        Ok(Ruling::Denied { rule, reason, part }) => {
            return HookResult::say(reply::deny(&refusal(&rule, reason, &part)));
        }
        Ok(Ruling::Allowed { .. }) if input.agent == CodingAgent::Codex => {
            return HookResult::say(reply::allow_once());
        }
        // Whoever is asked decides what rules do not.
        Ok(Ruling::Allowed { .. } | Ruling::Undecided { .. }) | Err(_) => {}
    }
    // To allow these means to answer them, which only the terminal can.
    if matches!(call.tool.as_str(), "AskUserQuestion" | "ExitPlanMode") {
        return HookResult::default();
    }
    let place = Workplace::of(&input.folder);
    let host = workplace::host().unwrap_or_else(|| "unknown".to_owned());
    let offer = Offer {
        input,
        call,
        rules,
        place: &place,
        host: &host,
    };
    match permission::ask(&setting.line, &offer, &(setting.secrets)(), deadline) {
        Told::Decision(output) => HookResult::say(output),
        Told::Unreached(error) if setting.fail_closed => {
            let why = format!("Nobody could be asked ({error}), so it is refused.");
            HookResult::say(reply::deny(&why))
        }
        Told::Nothing | Told::Unreached(LineError::NoBridge) => HookResult::default(),
        Told::Unreached(error) => HookResult::silent(error),
    }
}

/// What the rules say; an error says why they cannot be asked, and what to do.
fn ruling(input: &HookInput, call: &ToolCall, setting: &HookSetting<'_>) -> Result<Ruling, String> {
    let own_files = OwnFiles::new(&(setting.off_limits)(), &input.folder, setting.person);
    if let Some(denied) = own_files.rule_on(call) {
        return Ok(denied);
    }
    let policy = (setting.policy)()?;
    if policy.is_empty() {
        return Ok(Ruling::Undecided { why: Vec::new() });
    }
    let place = Workplace::of(&input.folder);
    Ok(policy.rule_on(&call.as_use(input.agent.name(), &place, setting.person)))
}

fn refusal(rule: &str, reason: Option<String>, part: &str) -> String {
    let why = reason.map_or_else(String::new, |reason| format!(" {reason}"));
    format!("CCTelegram's rule “{rule}” forbids this: it matches {part}.{why}")
}

/// Settles what was answered at the terminal, and tells what is worth telling.
fn report(input: &HookInput, setting: &HookSetting<'_>) -> Result<(), LineError> {
    let line = &setting.line;
    if let Some(seen) = seen(input).map_err(LineError::Unreadable)? {
        let path = format!("sessions/{}/seen", Trace::of(&input.session).as_str());
        let _settled: SettledList = line.tell(&path, &seen, QUICK)?;
    }
    if matches!(
        input.moment,
        Moment::ToolsDone(_) | Moment::PromptSubmitted | Moment::Other
    ) {
        return Ok(());
    }
    let mode = line.ask::<ModeStatus>("GET", "mode", QUICK)?.mode;
    if let Some(event) = notice::event(input, &Workplace::of(&input.folder), mode) {
        let event = (setting.secrets)().mask_all(event);
        let _stored: Accepted = line.tell("events", &event, QUICK)?;
    }
    Ok(())
}

/// What this moment says about requests that wait.
fn seen(input: &HookInput) -> Result<Option<Seen>, serde_json::Error> {
    let agent = input.whose();
    Ok(Some(match &input.moment {
        Moment::ToolsDone(calls) => Seen::Calls {
            agent,
            calls: calls
                .iter()
                .map(offer::trace_of)
                .collect::<Result<_, _>>()?,
        },
        Moment::PromptSubmitted
        | Moment::Stopped { .. }
        | Moment::StopFailed { .. }
        | Moment::SubagentStopped { .. } => Seen::Turn { agent },
        Moment::SessionEnded { .. } => Seen::Session,
        Moment::PreToolUse(_)
        | Moment::PermissionRequest { .. }
        | Moment::SessionStarted { .. }
        | Moment::Notified { .. }
        | Moment::Compacting { .. }
        | Moment::Other => return Ok(None),
    }))
}

/// The end of a session leaves hooks a second and a half in all.
const QUICK: Duration = Duration::from_secs(1);
