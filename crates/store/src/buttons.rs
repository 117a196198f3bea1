//! Buttons: what each was made for, found by the digest of the data that comes back.

use cctelegram_core::approval::Approval;
use cctelegram_core::approval::ButtonUse;
use cctelegram_core::approval::Choice;
use cctelegram_core::event::Event;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_core::time::Timestamp;
use cctelegram_crypto::Digest;

use crate::approvals;
use crate::error::StoreError;
use crate::events;
use crate::events::EventKey;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// Buttons for one copy of a request, stored before they are sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mint {
    pub approval: ApprovalId,
    pub chat: ChatId,
    /// The message that gets them; `None` for one that is not sent yet. `Mark` fills it in.
    pub message: Option<MessageId>,
    pub buttons: Vec<(Digest, Choice)>,
    pub at: Timestamp,
}

/// What a button was made for, with its request and event.
#[derive(Clone, PartialEq, Debug)]
pub struct FoundButton {
    pub button: ButtonUse,
    pub approval: Approval,
    pub event: Event,
    /// The event by another name than its id, which may come back for another one.
    pub key: EventKey,
}

impl Store {
    /// Stores buttons. Those of an earlier attempt that never became a message are dropped; those of an edited message
    /// stay valid, because the edit may fail and leave them on the screen.
    pub async fn mint(&self, mint: Mint) -> Result<(), StoreError> {
        self.change(mint).await
    }

    pub async fn button(&self, digest: &Digest) -> Result<Option<FoundButton>, StoreError> {
        let mut reader = self.reader().await?;
        let found: Option<StoredButton> = sqlx::query_as(
            "SELECT b.approval, b.choice, b.chat, b.message, a.event \
             FROM button b JOIN approval a ON a.id = b.approval WHERE b.digest = $1",
        )
        .bind(digest.as_bytes().as_slice())
        .fetch_optional(&mut *reader)
        .await?;
        let Some((id, choice, chat, message, key)) = found else {
            return Ok(None);
        };
        let id = approvals::parse_id(&id)?;
        let approval = approvals::by_id(&mut reader, id).await?;
        let event = events::by_key(&mut reader, key).await?;
        let choice = match choice {
            None => Choice::Details,
            Some(DONE) => Choice::Done,
            // A number that is no index of anything is refused as one beyond the options.
            Some(index) => Choice::Option(usize::try_from(index).unwrap_or(usize::MAX)),
        };
        let message = message.map(MessageId);
        let button = ButtonUse {
            approval: id,
            choice,
            chat: ChatId(chat),
            message,
        };
        Ok(approval.zip(event).map(|(approval, event)| FoundButton {
            button,
            approval,
            event,
            key: EventKey(key),
        }))
    }
}

/// The choice of the button that answers with what is marked.
const DONE: i64 = -1;

/// Approval, choice, chat, message, event.
type StoredButton = (String, Option<i64>, i64, Option<i64>, i64);

impl Change for Mint {
    type Output = ();
    const DURABILITY: Durability = Durability::Normal;

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        if self.message.is_none() {
            sqlx::query("DELETE FROM button WHERE approval = $1 AND chat = $2 AND message IS NULL")
                .bind(self.approval.to_string())
                .bind(self.chat.0)
                .execute(tx.connection())
                .await?;
        }
        for (digest, choice) in &self.buttons {
            let choice = match choice {
                Choice::Details => None,
                Choice::Done => Some(DONE),
                Choice::Option(index) => Some(i64::try_from(*index).unwrap_or(i64::MAX)),
            };
            sqlx::query(
                "INSERT INTO button (digest, approval, choice, chat, message, minted) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(digest.as_bytes().as_slice())
            .bind(self.approval.to_string())
            .bind(choice)
            .bind(self.chat.0)
            .bind(self.message.map(|id| id.0))
            .bind(self.at.as_millis())
            .execute(tx.connection())
            .await?;
        }
        tx.commit_quiet();
        Ok(())
    }
}

/// Binds the buttons that were just sent to their message.
pub(crate) async fn bind(
    tx: &mut Tx,
    approval: &str,
    chat: ChatId,
    message: MessageId,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE button SET message = $3 WHERE approval = $1 AND chat = $2 AND message IS NULL",
    )
    .bind(approval)
    .bind(chat.0)
    .bind(message.0)
    .execute(tx.connection())
    .await?;
    Ok(())
}
