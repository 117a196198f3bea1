//! The handle a test or the demo holds.

mod groups;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio::time::timeout_at;

use crate::api;
use crate::error::EmulatorError;
use crate::faults::Fault;
use crate::methods::Webhook;
use crate::model::Call;
use crate::model::CallbackAnswer;
use crate::model::Message;
use crate::model::User;
use crate::serve::Server;
use crate::shared::Shared;
use crate::world::Bot;
use crate::world::ChatState;
use crate::world::World;

/// How to start an emulator.
#[derive(Clone)]
pub struct Options {
    /// The bot's token, `<id>:<secret>`; the one that gets in.
    pub token: String,
    /// Without the `@`.
    pub bot_username: String,
    /// The name shown in the app.
    pub bot_name: String,
    /// Telegram's sending limits, and its throttle of repeated polls.
    pub limits: bool,
    /// Port on 127.0.0.1; 0 means any free one.
    pub port: u16,
}

impl Default for Options {
    /// Limits on, any port; the token is empty and has to be set.
    fn default() -> Self {
        Self {
            token: String::new(),
            bot_username: "cctelegram_demo_bot".to_owned(),
            bot_name: "CCTelegram".to_owned(),
            limits: true,
            port: 0,
        }
    }
}

/// A running emulator. Clones are the same emulator; it runs until [`Emulator::stop`] or the end
/// of the runtime.
#[derive(Clone)]
pub struct Emulator(Arc<Inner>);

/// Only the address: the token stays out of logs.
impl fmt::Debug for Emulator {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Emulator").field(&self.0.address).finish()
    }
}

struct Inner {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

#[expect(
    clippy::must_use_candidate,
    reason = "what people do has an effect; the id it returns is often not needed"
)]
impl Emulator {
    /// Binds 127.0.0.1 and serves. A token that Telegram would call malformed is an
    /// `InvalidInput` error.
    pub async fn start(options: Options) -> io::Result<Self> {
        let malformed = || io::Error::new(io::ErrorKind::InvalidInput, "malformed bot token");
        let id = api::bot_id(&options.token).ok_or_else(malformed)?;
        let bot = Bot {
            token: options.token,
            id,
            username: options.bot_username,
            name: options.bot_name,
            has_topics: false,
        };
        let shared = Arc::new(Shared::new(World::new(bot, options.limits)));
        let server = Server::start(Arc::clone(&shared), options.port).await?;
        let task = Mutex::new(Some(server.task));
        let inner = Inner {
            shared,
            address: server.address,
            stop: server.stop,
            task,
        };
        Ok(Self(Arc::new(inner)))
    }

    /// The base URL, what `TELEGRAM_API_URL` gets; also the page's address.
    pub fn url(&self) -> String {
        format!("http://{}", self.0.address)
    }

    /// The token that gets in now.
    pub fn token(&self) -> String {
        self.0.shared.read(|world| world.bot.token.clone())
    }

    /// Closes the port and every connection. The state can still be read.
    pub async fn stop(&self) {
        self.0.stop.send_replace(true);
        let task = self
            .0
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(task) = task {
            // A cancelled task means the runtime is ending anyway.
            drop(task.await);
        }
    }

    /// Adds a user, or renames one. There is no chat before the user has pressed Start.
    pub fn add_user(&self, user: User) {
        self.0.shared.change(|world| world.add_user(user));
    }

    /// The user pressed Start at some earlier time: the bot may write, but gets no update.
    pub fn open_chat(&self, user_id: i64) {
        self.0.shared.change(|world| world.open_chat(user_id));
    }

    /// The user types in the private chat, which opens (or unblocks) it. An unknown user is made
    /// up. Returns the message's id.
    pub fn send_text(&self, user_id: i64, text: &str) -> i64 {
        self.0
            .shared
            .change(|world| world.send_text(user_id, text, None))
    }

    /// Like [`Emulator::send_text`], in reply to a message.
    pub fn reply(&self, user_id: i64, to_message: i64, text: &str) -> i64 {
        self.0
            .shared
            .change(|world| world.send_text(user_id, text, Some(to_message)))
    }

