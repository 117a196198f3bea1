//! Groups and topics, for whoever holds the handle.

use super::Emulator;
use crate::error::EmulatorError;
use crate::groups::GroupKind;
use crate::groups::Post;
use crate::groups::Topic;

#[expect(
    clippy::must_use_candidate,
    reason = "what people do has an effect; the id it returns is often not needed"
)]
impl Emulator {
    /// Adds a supergroup that the bot is a member of; its id is negative.
    pub fn open_group(&self, chat_id: i64, title: &str) {
        self.0
            .shared
            .change(|world| world.open_group(chat_id, title));
    }

    /// Adds a group with these members and without the bot; its id is negative.
    pub fn add_group(
        &self,
        chat_id: i64,
        title: &str,
        kind: GroupKind,
        members: &[i64],
    ) -> Result<(), EmulatorError> {
        self.0
            .shared
            .change(|world| world.add_group(chat_id, title, kind, members))
    }

    /// A known user joins a group.
    pub fn add_member(&self, chat_id: i64, user_id: i64) -> Result<(), EmulatorError> {
        self.0
            .shared
            .change(|world| world.add_member(chat_id, user_id))
    }

    /// A member adds the bot, which gets a `my_chat_member` update.
    pub fn add_bot(&self, chat_id: i64, by: i64) -> Result<(), EmulatorError> {
        self.0
            .shared
            .change(|world| world.set_bot_membership(chat_id, by, true))
    }

    /// A member throws the bot out, which gets a `my_chat_member` update and 403 from now on.
    pub fn remove_bot(&self, chat_id: i64, by: i64) -> Result<(), EmulatorError> {
        self.0
            .shared
            .change(|world| world.set_bot_membership(chat_id, by, false))
    }

    /// A member writes a text. The bot gets it if privacy mode lets it through. Returns the message's id.
    pub fn say_in_group(
        &self,
        chat_id: i64,
        user_id: i64,
        text: &str,
    ) -> Result<i64, EmulatorError> {
        let post = Post {
            text: text.to_owned(),
            ..Post::default()
        };
        self.post_in_group(chat_id, user_id, &post)
    }

    /// Like [`Emulator::say_in_group`], with all that a message can have.
    pub fn post_in_group(
        &self,
        chat_id: i64,
        user_id: i64,
        post: &Post,
    ) -> Result<i64, EmulatorError> {
        self.0
            .shared
            .change(|world| world.post_in_group(chat_id, user_id, post))
    }

    /// A member presses the first button with that label. Returns the callback query's id.
    pub fn press_in_group(
        &self,
        chat_id: i64,
        user_id: i64,
        message_id: i64,
        label: &str,
    ) -> Result<String, EmulatorError> {
        self.0
            .shared
            .change(|world| world.press_in_group(chat_id, user_id, message_id, label))
    }

    /// A small group becomes the supergroup `to`.
    pub fn migrate_group(&self, chat_id: i64, to: i64) -> Result<(), EmulatorError> {
        self.0
            .shared
            .change(|world| world.migrate_group(chat_id, to))
    }

    /// The topics of a chat.
    pub fn topics(&self, chat_id: i64) -> Vec<Topic> {
        self.0.shared.read(|world| world.topics.of(chat_id))
    }

    /// An administrator closes a topic, or opens it again.
    pub fn close_topic(
        &self,
        chat_id: i64,
        thread: i64,
        closed: bool,
    ) -> Result<(), EmulatorError> {
        self.0
            .shared
            .change(|world| world.close_topic(chat_id, thread, closed))
    }

    /// An administrator deletes a topic.
    pub fn delete_topic(&self, chat_id: i64, thread: i64) -> Result<(), EmulatorError> {
        self.0
            .shared
            .change(|world| world.delete_topic(chat_id, thread))
    }

    /// Gives or takes the bot's right to create topics in a group.
    pub fn set_topic_rights(&self, chat_id: i64, allowed: bool) -> Result<(), EmulatorError> {
        self.0
            .shared
            .change(|world| world.set_topic_rights(chat_id, allowed))
    }

    /// Topics in private chats, as the owner of the bot switches them.
    pub fn set_private_topics(&self, on: bool) {
        self.0.shared.change(|world| world.bot.has_topics = on);
    }
}
