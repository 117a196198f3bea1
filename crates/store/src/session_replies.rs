//! Replies to what agents' sessions sent: each is kept until it is handed to one wait of its session, and to no other.

use cctelegram_core::agent::Trace;
use cctelegram_core::audit::Record;
use cctelegram_core::delivery::Priority;
use cctelegram_core::delivery::Work;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::EventId;
use cctelegram_core::id::MessageId;
use cctelegram_core::time::Timestamp;
use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::error::StoreError;
use crate::responses;
use crate::responses::Response;
use crate::rows;
use crate::rows::NewRow;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// A person's reply to what a session sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionReply {
    /// Where it was written: there it is told what becomes of it.
    pub chat: ChatId,
    pub message: MessageId,
    /// The wait that gets it at once; without one it is kept.
    pub taken: Option<Claim>,
}

/// One wait for one reply. Whoever asks again with the same claim gets the same reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Claim {
    pub id: Uuid,
    /// For the end of a turn: how many turns in a row were continued with replies, this one included.
    pub continued: Option<u32>,
}

/// What a wait is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WantedReply {
    pub session: Trace,
    /// Only replies to this event.
    pub event: Option<EventId>,
    pub claim: Claim,
    /// Also replies that came before somebody went on at the agent's terminal.
    pub with_old: bool,
}

/// A reply that is handed over.
#[derive(Clone, PartialEq, Debug)]
pub struct HandedOver {
    pub response: Response,
    /// The title of what it answers.
    pub title: Option<String>,
}

/// What there is for a wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReplyStanding {
    /// Its claim was given one.
    Claimed,
    /// One is kept that it may take.
    Kept,
}

impl Store {
    /// Is there anything for this wait?
    pub async fn reply_standing(
        &self,
        wanted: &WantedReply,
    ) -> Result<Option<ReplyStanding>, StoreError> {
        let found = find(&mut *self.reader().await?, wanted).await?;
        Ok(found.map(|(_, standing)| standing))
    }

    /// What this claim was given, or now is: the oldest reply that is kept. The person is told of the second.
    pub async fn take_reply(
        &self,
        wanted: WantedReply,
        record: Record,
    ) -> Result<Option<HandedOver>, StoreError> {
        self.change(Take { wanted, record }).await
    }

    /// So many turns of this session in a row were continued with replies, as of the last one.
    pub async fn turns_continued(&self, session: &Trace) -> Result<u32, StoreError> {
        let continued: Option<u32> = sqlx::query_scalar(
            "SELECT continued FROM response WHERE session = $1 AND continued IS NOT NULL \
             ORDER BY id DESC LIMIT 1",
        )
        .bind(session.as_str())
        .fetch_optional(&mut *self.reader().await?)
        .await?;
        Ok(continued.unwrap_or_default())
    }

    /// Somebody went on at the session's terminal: what is kept does not continue a turn any more, and the count of those
    /// that were continued starts anew.
    pub async fn age_replies(&self, session: &Trace) -> Result<(), StoreError> {
        let has_any: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM response WHERE session = $1 AND (kept = 1 OR continued IS NOT NULL))",
        )
        .bind(session.as_str())
        .fetch_one(&mut *self.reader().await?)
        .await?;
        if !has_any {
            return Ok(());
        }
        self.change(Age(session.clone())).await
    }
}

