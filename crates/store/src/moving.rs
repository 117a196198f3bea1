//! A group that became a supergroup: everything that is kept about it moves to its new id.

use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::id::ChatId;
use cctelegram_core::time::Timestamp;
use serde_json::json;

use crate::approvals;
use crate::copies;
use crate::copies::Copies;
use crate::error::StoreError;
use crate::inbox;
use crate::inbox::StoredUpdateId;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

impl Store {
    /// Follows what Telegram says in a service message: it comes twice, and only the first has an effect and a record.
    /// Answers whether this one had.
    pub async fn follow_migration(
        &self,
        update: StoredUpdateId,
        (from, to): (ChatId, ChatId),
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.change(Follow {
            update,
            from,
            to,
            now,
        })
        .await
    }
}

struct Follow {
    update: StoredUpdateId,
    from: ChatId,
    to: ChatId,
    now: Timestamp,
}

impl Change for Follow {
    type Output = bool;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        inbox::handled(tx, self.update).await?;
        let record = move_chat(tx, (self.from, self.to), self.now).await?;
        let moved = record.is_some();
        tx.commit_each(record.into_iter().collect()).await?;
        Ok(moved)
    }
}

/// Moves what waits, and the enrolment with its topics. Messages stay where they are and cannot be edited or answered
/// from the new chat: what waits starts from its first part, buttons there are void, and open requests are asked again.
/// A park moves along, because anybody who owns a group can make it a supergroup. Answers the record of an enrolment
/// that moved.
pub(crate) async fn move_chat(
    tx: &mut Tx,
    (from, to): (ChatId, ChatId),
    at: Timestamp,
) -> Result<Option<Record>, StoreError> {
    let open = open_in(tx, from).await?;
    for sql in [
        "UPDATE outbox SET chat = $2, reply_to = NULL, parts_sent = 0 WHERE chat = $1 AND chat <> $2 AND done IS NULL",
        "DELETE FROM button WHERE chat = $1 AND chat <> $2 AND message IS NOT NULL",
        "DELETE FROM list_button WHERE chat = $1 AND chat <> $2 AND message IS NOT NULL",
        "UPDATE button SET chat = $2 WHERE chat = $1 AND message IS NULL",
        "UPDATE list_button SET chat = $2 WHERE chat = $1 AND message IS NULL",
        "UPDATE OR REPLACE topic SET chat = $2 WHERE chat = $1",
        "DELETE FROM progress_message WHERE chat = $1 AND chat <> $2",
        "UPDATE OR REPLACE chat SET id = $2 WHERE id = $1",
    ] {
        sqlx::query(sql)
            .bind(from.0)
            .bind(to.0)
            .execute(tx.connection())
            .await?;
    }
    tx.known.forget();
    let moved = sqlx::query(
        "UPDATE OR REPLACE enrolled_chat SET id = $2, former = $1, \
         away = coalesce(away, (SELECT parked FROM chat WHERE chat.id = $2)) WHERE id = $1",
    )
    .bind(from.0)
    .bind(to.0)
    .execute(tx.connection())
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(None);
    }
    let asked = open.len();
    for id in open {
        ask_again(tx, id, (from, to), at).await?;
    }
    let record = Record::new(at, EventName::ChatMigrated, Actor::System, to.to_string());
    let details = json!({ "from": from, "asked_anew": asked });
    Ok(Some(record.details(details).action(
        "the enrolment, its topics and what waits moved along",
    )))
}

/// The open requests that a chat has.
async fn open_in(tx: &mut Tx, chat: ChatId) -> Result<Vec<ApprovalId>, StoreError> {
    let mut open = Vec::new();
    for id in approvals::pending_ids(tx).await? {
        if copies::copies(tx, id, Copies::Sent).await?.contains(&chat) {
            open.push(id);
        }
    }
    Ok(open)
}

/// Forgets the old chat's copy of a request and queues one for the new chat.
async fn ask_again(
    tx: &mut Tx,
    id: ApprovalId,
    (from, to): (ChatId, ChatId),
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE outbox SET message = NULL WHERE approval = $1 AND chat = $2 AND kind = 'approval' AND done = 'sent'",
    )
    .bind(id.to_string())
    .bind(from.0)
    .execute(tx.connection())
    .await?;
    copies::ask(tx, id, to, at).await
}
