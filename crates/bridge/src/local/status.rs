//! `/v1/status`: how the bridge is doing.

use axum::Json;
use axum::extract::State;
use cctelegram_core::api::Status;
use cctelegram_store::StoreError;

use super::Local;
use super::problem::Refused;
use crate::app::App;
use crate::http;

pub(super) async fn get(State(local): State<Local>) -> Result<Json<Status>, Refused> {
    Ok(Json(report(&local.app).await?))
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
        heard: app.health.last_heard(),
    })
}
