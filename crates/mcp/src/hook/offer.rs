//! A call that somebody is asked about: what exactly it is, how it is shown, and how it is found again.

use cctelegram_core::agent::CallTrace;
use cctelegram_core::agent::Trace;
use cctelegram_core::approval::ALLOW_FOR_SESSION;
use cctelegram_core::approval::ALLOW_ONCE;
use cctelegram_core::approval::DENY;
use cctelegram_core::approval::DENY_AND_SAY_WHY;
use cctelegram_crypto::Digest;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::ToolCall;
use super::change::change;
use super::input::CodingAgent;
use super::input::HookInput;
use super::input::SessionRule;
use super::plan;
use super::question;
use super::scene::Scene;

/// What somebody is asked to allow.
pub(super) struct Offer<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) call: &'a ToolCall,
    pub(super) rules: &'a [SessionRule],
}

impl Offer<'_> {
    pub(super) fn digest(&self) -> Result<String, serde_json::Error> {
        self.scene.digest((&self.call.tool, &self.call.input), None)
    }

    pub(super) fn title(&self) -> String {
        let agent = self.scene.input.agent.title();
        format!("{agent} wants to use {}", self.call.tool)
    }

    /// May the answer hold for the session? Codex knows no such answer.
    fn offers_session(&self) -> bool {
        self.scene.input.agent == CodingAgent::ClaudeCode && !self.rules.is_empty()
    }

    pub(super) fn options(&self) -> Vec<&'static str> {
        let session = self.offers_session().then_some(ALLOW_FOR_SESSION);
        let first = [ALLOW_ONCE].into_iter().chain(session);
        first.chain([DENY, DENY_AND_SAY_WHY]).collect()
    }

    /// The call, shown whole.
    pub(super) fn data(&self, options: &[&str]) -> Map<String, Value> {
        let mut data = Map::new();
        let mut put = |name: &str, value: Value| drop(data.insert(name.to_owned(), value));
        put("options", json!(options));
        let (shown, mut rest) = match (self.call.command(), change(self.call)) {
            (Some(command), _) => (Some(("command", command.to_owned())), vec!["command"]),
            (None, Some((change, covers))) => (Some(("diff", change)), covers),
            (None, None) => (None, Vec::new()),
        };
        if let Some((name, text)) = shown {
            put(name, json!(text));
        }
        if let Some(said) = self.call.text("description") {
            put("the agent says", json!(said));
            rest.push("description");
        }
        if self.offers_session() {
            let rules: Vec<String> = self.rules.iter().map(in_words).collect();
            put("the session would allow", json!(rules.join("\n")));
        }
        data.extend(others(&self.call.input, &rest));
        data
    }
}

/// By what the request for this call is found again.
pub(super) fn trace(input: &HookInput, call: &ToolCall) -> Result<CallTrace, serde_json::Error> {
    Ok(CallTrace {
        session: Trace::of(&input.session),
        agent: input.whose(),
        call: trace_of(call)?,
    })
}

/// The same before and after the call: Codex leaves the description out when it is over, Claude Code adds the answers to
/// its questions, and of a plan there is one at a time.
pub(super) fn trace_of(call: &ToolCall) -> Result<Trace, serde_json::Error> {
    let mut input = call.input.clone();
    match (call.tool.as_str(), &mut input) {
        (plan::TOOL, input) => *input = Value::Null,
        (question::TOOL, Value::Object(fields)) => fields.retain(|name, _| name == "questions"),
        (_, Value::Object(fields)) => drop(fields.remove("description")),
        (
            _,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_),
        ) => {}
    }
    let exact = serde_json_canonicalizer::to_vec(&json!([call.tool, input]))?;
    Ok(Trace::of_digest(Digest::of(&exact)))
}

/// What of the input is not shown yet, as a field of its own.
pub(super) fn others(input: &Value, shown: &[&str]) -> Map<String, Value> {
    let left = left(input, shown).map(|input| ("input".to_owned(), input));
    left.into_iter().collect()
}

fn left(input: &Value, shown: &[&str]) -> Option<Value> {
    match input {
        Value::Object(fields) => {
            let rest = fields
                .iter()
                .filter(|(name, _)| !shown.contains(&name.as_str()));
            let rest: Map<String, Value> = rest
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            (!rest.is_empty()).then_some(Value::Object(rest))
        }
        Value::Null => None,
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Some(input.clone())
        }
    }
}

fn in_words(rule: &SessionRule) -> String {
    match &rule.content {
        Some(content) => format!("{}({content})", rule.tool),
        None => format!("{}, whatever it is used for", rule.tool),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;
    use crate::hook::HookInput;
    use crate::hook::KnownSecrets;
    use crate::hook::Moment;
    use crate::hook::Workplace;

    fn digest_of(tool_input: &str) -> (String, String) {
        let text = format!(
            r#"{{"session_id":"s","prompt_id":"p","cwd":"/","hook_event_name":"PreToolUse","tool_name":"T","tool_input":{tool_input}}}"#
        );
        let input = HookInput::read(text.as_bytes()).unwrap();
        let Moment::PreToolUse(call) = &input.moment else {
            panic!("a tool is about to be used")
        };
        let place = Workplace {
            folder: PathBuf::from("/"),
            project: None,
            branch: None,
        };
        let scene = Scene {
            input: &input,
            place: &place,
            host: "h",
            secrets: &KnownSecrets::default(),
        };
        let offer = Offer {
            scene: &scene,
            call,
            rules: &[],
        };
        (
            offer.digest().unwrap(),
            trace_of(call).unwrap().as_str().to_owned(),
        )
    }

    proptest! {
        #[test]
        fn security_a_digest_is_of_what_is_said_and_not_of_how_it_is_written(
            fields in prop::collection::btree_map("[a-z]{1,6}", ("\\PC{0,8}", -9_i64..9), 1..5),
            other in "[a-z]{7}",
        ) {
            let member = |(name, (text, number)): (&String, &(String, i64))| {
                format!("{}:[{},{number}]", json!(name), json!(text))
            };
            let forth: Vec<String> = fields.iter().map(member).collect();
            let back: Vec<String> = fields.iter().rev().map(member).collect();
            let written = format!("{{{}}}", forth.join(","));
            let as_well = format!("{{\n {} }}", back.join(" ,\n"));
            prop_assert_eq!(digest_of(&written), digest_of(&as_well));
            let more = format!("{{{},\"{other}\":null}}", forth.join(","));
            prop_assert_ne!(digest_of(&written).0, digest_of(&more).0);
        }
    }
}
