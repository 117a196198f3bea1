//! The Bot API's methods that the bridge uses.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cctelegram_core::delivery::Outcome;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_core::id::ThreadId;
use cctelegram_core::message::Body;
use cctelegram_core::message::Document;
use cctelegram_core::message::Keyboard;
use cctelegram_core::message::Outgoing;
use cctelegram_core::time::Timestamp;
use cctelegram_crypto::Secret;
use serde_json::Value;
use serde_json::json;
use serde_json::value::RawValue;

use crate::answer::CallFailure;
use crate::error::CallError;
use crate::number::whole;
use crate::options::BadOptions;
use crate::options::Options;
use crate::outcome::Attempt;
use crate::outcome::TopicRefused;
use crate::outcome::blames_entities;
use crate::outcome::outcome;
use crate::raw::RawUpdate;
use crate::request;
use crate::request::Formatting;
use crate::transport::CALL_TIMEOUT;
use crate::transport::Transport;

/// A bot at the Bot API. Cloning it is cheap, and the clones share their connections.
#[derive(Clone)]
pub struct Client {
    transport: Arc<Transport>,
}

/// The bot itself, as `getMe` describes it. What an older server leaves out is unknown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bot {
    pub id: i64,
    pub username: Option<String>,
    pub first_name: String,
    pub can_join_groups: Option<bool>,
    pub can_read_all_group_messages: Option<bool>,
    pub supports_inline_queries: Option<bool>,
    /// Do private chats with the bot have topics?
    pub has_topics_enabled: Option<bool>,
}

/// How a message is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SendOptions {
    /// Without a sound.
    pub silent: bool,
    /// The message of the same chat that it answers; if that is gone it is sent all the same.
    pub reply_to: Option<MessageId>,
    /// The topic that it belongs to.
    pub thread: Option<ThreadId>,
}

/// How the answer to a pressed button is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallbackStyle {
    /// A line that passes.
    Toast,
    /// A window that has to be closed.
    Window,
}

