//! `PermissionDenied`: in auto mode the agent was denied a call by its own judge. People may let it try again.

use std::time::Instant;

use cctelegram_core::agent::Trace;
use cctelegram_core::approval::AnswerForm;
use cctelegram_core::approval::RETRY;
use cctelegram_core::mode::Mode;
use serde_json::json;
use uuid::Uuid;

use super::inquiry::Inquiry;
use super::inquiry::Query;
use super::inquiry::Told;
use super::inquiry::Upshot;
use super::offer;
use super::offer::Offer;
use super::reply;
use crate::socket::LineError;
use crate::socket::SocketLine;

/// Tells of it and offers to let the agent try again, until `deadline` at the latest. Who is at the desk sees it there.
pub(super) fn ask(
    line: &SocketLine<'_>,
    offer: &Offer<'_>,
    why: Option<&str>,
    deadline: Instant,
) -> Told {
    let inquiry = match Inquiry::open(line, offer.scene.input.agent, deadline) {
        Ok(inquiry) => inquiry,
        Err(error) => return Told::Unreached(error),
    };
    if inquiry.mode() != Mode::Nomad {
        return Told::Nothing;
    }
    let query = match query(offer, why) {
        Ok(query) => query,
        Err(error) => return Told::Unreached(LineError::Unreadable(error)),
    };
    match inquiry.put(query) {
        Ok(Upshot::Decided(settled)) if settled.label == RETRY => {
            Told::Decision(reply::try_again())
        }
        Ok(Upshot::Decided(_) | Upshot::Nobody) => Told::Nobody,
        Ok(Upshot::Elsewhere) => Told::Nothing,
        Err(error) => Told::Unreached(error),
    }
}

fn query(offer: &Offer<'_>, why: Option<&str>) -> Result<Query, serde_json::Error> {
    let input = offer.scene.input;
    let once = Trace::of(&Uuid::now_v7().to_string());
    // What the terminal does with the same call later is another matter.
    let mut trace = offer::trace(input, offer.call)?;
    trace.call = Trace::of(&format!("denied {}", trace.call.as_str()));
    let id = trace.event_id(once).map_err(serde::de::Error::custom)?;
    let title = format!("{} was denied {}", input.agent.title(), offer.call.tool);
    let mut data = offer.data(&[RETRY]);
    if let Some(why) = why {
        data.insert("denied because".to_owned(), json!(why));
    }
    let said =
        "Its own check denied this in auto mode. Retry tells the agent that it may try again.";
    Ok(Query {
        event: offer.scene.event(&id, (&title, Some(said)), data),
        digest: offer.digest()?,
        form: AnswerForm::default(),
    })
}
