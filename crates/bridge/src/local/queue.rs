//! `/v1/queue`: what waits, one message of it whole, trying it again, dropping it.

use axum::Json;
use axum::extract::ConnectInfo;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::http::StatusCode;
use cctelegram_core::api::Dropped;
use cctelegram_core::api::QueueEntry;
use cctelegram_core::api::QueueItem;
use cctelegram_core::api::Retried;
use cctelegram_store::DropRow;
use cctelegram_store::Requeue;
use cctelegram_store::Unmoved;
use cctelegram_store::Which;
use serde::Deserialize;

use super::Local;
use super::peer::Peer;
use super::problem::Refused;

/// The queue shows so many entries unless asked for another number, and so many at most.
const SHOWN: u32 = 100;
const MOST: u32 = 10_000;

#[derive(Deserialize)]
pub(super) struct Limit {
    limit: Option<u32>,
}

pub(super) async fn list(
    State(local): State<Local>,
    Query(limit): Query<Limit>,
) -> Result<Json<Vec<QueueEntry>>, Refused> {
    let limit = limit.limit.unwrap_or(SHOWN).min(MOST);
    Ok(Json(local.app.store.queue(limit).await?))
}

pub(super) async fn get(
    State(local): State<Local>,
    Path(id): Path<String>,
) -> Result<Json<QueueItem>, Refused> {
    let id = parse_id(&id)?;
    let item = local.app.store.queue_item(id).await?;
    item.map(Json).ok_or_else(|| refused(id, Unmoved::Unknown))
}

/// `{id}` may be `dead`: everything that was given up.
pub(super) async fn retry(
    State(local): State<Local>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(id): Path<String>,
) -> Result<Json<Retried>, Refused> {
    let app = &local.app;
    let which = if id == "dead" {
        Which::Dead
    } else {
        Which::Row(parse_id(&id)?)
    };
    let requeue = Requeue {
        which,
        allowed: app.config.people.chats(),
        actor: peer.actor(),
        at: app.now(),
    };
    let retried = app.store.requeue(requeue).await?;
    app.wake.outbox.notify_one();
    match (retried, which) {
        (Ok(retried), _) => {
            tracing::info!(
                count = retried.retried.len(),
                uid = peer.uid,
                "messages were queued anew by hand"
            );
            Ok(Json(retried))
        }
        (Err(unmoved), Which::Row(row)) => Err(refused(row, unmoved)),
        (Err(unmoved), Which::Dead) => Err(refused(0, unmoved)),
    }
}

pub(super) async fn delete(
    State(local): State<Local>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(id): Path<String>,
) -> Result<Json<Dropped>, Refused> {
    let app = &local.app;
    let row = parse_id(&id)?;
    let drop = DropRow {
        row,
        actor: peer.actor(),
        at: app.now(),
    };
    let dropped = app.store.drop_row(drop).await?;
    let dropped = dropped.map_err(|unmoved| refused(row, unmoved))?;
    tracing::info!(row, uid = peer.uid, "a message was dropped by hand");
    app.wake.decided();
    // There may be room for what waits to be taken in.
    app.wake.spool.notify_one();
    Ok(Json(dropped))
}

fn parse_id(text: &str) -> Result<i64, Refused> {
    text.parse().map_err(|_| {
        let message = format!("`{text}` is not the number of a message");
        Refused::new(StatusCode::BAD_REQUEST, "bad_request", message)
    })
}

fn refused(row: i64, unmoved: Unmoved) -> Refused {
    let message = format!("message {row} stays as it is: {unmoved}");
    let (status, code) = match unmoved {
        Unmoved::Unknown => {
            let message = format!("there is no message {row}; `cctelegram queue` lists them");
            return Refused::new(StatusCode::NOT_FOUND, "not_found", message);
        }
        Unmoved::Sending => (StatusCode::CONFLICT, "sending"),
        Unmoved::Held => (StatusCode::CONFLICT, "held"),
        Unmoved::Over(_) => (StatusCode::CONFLICT, "over"),
        Unmoved::Ended => (StatusCode::CONFLICT, "ended"),
        Unmoved::Superseded => (StatusCode::CONFLICT, "superseded"),
        Unmoved::NotARecipient(_) => (StatusCode::CONFLICT, "not_a_recipient"),
    };
    Refused::new(status, code, message)
}
