//! `ExitPlanMode`: the agent's plan, shown whole, to be approved or sent back.

use std::path::Path;
use std::time::Instant;

use cctelegram_core::agent::Trace;
use cctelegram_core::approval::APPROVE;
use cctelegram_core::approval::AnswerForm;
use cctelegram_core::approval::KEEP_PLANNING;
use cctelegram_core::approval::KEEP_PLANNING_AND_SAY_WHY;
use cctelegram_core::mode::Mode;
use serde_json::Value;
use serde_json::json;
use uuid::Uuid;

use super::ToolCall;
use super::inquiry::Inquiry;
use super::inquiry::Query;
use super::inquiry::Settled;
use super::inquiry::Told;
use super::inquiry::Upshot;
use super::offer;
use super::regular;
use super::reply;
use super::scene::Scene;
use crate::socket::LineError;
use crate::socket::SocketLine;

/// The tool with which Claude Code asks to carry its plan out.
pub(super) const TOOL: &str = "ExitPlanMode";
/// A plan file is read up to this size, in bytes.
const LARGEST_PLAN: u64 = 256 * 1024;

/// Shows the plan and asks, until `deadline` at the latest.
pub(super) fn ask(
    line: &SocketLine<'_>,
    scene: &Scene<'_>,
    call: &ToolCall,
    deadline: Instant,
) -> Told {
    // Nobody approves what cannot be shown.
    let Some(plan) = plan(call) else {
        return Told::Nothing;
    };
    let inquiry = match Inquiry::open(line, scene.input.agent, deadline) {
        Ok(inquiry) => inquiry,
        Err(error) => return Told::Unreached(error),
    };
    if inquiry.mode() == Mode::Mute {
        return Told::Nothing;
    }
    let query = match query(scene, call, &plan) {
        Ok(query) => query,
        Err(error) => return Told::Unreached(LineError::Unreadable(error)),
    };
    match inquiry.put(query) {
        Ok(Upshot::Decided(settled)) => answer(&inquiry, call, &settled),
        Ok(Upshot::Elsewhere) => Told::Nothing,
        Ok(Upshot::Nobody) => Told::Nobody,
        Err(error) => Told::Unreached(error),
    }
}

fn query(scene: &Scene<'_>, call: &ToolCall, plan: &str) -> Result<Query, serde_json::Error> {
    let once = Trace::of(&Uuid::now_v7().to_string());
    let id = offer::trace(scene.input, call)?.event_id(once);
    let id = id.map_err(serde::de::Error::custom)?;
    let title = format!("{} has a plan", scene.input.agent.title());
    let mut data = offer::others(&call.input, &["plan"]);
    let options = [APPROVE, KEEP_PLANNING, KEEP_PLANNING_AND_SAY_WHY];
    data.insert("options".to_owned(), json!(options));
    // The plan as it was shown, also where only its file is named.
    let shown = json!({ "input": call.input, "plan": plan });
    Ok(Query {
        event: scene.event(&id, (&title, Some(plan)), data),
        digest: scene.digest((&call.tool, &shown), None)?,
        form: AnswerForm::default(),
    })
}

fn answer(inquiry: &Inquiry<'_>, call: &ToolCall, settled: &Settled) -> Told {
    let who = &settled.by;
    Told::Decision(match settled.label.as_str() {
        // Claude Code takes this only with the input.
        APPROVE => reply::allow_with(&call.input),
        KEEP_PLANNING => reply::deny(&format!("{who} wants you to keep planning.")),
        KEEP_PLANNING_AND_SAY_WHY => reply::deny(&match inquiry.reason(settled) {
            Some(text) => format!("{who} wants you to keep planning, and wrote: {text}"),
            None => format!("{who} wants you to keep planning."),
        }),
        _ => return Told::Nobody,
    })
}

/// The plan in the input, or in the file that it names.
fn plan(call: &ToolCall) -> Option<String> {
    let text = |name: &str| call.input.get(name).and_then(Value::as_str);
    let plan = match text("plan") {
        Some(plan) => plan.to_owned(),
        None => read(text("planFilePath")?)?,
    };
    (!plan.trim().is_empty()).then_some(plan)
}

/// The text of a file, whole or not at all.
fn read(path: &str) -> Option<String> {
    let bytes = regular::beginning(Path::new(path), LARGEST_PLAN.saturating_add(1))?;
    let is_whole = u64::try_from(bytes.len()).is_ok_and(|length| length <= LARGEST_PLAN);
    String::from_utf8(bytes).ok().filter(|_| is_whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_shown_or_nobody_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.md");
        std::fs::write(&file, "1. Look\n2. Leap\n").unwrap();
        let link = folder.path().join("link.md");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let of = |input: Value| {
            plan(&ToolCall {
                tool: TOOL.to_owned(),
                input,
            })
        };
        assert_eq!(of(json!({ "plan": "Leap" })).as_deref(), Some("Leap"));
        let named = of(json!({ "planFilePath": file }));
        assert_eq!(named.as_deref(), Some("1. Look\n2. Leap\n"));
        for input in [
            json!({}),
            json!({ "plan": " " }),
            json!({ "planFilePath": link }),
            json!({ "planFilePath": folder.path() }),
            json!({ "planFilePath": folder.path().join("none") }),
        ] {
            assert_eq!(of(input.clone()), None, "{input}");
        }
    }
}
