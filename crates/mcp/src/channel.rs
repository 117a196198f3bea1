//! A channel of Claude Code (a research preview): replies are pushed into the session when they come, and its requests for
//! permission are asked on the phone. It exists only up to revision 2025-11-25, and is acknowledged by nobody.

use std::time::Duration;

use cctelegram_core::agent::CallTrace;
use cctelegram_core::agent::Trace;
use cctelegram_core::api::AskRequest;
use cctelegram_core::api::ReplyHeard;
use cctelegram_core::api::ReplyWait;
use cctelegram_core::api::Waiter;
use cctelegram_core::approval::ALLOW_ONCE;
use cctelegram_core::approval::AnswerForm;
use cctelegram_core::approval::DENY;
use cctelegram_core::mode::Mode;
use cctelegram_crypto::Digest;
use rmcp::RoleServer;
use rmcp::model::CustomNotification;
use rmcp::model::ExperimentalCapabilities;
use rmcp::model::JsonObject;
use rmcp::model::ServerNotification;
use rmcp::service::Peer;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;
use uuid::Uuid;

use crate::arguments::Failed;
use crate::asking;
use crate::desk::Desk;
use crate::desk::LOOK_AGAIN;
use crate::letter::Letter;

/// What Claude Code says when somebody is to allow something.
pub(crate) const REQUEST: &str = "notifications/claude/channel/permission_request";
const VERDICT: &str = "notifications/claude/channel/permission";
const MESSAGE: &str = "notifications/claude/channel";

/// Said with the other instructions.
pub(crate) const INSTRUCTIONS: &str = "\
 What people reply to messages of this session comes as <channel> from this server; answer with send_telegram_message.";

/// One request for a reply waits so long, in seconds.
const STRETCH_S: u64 = 3_600;
/// A request for permission lives so long.
const LIFETIME: Duration = Duration::from_hours(1);
/// At the desk, so long the terminal is left alone with the question.
const AT_THE_DESK_S: u64 = 10;

/// What a client has to see to take this for a channel.
pub(crate) fn capabilities() -> ExperimentalCapabilities {
    ["claude/channel", "claude/channel/permission"]
        .map(|name| (name.to_owned(), JsonObject::new()))
        .into()
}

/// Pushes replies as they come, until it is dropped.
pub(crate) async fn relay(desk: &Desk, peer: &Peer<RoleServer>) {
    let mut claim = Uuid::now_v7();
    loop {
        let wait = ReplyWait {
            claim,
            event: None,
            waiter: Waiter::Channel,
            wait_s: STRETCH_S,
        };
        let heard = desk.access.next_reply(&desk.session, &wait).await;
        let Ok(ReplyHeard {
            reply: Some(reply), ..
        }) = heard
        else {
            tokio::time::sleep(LOOK_AGAIN).await;
            continue;
        };
        claim = Uuid::now_v7();
        if let Some(letter) = Letter::of(&reply) {
            push(peer, MESSAGE, pushed(&letter)).await;
        }
    }
}

/// The text with its provenance. The names of `meta` become attributes, so they are plain words, and the values texts.
fn pushed(letter: &Letter) -> Value {
    json!({
        "content": letter.quoted(),
        "meta": {
            "event_id": letter.event_id,
            "user_id": letter.user_id.map(|id| id.to_string()).unwrap_or_default(),
            "username": letter.username.clone().unwrap_or_default(),
            "at": letter.at,
        },
    })
}

async fn push(peer: &Peer<RoleServer>, method: &str, params: Value) {
    let notification = CustomNotification::new(method, Some(params));
    let sent = peer.send_notification(ServerNotification::CustomNotification(notification));
    if let Err(error) = sent.await {
        tracing::warn!(%error, "the client did not take a notification");
    }
}

/// A request for permission, as far as Claude Code shows it: the input is cut off at 3500 characters.
#[derive(Deserialize)]
struct PermissionAsked {
    request_id: String,
    tool_name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    input_preview: String,
}

impl PermissionAsked {
    /// Five of the letters a to z without l.
    fn is_named_rightly(&self) -> bool {
        let letter = |c: char| c.is_ascii_lowercase() && c != 'l';
        self.request_id.len() == 5 && self.request_id.chars().all(letter)
    }
}

