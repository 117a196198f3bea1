//! The same again within a short time: counted in one message instead of sent once more.

use std::collections::BTreeMap;
use std::time::Duration;

use cctelegram_core::audit::Record;
use cctelegram_core::delivery::Work;
use cctelegram_core::event::Event;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::EventId;
use cctelegram_core::id::MessageId;
use cctelegram_core::time::Timestamp;
use cctelegram_crypto::Digest;
use serde_json::Value;

use crate::error::StoreError;
use crate::intake::Accept;
use crate::rows;
use crate::rows::NewRow;
use crate::rows::from_json;
use crate::rows::small;
use crate::tx::Tx;

/// What makes an event the same as another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Likeness {
    pub content: Digest,
    /// Counted from the first of them; at most a minute.
    pub window: Duration,
}

/// The event that a later one repeats.
pub(crate) struct First {
    key: i64,
    pub(crate) id: String,
    /// When no further one is counted with it.
    window_ends: Timestamp,
}

/// Counts an event that is the same as one whose message can still say so. A message that was sent already is edited
/// once, when no more can come.
pub(crate) async fn count_again(tx: &mut Tx, accept: &Accept) -> Result<Option<First>, StoreError> {
    let Some(likeness) = accept.likeness else {
        return Ok(None);
    };
    let Some(first) = find(tx, likeness, accept.received).await? else {
        return Ok(None);
    };
    let states = states(tx, first.key).await?;
    if !can_say_so(accept, &states) {
        return Ok(None);
    }
    sqlx::query("UPDATE repeat SET count = count + 1 WHERE event = $1")
        .bind(first.key)
        .execute(tx.connection())
        .await?;
    for chat in &accept.recipients {
        if states.get(chat) == Some(&Standing::Begun) {
            queue_edit(tx, &first, *chat, accept).await?;
        }
    }
    Ok(Some(first))
}

/// The latest event of this content, if it came within the window. Producers that hand over at the same moment may be
/// stored in another order than that of their times.
async fn find(
    tx: &mut Tx,
    likeness: Likeness,
    now: Timestamp,
) -> Result<Option<First>, StoreError> {
    let found: Option<(i64, String, i64)> = sqlx::query_as(
        "SELECT r.event, e.id, r.first FROM repeat r JOIN event e ON e.key = r.event \
         WHERE r.content = $1 AND r.first >= $2 AND r.first <= $3 ORDER BY r.event DESC LIMIT 1",
    )
    .bind(likeness.content.as_bytes().as_slice())
    .bind(now.minus(likeness.window).as_millis())
    .bind(now.plus(likeness.window).as_millis())
    .fetch_optional(tx.connection())
    .await?;
    Ok(found.map(|(key, id, first)| First {
        key,
        id,
        window_ends: Timestamp::from_millis(first).plus(likeness.window),
    }))
}

/// Where the first event's message to a chat stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// Given up: the same again would be, too.
    GivenUp,
    /// Kept back while the bridge is mute.
    Held,
    /// Nothing of it is sent: it will say the count by itself.
    Waiting,
    /// It is sent, at least in part, or being sent.
    Begun,
    /// A list has it, whose message is not about this event alone.
    Listed,
}

async fn states(tx: &mut Tx, event: i64) -> Result<BTreeMap<ChatId, Standing>, StoreError> {
    let rows: Vec<(i64, Option<String>, bool, bool)> = sqlx::query_as(
        "SELECT chat, done, held = 1, leased IS NOT NULL OR parts_sent > 0 FROM outbox \
         WHERE event = $1 AND kind = 'event'",
    )
    .bind(event)
    .fetch_all(tx.connection())
    .await?;
    let mut states = BTreeMap::new();
    for (chat, done, held, begun) in rows {
        let standing = match done.as_deref() {
            Some("sent") => Standing::Begun,
            Some("dead") => Standing::GivenUp,
            Some(_) => Standing::Listed,
            None if held => Standing::Held,
            None if begun => Standing::Begun,
            None => Standing::Waiting,
        };
        let known = states.entry(ChatId(chat)).or_insert(standing);
        *known = standing.max(*known);
    }
    Ok(states)
}

