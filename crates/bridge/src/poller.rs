//! The poller: asks Telegram for updates and stores them with the next offset, in one transaction.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use cctelegram_core::audit::Actor;
use cctelegram_core::audit::Disposition;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::event::Kind;
use cctelegram_core::time::Timestamp;
use cctelegram_telegram::CallError;
use cctelegram_telegram::RawUpdate;
use tokio_util::sync::CancellationToken;

use crate::alerts;
use crate::alerts::Alert;
use crate::app::App;
use crate::bot;
use crate::dispatch;
use crate::health::POLL_SECONDS;

/// Telegram keeps a button press for 150 s only; after a gap of this length, presses may have been lost.
const GAP: Duration = Duration::from_mins(2);
/// The wait after a failed poll.
const TRY_AGAIN: Duration = Duration::from_secs(3);
/// The wait after a 409: whoever else polls with this token would otherwise fight us.
const CONFLICT_WAIT: Duration = Duration::from_secs(10);
/// The poll after a 409 is this long (seconds): whoever still polls ends it sooner, and a quiet one shows that they are gone.
const AFTER_CONFLICT_SECONDS: u64 = 10;
/// Registering the commands may take so long.
const INTRODUCTION: Duration = Duration::from_secs(5);
/// The clocks are compared this often, to notice that the machine slept.
const TICK: Duration = Duration::from_secs(2);
/// Without a 409 for so long, the next one is told again. Two that poll in turn would else tell of it all day.
const CONFLICT_OVER: Duration = Duration::from_mins(10);
/// The episode of somebody else polling with our token.
const CONFLICT: &str = "poll_conflict";

/// Polls until `stop` is cancelled.
pub(crate) async fn run(app: Arc<App>, stop: CancellationToken) -> anyhow::Result<()> {
    let mut poller = Poller {
        app,
        last: None,
        patience: 0,
        conflicted: None,
    };
    while !stop.is_cancelled() {
        let wait = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = woke_up() => Duration::ZERO,
            answer = poller.timed_poll() => match poller.after(answer, &stop).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "updates cannot be stored; asking for them again");
                    TRY_AGAIN
                }
            },
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    Ok(())
}

struct Poller {
    app: Arc<App>,
    /// When the last poll succeeded.
    last: Option<Timestamp>,
    /// How long the next poll may wait for something to happen (seconds). After trouble it is short, so that the bridge
    /// knows soon whether it can hear.
    patience: u64,
    /// When somebody else polled with our token.
    conflicted: Option<Timestamp>,
}

impl Poller {
    /// A poll, and how long it took.
    async fn timed_poll(&self) -> (anyhow::Result<Result<Vec<RawUpdate>, CallError>>, Duration) {
        let begun = Instant::now();
        (self.poll().await, begun.elapsed())
    }

    async fn poll(&self) -> anyhow::Result<Result<Vec<RawUpdate>, CallError>> {
        let client = self.app.bot.client();
        let offset = self.app.store.offset(client.bot_id()).await?;
        Ok(client.get_updates(offset, self.patience).await)
    }

    /// Takes care of one poll's result; returns how long to wait before the next.
    async fn after(
        &mut self,
        (answer, waited): (anyhow::Result<Result<Vec<RawUpdate>, CallError>>, Duration),
        stop: &CancellationToken,
    ) -> anyhow::Result<Duration> {
        let error = match answer? {
            Ok(updates) => {
                self.heard(updates).await?;
                return Ok(Duration::ZERO);
            }
            Err(error) => error,
        };
        tracing::warn!(%error, "polling failed");
        self.patience = if matches!(error, CallError::Conflict(_)) {
            AFTER_CONFLICT_SECONDS
        } else {
            0
        };
        match error {
            CallError::Conflict(_) => self.app.health.poll_conflict(error.to_string()),
            CallError::Unauthorized(_)
            | CallError::Limited { .. }
            | CallError::Refused { .. }
            | CallError::Unreachable(_) => self.app.health.poll_failed(error.to_string()),
        }
        Ok(match error {
            CallError::Unauthorized(reason) => {
                bot::until_token_works(&self.app, &reason, stop).await;
                Duration::ZERO
            }
            CallError::Conflict(reason) => {
                self.conflicted = Some(self.app.now());
                self.conflict(&reason).await?;
                CONFLICT_WAIT
            }
            CallError::Limited { after } => after,
            // The connection of a poll that waited has gone stale: a new one may work at once.
            CallError::Unreachable(_) if waited > TRY_AGAIN => Duration::ZERO,
            CallError::Refused { .. } | CallError::Unreachable(_) => TRY_AGAIN,
        })
    }

