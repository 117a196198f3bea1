//! `AskUserQuestion`: each of an agent's questions as a message of its own, answered all together or not at all.

use std::time::Instant;

use cctelegram_core::agent::Trace;
use cctelegram_core::approval::AnswerForm;
use cctelegram_core::approval::GivenAnswer;
use cctelegram_core::mode::Mode;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use uuid::Uuid;

use super::ToolCall;
use super::inquiry::Inquiry;
use super::inquiry::OpenQuestion;
use super::inquiry::Query;
use super::inquiry::Told;
use super::inquiry::Upshot;
use super::offer;
use super::reply;
use super::scene::Scene;
use super::scene::labels;
use crate::socket::LineError;
use crate::socket::SocketLine;

/// The tool with which Claude Code asks.
pub(super) const TOOL: &str = "AskUserQuestion";
/// No call has more questions.
const MOST_QUESTIONS: usize = 4;
/// No question has more options: the bridge takes no more buttons.
const MOST_OPTIONS: usize = 8;

/// One question of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
struct AgentQuestion {
    text: String,
    header: String,
    /// Label and description.
    options: Vec<(String, String)>,
    several: bool,
}

/// Asks all questions, and waits for the answers until `deadline` at the latest.
pub(super) fn ask(
    line: &SocketLine<'_>,
    scene: &Scene<'_>,
    call: &ToolCall,
    deadline: Instant,
) -> Told {
    // What is not understood is for the terminal.
    let Some(questions) = questions(&call.input) else {
        return Told::Nothing;
    };
    let inquiry = match Inquiry::open(line, scene.input.agent, deadline) {
        Ok(inquiry) => inquiry,
        Err(error) => return Told::Unreached(error),
    };
    if inquiry.mode() == Mode::Mute {
        return Told::Nothing;
    }
    let mut posed = Vec::new();
    let asked = pose(&inquiry, (scene, call), &questions, &mut posed);
    let told = match asked {
        Ok(()) => answers(&inquiry, call, &questions, &posed),
        Err(error) => Told::Unreached(error),
    };
    if !matches!(told, Told::Decision(_)) {
        inquiry.withdraw(&posed);
    }
    told
}

