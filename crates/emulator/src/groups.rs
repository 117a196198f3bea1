//! Groups as their members see them: who is in, topics, what members write, the move to a supergroup.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::error::EmulatorError;
use crate::render;
use crate::world::World;

/// The account in whose name anonymous administrators write (Bot API, `Message.from`).
pub(crate) const ANONYMOUS_ADMIN: i64 = 1_087_968_824;

/// What kind of group it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupKind {
    /// A small group, which may become a supergroup with another id.
    Basic,
    /// A supergroup without topics.
    Supergroup,
    /// A supergroup with topics.
    Forum,
}

/// A topic of a forum, or of a private chat with topics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Topic {
    /// `message_thread_id`.
    pub thread: i64,
    /// As the bot named it.
    pub name: String,
    /// Nobody but administrators writes there.
    pub closed: bool,
}

/// What a member writes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Post {
    /// The text.
    pub text: String,
    /// The message it answers.
    pub reply_to: Option<i64>,
    /// The topic it is written in.
    pub thread: Option<i64>,
    /// An administrator writes in the group's name.
    pub anonymous: bool,
    /// The words are somebody else's.
    pub forwarded: bool,
}

/// A group behind the lock.
#[derive(Debug, Clone)]
pub(crate) struct GroupState {
    pub(crate) title: String,
    pub(crate) kind: GroupKind,
    pub(crate) members: BTreeSet<i64>,
    /// Is the bot a member?
    pub(crate) has_bot: bool,
    /// May the bot create topics?
    pub(crate) bot_manages_topics: bool,
    /// The supergroup that took its place.
    pub(crate) moved_to: Option<i64>,
}

impl GroupState {
    /// A group with the bot and nobody else in it.
    pub(crate) fn new(title: &str, kind: GroupKind) -> Self {
        Self {
            title: title.to_owned(),
            kind,
            members: BTreeSet::new(),
            has_bot: true,
            bot_manages_topics: true,
            moved_to: None,
        }
    }
}

/// Topics by chat and thread.
#[derive(Default)]
pub(crate) struct Topics(BTreeMap<(i64, i64), Topic>);

impl Topics {
    pub(crate) fn of(&self, chat: i64) -> Vec<Topic> {
        let range = (chat, i64::MIN)..=(chat, i64::MAX);
        self.0
            .range(range)
            .map(|(_, topic)| topic.clone())
            .collect()
    }

    pub(crate) fn get(&self, chat: i64, thread: i64) -> Option<&Topic> {
        self.0.get(&(chat, thread))
    }

    pub(crate) fn add(&mut self, chat: i64, topic: Topic) {
        self.0.insert((chat, topic.thread), topic);
    }
}

impl World {
    fn group(&mut self, chat_id: i64) -> Result<&mut GroupState, EmulatorError> {
        self.groups
            .get_mut(&chat_id)
            .ok_or(EmulatorError::NoSuchGroup(chat_id))
    }

    /// Adds a supergroup with the bot in it, or renames one.
    pub(crate) fn open_group(&mut self, chat_id: i64, title: &str) {
        let group = GroupState::new(title, GroupKind::Supergroup);
        self.groups.insert(chat_id, group);
    }

    pub(crate) fn add_group(
        &mut self,
        chat_id: i64,
        title: &str,
        kind: GroupKind,
        members: &[i64],
    ) -> Result<(), EmulatorError> {
        let mut group = GroupState::new(title, kind);
        group.has_bot = false;
        self.groups.insert(chat_id, group);
        for member in members {
            self.add_member(chat_id, *member)?;
        }
        Ok(())
    }

    pub(crate) fn add_member(&mut self, chat_id: i64, user_id: i64) -> Result<(), EmulatorError> {
        if !self.people.contains_key(&user_id) {
            return Err(EmulatorError::UnknownUser(user_id));
        }
        self.group(chat_id)?.members.insert(user_id);
        Ok(())
    }

    /// A member adds the bot or throws it out, which the bot is told.
    pub(crate) fn set_bot_membership(
        &mut self,
        chat_id: i64,
        by: i64,
        is_in: bool,
    ) -> Result<(), EmulatorError> {
        self.check_member(chat_id, by)?;
        let group = self.group(chat_id)?;
        let was_in = std::mem::replace(&mut group.has_bot, is_in);
        if was_in == is_in {
            return Ok(());
        }
        let status = |is_in| if is_in { "member" } else { "kicked" };
        let member = |world: &Self, is_in| {
            let mut member = json!({ "user": render::bot(world), "status": status(is_in) });
            render::insert(&mut member, "until_date", (!is_in).then_some(0));
            member
        };
        let update = json!({
            "chat": render::chat(self, chat_id),
            "from": self.user(by)?,
            "date": self.clock.unix(),
            "old_chat_member": member(self, was_in),
            "new_chat_member": member(self, is_in),
        });
        let now = self.clock.now();
        self.updates.push("my_chat_member", update, now);
        Ok(())
    }