    /// Presses the first inline button with that label in the user's private chat. Returns the
    /// callback query's id, for [`Emulator::answer`].
    pub fn press(
        &self,
        user_id: i64,
        message_id: i64,
        label: &str,
    ) -> Result<String, EmulatorError> {
        self.0
            .shared
            .change(|world| world.press_label(user_id, message_id, label))
    }

    /// What a modified client can do: any data, for any message in any chat.
    pub fn press_forged(&self, user_id: i64, chat_id: i64, message_id: i64, data: &str) -> String {
        self.0
            .shared
            .change(|world| world.press_data(user_id, chat_id, message_id, data))
    }

    /// What the bot said to a press, once it did.
    pub fn answer(&self, callback_id: &str) -> Option<CallbackAnswer> {
        self.0
            .shared
            .read(|world| world.presses.get(callback_id)?.answer.clone())
    }

    /// The user blocks the bot, which gets a `my_chat_member` update and 403 from now on.
    pub fn block(&self, user_id: i64) {
        self.0
            .shared
            .change(|world| world.set_blocked(user_id, ChatState::Blocked));
    }

    /// The user unblocks the bot.
    pub fn unblock(&self, user_id: i64) {
        self.0
            .shared
            .change(|world| world.set_blocked(user_id, ChatState::Open));
    }

    /// Queues any update, past `allowed_updates`, and gives it its `update_id`, which is returned.
    pub fn push_update(&self, update: Value) -> i64 {
        self.0.shared.change(|world| {
            let now = world.clock.now();
            world.updates.push_raw(update, now)
        })
    }

    /// A chat's messages, oldest first, deleted ones too.
    pub fn messages(&self, chat_id: i64) -> Vec<Message> {
        self.0.shared.read(|world| {
            let messages = world
                .messages
                .iter()
                .filter(|message| message.chat_id == chat_id);
            messages.cloned().collect()
        })
    }

    /// Every call in the order of arrival, the newest 50 000.
    pub fn calls(&self) -> Vec<Call> {
        self.0.shared.read(|world| world.calls.all())
    }

    /// How many calls of a method were answered with 200.
    pub fn count(&self, method: &str) -> usize {
        self.0.shared.read(|world| world.calls.count(method))
    }

    /// How many calls were answered with 429, by the limits or by a fault.
    pub fn refused_429(&self) -> usize {
        self.0.shared.read(|world| world.calls.refused_429)
    }

    /// Orders a fault for the next matching calls of known methods with the right token.
    pub fn fault(&self, fault: Fault) {
        self.0.shared.change(|world| world.faults.add(fault));
    }

    /// Takes back every fault that is left.
    pub fn clear_faults(&self) {
        self.0.shared.change(|world| world.faults.clear());
    }

    /// Switches the sending limits; what was counted before is forgotten.
    pub fn set_limits(&self, on: bool) {
        self.0
            .shared
            .change(|world| world.limits = crate::limits::Limits::new(on));
    }

    /// Revokes the token: the old one gets 401 from now on, a poll that waits too.
    pub fn set_token(&self, token: &str) {
        self.0
            .shared
            .change(|world| token.clone_into(&mut world.bot.token));
    }

    /// As if somebody had set a webhook: `getUpdates` gets 409.
    pub fn set_webhook_url(&self, url: &str) {
        let webhook = Webhook::at(url, None);
        self.0.shared.change(|world| world.webhook = webhook);
    }

    /// Moves the emulator's clock: updates and presses expire, limits refill, dates move.
    pub fn advance(&self, by: Duration) {
        self.0.shared.change(|world| world.clock.advance(by));
    }

    /// Updates the bot has not confirmed and that have not expired.
    pub fn pending_updates(&self) -> usize {
        self.0.shared.read(|world| {
            let now = world.clock.now();
            world.updates.pending(now)
        })
    }

    /// Asks at every change until there is an answer; none after `timeout`.
    pub async fn wait_until<T>(
        &self,
        mut what: impl FnMut(&Self) -> Option<T>,
        timeout: Duration,
    ) -> Option<T> {
        let deadline = Instant::now() + timeout;
        let mut changes = self.0.shared.changes();
        loop {
            changes.mark_unchanged();
            if let Some(found) = what(self) {
                return Some(found);
            }
            timeout_at(deadline, changes.changed()).await.ok()?.ok()?;
        }
    }
}
