//! What an agent hands to a hook. Fields that are not known are ignored, and so is a known one of another type than it
//! is documented to have, unless nothing can be done without it.

use std::path::PathBuf;

use cctelegram_core::agent::Trace;
use serde_json::Map;
use serde_json::Value;

use super::ToolCall;
use super::salvage;

/// The agents whose hooks are known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodingAgent {
    ClaudeCode,
    Codex,
}

/// One call of the hook.
#[derive(Clone, PartialEq, Debug)]
pub struct HookInput {
    pub agent: CodingAgent,
    pub session: String,
    /// The session's title, where the agent tells it.
    pub title: Option<String>,
    pub folder: PathBuf,
    /// The sub-agent's id and kind, within one.
    pub subagent: Option<(String, String)>,
    pub permission_mode: Option<String>,
    pub moment: Moment,
}

/// What just happened, or is about to.
#[derive(Clone, PartialEq, Debug)]
pub enum Moment {
    PreToolUse(ToolCall),
    PermissionRequest {
        call: ToolCall,
        /// What the agent suggests to allow from here on.
        rules: Vec<SessionRule>,
    },
    /// The agent was denied a call by itself, in auto mode.
    PermissionDenied {
        call: ToolCall,
        why: Option<String>,
    },
    /// A server of the agent's wants something of the person.
    Elicitation {
        server: String,
        message: String,
        what: Elicited,
    },
    /// A tool is about to be used, or permission for it is asked, but with what cannot be read.
    Unreadable {
        event: ToolEvent,
        tool: String,
        why: String,
    },
    /// These calls are over, one way or the other.
    ToolsDone(Vec<ToolCall>),
    PromptSubmitted,
    SessionStarted {
        how: Option<String>,
    },
    SessionEnded {
        why: Option<String>,
    },
    Stopped {
        last: Option<String>,
        /// A hook continued this turn before.
        again: bool,
        /// So many tasks run on in the background: the agent pauses, and goes on when one ends.
        background: usize,
    },
    StopFailed {
        error: String,
        details: Option<String>,
    },
    SubagentStopped {
        last: Option<String>,
    },
    Notified {
        kind: Option<String>,
        message: String,
    },
    Compacting {
        how: Option<String>,
    },
    /// Something else, which means nothing here.
    Other,
}

/// What a server wants of the person.
#[derive(Clone, PartialEq, Debug)]
pub enum Elicited {
    /// A form is to be filled in: its JSON Schema.
    Form(Value),
    /// A page is to be opened.
    Page { url: String },
}

/// The two moments in which an answer decides about a tool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ToolEvent {
    PreToolUse,
    PermissionRequest,
}

/// A rule of Claude Code's that allows a tool, for what its content says or for everything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionRule {
    pub tool: String,
    pub content: Option<String>,
}

/// Why this is no call of a hook.
#[derive(Debug, thiserror::Error)]
pub enum BadHookInput {
    #[error("the input is larger than {} MiB", LARGEST_INPUT / (1024 * 1024))]
    TooLarge,
    #[error("the input is no JSON object")]
    NotJson(#[source] serde_json::Error),
    #[error("the input has no `{0}`")]
    Missing(&'static str),
}

/// The largest input that is read, in bytes.
pub const LARGEST_INPUT: usize = 4 * 1024 * 1024;

impl CodingAgent {
    /// As it stands in rules and in events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
        }
    }

    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Claude Code",
            Self::Codex => "Codex",
        }
    }

    /// Codex numbers its turns; Claude Code numbers its prompts, and says how hard it thinks. Before the first prompt the
    /// name of the transcript tells them apart.
    fn of(fields: &Fields) -> Self {
        let transcript = fields.text("transcript_path").unwrap_or_default();
        let name = transcript.rsplit('/').next().unwrap_or_default();
        let claude = fields.0.contains_key("prompt_id") || fields.0.contains_key("effort");
        if !claude && (fields.text("turn_id").is_some() || name.starts_with("rollout-")) {
            Self::Codex
        } else {
            Self::ClaudeCode
        }
    }
}

impl HookInput {
    /// Reads what came on standard input.
    pub fn read(bytes: &[u8]) -> Result<Self, BadHookInput> {
        let error = if bytes.len() > LARGEST_INPUT {
            BadHookInput::TooLarge
        } else {
            match serde_json::from_slice(bytes) {
                Ok(fields) => return Self::of(&Fields(fields)),
                Err(error) => BadHookInput::NotJson(error),
            }
        };
        let text = String::from_utf8_lossy(bytes);
        if bytes.len() <= LARGEST_INPUT
            && let Ok(fields) = serde_json::from_str(&salvage::repaired(&text))
        {
            return Self::of(&Fields(fields));
        }
        Self::of_a_part(&Fields(salvage::outer_texts(&text)), error)
    }

    /// A call of a tool that cannot be read, but told from others; what is no such call is an error.
    fn of_a_part(fields: &Fields, error: BadHookInput) -> Result<Self, BadHookInput> {
        let event = match fields.text("hook_event_name").as_deref() {
            Some("PreToolUse") => ToolEvent::PreToolUse,
            Some("PermissionRequest") => ToolEvent::PermissionRequest,
            _ => return Err(error),
        };
        let moment = Moment::Unreadable {
            event,
            tool: fields.text("tool_name").unwrap_or_default(),
            why: error.to_string(),
        };
        Self::at(fields, moment)
    }

