//! Rows that can never be delivered.

use cctelegram_core::audit::Actor;
use cctelegram_core::audit::Disposition;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::id::ChatId;
use cctelegram_core::time::Timestamp;
use serde_json::json;

use crate::copies;
use crate::endings;
use crate::error::StoreError;
use crate::rows;
use crate::rows::Done;
use crate::tx::Tx;

/// A row that is given up, known by its columns: what it was to say may be what cannot be read.
pub(crate) struct Lost<'a> {
    pub(crate) row: i64,
    pub(crate) chat: ChatId,
    pub(crate) kind: &'a str,
    pub(crate) approval: Option<&'a str>,
}

impl Lost<'_> {
    /// Ends the row, and the request that nobody else can get a copy of any more. Answers the records of both.
    pub(crate) async fn give_up(
        &self,
        tx: &mut Tx,
        reason: &str,
        at: Timestamp,
    ) -> Result<Vec<Record>, StoreError> {
        rows::finish(tx, self.row, Done::Dead, Some(reason), at).await?;
        let mut records = Vec::new();
        if let ("approval", Some(approval)) = (self.kind, self.approval)
            && !copies::has_other(tx, self.row, approval).await?
        {
            records.extend(endings::undeliverable(tx, approval, reason, at).await?);
        }
        let (name, target) = (EventName::MessageUndeliverable, self.chat.to_string());
        let record = Record::new(at, name, Actor::System, target).outcome(Disposition::Failure);
        let details = json!({ "row": self.row, "what": self.kind, "reason": reason });
        records.push(record.details(details).action("given up"));
        Ok(records)
    }
}
