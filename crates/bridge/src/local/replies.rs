//! `POST /v1/sessions/{id}/replies`: what people reply to a session's messages, handed to whoever waits for it there.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use cctelegram_core::agent::Trace;
use cctelegram_core::api::ReplyHeard;
use cctelegram_core::api::ReplyWait;
use cctelegram_core::api::ResponseEntry;
use cctelegram_core::api::TurnsContinued;
use cctelegram_core::api::Waiter;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::mode::Mode;
use cctelegram_store::Claim;
use cctelegram_store::HandedOver;
use cctelegram_store::ReplyStanding;
use cctelegram_store::WantedReply;
use tokio::time::Instant;

use super::Local;
use super::peer::Peer;
use super::problem::Refused;

/// The longest wait of one request in seconds. It is long, because a reply that comes between two is told to be kept.
const LONGEST_WAIT_S: u64 = 3_600;
/// Without word of a change, replies and the mode are looked at this often.
const LOOK_ANYWAY: Duration = Duration::from_secs(5);
/// A reply on its way is stored so soon.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Hands over the session's next reply, after waiting for it.
pub(super) async fn wait(
    State(local): State<Local>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(session): Path<String>,
    body: Bytes,
) -> Result<Json<ReplyHeard>, Refused> {
    let request: ReplyWait = serde_json::from_slice(&body)
        .map_err(|error| Refused::new(StatusCode::BAD_REQUEST, "bad_request", error.to_string()))?;
    let app = &local.app;
    let session = Trace::named(session);
    let claim = Claim {
        id: request.claim,
        continued: match request.waiter {
            Waiter::Turn { continues } => Some(continues),
            Waiter::Tool | Waiter::Channel => None,
        },
    };
    let wanted = WantedReply {
        session: session.clone(),
        event: request.event.clone(),
        claim,
        with_old: request.waiter == Waiter::Tool,
    };
    let deadline = Instant::now() + Duration::from_secs(request.wait_s.min(LONGEST_WAIT_S));
    let mut changes = app.wake.changes();
    // Known before the store is looked into: what comes from now on is handed over.
    let listen = || {
        let waiter = (claim, request.waiter);
        app.hearing.listen(&session, request.event.clone(), waiter)
    };
    let mut listening = listen();
    loop {
        let standing = app.store.reply_standing(&wanted).await?;
        // Whoever takes one that is kept is promised none: it would get but one of the two.
        if standing == Some(ReplyStanding::Claimed) || standing.is_some() && listening.ends() {
            let target = format!("session {}", session.as_str());
            let record = Record::new(app.now(), EventName::ReplyHandedOver, peer.actor(), target);
            if let Some(handed) = app.store.take_reply(wanted.clone(), record).await? {
                // The person is told of it.
                app.wake.outbox.notify_one();
                return Ok(Json(heard(handed)));
            }
            // Somebody else was faster.
            listening = listen();
            if standing == Some(ReplyStanding::Kept) {
                continue;
            }
        } else if standing.is_some() {
            tokio::time::sleep(LOOK_AGAIN).await;
            continue;
        }
        let is_turn = matches!(request.waiter, Waiter::Turn { .. });
        let is_over = Instant::now() >= deadline
            || local.stop.is_cancelled()
            || (is_turn && app.mode().await?.mode != Mode::Nomad);
        if is_over && listening.ends() {
            return Ok(Json(ReplyHeard::default()));
        }
        if is_over {
            tokio::time::sleep(LOOK_AGAIN).await;
            continue;
        }
        tokio::select! {
            _ = changes.changed() => {}
            () = tokio::time::sleep(LOOK_ANYWAY) => {}
            () = tokio::time::sleep_until(deadline) => {}
            () = local.stop.cancelled() => {}
        }
    }
}

/// Tells how many turns of the session in a row were continued with replies.
pub(super) async fn continued(
    State(local): State<Local>,
    Path(session): Path<String>,
) -> Result<Json<TurnsContinued>, Refused> {
    let session = Trace::named(session);
    let continued = local.app.store.turns_continued(&session).await?;
    Ok(Json(TurnsContinued { continued }))
}

fn heard(handed: HandedOver) -> ReplyHeard {
    let HandedOver { response, title } = handed;
    ReplyHeard {
        reply: Some(ResponseEntry {
            id: response.id,
            file: response.file_name,
            answer: response.body,
        }),
        title,
    }
}