/// The update types that are handled. The server remembers the list, so it is sent with every poll.
const ALLOWED_UPDATES: [&str; 4] = [
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
];
/// The most updates that one poll returns (Bot API, `getUpdates`).
const UPDATES_PER_POLL: u32 = 100;
/// How much longer than Telegram itself a poll is waited for.
const POLL_MARGIN_S: u64 = 10;
/// The longest name of a topic (Bot API, `createForumTopic`).
const LONGEST_TOPIC_NAME: usize = 128;
/// The longest answer to a pressed button (Bot API, `answerCallbackQuery`).
const LONGEST_CALLBACK_ANSWER: usize = 200;

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("bot_id", &self.bot_id())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Checks the options and prepares the connection; nothing is sent yet.
    pub fn new(options: Options) -> Result<Self, BadOptions> {
        let transport = Arc::new(Transport::new(options.check()?)?);
        Ok(Self { transport })
    }

    /// Is this the token that the client speaks with?
    #[must_use]
    pub fn has_token(&self, token: &Secret<String>) -> bool {
        self.transport.has_token(token)
    }

    /// The bot's own id: the first part of its token.
    #[must_use]
    pub fn bot_id(&self) -> i64 {
        self.transport.bot_id()
    }

    pub async fn get_me(&self) -> Result<Bot, CallError> {
        let me = self.value("getMe", &json!({})).await?;
        let text = |name| me.get(name).and_then(Value::as_str).map(str::to_owned);
        let flag = |name| me.get(name).and_then(Value::as_bool);
        let id = me.get("id").and_then(whole);
        Ok(Bot {
            id: id.ok_or_else(|| unreadable("the bot has no id"))?,
            username: text("username"),
            first_name: text("first_name").unwrap_or_default(),
            can_join_groups: flag("can_join_groups"),
            can_read_all_group_messages: flag("can_read_all_group_messages"),
            supports_inline_queries: flag("supports_inline_queries"),
            has_topics_enabled: flag("has_topics_enabled"),
        })
    }

    /// What the server's clock says, in whole seconds; nothing where it does not tell.
    pub async fn server_time(&self) -> Result<Option<Timestamp>, CallError> {
        Ok(self.transport.server_time().await?)
    }

    /// Waits up to `timeout_s` seconds (Telegram itself stops at 50) for updates. An offset confirms every update below
    /// it. An update that has no readable id cannot be confirmed and is left out.
    pub async fn get_updates(
        &self,
        offset: Option<i64>,
        timeout_s: u64,
    ) -> Result<Vec<RawUpdate>, CallError> {
        let mut parameters = json!({
            "limit": UPDATES_PER_POLL,
            "timeout": timeout_s,
            "allowed_updates": ALLOWED_UPDATES,
        });
        if let (Some(offset), Value::Object(map)) = (offset, &mut parameters) {
            map.insert("offset".to_owned(), json!(offset));
        }
        let patience = Duration::from_secs(timeout_s.saturating_add(POLL_MARGIN_S));
        let result = self
            .transport
            .call("getUpdates", &parameters, patience)
            .await?;
        let updates: Vec<&RawValue> =
            serde_json::from_str(&result).map_err(|_| unreadable("the updates are not a list"))?;
        Ok(updates.into_iter().filter_map(RawUpdate::read).collect())
    }

    /// Sends a message. If the server blames the formatting, the text is sent once more without it.
    pub async fn send(&self, chat: ChatId, message: &Outgoing, options: SendOptions) -> Outcome {
        let mut sent = self
            .try_send(chat, message, options, Formatting::Kept)
            .await;
        if sent.as_ref().is_err_and(blames_entities) {
            sent = self
                .try_send(chat, message, options, Formatting::Dropped)
                .await;
        }
        match sent.map(|result| message_id(&result)) {
            Ok(Some(message)) => Outcome::Sent(message),
            Ok(None) => Outcome::Retry {
                cause: "the sent message has no id".to_owned(),
            },
            Err(failure) => outcome(failure, Attempt::Send(chat)),
        }
    }

    /// Changes the text and the buttons of a message that the bot sent; without a keyboard the buttons go.
    pub async fn edit(
        &self,
        chat: ChatId,
        message: MessageId,
        body: &Body,
        keyboard: Option<&Keyboard>,
    ) -> Outcome {
        let edit = |formatting| request::edit_text(chat, message, body, keyboard, formatting);
        let mut edited = self.call("editMessageText", &edit(Formatting::Kept)).await;
        if edited.as_ref().is_err_and(blames_entities) {
            edited = self
                .call("editMessageText", &edit(Formatting::Dropped))
                .await;
        }
        match edited {
            Ok(_) => Outcome::Sent(message),
            Err(failure) => outcome(failure, Attempt::Edit(chat, message)),
        }
    }

    /// Makes a topic. The name is cut to what a topic may have; one without a visible character is refused.
    pub async fn create_topic(&self, chat: ChatId, name: &Body) -> Result<ThreadId, TopicRefused> {
        let parameters = json!({
            "chat_id": chat.0,
            "name": request::cut(name.text().trim(), LONGEST_TOPIC_NAME),
        });
        let made = self.call("createForumTopic", &parameters).await;
        let made = made.map_err(TopicRefused::from)?;
        let topic: Option<Value> = serde_json::from_str(&made).ok();
        let thread = topic.and_then(|topic| topic.get("message_thread_id").and_then(whole));
        let unreadable = || TopicRefused::NotNow("the new topic has no id".to_owned());
        thread.map(ThreadId).ok_or_else(unreadable)
    }

    /// Ends the waiting of a pressed button. It is no error when Telegram waits no longer: the press was received.
    pub async fn answer_callback(
        &self,
        callback_id: &str,
        text: &Body,
        style: CallbackStyle,
    ) -> Result<(), CallError> {
        let parameters = json!({
            "callback_query_id": callback_id,
            "text": request::cut(text.text(), LONGEST_CALLBACK_ANSWER),
            "show_alert": style == CallbackStyle::Window,
        });
        match self.call("answerCallbackQuery", &parameters).await {
            Err(CallFailure::Answered {
                code: 400,
                description,
                ..
            }) if description.to_lowercase().contains("query is too old") => Ok(()),
            answered => answered.map(drop).map_err(CallError::from),
        }
    }

    /// Sets the commands that people's apps offer: name (without the slash) and description.
    pub async fn set_commands(&self, commands: &[(&str, &str)]) -> Result<(), CallError> {
        let command = |(name, text): &(&str, &str)| json!({ "command": name, "description": text });
        let commands: Value = commands.iter().map(command).collect();
        self.call("setMyCommands", &json!({ "commands": commands }))
            .await?;
        Ok(())
    }

    /// Where Telegram delivers updates instead of waiting for polls.
    pub async fn webhook_url(&self) -> Result<Option<String>, CallError> {
        let info = self.value("getWebhookInfo", &json!({})).await?;
        let url = info.get("url").and_then(Value::as_str).unwrap_or_default();
        Ok((!url.is_empty()).then(|| url.to_owned()))
    }

    /// Makes polling possible again; waiting updates stay.
    pub async fn delete_webhook(&self) -> Result<(), CallError> {
        self.call("deleteWebhook", &json!({ "drop_pending_updates": false }))
            .await?;
        Ok(())
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    async fn call(&self, method: &str, parameters: &Value) -> Result<String, CallFailure> {
        self.transport.call(method, parameters, CALL_TIMEOUT).await
    }

    async fn value(&self, method: &str, parameters: &Value) -> Result<Value, CallError> {
        let result = self.call(method, parameters).await?;
        serde_json::from_str(&result).map_err(|_| unreadable("the result is not readable"))
    }

    async fn try_send(
        &self,
        chat: ChatId,
        message: &Outgoing,
        options: SendOptions,
        formatting: Formatting,
    ) -> Result<String, CallFailure> {
        match message {
            Outgoing::Text { body, keyboard } => {
                let call = request::send_text(chat, body, keyboard.as_ref(), options, formatting);
                self.call("sendMessage", &call).await
            }
            Outgoing::Document { document, caption } => {
                self.send_document(chat, (document, caption), options, formatting)
                    .await
            }
        }
    }

    async fn send_document(
        &self,
        chat: ChatId,
        (document, caption): (&Document, &Body),
        options: SendOptions,
        formatting: Formatting,
    ) -> Result<String, CallFailure> {
        let form = request::send_document(chat, document, caption, options, formatting)
            .map_err(|error| CallFailure::Unreachable(error.without_url().to_string()))?;
        let call = self
            .transport
            .post("sendDocument", CALL_TIMEOUT)
            .multipart(form);
        self.transport.exchange(call).await
    }
}

fn unreadable(reason: &str) -> CallError {
    CallError::Unreachable(reason.to_owned())
}

pub(crate) fn message_id(result: &str) -> Option<MessageId> {
    let message: Value = serde_json::from_str(result).ok()?;
    message.get("message_id").and_then(whole).map(MessageId)
}
