//! `Elicitation`: a server of the agent's asks for a form to be filled in. Field by field on the phone, never a secret.

use std::time::Instant;

use cctelegram_core::agent::CallTrace;
use cctelegram_core::agent::Trace;
use cctelegram_core::approval::AnswerForm;
use cctelegram_core::approval::GivenAnswer;
use cctelegram_core::mode::Mode;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use uuid::Uuid;

use super::form::ElicitedForm;
use super::form::FormField;
use super::inquiry::Inquiry;
use super::inquiry::Query;
use super::inquiry::Told;
use super::inquiry::Upshot;
use super::reply;
use super::scene::Scene;
use super::scene::labels;
use crate::socket::LineError;
use crate::socket::SocketLine;

/// A form that a server wants filled in.
pub(super) struct Sheet<'a> {
    pub(super) server: &'a str,
    pub(super) message: &'a str,
    pub(super) schema: &'a Value,
}

const KEEP: &str = "Use the default";
const SKIP: &str = "Leave it out";
const DECLINE: &str = "Decline";
/// The bridge takes no more buttons.
const MOST_BUTTONS: usize = 8;

/// What came of one field.
enum Taken {
    Value(Value),
    LeftOut,
    Declined,
}

/// Asks field by field, until `deadline` at the latest. Who is at the desk sees the form there.
pub(super) fn ask(
    line: &SocketLine<'_>,
    scene: &Scene<'_>,
    sheet: &Sheet<'_>,
    deadline: Instant,
) -> Told {
    // A secret has no business on the phone, and what is not understood cannot be checked.
    let Some(form) = ElicitedForm::read(sheet.schema).filter(|form| !form.is_secret(sheet.message))
    else {
        return Told::Nothing;
    };
    let inquiry = match Inquiry::open(line, scene.input.agent, deadline) {
        Ok(inquiry) => inquiry,
        Err(error) => return Told::Unreached(error),
    };
    if inquiry.mode() != Mode::Nomad {
        return Told::Nothing;
    }
    let mut content = Map::new();
    for (part, field) in (1..).zip(&form.fields) {
        let of = form.fields.len();
        match fill(&inquiry, (scene, sheet), field, (part, of)) {
            Ok(Some(Taken::Value(value))) => drop(content.insert(field.name.clone(), value)),
            Ok(Some(Taken::LeftOut)) => {}
            Ok(Some(Taken::Declined)) => return Told::Decision(reply::decline()),
            Ok(None) => return Told::Nobody,
            Err(error) => return Told::Unreached(error),
        }
    }
    Told::Decision(reply::accept(content))
}

/// Asks for one field until its answer fits; nothing when nobody answers.
fn fill(
    inquiry: &Inquiry<'_>,
    (scene, sheet): (&Scene<'_>, &Sheet<'_>),
    field: &FormField,
    part: (usize, usize),
) -> Result<Option<Taken>, LineError> {
    let mut wrong = None;
    loop {
        let query = query((scene, sheet), field, part, wrong.as_deref());
        let settled = match inquiry.put(query.map_err(LineError::Unreadable)?)? {
            Upshot::Decided(settled) => settled,
            Upshot::Elsewhere | Upshot::Nobody => return Ok(None),
        };
        let offered = field.choices().len().min(choices_shown(field));
        match settled.answer {
            GivenAnswer::Words(text) => match field.take(&text) {
                Ok(value) => return Ok(Some(Taken::Value(value))),
                Err(why) => wrong = Some(why),
            },
            GivenAnswer::Choice(choice) if choice < offered => {
                let chosen = field.choices().get(choice);
                return Ok(chosen.map(|(value, _)| Taken::Value(value.clone())));
            }
            GivenAnswer::Choice(_) => {
                return Ok(match (settled.label.as_str(), &field.default) {
                    (KEEP, Some(value)) => Some(Taken::Value(value.clone())),
                    (SKIP, _) if !field.required => Some(Taken::LeftOut),
                    (DECLINE, _) => Some(Taken::Declined),
                    _ => None,
                });
            }
            GivenAnswer::Several(_) => return Ok(None),
        }
    }
}

/// How many of a field's choices are buttons: all or none.
fn choices_shown(field: &FormField) -> usize {
    let room = MOST_BUTTONS.saturating_sub(own(field).len());
    let choices = field.choices().len();
    if choices <= room { choices } else { 0 }
}

/// The buttons that are not choices of the field.
fn own(field: &FormField) -> Vec<&'static str> {
    let keep = field.default.is_some().then_some(KEEP);
    let skip = (!field.required).then_some(SKIP);
    keep.into_iter().chain(skip).chain([DECLINE]).collect()
}

fn query(
    (scene, sheet): (&Scene<'_>, &Sheet<'_>),
    field: &FormField,
    (part, of): (usize, usize),
    wrong: Option<&str>,
) -> Result<Query, serde_json::Error> {
    let once = Trace::of(&Uuid::now_v7().to_string());
    let asked = json!({ "message": sheet.message, "schema": sheet.schema, "field": field.name });
    let trace = CallTrace {
        session: Trace::of(&scene.input.session),
        agent: scene.input.whose(),
        call: Trace::of(&format!("elicitation {} {}", sheet.server, sheet.message)),
    };
    let id = trace.event_id(once).map_err(serde::de::Error::custom)?;
    let count = if of > 1 {
        format!(" ({part} of {of})")
    } else {
        String::new()
    };
    let title = format!("{} asks{count}: {}", sheet.server, field.title());
    let own = own(field);
    let others: Vec<&str> = own.iter().copied().chain(["Details"]).collect();
    let choices = field.choices();
    let texts: Vec<&str> = choices.iter().map(|(_, label)| label.as_str()).collect();
    let shown = choices_shown(field);
    let mut options = labels(texts.get(..shown).unwrap_or_default(), &others);
    options.extend(own.into_iter().map(str::to_owned));
    let words = shown == 0;
    let mut said = format!("{}\n\n{}", sheet.message, field.explained());
    if let Some(wrong) = wrong {
        said = format!("That does not fit: {wrong}\n\n{said}");
    }
    if words {
        said.push_str("\n\nReply to this message with the answer.");
    }
    let mut data = Map::new();
    data.insert("options".to_owned(), json!(options));
    data.insert("server".to_owned(), json!(sheet.server));
    Ok(Query {
        event: scene.event(&id, (&title, Some(&said)), data),
        digest: scene.digest(("Elicitation", &asked), Some(part))?,
        form: AnswerForm {
            several: false,
            words,
        },
    })
}
