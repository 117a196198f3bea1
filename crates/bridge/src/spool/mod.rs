//! The spool: event files become events. A file is removed only after its event is durably stored.

mod claim;
mod open;
mod reject;
mod watch;

use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Disposition;
use cctelegram_core::audit::Record;
use cctelegram_core::event;
use cctelegram_core::event::Event;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::intake;
use crate::intake::Refusal;

use claim::Claimed;
use open::Fingerprint;
use open::Folder;
use open::Opened;
use open::Trouble;

/// Without any notification the folder is looked at this often: a missed one must not matter.
const LOOK_ANYWAY: Duration = Duration::from_secs(30);
/// A file that is no complete document is judged once it has not changed for this long.
const SETTLED: Duration = Duration::from_millis(200);
/// Files that are read and stored together; they share commits.
const BATCH: usize = 64;
/// After a refusal that may pass (queue full, memory short, store failing), the next try.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// Takes event files in until `stop` is cancelled.
pub(crate) async fn run(app: Arc<App>, stop: CancellationToken) -> anyhow::Result<()> {
    let folder = Folder::open(&app.config.home)?;
    let _watcher = watch::start(app.clone(), &app.config.home.events())?;
    let mut spool = Spool { app, folder, unsettled: HashMap::new(), waits: false };
    while !stop.is_cancelled() {
        let app = spool.app.clone();
        let woken = app.wake.spool.notified();
        let (wait, may_be_woken) = match spool.scan(&stop).await {
            Again::Within(span) => (span, true),
            Again::Later => (TRY_AGAIN, false),
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = woken, if may_be_woken => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    Ok(())
}

/// When the folder is looked at again.
enum Again {
    /// At a notification, and after this span at the latest.
    Within(Duration),
    /// Not before `TRY_AGAIN` is over: giving files their names back is a notification too, and would never end.
    Later,
}

struct Spool {
    app: Arc<App>,
    folder: Folder,
    /// Files that are no complete document yet, and since when they have looked as they do.
    unsettled: HashMap<OsString, (Fingerprint, Instant)>,
    /// The last look left files waiting: the log has the reason already.
    waits: bool,
}

/// What a file turned out to be.
enum Look {
    /// An event to store.
    Ready(Claimed, Box<Event>),
    /// Never an event; the reason is for people.
    Refused(String),
    /// Gone, or still being written.
    Nothing,
}

impl Spool {
    /// Goes through the folder once; returns when to look again.
    async fn scan(&mut self, stop: &CancellationToken) -> Again {
        let names = match self.folder.names() {
            Ok(names) => names,
            Err(error) => {
                let problem = format!("The events folder cannot be read: {error}.");
                tracing::error!(%error, "the events folder cannot be read");
                self.app.health.spool(Some(problem));
                return Again::Later;
            }
        };
        self.app.health.spool(None);
        self.unsettled.retain(|name, _| names.contains(name));
        for batch in names.chunks(BATCH) {
            if stop.is_cancelled() {
                break;
            }
            if self.take_batch(batch).await {
                return Again::Later;
            }
        }
        Again::Within(if self.unsettled.is_empty() { LOOK_ANYWAY } else { SETTLED })
    }

    /// Takes some files in together; true when producers have to wait.
    async fn take_batch(&mut self, names: &[OsString]) -> bool {
        let mut files = Vec::new();
        let mut events = Vec::new();
        for name in names {
            let looked = match self.look_at(name) {
                Ok(Look::Refused(reason)) => self.refuse(name, &reason).await,
                Ok(Look::Ready(file, event)) => {
                    files.push(file);
                    events.push(*event);
                    Ok(())
                }
                Ok(Look::Nothing) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = looked {
                tracing::error!(file = %name.display(), error = format!("{error:#}"), "an event file cannot be handled");
            }
        }
        let taken = intake::take_all(&self.app, events).await;
        let mut refused = None;
        for (file, taken) in files.into_iter().zip(taken) {
            let name = file.name().display();
            match taken {
                Ok(taken) => {
                    tracing::info!(event.id = %taken.event, file = %name, stored_as = ?taken.stored_as, "event file stored");
                    file.remove(&self.folder);
                }
                Err(refusal) => {
                    tracing::debug!(file = %name, "an event file has to wait");
                    file.put_back(&self.folder);
                    refused = Some(refusal);
                }
            }
        }
        self.tell_waiting(refused)
    }

    /// Notes why files have to wait, once until none has to; true while some do.
    fn tell_waiting(&mut self, refused: Option<Refusal>) -> bool {
        let waits = refused.is_some();
        if let Some(refusal) = refused.filter(|_| !self.waits) {
            tracing::warn!(reason = format!("{:#}", anyhow::Error::from(refusal)), "event files have to wait");
        }
        self.waits = waits;
        waits
    }

    /// Opens one file; gives back its event when there is one to store, with the file claimed for us.
    fn look_at(&mut self, name: &OsString) -> anyhow::Result<Look> {
        let opened = match self.folder.read(name) {
            Ok(opened) => opened,
            Err(Trouble::Gone) => return Ok(Look::Nothing),
            Err(Trouble::Refused(reason)) => return Ok(Look::Refused(reason)),
            Err(Trouble::Io(error)) => return Err(error.into()),
        };
        if !is_complete(&opened) && self.may_still_grow(name, opened.fingerprint) {
            return Ok(Look::Nothing);
        }
        self.unsettled.remove(name);
        let validation = self.app.config.intake.validation;
        let event = match event::parse(&opened.bytes, validation, opened.origin(name)) {
            Ok(event) => event,
            Err(rejected) => return Ok(Look::Refused(rejected.to_string())),
        };
        let claimed = claim::take(&self.folder, name, opened.fingerprint)?;
        Ok(claimed.map_or(Look::Nothing, |file| Look::Ready(file, Box::new(event))))
    }

    fn may_still_grow(&mut self, name: &OsString, now: Fingerprint) -> bool {
        let entry = self.unsettled.entry(name.clone()).or_insert_with(|| (now, Instant::now()));
        if entry.0 != now {
            *entry = (now, Instant::now());
        }
        entry.1.elapsed() < SETTLED
    }

    /// Sets a file aside, on the record.
    async fn refuse(&self, name: &OsString, reason: &str) -> anyhow::Result<()> {
        tracing::warn!(file = %name.display(), reason, "an event file was refused");
        let record = Record::new(self.app.now(), EventName::EventRejected, Actor::System, format!("file {}", name.display()))
            .outcome(Disposition::Refused)
            .action(reason);
        self.app.store.record(record).await?;
        self.app.metrics.rejected();
        reject::set_aside(&self.folder, name, reason)
    }
}

/// One complete JSON object needs no waiting: its writer has said all there is to say.
fn is_complete(opened: &Opened) -> bool {
    opened.bytes.trim_ascii_start().starts_with(b"{") && event::is_one_document(&opened.bytes)
}
