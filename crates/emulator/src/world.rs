//! The whole state: people, chats, messages. What people do is in `actions`, what the bot does in
//! `methods`.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;

use crate::calls::Calls;
use crate::clock::Clock;
use crate::error::ApiError;
use crate::faults::Faults;
use crate::groups::GroupKind;
use crate::groups::GroupState;
use crate::groups::Topics;
use crate::limits::Limits;
use crate::methods::Webhook;
use crate::model::CallbackAnswer;
use crate::model::Document;
use crate::model::Message;
use crate::model::User;
use crate::params::Params;
use crate::updates::Updates;

/// Everything behind the lock.
pub(crate) struct World {
    pub(crate) bot: Bot,
    pub(crate) clock: Clock,
    pub(crate) people: BTreeMap<i64, Person>,
    /// By their negative ids.
    pub(crate) groups: BTreeMap<i64, GroupState>,
    pub(crate) topics: Topics,
    /// In the order of their ids.
    pub(crate) messages: Vec<Message>,
    pub(crate) updates: Updates,
    pub(crate) presses: HashMap<String, Press>,
    pub(crate) calls: Calls,
    pub(crate) faults: Faults,
    pub(crate) limits: Limits,
    pub(crate) webhook: Option<Webhook>,
    /// Command lists by scope and language.
    pub(crate) commands: BTreeMap<(String, String), Value>,
    /// When the bot last was "typing…" in a chat.
    pub(crate) typing: HashMap<i64, Duration>,
    next_message: i64,
    next_press: u64,
}

/// The bot as `getMe` shows it.
pub(crate) struct Bot {
    pub(crate) token: String,
    pub(crate) id: i64,
    pub(crate) username: String,
    pub(crate) name: String,
    /// Are there topics in private chats (Bot API 9.4; the owner of the bot switches them)?
    pub(crate) has_topics: bool,
}

pub(crate) struct Person {
    pub(crate) user: User,
    pub(crate) chat: ChatState,
}

/// How a private chat with the bot stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChatState {
    /// The user never pressed Start.
    NotStarted,
    Open,
    Blocked,
}

/// A pressed button.
pub(crate) struct Press {
    pub(crate) at: Duration,
    pub(crate) answer: Option<CallbackAnswer>,
}

impl World {
    pub(crate) fn new(bot: Bot, limits: bool) -> Self {
        Self {
            bot,
            clock: Clock::start(),
            people: BTreeMap::new(),
            groups: BTreeMap::new(),
            topics: Topics::default(),
            messages: Vec::new(),
            updates: Updates::new(),
            presses: HashMap::new(),
            calls: Calls::default(),
            faults: Faults::default(),
            limits: Limits::new(limits),
            webhook: None,
            commands: BTreeMap::new(),
            typing: HashMap::new(),
            next_message: 1,
            next_press: 1,
        }
    }

    /// A message that exists and was not deleted.
    pub(crate) fn message(&self, chat_id: i64, message_id: i64) -> Option<&Message> {
        let found = self
            .messages
            .binary_search_by_key(&message_id, |message| message.message_id);
        let message = found.ok().and_then(|index| self.messages.get(index))?;
        (message.chat_id == chat_id && !message.deleted).then_some(message)
    }

    pub(crate) fn message_mut(&mut self, chat_id: i64, message_id: i64) -> Option<&mut Message> {
        let found = self
            .messages
            .binary_search_by_key(&message_id, |message| message.message_id);
        let message = found.ok().and_then(|index| self.messages.get_mut(index))?;
        (message.chat_id == chat_id && !message.deleted).then_some(message)
    }

    /// The id of the next message or topic.
    pub(crate) fn next_id(&mut self) -> i64 {
        let id = self.next_message;
        self.next_message += 1;
        id
    }

    /// An empty message with the next id; [`World::post`] stores it.
    pub(crate) fn draft(&mut self, chat_id: i64, from_bot: bool) -> Message {
        let message_id = self.next_id();
        Message {
            message_id,
            chat_id,
            from_bot,
            sender: None,
            thread: None,
            date: self.clock.unix(),
            edit_date: None,
            text: None,
            entities: Vec::new(),
            keyboard: Vec::new(),
            document: None,
            photo: None,
            caption: None,
            reply_to: None,
            silent: false,
            protected: false,
            preview_disabled: false,
            reaction: None,
            deleted: false,
            edits: 0,
        }
    }

    pub(crate) fn post(&mut self, message: Message) {
        self.typing.remove(&message.chat_id);
        self.messages.push(message);
    }

    /// A new callback query's id.
    pub(crate) fn press(&mut self) -> String {
        let id = (4_000_000_000_000_000_000 + self.next_press).to_string();
        self.next_press += 1;
        self.presses.insert(
            id.clone(),
            Press {
                at: self.clock.now(),
                answer: None,
            },
        );
        id
    }

    pub(crate) fn file(&self, file_id: &str) -> Option<&Document> {
        let mut files = self
            .messages
            .iter()
            .filter_map(|m| m.document.as_ref().or(m.photo.as_ref()));
        files.find(|file| file.file_id == file_id)
    }

    /// The chat a call names, if the bot knows it.
    pub(crate) fn known_chat(&self, params: &Params) -> Result<i64, ApiError> {
        let Some(chat) = params.json("chat_id") else {
            return Err(ApiError::bad_request("chat_id is empty"));
        };
        let known = chat
            .as_i64()
            .filter(|id| self.people.contains_key(id) || self.groups.contains_key(id));
        known.ok_or_else(|| ApiError::bad_request("chat not found"))
    }

    /// The chat a call names, if the bot may write there.
    pub(crate) fn writable_chat(&self, params: &Params) -> Result<i64, ApiError> {
        let chat = self.known_chat(params)?;
        if let Some(group) = self.groups.get(&chat) {
            return match group {
                GroupState {
                    moved_to: Some(to), ..
                } => Err(ApiError::migrated(*to)),
                GroupState { has_bot: true, .. } => Ok(chat),
                GroupState { kind, .. } => {
                    let kind = if *kind == GroupKind::Basic {
                        "group"
                    } else {
                        "supergroup"
                    };
                    let what = format!("Forbidden: bot was kicked from the {kind} chat");
                    Err(ApiError::new(403, what))
                }
            };
        }
        match self
            .people
            .get(&chat)
            .map_or(ChatState::Open, |person| person.chat)
        {
            ChatState::Open => Ok(chat),
            ChatState::Blocked => Err(ApiError::new(403, "Forbidden: bot was blocked by the user")),
            ChatState::NotStarted => {
                let what = "Forbidden: bot can't initiate conversation with a user";
                Err(ApiError::new(403, what))
            }
        }
    }
}
