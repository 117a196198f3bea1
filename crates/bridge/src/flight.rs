//! One call to Telegram: rendered, sent, and its outcome recorded before anything else goes to that chat.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cctelegram_core::delivery::Outcome;
use cctelegram_core::delivery::backoff;
use cctelegram_core::id::ChatId;
use cctelegram_core::time::Timestamp;
use cctelegram_store::Leased;
use cctelegram_store::Mark;
use cctelegram_store::Marked;
use futures_util::FutureExt as _;
use tokio::sync::watch;

use crate::app::App;
use crate::compose;
use crate::compose::Call;
use crate::groups;
use crate::topics;
use crate::topics::Sendable;
use crate::undeliverable;

/// Even the general topic of a chat can be closed.
const NO_TOPIC: &str = "the topic that it belongs to is closed or gone";
/// After a failure of the store, the next try.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// Where a call stands among those of its row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Message,
    File,
    Last,
}

/// A call that is over.
pub(crate) struct Landed {
    pub(crate) chat: ChatId,
    pub(crate) answered: Timestamp,
    /// What came of it; nothing when no call was made.
    pub(crate) outcome: Option<Outcome>,
}

/// The calls under way: at most one per chat, with its number.
pub(crate) struct Calls {
    last: AtomicU64,
    under_way: watch::Sender<BTreeMap<ChatId, u64>>,
}

impl Calls {
    pub(crate) fn new() -> Self {
        Self {
            last: AtomicU64::new(0),
            under_way: watch::Sender::new(BTreeMap::new()),
        }
    }

    fn begin(&self, chat: ChatId) -> UnderWay<'_> {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        self.under_way
            .send_modify(|calls| _ = calls.insert(chat, number));
        UnderWay { calls: self, chat }
    }

    /// Waits until the call to the chat that is under way now, if any, has been recorded.
    pub(crate) async fn landed(&self, chat: ChatId) {
        let mut calls = self.under_way.subscribe();
        let number = calls.borrow().get(&chat).copied();
        let landed =
            |calls: &BTreeMap<_, _>| number.is_none() || calls.get(&chat) != number.as_ref();
        // An error would mean that nothing sends any more; nothing lands then either.
        let _ended = calls.wait_for(landed).await;
    }
}

/// A call under way, until this is dropped.
struct UnderWay<'a> {
    calls: &'a Calls,
    chat: ChatId,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.calls
            .under_way
            .send_modify(|calls| _ = calls.remove(&self.chat));
    }
}

/// Makes the row's next call and records what came of it.
pub(crate) async fn fly(app: Arc<App>, row: Leased) -> Landed {
    let chat = row.chat;
    let _under_way = app.calls.begin(chat);
    // A message that cannot even be made must not take the sender, and with it all others, down again and again.
    let prepared = AssertUnwindSafe(compose::next_call(&app, &row))
        .catch_unwind()
        .await;
    let Ok(prepared) = prepared else {
        return never(&app, &row).await;
    };
    let (outcome, step) = match prepared {
        Ok(call) => carry_out(&app, &row, call).await,
        Err(error) => {
            let (error, answered) = (format!("{error:#}"), app.now());
            tracing::error!(error, row = row.row, "the message cannot be made ready");
            app.health.send_failed(answered, error);
            mark(
                &app,
                Mark {
                    row: row.row,
                    chat,
                    at: answered,
                    result: Marked::Retry {
                        due: answered.plus(STORE_PAUSE),
                    },
                },
            )
            .await;
            return Landed {
                chat,
                answered,
                outcome: None,
            };
        }
    };
    let answered = app.now();
    if let Some(outcome) = &outcome {
        tell(&app, &row, outcome, answered);
    }
    let mut result = marked(&row, outcome.as_ref(), step, answered);
    if let Marked::Parked { reason } = result {
        result = parked(&app, chat, reason, answered).await;
    }
    let dead = matches!(result, Marked::Dead { .. });
    mark(
        &app,
        Mark {
            row: row.row,
            chat,
            at: answered,
            result,
        },
    )
    .await;
    if dead {
        undeliverable::tell(&app, &row).await;
    }
    Landed {
        chat,
        answered,
        outcome,
    }
}

/// Makes the call; where it stands.
async fn carry_out(app: &App, row: &Leased, call: Call) -> (Option<Outcome>, Step) {
    match call {
        Call::Nothing => (None, Step::Last),
        Call::Send {
            part,
            last,
            options,
        } => (
            Some(topics::send(app, row, &Sendable::Part(&part), options).await),
            if last { Step::Last } else { Step::Message },
        ),
        Call::File {
            file,
            last,
            options,
        } => (
            Some(topics::send(app, row, &Sendable::File(&file), options).await),
            if last { Step::Last } else { Step::File },
        ),
        Call::Edit {
            message,
            body,
            keyboard,
        } => (
            Some(
                app.bot
                    .client()
                    .edit(row.chat, message, &body, keyboard.as_ref())
                    .await,
            ),
            Step::Last,
        ),
    }
}

