//! A request for permission: what the phone is asked, and what the agent is told.

use std::time::Instant;

use cctelegram_core::agent::Trace;
use cctelegram_core::approval::ALLOW_FOR_SESSION;
use cctelegram_core::approval::ALLOW_ONCE;
use cctelegram_core::approval::AnswerForm;
use cctelegram_core::approval::DENY;
use cctelegram_core::approval::DENY_AND_SAY_WHY;
use cctelegram_core::mode::Mode;
use uuid::Uuid;

use super::inquiry::Inquiry;
use super::inquiry::Query;
use super::inquiry::Settled;
use super::inquiry::Told;
use super::inquiry::Upshot;
use super::offer;
use super::offer::Offer;
use super::reply;
use crate::socket::LineError;
use crate::socket::SocketLine;

/// Asks, and waits until `deadline` at the latest.
pub(super) fn ask(line: &SocketLine<'_>, offer: &Offer<'_>, deadline: Instant) -> Told {
    let inquiry = match Inquiry::open(line, offer.scene.input.agent, deadline) {
        Ok(inquiry) => inquiry,
        Err(error) => return Told::Unreached(error),
    };
    if inquiry.mode() == Mode::Mute {
        return Told::Nothing;
    }
    let query = match query(offer) {
        Ok(query) => query,
        Err(error) => return Told::Unreached(LineError::Unreadable(error)),
    };
    match inquiry.put(query) {
        Ok(Upshot::Decided(settled)) => answer(&inquiry, offer, &settled),
        Ok(Upshot::Elsewhere) => Told::Nothing,
        Ok(Upshot::Nobody) => Told::Nobody,
        Err(error) => Told::Unreached(error),
    }
}

fn query(offer: &Offer<'_>) -> Result<Query, serde_json::Error> {
    let once = Trace::of(&Uuid::now_v7().to_string());
    let trace = offer::trace(offer.scene.input, offer.call)?;
    let id = trace.event_id(once).map_err(serde::de::Error::custom)?;
    let (title, data) = (offer.title(), offer.data(&offer.options()));
    Ok(Query {
        event: offer.scene.event(&id, (&title, None), data),
        digest: offer.digest()?,
        form: AnswerForm::default(),
    })
}

fn answer(inquiry: &Inquiry<'_>, offer: &Offer<'_>, settled: &Settled) -> Told {
    let who = &settled.by;
    Told::Decision(match settled.label.as_str() {
        ALLOW_ONCE => reply::allow_once(),
        ALLOW_FOR_SESSION => reply::allow_for_session(offer.rules),
        DENY => reply::deny(&format!("Denied by {who} on the phone.")),
        DENY_AND_SAY_WHY => reply::deny(&match inquiry.reason(settled) {
            Some(text) => format!("Denied by {who} on the phone, who wrote: {text}"),
            None => format!("Denied by {who} on the phone."),
        }),
        // A label that was not offered decides nothing.
        _ => return Told::Nobody,
    })
}
