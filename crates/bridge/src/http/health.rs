//! `/health`, `/ready`: healthy only when Telegram is heard, messages move and the store commits.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::json;

use crate::app::App;
use crate::groups;
use crate::local;

/// The store has to commit a row within this span.
const COMMITS_WITHIN: Duration = Duration::from_secs(5);

/// 200 when healthy, 503 with the reasons when not.
pub(super) async fn health(State(app): State<Arc<App>>) -> Response {
    match local::report(&app).await {
        Ok(status) => {
            let code = if status.healthy {
                StatusCode::OK
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            };
            let body = json!({
                "status": if status.healthy { "healthy" } else { "unhealthy" },
                "problems": status.problems,
                "parked": status.parked,
                "not_in_effect": status.not_in_effect,
                "version": status.version,
                "mode": status.mode,
                "waiting": status.waiting,
                "held": status.held,
                "dead": status.dead,
                "pending_approvals": status.pending_approvals,
            });
            (code, Json(body)).into_response()
        }
        Err(error) => {
            let error = format!("{:#}", anyhow::Error::from(error));
            tracing::error!(error, "health cannot be told");
            let problems = ["The database does not answer."];
            (
                StatusCode::SERVICE_UNAVAILABLE,
                Json(json!({ "status": "unhealthy", "problems": problems })),
            )
                .into_response()
        }
    }
}

/// 200 as soon as events are taken in, whether Telegram can be reached or not.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    if app.config.people.users().is_empty() {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            "nobody is allowed to receive messages\n",
        )
            .into_response();
    }
    "ready\n".into_response()
}

/// What is wrong now, one sentence each. Asking commits a row, because a store that only reads is no store.
pub(crate) async fn problems(app: &App) -> Vec<String> {
    let now = app.now();
    let store = match tokio::time::timeout(COMMITS_WITHIN, app.store.ping(now)).await {
        Ok(committed) => committed
            .err()
            .map(|error| format!("{:#}", anyhow::Error::from(error))),
        Err(_) => Some("a change is not committed in time".to_owned()),
    };
    app.health.store(store);
    let mut problems = app.health.problems(now);
    let chats = app.config.people.chats();
    if chats.is_empty() {
        problems.push("Nobody is allowed to receive messages: run `cctelegram init`.".to_owned());
    }
    let parked = app.store.parked().await.unwrap_or_default();
    let reachable = |chat| !parked.iter().any(|(parked, _)| parked == chat);
    if !chats.is_empty() && !chats.iter().any(reachable) {
        problems.push("No recipient can be written to.".to_owned());
    }
    problems
}

/// The recipients that are parked, one sentence each. The others still get everything.
pub(crate) async fn parked(app: &App) -> Vec<String> {
    let chats = app.config.people.chats();
    let parked = app.store.parked().await.unwrap_or_default().into_iter();
    let ours = parked.filter(|(chat, _)| chats.contains(chat));
    let people = ours.map(|(chat, why)| {
        format!("Chat {chat} cannot be written to until its user writes: {why}.")
    });
    people.chain(groups::parked(app).await).collect()
}
