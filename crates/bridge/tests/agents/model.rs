//! A model whose answers are written down beforehand, behind the two protocols that agents speak:
//! the Messages API (Claude Code) and the Responses API (Codex), both as server-sent events.

use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Instant;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::routing::post;
use cctelegram_testkit::until;
use serde_json::Value;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What the model answers to one request of the agent.
#[derive(Clone)]
pub(crate) enum Turn {
    /// It uses a tool.
    Call(&'static str, Value),
    /// It writes a plan into the file that the agent has named for it.
    Plan(&'static str),
    /// It says something, and its turn is over.
    Say(&'static str),
}

/// A running model. Its server ends with it.
pub(crate) struct Model {
    address: SocketAddr,
    shared: Arc<Shared>,
    _server: JoinSet<()>,
}

struct Shared {
    script: Vec<Turn>,
    asked: Mutex<Vec<Asked>>,
}

/// One request of the agent itself, not of its helpers that name sessions and the like.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) at: Instant,
    pub(crate) body: Value,
}

impl Asked {
    /// What came last in the conversation: a prompt, or what became of a tool's use.
    pub(crate) fn news(&self) -> String {
        let conversation = self.body["messages"]
            .as_array()
            .or(self.body["input"].as_array());
        // What the agent itself adds comes whenever it comes.
        let last = conversation.and_then(|all| all.iter().rfind(|said| said["role"] != "system"));
        last.map(ToString::to_string).unwrap_or_default()
    }
}

impl Model {
    /// Answers the agent's requests with these turns, one after another, and then has no more to say.
    pub(crate) async fn start(script: &[Turn]) -> Self {
        let shared = Arc::new(Shared {
            script: script.to_vec(),
            asked: Mutex::default(),
        });
        let routes = Router::new()
            .route("/v1/messages", post(messages))
            .route("/v1/responses", post(responses))
            .with_state(Arc::clone(&shared));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self {
            address,
            shared,
            _server: server,
        }
    }

    /// Where it listens, without a path.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits for the agent's request of this number, from 0.
    pub(crate) async fn asked(&self, number: usize) -> Asked {
        until(
            &format!("the agent asks its model ({number})"),
            async || self.shared.asked.lock().unwrap().get(number).cloned(),
        )
        .await
    }
}

impl Shared {
    /// Writes down what was asked and gives the number and the turn that answers it.
    fn turn(&self, body: &Value) -> (usize, Turn) {
        // Helpers of the agents that title a session have no tools.
        if body["tools"].as_array().is_none_or(Vec::is_empty) {
            return (0, Turn::Say("A title"));
        }
        let mut asked = self.asked.lock().unwrap();
        let number = asked.len();
        asked.push(Asked {
            at: Instant::now(),
            body: body.clone(),
        });
        let turn = match self.script.get(number) {
            Some(Turn::Plan(text)) => {
                let input = json!({ "file_path": plan_file(body), "content": text });
                Turn::Call("Write", input)
            }
            Some(turn) => turn.clone(),
            None => Turn::Say("There is no more to say."),
        };
        (number, turn)
    }
}

/// The file that a request in plan mode names.
fn plan_file(body: &Value) -> String {
    let text = body.to_string();
    let (before, after) = text.split_once("/.claude/plans/").unwrap();
    let start = before.rfind(|c: char| !c.is_alphanumeric() && !"/.-_".contains(c));
    let end = after.find(".md").unwrap();
    let folder = &before[start.map_or(0, |at| at + 1)..];
    format!("{folder}/.claude/plans/{}.md", &after[..end])
}

/// Anthropic's Messages API, as <https://docs.claude.com/en/api/messages-streaming> has it.
async fn messages(State(shared): State<Arc<Shared>>, Json(body): Json<Value>) -> Response {
    let (number, turn) = shared.turn(&body);
    let (block, delta, reason) = match turn {
        Turn::Say(text) | Turn::Plan(text) => (
            json!({ "type": "text", "text": "" }),
            json!({ "type": "text_delta", "text": text }),
            "end_turn",
        ),
        Turn::Call(tool, input) => (
            json!({ "type": "tool_use", "id": format!("toolu_{number:04}"), "name": tool, "input": {} }),
            json!({ "type": "input_json_delta", "partial_json": input.to_string() }),
            "tool_use",
        ),
    };
    let mut message = json!({
        "id": format!("msg_{number:04}"), "type": "message", "role": "assistant", "model": body["model"],
        "content": [], "stop_reason": null, "stop_sequence": null,
        "usage": { "input_tokens": 1, "output_tokens": 1 },
    });
    if body["stream"] != true {
        message["content"] = json!([{ "type": "text", "text": delta["text"] }]);
        message["stop_reason"] = json!(reason);
        return Json(message).into_response();
    }
    events(&[
        json!({ "type": "message_start", "message": message }),
        json!({ "type": "content_block_start", "index": 0, "content_block": block }),
        json!({ "type": "content_block_delta", "index": 0, "delta": delta }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "message_delta", "delta": { "stop_reason": reason, "stop_sequence": null }, "usage": { "output_tokens": 1 } }),
        json!({ "type": "message_stop" }),
    ])
}

/// The Responses API of `OpenAI`, as far as Codex reads it.
async fn responses(State(shared): State<Arc<Shared>>, Json(body): Json<Value>) -> Response {
    let (number, turn) = shared.turn(&body);
    let item = match turn {
        Turn::Say(text) | Turn::Plan(text) => json!({
            "type": "message", "id": format!("msg_{number}"), "role": "assistant",
            "content": [{ "type": "output_text", "text": text }],
        }),
        Turn::Call(tool, arguments) => {
            let mut call = json!({
                "type": "function_call", "id": format!("fc_{number}"), "call_id": format!("call_{number}"),
                "name": tool, "arguments": arguments.to_string(),
            });
            // The tools of a server are kept apart from those of others.
            if let Some((server, tool)) = tool.rsplit_once("__") {
                call["namespace"] = json!(server);
                call["name"] = json!(tool);
            }
            call
        }
    };
    let id = format!("resp_{number}");
    let usage = json!({ "input_tokens": 1, "output_tokens": 1, "total_tokens": 2 });
    events(&[
        json!({ "type": "response.created", "response": { "id": id } }),
        json!({ "type": "response.output_item.done", "output_index": 0, "item": item }),
        json!({ "type": "response.completed", "response": { "id": id, "usage": usage } }),
    ])
}

fn events(all: &[Value]) -> Response {
    let lines = all.iter().map(|event| {
        let name = event["type"].as_str().unwrap();
        format!("event: {name}\ndata: {event}\n\n")
    });
    let body = lines.collect::<Vec<_>>().concat();
    let head = [(header::CONTENT_TYPE, "text/event-stream")];
    (StatusCode::OK, head, body).into_response()
}