    /// Writes in a group. The bot gets what privacy mode lets through: replies to its messages, commands addressed to
    /// it, and bare commands once it has written there itself (Bot API, "Privacy mode").
    pub(crate) fn post_in_group(
        &mut self,
        chat_id: i64,
        user_id: i64,
        post: &Post,
    ) -> Result<i64, EmulatorError> {
        self.check_member(chat_id, user_id)?;
        if let Some(thread) = post.thread
            && self.topics.get(chat_id, thread).is_none()
        {
            return Err(EmulatorError::NoSuchTopic(thread));
        }
        let mut message = self.draft(chat_id, false);
        message.sender = (!post.anonymous).then_some(user_id);
        message.text = Some(post.text.clone());
        message.entities = crate::actions::command_entity(&post.text)
            .into_iter()
            .collect();
        message.reply_to = post.reply_to;
        message.thread = post.thread;
        let id = message.message_id;
        let mut update = render::message(self, &message);
        if post.anonymous {
            let sender = render::chat(self, chat_id);
            render::insert(&mut update, "sender_chat", Some(sender));
        }
        if post.forwarded {
            let origin = json!({ "type": "hidden_user", "sender_user_name": "Somebody", "date": self.clock.unix() });
            render::insert(&mut update, "forward_origin", Some(origin));
        }
        self.post(message);
        if self.reaches_bot(chat_id, post) {
            let now = self.clock.now();
            self.updates.push("message", update, now);
        }
        Ok(id)
    }

    fn reaches_bot(&self, chat_id: i64, post: &Post) -> bool {
        if !self.groups.get(&chat_id).is_some_and(|group| group.has_bot) {
            return false;
        }
        let answered = post.reply_to.and_then(|id| self.message(chat_id, id));
        if answered.is_some_and(|message| message.from_bot) {
            return true;
        }
        let Some(command) = post.text.strip_prefix('/') else {
            return false;
        };
        let head = command.split_whitespace().next().unwrap_or_default();
        match head.split_once('@') {
            Some((_, name)) => name.eq_ignore_ascii_case(&self.bot.username),
            None => self
                .messages
                .iter()
                .any(|message| message.chat_id == chat_id && message.from_bot),
        }
    }

    /// A member presses the first button with that label.
    pub(crate) fn press_in_group(
        &mut self,
        chat_id: i64,
        user_id: i64,
        message_id: i64,
        label: &str,
    ) -> Result<String, EmulatorError> {
        self.check_member(chat_id, user_id)?;
        let data = self.button_data(chat_id, message_id, label)?;
        Ok(self.press_data(user_id, chat_id, message_id, &data))
    }

    /// A small group becomes a supergroup: both chats say so, and calls to the old one are told the new id.
    pub(crate) fn migrate_group(&mut self, chat_id: i64, to: i64) -> Result<(), EmulatorError> {
        let group = self.group(chat_id)?;
        if group.kind != GroupKind::Basic || group.moved_to.is_some() {
            return Err(EmulatorError::CannotMove(chat_id));
        }
        group.moved_to = Some(to);
        let mut moved = group.clone();
        (moved.kind, moved.moved_to) = (GroupKind::Supergroup, None);
        self.groups.insert(to, moved);
        for (chat, name, other) in [
            (chat_id, "migrate_to_chat_id", to),
            (to, "migrate_from_chat_id", chat_id),
        ] {
            let message = self.draft(chat, false);
            let mut update = render::message(self, &message);
            render::insert(&mut update, name, Some(other));
            let sender = render::chat(self, chat);
            render::insert(&mut update, "sender_chat", Some(sender));
            let now = self.clock.now();
            self.updates.push("message", update, now);
        }
        Ok(())
    }

    pub(crate) fn close_topic(
        &mut self,
        chat_id: i64,
        thread: i64,
        closed: bool,
    ) -> Result<(), EmulatorError> {
        let topic = self.topics.0.get_mut(&(chat_id, thread));
        topic.ok_or(EmulatorError::NoSuchTopic(thread))?.closed = closed;
        Ok(())
    }

    pub(crate) fn delete_topic(&mut self, chat_id: i64, thread: i64) -> Result<(), EmulatorError> {
        let gone = self.topics.0.remove(&(chat_id, thread));
        gone.map(drop).ok_or(EmulatorError::NoSuchTopic(thread))
    }

    pub(crate) fn set_topic_rights(
        &mut self,
        chat_id: i64,
        allowed: bool,
    ) -> Result<(), EmulatorError> {
        self.group(chat_id)?.bot_manages_topics = allowed;
        Ok(())
    }

    fn check_member(&self, chat_id: i64, user_id: i64) -> Result<(), EmulatorError> {
        let group = self
            .groups
            .get(&chat_id)
            .ok_or(EmulatorError::NoSuchGroup(chat_id))?;
        if group.members.contains(&user_id) {
            Ok(())
        } else {
            Err(EmulatorError::NotAMember { chat_id, user_id })
        }
    }

    fn user(&self, user_id: i64) -> Result<Value, EmulatorError> {
        let person = self.people.get(&user_id);
        person
            .map(|person| render::user(&person.user))
            .ok_or(EmulatorError::UnknownUser(user_id))
    }
}