/// Asks people, and passes on what was pressed. Nobody decides: nothing is said, and the terminal's question stays.
pub(crate) async fn ask(desk: &Desk, peer: &Peer<RoleServer>, params: Option<Value>) {
    let asked: Option<PermissionAsked> =
        params.and_then(|params| serde_json::from_value(params).ok());
    let Some(asked) = asked.filter(PermissionAsked::is_named_rightly) else {
        tracing::warn!("a request for permission cannot be read, and is left to the terminal");
        return;
    };
    match decided(desk, peer, &asked).await {
        Ok(Some(behavior)) => {
            let verdict = json!({ "request_id": asked.request_id, "behavior": behavior });
            push(peer, VERDICT, verdict).await;
        }
        Ok(None) => {}
        Err(Failed(error)) => {
            tracing::warn!(error, "a request for permission is left to the terminal");
        }
    }
}

async fn decided(
    desk: &Desk,
    peer: &Peer<RoleServer>,
    asked: &PermissionAsked,
) -> Result<Option<&'static str>, Failed> {
    let mode = desk.access.mode().await?.mode;
    if mode == Mode::Mute {
        return Ok(None);
    }
    let name = peer
        .peer_info()
        .map(|client| client.client_info.name.clone());
    let name = name.unwrap_or_else(|| "an MCP client".to_owned());
    let (event, digest) = event(desk, asked, &name)?;
    let request = AskRequest {
        event,
        lifetime_s: Some(LIFETIME.as_secs()),
        digest: Some(digest.clone()),
        delay_s: (mode == Mode::Local).then_some(AT_THE_DESK_S),
        form: AnswerForm::default(),
        attended: false,
        remind_s: None,
    };
    let id = desk.access.ask(&request).await?.approval_id;
    let ended = tokio::select! {
        ended = asking::end(desk, id, LIFETIME) => ended?,
        // Nobody is there any more to hear of it.
        () = desk.stopping.cancelled() => asking::withdraw(desk, id).await?,
    };
    // A decision about anything else is none.
    Ok(match ended.option.as_deref() {
        _ if ended.digest != digest => None,
        Some(ALLOW_ONCE) => Some("allow"),
        Some(DENY) => Some("deny"),
        Some(_) | None => None,
    })
}

/// The event that asks, and the digest of what exactly. The hook's word that a turn is over ends it too.
fn event(desk: &Desk, asked: &PermissionAsked, agent: &str) -> Result<(Value, String), Failed> {
    let failed = |error: &dyn std::error::Error| Failed(error.to_string());
    let exact = json!({
        "agent": agent,
        "session": desk.session_id,
        "host": desk.place.host,
        "cwd": desk.place.directory,
        "request": asked.request_id,
        "tool": asked.tool_name,
        "description": asked.description,
        "input": asked.input_preview,
    });
    let exact = serde_json_canonicalizer::to_vec(&exact).map_err(|error| failed(&error))?;
    let trace = CallTrace {
        session: desk.session.clone(),
        agent: Trace::of(""),
        call: Trace::of(&asked.request_id),
    };
    let once = Trace::of(&Uuid::now_v7().to_string());
    let id = trace.event_id(once).map_err(|error| failed(&error))?;
    let event = json!({
        "type": "approval_request",
        "event_id": id,
        "title": format!("{agent} wants to use {}", asked.tool_name),
        "source": agent,
        "project": desk.place.project(),
        "data": {
            "options": [ALLOW_ONCE, DENY],
            "the agent says": asked.description,
            "input": asked.input_preview,
            "folder": desk.place.directory,
            "host": desk.place.host,
        },
    });
    let secrets = (desk.means.secrets)().with_files_of(&desk.place.directory);
    let event = secrets.mask_all(event);
    Ok((event, Digest::of(&exact).hex()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_five_letters() {
        for (id, right) in [
            ("abcde", true),
            ("abcle", false),
            ("abcd", false),
            ("Abcde", false),
        ] {
            let asked = PermissionAsked {
                request_id: id.to_owned(),
                tool_name: "Bash".to_owned(),
                description: String::new(),
                input_preview: String::new(),
            };
            assert_eq!(asked.is_named_rightly(), right, "{id}");
        }
    }
}
