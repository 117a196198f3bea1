//! `POST /v1/events`: one event, stored before it is answered.

use axum::Json;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::extract::State;
use axum::http::StatusCode;
use cctelegram_core::api::Accepted;
use cctelegram_core::event;
use cctelegram_core::event::Event;
use cctelegram_core::event::Rejected;
use cctelegram_crypto::Digest;
use uuid::Uuid;

use super::Local;
use super::attachments;
use super::peer::Peer;
use super::problem::Refused;
use crate::intake;
use crate::intake::Terms;

/// The largest event, in bytes: the same as an event file.
const LARGEST_EVENT: usize = 1024 * 1024;

pub(super) async fn post(
    State(local): State<Local>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    body: Bytes,
) -> Result<(StatusCode, Json<Accepted>), Refused> {
    let event = parse(&local, &body)?;
    let event = attachments::resolve(&local.app, event).await?;
    let taken = intake::take(&local.app, event, Terms::default(), peer.actor()).await?;
    tracing::info!(event.id = %taken.event, stored_as = ?taken.stored_as, "event stored");
    let accepted = Accepted {
        event_id: taken.event,
        status: taken.stored_as,
        muted: taken.muted,
    };
    Ok((StatusCode::ACCEPTED, Json(accepted)))
}

/// Reads an event. One without an id is a new one each time: a request that was answered is not sent again.
pub(super) fn parse(local: &Local, bytes: &[u8]) -> Result<Event, Rejected> {
    if bytes.len() > LARGEST_EVENT {
        let reason = format!("it is larger than {} KiB", LARGEST_EVENT / 1024);
        return Err(Rejected {
            field: "document".to_owned(),
            reason,
        });
    }
    let once = Digest::of(Uuid::now_v7().as_bytes());
    event::parse(bytes, local.app.config.intake.validation, once)
}
