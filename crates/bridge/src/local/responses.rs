//! `GET /v1/responses`: what people answered, for agents that wait for it.

use std::time::Duration;

use axum::Json;
use axum::extract::Query;
use axum::extract::State;
use cctelegram_core::api::ResponseEntry;
use cctelegram_core::api::ResponsePage;
use serde::Deserialize;

use super::Local;
use super::problem::Refused;

/// The longest wait of one request in seconds; whoever waits longer asks again.
const LONGEST_WAIT_S: u64 = 50;
/// Without word of a change, answers are looked for this often.
const LOOK_ANYWAY: Duration = Duration::from_secs(5);
/// One page has so many answers unless asked for fewer.
const MOST: u32 = 100;

#[derive(Deserialize)]
pub(super) struct Answers {
    /// Only answers with a higher number.
    #[serde(default)]
    after: i64,
    /// Only answers about this event.
    event: Option<String>,
    /// Only answers to what this agent's session sent.
    session: Option<String>,
    limit: Option<u32>,
    /// Seconds to wait for the first one.
    #[serde(default)]
    wait_s: u64,
}

/// Lists answers, the oldest first, after waiting for one if asked to.
pub(super) async fn list(
    State(local): State<Local>,
    Query(which): Query<Answers>,
) -> Result<Json<ResponsePage>, Refused> {
    let deadline =
        tokio::time::Instant::now() + Duration::from_secs(which.wait_s.min(LONGEST_WAIT_S));
    let mut changes = local.app.wake.changes();
    loop {
        let page = page(&local, &which).await?;
        let now = tokio::time::Instant::now();
        if !page.responses.is_empty() || now >= deadline || local.stop.is_cancelled() {
            return Ok(Json(page));
        }
        let pause = LOOK_ANYWAY.min(deadline.duration_since(now));
        tokio::select! {
            _ = changes.changed() => {}
            () = tokio::time::sleep(pause) => {}
            () = local.stop.cancelled() => {}
        }
    }
}

async fn page(local: &Local, which: &Answers) -> Result<ResponsePage, Refused> {
    let store = &local.app.store;
    let limit = which.limit.unwrap_or(MOST).min(MOST);
    // Read first: an answer that comes in between is then above it, and found next time.
    let newest = store.newest_response().await?;
    let which_ones = (which.event.as_deref(), which.session.as_deref());
    let responses = store.responses(which.after, which_ones, limit).await?;
    let entry = |response: cctelegram_store::Response| ResponseEntry {
        id: response.id,
        file: response.file_name,
        answer: response.body,
    };
    Ok(ResponsePage {
        responses: responses.into_iter().map(entry).collect(),
        newest,
    })
}
