//! `/v1/approvals`: asking, waiting for the decision, withdrawing the question.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::http::StatusCode;
use cctelegram_core::api::ApprovalStatus;
use cctelegram_core::api::AskRequest;
use cctelegram_core::api::Asked;
use cctelegram_core::api::ReplyStatus;
use cctelegram_core::approval;
use cctelegram_core::approval::Approval;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::event::Rejected;
use cctelegram_core::id::ApprovalId;
use serde::Deserialize;

use super::Local;
use super::attachments;
use super::events;
use super::peer::Peer;
use super::problem::Refused;
use crate::attendance::Attendance;
use crate::intake;
use crate::intake::Terms;

/// The longest wait of one request in seconds; whoever waits longer asks again.
const LONGEST_WAIT_S: u64 = 50;
/// So many requests are taken back at once when a connection breaks.
const MOST_ATTENDED: usize = 64;
/// Without word of a change, the request is looked at this often.
const LOOK_ANYWAY: Duration = Duration::from_secs(5);
/// The longest life of a request in seconds: 30 days.
const LONGEST_LIFETIME_S: u64 = 30 * 24 * 3_600;
/// People are told after this many seconds at the latest.
const LONGEST_DELAY_S: u64 = 50;

#[derive(Deserialize)]
pub(super) struct Wait {
    /// Seconds to wait for the end of the request.
    #[serde(default)]
    wait_s: u64,
    /// Ids of requests, with commas, that are withdrawn when this connection breaks before it is answered.
    #[serde(default)]
    attend: String,
}

/// Stores a request for a decision.
pub(super) async fn post(
    State(local): State<Local>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    body: Bytes,
) -> Result<(StatusCode, Json<Asked>), Refused> {
    let request: AskRequest =
        serde_json::from_slice(&body).map_err(|error| bad_request(&error.to_string()))?;
    let terms = terms(&request)?;
    let event = events::parse(
        &local,
        &serde_json::to_vec(&request.event).unwrap_or_default(),
    )?;
    if !event.asks() {
        let reason = "expected `approval_request`: only that can be decided".to_owned();
        return Err(Rejected {
            field: "event.type".to_owned(),
            reason,
        }
        .into());
    }
    let event = attachments::resolve(&local.app, event).await?;
    let taken = intake::take(&local.app, event, terms, peer.actor()).await?;
    let Some(approval_id) = taken.approval else {
        let message = format!(
            "event id {} was used for something else within the last 7 days",
            taken.event
        );
        return Err(Refused::new(StatusCode::CONFLICT, "id_in_use", message));
    };
    tracing::info!(approval.id = %approval_id, event.id = %taken.event, "a decision was asked for");
    Ok((
        StatusCode::CREATED,
        Json(Asked {
            approval_id,
            event_id: taken.event,
            muted: taken.muted,
        }),
    ))
}

fn terms(request: &AskRequest) -> Result<Terms, Refused> {
    let within = |seconds: Option<u64>, longest| {
        seconds.is_none_or(|seconds| (1..=longest).contains(&seconds))
    };
    if !within(request.lifetime_s, LONGEST_LIFETIME_S) {
        let message = format!("lifetime_s: expected 1 to {LONGEST_LIFETIME_S} seconds");
        return Err(bad_request(&message));
    }
    if !within(request.delay_s, LONGEST_DELAY_S) {
        let message = format!("delay_s: expected 1 to {LONGEST_DELAY_S} seconds");
        return Err(bad_request(&message));
    }
    if request
        .remind_s
        .is_some_and(|seconds| seconds > LONGEST_LIFETIME_S)
    {
        let message = format!("remind_s: expected 0 to {LONGEST_LIFETIME_S} seconds");
        return Err(bad_request(&message));
    }
    let hexadecimal = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let is_digest = |text: &String| text.len() == 64 && text.chars().all(hexadecimal);
    if !request.digest.as_ref().is_none_or(is_digest) {
        return Err(bad_request("digest: expected 64 of 0-9 a-f"));
    }
    Ok(Terms {
        lifetime: request.lifetime_s.map(Duration::from_secs),
        digest: request.digest.clone(),
        delay: request.delay_s.map(Duration::from_secs),
        form: request.form,
        attended: request.attended,
        remind: request.remind_s.map(Duration::from_secs),
    })
}

