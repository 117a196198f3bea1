//! What people do in the app: start, type, press, block.

use serde_json::Value;
use serde_json::json;

use crate::error::EmulatorError;
use crate::model::User;
use crate::render;
use crate::world::ChatState;
use crate::world::Person;
use crate::world::World;

impl World {
    /// Adds a user, or renames one; the state of the chat stays.
    pub(crate) fn add_user(&mut self, user: User) {
        let chat = self
            .people
            .get(&user.id)
            .map_or(ChatState::NotStarted, |person| person.chat);
        self.people.insert(user.id, Person { user, chat });
    }

    /// The person, made up if unknown.
    fn person(&mut self, user_id: i64) -> &mut Person {
        self.people.entry(user_id).or_insert_with(|| {
            let first_name = format!("User {user_id}");
            let user = User {
                id: user_id,
                first_name,
                username: None,
            };
            Person {
                user,
                chat: ChatState::NotStarted,
            }
        })
    }

    pub(crate) fn open_chat(&mut self, user_id: i64) {
        self.person(user_id).chat = ChatState::Open;
    }

    /// Sends a text from a person, which starts or unblocks the bot first.
    pub(crate) fn send_text(&mut self, user_id: i64, text: &str, reply_to: Option<i64>) -> i64 {
        if self.person(user_id).chat == ChatState::Blocked {
            self.set_blocked(user_id, ChatState::Open);
        }
        self.open_chat(user_id);
        let mut message = self.draft(user_id, false);
        message.text = Some(text.to_owned());
        message.entities = command_entity(text).into_iter().collect();
        message.reply_to = reply_to;
        let id = message.message_id;
        let update = render::message(self, &message);
        self.post(message);
        let now = self.clock.now();
        self.updates.push("message", update, now);
        id
    }

    /// Presses the first button with that label.
    pub(crate) fn press_label(
        &mut self,
        user_id: i64,
        message_id: i64,
        label: &str,
    ) -> Result<String, EmulatorError> {
        if !self.people.contains_key(&user_id) {
            return Err(EmulatorError::UnknownUser(user_id));
        }
        let data = self.button_data(user_id, message_id, label)?;
        Ok(self.press_data(user_id, user_id, message_id, &data))
    }

    /// What the first button with that label sends back.
    pub(crate) fn button_data(
        &self,
        chat_id: i64,
        message_id: i64,
        label: &str,
    ) -> Result<String, EmulatorError> {
        let message = self.message(chat_id, message_id);
        let message = message.ok_or(EmulatorError::NoSuchMessage {
            user_id: chat_id,
            message_id,
        })?;
        let mut buttons = message.keyboard.iter().flatten();
        let Some(button) = buttons.find(|button| button.text == label) else {
            let buttons = message.keyboard.iter().flatten();
            return Err(EmulatorError::NoSuchButton {
                message_id,
                label: label.to_owned(),
                labels: buttons.map(|button| button.text.clone()).collect(),
            });
        };
        let data = button.callback_data.clone();
        data.ok_or_else(|| EmulatorError::NotACallback(label.to_owned()))
    }

    /// Sends a callback query with any data, as a modified client can.
    pub(crate) fn press_data(
        &mut self,
        user_id: i64,
        chat_id: i64,
        message_id: i64,
        data: &str,
    ) -> String {
        let id = self.press();
        let from = render::user(&self.person(user_id).user);
        let message = match self.message(chat_id, message_id) {
            Some(message) => render::message(self, message),
            None => render::inaccessible(self, chat_id, message_id),
        };
        let query = json!({
            "id": id,
            "from": from,
            "message": message,
            "chat_instance": format!("{}", chat_id.wrapping_mul(7_919)),
            "data": data,
        });
        let now = self.clock.now();
        self.updates.push("callback_query", query, now);
        id
    }

    /// Blocks or unblocks the bot, and tells it so.
    pub(crate) fn set_blocked(&mut self, user_id: i64, state: ChatState) {
        let person = self.person(user_id);
        let status = |state| {
            if state == ChatState::Blocked {
                "kicked"
            } else {
                "member"
            }
        };
        let (old, new) = (status(person.chat), status(state));
        person.chat = state;
        if old == new {
            return;
        }
        let from = render::user(&self.person(user_id).user);
        let member = |status: &str| -> Value {
            let mut member = json!({ "user": render::bot(self), "status": status });
            render::insert(&mut member, "until_date", (status == "kicked").then_some(0));
            member
        };
        let update = json!({
            "chat": render::chat(self, user_id),
            "from": from,
            "date": self.clock.unix(),
            "old_chat_member": member(old),
            "new_chat_member": member(new),
        });
        let now = self.clock.now();
        self.updates.push("my_chat_member", update, now);
    }
}

/// The entity of a leading `/command` or `/command@bot`; a command has 1 to 32 letters, digits or
/// underscores (Bot API).
pub(crate) fn command_entity(text: &str) -> Option<Value> {
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let rest = text.strip_prefix('/')?;
    let command = rest
        .find(|character| !is_word(character))
        .unwrap_or(rest.len());
    if command == 0 || command > 32 {
        return None;
    }
    let mut length = 1 + command;
    if let Some(bot) = rest.get(command..).and_then(|tail| tail.strip_prefix('@')) {
        let name = bot
            .find(|character| !is_word(character))
            .unwrap_or(bot.len());
        length += if name > 0 { 1 + name } else { 0 };
    }
    Some(json!({ "type": "bot_command", "offset": 0, "length": length }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_leading_command_is_one() {
        for (text, length) in [
            ("/start", Some(6)),
            ("/start abc_DEF", Some(6)),
            ("/start@demo_bot x", Some(15)),
            ("/start@ x", Some(6)),
            ("hello /start", None),
            ("/", None),
            ("/ü", None),
        ] {
            let entity = command_entity(text);
            assert_eq!(
                entity.as_ref().and_then(|it| it["length"].as_u64()),
                length,
                "{text}"
            );
        }
    }
}
