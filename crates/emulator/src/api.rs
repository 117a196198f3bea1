//! One Bot API call from its arrival to its answer.

use std::sync::Arc;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::header::DATE;
use axum::http::header::RETRY_AFTER;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::Value;
use serde_json::json;

use crate::error::ApiError;
use crate::faults::FaultKind;
use crate::method::Method;
use crate::methods;
use crate::methods::Answer;
use crate::params::Params;
use crate::params::body;
use crate::polling;
use crate::render;
use crate::shared::Shared;

/// How a call ends: with an answer, or with a lost connection.
pub(crate) enum Ending {
    Answered(Response),
    Dropped,
}

/// Handles `/bot<token>/<method>`; `path` is what follows `/bot`.
pub(crate) async fn call(shared: &Arc<Shared>, path: &str, request: Request) -> Ending {
    let path = body::decode(path);
    let Some((token, name)) = path.split_once('/') else {
        return Ending::Answered(answer(Err(ApiError::not_found())));
    };
    let method = Method::named(name);
    let shown = method.map_or(name, |method| method.name());
    let refused = match (authorize(shared, token), method) {
        (Err(refused), _) => refused,
        (Ok(()), None) => ApiError::not_found(),
        (Ok(()), Some(method)) => match body::read(method, request).await {
            Ok(params) => return run(shared, method, params).await,
            Err(refused) => {
                let call = OpenCall::new(shared, shown, json!({}));
                return Ending::Answered(call.answer(Err(refused)));
            }
        },
    };
    body::discard(request).await;
    let call = OpenCall::new(shared, shown, json!({}));
    Ending::Answered(call.answer(Err(refused)))
}

/// Handles `/file/bot<token>/<path>`; `path` is what follows `/file/bot`.
pub(crate) fn download(shared: &Shared, path: &str) -> Response {
    let path = body::decode(path);
    let (token, file) = path.split_once('/').unwrap_or((path.as_str(), ""));
    if let Err(refused) = authorize(shared, token) {
        return answer(Err(refused));
    }
    let id = file.strip_prefix("documents/").unwrap_or_default();
    match shared.read(|world| world.file(id).map(|file| file.bytes.clone())) {
        Some(bytes) => ([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        None => answer(Err(ApiError::not_found())),
    }
}

/// A malformed token is no address, a wrong one no key.
fn authorize(shared: &Shared, token: &str) -> Result<(), ApiError> {
    if bot_id(token).is_none() {
        return Err(ApiError::not_found());
    }
    if shared.read(|world| world.bot.token == token) {
        Ok(())
    } else {
        Err(ApiError::unauthorized())
    }
}

/// The bot's id in a well-formed token (telegram-bot-api server: a colon, at most 80 characters,
/// an id without leading zero below 2^54).
pub(crate) fn bot_id(token: &str) -> Option<i64> {
    let (id, secret) = token.split_once(':')?;
    let well_formed = token.len() <= 80 && !id.starts_with('0') && !secret.is_empty();
    let digits = id.bytes().all(|byte| byte.is_ascii_digit());
    id.parse()
        .ok()
        .filter(|id| well_formed && digits && *id < 1 << 54)
}

async fn run(shared: &Arc<Shared>, method: Method, params: Params) -> Ending {
    let call = OpenCall::new(shared, method.name(), params.to_json());
    let (fault, limited) = shared.change(|world| {
        let fault = world.faults.take(method.name());
        let reaches = matches!(
            fault,
            None | Some(FaultKind::DropAfter | FaultKind::Delay(_) | FaultKind::SlowAnswer(_))
        );
        let chat = params
            .integer("chat_id")
            .filter(|_| reaches && method.is_limited());
        let now = world.clock.now();
        let limited = chat.and_then(|chat| world.limits.take(chat, now).err());
        (fault, limited)
    });
    let executed = execute(shared, method, &params, limited);
    match fault {
        None => Ending::Answered(call.answer(executed.await)),
        Some(FaultKind::Delay(by)) => {
            tokio::time::sleep(by).await;
            Ending::Answered(call.answer(executed.await))
        }
        Some(FaultKind::SlowAnswer(by)) => {
            let answer = executed.await;
            tokio::time::sleep(by).await;
            Ending::Answered(call.answer(answer))
        }
        Some(FaultKind::Status {
            code,
            description,
            retry_after,
        }) => Ending::Answered(call.answer(Err(ApiError {
            code,
            description,
            retry_after,
            migrate_to: None,
        }))),
        Some(FaultKind::Raw { code, body }) => Ending::Answered(call.raw(code, body)),
        Some(FaultKind::DropBefore) => call.drop_it("connection dropped before execution"),
        Some(FaultKind::DropAfter) => {
            let outcome = executed.await.map_or("refused", |_| "executed");
            call.drop_it(&format!("{outcome}, connection dropped without an answer"))
        }
    }
}

async fn execute(shared: &Shared, method: Method, params: &Params, limited: Option<u64>) -> Answer {
    if let Some(seconds) = limited {
        return Err(ApiError::too_many_requests(seconds));
    }
    if method == Method::GetUpdates {
        return polling::get_updates(shared, params).await;
    }
    shared.change(|world| methods::execute(world, method, params))
}

/// An entry of the call log that waits for its end.
struct OpenCall {
    shared: Arc<Shared>,
    entry: usize,
    is_closed: bool,
}

impl OpenCall {
    fn new(shared: &Arc<Shared>, method: &str, params: Value) -> Self {
        let entry = shared.change(|world| {
            let at_ms = world.clock.elapsed_ms();
            world.calls.open(at_ms, method, params)
        });
        Self {
            shared: Arc::clone(shared),
            entry,
            is_closed: false,
        }
    }

    fn answer(mut self, outcome: Answer) -> Response {
        match &outcome {
            Ok(_) => self.close(200, None),
            Err(error) => self.close(error.code, Some(error.description.clone())),
        }
        let mut response = answer(outcome);
        // The emulator's own clock, which a test may have moved.
        let seconds = self.shared.read(|world| world.clock.unix());
        let date = UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs());
        if let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(date)) {
            response.headers_mut().insert(DATE, date);
        }
        response
    }

    fn raw(mut self, code: u16, body: String) -> Response {
        self.close(code, Some("an answer that is not Telegram's".to_owned()));
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status(code);
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
        response
    }

    fn drop_it(mut self, why: &str) -> Ending {
        self.close(0, Some(why.to_owned()));
        Ending::Dropped
    }

    fn close(&mut self, status: u16, description: Option<String>) {
        self.is_closed = true;
        self.shared
            .change(|world| world.calls.close(self.entry, status, description));
    }
}

/// The connection task was dropped while the call was still running.
impl Drop for OpenCall {
    fn drop(&mut self) {
        if !self.is_closed {
            self.close(0, Some("the connection ended before the answer".to_owned()));
        }
    }
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The answer in Telegram's form.
fn answer(outcome: Answer) -> Response {
    let error = match outcome {
        Ok(result) => return axum::Json(json!({ "ok": true, "result": result })).into_response(),
        Err(error) => error,
    };
    let mut body =
        json!({ "ok": false, "error_code": error.code, "description": error.description });
    let mut parameters = json!({});
    render::insert(&mut parameters, "retry_after", error.retry_after);
    render::insert(&mut parameters, "migrate_to_chat_id", error.migrate_to);
    if parameters != json!({}) {
        render::insert(&mut body, "parameters", Some(parameters));
    }
    let mut response = (status(error.code), axum::Json(body)).into_response();
    if let Some(seconds) = error.retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}
