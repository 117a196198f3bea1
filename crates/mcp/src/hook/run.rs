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
use cctelegram_core::policy::Unanswered;

use super::OwnFiles;
use super::ToolCall;
use super::Workplace;
use super::denied;
use super::elicitation;
use super::elicitation::Sheet;
use super::input::CodingAgent;
use super::input::Elicited;
use super::input::HookInput;
use super::input::Moment;
use super::input::SessionRule;
use super::input::ToolEvent;
use super::inquiry::Told;
use super::notice;
use super::offer;
use super::offer::Offer;
use super::permission;
use super::plan;
use super::question;
use super::reply;
use super::reply::Gate;
use super::scene::Scene;
use super::secrets::KnownSecrets;
use super::stop;
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
    /// The hook could not do what it is there for.
    pub failed: bool,
}

impl HookResult {
    fn say(output: String) -> Self {
        Self {
            output: Some(output),
            ..Self::default()
        }
    }

    fn silent(note: impl ToString) -> Self {
        Self {
            note: Some(note.to_string()),
            ..Self::default()
        }
    }

    fn failed(note: impl ToString) -> Self {
        Self {
            failed: true,
            ..Self::silent(note)
        }
    }
}

/// Carries out one call.
#[must_use]
pub fn run(input: &HookInput, setting: &HookSetting<'_>) -> HookResult {
    let until = |longest: Duration| Instant::now() + setting.wait.min(longest);
    match &input.moment {
        Moment::PreToolUse(call) => before(input, call, setting),
        Moment::PermissionRequest { call, rules } => {
            permission(input, (call, rules), setting, until(Duration::MAX))
        }
        Moment::Stopped {
            again, background, ..
        } => match stop::run(input, (*again, *background), setting, until(Duration::MAX)) {
            Ok(output) => HookResult {
                output,
                ..HookResult::default()
            },
            Err(LineError::NoBridge) => HookResult::default(),
            Err(error) => HookResult::silent(error),
        },
        Moment::PermissionDenied { call, why } => in_passing(with_scene(input, setting, |scene| {
            let (rules, why) = (&[], why.as_deref());
            let offer = Offer { scene, call, rules };
            denied::ask(&setting.line, &offer, why, until(RETRY_WAIT))
        })),
        Moment::Elicitation {
            server,
            message,
            what: Elicited::Form(schema),
        } => in_passing(with_scene(input, setting, |scene| {
            let sheet = Sheet {
                server,
                message,
                schema,
            };
            elicitation::ask(&setting.line, scene, &sheet, until(FORM_WAIT))
        })),
        Moment::Unreadable { event, tool, why } => unreadable(input, *event, (tool, why), setting),
        Moment::ToolsDone(_)
        | Moment::Elicitation { .. }
        | Moment::PromptSubmitted
        | Moment::SessionStarted { .. }
        | Moment::SessionEnded { .. }
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

/// The agent stands still while it is not known whether it may try again.
const RETRY_WAIT: Duration = Duration::from_mins(1);
/// The terminal shows a server's form only when the hook is through.
const FORM_WAIT: Duration = Duration::from_mins(2);

/// Gathers what a question says of who asks and where.
fn with_scene<T>(
    input: &HookInput,
    setting: &HookSetting<'_>,
    ask: impl FnOnce(&Scene<'_>) -> T,
) -> T {
    let host = workplace::host();
    ask(&Scene {
        input,
        place: &Workplace::of(&input.folder),
        host: host.as_deref().unwrap_or("unknown"),
        secrets: &secrets(input, setting),
    })
}

/// Those of the environment and of the project that is worked in.
pub(super) fn secrets(input: &HookInput, setting: &HookSetting<'_>) -> KnownSecrets {
    (setting.secrets)().with_files_of(&input.folder)
}

/// What is worth an answer, and goes on without one.
fn in_passing(told: Told) -> HookResult {
    match told {
        Told::Decision(output) => HookResult::say(output),
        Told::Nothing | Told::Nobody | Told::Unreached(LineError::NoBridge) => {
            HookResult::default()
        }
        Told::Unreached(error) => HookResult::silent(error),
    }
}

/// Is what somebody answers handed back as the tool's input? A mere yes would answer for them, and with nothing.
fn is_answered_by_input(call: &ToolCall) -> bool {
    [question::TOOL, plan::TOOL].contains(&call.tool.as_str())
}

fn before(input: &HookInput, call: &ToolCall, setting: &HookSetting<'_>) -> HookResult {
    match ruling(input, call, setting) {
        Ok(Ruling::Denied { rule, reason, part }) => HookResult::say(reply::pre_tool_use(
            Gate::Deny,
            &refusal(&rule, reason, &part),
        )),
        // Codex takes no allow here: it gets it when it asks for permission. Who only plans is to change nothing.
        Ok(ruling @ Ruling::Allowed { .. })
            if input.agent == CodingAgent::ClaudeCode
                && input.permission_mode.as_deref() != Some("plan")
                && !is_answered_by_input(call) =>
        {
            HookResult::say(reply::pre_tool_use(
                Gate::Allow,
                &format!("CCTelegram: {ruling}"),
            ))
        }
        Ok(Ruling::Allowed { .. } | Ruling::Undecided { .. }) => HookResult::default(),
        Err(wrong) => unchecked(input.agent, &wrong),
    }
}

/// The rules cannot be checked: somebody has to be asked, and where that cannot be had, it is refused.
fn unchecked(agent: CodingAgent, why: &str) -> HookResult {
    HookResult::say(match agent {
        CodingAgent::ClaudeCode => reply::pre_tool_use(Gate::Ask, why),
        CodingAgent::Codex => reply::pre_tool_use(Gate::Deny, why),
    })
}

/// What cannot be read cannot be checked or shown to anybody, but it must not get past the rules and the fence by that.
fn unreadable(
    input: &HookInput,
    event: ToolEvent,
    (tool, why): (&str, &str),
    setting: &HookSetting<'_>,
) -> HookResult {
    let call = ToolCall {
        tool: tool.to_owned(),
        input: serde_json::Value::Null,
    };
    let why = format!("CCTelegram cannot check this: {why}.");
    match (event, ruling(input, &call, setting)) {
        (ToolEvent::PreToolUse, Ok(Ruling::Denied { rule, reason, part })) => HookResult::say(
            reply::pre_tool_use(Gate::Deny, &refusal(&rule, reason, &part)),
        ),
        (ToolEvent::PreToolUse, Ok(Ruling::Allowed { .. } | Ruling::Undecided { .. })) => {
            unchecked(input.agent, &why)
        }
        (ToolEvent::PreToolUse, Err(wrong)) => unchecked(input.agent, &wrong),
        (ToolEvent::PermissionRequest, _) if setting.fail_closed => {
            HookResult::say(reply::deny(&why))
        }
        (ToolEvent::PermissionRequest, _) => HookResult::failed(why),
    }
}

fn permission(
    input: &HookInput,
    (call, rules): (&ToolCall, &[SessionRule]),
    setting: &HookSetting<'_>,
    deadline: Instant,
) -> HookResult {
    // Whoever is asked decides what rules do not, and what rules cannot that are not in order.
    let policy = (setting.policy)().unwrap_or_default();
    let ruling = out_of_bounds(input, call, setting);
    match ruling.unwrap_or_else(|| by_rules(&policy, input, call, setting)) {
        Ruling::Denied { rule, reason, part } => {
            return HookResult::say(reply::deny(&refusal(&rule, reason, &part)));
        }
        Ruling::Allowed { .. }
            if input.agent == CodingAgent::Codex && !is_answered_by_input(call) =>
        {
            return HookResult::say(reply::allow_once());
        }
        Ruling::Allowed { .. } | Ruling::Undecided { .. } => {}
    }
    // A question asks for no permission.
    let is_question = call.tool == question::TOOL;
    // To allow these means to hand the input back, which Codex does not take.
    if is_answered_by_input(call) && input.agent == CodingAgent::Codex {
        return HookResult::default();
    }
    let told = with_scene(input, setting, |scene| match call.tool.as_str() {
        question::TOOL => question::ask(&setting.line, scene, call, deadline),
        plan::TOOL => plan::ask(&setting.line, scene, call, deadline),
        _ => permission::ask(&setting.line, &Offer { scene, call, rules }, deadline),
    });
    match told {
        Told::Nobody if policy.unanswered == Unanswered::Deny && !is_question => {
            let why = "Nobody answered on the phone in time, and then the policy refuses it.";
            HookResult::say(reply::deny(why))
        }
        Told::Unreached(error) if setting.fail_closed && !is_question => {
            let why = format!("Nobody could be asked ({error}), so it is refused.");
            HookResult::say(reply::deny(&why))
        }
        told @ (Told::Decision(_) | Told::Nothing | Told::Nobody | Told::Unreached(_)) => {
            in_passing(told)
        }
    }
}

/// What is out of bounds for every agent and what the rules say; an error says why they cannot be asked, and what to do.
fn ruling(input: &HookInput, call: &ToolCall, setting: &HookSetting<'_>) -> Result<Ruling, String> {
    if let Some(denied) = out_of_bounds(input, call, setting) {
        return Ok(denied);
    }
    Ok(by_rules(&(setting.policy)()?, input, call, setting))
}

fn out_of_bounds(input: &HookInput, call: &ToolCall, setting: &HookSetting<'_>) -> Option<Ruling> {
    OwnFiles::new(&(setting.off_limits)(), &input.folder, setting.person).rule_on(call)
}

fn by_rules(
    policy: &Policy,
    input: &HookInput,
    call: &ToolCall,
    setting: &HookSetting<'_>,
) -> Ruling {
    if policy.is_empty() {
        return Ruling::Undecided { why: Vec::new() };
    }
    let place = Workplace::of(&input.folder);
    policy.rule_on(&call.as_use(input.agent.name(), &place, setting.person))
}

fn refusal(rule: &str, reason: Option<String>, part: &str) -> String {
    let why = reason.map_or_else(String::new, |reason| format!(" {reason}"));
    // The reason has to be read, too.
    let part: String = part.chars().take(500).collect();
    format!("CCTelegram's rule “{rule}” forbids this: it matches {part}.{why}")
}

/// Settles what was answered at the terminal, and tells what is worth telling.
fn report(input: &HookInput, setting: &HookSetting<'_>) -> Result<(), LineError> {
    let line = &setting.line;
    settle(input, line)?;
    if matches!(
        input.moment,
        Moment::ToolsDone(_) | Moment::PromptSubmitted | Moment::Other
    ) {
        return Ok(());
    }
    let mode = line.ask::<ModeStatus>("GET", "mode", QUICK)?.mode;
    if let Some(event) = notice::event(input, &Workplace::of(&input.folder), mode) {
        let event = secrets(input, setting).mask_all(event);
        let _stored: Accepted = line.tell("events", &event, QUICK)?;
    }
    Ok(())
}

/// Settles what was answered at the terminal.
pub(super) fn settle(input: &HookInput, line: &SocketLine<'_>) -> Result<(), LineError> {
    if let Some(seen) = seen(input).map_err(LineError::Unreadable)? {
        let path = format!("sessions/{}/seen", Trace::of(&input.session).as_str());
        let _settled: SettledList = line.tell(&path, &seen, QUICK)?;
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
        Moment::PromptSubmitted => Seen::Prompt { agent },
        Moment::Stopped { .. } | Moment::StopFailed { .. } | Moment::SubagentStopped { .. } => {
            Seen::Turn { agent }
        }
        Moment::SessionEnded { .. } => Seen::Session,
        Moment::PreToolUse(_)
        | Moment::PermissionRequest { .. }
        | Moment::PermissionDenied { .. }
        | Moment::Elicitation { .. }
        | Moment::Unreadable { .. }
        | Moment::SessionStarted { .. }
        | Moment::Notified { .. }
        | Moment::Compacting { .. }
        | Moment::Other => return Ok(None),
    }))
}

/// The end of a session leaves hooks a second and a half in all.
pub(super) const QUICK: Duration = Duration::from_secs(1);
