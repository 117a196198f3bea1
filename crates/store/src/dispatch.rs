//! Handling updates: each in one transaction that also marks the update handled.

use cctelegram_core::approval::Approval;
use cctelegram_core::approval::Decision;
use cctelegram_core::approval::GivenAnswer;
use cctelegram_core::approval::State;
use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::delivery::Priority;
use cctelegram_core::delivery::Work;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_core::id::UserId;
use cctelegram_core::mode::Switch;
use cctelegram_core::time::Timestamp;
use serde_json::json;

use crate::approvals;
use crate::chats;
use crate::copies;
use crate::endings;
use crate::error::StoreError;
use crate::events::EventKey;
use crate::fold::ListKey;
use crate::inbox;
use crate::inbox::StoredUpdateId;
use crate::responses;
use crate::responses::NewResponse;
use crate::rows;
use crate::rows::NewRow;
use crate::session_replies;
use crate::session_replies::SessionReply;
use crate::settings;
use crate::store::Store;
use crate::strangers;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// A valid press on a button of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decide {
    pub update: StoredUpdateId,
    pub approval: ApprovalId,
    pub decision: Decision,
    /// Where the button was, or the words.
    pub chat: ChatId,
    pub message: MessageId,
    /// What whoever wrote is told, in reply to that.
    pub told: Option<String>,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decided {
    /// The request as it is decided now.
    Done(Approval),
    /// Somebody was faster, or the clock (then it may still be pending). Nothing was written and the update still waits:
    /// `refuse` it.
    TooLate(Approval),
    /// There is no such request. Nothing was written and the update still waits.
    Unknown,
}

/// Everything that handling one update can come to, apart from a decision.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Handling {
    /// At least one; the time of the last is the time of the handling.
    pub records: Vec<Record>,
    /// Texts to send: to whom, what, in reply to what.
    pub notices: Vec<(ChatId, String, Option<MessageId>)>,
    pub response: Option<NewResponse>,
    /// Whose agent's reply the response is.
    pub reply: Option<SessionReply>,
    /// This chat wrote: sending to it starts again.
    pub unpark: Option<ChatId>,
    /// This chat left: nothing is sent to it, for this reason.
    pub park: Option<(ChatId, String)>,
    /// The new switch of mode; `Some(None)` takes it back.
    pub switch: Option<Option<Switch>>,
    /// Send everything that is known of this event, which a button led to, to this chat.
    pub details: Option<(EventKey, ChatId)>,
    /// Send everything that is known of the events of this list to this chat.
    pub list_details: Option<(ListKey, ChatId)>,
    /// This stranger has just been refused politely.
    pub stranger: Option<UserId>,
}

impl Store {
    /// Decides a request, if it is still pending and has not expired. However many try, one succeeds.
    pub async fn decide(&self, decide: Decide) -> Result<Decided, StoreError> {
        self.change(decide).await
    }

    /// Refuses what an update wants.
    pub async fn refuse(
        &self,
        update: StoredUpdateId,
        record: Record,
        notice: Option<(ChatId, String)>,
    ) -> Result<(), StoreError> {
        let notices = notice
            .into_iter()
            .map(|(chat, text)| (chat, text, None))
            .collect();
        self.handle(
            update,
            Handling {
                records: vec![record],
                notices,
                ..Handling::default()
            },
        )
        .await
    }

    /// Does everything that handling an update comes to.
    pub async fn handle(
        &self,
        update: StoredUpdateId,
        handling: Handling,
    ) -> Result<(), StoreError> {
        self.change(Handle { update, handling }).await
    }
}