/// Notes whose reply an answer is.
/// A claim that has a reply already gets no second one: this is kept.
pub(crate) async fn note(tx: &mut Tx, answer: i64, reply: &SessionReply) -> Result<(), StoreError> {
    let mut taken = reply.taken;
    if let Some(claim) = taken {
        let has_one: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM response WHERE claim = $1 \
             AND session = (SELECT session FROM response WHERE id = $2))",
        )
        .bind(claim.id.to_string())
        .bind(answer)
        .fetch_one(tx.connection())
        .await?;
        taken = taken.filter(|_| !has_one);
    }
    sqlx::query(
        "UPDATE response SET chat = $2, message = $3, kept = $4, claim = $5, continued = $6 WHERE id = $1",
    )
    .bind(answer)
    .bind(reply.chat.0)
    .bind(reply.message.0)
    .bind(taken.is_none())
    .bind(taken.map(|claim| claim.id.to_string()))
    .bind(taken.and_then(|claim| claim.continued))
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The answer's number, and how it stands.
async fn find(
    connection: &mut SqliteConnection,
    wanted: &WantedReply,
) -> Result<Option<(i64, ReplyStanding)>, StoreError> {
    let had: Option<i64> =
        sqlx::query_scalar("SELECT id FROM response WHERE claim = $1 AND session = $2")
            .bind(wanted.claim.id.to_string())
            .bind(wanted.session.as_str())
            .fetch_optional(&mut *connection)
            .await?;
    if let Some(had) = had {
        return Ok(Some((had, ReplyStanding::Claimed)));
    }
    let kept: Option<i64> = sqlx::query_scalar(
        "SELECT id FROM response WHERE session = $1 AND kept > 0 AND kept <= $2 \
         AND ($3 IS NULL OR event_id = $3) ORDER BY id LIMIT 1",
    )
    .bind(wanted.session.as_str())
    .bind(if wanted.with_old { 2 } else { 1 })
    .bind(wanted.event.as_ref().map(EventId::as_str))
    .fetch_optional(connection)
    .await?;
    Ok(kept.map(|kept| (kept, ReplyStanding::Kept)))
}

struct Take {
    wanted: WantedReply,
    record: Record,
}

impl Change for Take {
    type Output = Option<HandedOver>;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, StoreError> {
        let Some((answer, standing)) = find(tx.connection(), &self.wanted).await? else {
            tx.commit_quiet();
            return Ok(None);
        };
        let response = responses::by_id(tx.connection(), answer).await?;
        let title = title(tx.connection(), answer).await?;
        if standing == ReplyStanding::Kept {
            let claim = self.wanted.claim;
            sqlx::query("UPDATE response SET kept = 0, claim = $2, continued = $3 WHERE id = $1")
                .bind(answer)
                .bind(response.is_some().then(|| claim.id.to_string()))
                .bind(claim.continued)
                .execute(tx.connection())
                .await?;
            tell(tx, answer, self.record.timestamp).await?;
            tx.commit(self.record.clone()).await?;
        } else {
            tx.commit_quiet();
        }
        // One that cannot be read back is spent, and logged: it must not hold up those after it.
        Ok(response.map(|response| HandedOver { response, title }))
    }
}

async fn title(
    connection: &mut SqliteConnection,
    answer: i64,
) -> Result<Option<String>, StoreError> {
    let title = sqlx::query_scalar(
        "SELECT json_extract(e.body, '$.title') FROM response r JOIN event e ON e.id = r.event_id \
         WHERE r.id = $1 ORDER BY e.key DESC LIMIT 1",
    )
    .bind(answer)
    .fetch_optional(connection)
    .await?;
    Ok(title)
}

/// Tells the person that the agent has the reply now; a group that was removed meanwhile is told nothing.
async fn tell(tx: &mut Tx, answer: i64, at: Timestamp) -> Result<(), StoreError> {
    let place: Option<(i64, i64)> = sqlx::query_as(
        "SELECT chat, message FROM response WHERE id = $1 AND chat IS NOT NULL AND message IS NOT NULL \
         AND (chat > 0 OR chat IN (SELECT id FROM enrolled_chat))",
    )
    .bind(answer)
    .fetch_optional(tx.connection())
    .await?;
    let Some((chat, message)) = place else {
        return Ok(());
    };
    let work = Work::Notice {
        text: "Handed to the agent now.".to_owned(),
    };
    let row = NewRow {
        chat: ChatId(chat),
        priority: Priority::Approval,
        work: &work,
        event: None,
        reply_to: Some(MessageId(message)),
        at,
        held: false,
    };
    rows::insert(tx, &row).await?;
    Ok(())
}

struct Age(Trace);

impl Change for Age {
    type Output = ();
    const DURABILITY: Durability = Durability::Normal;

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        sqlx::query("UPDATE response SET kept = 2 WHERE session = $1 AND kept = 1")
            .bind(self.0.as_str())
            .execute(tx.connection())
            .await?;
        sqlx::query("UPDATE response SET continued = NULL WHERE session = $1")
            .bind(self.0.as_str())
            .execute(tx.connection())
            .await?;
        tx.commit_quiet();
        Ok(())
    }
}
