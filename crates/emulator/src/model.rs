//! What a test reads back: people, messages, calls.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

/// A person with the app. The private chat with the bot has the same id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Telegram's numeric identity.
    pub id: i64,
    /// The name shown.
    pub first_name: String,
    /// Without the `@`.
    #[serde(default)]
    pub username: Option<String>,
}

/// One message as it stands now, after edits.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own in the Bot API"
)]
pub struct Message {
    /// Grows by one with every message the bot sends or sees.
    pub message_id: i64,
    /// The user's id in a private chat, negative in a group.
    pub chat_id: i64,
    /// Sent by the bot, not by the person.
    pub from_bot: bool,
    /// Who wrote it in a group; absent for the bot, for anonymous administrators and in private chats.
    pub sender: Option<i64>,
    /// The topic it is in (`message_thread_id`).
    pub thread: Option<i64>,
    /// Unix time.
    pub date: i64,
    /// Unix time of the last edit of text or caption.
    pub edit_date: Option<i64>,
    /// Absent for documents and photos.
    pub text: Option<String>,
    /// Entities of the text, or of the caption.
    pub entities: Vec<Value>,
    /// Rows of inline buttons; empty without a keyboard.
    pub keyboard: Vec<Vec<Button>>,
    /// The file sent with `sendDocument`.
    pub document: Option<Document>,
    /// The file sent with `sendPhoto`.
    pub photo: Option<Document>,
    /// Text under a document or photo.
    pub caption: Option<String>,
    /// Id of the message this one answers.
    pub reply_to: Option<i64>,
    /// Sent with `disable_notification`.
    pub silent: bool,
    /// Sent with `protect_content`.
    pub protected: bool,
    /// Link previews are off.
    pub preview_disabled: bool,
    /// The bot's reaction.
    pub reaction: Option<String>,
    /// Deleted by the bot; kept here so that a test can see it.
    pub deleted: bool,
    /// How often text, caption or keyboard were edited.
    pub edits: u32,
}

/// One inline button.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Button {
    /// The label.
    pub text: String,
    /// Sent back when pressed, 1 to 64 bytes.
    pub callback_data: Option<String>,
    /// Opened when pressed.
    pub url: Option<String>,
    /// Copied to the clipboard when pressed.
    pub copy_text: Option<String>,
    /// `danger`, `success` or `primary` (Bot API 9.4).
    pub style: Option<String>,
    /// A dead button (Bot API 10.3).
    pub disabled: bool,
}

/// A file in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Document {
    /// For `getFile`, and for sending the file again.
    pub file_id: String,
    /// As the sender named it.
    pub file_name: String,
    /// From the upload, else guessed from nothing: `application/octet-stream`.
    pub mime_type: String,
    /// Number of bytes.
    pub size: usize,
    /// The content; not part of the JSON form.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

/// One Bot API call, in the order of arrival.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    /// Real milliseconds since the start of the emulator.
    pub at_ms: u64,
    /// In Telegram's spelling if the method exists, otherwise as it was asked for.
    pub method: String,
    /// Typed parameters; files as `{file_name, mime_type, size}`. Never the token.
    pub params: Value,
    /// HTTP status of the answer; 0 while there is none, and for ever if the connection ended.
    pub status: u16,
    /// The refusal's wording, or why there was no answer.
    pub description: Option<String>,
}

/// What `answerCallbackQuery` told the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallbackAnswer {
    /// The notification; none just stops the button's spinner.
    pub text: Option<String>,
    /// Shown as a dialog instead of a toast.
    pub show_alert: bool,
}
