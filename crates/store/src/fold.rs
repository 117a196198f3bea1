//! Lists of what waited for a chat's limit, and the buttons that show what is listed whole.

use cctelegram_core::delivery::Priority;
use cctelegram_core::delivery::Work;
use cctelegram_core::event::Event;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_core::quiet;
use cctelegram_core::quiet::Candidate;
use cctelegram_core::time::Timestamp;
use cctelegram_crypto::Digest;
use sqlx::SqliteConnection;

use crate::error::StoreError;
use crate::outbox::FARTHEST;
use crate::outbox::Head;
use crate::rows;
use crate::rows::Done;
use crate::rows::NewRow;
use crate::rows::from_json;
use crate::rows::json;
use crate::rows::small;
use crate::rows::unless_damaged;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// Names one list. Only the store hands it out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ListKey(pub(crate) i64);

/// A button for one list, stored before it is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MintDetails {
    /// The row of the list.
    pub list: i64,
    pub chat: ChatId,
    pub button: Digest,
    pub at: Timestamp,
}

/// The list that a button stands below.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FoundList {
    pub list: ListKey,
    pub chat: ChatId,
    /// `None` until Telegram's answer is recorded.
    pub message: Option<MessageId>,
}

impl Store {
    /// What goes before the head of a chat whose limit makes it wait: what was begun there, else one new list of what
    /// waits, the head with it, if that is more than `above`. Answers its row.
    pub async fn fold(
        &self,
        head: Head,
        above: u32,
        now: Timestamp,
    ) -> Result<Option<i64>, StoreError> {
        self.change(Fold { head, above, now }).await
    }

    /// The events that a row is a list of, in the order in which they came.
    pub async fn folded_events(&self, row: i64) -> Result<Vec<Event>, StoreError> {
        events(&mut *self.reader().await?, row).await
    }

    /// Stores the button of a list. The one of an earlier attempt that never became a message is dropped.
    pub async fn mint_details(&self, mint: MintDetails) -> Result<(), StoreError> {
        self.change(mint).await
    }

    /// The list that a button was made for.
    pub async fn list_of_button(&self, digest: &Digest) -> Result<Option<FoundList>, StoreError> {
        let found: Option<(i64, i64, Option<i64>)> =
            sqlx::query_as("SELECT list, chat, message FROM list_button WHERE digest = $1")
                .bind(digest.as_bytes().as_slice())
                .fetch_optional(&mut *self.reader().await?)
                .await?;
        Ok(found.map(|(list, chat, message)| FoundList {
            list: ListKey(list),
            chat: ChatId(chat),
            message: message.map(MessageId),
        }))
    }
}

struct Fold {
    head: Head,
    above: u32,
    now: Timestamp,
}

impl Change for Fold {
    type Output = Option<i64>;
    // A power cut takes the list and gives back what it listed.
    const DURABILITY: Durability = Durability::Normal;

    async fn apply(&self, tx: &mut Tx) -> Result<Option<i64>, StoreError> {
        if let Some(begun) = self.begun(tx).await? {
            tx.commit_quiet();
            return Ok(Some(begun));
        }
        let listed = quiet::fold(&self.candidates(tx).await?, self.above);
        if !listed.contains(&self.head.row) {
            tx.commit_quiet();
            return Ok(None);
        }
        let work = Work::Folded {
            count: listed.len() as u64,
        };
        let row = NewRow {
            chat: self.head.chat,
            priority: Priority::Result,
            work: &work,
            event: None,
            reply_to: None,
            at: self.now,
            held: false,
        };
        let list = rows::insert(tx, &row).await?;
        sqlx::query(
            "UPDATE outbox SET done = $2, finished = $3, list = $4 \
             WHERE id IN (SELECT value FROM json_each($1)) AND done IS NULL",
        )
        .bind(json("the rows of a list", &listed)?)
        .bind(Done::Listed.name())
        .bind(self.now.as_millis())
        .bind(list)
        .execute(tx.connection())
        .await?;
        tx.known.ended();
        tx.commit_quiet();
        Ok(Some(list))
    }
}