fn pose(
    inquiry: &Inquiry<'_>,
    (scene, call): (&Scene<'_>, &ToolCall),
    questions: &[AgentQuestion],
    posed: &mut Vec<OpenQuestion>,
) -> Result<(), LineError> {
    let once = Trace::of(&Uuid::now_v7().to_string());
    for (part, question) in (1..).zip(questions) {
        let query = query((scene, call), question, (part, questions.len()), &once);
        posed.push(inquiry.pose(query.map_err(LineError::Unreadable)?)?);
    }
    Ok(())
}

fn query(
    (scene, call): (&Scene<'_>, &ToolCall),
    question: &AgentQuestion,
    (part, of): (usize, usize),
    once: &Trace,
) -> Result<Query, serde_json::Error> {
    let trace = offer::trace(scene.input, call)?;
    let id = trace.part_id(once.clone(), part);
    let id = id.map_err(serde::de::Error::custom)?;
    let agent = scene.input.agent.title();
    let count = if of > 1 {
        format!(" ({part} of {of})")
    } else {
        String::new()
    };
    let title = format!("{agent} asks{count}: {}", question.header);
    let mut data = Map::new();
    data.insert("options".to_owned(), json!(question.labels()));
    Ok(Query {
        event: scene.event(&id, (&title, Some(&question.description(of))), data),
        digest: scene.digest((&call.tool, &call.input), Some(part))?,
        form: AnswerForm {
            several: question.several,
            words: true,
        },
    })
}

fn answers(
    inquiry: &Inquiry<'_>,
    call: &ToolCall,
    questions: &[AgentQuestion],
    posed: &[OpenQuestion],
) -> Told {
    let mut answers = Map::new();
    for (question, posed) in questions.iter().zip(posed) {
        let settled = match inquiry.upshot(posed) {
            Ok(Upshot::Decided(settled)) => settled,
            Ok(Upshot::Elsewhere) => return Told::Nothing,
            Ok(Upshot::Nobody) => return Told::Nobody,
            Err(error) => return Told::Unreached(error),
        };
        let Some(answer) = question.answer(&settled.answer) else {
            return Told::Nobody;
        };
        answers.insert(question.text.clone(), json!(answer));
    }
    let mut input = call.input.clone();
    if let Value::Object(fields) = &mut input {
        fields.insert("answers".to_owned(), Value::Object(answers));
    }
    Told::Decision(reply::allow_with(&input))
}

impl AgentQuestion {
    fn labels(&self) -> Vec<String> {
        let texts: Vec<&str> = self
            .options
            .iter()
            .map(|(label, _)| label.as_str())
            .collect();
        labels(&texts, &["Details"])
    }

    /// What stands above the buttons.
    fn description(&self, of: usize) -> String {
        let mut text = format!("{}\n", self.text);
        // Where the buttons are numbered, so is what they stand for.
        let numbered = self.labels().first() != self.options.first().map(|(label, _)| label);
        for (number, (label, description)) in (1..).zip(&self.options) {
            let number = if numbered {
                format!("{number}. ")
            } else {
                String::new()
            };
            let line = match description.trim() {
                "" => format!("\n• {number}{label}"),
                description => format!("\n• {number}{label}: {description}"),
            };
            text.push_str(&line);
        }
        text.push_str("\n\n");
        if self.several {
            text.push_str("Mark one or more, then press Done. ");
        }
        text.push_str("Reply to this message to answer in your own words.");
        if of > 1 {
            text.push_str(" The agent gets the answers when all are given.");
        }
        text
    }

    /// The answer as the agent takes it: the labels as they came, not as they were shown.
    fn answer(&self, answer: &GivenAnswer) -> Option<String> {
        let label = |choice: &usize| self.options.get(*choice).map(|(label, _)| label.as_str());
        match answer {
            GivenAnswer::Choice(choice) => label(choice).map(str::to_owned),
            GivenAnswer::Several(choices) => {
                let labels: Option<Vec<&str>> = choices.iter().map(label).collect();
                labels.map(|labels| labels.join(", "))
            }
            GivenAnswer::Words(text) => Some(text.clone()),
        }
    }
}

/// The questions of a call; nothing if any of it is not as it is documented.
fn questions(input: &Value) -> Option<Vec<AgentQuestion>> {
    let listed = input.get("questions")?.as_array()?;
    let questions: Vec<AgentQuestion> = listed.iter().map(question).collect::<Option<_>>()?;
    let counts = (1..=MOST_QUESTIONS).contains(&questions.len());
    // The answers are found by the texts of the questions.
    let twice = |(place, question): (usize, &AgentQuestion)| {
        let earlier = questions.get(..place).unwrap_or_default();
        earlier.iter().any(|other| other.text == question.text)
    };
    (counts && !questions.iter().enumerate().any(twice)).then_some(questions)
}

fn question(value: &Value) -> Option<AgentQuestion> {
    let has_only = |value: &Value, known: &[&str]| {
        let fields = value.as_object();
        fields.is_some_and(|fields| fields.keys().all(|key| known.contains(&key.as_str())))
    };
    // What could not be shown might be what is asked.
    if !has_only(value, &["question", "header", "options", "multiSelect"]) {
        return None;
    }
    let text = |value: &Value, name: &str| Some(value.get(name)?.as_str()?.to_owned());
    let options = value.get("options")?.as_array()?.iter().map(|option| {
        if !has_only(option, &["label", "description"]) {
            return None;
        }
        let description = text(option, "description").unwrap_or_default();
        Some((text(option, "label")?, description))
    });
    let options: Vec<(String, String)> = options.collect::<Option<_>>()?;
    let several = match value.get("multiSelect") {
        None | Some(Value::Null) => false,
        Some(several) => several.as_bool()?,
    };
    let question = text(value, "question").filter(|text| !text.trim().is_empty())?;
    let header = text(value, "header").filter(|text| !text.trim().is_empty());
    (1..=MOST_OPTIONS)
        .contains(&options.len())
        .then(|| AgentQuestion {
            header: header.unwrap_or_else(|| "a question".to_owned()),
            text: question,
            options,
            several,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(questions: &[(&str, &[&str])]) -> Value {
        let listed: Vec<Value> = questions
            .iter()
            .map(|(text, labels)| {
                let options: Vec<Value> = labels
                    .iter()
                    .map(|label| json!({ "label": label, "description": "why" }))
                    .collect();
                json!({ "question": text, "header": "H", "options": options, "multiSelect": true })
            })
            .collect();
        json!({ "questions": listed })
    }

    #[test]
    fn the_agent_gets_its_own_labels() {
        let long = format!("Red {}", "x".repeat(200));
        let questions = questions(&input(&[("Which?", &[&long, "Blue", "Details"])])).unwrap();
        let question = &questions[0];
        assert!(question.labels()[0].starts_with("1. Red"));
        let answer = question.answer(&GivenAnswer::Several(vec![0, 2]));
        assert_eq!(answer, Some(format!("{long}, Details")));
        assert_eq!(question.answer(&GivenAnswer::Choice(3)), None);
        let words = GivenAnswer::Words("Green".to_owned());
        assert_eq!(question.answer(&words).as_deref(), Some("Green"));
        let shown = question.description(1);
        assert!(shown.contains(&format!("• 1. {long}: why")), "{shown}");
    }

    #[test]
    fn what_is_not_understood_is_left_to_the_terminal() {
        let two: &[&str] = &["a", "b"];
        assert!(
            questions(&input(&[
                ("1?", two),
                ("2?", two),
                ("3?", two),
                ("4?", two)
            ]))
            .is_some()
        );
        for wrong in [
            json!({}),
            json!({ "questions": [] }),
            json!({ "questions": [{ "question": "Which?" }] }),
            input(&[
                ("1?", two),
                ("2?", two),
                ("3?", two),
                ("4?", two),
                ("5?", two),
            ]),
            input(&[("Which?", two), ("Which?", two)]),
            input(&[("Which?", &[])]),
            input(&[("Which?", &["a", "b", "c", "d", "e", "f", "g", "h", "i"])]),
            input(&[(" ", two)]),
            json!({ "questions": [{ "question": "Which?", "options": [{ "label": "a" }], "range": 3 }] }),
            json!({ "questions": [{ "question": "Which?", "options": [{ "label": "a", "preview": "b" }] }] }),
        ] {
            assert_eq!(questions(&wrong), None, "{wrong}");
        }
    }
}
