//! Which bot the messages are from: their ids mean nothing to another one.

use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::time::Timestamp;
use serde_json::json;

use crate::approvals;
use crate::copies;
use crate::copies::Copies;
use crate::error::StoreError;
use crate::settings;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

impl Store {
    /// Notes which bot sends from here on. When it is another one than before, what was sent is forgotten, open requests
    /// are queued anew for the chats that had them, and no chat is parked any more: it was the other bot that was not
    /// wanted. Answers whether it is another one. Leases have to be void.
    pub async fn speak_as(&self, bot: i64, now: Timestamp) -> Result<bool, StoreError> {
        self.change(SpeakAs { bot, now }).await
    }
}

struct SpeakAs {
    bot: i64,
    now: Timestamp,
}

impl Change for SpeakAs {
    type Output = bool;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let bot = self.bot.to_string();
        let before = settings::read(tx.connection(), BOT).await?;
        if before.as_ref() == Some(&bot) {
            tx.commit_quiet();
            return Ok(false);
        }
        settings::write(tx, BOT, &bot).await?;
        let Some(before) = before else {
            tx.commit_quiet();
            return Ok(false);
        };
        let asked = self.ask_anew(tx).await?;
        forget_messages(tx).await?;
        let record = Record::new(self.now, EventName::BotChanged, Actor::System, bot);
        let details = json!({ "before": before, "asked_anew": asked });
        tx.commit(
            record
                .details(details)
                .action("what was sent before is forgotten"),
        )
        .await?;
        Ok(true)
    }
}

impl SpeakAs {
    /// Queues open requests for the chats that had them from the other bot.
    async fn ask_anew(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let mut queued = 0;
        for id in approvals::pending_ids(tx).await? {
            for chat in copies::copies(tx, id, Copies::Sent).await? {
                copies::ask(tx, id, chat, self.now).await?;
                queued += 1;
            }
        }
        Ok(queued)
    }
}

/// What waits is sent whole: the parts and the message to reply to are in a chat with the other bot.
async fn forget_messages(tx: &mut Tx) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM message",
        "DELETE FROM progress_message",
        "DELETE FROM button",
        "DELETE FROM list_button",
        "DELETE FROM enrolment_button",
        // Topics of private chats are each bot's own; a group's belong to the group.
        "DELETE FROM topic WHERE chat > 0",
        "UPDATE enrolled_chat SET away = NULL",
        "DELETE FROM chat",
        "UPDATE outbox SET message = NULL WHERE message IS NOT NULL",
        "UPDATE outbox SET parts_sent = 0, files_sent = 0, reply_to = NULL WHERE done IS NULL",
    ] {
        sqlx::query(sql).execute(tx.connection()).await?;
    }
    tx.known.forget();
    Ok(())
}

const BOT: &str = "bot";
