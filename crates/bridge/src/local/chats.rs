//! `/v1/chats`: the groups that are enrolled, and enrolling one.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::http::StatusCode;
use cctelegram_core::api::ChatEntry;
use cctelegram_core::api::EnrolRequest;
use cctelegram_core::api::EnrolStarted;
use cctelegram_core::api::EnrolState;
use cctelegram_core::api::EnrolStatus;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::EnrolmentId;
use cctelegram_crypto::Token;
use cctelegram_store::Enrolment;
use serde::Deserialize;
use serde_json::json;

use super::Local;
use super::peer::Peer;
use super::problem::Refused;
use crate::intake::Refusal;

/// A code can be used for so long, once.
const LIFETIME: Duration = Duration::from_mins(10);
/// The longest wait of one request in seconds; whoever waits longer asks again.
const LONGEST_WAIT_S: u64 = 50;
/// Without word of a change, the enrolment is looked at this often.
const LOOK_ANYWAY: Duration = Duration::from_secs(5);
/// So many projects can be named, each so long.
const MOST_PROJECTS: usize = 100;
const LONGEST_PROJECT: usize = 200;

#[derive(Deserialize)]
pub(super) struct Patience {
    /// Seconds to wait for the end of the enrolment.
    #[serde(default)]
    wait_s: u64,
}

pub(super) async fn list(State(local): State<Local>) -> Result<Json<Vec<ChatEntry>>, Refused> {
    Ok(Json(local.app.store.enrolled_chats().await?))
}

/// Ends an enrolment; what waits for the group goes to people where nobody else gets it.
pub(super) async fn remove(
    State(local): State<Local>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(chat): Path<String>,
) -> Result<Json<ChatEntry>, Refused> {
    let app = &local.app;
    let chat: i64 = chat
        .parse()
        .map_err(|_| bad_request(&format!("`{chat}` is not the number of a chat")))?;
    let missing = || {
        Refused::not_found(&format!(
            "enrolled group {chat}; `cctelegram chats list` shows those that there are"
        ))
    };
    let entry = app.store.enrolled_chat(ChatId(chat)).await?;
    let entry = entry.ok_or_else(missing)?;
    let target = chat.to_string();
    let record = Record::new(app.now(), EventName::ChatRemoved, peer.actor(), target);
    let people = app.config.people.chats();
    if !app.store.remove_chat(ChatId(chat), people, record).await? {
        return Err(missing());
    }
    app.wake.outbox.notify_one();
    tracing::info!(chat.id = chat, "a group is no longer enrolled");
    Ok(Json(entry))
}

/// Begins an enrolment.
pub(super) async fn enrol(
    State(local): State<Local>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    body: Bytes,
) -> Result<(StatusCode, Json<EnrolStarted>), Refused> {
    let app = &local.app;
    let request: EnrolRequest =
        serde_json::from_slice(&body).map_err(|error| bad_request(&error.to_string()))?;
    let fits = |name: &String| !name.trim().is_empty() && name.chars().count() <= LONGEST_PROJECT;
    if request.projects.len() > MOST_PROJECTS || !request.projects.iter().all(fits) {
        return Err(bad_request(&format!(
            "projects: expected at most {MOST_PROJECTS} names of 1 to {LONGEST_PROJECT} characters"
        )));
    }
    if app.config.people.users().is_empty() {
        return Err(Refusal::Nobody.into());
    }
    let code = Token::random().map_err(|_| no_randomness())?;
    let now = app.now();
    let expires = now.plus(LIFETIME);
    let record = Record::new(now, EventName::EnrolmentStarted, peer.actor(), "group")
        .details(json!({ "projects": request.projects, "expires": expires }));
    let id = app
        .store
        .start_enrolment(code.digest(), request.projects, expires, record)
        .await?;
    let bot = app.bot.username();
    let link = bot
        .as_ref()
        .map(|bot| format!("https://t.me/{bot}?startgroup={}", code.expose()));
    let addressed = bot.map(|bot| format!("@{bot}")).unwrap_or_default();
    let started = EnrolStarted {
        enrolment_id: id,
        link,
        command: format!("/enrol{addressed} {}", code.expose()),
        expires,
    };
    Ok((StatusCode::CREATED, Json(started)))
}

/// Tells how far an enrolment is, after waiting for its end if asked to.
pub(super) async fn status(
    State(local): State<Local>,
    Path(id): Path<i64>,
    Query(patience): Query<Patience>,
) -> Result<Json<EnrolStatus>, Refused> {
    let wait = Duration::from_secs(patience.wait_s.min(LONGEST_WAIT_S));
    let deadline = tokio::time::Instant::now() + wait;
    let mut changes = local.app.wake.changes();
    loop {
        let enrolment = local
            .app
            .store
            .enrolment(EnrolmentId(id), local.app.now())
            .await?
            .ok_or_else(|| Refused::not_found("such enrolment"))?;
        let waits = matches!(enrolment.state, EnrolState::Open | EnrolState::Asked);
        if !waits || tokio::time::Instant::now() >= deadline || local.stop.is_cancelled() {
            return Ok(Json(told(enrolment)));
        }
        tokio::select! {
            _ = changes.changed() => {}
            () = tokio::time::sleep(LOOK_ANYWAY) => {}
            () = tokio::time::sleep_until(deadline) => {}
            () = local.stop.cancelled() => {}
        }
    }
}

/// Takes an enrolment back; whoever comes late is told how it ended.
pub(super) async fn withdraw(
    State(local): State<Local>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(id): Path<i64>,
) -> Result<Json<EnrolStatus>, Refused> {
    let app = &local.app;
    let (name, target) = (EventName::EnrolmentWithdrawn, format!("enrolment {id}"));
    let record = Record::new(app.now(), name, peer.actor(), target);
    let enrolment = app
        .store
        .withdraw_enrolment(EnrolmentId(id), record)
        .await?
        .ok_or_else(|| Refused::not_found("such enrolment"))?;
    app.wake.outbox.notify_one();
    app.wake.changed();
    Ok(Json(told(enrolment)))
}

fn told(enrolment: Enrolment) -> EnrolStatus {
    let asked = enrolment.asked.as_ref();
    EnrolStatus {
        enrolment_id: enrolment.id,
        state: enrolment.state,
        chat: asked.map(|asked| asked.chat.0),
        title: asked.map(|asked| asked.title.clone()),
        decided_by: enrolment.decided_by.map(|by| by.0),
    }
}

fn bad_request(message: &str) -> Refused {
    Refused::new(StatusCode::BAD_REQUEST, "bad_request", message)
}

fn no_randomness() -> Refused {
    let message = "the operating system gave no random bytes, so no code can be made";
    Refused::new(StatusCode::SERVICE_UNAVAILABLE, "internal", message)
}
