//! An open store with its writer running, and short words for what every test does.

use std::path::PathBuf;
use std::time::Duration;

use cctelegram_core::approval::AnswerForm;
use cctelegram_core::approval::Choice;
use cctelegram_core::approval::Decision;
use cctelegram_core::approval::GivenAnswer;
use cctelegram_core::approval::Person;
use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::delivery::Priority;
use cctelegram_core::delivery::Work;
use cctelegram_core::event::Attachment;
use cctelegram_core::event::Event;
use cctelegram_core::file::FileKind;
use cctelegram_core::file::FileName;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::id::AttachmentId;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_core::id::UserId;
use cctelegram_core::time::Timestamp;
use cctelegram_crypto::Digest;
use cctelegram_crypto::Sealed;
use cctelegram_store::Accept;
use cctelegram_store::AcceptOutcome;
use cctelegram_store::AddPiece;
use cctelegram_store::Ask;
use cctelegram_store::Decide;
use cctelegram_store::Leased;
use cctelegram_store::Mark;
use cctelegram_store::Marked;
use cctelegram_store::Mint;
use cctelegram_store::Store;
use cctelegram_store::StoredUpdateId;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use uuid::Uuid;

pub(crate) const ANNA: ChatId = ChatId(11);
pub(crate) const BEN: ChatId = ChatId(22);
pub(crate) const BOT: i64 = 77;

pub(crate) struct Fixture {
    pub(crate) store: Store,
    pub(crate) folder: TempDir,
    stop: oneshot::Sender<()>,
    writer: JoinHandle<()>,
}

/// Seconds into the test.
pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000).plus(Duration::from_secs(seconds))
}

pub(crate) fn event(id: &str) -> Event {
    typed(id, "code_review", json!({}))
}

pub(crate) fn progress(id: &str, task: &str) -> Event {
    typed(id, "task_progress", json!({ "task_id": task }))
}

pub(crate) fn typed(id: &str, kind: &str, more: Value) -> Event {
    let mut document = json!({ "id": id, "type": kind, "title": format!("About {id}") });
    let fields = document.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    serde_json::from_value(document).unwrap()
}

pub(crate) fn approval_id(number: u128) -> ApprovalId {
    ApprovalId(Uuid::from_u128(number))
}

pub(crate) fn accept(event: Event, recipients: &[ChatId]) -> Accept {
    Accept {
        priority: Priority::of(&event),
        content: event.digest(),
        event,
        recipients: recipients.iter().copied().collect(),
        received: at(0),
        hold: false,
        likeness: None,
        ask: None,
        max_queue: 100,
        exempt: false,
        actor: Actor::Local { uid: 1000 },
    }
}

pub(crate) fn piece_of(file: AttachmentId, number: u32, content: &[u8]) -> AddPiece {
    AddPiece {
        file,
        number,
        content: content.to_vec(),
        max_total: 1_000,
        at: at(0),
    }
}

/// Hands over a file of these pieces.
pub(crate) async fn upload(store: &Store, name: &str, pieces: &[&[u8]]) -> Attachment {
    let id = AttachmentId(Uuid::now_v7());
    for (number, piece) in (0..).zip(pieces) {
        let stored = store.add_piece(piece_of(id, number, piece)).await;
        stored.unwrap();
    }
    let content = pieces.concat();
    let file = Attachment {
        id,
        name: FileName::clean(name),
        kind: FileKind::Other,
        size: content.len() as u64,
        sha256: Digest::of(&content).hex(),
        masked: false,
    };
    store.end_upload(file.clone()).await.unwrap();
    file
}

/// A request for a decision between `Approve` and `Deny`.
pub(crate) fn request(id: &str, number: u128, recipients: &[ChatId]) -> Accept {
    let event = typed(
        id,
        "approval_request",
        json!({ "options": ["Approve", "Deny"] }),
    );
    let ask = Ask {
        id: approval_id(number),
        digest: "ab".repeat(32),
        expires: None,
        not_before: None,
        form: AnswerForm::default(),
        attended: false,
        remind: None,
    };
    Accept {
        ask: Some(ask),
        ..accept(event, recipients)
    }
}

pub(crate) fn person(id: i64) -> Person {
    Person {
        id: UserId(id),
        username: Some("anna".to_owned()),
        first_name: "Anna".to_owned(),
    }
}

pub(crate) fn decide(update: StoredUpdateId, number: u128, choice: usize) -> Decide {
    let decision = Decision {
        answer: GivenAnswer::Choice(choice),
        by: person(11),
        at: at(60),
    };
    Decide {
        update,
        approval: approval_id(number),
        decision,
        chat: ANNA,
        message: MessageId(1),
        told: None,
    }
}

