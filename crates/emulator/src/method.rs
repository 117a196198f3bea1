//! The methods this emulator has and their parameters (Bot API 10.x).

use Kind::Boolean;
use Kind::Chat;
use Kind::File;
use Kind::Integer;
use Kind::Json;
use Kind::Text;

/// How a parameter is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    Boolean,
    Text,
    /// An object or array; as a string it is parsed.
    Json,
    /// A numeric id or `@username`.
    Chat,
    /// An upload, or the `file_id` of an earlier one.
    File,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    AnswerCallbackQuery,
    Close,
    CreateForumTopic,
    DeleteMessage,
    DeleteMyCommands,
    DeleteWebhook,
    EditMessageCaption,
    EditMessageReplyMarkup,
    EditMessageText,
    GetChat,
    GetFile,
    GetMe,
    GetMyCommands,
    GetUpdates,
    GetWebhookInfo,
    LogOut,
    SendChatAction,
    SendDocument,
    SendMessage,
    SendPhoto,
    SetMessageReaction,
    SetMyCommands,
    SetWebhook,
}

type Parameters = &'static [(&'static str, Kind)];

impl Method {
    /// Method names are case-insensitive.
    pub(crate) fn named(name: &str) -> Option<Self> {
        ALL.into_iter()
            .find(|method| method.name().eq_ignore_ascii_case(name))
    }

    pub(crate) fn name(self) -> &'static str {
        self.table().0
    }

    pub(crate) fn kind_of(self, parameter: &str) -> Option<Kind> {
        let found = self.table().1.iter().find(|(name, _)| *name == parameter);
        found.map(|(_, kind)| *kind)
    }

    pub(crate) fn parameters(self) -> Parameters {
        self.table().1
    }

    /// Counts against the sending limits. Edits count too.
    pub(crate) fn is_limited(self) -> bool {
        matches!(
            self,
            Self::SendMessage
                | Self::SendDocument
                | Self::SendPhoto
                | Self::EditMessageText
                | Self::EditMessageCaption
                | Self::EditMessageReplyMarkup
        )
    }

    fn table(self) -> (&'static str, Parameters) {
        match self {
            Self::AnswerCallbackQuery => ("answerCallbackQuery", ANSWER),
            Self::Close => ("close", &[]),
            Self::CreateForumTopic => ("createForumTopic", CREATE_TOPIC),
            Self::DeleteMessage => (
                "deleteMessage",
                &[("chat_id", Chat), ("message_id", Integer)],
            ),
            Self::DeleteMyCommands => ("deleteMyCommands", COMMAND_SCOPE),
            Self::DeleteWebhook => ("deleteWebhook", &[("drop_pending_updates", Boolean)]),
            Self::EditMessageCaption => ("editMessageCaption", EDIT_CAPTION),
            Self::EditMessageReplyMarkup => ("editMessageReplyMarkup", EDIT_MARKUP),
            Self::EditMessageText => ("editMessageText", EDIT_TEXT),
            Self::GetChat => ("getChat", &[("chat_id", Chat)]),
            Self::GetFile => ("getFile", &[("file_id", Text)]),
            Self::GetMe => ("getMe", &[]),
            Self::GetMyCommands => ("getMyCommands", COMMAND_SCOPE),
            Self::GetUpdates => ("getUpdates", GET_UPDATES),
            Self::GetWebhookInfo => ("getWebhookInfo", &[]),
            Self::LogOut => ("logOut", &[]),
            Self::SendChatAction => ("sendChatAction", &[("chat_id", Chat), ("action", Text)]),
            Self::SendDocument => ("sendDocument", SEND_DOCUMENT),
            Self::SendMessage => ("sendMessage", SEND_MESSAGE),
            Self::SendPhoto => ("sendPhoto", SEND_PHOTO),
            Self::SetMessageReaction => ("setMessageReaction", SET_REACTION),
            Self::SetMyCommands => ("setMyCommands", SET_COMMANDS),
            Self::SetWebhook => ("setWebhook", SET_WEBHOOK),
        }
    }
}

