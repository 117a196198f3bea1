//! `/control/…`: what the handle can do, over HTTP, for the page and for tests in other languages.
//! Only for this machine: other names in `Host` (DNS rebinding) and other origins are refused.

mod groups;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body;
use axum::extract::Query;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;
use tokio::time::timeout;

use crate::error::EmulatorError;
use crate::faults::Fault;
use crate::limits::Limits;
use crate::methods::Webhook;
use crate::model::User;
use crate::page;
use crate::shared::Shared;
use crate::world::ChatState;
use crate::world::World;

/// How long a request for changes waits.
const CHANGES_WAIT: Duration = Duration::from_secs(25);
const BODY_MAX: usize = 1024 * 1024;
/// How long the app shows "typing…" (Bot API, `sendChatAction`: 5 seconds or less).
const TYPING: Duration = Duration::from_secs(5);

/// What can be asked for in a query string.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    callback_id: String,
    chat_id: i64,
    id: String,
    method: String,
    since: u64,
}

/// What can be posted, named as the path is.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Action {
    Advance {
        ms: u64,
    },
    Block {
        user_id: i64,
    },
    ClearFaults {},
    Fault(Fault),
    Group(groups::GroupAction),
    OpenChat {
        user_id: i64,
    },
    OpenGroup {
        chat_id: i64,
        title: String,
    },
    Press {
        user_id: i64,
        message_id: i64,
        label: String,
    },
    PressForged {
        user_id: i64,
        chat_id: i64,
        message_id: i64,
        data: String,
    },
    PushUpdate(Value),
    Reply {
        user_id: i64,
        to_message: i64,
        text: String,
    },
    SendText {
        user_id: i64,
        text: String,
    },
    SetLimits {
        on: bool,
    },
    SetToken {
        token: String,
    },
    SetWebhookUrl {
        url: String,
    },
    Unblock {
        user_id: i64,
    },
    Users(User),
}

