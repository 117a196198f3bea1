//! The prompts: what people can tell their agent with one word.

use rmcp::ErrorData;
use rmcp::model::GetPromptResult;
use rmcp::model::JsonObject;
use rmcp::model::Prompt;
use rmcp::model::PromptArgument;
use rmcp::model::PromptMessage;
use rmcp::model::Role;
use serde_json::Value;

/// A prompt: its text has `{argument}` where an argument stands.
struct Wording {
    name: &'static str,
    description: &'static str,
    /// Name, what it is, whether it has to be given.
    arguments: &'static [(&'static str, &'static str, bool)],
    text: &'static str,
}

const ALL: [Wording; 4] = [
    Wording {
        name: "report-when-done",
        description: "Work on something and report the end of it on Telegram",
        arguments: &[("task", "What to do", true)],
        text: "Work on this: {task}\n\nWhen it is done, call send_task_completion with a title that says what was done and results that say what came of it. If it fails, call send_telegram_event with type task_failed, and say in the description why.",
    },
    Wording {
        name: "ask-before",
        description: "Get an approval on Telegram before something is done",
        arguments: &[("action", "What must not be done without approval", true)],
        text: "Before you do this: {action}\ncall send_approval_request. Say in the description exactly what you will do and what could go wrong, and give the command in `command` if there is one. Go on only if `approved` is true. An error, an expired question or another option means no: do not do it, and do not look for a way round.",
    },
    Wording {
        name: "i-am-leaving",
        description: "The person leaves the desk: everything important goes to the phone",
        arguments: &[("task", "What to go on with", false)],
        text: "I am leaving the desk. Call switch_to_nomad_mode. {task}\nFrom now on, ask me with ask_human when you need to know something, ask for permission with send_approval_request, and report what I should know with send_telegram_event.",
    },
    Wording {
        name: "status-report",
        description: "Send a summary of the work so far to Telegram",
        arguments: &[("focus", "What it should be about", false)],
        text: "Summarise in at most ten lines what was done, what is open and what you need from me. {focus}\nThen send it with send_telegram_message; the first line is its title.",
    },
];

/// No argument is longer, in characters.
const LONGEST: usize = 4_000;

pub(crate) fn list() -> Vec<Prompt> {
    let argument = |(name, description, required): &(&str, &str, bool)| {
        PromptArgument::new(*name)
            .with_description(*description)
            .with_required(*required)
    };
    let prompt = |wording: &Wording| {
        let arguments = wording.arguments.iter().map(argument).collect();
        Prompt::new(wording.name, Some(wording.description), Some(arguments))
    };
    ALL.iter().map(prompt).collect()
}

pub(crate) fn get(
    name: &str,
    arguments: Option<&JsonObject>,
) -> Result<GetPromptResult, ErrorData> {
    let wrong = |text: String| ErrorData::invalid_params(text, None);
    let wording = ALL
        .iter()
        .find(|wording| wording.name == name)
        .ok_or_else(|| wrong(format!("there is no prompt {name}")))?;
    let given = |name: &str| arguments.and_then(|given| given.get(name));
    let mut text = wording.text.to_owned();
    for (name, _, required) in wording.arguments {
        let value = match given(name) {
            Some(Value::String(value)) if value.chars().count() <= LONGEST => value.trim(),
            Some(Value::String(_)) => {
                return Err(wrong(format!(
                    "{name}: is longer than {LONGEST} characters"
                )));
            }
            Some(_) => return Err(wrong(format!("{name}: is no text"))),
            None => "",
        };
        if *required && value.is_empty() {
            return Err(wrong(format!("{name}: is missing")));
        }
        text = text.replacen(&format!("{{{name}}}"), value, 1);
    }
    let message = PromptMessage::new_text(Role::User, text);
    Ok(GetPromptResult::new(vec![message]).with_description(wording.description))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_argument_has_its_place_in_the_text() {
        for wording in &ALL {
            for (name, _, _) in wording.arguments {
                assert!(
                    wording.text.contains(&format!("{{{name}}}")),
                    "{}",
                    wording.name
                );
            }
            assert_eq!(wording.text.matches('{').count(), wording.arguments.len());
        }
    }

    #[test]
    fn an_argument_is_put_in_and_a_missing_one_is_named() {
        let Value::Object(arguments) = json!({ "task": "Fix the {task} build" }) else {
            panic!("an object")
        };
        let prompt = get("report-when-done", Some(&arguments)).unwrap();
        let text = format!("{:?}", prompt.messages);
        assert!(
            text.contains("Work on this: Fix the {task} build"),
            "{text}"
        );
        let missing = get("report-when-done", None).unwrap_err();
        assert_eq!(missing.message, "task: is missing");
        assert!(get("status-report", None).is_ok());
        assert!(get("none", None).is_err());
    }
}
