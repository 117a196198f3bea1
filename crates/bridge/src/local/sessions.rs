//! `POST /v1/sessions/{id}/seen`: what happened where an agent runs, so that nobody is asked what is answered already.

use axum::Json;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use cctelegram_core::agent::Seen;
use cctelegram_core::agent::Trace;
use cctelegram_core::api::SettledList;
use cctelegram_core::approval;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;

use super::Local;
use super::peer::Peer;
use super::problem::Refused;

/// Ends the requests that were answered at the terminal.
pub(super) async fn seen(
    State(local): State<Local>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(session): Path<String>,
    body: Bytes,
) -> Result<Json<SettledList>, Refused> {
    let seen: Seen = serde_json::from_slice(&body)
        .map_err(|error| Refused::new(StatusCode::BAD_REQUEST, "bad_request", error.to_string()))?;
    let session = Trace::named(session);
    let app = &local.app;
    if matches!(seen, Seen::Prompt { .. }) {
        app.store.age_replies(&session).await?;
    }
    let mut settled = Vec::new();
    for id in seen.settles(&session, &app.store.pending().await?) {
        let now = app.now();
        let target = format!("approval {id}");
        let record = Record::new(now, EventName::ApprovalSettledLocally, peer.actor(), target);
        let state = approval::State::Locally { at: now };
        if app.store.end(id, state, record, now).await?.is_some() {
            settled.push(id);
        }
    }
    if !settled.is_empty() {
        app.wake.decided();
    }
    Ok(Json(SettledList { settled }))
}