/// Tells what somebody wrote in reply to a request that they decided, after waiting for it.
pub(super) async fn reply(
    State(local): State<Local>,
    Path(id): Path<String>,
    Query(wait): Query<Wait>,
) -> Result<Json<ReplyStatus>, Refused> {
    let id = parse_id(&id)?;
    let deadline =
        tokio::time::Instant::now() + Duration::from_secs(wait.wait_s.min(LONGEST_WAIT_S));
    let mut changes = local.app.wake.changes();
    loop {
        let text = local.app.store.reply_to(id).await?;
        if text.is_some() || tokio::time::Instant::now() >= deadline || local.stop.is_cancelled() {
            return Ok(Json(ReplyStatus { text }));
        }
        tokio::select! {
            _ = changes.changed() => {}
            () = tokio::time::sleep_until(deadline) => {}
            () = local.stop.cancelled() => {}
        }
    }
}

/// Tells where a request stands, after waiting for its end if asked to.
pub(super) async fn get(
    State(local): State<Local>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(id): Path<String>,
    Query(wait): Query<Wait>,
) -> Result<Json<ApprovalStatus>, Refused> {
    let id = parse_id(&id)?;
    // The newest are the last.
    let ids = wait.attend.rsplit(',').filter(|id| !id.is_empty());
    let attended: Vec<ApprovalId> = ids
        .take(MOST_ATTENDED)
        .map(parse_id)
        .collect::<Result<_, _>>()?;
    let attendance = Attendance::new(Arc::clone(&local.app), attended, peer.actor());
    let status = wait_for_end(&local, id, wait.wait_s).await;
    attendance.answered();
    status
}

async fn wait_for_end(
    local: &Local,
    id: ApprovalId,
    wait_s: u64,
) -> Result<Json<ApprovalStatus>, Refused> {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(wait_s.min(LONGEST_WAIT_S));
    let mut changes = local.app.wake.changes();
    loop {
        let approval = local
            .app
            .store
            .approval(id)
            .await?
            .ok_or_else(|| Refused::not_found("such request"))?;
        if approval.ending().is_some()
            || tokio::time::Instant::now() >= deadline
            || local.stop.is_cancelled()
        {
            return Ok(Json(status(approval)));
        }
        tokio::select! {
            _ = changes.changed() => {}
            () = tokio::time::sleep(LOOK_ANYWAY) => {}
            () = tokio::time::sleep_until(deadline) => {}
            () = local.stop.cancelled() => {}
        }
    }
}

/// Takes a question back; whoever comes late is told how it ended.
pub(super) async fn delete(
    State(local): State<Local>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(id): Path<String>,
) -> Result<Json<ApprovalStatus>, Refused> {
    let id = parse_id(&id)?;
    let now = local.app.now();
    let record = Record::new(
        now,
        EventName::ApprovalWithdrawn,
        peer.actor(),
        format!("approval {id}"),
    );
    if local
        .app
        .store
        .end(id, approval::State::Withdrawn { at: now }, record, now)
        .await?
        .is_some()
    {
        local.app.wake.decided();
    }
    let approval = local
        .app
        .store
        .approval(id)
        .await?
        .ok_or_else(|| Refused::not_found("such request"))?;
    Ok(Json(status(approval)))
}

fn parse_id(text: &str) -> Result<ApprovalId, Refused> {
    text.parse()
        .map_err(|_| bad_request(&format!("`{text}` is not the id of a request")))
}

fn bad_request(message: &str) -> Refused {
    Refused::new(StatusCode::BAD_REQUEST, "bad_request", message)
}

fn status(approval: Approval) -> ApprovalStatus {
    let answer = approval.state.decision().map(|decision| &decision.answer);
    ApprovalStatus {
        response: answer.and_then(|answer| approval.response(answer)),
        option: answer.and_then(|answer| approval.label(answer)),
        approval_id: approval.id,
        event_id: approval.event,
        digest: approval.digest,
        options: approval.options,
        expires: approval.expires,
        state: approval.state,
    }
}
