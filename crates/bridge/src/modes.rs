//! Switching between local, nomad and mute, and what follows when a mute ends.

use std::sync::Arc;
use std::time::Duration;

use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::mode::Mode;
use cctelegram_core::mode::Switch;
use cctelegram_store::StoreError;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Without a wake-up, the end of a mute is looked for this often.
const LOOK_ANYWAY: Duration = Duration::from_mins(1);
/// After a failure of the store, the next try.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// The switch that brings the wish about; `None` means back to the setting.
pub(crate) async fn switch_to(
    app: &App,
    wish: Option<(Mode, Option<Duration>)>,
) -> Result<Option<Switch>, StoreError> {
    let Some((mode, lasting)) = wish else {
        return Ok(None);
    };
    let now = app.now();
    let standing = app.store.switch().await?.and_then(|switch| switch.at(now));
    // A mute with an end gives way to what stood before it, not to another mute with an end.
    let before = match standing {
        Some(Switch {
            until: Some(_),
            before,
            ..
        }) => before,
        Some(Switch {
            mode, until: None, ..
        }) => Some(mode),
        None => None,
    };
    let until = lasting.map(|lasting| now.plus(lasting));
    Ok(Some(Switch {
        mode,
        until,
        before: until.and(before),
    }))
}

/// What follows once a switch is stored: the end of a mute lets everything go that was held.
pub(crate) async fn follow(app: &App, before: Mode, after: Mode) -> Result<(), StoreError> {
    if before == Mode::Mute && after != Mode::Mute {
        let_go(app).await?;
    }
    app.wake.outbox.notify_one();
    app.wake.modes.notify_one();
    // Whoever waits only while people are away.
    app.wake.changed();
    Ok(())
}

async fn let_go(app: &App) -> Result<(), StoreError> {
    let now = app.now();
    let record =
        Record::new(now, EventName::ModeChanged, Actor::System, "held messages").action("let go");
    app.store.unmute(now, record).await?;
    app.wake.outbox.notify_one();
    // Reminders waited for it too.
    app.wake.expiry.notify_one();
    Ok(())
}

/// Ends mutes whose time has come, until `stop` is cancelled.
pub(crate) async fn run(app: Arc<App>, stop: CancellationToken) -> anyhow::Result<()> {
    while !stop.is_cancelled() {
        let woken = app.wake.modes.notified();
        let wait = match until_the_end(&app).await {
            Ok(wait) => wait,
            Err(error) => {
                let error = format!("{:#}", anyhow::Error::from(error));
                tracing::error!(
                    error,
                    "the end of a mute cannot be looked for; trying again"
                );
                TRY_AGAIN
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = woken => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    Ok(())
}

/// Ends a mute that is over; tells how long to wait for the next end.
async fn until_the_end(app: &App) -> Result<Duration, StoreError> {
    // Also a mute that ended while no bridge ran.
    end_mute_if_over(app).await?;
    // A bridge that ended between the switch and what follows, or an event that was judged just before the switch.
    if app.mode().await?.mode != Mode::Mute && app.store.counts().await?.held > 0 {
        let_go(app).await?;
    }
    let end = app.store.switch().await?.and_then(|switch| switch.until);
    Ok(end
        .map_or(LOOK_ANYWAY, |end| end.since(app.now()))
        .min(LOOK_ANYWAY))
}

async fn end_mute_if_over(app: &App) -> Result<(), StoreError> {
    let Some(stored) = app.store.switch().await? else {
        return Ok(());
    };
    let standing = stored.at(app.now());
    if standing == Some(stored) {
        return Ok(());
    }
    let after = app.mode_of(standing).mode;
    let record = Record::new(app.now(), EventName::ModeChanged, Actor::System, "mode")
        .details(serde_json::json!({ "from": stored.mode, "to": after }))
        .action("the mute is over");
    app.store.set_switch(standing, record).await?;
    follow(app, stored.mode, after).await
}
