//! A stored file on its way to Telegram: one piece at a time is in memory.

use std::io;

use cctelegram_core::delivery::Outcome;
use cctelegram_core::id::AttachmentId;
use cctelegram_core::id::ChatId;
use cctelegram_core::message::FileMessage;
use cctelegram_store::Store;
use cctelegram_telegram::FileContent;
use cctelegram_telegram::SendOptions;
use futures_util::StreamExt as _;
use futures_util::stream;
use futures_util::stream::BoxStream;

use crate::app::App;

/// Sends one file.
pub(crate) async fn send(
    app: &App,
    chat: ChatId,
    file: &FileMessage,
    options: SendOptions,
) -> Outcome {
    let stored = match app.store.content(file.id).await {
        Ok(Some(stored)) => stored,
        Ok(None) => {
            let reason = format!(
                "the content of the file {} is not stored any more",
                file.name
            );
            return Outcome::Refused { reason };
        }
        Err(error) => {
            let cause = format!("read the file {}: {error}", file.name);
            return Outcome::Retry { cause };
        }
    };
    let content = || FileContent {
        bytes: stored.bytes,
        pieces: pieces(app.store.clone(), file.id, stored.pieces),
    };
    app.bot
        .client()
        .send_file(chat, file, content, options)
        .await
}

fn pieces(store: Store, file: AttachmentId, count: u32) -> BoxStream<'static, io::Result<Vec<u8>>> {
    let piece = move |number: u32| {
        let store = store.clone();
        async move {
            match store.piece(file, number).await {
                Ok(Some(piece)) => Ok(piece),
                Ok(None) => Err(io::Error::other("a piece of the file is missing")),
                Err(error) => Err(io::Error::other(error)),
            }
        }
    };
    stream::iter(0..count).then(piece).boxed()
}
