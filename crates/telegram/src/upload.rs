//! Files as the Bot API takes them: streamed, as a photo or as a document.

use std::io;
use std::time::Duration;

use cctelegram_core::delivery::Outcome;
use cctelegram_core::id::ChatId;
use cctelegram_core::message::FileMessage;
use cctelegram_core::message::FileShape;
use futures_util::stream::BoxStream;
use reqwest::Body;
use reqwest::multipart::Form;
use reqwest::multipart::Part;

use crate::answer::CallFailure;
use crate::client::Client;
use crate::client::SendOptions;
use crate::client::message_id;
use crate::outcome::Attempt;
use crate::outcome::blames_picture;
use crate::outcome::outcome;
use crate::request;
use crate::transport::CALL_TIMEOUT;

/// The content of a file: so many bytes, in pieces.
pub struct FileContent {
    pub bytes: u64,
    pub pieces: BoxStream<'static, io::Result<Vec<u8>>>,
}

impl Client {
    /// Sends a file. A photo that Telegram cannot make sense of is sent again as a document; `content` is opened for
    /// each try.
    pub async fn send_file(
        &self,
        chat: ChatId,
        file: &FileMessage,
        content: impl Fn() -> FileContent,
        options: SendOptions,
    ) -> Outcome {
        let mut sent = self
            .upload(chat, (file, file.shape), content(), options)
            .await;
        if file.shape == FileShape::Photo && sent.as_ref().is_err_and(blames_picture) {
            sent = self
                .upload(chat, (file, FileShape::Document), content(), options)
                .await;
        }
        match sent.map(|result| message_id(&result)) {
            Ok(Some(message)) => Outcome::Sent(message),
            Ok(None) => Outcome::Retry {
                cause: "the sent file has no id".to_owned(),
            },
            Err(failure) => refused(outcome(failure, Attempt::Send(chat)), file),
        }
    }

    async fn upload(
        &self,
        chat: ChatId,
        (file, shape): (&FileMessage, FileShape),
        content: FileContent,
        options: SendOptions,
    ) -> Result<String, CallFailure> {
        let patience = patience(content.bytes);
        let form = form(chat, file, shape, content, options)
            .map_err(|error| CallFailure::Unreachable(error.without_url().to_string()))?;
        let method = match shape {
            FileShape::Photo => "sendPhoto",
            FileShape::Text | FileShape::Document => "sendDocument",
        };
        let call = self.transport().post(method, patience).multipart(form);
        self.transport().exchange(call).await
    }
}

/// Says which file was refused.
fn refused(outcome: Outcome, file: &FileMessage) -> Outcome {
    match outcome {
        Outcome::Refused { reason } => Outcome::Refused {
            reason: format!("the file {}: {reason}", file.name),
        },
        other @ (Outcome::Sent(_)
        | Outcome::Retry { .. }
        | Outcome::Limited { .. }
        | Outcome::Unpaired { .. }
        | Outcome::NoRight { .. }
        | Outcome::Migrated(_)
        | Outcome::NoThread { .. }
        | Outcome::Gone
        | Outcome::Unauthorized { .. }) => other,
    }
}

fn form(
    chat: ChatId,
    file: &FileMessage,
    shape: FileShape,
    content: FileContent,
    options: SendOptions,
) -> Result<Form, reqwest::Error> {
    let (field, mime) = match shape {
        FileShape::Photo => ("photo", "application/octet-stream"),
        FileShape::Text => ("document", "text/plain; charset=utf-8"),
        FileShape::Document => ("document", "application/octet-stream"),
    };
    let body = Body::wrap_stream(content.pieces);
    let part = Part::stream_with_length(body, content.bytes)
        .file_name(file.name.to_string())
        .mime_str(mime)?;
    let mut form = Form::new().text("chat_id", chat.to_string());
    if !file.caption.is_empty() {
        form = form.text("caption", file.caption.text().to_owned());
    }
    Ok(request::with_options(form, options).part(field, part))
}

/// Uploads may be slow, but not endless: what any call may take, and the time that a poor line needs.
fn patience(bytes: u64) -> Duration {
    CALL_TIMEOUT.saturating_add(Duration::from_secs(bytes / SLOWEST))
}

/// Bytes in a second that are still waited for.
const SLOWEST: u64 = 32 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_for_an_upload_grows_with_its_size() {
        assert_eq!(patience(0), CALL_TIMEOUT);
        assert_eq!(patience(32 * 1024 * 100).as_secs(), 130);
    }
}
