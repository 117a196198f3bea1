//! The end of an enrolment: nothing more goes to the group, and nothing there has an effect.

use std::collections::BTreeSet;

use cctelegram_core::audit::Record;
use cctelegram_core::id::ChatId;
use serde_json::json;

use crate::chats;
use crate::error::StoreError;
use crate::giving_up::GivingUp;
use crate::recipients;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

impl Store {
    /// Ends an enrolment: nothing more goes there, and buttons there are void. What waits for the group is given up; what
    /// then would reach nobody, and open requests that only it had, go to `people`. Answers false when it was not
    /// enrolled.
    pub async fn remove_chat(
        &self,
        chat: ChatId,
        people: BTreeSet<ChatId>,
        record: Record,
    ) -> Result<bool, StoreError> {
        let remove = Remove {
            chat,
            people,
            record,
        };
        self.change(remove).await
    }
}

struct Remove {
    chat: ChatId,
    people: BTreeSet<ChatId>,
    record: Record,
}

impl Change for Remove {
    type Output = bool;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let removed = sqlx::query("DELETE FROM enrolled_chat WHERE id = $1")
            .bind(self.chat.0)
            .execute(tx.connection())
            .await?;
        if removed.rows_affected() == 0 {
            tx.commit_quiet();
            return Ok(false);
        }
        for sql in [
            "DELETE FROM topic WHERE chat = $1",
            "DELETE FROM button WHERE chat = $1",
            "DELETE FROM list_button WHERE chat = $1",
            "DELETE FROM progress_message WHERE chat = $1",
        ] {
            sqlx::query(sql)
                .bind(self.chat.0)
                .execute(tx.connection())
                .await?;
        }
        chats::unpark(tx, self.chat).await?;
        let now = self.record.timestamp;
        let mut giving_up = GivingUp::new(recipients::REMOVED, &self.people, now);
        let given_up = giving_up.chat(tx, self.chat).await?;
        let moved = giving_up.move_orphans(tx).await?;
        let (asked, mut records) = recipients::ask_people(tx, &self.people, now).await?;
        let details = json!({ "given_up": given_up, "moved": moved + asked });
        records.push(self.record.clone().details(details));
        tx.commit_each(records).await?;
        Ok(true)
    }
}