impl Change for Decide {
    type Output = Decided;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<Decided, StoreError> {
        let Some(mut approval) = approvals::by_id(tx.connection(), self.approval).await? else {
            tx.commit_quiet();
            return Ok(Decided::Unknown);
        };
        let answer = &self.decision.answer;
        let Some(label) = approval.label(answer) else {
            return Err(StoreError::NoSuchOption);
        };
        // What is marked may have changed since it was read.
        if matches!(answer, GivenAnswer::Several(marked) if *marked != approval.marks.list()) {
            tx.commit_quiet();
            return Ok(Decided::TooLate(approval));
        }
        let state = State::Decided(self.decision.clone());
        if !endings::leave_pending(tx, self.approval, &state, Some(self.decision.at)).await? {
            tx.commit_quiet();
            return Ok(Decided::TooLate(approval));
        }
        approval.state = state;
        inbox::handled(tx, self.update).await?;
        copies::tell(tx, self.approval, self.decision.at).await?;
        responses::of_decision(tx, &approval, &self.decision).await?;
        if let Some(text) = &self.told {
            // Who writes is there.
            chats::unpark(tx, self.chat).await?;
            let (work, at) = (Work::Notice { text: text.clone() }, self.decision.at);
            let told = answer_row(self.chat, &work, None, Some(self.message), at);
            rows::insert(tx, &told).await?;
        }
        tx.commit(self.record(&approval, &label)).await?;
        Ok(Decided::Done(approval))
    }
}

impl Decide {
    fn record(&self, approval: &Approval, label: &str) -> Record {
        // The record has what was chosen, not what people write.
        let (choice, label) = match &self.decision.answer {
            GivenAnswer::Choice(choice) => (json!(choice), json!(label)),
            GivenAnswer::Several(choices) => (json!(choices), json!(label)),
            GivenAnswer::Words(_) => (json!("words"), json!(null)),
        };
        let details = json!({
            "event": approval.event,
            "choice": choice,
            "label": label,
            "digest": approval.digest,
            "chat": self.chat,
            "message": self.message,
        });
        let actor = Actor::Telegram {
            user: self.decision.by.id,
        };
        let target = self.approval.to_string();
        Record::new(self.decision.at, EventName::ApprovalDecided, actor, target)
            .details(details)
            .action("decided")
    }
}

struct Handle {
    update: StoredUpdateId,
    handling: Handling,
}

impl Change for Handle {
    type Output = ();
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let handling = &self.handling;
        let Some((last, earlier)) = handling.records.split_last() else {
            return Err(StoreError::Unrecorded);
        };
        let at = last.timestamp;
        inbox::handled(tx, self.update).await?;
        if let Some(chat) = handling.unpark {
            chats::unpark(tx, chat).await?;
        }
        if let Some((chat, reason)) = &handling.park {
            chats::park(tx, *chat, reason, at).await?;
        }
        if let Some(switch) = handling.switch {
            settings::write_switch(tx, switch).await?;
        }
        if let Some(response) = &handling.response {
            let number = responses::insert(tx, response).await?;
            if let Some(reply) = &handling.reply {
                session_replies::note(tx, number, reply).await?;
            }
        }
        if let Some(user) = handling.stranger {
            strangers::refused(tx, user, at).await?;
        }
        self.queue(tx, at).await?;
        for record in earlier {
            tx.record(record.clone()).await?;
        }
        tx.commit(last.clone()).await
    }
}

impl Handle {
    async fn queue(&self, tx: &mut Tx, at: Timestamp) -> Result<(), StoreError> {
        for (chat, text, reply_to) in &self.handling.notices {
            let work = Work::Notice { text: text.clone() };
            rows::insert(tx, &answer_row(*chat, &work, None, *reply_to, at)).await?;
        }
        if let Some((EventKey(key), chat)) = self.handling.details {
            rows::insert(tx, &answer_row(chat, &Work::Details, Some(key), None, at)).await?;
        }
        if let Some((ListKey(list), chat)) = self.handling.list_details {
            rows::insert(
                tx,
                &answer_row(chat, &Work::ListDetails { list }, None, None, at),
            )
            .await?;
        }
        Ok(())
    }
}

/// A row for somebody who has just written and waits.
fn answer_row(
    chat: ChatId,
    work: &Work,
    event: Option<i64>,
    reply_to: Option<MessageId>,
    at: Timestamp,
) -> NewRow<'_> {
    NewRow {
        chat,
        priority: Priority::Approval,
        work,
        event,
        reply_to,
        at,
        held: false,
    }
}
