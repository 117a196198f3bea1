//! `/v1/mode`: the mode in force, a switch, and back to the setting.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::extract::State;
use axum::http::StatusCode;
use cctelegram_core::api::ModeRequest;
use cctelegram_core::api::ModeStatus;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::mode::Mode;

use super::Local;
use super::peer::Peer;
use super::problem::Refused;
use crate::modes;

pub(super) async fn get(State(local): State<Local>) -> Result<Json<ModeStatus>, Refused> {
    Ok(Json(local.app.mode().await?))
}

pub(super) async fn put(
    State(local): State<Local>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    body: Bytes,
) -> Result<Json<ModeStatus>, Refused> {
    let request: ModeRequest = serde_json::from_slice(&body)
        .map_err(|error| Refused::new(StatusCode::BAD_REQUEST, "bad_request", error.to_string()))?;
    let lasting = request.for_s.map(Duration::from_secs);
    switch(&local, peer, Some((request.mode, lasting))).await
}

pub(super) async fn delete(
    State(local): State<Local>,
    ConnectInfo(peer): ConnectInfo<Peer>,
) -> Result<Json<ModeStatus>, Refused> {
    switch(&local, peer, None).await
}

async fn switch(
    local: &Local,
    peer: Peer,
    wish: Option<(Mode, Option<Duration>)>,
) -> Result<Json<ModeStatus>, Refused> {
    let app = &local.app;
    let before = app.mode().await?;
    let switch = modes::switch_to(app, wish).await?;
    let after = app.mode_of(switch);
    let record = Record::new(app.now(), EventName::ModeChanged, peer.actor(), "mode").details(
        serde_json::json!({ "from": before.mode, "to": after.mode, "until": after.until }),
    );
    app.store.set_switch(switch, record).await?;
    modes::follow(app, before.mode, after.mode).await?;
    Ok(Json(after))
}
