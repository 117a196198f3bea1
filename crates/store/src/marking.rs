//! Options that are marked, where several may be.

use cctelegram_core::approval::State;
use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::id::UserId;
use cctelegram_core::time::Timestamp;
use serde_json::json;

use crate::approvals;
use crate::copies;
use crate::dispatch::Decided;
use crate::error::StoreError;
use crate::inbox;
use crate::inbox::StoredUpdateId;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// A valid press on an option that is marked by it, or not any more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Toggle {
    pub update: StoredUpdateId,
    pub approval: ApprovalId,
    pub option: usize,
    pub by: UserId,
    pub at: Timestamp,
}

impl Store {
    /// Marks an option of a request that is still open, or takes its mark away; every copy is brought up to date.
    /// `Done` has the request as it is marked now.
    pub async fn toggle(&self, toggle: Toggle) -> Result<Decided, StoreError> {
        self.change(toggle).await
    }
}

impl Change for Toggle {
    type Output = Decided;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<Decided, StoreError> {
        let Some(mut approval) = approvals::by_id(tx.connection(), self.approval).await? else {
            tx.commit_quiet();
            return Ok(Decided::Unknown);
        };
        let Ok(marks) = approval.mark(self.option, self.at) else {
            tx.commit_quiet();
            return Ok(match approval.state {
                State::Pending => Decided::Unknown,
                State::Decided(_)
                | State::Expired { .. }
                | State::Withdrawn { .. }
                | State::Locally { .. }
                | State::Undeliverable { .. } => Decided::TooLate(approval),
            });
        };
        sqlx::query("UPDATE approval SET marks = $2 WHERE id = $1 AND pending = 1")
            .bind(self.approval.to_string())
            .bind(i64::from(marks.bits()))
            .execute(tx.connection())
            .await?;
        approval.marks = marks;
        inbox::handled(tx, self.update).await?;
        copies::edit_all(tx, self.approval, self.at).await?;
        let target = self.approval.to_string();
        let actor = Actor::Telegram { user: self.by };
        let details = json!({
            "event": approval.event,
            "choice": self.option,
            "marked": marks.has(self.option),
        });
        let record = Record::new(self.at, EventName::ApprovalMarked, actor, target);
        tx.commit(record.details(details).action("marked")).await?;
        Ok(Decided::Done(approval))
    }
}
