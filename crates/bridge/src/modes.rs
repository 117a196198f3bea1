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
const LOOK_ANYWAY: Duration = Duration::from_secs(60);

/// The switch that brings the wish about; `None` means back to the setting.
pub(crate) async fn switch_to(app: &App, wish: Option<(Mode, Option<Duration>)>) -> Result<Option<Switch>, StoreError> {
    let Some((mode, lasting)) = wish else { return Ok(None) };
    let now = app.now();
    let standing = app.store.switch().await?.and_then(|switch| switch.at(now));
    // A mute with an end gives way to what stood before it, not to another mute with an end.
    let before = match standing {
        Some(Switch { until: Some(_), before, .. }) => before,
        Some(Switch { mode, until: None, .. }) => Some(mode),
        None => None,
    };
    let until = lasting.map(|lasting| now.plus(lasting));
    Ok(Some(Switch { mode, until, before: until.and(before) }))
}

/// What follows once a switch is stored: the end of a mute lets everything go that was held.
pub(crate) async fn follow(app: &App, before: Mode, after: Mode) -> Result<(), StoreError> {
    if before == Mode::Mute && after != Mode::Mute {
        let now = app.now();
        let record = Record::new(now, EventName::ModeChanged, Actor::System, "held messages").action("let go");
        app.store.unmute(now, record).await?;
    }
    app.wake.outbox.notify_one();
    app.wake.timers.notify_one();
    Ok(())
}

/// Ends mutes whose time has come, until `stop` is cancelled.
pub(crate) async fn run(app: Arc<App>, stop: CancellationToken) -> anyhow::Result<()> {
    // A mute that ended while no bridge ran, or a bridge that ended between the switch and what follows.
    end_mute_if_over(&app).await?;
    if app.mode().await?.mode != Mode::Mute && app.store.counts().await?.held > 0 {
        follow(&app, Mode::Mute, Mode::Local).await?;
    }
    while !stop.is_cancelled() {
        let woken = app.wake.timers.notified();
        let end = app.store.switch().await?.and_then(|switch| switch.until);
        let wait = end.map_or(LOOK_ANYWAY, |end| end.since(app.now())).min(LOOK_ANYWAY);
        tokio::select! {
            () = stop.cancelled() => {}
            () = woken => {}
            () = tokio::time::sleep(wait) => {}
        }
        end_mute_if_over(&app).await?;
    }
    Ok(())
}

async fn end_mute_if_over(app: &App) -> Result<(), StoreError> {
    let Some(stored) = app.store.switch().await? else { return Ok(()) };
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
