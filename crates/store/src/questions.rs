//! The question whether a group may be enrolled: its copies and their buttons.

use cctelegram_core::delivery::Priority;
use cctelegram_core::delivery::Work;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::EnrolmentId;
use cctelegram_core::id::MessageId;
use cctelegram_core::time::Timestamp;
use cctelegram_crypto::Digest;

use crate::error::StoreError;
use crate::rows;
use crate::rows::NewRow;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// What a button of a question was made for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EnrolButton {
    pub enrolment: EnrolmentId,
    pub chat: ChatId,
    pub message: Option<MessageId>,
    pub accepts: bool,
}

impl Store {
    /// Stores the buttons of a question before it is sent; those of an earlier attempt are void.
    pub async fn mint_enrolment(
        &self,
        enrolment: EnrolmentId,
        chat: ChatId,
        buttons: Vec<(Digest, bool)>,
    ) -> Result<(), StoreError> {
        self.change(MintButtons {
            enrolment,
            chat,
            buttons,
        })
        .await
    }

    pub async fn enrol_button(&self, digest: &Digest) -> Result<Option<EnrolButton>, StoreError> {
        let row: Option<(i64, i64, Option<i64>, bool)> = sqlx::query_as(
            "SELECT enrolment, chat, message, accepts FROM enrolment_button WHERE digest = $1",
        )
        .bind(digest.as_bytes().as_slice())
        .fetch_optional(&mut *self.reader().await?)
        .await?;
        Ok(row.map(|(enrolment, chat, message, accepts)| EnrolButton {
            enrolment: EnrolmentId(enrolment),
            chat: ChatId(chat),
            message: message.map(MessageId),
            accepts,
        }))
    }
}

struct MintButtons {
    enrolment: EnrolmentId,
    chat: ChatId,
    buttons: Vec<(Digest, bool)>,
}

impl Change for MintButtons {
    type Output = ();
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM enrolment_button WHERE enrolment = $1 AND chat = $2 AND message IS NULL",
        )
        .bind(self.enrolment.0)
        .bind(self.chat.0)
        .execute(tx.connection())
        .await?;
        for (digest, accepts) in &self.buttons {
            sqlx::query(
                "INSERT INTO enrolment_button (digest, enrolment, chat, accepts) VALUES ($1, $2, $3, $4)",
            )
            .bind(digest.as_bytes().as_slice())
            .bind(self.enrolment.0)
            .bind(self.chat.0)
            .bind(i64::from(*accepts))
            .execute(tx.connection())
            .await?;
        }
        tx.commit_quiet();
        Ok(())
    }
}

pub(crate) async fn queue(
    tx: &mut Tx,
    enrolment: EnrolmentId,
    chat: ChatId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let work = Work::Enrolment { enrolment };
    rows::insert(tx, &row(chat, &work, now)).await?;
    Ok(())
}

pub(crate) fn row(chat: ChatId, work: &Work, at: Timestamp) -> NewRow<'_> {
    NewRow {
        chat,
        priority: Priority::Approval,
        work,
        event: None,
        reply_to: None,
        at,
        held: false,
    }
}

/// What a row about an enrolment has to do in its chat: send the question while it is open, then edit it.
pub(crate) enum Question {
    Send,
    Edit(MessageId),
    Nothing,
}

pub(crate) async fn question(
    tx: &mut Tx,
    id: EnrolmentId,
    chat: ChatId,
) -> Result<Question, StoreError> {
    let open: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM enrolment WHERE id = $1 AND state = 'asked')",
    )
    .bind(id.0)
    .fetch_one(tx.connection())
    .await?;
    let message: Option<i64> = sqlx::query_scalar(
        "SELECT max(message) FROM enrolment_button WHERE enrolment = $1 AND chat = $2",
    )
    .bind(id.0)
    .bind(chat.0)
    .fetch_one(tx.connection())
    .await?;
    Ok(match (open, message) {
        (true, None) => Question::Send,
        (false, Some(message)) => Question::Edit(MessageId(message)),
        (true, Some(_)) | (false, None) => Question::Nothing,
    })
}

/// Binds the buttons that were just sent to their message.
pub(crate) async fn bind(
    tx: &mut Tx,
    id: EnrolmentId,
    chat: ChatId,
    message: MessageId,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE enrolment_button SET message = $3 WHERE enrolment = $1 AND chat = $2 AND message IS NULL",
    )
    .bind(id.0)
    .bind(chat.0)
    .bind(message.0)
    .execute(tx.connection())
    .await?;
    Ok(())
}
