//! Answers that are not what was asked for: a code for programs, a sentence for people, never an internal chain.

use axum::Json;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::header::RETRY_AFTER;
use axum::response::IntoResponse;
use axum::response::Response;
use cctelegram_core::api::Problem;
use cctelegram_core::event::Rejected;
use cctelegram_store::StoreError;

use super::LARGEST_BODY;
use crate::intake::Refusal;

/// Producers that have to wait are told to come back after this many seconds.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("2");

/// A refusal on its way out.
pub(super) struct Refused {
    status: StatusCode,
    problem: Problem,
}

impl Refused {
    pub(super) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            problem: Problem {
                code: code.to_owned(),
                message: message.into(),
                field: None,
            },
        }
    }

    pub(super) fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("there is no {what}"),
        )
    }

    /// An event names a file that cannot be its own.
    pub(super) fn no_such_file(field: &str) -> Self {
        let message = format!(
            "{field}: there is no such file, or it belongs to another event; files that no event names are dropped after an hour and at a restart: hand it over again with POST /v1/attachments"
        );
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let mut refused = Self::new(status, "no_such_attachment", message);
        refused.problem.field = Some(field.to_owned());
        refused
    }
}

/// The answer for a path that nobody serves.
pub(super) async fn no_such_path() -> Refused {
    Refused::not_found("such path; the paths are described in docs/ARCHITECTURE.md")
}

/// Gives the answer for a body that is over the limit, which the framework tells in plain text, the form of all others.
pub(super) async fn too_large(response: Response) -> Response {
    let is_json = |value: &HeaderValue| value.as_bytes().starts_with(b"application/json");
    let told = response.headers().get(CONTENT_TYPE).is_some_and(is_json);
    if response.status() != StatusCode::PAYLOAD_TOO_LARGE || told {
        return response;
    }
    let message = format!("the request is larger than {} KiB", LARGEST_BODY / 1024);
    Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message).into_response()
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let waits = matches!(
            self.status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        );
        let mut response = (self.status, Json(self.problem)).into_response();
        if waits {
            response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_S);
        }
        response
    }
}

impl From<Rejected> for Refused {
    fn from(rejected: Rejected) -> Self {
        let mut refused = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_event",
            rejected.to_string(),
        );
        refused.problem.field = Some(rejected.field);
        refused
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::Full(_) => Self::new(StatusCode::TOO_MANY_REQUESTS, "queue_full", message),
            Refusal::Memory => Self::new(StatusCode::TOO_MANY_REQUESTS, "memory_short", message),
            Refusal::Nobody => Self::new(StatusCode::SERVICE_UNAVAILABLE, "nobody", message),
            Refusal::Conflict(_) => Self::new(StatusCode::CONFLICT, "id_in_use", message),
            Refusal::NoSuchFile => Self::no_such_file("data.attachments"),
            Refusal::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        tracing::error!(
            error = format!("{:#}", anyhow::Error::from(error)),
            "a request failed at the store"
        );
        let message = "the database did not take the change; bridge.log says why";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "internal", message)
    }
}