impl Fold {
    /// A list that waits already, or a message of which a part is sent: it is finished before anything is listed.
    async fn begun(&self, tx: &mut Tx) -> Result<Option<i64>, StoreError> {
        let row = sqlx::query_scalar(
            "SELECT o.id FROM outbox o WHERE o.chat = $1 AND o.done IS NULL AND o.held = 0 AND o.leased IS NULL \
             AND o.priority >= $4 AND (o.parts_sent > 0 OR o.kind = 'folded') AND (o.due <= $2 OR o.due > $3) \
             AND NOT EXISTS (SELECT 1 FROM chat p WHERE p.id = o.chat) ORDER BY o.id LIMIT 1",
        )
        .bind(self.head.chat.0)
        .bind(self.now.as_millis())
        .bind(self.now.plus(FARTHEST).as_millis())
        .bind(Priority::Result.rank())
        .fetch_optional(tx.connection())
        .await?;
        Ok(row)
    }

    /// What waits for the chat, due and untouched, in the order in which it would be sent. Progress that edits a message
    /// is none of it: a list would name it, and the message would go on showing what was before.
    async fn candidates(&self, tx: &mut Tx) -> Result<Vec<Candidate>, StoreError> {
        let waiting: Vec<(i64, i64, i64)> = sqlx::query_as(
            "SELECT o.id, o.priority, octet_length(e.body) FROM outbox o JOIN event e ON e.key = o.event \
             WHERE o.chat = $1 AND o.done IS NULL AND o.held = 0 AND o.leased IS NULL AND o.parts_sent = 0 \
             AND o.priority >= $4 AND o.kind IN ('event', 'progress') AND (o.due <= $2 OR o.due > $3) \
             AND NOT EXISTS (SELECT 1 FROM chat p WHERE p.id = o.chat) \
             AND NOT EXISTS (SELECT 1 FROM attachment a WHERE a.event = o.event) \
             AND NOT EXISTS (SELECT 1 FROM progress_message m WHERE o.kind = 'progress' AND m.chat = o.chat \
                AND m.task = o.task) ORDER BY o.priority, o.id LIMIT 1000",
        )
        .bind(self.head.chat.0)
        .bind(self.now.as_millis())
        .bind(self.now.plus(FARTHEST).as_millis())
        .bind(Priority::Result.rank())
        .fetch_all(tx.connection())
        .await?;
        let candidate = |(row, priority, bytes)| Candidate {
            row,
            priority,
            bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
        };
        Ok(waiting.into_iter().map(candidate).collect())
    }
}

impl Change for MintDetails {
    type Output = ();
    const DURABILITY: Durability = Durability::Normal;

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM list_button WHERE list = $1 AND message IS NULL")
            .bind(self.list)
            .execute(tx.connection())
            .await?;
        sqlx::query("INSERT INTO list_button (digest, list, chat, minted) VALUES ($1, $2, $3, $4)")
            .bind(self.button.as_bytes().as_slice())
            .bind(self.list)
            .bind(self.chat.0)
            .bind(self.at.as_millis())
            .execute(tx.connection())
            .await?;
        tx.commit_quiet();
        Ok(())
    }
}

/// The listed events, each with how often it came. One that cannot be read back is passed over.
pub(crate) async fn events(
    connection: &mut SqliteConnection,
    list: i64,
) -> Result<Vec<Event>, StoreError> {
    let rows: Vec<(String, Option<i64>)> = sqlx::query_as(
        "SELECT e.body, r.count FROM outbox o JOIN event e ON e.key = o.event \
         LEFT JOIN repeat r ON r.event = o.event WHERE o.list = $1 ORDER BY o.id",
    )
    .bind(list)
    .fetch_all(connection)
    .await?;
    let mut events = Vec::with_capacity(rows.len());
    for (body, count) in rows {
        let event = unless_damaged("a listed event", from_json::<Event>("event", &body))?;
        events.extend(event.map(|event| event.counted(count.map_or(1, small))));
    }
    Ok(events)
}

/// Binds the button that was just sent to its message.
pub(crate) async fn bind(tx: &mut Tx, list: i64, message: MessageId) -> Result<(), StoreError> {
    sqlx::query("UPDATE list_button SET message = $2 WHERE list = $1 AND message IS NULL")
        .bind(list)
        .bind(message.0)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Gives up what a list names that will not be sent; answers the rows, which nobody got. Each stands for itself from now
/// on: the list is not to bring them a second time.
pub(crate) async fn give_up(
    tx: &mut Tx,
    list: i64,
    reason: &str,
    at: Timestamp,
) -> Result<Vec<i64>, StoreError> {
    let rows = sqlx::query_scalar(
        "UPDATE outbox SET done = $2, reason = $3, finished = $4, list = NULL WHERE list = $1 RETURNING id",
    )
    .bind(list)
    .bind(Done::Dead.name())
    .bind(reason)
    .bind(at.as_millis())
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}