pub(crate) fn record(name: EventName, seconds: u64) -> Record {
    Record::new(at(seconds), name, Actor::System, "test")
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::open(tempfile::tempdir().unwrap()).await
    }

    #[expect(clippy::disallowed_methods, reason = "a test has no supervisor")]
    pub(crate) async fn open(folder: TempDir) -> Self {
        let (store, writer) = cctelegram_store::open(&folder.path().join("test.db"), at(0))
            .await
            .unwrap();
        let (stop, stopped) = oneshot::channel();
        let writer = tokio::spawn(writer.run(async { drop(stopped.await) }));
        Self {
            store,
            folder,
            stop,
            writer,
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("test.db")
    }

    /// Stops as the program does.
    pub(crate) async fn close(self) -> TempDir {
        drop(self.stop);
        self.writer.await.unwrap();
        self.folder
    }

    /// Stops as a crash does: nothing is finished or closed.
    pub(crate) async fn crash(self) -> TempDir {
        self.writer.abort();
        assert!(self.writer.await.unwrap_err().is_cancelled());
        self.folder
    }

    pub(crate) async fn accept(&self, accept: Accept) {
        assert_eq!(
            self.store.accept(accept).await.unwrap(),
            AcceptOutcome::Stored
        );
    }

    /// Leases what is next in every chat.
    pub(crate) async fn lease(&self, now: Timestamp) -> Vec<Leased> {
        let heads = self.store.outlook(now).await.unwrap().heads;
        self.store
            .lease(heads.into_iter().map(|head| head.row).collect(), now)
            .await
            .unwrap()
            .rows
    }

    pub(crate) async fn lease_one(&self, now: Timestamp) -> Leased {
        let mut leased = self.lease(now).await;
        assert_eq!(leased.len(), 1, "{leased:?}");
        leased.remove(0)
    }

    pub(crate) async fn mark(&self, leased: &Leased, result: Marked) {
        self.mark_at(leased, result, at(1)).await;
    }

    pub(crate) async fn mark_at(&self, leased: &Leased, result: Marked, at: Timestamp) {
        let mark = Mark {
            row: leased.row,
            chat: leased.chat,
            at,
            result,
        };
        self.store.mark(mark).await.unwrap();
    }

    pub(crate) async fn sent(&self, leased: &Leased, message: i64) {
        self.mark(
            leased,
            Marked::Done {
                message: Some(MessageId(message)),
            },
        )
        .await;
    }

    /// Sends everything that is due; each message has the number of its row. Answers what was sent.
    pub(crate) async fn send_all(&self, now: Timestamp) -> Vec<Leased> {
        let mut all = Vec::new();
        loop {
            let leased = self.lease(now).await;
            if leased.is_empty() && self.store.outlook(now).await.unwrap().heads.is_empty() {
                return all;
            }
            for row in leased {
                let message = row.message.map_or(row.row, |message| message.0);
                self.sent(&row, message).await;
                all.push(row);
            }
        }
    }

    /// Stores one update and answers its key.
    pub(crate) async fn update(&self, number: i64) -> StoredUpdateId {
        let update = vec![(number, Sealed::from_bytes(number.to_be_bytes().to_vec()))];
        self.store
            .take_updates(BOT, update, number + 1, at(0))
            .await
            .unwrap();
        self.store
            .unhandled(1_000)
            .await
            .unwrap()
            .last()
            .unwrap()
            .id
    }

    /// Stores one button that is not in a message yet.
    pub(crate) async fn mint(&self, number: u128, chat: ChatId, data: &str, choice: Choice) {
        let buttons = vec![(Digest::of(data.as_bytes()), choice)];
        let approval = approval_id(number);
        let mint = Mint {
            approval,
            chat,
            message: None,
            buttons,
            at: at(0),
        };
        self.store.mint(mint).await.unwrap();
    }

    /// The records so far, in their order.
    pub(crate) async fn audit(&self) -> Vec<Record> {
        let entries = self.store.audit_tail(1_000).await.unwrap();
        entries.into_iter().map(|entry| entry.record).collect()
    }

    pub(crate) async fn audit_names(&self) -> Vec<EventName> {
        self.audit()
            .await
            .into_iter()
            .map(|record| record.event)
            .collect()
    }

    /// What waits, as kind and chat.
    pub(crate) async fn waiting(&self) -> Vec<(String, ChatId)> {
        let queue = self.store.queue(1_000).await.unwrap();
        let waiting = queue.into_iter().filter(|entry| entry.state != "dead");
        waiting
            .map(|entry| (entry.what, ChatId(entry.chat)))
            .collect()
    }
}

/// The works of leased rows.
pub(crate) fn works(leased: &[Leased]) -> Vec<Work> {
    leased.iter().map(|row| row.work.clone()).collect()
}

/// The ids of the events of leased rows.
pub(crate) fn ids(leased: &[Leased]) -> Vec<&str> {
    leased
        .iter()
        .filter_map(|row| row.event.as_ref())
        .map(|event| event.id.as_str())
        .collect()
}