    fn of(fields: &Fields) -> Result<Self, BadHookInput> {
        Self::at(fields, Moment::of(fields)?)
    }

    fn at(fields: &Fields, moment: Moment) -> Result<Self, BadHookInput> {
        let kind = || fields.text("agent_type").unwrap_or_default();
        Ok(Self {
            agent: CodingAgent::of(fields),
            session: fields.required("session_id")?,
            title: fields.text("session_title"),
            folder: fields.required("cwd")?.into(),
            subagent: fields.text("agent_id").map(|id| (id, kind())),
            permission_mode: fields.text("permission_mode"),
            moment,
        })
    }

    /// Whose turn it is: a sub-agent's, or the session's own.
    #[must_use]
    pub fn whose(&self) -> Trace {
        Trace::of(self.subagent.as_ref().map_or("", |(id, _)| id))
    }
}

impl Moment {
    fn of(fields: &Fields) -> Result<Self, BadHookInput> {
        let text = |name| fields.text(name);
        Ok(match fields.required("hook_event_name")?.as_str() {
            "PreToolUse" => Self::PreToolUse(fields.call()?),
            "PermissionRequest" => Self::PermissionRequest {
                call: fields.call()?,
                rules: fields.session_rules(),
            },
            "PermissionDenied" => Self::PermissionDenied {
                call: fields.call()?,
                why: text("reason"),
            },
            "Elicitation" => fields.elicitation()?,
            "PostToolUse" | "PostToolUseFailure" => Self::ToolsDone(vec![fields.call()?]),
            "PostToolBatch" => Self::ToolsDone(fields.calls()),
            "UserPromptSubmit" => Self::PromptSubmitted,
            "SessionStart" => Self::SessionStarted {
                how: text("source"),
            },
            "SessionEnd" => Self::SessionEnded {
                why: text("reason"),
            },
            "Stop" => Self::Stopped {
                last: text("last_assistant_message"),
                again: fields.0.get("stop_hook_active") == Some(&Value::Bool(true)),
                background: fields.count("background_tasks"),
            },
            "StopFailure" => Self::StopFailed {
                error: text("error").unwrap_or_else(|| "unknown".to_owned()),
                details: text("error_details").or_else(|| text("last_assistant_message")),
            },
            "SubagentStop" => Self::SubagentStopped {
                last: text("last_assistant_message"),
            },
            "Notification" => Self::Notified {
                kind: text("notification_type"),
                message: text("message").unwrap_or_default(),
            },
            "PreCompact" => Self::Compacting {
                how: text("trigger"),
            },
            _ => Self::Other,
        })
    }
}

struct Fields(Map<String, Value>);

impl Fields {
    fn text(&self, name: &str) -> Option<String> {
        let text = self.0.get(name).and_then(Value::as_str);
        text.filter(|text| !text.trim().is_empty())
            .map(str::to_owned)
    }

    fn required(&self, name: &'static str) -> Result<String, BadHookInput> {
        self.text(name).ok_or(BadHookInput::Missing(name))
    }

    fn call(&self) -> Result<ToolCall, BadHookInput> {
        Ok(ToolCall {
            tool: self.required("tool_name")?,
            input: self.0.get("tool_input").cloned().unwrap_or(Value::Null),
        })
    }

    fn count(&self, name: &str) -> usize {
        self.0
            .get(name)
            .and_then(Value::as_array)
            .map_or(0, Vec::len)
    }

    fn elicitation(&self) -> Result<Moment, BadHookInput> {
        let what = match (self.0.get("requested_schema"), self.text("url")) {
            (Some(schema), _) => Elicited::Form(schema.clone()),
            (None, Some(url)) => Elicited::Page { url },
            (None, None) => return Ok(Moment::Other),
        };
        Ok(Moment::Elicitation {
            server: self.required("mcp_server_name")?,
            message: self.text("message").unwrap_or_default(),
            what,
        })
    }

    fn calls(&self) -> Vec<ToolCall> {
        let listed = self.0.get("tool_calls").and_then(Value::as_array);
        let objects = listed.into_iter().flatten().filter_map(Value::as_object);
        objects
            .filter_map(|call| Self(call.clone()).call().ok())
            .collect()
    }

    /// Only suggestions that add rules which allow: others change the mode or open folders.
    fn session_rules(&self) -> Vec<SessionRule> {
        let listed = self
            .0
            .get("permission_suggestions")
            .and_then(Value::as_array);
        let adds = listed
            .into_iter()
            .flatten()
            .filter(|one| one["type"] == "addRules" && one["behavior"] == "allow");
        let rules = adds.filter_map(|one| one["rules"].as_array()).flatten();
        rules
            .filter_map(|rule| {
                let content = rule.get("ruleContent");
                Some(SessionRule {
                    tool: rule["toolName"].as_str()?.to_owned(),
                    content: match content {
                        None | Some(Value::Null) => None,
                        Some(content) => Some(content.as_str()?.to_owned()),
                    },
                })
            })
            .collect()
    }
}
