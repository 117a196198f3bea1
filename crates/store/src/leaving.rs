//! A group that the bot cannot write to any more: parked, and people told once.

use std::collections::BTreeSet;

use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::delivery::Priority;
use cctelegram_core::delivery::Work;
use cctelegram_core::id::ChatId;
use cctelegram_core::time::Timestamp;
use serde_json::json;

use crate::chats;
use crate::error::StoreError;
use crate::inbox;
use crate::inbox::StoredUpdateId;
use crate::recipients;
use crate::rows;
use crate::rows::NewRow;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// The bot is not in a group any more, or may not write there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Left {
    /// The update that says so; none when Telegram refused a message.
    pub update: Option<StoredUpdateId>,
    pub chat: ChatId,
    pub reason: String,
    pub actor: Actor,
    /// Who is told, and asked what only the group was asked.
    pub people: BTreeSet<ChatId>,
    /// What they are told.
    pub text: String,
    pub now: Timestamp,
}

impl Store {
    /// Parks a group that the bot was removed from. The first time, people are told, and open requests that only the
    /// group had are queued for them. Answers whether it was the first time.
    pub async fn leave_chat(&self, left: Left) -> Result<bool, StoreError> {
        self.change(left).await
    }
}

impl Change for Left {
    type Output = bool;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        if let Some(update) = self.update {
            inbox::handled(tx, update).await?;
            // The park outlasts whatever it was for before: a right that is given back does not bring the bot back.
            chats::reason(tx, self.chat, &self.reason).await?;
        }
        let records = self.leave(tx).await?;
        let first = !records.is_empty();
        tx.commit_each(records).await?;
        Ok(first)
    }
}

impl Left {
    /// Parks the group and tells people, all or nothing. Answers the records; none when it was left before.
    pub(crate) async fn leave(&self, tx: &mut Tx) -> Result<Vec<Record>, StoreError> {
        let first =
            sqlx::query("UPDATE enrolled_chat SET away = $2 WHERE id = $1 AND away IS NULL")
                .bind(self.chat.0)
                .bind(self.now.as_millis())
                .execute(tx.connection())
                .await?;
        if first.rows_affected() == 0 {
            return Ok(Vec::new());
        }
        chats::park(tx, self.chat, &self.reason, self.now).await?;
        let work = Work::Notice {
            text: self.text.clone(),
        };
        for person in &self.people {
            let row = NewRow {
                chat: *person,
                priority: Priority::Alert,
                work: &work,
                event: None,
                reply_to: None,
                at: self.now,
                held: false,
            };
            rows::insert(tx, &row).await?;
        }
        let (_, mut records) = recipients::ask_people(tx, &self.people, self.now).await?;
        let (name, target) = (EventName::RecipientParked, self.chat.to_string());
        let record = Record::new(self.now, name, self.actor.clone(), target);
        let details = json!({ "reason": self.reason });
        records.push(
            record
                .details(details)
                .action("nothing is sent until the bot may write in the group again"),
        );
        Ok(records)
    }
}
