//! Requests for a decision that end without one. Decisions are in `dispatch`.

use cctelegram_core::approval::Approval;
use cctelegram_core::approval::State;
use cctelegram_core::audit::Actor;
use cctelegram_core::audit::Disposition;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::time::Timestamp;

use crate::approvals;
use crate::copies;
use crate::error::StoreError;
use crate::responses;
use crate::rows::json;
use crate::rows::unless_damaged;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

impl Store {
    /// Ends a pending request as withdrawn, answered elsewhere or expired, tells every chat that has a copy, and writes
    /// the answer. Answers the request as it ended; nothing if it was not pending, and then nothing is recorded either.
    pub async fn end(
        &self,
        id: ApprovalId,
        state: State,
        record: Record,
        now: Timestamp,
    ) -> Result<Option<Approval>, StoreError> {
        self.change(End {
            id,
            state,
            record,
            now,
        })
        .await
    }

    /// Ends every request whose time is over; answers which. One that cannot be read back ends too, as undeliverable.
    pub async fn expire_due(&self, now: Timestamp) -> Result<Vec<ApprovalId>, StoreError> {
        self.change(ExpireDue { now }).await
    }
}

struct End {
    id: ApprovalId,
    state: State,
    record: Record,
    now: Timestamp,
}

impl Change for End {
    type Output = Option<Approval>;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<Option<Approval>, StoreError> {
        if !matches!(
            self.state,
            State::Withdrawn { .. } | State::Locally { .. } | State::Expired { .. }
        ) {
            return Err(StoreError::NotAnEnding);
        }
        let ended = end(tx, self.id, &self.state, self.now).await?;
        match ended {
            Some(_) => tx.commit(self.record.clone()).await?,
            None => tx.commit_quiet(),
        }
        Ok(ended)
    }
}

struct ExpireDue {
    now: Timestamp,
}

impl Change for ExpireDue {
    type Output = Vec<ApprovalId>;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<Vec<ApprovalId>, StoreError> {
        let due: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM approval WHERE pending = 1 AND expires <= $1 ORDER BY expires, id",
        )
        .bind(self.now.as_millis())
        .fetch_all(tx.connection())
        .await?;
        let (mut ended, mut records) = (Vec::new(), Vec::new());
        for text in due {
            let expired = self.expire(tx, &text).await;
            match unless_damaged(format!("approval {text}"), expired)? {
                Some(Some(approval)) => {
                    ended.push(approval.id);
                    records.push(self.record(&approval));
                }
                Some(None) => {}
                // Left pending it would be due for ever.
                None => records.extend(undeliverable(tx, &text, DAMAGED, self.now).await?),
            }
        }
        tx.commit_each(records).await?;
        Ok(ended)
    }
}

impl ExpireDue {
    async fn expire(&self, tx: &mut Tx, id: &str) -> Result<Option<Approval>, StoreError> {
        let id = approvals::parse_id(id)?;
        // Read before it is ended, so that one that cannot be read is still pending then.
        if approvals::by_id(tx.connection(), id).await?.is_none() {
            return Ok(None);
        }
        end(tx, id, &State::Expired { at: self.now }, self.now).await
    }

    fn record(&self, approval: &Approval) -> Record {
        let details = serde_json::json!({ "event": approval.event, "digest": approval.digest });
        let (name, target) = (EventName::ApprovalExpired, approval.id.to_string());
        let record = Record::new(self.now, name, Actor::System, target);
        record.details(details).action("nobody decided in time")
    }
}

/// Ends a pending request, tells every chat that has a copy, and writes the answer.
pub(crate) async fn end(
    tx: &mut Tx,
    id: ApprovalId,
    state: &State,
    now: Timestamp,
) -> Result<Option<Approval>, StoreError> {
    if !leave_pending(tx, id, state, None).await? {
        return Ok(None);
    }
    let Some(approval) = approvals::by_id(tx.connection(), id).await? else {
        return Ok(None);
    };
    copies::tell(tx, id, now).await?;
    responses::of_ending(tx, &approval, now).await?;
    Ok(Some(approval))
}

/// Ends a request that nobody can decide. Answers the record of it; nothing if it had ended already.
pub(crate) async fn undeliverable(
    tx: &mut Tx,
    id: &str,
    reason: &str,
    at: Timestamp,
) -> Result<Option<Record>, StoreError> {
    if !leave(tx, id, &State::Undeliverable { at }, None).await? {
        return Ok(None);
    }
    let record = Record::new(at, EventName::ApprovalUndeliverable, Actor::System, id);
    let details = serde_json::json!({ "reason": reason });
    Ok(Some(record.outcome(Disposition::Failure).details(details)))
}

/// Moves a request from pending to `state`: exactly one caller succeeds. With `before`, only if it has not expired then.
pub(crate) async fn leave_pending(
    tx: &mut Tx,
    id: ApprovalId,
    state: &State,
    before: Option<Timestamp>,
) -> Result<bool, StoreError> {
    leave(tx, &id.to_string(), state, before).await
}

async fn leave(
    tx: &mut Tx,
    id: &str,
    state: &State,
    before: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let changed = sqlx::query(
        "UPDATE approval SET pending = 0, state = $2 \
         WHERE id = $1 AND pending = 1 AND (expires IS NULL OR $3 IS NULL OR expires > $3)",
    )
    .bind(id)
    .bind(json("an approval's state", state)?)
    .bind(before.map(Timestamp::as_millis))
    .execute(tx.connection())
    .await?;
    Ok(changed.rows_affected() == 1)
}

const DAMAGED: &str = "it cannot be read back";