/// Have the recipients, and only they, a message of the first that can tell of this one? While the bridge is mute only
/// one that is kept back can.
fn can_say_so(accept: &Accept, states: &BTreeMap<ChatId, Standing>) -> bool {
    let told = |standing: Standing| match standing {
        Standing::GivenUp | Standing::Listed => false,
        Standing::Held => true,
        Standing::Waiting | Standing::Begun => !accept.hold,
    };
    let mut recipients = accept.recipients.iter();
    let nobody_else = states
        .iter()
        .all(|(chat, state)| *state == Standing::GivenUp || accept.recipients.contains(chat));
    let each = recipients.all(|chat| {
        let state = states.get(chat).copied();
        state.is_some_and(|state| state == Standing::GivenUp || told(state))
    });
    nobody_else && each && states.values().any(|state| told(*state))
}

/// Queues the edit that says how often the event came, unless one waits already. One that is being sent may carry an
/// older count.
async fn queue_edit(
    tx: &mut Tx,
    first: &First,
    chat: ChatId,
    accept: &Accept,
) -> Result<(), StoreError> {
    let waits: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE event = $1 AND kind = 'count' AND chat = $2 AND done IS NULL \
         AND leased IS NULL)",
    )
    .bind(first.key)
    .bind(chat.0)
    .fetch_one(tx.connection())
    .await?;
    if waits {
        return Ok(());
    }
    let row = NewRow {
        chat,
        priority: accept.priority,
        work: &Work::Count,
        event: Some(first.key),
        reply_to: None,
        at: accept.received,
        held: false,
    };
    let row = rows::insert(tx, &row).await?;
    sqlx::query("UPDATE outbox SET due = max(due, $2) WHERE id = $1")
        .bind(row)
        .bind(first.window_ends.as_millis())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// The latest event with this id, its title with how often it came.
pub(crate) async fn counted_by_id(tx: &mut Tx, id: &EventId) -> Result<Option<Event>, StoreError> {
    let found: Option<(String, Option<i64>)> = sqlx::query_as(
        "SELECT e.body, r.count FROM event e LEFT JOIN repeat r ON r.event = e.key WHERE e.id = $1 \
         ORDER BY e.key DESC LIMIT 1",
    )
    .bind(id.as_str())
    .fetch_optional(tx.connection())
    .await?;
    let Some((body, count)) = found else {
        return Ok(None);
    };
    let event: Event = from_json("event", &body)?;
    Ok(Some(event.counted(count.map_or(1, small))))
}

/// The first of the messages that an event became in a chat.
pub(crate) async fn first_message(
    tx: &mut Tx,
    event: Option<i64>,
    chat: ChatId,
) -> Result<Option<MessageId>, StoreError> {
    let message: Option<i64> =
        sqlx::query_scalar("SELECT min(id) FROM message WHERE event = $1 AND chat = $2")
            .bind(event)
            .bind(chat.0)
            .fetch_one(tx.connection())
            .await?;
    Ok(message.map(MessageId))
}

/// Is a message about an event in the group that became this supergroup? It cannot be edited from here.
pub(crate) async fn stayed_behind(
    tx: &mut Tx,
    event: Option<i64>,
    chat: ChatId,
) -> Result<bool, StoreError> {
    let stayed = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM enrolled_chat g JOIN message m ON m.chat = g.former AND m.event = $1 \
         WHERE g.id = $2)",
    )
    .bind(event)
    .bind(chat.0)
    .fetch_one(tx.connection())
    .await?;
    Ok(stayed)
}

/// Forgets what can no longer be repeated and never was.
pub(crate) async fn forget_old(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM repeat WHERE count = 1 AND (first < $1 OR first > $2)")
        .bind(now.minus(LONGEST_WINDOW).as_millis())
        .bind(now.plus(LONGEST_WINDOW).as_millis())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// The record of an event, with what it repeats.
pub(crate) fn repeating(mut record: Record, first: &First) -> Record {
    if let Value::Object(details) = &mut record.details {
        details.insert("repeat_of".to_owned(), first.id.as_str().into());
    }
    record.action(format!("repeat of {}", first.id))
}

const LONGEST_WINDOW: Duration = Duration::from_mins(1);