const ALL: [Method; 23] = [
    Method::AnswerCallbackQuery,
    Method::Close,
    Method::CreateForumTopic,
    Method::DeleteMessage,
    Method::DeleteMyCommands,
    Method::DeleteWebhook,
    Method::EditMessageCaption,
    Method::EditMessageReplyMarkup,
    Method::EditMessageText,
    Method::GetChat,
    Method::GetFile,
    Method::GetMe,
    Method::GetMyCommands,
    Method::GetUpdates,
    Method::GetWebhookInfo,
    Method::LogOut,
    Method::SendChatAction,
    Method::SendDocument,
    Method::SendMessage,
    Method::SendPhoto,
    Method::SetMessageReaction,
    Method::SetMyCommands,
    Method::SetWebhook,
];

/// Parameters Telegram has and this emulator refuses, because ignoring them would change the
/// outcome.
pub(crate) const UNSUPPORTED: [&str; 9] = [
    "business_connection_id",
    "direct_messages_topic_id",
    "ephemeral_message_parameters",
    "inline_message_id",
    "message_effect_id",
    "parse_mode",
    "rich_message",
    "suggested_post_parameters",
    "thumbnail",
];

const ANSWER: Parameters = &[
    ("callback_query_id", Text),
    ("text", Text),
    ("show_alert", Boolean),
    ("url", Text),
    ("cache_time", Integer),
];
const COMMAND_SCOPE: Parameters = &[("scope", Json), ("language_code", Text)];
const CREATE_TOPIC: Parameters = &[("chat_id", Chat), ("name", Text), ("icon_color", Integer)];
const EDIT_CAPTION: Parameters = &[
    ("chat_id", Chat),
    ("message_id", Integer),
    ("caption", Text),
    ("caption_entities", Json),
    ("show_caption_above_media", Boolean),
    ("reply_markup", Json),
];
const EDIT_MARKUP: Parameters = &[
    ("chat_id", Chat),
    ("message_id", Integer),
    ("reply_markup", Json),
];
const EDIT_TEXT: Parameters = &[
    ("chat_id", Chat),
    ("message_id", Integer),
    ("text", Text),
    ("entities", Json),
    ("link_preview_options", Json),
    ("reply_markup", Json),
];
const GET_UPDATES: Parameters = &[
    ("offset", Integer),
    ("limit", Integer),
    ("timeout", Integer),
    ("allowed_updates", Json),
];
const SEND_DOCUMENT: Parameters = &[
    ("chat_id", Chat),
    ("message_thread_id", Integer),
    ("document", File),
    ("caption", Text),
    ("caption_entities", Json),
    ("disable_content_type_detection", Boolean),
    ("disable_notification", Boolean),
    ("protect_content", Boolean),
    ("allow_paid_broadcast", Boolean),
    ("reply_parameters", Json),
    ("reply_markup", Json),
];
const SEND_MESSAGE: Parameters = &[
    ("chat_id", Chat),
    ("message_thread_id", Integer),
    ("text", Text),
    ("entities", Json),
    ("link_preview_options", Json),
    ("disable_notification", Boolean),
    ("protect_content", Boolean),
    ("allow_paid_broadcast", Boolean),
    ("reply_parameters", Json),
    ("reply_markup", Json),
];
const SEND_PHOTO: Parameters = &[
    ("chat_id", Chat),
    ("message_thread_id", Integer),
    ("photo", File),
    ("caption", Text),
    ("caption_entities", Json),
    ("show_caption_above_media", Boolean),
    ("has_spoiler", Boolean),
    ("disable_notification", Boolean),
    ("protect_content", Boolean),
    ("allow_paid_broadcast", Boolean),
    ("reply_parameters", Json),
    ("reply_markup", Json),
];
const SET_COMMANDS: Parameters = &[("commands", Json), ("scope", Json), ("language_code", Text)];
const SET_REACTION: Parameters = &[
    ("chat_id", Chat),
    ("message_id", Integer),
    ("reaction", Json),
    ("is_big", Boolean),
];
const SET_WEBHOOK: Parameters = &[
    ("url", Text),
    ("certificate", File),
    ("ip_address", Text),
    ("max_connections", Integer),
    ("allowed_updates", Json),
    ("drop_pending_updates", Boolean),
    ("secret_token", Text),
];
