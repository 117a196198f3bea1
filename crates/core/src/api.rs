//! What is said over the local socket, in both directions.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::approval::AnswerForm;
use crate::file::FileName;
use crate::id::ApprovalId;
use crate::id::AttachmentId;
use crate::id::EnrolmentId;
use crate::id::EventId;
use crate::mode::Mode;
use crate::time::Timestamp;

/// The answer to a stored event.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Accepted {
    pub event_id: EventId,
    pub status: AcceptedAs,
    /// Held back because the bridge is mute.
    pub muted: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AcceptedAs {
    Stored,
    /// The same id was stored within the last 7 days.
    Duplicate,
}

/// The answer to a file that was handed over: events name it by its id.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FileTaken {
    pub attachment_id: AttachmentId,
    /// What it is called on the phone.
    pub name: FileName,
    pub size: u64,
    /// SHA-256 of the file as it came.
    pub sha256: String,
}

/// A request for a decision: an event of type `approval_request`, and how long it may wait.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AskRequest {
    pub event: Value,
    /// Seconds until the request expires; without it, it waits until somebody decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_s: Option<u64>,
    /// SHA-256 of what exactly is to be decided, hexadecimal; without it, of the event. The decision carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Seconds until people are told; a request that ends before that reaches nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_s: Option<u64>,
    /// What it takes as its answer beside a press on one option.
    #[serde(default)]
    pub form: AnswerForm,
    /// Whoever asks waits for the end on a connection that names this request in `attend`; when nobody has for ten seconds,
    /// it is withdrawn.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub attended: bool,
    /// Seconds from then until people are told once more; 0 for never. Without it, ten minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind_s: Option<u64>,
}

/// The answer to a stored request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Asked {
    pub approval_id: ApprovalId,
    pub event_id: EventId,
    pub muted: bool,
}

/// What somebody wrote in reply to a request that they decided.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReplyStatus {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The requests that were settled by what was seen in a session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SettledList {
    pub settled: Vec<ApprovalId>,
}

/// A wait for a person's next reply to what an agent's session sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReplyWait {
    /// Names this wait. Asking again with it gives the same reply again, so that none is lost on the way.
    pub claim: Uuid,
    /// Only replies to this event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    pub waiter: Waiter,
    /// Seconds to wait.
    pub wait_s: u64,
}

/// What waits for a reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Waiter {
    /// A tool that the agent called for it.
    Tool,
    /// The end of a turn, while the mode is `nomad`. `continues` counts the turns in a row that replies continued, with
    /// this one.
    Turn { continues: u32 },
    /// A channel that pushes replies to the agent whenever they come; everybody else goes before it.
    Channel,
}

/// What came of a wait.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ReplyHeard {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<ResponseEntry>,
    /// The title of what it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// How many turns of a session in a row were continued with replies.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TurnsContinued {
    pub continued: u32,
}

/// Where a request stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ApprovalStatus {
    pub approval_id: ApprovalId,
    pub event_id: EventId,
    pub digest: String,
    pub options: Vec<String>,
    pub expires: Option<Timestamp>,
    #[serde(flatten)]
    pub state: crate::approval::State,
    /// What a program reads; absent while nobody has decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
    /// The label that was pressed, the labels that were marked, or what was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
}

/// The mode in force and where it comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ModeStatus {
    pub mode: Mode,
    pub set_by: ModeSource,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// In `nomad`, the end of an agent's turn waits so many seconds for a reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for_reply_s: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModeSource {
    Setting,
    Switch,
}

/// A switch of mode; without a span it lasts until the next one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ModeRequest {
    pub mode: Mode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_s: Option<u64>,
}

