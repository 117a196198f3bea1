//! `POST /v1/attachments`: files are handed over here before the event that names them.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::Query;
use axum::extract::State;
use axum::http::StatusCode;
use cctelegram_core::api::FileTaken;
use cctelegram_core::event::Event;
use cctelegram_core::event::Rejected;
use cctelegram_core::event::Wanted;
use cctelegram_core::file::FileName;
use cctelegram_store::StoreError;
use futures_util::StreamExt as _;
use serde::Deserialize;

use super::Local;
use super::problem::Refused;
use crate::app::App;
use crate::attachments::Incoming;
use crate::attachments::Unfit;

/// A producer that sends nothing for so long has gone away.
const IDLE: Duration = Duration::from_secs(30);
/// So much may wait for events that name it, in bytes.
const MOST_UNUSED: u64 = 512 * 1024 * 1024;
/// So much of a file that is too large is read to its end, in bytes: a client that still sends would not see the answer.
const READ_ANYWAY: u64 = 256 * 1024 * 1024;

/// Files that are received at once: each lies on the disk before it is stored.
pub(super) const AT_ONCE: usize = 4;

/// A file waits so long for its turn.
const TURN: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
pub(super) struct Named {
    name: String,
}

/// Takes one file; the body is its content.
pub(super) async fn post(
    State(local): State<Local>,
    Query(Named { name }): Query<Named>,
    body: Body,
) -> Result<(StatusCode, Json<FileTaken>), Refused> {
    let app = &local.app;
    if app.memory.is_short(app.now()) {
        return Err(crate::intake::Refusal::Memory.into());
    }
    let turn = tokio::time::timeout(TURN, local.uploads.acquire()).await;
    let Ok(Ok(_turn)) = turn else {
        let message = "other files are being handed over at this moment; try again later";
        return Err(busy(message));
    };
    if app.store.unused_bytes().await? > MOST_UNUSED {
        let message = "too many files wait for the events that name them; try again later";
        return Err(busy(message));
    }
    let incoming = receive(&local, body).await?;
    let file = incoming.store(app, FileName::clean(&name)).await?;
    tracing::info!(attachment.id = %file.id, bytes = file.size, "a file was handed over");
    let taken = FileTaken {
        attachment_id: file.id,
        name: file.name,
        size: file.size,
        sha256: file.sha256,
    };
    Ok((StatusCode::CREATED, Json(taken)))
}

async fn receive(local: &Local, body: Body) -> Result<Incoming, Refused> {
    let mut incoming = Incoming::begin(&local.app).map_err(Unfit::Io)?;
    let mut pieces = body.into_data_stream();
    let (mut unfit, mut left) = (None, READ_ANYWAY);
    loop {
        let piece = tokio::select! {
            piece = tokio::time::timeout(IDLE, pieces.next()) => piece,
            () = local.stop.cancelled() => return Err(stopped()),
        };
        let piece = match piece {
            Ok(None) => break,
            Ok(Some(Ok(piece))) => piece,
            Ok(Some(Err(_))) | Err(_) => {
                let message = "the file broke off before its end";
                return Err(Refused::new(
                    StatusCode::BAD_REQUEST,
                    "bad_request",
                    message,
                ));
            }
        };
        if unfit.is_none() {
            unfit = incoming.write(&piece).err();
        } else if let Some(less) = left.checked_sub(piece.len() as u64) {
            left = less;
        } else {
            break;
        }
    }
    match unfit {
        Some(unfit) => Err(unfit.into()),
        None => Ok(incoming),
    }
}

fn busy(message: impl Into<String>) -> Refused {
    Refused::new(StatusCode::TOO_MANY_REQUESTS, "files_full", message)
}

fn stopped() -> Refused {
    let message = "the bridge is stopping; hand the file over again when it runs";
    Refused::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", message)
}

/// The event with the files that it names by their ids.
pub(super) async fn resolve(app: &App, event: Event) -> Result<Event, Refused> {
    let wanted = event.wanted()?;
    if wanted.is_empty() {
        return Ok(event);
    }
    let most = app.config.files.max_files;
    if wanted.len() > most {
        let reason = format!(
            "{} files, the limit is {most} ([attachments] max_files)",
            wanted.len()
        );
        return Err(rejected("data.attachments".to_owned(), reason).into());
    }
    let mut files = Vec::with_capacity(wanted.len());
    for (index, wanted) in wanted.into_iter().enumerate() {
        let field = format!("data.attachments[{index}]");
        let Wanted::Upload { id, name } = wanted else {
            let reason = "only event files name files by path: hand it over with POST /v1/attachments and name its id";
            return Err(rejected(field, reason.to_owned()).into());
        };
        let found = app.store.upload(id).await?;
        // The event itself, when it comes again, is recognised by its files.
        let found = found.filter(|upload| upload.event.as_ref().is_none_or(|of| *of == event.id));
        let Some(upload) = found else {
            return Err(Refused::no_such_file(&field));
        };
        let mut file = upload.file;
        if let Some(name) = name {
            file.name = FileName::chosen(&name, file.name.as_str());
            if file.name.is_of_program() && !app.config.files.programs {
                return Err(Unfit::Program.into());
            }
        }
        files.push(file);
    }
    Ok(event.with_files(files))
}

fn rejected(field: String, reason: String) -> Rejected {
    Rejected { field, reason }
}

impl From<Unfit> for Refused {
    fn from(unfit: Unfit) -> Self {
        let message = format!("the file is not taken: {unfit}");
        match unfit {
            Unfit::TooLarge(_) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message),
            Unfit::Empty | Unfit::Program | Unfit::Uncheckable(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unfit_file", message)
            }
            Unfit::Store(full @ StoreError::FilesFull(_)) => busy(full.to_string()),
            Unfit::Store(error) => error.into(),
            Unfit::Io(error) => {
                tracing::error!(%error, "a file that was handed over cannot be kept");
                let message = "the file cannot be kept until it is stored; bridge.log says why";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "internal", message)
            }
        }
    }
}