    async fn heard(&mut self, updates: Vec<RawUpdate>) -> anyhow::Result<()> {
        let now = self.app.now();
        self.store(updates, now).await?;
        // Presses made while no bridge ran, or could hear, may be lost: open requests are to be pressed again.
        if self.last.is_none_or(|last| now.since(last) > GAP) {
            self.press_again().await?;
        }
        self.patience = POLL_SECONDS;
        self.app.health.heard(now);
        if self
            .conflicted
            .is_none_or(|at| now.since(at) > CONFLICT_OVER)
        {
            self.app.alerts.over(CONFLICT);
        }
        if self.last.replace(now).is_none() {
            // Nothing depends on it, so it may not hold anything up for long.
            let introduced = tokio::time::timeout(INTRODUCTION, self.introduce()).await;
            if introduced.is_err() {
                tracing::warn!("the commands could not be registered in time");
            }
        }
        Ok(())
    }

    async fn store(&self, updates: Vec<RawUpdate>, now: Timestamp) -> anyhow::Result<()> {
        let Some(newest) = updates.iter().map(|update| update.id).max() else {
            return Ok(());
        };
        let bot = self.app.bot.client().bot_id();
        let updates = self.app.keys.seal_updates(bot, updates)?;
        self.app
            .store
            .take_updates(bot, updates, newest.saturating_add(1), now)
            .await?;
        self.app.wake.inbox.notify_one();
        Ok(())
    }

    /// Brings every open request up to date, so that it can be pressed again.
    async fn press_again(&self) -> anyhow::Result<()> {
        let allowed = self.app.config.people.chats();
        if self.app.store.touch_open(allowed, self.app.now()).await? > 0 {
            self.app.wake.outbox.notify_one();
        }
        Ok(())
    }

    /// Learns the bot's name if need be, and tells Telegram our commands. Nothing depends on either.
    async fn introduce(&self) {
        let client = self.app.bot.client();
        if !self.app.bot.is_known()
            && let Ok(bot) = client.get_me().await
        {
            self.app.bot.introduce(bot);
        }
        if let Err(error) = client.set_commands(&dispatch::COMMANDS).await {
            tracing::warn!(%error, "the commands could not be registered");
        }
    }

    async fn conflict(&self, reason: &str) -> anyhow::Result<()> {
        let description = format!(
            "Telegram says: {reason}. Someone else receives this bot's answers. Use one bot per machine. If you did \
             not start a second one, the token may be stolen: revoke it at @BotFather with /revoke."
        );
        let title = "Someone else polls with this bot's token";
        let alert = Alert {
            episode: CONFLICT,
            kind: Kind::SecurityAlert,
            title,
            description,
        };
        if alerts::raise(&self.app, alert).await {
            let record = Record::new(
                self.app.now(),
                EventName::PollConflict,
                Actor::System,
                "telegram",
            )
            .outcome(Disposition::Failure)
            .details(serde_json::json!({ "reason": reason }));
            self.app.store.record(record).await?;
        }
        Ok(())
    }
}

/// Ends when the time of day has moved on much further than the running time: the machine slept, connections are stale.
async fn woke_up() {
    let clock = crate::clock::SystemClock;
    loop {
        let (wall, running) = (cctelegram_core::time::Clock::now(&clock), Instant::now());
        tokio::time::sleep(TICK).await;
        let slept = cctelegram_core::time::Clock::now(&clock).since(wall);
        if slept > running.elapsed().saturating_add(TICK) {
            tracing::info!("the machine slept: polling anew");
            return;
        }
    }
}
