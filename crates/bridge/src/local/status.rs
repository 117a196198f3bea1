//! `/v1/status` and `/v1/queue`: how the bridge is doing and what waits.

use axum::Json;
use axum::extract::Query;
use axum::extract::State;
use cctelegram_core::api::QueueEntry;
use cctelegram_core::api::Status;
use cctelegram_store::StoreError;
use serde::Deserialize;

use super::Local;
use super::problem::Refused;
use crate::app::App;
use crate::http;

/// The queue shows so many entries unless asked for another number, and so many at most.
const QUEUE_SHOWN: u32 = 100;
const QUEUE_MOST: u32 = 10_000;

#[derive(Deserialize)]
pub(super) struct Limit {
    limit: Option<u32>,
}

pub(super) async fn get(State(local): State<Local>) -> Result<Json<Status>, Refused> {
    Ok(Json(report(&local.app).await?))
}

pub(super) async fn queue(
    State(local): State<Local>,
    Query(limit): Query<Limit>,
) -> Result<Json<Vec<QueueEntry>>, Refused> {
    let limit = limit.limit.unwrap_or(QUEUE_SHOWN).min(QUEUE_MOST);
    Ok(Json(local.app.store.queue(limit).await?))
}

/// Everything `status` and `/health` tell.
pub(crate) async fn report(app: &App) -> Result<Status, StoreError> {
    let problems = http::health::problems(app).await;
    let counts = app.store.counts().await?;
    Ok(Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        home: app.config.home.root().display().to_string(),
        key_file: app.keys.file.display().to_string(),
        key_id: app.keys.master.to_string(),
        started: app.started,
        bot: app.bot.username(),
        mode: app.mode().await?,
        healthy: problems.is_empty(),
        problems,
        parked: http::health::parked(app).await,
        not_in_effect: app.config.not_in_effect.clone(),
        waiting: counts.waiting,
        held: counts.held,
        dead: counts.dead,
        pending_approvals: counts.pending_approvals,
        delivered: counts.delivered,
        allowed_users: app.config.people.users().len() as u64,
        health_address: app.http_address.to_string(),
    })
}
