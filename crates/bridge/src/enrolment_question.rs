//! The question in private whether a group may be enrolled, and what it says afterwards.

use cctelegram_core::api::EnrolState;
use cctelegram_core::id::EnrolmentId;
use cctelegram_core::message::Action;
use cctelegram_core::message::Button;
use cctelegram_core::message::Draft;
use cctelegram_core::message::Keyboard;
use cctelegram_core::message::Outgoing;
use cctelegram_crypto::Token;
use cctelegram_store::AskedBy;
use cctelegram_store::Enrolment;
use cctelegram_store::Leased;
use cctelegram_telegram::SendOptions;

use crate::app::App;
use crate::compose::Call;
use crate::groups::one_line;
use crate::groups::quoted;

/// The call that a row about an enrolment needs.
pub(crate) async fn next_call(app: &App, row: &Leased, id: EnrolmentId) -> anyhow::Result<Call> {
    let Some(enrolment) = app.store.enrolment(id, app.now()).await? else {
        return Ok(Call::Nothing);
    };
    let Some(asked) = &enrolment.asked else {
        return Ok(Call::Nothing);
    };
    let question = question(&enrolment, asked);
    match (row.message, ending(app, &enrolment)) {
        (Some(message), ending) => Ok(Call::Edit {
            message,
            body: Draft::new()
                .bold(&ending.unwrap_or_default())
                .plain(&format!("\n\n{question}"))
                .finish(),
            keyboard: None,
        }),
        (None, Some(_)) => Ok(Call::Nothing),
        (None, None) => Ok(Call::Send {
            part: Outgoing::Text {
                body: Draft::new().plain(&question).finish(),
                keyboard: Some(keyboard(app, row, id).await?),
            },
            last: true,
            options: SendOptions::default(),
        }),
    }
}

fn question(enrolment: &Enrolment, asked: &AskedBy) -> String {
    let projects: Vec<String> = enrolment
        .projects
        .iter()
        .map(|name| one_line(name))
        .collect();
    let what = if projects.is_empty() {
        "all projects".to_owned()
    } else {
        projects.join(", ")
    };
    format!(
        "Enrol the group {} (asked by {})? It calls itself “{}”, and who asks “{}”. It would get what agents report \
         of: {what}. Everybody in the group could read it; only allowed people could decide.",
        asked.chat,
        asked.user,
        quoted(&asked.title),
        quoted(&asked.name)
    )
}

/// How it ended; nothing while it waits.
fn ending(app: &App, enrolment: &Enrolment) -> Option<String> {
    let by = enrolment.decided_by.map(|by| format!(" by {by}"));
    let by = by.unwrap_or_default();
    let at = app.now().clock_time(&app.config.messages.zone);
    match enrolment.state {
        EnrolState::Open | EnrolState::Asked => None,
        EnrolState::Enrolled => Some(format!("Enrolled{by} at {at}.")),
        EnrolState::Refused => Some(format!("Refused{by} at {at}.")),
        EnrolState::Expired => Some("Nobody answered in time.".to_owned()),
        EnrolState::Withdrawn => Some("Taken back at the terminal.".to_owned()),
    }
}

/// Only the digests of what the buttons carry are stored, before they are sent.
async fn keyboard(app: &App, row: &Leased, id: EnrolmentId) -> anyhow::Result<Keyboard> {
    let (mut digests, mut buttons) = (Vec::new(), Vec::new());
    for (label, accepts) in [("Enrol", true), ("No", false)] {
        let token = Token::random()?;
        digests.push((token.digest(), accepts));
        let action = Action::Callback(token.expose().to_owned());
        buttons.push(Button::new(label, action));
    }
    app.store.mint_enrolment(id, row.chat, digests).await?;
    Ok(Keyboard(vec![buttons]))
}