/// Answers everything that is not the Bot API.
pub(crate) async fn handle(shared: &Arc<Shared>, port: u16, request: Request) -> Response {
    if let Err(refused) = guard(request.headers(), port) {
        return refused.into_response();
    }
    let path = request.uri().path().to_owned();
    let mut response = match (request.method(), path.strip_prefix("/control/")) {
        (&Method::GET, None) => page::file(&path).unwrap_or_else(not_found),
        (&Method::GET, Some(name)) => match Query::<Asked>::try_from_uri(request.uri()) {
            Ok(Query(asked)) => look(shared, name, asked).await,
            Err(error) => refuse(StatusCode::BAD_REQUEST, &error.to_string()),
        },
        (&Method::POST, Some(name)) => act(shared, name, request).await,
        _ => not_found(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

fn guard(headers: &HeaderMap, port: u16) -> Result<(), StatusCode> {
    let names = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    if !names.iter().any(|name| name == host) {
        return Err(StatusCode::MISDIRECTED_REQUEST);
    }
    match headers.get(header::ORIGIN) {
        Some(origin) if origin.as_bytes() != format!("http://{host}").as_bytes() => {
            Err(StatusCode::FORBIDDEN)
        }
        Some(_) | None => Ok(()),
    }
}

fn not_found() -> Response {
    refuse(StatusCode::NOT_FOUND, "no such page")
}

fn refuse(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}

async fn look(shared: &Shared, name: &str, asked: Asked) -> Response {
    if name == "changes" {
        return changes(shared, asked.since).await;
    }
    let answer = shared.read(|world| {
        let found = match name {
            "answer" => json!(
                world
                    .presses
                    .get(&asked.callback_id)
                    .and_then(|it| it.answer.clone())
            ),
            "calls" => json!(world.calls.all()),
            "count" => json!(world.calls.count(&asked.method)),
            "file" => return Some(file(world, &asked.id)),
            "messages" => {
                let messages = world.messages.iter();
                json!(
                    messages
                        .filter(|it| it.chat_id == asked.chat_id)
                        .collect::<Vec<_>>()
                )
            }
            "pending_updates" => {
                let now = world.clock.now();
                json!(world.updates.pending(now))
            }
            "refused_429" => json!(world.calls.refused_429),
            "topics" => json!(world.topics.of(asked.chat_id)),
            "state" => state(world, shared.version()),
            _ => return None,
        };
        Some(Json(found).into_response())
    });
    answer.unwrap_or_else(not_found)
}

/// Waits until there is something the asker has not seen.
async fn changes(shared: &Shared, since: u64) -> Response {
    let mut changes = shared.changes();
    let version = match timeout(CHANGES_WAIT, changes.wait_for(|now| *now != since)).await {
        Ok(Ok(version)) => *version,
        Ok(Err(_)) | Err(_) => since,
    };
    Json(json!({ "version": version })).into_response()
}

fn state(world: &World, version: u64) -> Value {
    let now = world.clock.now();
    let people = world.people.values().map(|person| {
        let chat = match person.chat {
            ChatState::NotStarted => "not_started",
            ChatState::Open => "open",
            ChatState::Blocked => "blocked",
        };
        let typing = world
            .typing
            .get(&person.user.id)
            .is_some_and(|at| *at + TYPING > now);
        json!({ "user": person.user, "chat": chat, "typing": typing })
    });
    json!({
        "bot": { "id": world.bot.id, "name": world.bot.name, "username": world.bot.username },
        "people": people.collect::<Vec<_>>(),
        "groups": world.groups.iter().map(|(id, group)| json!({ "id": id, "title": group.title }))
            .collect::<Vec<_>>(),
        "commands": world.commands.values().next_back(),
        "date": world.clock.unix(),
        "version": version,
    })
}

/// A file as a download. Only the usual image types keep their type: nothing is ever run.
fn file(world: &World, id: &str) -> Response {
    let Some(document) = world.file(id) else {
        return not_found();
    };
    let images = ["image/png", "image/jpeg", "image/gif", "image/webp"];
    let known = images.iter().find(|kind| **kind == document.mime_type);
    let headers = [
        (
            header::CONTENT_TYPE,
            *known.unwrap_or(&"application/octet-stream"),
        ),
        (header::CONTENT_DISPOSITION, "attachment"),
    ];
    (headers, document.bytes.clone()).into_response()
}

async fn act(shared: &Shared, name: &str, request: Request) -> Response {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    if content_type.is_none_or(|kind| !kind.as_bytes().starts_with(b"application/json")) {
        return refuse(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "application/json expected",
        );
    }
    let Ok(bytes) = body::to_bytes(request.into_body(), BODY_MAX).await else {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "too long");
    };
    let action = serde_json::from_slice::<Value>(&bytes)
        .and_then(|content| serde_json::from_value::<Action>(json!({ name: content })));
    match action {
        Err(error) => refuse(StatusCode::BAD_REQUEST, &error.to_string()),
        Ok(action) => match shared.change(|world| perform(world, action)) {
            Ok(done) => Json(done).into_response(),
            Err(error) => refuse(StatusCode::CONFLICT, &error.to_string()),
        },
    }
}

fn perform(world: &mut World, action: Action) -> Result<Value, EmulatorError> {
    match action {
        Action::Advance { ms } => world.clock.advance(Duration::from_millis(ms)),
        Action::Block { user_id } => world.set_blocked(user_id, ChatState::Blocked),
        Action::ClearFaults {} => world.faults.clear(),
        Action::Fault(fault) => world.faults.add(fault),
        Action::Group(action) => return groups::perform(world, action),
        Action::OpenChat { user_id } => world.open_chat(user_id),
        Action::OpenGroup { chat_id, title } => {
            world.open_group(chat_id, &title);
        }
        Action::Press {
            user_id,
            message_id,
            label,
        } => {
            let id = world.press_label(user_id, message_id, &label)?;
            return Ok(json!({ "callback_id": id }));
        }
        Action::PressForged {
            user_id,
            chat_id,
            message_id,
            data,
        } => {
            let id = world.press_data(user_id, chat_id, message_id, &data);
            return Ok(json!({ "callback_id": id }));
        }
        Action::PushUpdate(update) => {
            let now = world.clock.now();
            return Ok(json!({ "update_id": world.updates.push_raw(update, now) }));
        }
        Action::Reply {
            user_id,
            to_message,
            text,
        } => {
            let id = world.send_text(user_id, &text, Some(to_message));
            return Ok(json!({ "message_id": id }));
        }
        Action::SendText { user_id, text } => {
            return Ok(json!({ "message_id": world.send_text(user_id, &text, None) }));
        }
        Action::SetLimits { on } => world.limits = Limits::new(on),
        Action::SetToken { token } => world.bot.token = token,
        Action::SetWebhookUrl { url } => {
            world.webhook = Webhook::at(&url, None);
        }
        Action::Unblock { user_id } => world.set_blocked(user_id, ChatState::Open),
        Action::Users(user) => world.add_user(user),
    }
    Ok(json!({}))
}
