//! The sender: leases the most urgent rows whose chats may be written to now, sends them, records what came of it.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use cctelegram_core::delivery::Outcome;
use cctelegram_core::delivery::Priority;
use cctelegram_core::id::ChatId;
use cctelegram_core::pacing::Pacer;
use cctelegram_core::time::Timestamp;
use cctelegram_store::Head;
use cctelegram_store::Outlook;
use cctelegram_store::StoreError;
use futures_util::FutureExt as _;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::bot;
use crate::flight;
use crate::flight::Landed;
use crate::undeliverable;

/// Without any wake-up the outbox is looked at this often: a missed one must not matter.
const LOOK_ANYWAY: Duration = Duration::from_secs(5);
/// After a failure of the store, the next try.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// Two chats limited within this span: it is the overall limit.
const TOGETHER: Duration = Duration::from_secs(1);

type Flight = Pin<Box<dyn Future<Output = Landed> + Send>>;
type Pause = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The calls under way, and when further ones may start.
struct Sender {
    app: Arc<App>,
    pacer: Pacer,
    flights: FuturesUnordered<Flight>,
    /// Chats with a call under way: at most one each.
    busy: BTreeSet<ChatId>,
    limited: Option<(ChatId, Timestamp)>,
    /// Chats whose own limit makes something wait.
    waited: BTreeSet<ChatId>,
    /// When to look at the outbox next.
    look_at: Instant,
    /// Telegram refuses our token: nothing new is sent until this ends. Calls under way go on meanwhile.
    pause: Option<Pause>,
}

/// What the loop has to do next.
enum Next {
    Look,
    Stored(BTreeSet<ChatId>),
    Due,
    Landed(Box<Landed>),
    TokenWorks,
    Stop,
}

/// Sends until `stop` is cancelled, then lets the calls under way finish.
pub(crate) async fn run(app: Arc<App>, stop: CancellationToken) -> anyhow::Result<()> {
    let mut sender = Sender {
        pacer: Pacer::new(app.config.telegram.limits),
        flights: FuturesUnordered::new(),
        busy: BTreeSet::new(),
        limited: None,
        waited: BTreeSet::new(),
        look_at: Instant::now(),
        pause: None,
        app,
    };
    loop {
        let app = sender.app.clone();
        let woken = app.wake.outbox.notified();
        if stop.is_cancelled() {
            if sender.flights.is_empty() {
                return Ok(());
            }
        } else if sender.look_at <= Instant::now() {
            sender.start_what_may_start().await;
        }
        let next = tokio::select! {
            () = stop.cancelled(), if sender.flights.is_empty() => Next::Stop,
            Some(landed) = sender.flights.next() => Next::Landed(Box::new(landed)),
            () = over(&mut sender.pause) => Next::TokenWorks,
            () = woken => Next::Look,
            chats = app.wake.stored.next() => Next::Stored(chats),
            () = tokio::time::sleep_until(sender.look_at), if !stop.is_cancelled() => Next::Due,
        };
        match next {
            Next::Stop => return Ok(()),
            Next::Look => sender.look_at = Instant::now(),
            Next::Stored(chats) => sender.expect(&chats),
            Next::Due => {}
            Next::TokenWorks => {
                sender.pause = None;
                sender.look_at = Instant::now();
            }
            Next::Landed(landed) => {
                sender.settle(*landed, &stop);
                // Those that landed meanwhile: one look at the outbox serves them all.
                while let Some(Some(landed)) = sender.flights.next().now_or_never() {
                    sender.settle(landed, &stop);
                }
            }
        }
    }
}

/// Ends when the pause does; never without one.
async fn over(pause: &mut Option<Pause>) {
    match pause {
        Some(pause) => pause.await,
        None => std::future::pending().await,
    }
}

/// How long it is until then; a whole millisecond more than the clock shows, so that the moment has really come.
fn until(at: Timestamp, now: Timestamp) -> Duration {
    if at <= now {
        return Duration::ZERO;
    }
    at.since(now).saturating_add(Duration::from_millis(1))
}

impl Sender {
    /// Something was stored for these chats: there is nothing to look for before one of them may be written to. While
    /// thousands of events come in, a look after each would cost as much as taking it.
    fn expect(&mut self, chats: &BTreeSet<ChatId>) {
        let now = self.app.now();
        // After a call that is under way the outbox is looked at anyway.
        let free = chats.difference(&self.busy);
        if let Some(at) = free.map(|chat| self.pacer.ready_at(*chat, now)).min() {
            self.look_at = self.look_at.min(Instant::now() + until(at, now));
        }
    }

    /// Leases and starts everything that may start now.
    async fn start_what_may_start(&mut self) {
        let wait = if self.pause.is_some() {
            LOOK_ANYWAY
        } else {
            self.start().await.unwrap_or_else(|error| {
                let error = format!("{:#}", anyhow::Error::from(error));
                tracing::error!(error, "nothing can be leased from the outbox; trying again");
                self.app.health.store(Some(error));
                STORE_PAUSE
            })
        };
        self.look_at = Instant::now() + wait;
    }

