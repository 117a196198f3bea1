//! What becomes of waiting messages when the list of recipients changes.

use std::collections::BTreeSet;

use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::id::ChatId;
use cctelegram_core::time::Timestamp;
use serde_json::json;

use crate::approvals;
use crate::copies;
use crate::error::StoreError;
use crate::giving_up::GivingUp;
use crate::groups;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// What a new list of recipients came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reconciled {
    /// Messages that were queued anew for those who are left.
    pub moved: u64,
    /// Messages that are no longer sent to those who were removed.
    pub removed: u64,
}

impl Store {
    /// Gives up what waits for chats that are neither in `allowed` nor enrolled groups. What then would reach nobody is queued for all who are,
    /// and so is every open request that only chats have that are not, or groups that the bot is not in.
    /// An empty list changes nothing for people: with nobody to send to, everything waits.
    pub async fn reconcile(
        &self,
        allowed: BTreeSet<ChatId>,
        now: Timestamp,
    ) -> Result<Reconciled, StoreError> {
        self.change(Reconcile { allowed, now }).await
    }
}

struct Reconcile {
    allowed: BTreeSet<ChatId>,
    now: Timestamp,
}

impl Change for Reconcile {
    type Output = Reconciled;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<Reconciled, StoreError> {
        let (mut reconciled, mut records) = (Reconciled::default(), Vec::new());
        let mut giving_up = GivingUp::new(REMOVED, &self.allowed, self.now);
        for chat in self.removed_chats(tx).await? {
            let count = giving_up.chat(tx, chat).await?;
            reconciled.removed += count;
            let (name, target) = (EventName::RecipientRemoved, chat.to_string());
            let record = Record::new(self.now, name, Actor::System, target);
            let details = json!({ "given_up": count });
            records.push(record.details(details).action("its queue was given up"));
        }
        reconciled.moved = giving_up.move_orphans(tx).await?;
        let (asked, of_requests) = ask_people(tx, &self.allowed, self.now).await?;
        reconciled.moved += asked;
        records.extend(of_requests);
        tx.commit_each(records).await?;
        Ok(reconciled)
    }
}

/// Queues every open request that neither one of `people` nor a group has, for all of `people`. Answers how many copies
/// were queued, and the records of it.
pub(crate) async fn ask_people(
    tx: &mut Tx,
    people: &BTreeSet<ChatId>,
    now: Timestamp,
) -> Result<(u64, Vec<Record>), StoreError> {
    let (mut asked, mut records) = (0, Vec::new());
    if people.is_empty() {
        return Ok((asked, records));
    }
    let groups = groups::all(tx.connection()).await?;
    let present = groups.into_iter().filter(|group| !group.away);
    let mut reached: BTreeSet<ChatId> = present.map(|group| group.chat).collect();
    reached.extend(people);
    let ask = AskWhoIsLeft {
        people,
        reached,
        now,
    };
    for id in approvals::pending_ids(tx).await? {
        let queued = ask.one(tx, id).await?;
        if queued > 0 {
            asked += queued;
            records.push(ask.record(id));
        }
    }
    Ok((asked, records))
}

struct AskWhoIsLeft<'a> {
    people: &'a BTreeSet<ChatId>,
    /// Chats in which a request is seen.
    reached: BTreeSet<ChatId>,
    now: Timestamp,
}

impl AskWhoIsLeft<'_> {
    /// Queues an open request for people, unless somebody has it or will get it. Who it could never be delivered to is
    /// not tried again.
    async fn one(&self, tx: &mut Tx, id: ApprovalId) -> Result<u64, StoreError> {
        let rows: Vec<(i64, bool)> = sqlx::query_as(
            "SELECT chat, done IS NULL OR (done = 'sent' AND message IS NOT NULL) FROM outbox \
             WHERE approval = $1 AND kind = 'approval'",
        )
        .bind(id.to_string())
        .fetch_all(tx.connection())
        .await?;
        let is_seen = |chat: i64| self.reached.contains(&ChatId(chat));
        if rows.iter().any(|(chat, lives)| *lives && is_seen(*chat)) {
            return Ok(0);
        }
        let tried: BTreeSet<ChatId> = rows.into_iter().map(|(chat, _)| ChatId(chat)).collect();
        let mut queued = 0;
        for chat in self.people.difference(&tried) {
            copies::ask(tx, id, *chat, self.now).await?;
            queued += 1;
        }
        Ok(queued)
    }

    fn record(&self, id: ApprovalId) -> Record {
        let (name, target) = (EventName::ApprovalRequested, id.to_string());
        let record = Record::new(self.now, name, Actor::System, target);
        record.action("queued for those who are recipients now: only former ones had it")
    }
}

impl Reconcile {
    async fn removed_chats(&self, tx: &mut Tx) -> Result<Vec<ChatId>, StoreError> {
        let chats: Vec<i64> =
            sqlx::query_scalar("SELECT DISTINCT chat FROM outbox WHERE done IS NULL ORDER BY chat")
                .fetch_all(tx.connection())
                .await?;
        let groups = groups::all(tx.connection()).await?;
        let is_removed = |chat: &ChatId| {
            if chat.is_group() {
                return !groups.iter().any(|group| group.is_named(*chat));
            }
            !self.allowed.is_empty() && !self.allowed.contains(chat)
        };
        let chats = chats.into_iter().map(ChatId);
        Ok(chats.filter(is_removed).collect())
    }
}

pub(crate) const REMOVED: &str = "no longer a recipient";