/// Gives a row up whose message made the program stumble.
async fn never(app: &App, row: &Leased) -> Landed {
    let answered = app.now();
    tracing::error!(
        row = row.row,
        "making this message failed inside the program"
    );
    let reason = "making this message failed inside the program: please report it, with bridge.log"
        .to_owned();
    mark(
        app,
        Mark {
            row: row.row,
            chat: row.chat,
            at: answered,
            result: Marked::Dead { reason },
        },
    )
    .await;
    undeliverable::tell(app, row).await;
    Landed {
        chat: row.chat,
        answered,
        outcome: None,
    }
}

/// What the outcome means for the row.
fn marked(row: &Leased, outcome: Option<&Outcome>, step: Step, now: Timestamp) -> Marked {
    let Some(outcome) = outcome else {
        return Marked::Done { message: None };
    };
    match outcome {
        Outcome::Sent(message) => match step {
            Step::Last => Marked::Done {
                message: Some(*message),
            },
            Step::File => Marked::FileSent { message: *message },
            Step::Message => Marked::PartSent {
                message: *message,
                parts_sent: row.parts_sent.saturating_add(1),
            },
        },
        Outcome::Retry { .. } => {
            // Any value that differs between rows and tries will do for the jitter.
            let [.., jitter] = (now.as_millis() ^ row.row).to_be_bytes();
            Marked::Retry {
                due: now.plus(backoff(row.attempt, jitter)),
            }
        }
        Outcome::Limited { .. } | Outcome::Unauthorized { .. } => Marked::Released,
        Outcome::Unpaired { reason } => Marked::Parked {
            reason: reason.clone(),
        },
        Outcome::NoRight { reason } => Marked::Parked {
            reason: groups::no_right(reason),
        },
        Outcome::Migrated(chat) => Marked::Migrated(*chat),
        Outcome::Gone => Marked::Anew,
        Outcome::Refused { reason } => Marked::Dead {
            reason: reason.clone(),
        },
        Outcome::NoThread { .. } => Marked::Dead {
            reason: NO_TOPIC.to_owned(),
        },
    }
}

/// Parks a chat; for an enrolled group, people are told in the same mark. Without knowing which, it is tried again.
async fn parked(app: &App, chat: ChatId, reason: String, now: Timestamp) -> Marked {
    match groups::refused(app, chat, &reason).await {
        Ok(Some(left)) => Marked::Left(left),
        Ok(None) => Marked::Parked { reason },
        Err(error) => {
            let error = format!("{:#}", anyhow::Error::from(error));
            tracing::error!(
                error,
                chat.id = chat.0,
                "a refused chat cannot be looked up"
            );
            Marked::Retry {
                due: now.plus(STORE_PAUSE),
            }
        }
    }
}

/// Writes the mark, again and again if need be: until it stands, this chat gets no further message.
async fn mark(app: &App, mark: Mark) {
    while let Err(error) = app.store.mark(mark.clone()).await {
        let error = format!("{:#}", anyhow::Error::from(error));
        tracing::error!(
            error,
            row = mark.row,
            "the delivery cannot be recorded; trying again"
        );
        app.health.store(Some(error));
        tokio::time::sleep(STORE_PAUSE).await;
    }
    app.wake.changed();
}

fn tell(app: &App, row: &Leased, outcome: &Outcome, at: Timestamp) {
    let chat = row.chat.0;
    match outcome {
        Outcome::Sent(_) => {
            app.health.sent();
            app.metrics.delivered.inc();
        }
        Outcome::Retry { cause } => {
            tracing::warn!(
                row = row.row,
                chat.id = chat,
                cause,
                "not delivered yet: trying again"
            );
            app.metrics.retried.inc();
            app.health.send_failed(at, cause.clone());
        }
        Outcome::Unpaired { reason } | Outcome::NoRight { reason } => {
            tracing::warn!(
                chat.id = chat,
                reason,
                "this recipient is parked until they write again"
            );
        }
        Outcome::Refused { reason } => {
            tracing::error!(
                row = row.row,
                chat.id = chat,
                reason,
                "Telegram refuses this message for good"
            );
            app.metrics.dead.inc();
        }
        Outcome::NoThread { .. } => {
            tracing::error!(row = row.row, chat.id = chat, "{NO_TOPIC}");
            app.metrics.dead.inc();
        }
        Outcome::Limited { .. } => app
            .health
            .send_failed(at, "Telegram's limit was met".to_owned()),
        Outcome::Migrated(_) | Outcome::Gone | Outcome::Unauthorized { .. } => {}
    }
}