    /// Answers when to look again.
    async fn start(&mut self) -> Result<Duration, StoreError> {
        let now = self.app.now();
        let free = self
            .app
            .config
            .telegram
            .pool_size
            .saturating_sub(self.flights.len());
        if free == 0 {
            return Ok(LOOK_ANYWAY);
        }
        let Outlook { heads, next_due } = self.app.store.outlook(now).await?;
        let mut soonest = next_due;
        if heads.is_empty() && soonest.is_none() && self.flights.is_empty() {
            // Nothing waits, so nothing fails to be sent.
            self.app.health.sent();
        }
        let mut ready = Vec::new();
        for head in heads
            .into_iter()
            .filter(|head| !self.busy.contains(&head.chat))
        {
            let at = self.pacer.ready_at(head.chat, now);
            if at <= now && ready.len() < free {
                self.pacer.reserve(head.chat, now);
                ready.push(head);
            } else if at > now {
                if self.pacer.waits_for_its_limit(head.chat, now) {
                    self.waited.insert(head.chat);
                }
                soonest = Some(soonest.map_or(at, |soonest| soonest.min(at)));
            }
        }
        self.lease(ready, now).await?;
        self.pacer.forget_idle(now);
        Ok(soonest.map_or(LOOK_ANYWAY, |at| until(at, now).min(LOOK_ANYWAY)))
    }

    async fn lease(&mut self, heads: Vec<Head>, now: Timestamp) -> Result<(), StoreError> {
        if heads.is_empty() {
            return Ok(());
        }
        let leased = match self.rows(&heads, now).await {
            Ok(rows) => self.app.store.lease(rows, now).await,
            Err(error) => Err(error),
        };
        let taken: BTreeSet<ChatId> = leased
            .iter()
            .flat_map(|leased| &leased.rows)
            .map(|row| row.chat)
            .collect();
        // What was reserved but not leased (overtaken by events, or the lease failed) goes back.
        for head in heads.iter().filter(|head| !taken.contains(&head.chat)) {
            self.pacer.release(head.chat);
            if leased.is_ok() {
                self.app.wake.outbox.notify_one();
            }
        }
        let leased = leased?;
        for row in &leased.given_up {
            undeliverable::tell_given_up(&self.app, row).await;
        }
        for row in leased.rows {
            self.busy.insert(row.chat);
            self.flights
                .push(Box::pin(flight::fly(self.app.clone(), row)));
        }
        Ok(())
    }

    /// The rows to lease: the chats' heads, or what was begun there or lists them.
    async fn rows(&mut self, heads: &[Head], now: Timestamp) -> Result<Vec<i64>, StoreError> {
        let above = self.app.config.quiet.fold_above;
        let mut rows = Vec::with_capacity(heads.len());
        for head in heads {
            let waited = self.waited.remove(&head.chat);
            let may_fold = waited && above > 0 && head.priority >= Priority::Result.rank();
            let list = if may_fold {
                self.app.store.fold(*head, above, now).await?
            } else {
                None
            };
            rows.push(list.unwrap_or(head.row));
        }
        Ok(rows)
    }

    /// Takes note of what came of one call, whose mark is committed already.
    fn settle(&mut self, landed: Landed, stop: &CancellationToken) {
        let Landed {
            chat,
            answered,
            outcome,
        } = landed;
        self.busy.remove(&chat);
        self.look_at = Instant::now();
        let Some(outcome) = outcome else {
            self.pacer.release(chat);
            return;
        };
        self.pacer.settle(chat, answered);
        match outcome {
            Outcome::Limited { after } => self.hold(chat, answered, after),
            Outcome::Unauthorized { reason } => self.pause(reason, stop),
            Outcome::Sent(_)
            | Outcome::Retry { .. }
            | Outcome::Unpaired { .. }
            | Outcome::NoRight { .. }
            | Outcome::Migrated(_)
            | Outcome::Gone
            | Outcome::NoThread { .. }
            | Outcome::Refused { .. } => {}
        }
    }

    fn pause(&mut self, reason: String, stop: &CancellationToken) {
        if self.pause.is_none() {
            let (app, stop) = (self.app.clone(), stop.clone());
            self.pause = Some(Box::pin(async move {
                bot::until_token_works(&app, &reason, &stop).await;
            }));
        }
    }

    /// Telegram said 429. Two chats at once mean that the overall limit was met.
    fn hold(&mut self, chat: ChatId, now: Timestamp, after: Duration) {
        self.app.metrics.limited.inc();
        let until = now.plus(after);
        tracing::warn!(
            chat.id = chat.0,
            wait_ms = after.as_millis(),
            "Telegram's limit was met: waiting"
        );
        match self.limited.replace((chat, now)) {
            Some((other, at)) if other != chat && now.since(at) <= TOGETHER => {
                self.pacer.hold_all(until);
            }
            _ => self.pacer.hold(chat, until),
        }
    }
}
