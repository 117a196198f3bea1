//! Word from the kernel that something happened in the folder. It says only "look now".

use std::sync::Arc;

use notify::Event;
use notify::EventKind;
use notify::RecommendedWatcher;
use notify::RecursiveMode;
use notify::Watcher as _;
use notify::event::AccessKind;

use crate::app::App;

/// Notifications, for as long as it lives.
pub(super) type Watch = RecommendedWatcher;

/// Watches the events folder. Where the kernel has no watch left, none is no failure: the folder is looked at anyway.
pub(super) fn start(app: &Arc<App>) -> Option<Watch> {
    let woken = app.clone();
    // The callback does nothing but wake: lost or merged notifications, errors and overflows all mean the same.
    let wake = move |event: notify::Result<Event>| {
        // Looking opens the folder: whoever looked at that again would never rest.
        let opened =
            event.is_ok_and(|event| matches!(event.kind, EventKind::Access(AccessKind::Open(_))));
        if !opened {
            woken.wake.spool.notify_one();
        }
    };
    let watching = notify::recommended_watcher(wake).and_then(|mut watcher| {
        watcher.watch(&app.config.home.events(), RecursiveMode::NonRecursive)?;
        Ok(watcher)
    });
    watching.inspect_err(|error| tracing::warn!(%error, "no notifications of new event files: looking every second")).ok()
}
