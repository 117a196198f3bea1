//! Requests that wait are told once more here, and those that nobody answered in time, or waits for any more, come to
//! their end.

use std::sync::Arc;
use std::time::Duration;

use cctelegram_core::approval::State;
use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::mode::Mode;
use cctelegram_store::StoreError;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Without a wake-up, expired requests are looked for this often.
const LOOK_ANYWAY: Duration = Duration::from_mins(1);
/// After a failure of the store, the next try.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// Ends requests whose time is over, until `stop` is cancelled.
pub(crate) async fn run(app: Arc<App>, stop: CancellationToken) -> anyhow::Result<()> {
    while !stop.is_cancelled() {
        let woken = app.wake.expiry.notified();
        let wait = match look(&app).await {
            Ok(wait) => wait,
            Err(error) => {
                let error = format!("{:#}", anyhow::Error::from(error));
                tracing::error!(error, "requests cannot be ended or told of; trying again");
                TRY_AGAIN
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = woken => {}
            () = tokio::time::sleep(wait.min(LOOK_ANYWAY)) => {}
        }
    }
    Ok(())
}

async fn look(app: &App) -> Result<Duration, StoreError> {
    let expiry = expire(app).await?;
    Ok(expiry.min(remind(app).await?))
}

/// Tells once more of what waits, but not in a mute; tells how long to wait for the next time.
async fn remind(app: &App) -> Result<Duration, StoreError> {
    if app.mode().await?.mode == Mode::Mute {
        return Ok(LOOK_ANYWAY);
    }
    let allowed = app.config.people.chats();
    if app.store.remind_due(allowed, app.now()).await? > 0 {
        app.wake.outbox.notify_one();
    }
    let next = app.store.next_reminder().await?;
    Ok(next.map_or(LOOK_ANYWAY, |at| {
        at.since(app.now()).saturating_add(Duration::from_millis(1))
    }))
}

/// Ends what is over; tells how long to wait for the next end.
async fn expire(app: &App) -> Result<Duration, StoreError> {
    let absent = app.attended.look(&app.store.attended().await?);
    for id in absent.gone {
        app.abandoned.add(id, Actor::System);
    }
    withdraw_abandoned(app).await?;
    let mut next = app.store.next_expiry().await?;
    // Only then: a change that finds nothing to do is a transaction all the same, and others wait behind it.
    if next.is_some_and(|at| at <= app.now()) {
        let expired = app.store.expire_due(app.now()).await?;
        if !expired.is_empty() {
            tracing::info!(count = expired.len(), "requests expired without a decision");
            app.wake.decided();
        }
        next = app.store.next_expiry().await?;
    }
    let next = next.map_or(LOOK_ANYWAY, |at| {
        at.since(app.now()).saturating_add(Duration::from_millis(1))
    });
    Ok(absent.next.map_or(next, |wait| next.min(wait)))
}

/// Takes back what nobody waits for any more: a press would have no effect.
async fn withdraw_abandoned(app: &App) -> Result<(), StoreError> {
    while let Some((id, who)) = app.abandoned.first() {
        let now = app.now();
        let target = format!("approval {id}");
        let record = Record::new(now, EventName::ApprovalWithdrawn, who, target);
        let end = State::Withdrawn { at: now };
        if app.store.end(id, end, record, now).await?.is_some() {
            tracing::info!(approval.id = %id, "whoever asked has gone away; the request is withdrawn");
            app.wake.decided();
        }
        app.abandoned.settled(id);
    }
    Ok(())
}