/// One message that is not delivered yet, or never will be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QueueEntry {
    pub id: i64,
    pub event_id: Option<EventId>,
    pub chat: i64,
    pub what: String,
    pub title: String,
    pub state: String,
    pub attempts: u32,
    pub queued: Timestamp,
    /// When it is tried next; absent when never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One message of the queue with everything that is stored of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct QueueItem {
    #[serde(flatten)]
    pub entry: QueueEntry,
    /// How many of its parts were sent, where it is longer than one message.
    pub parts_sent: u32,
    /// When it was sent, given up or dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    /// What is to be done, as stored.
    pub work: Value,
    /// The event that it tells of, as stored: secrets are masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Value>,
}

/// What came of trying messages again.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Retried {
    pub retried: Vec<Moved>,
    /// Those that stay as they are, and why.
    pub kept: Vec<Kept>,
}

/// A message that was queued anew.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Moved {
    pub id: i64,
    /// `waiting`, or `held` while the bridge is mute.
    pub state: String,
}

/// A message that stays as it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Kept {
    pub id: i64,
    pub reason: String,
}

/// What came of dropping a message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Dropped {
    pub id: i64,
    /// The request for a decision that is withdrawn because nobody has a copy of it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<ApprovalId>,
}

/// How the bridge is doing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Status {
    pub version: String,
    pub pid: u32,
    pub home: String,
    /// The key file, and the id of the key in it.
    #[serde(default)]
    pub key_file: String,
    #[serde(default)]
    pub key_id: String,
    pub started: Timestamp,
    pub bot: Option<String>,
    pub mode: ModeStatus,
    pub healthy: bool,
    /// What is wrong, one sentence each.
    pub problems: Vec<String>,
    /// Recipients that cannot be written to at present, one sentence each; the others get everything.
    #[serde(default)]
    pub parked: Vec<String>,
    /// Settings that are read but whose feature is not in this version.
    pub not_in_effect: Vec<String>,
    pub waiting: u64,
    pub held: u64,
    pub dead: u64,
    pub pending_approvals: u64,
    pub delivered: u64,
    pub allowed_users: u64,
    pub health_address: String,
    /// When Telegram was last heard from.
    #[serde(default)]
    pub heard: Option<Timestamp>,
}

/// One answer of a person: a decision, a text, a command, or that a request ended without any.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ResponseEntry {
    /// Later answers have higher numbers.
    pub id: i64,
    /// The file in `responses/` that says the same.
    pub file: String,
    pub answer: Value,
}

/// Answers, the oldest first.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ResponsePage {
    pub responses: Vec<ResponseEntry>,
    /// The number of the newest answer that there is; 0 if there is none.
    pub newest: i64,
}

/// A group to be enrolled, for these projects; for all if none is named.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct EnrolRequest {
    #[serde(default)]
    pub projects: BTreeSet<String>,
}

/// An enrolment that was begun. Whoever has the code can ask for it, an allowed person decides.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EnrolStarted {
    pub enrolment_id: EnrolmentId,
    /// Adds the bot to a group and hands it the code; absent while the bot's name is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// What to write in the group instead.
    pub command: String,
    pub expires: Timestamp,
}

/// Where an enrolment stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EnrolStatus {
    pub enrolment_id: EnrolmentId,
    pub state: EnrolState,
    /// The group that the code came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<i64>,
}

/// How far an enrolment got.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EnrolState {
    /// The code was not used yet.
    Open,
    /// The code came from a group; allowed people are asked.
    Asked,
    Enrolled,
    Refused,
    Expired,
    /// Taken back at the terminal.
    Withdrawn,
}

/// A group that is enrolled.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChatEntry {
    pub chat: i64,
    pub title: String,
    /// Empty means all.
    pub projects: BTreeSet<String>,
    pub forum: bool,
    pub enrolled: Timestamp,
    pub enrolled_by: i64,
    /// The bot is not in the group any more.
    pub away: bool,
}

/// An answer that is not what was asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Problem {
    /// A stable word for programs: `invalid_event`, `queue_full`, `nobody`, `not_found`, `internal`.
    pub code: String,
    /// What is wrong and what to do, for people.
    pub message: String,
    /// The field that is wrong, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}
