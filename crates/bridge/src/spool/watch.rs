//! Word from the kernel that something happened in the folder. It says only "look now".

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use notify::Event;
use notify::EventKind;
use notify::RecursiveMode;
use notify::Watcher as _;
use notify::event::AccessKind;

use crate::app::App;

/// Watches the folder for as long as the returned value lives.
pub(super) fn start(app: Arc<App>, folder: &Path) -> anyhow::Result<impl Sized + use<>> {
    // The callback does nothing but wake: lost or merged notifications, errors and overflows all mean the same.
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // Looking opens the folder: whoever looked at that again would never rest.
        let opened = event.is_ok_and(|event| matches!(event.kind, EventKind::Access(AccessKind::Open(_))));
        if !opened {
            app.wake.spool.notify_one();
        }
    })
    .context("watch the events folder")?;
    watcher.watch(folder, RecursiveMode::NonRecursive).context("watch the events folder")?;
    Ok(watcher)
}
