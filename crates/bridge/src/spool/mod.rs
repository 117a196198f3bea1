//! The spool: event files become events. A file is removed only after its event is durably stored.

mod claim;
mod discard;
mod open;
mod reject;
mod shelf;
mod watch;

use std::collections::HashMap;
use std::ffi::OsString;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use cctelegram_core::audit::Actor;
use cctelegram_core::audit::Disposition;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::event;
use cctelegram_core::event::Event;
use rustix::io::Errno;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::intake;
use crate::intake::Refusal;

pub(crate) use claim::is_claimed;

use claim::Claimed;
use open::Fingerprint;
use open::Folder;
use open::Opened;
use open::Trouble;
use shelf::Gathered;
use shelf::Shelf;
use shelf::Ungathered;

/// Without any notification the folder is looked at this often: a missed one must not matter.
const LOOK_ANYWAY: Duration = Duration::from_secs(30);
/// A file that is no complete document is judged once it has not changed for this long.
const SETTLED: Duration = Duration::from_millis(200);
/// Files that are read and stored together; they share commits.
const BATCH: usize = 64;
/// A batch ends when it has this much (bytes): looking through large texts for secrets takes its time.
const BATCH_BYTES: u64 = 2 * 1024 * 1024;
/// After a refusal that may pass (queue full, memory short, store failing), the next try.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// Takes event files in until `stop` is cancelled.
pub(crate) async fn run(app: Arc<App>, stop: CancellationToken) -> anyhow::Result<()> {
    let folder = Folder::open(&app.config.home)?;
    Shelf::clear(&app.config.home);
    let watcher = watch::start(&app);
    let mut spool = Spool {
        app,
        folder,
        watcher,
        unsettled: HashMap::new(),
        recorded: HashMap::new(),
        shelf: Shelf::default(),
        waits: false,
    };
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
    /// None where the kernel gives no notifications; then looking often has to do.
    watcher: Option<watch::Watch>,
    /// Refused files whose refusal is on the record already, and that could not be moved yet.
    recorded: HashMap<OsString, Fingerprint>,
    /// Files that are no complete document yet, and since when they have looked as they do.
    unsettled: HashMap<OsString, (Fingerprint, Instant)>,
    /// The files that event files name.
    shelf: Shelf,
    /// The last look left files waiting: the log has the reason already.
    waits: bool,
}

/// What became of some files.
#[derive(Default)]
struct Batch {
    looked_at: usize,
    taken: usize,
    /// The store refused one of them.
    is_refused: bool,
    /// Why one of them has to wait.
    waits: Option<anyhow::Error>,
}

/// What a file turned out to be.
enum Look {
    /// An event to store.
    Ready(Claimed, Box<Event>),
    /// Never an event; the reason is for people. The file is as it was when it was judged.
    Refused(String, Fingerprint),
    /// Gone, or still being written.
    Nothing,
}

impl Spool {
    /// Goes through the folder once; returns when to look again.
    async fn scan(&mut self, stop: &CancellationToken) -> Again {
        let names = match self
            .reopen_if_replaced()
            .and_then(|()| Ok(self.folder.names()?))
        {
            Ok(names) => names,
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(error, "the events folder cannot be read");
                self.app
                    .health
                    .spool(Some(format!("The events folder cannot be read: {error}.")));
                return Again::Later;
            }
        };
        self.app.health.spool(None);
        self.unsettled.retain(|name, _| names.contains(name));
        self.recorded.retain(|name, _| names.contains(name));
        let mut waits = None;
        let mut rest = names.as_slice();
        while !rest.is_empty() && !stop.is_cancelled() {
            let batch = self.take_batch(rest).await;
            // One file that the store refuses must not keep later ones back; a full queue refuses all.
            let all_wait = batch.taken == 0 && batch.is_refused;
            waits = batch.waits.or(waits);
            rest = rest.get(batch.looked_at..).unwrap_or_default();
            if all_wait {
                break;
            }
        }
        if self.tell_waiting(waits) {
            return Again::Later;
        }
        let look_anyway = if self.watcher.is_some() {
            LOOK_ANYWAY
        } else {
            TRY_AGAIN
        };
        Again::Within(if self.unsettled.is_empty() {
            look_anyway
        } else {
            SETTLED
        })
    }

    /// A folder that was removed and made anew is another one: it is opened and watched again.
    fn reopen_if_replaced(&mut self) -> anyhow::Result<()> {
        if !self.folder.is_in_place(&self.app.config.home) {
            self.app.config.home.prepare()?;
            self.folder = Folder::open(&self.app.config.home)?;
            self.watcher = watch::start(&self.app);
            tracing::warn!("the events folder was replaced: watching the new one");
        }
        Ok(())
    }

    /// Takes the first of the files in together.
    async fn take_batch(&mut self, names: &[OsString]) -> Batch {
        let mut files = Vec::new();
        let mut events = Vec::new();
        let mut sources = Vec::new();
        let mut batch = Batch::default();
        let mut bytes = 0;
        for name in names.iter().take(BATCH) {
            batch.looked_at = batch.looked_at.saturating_add(1);
            let looked = match self.look_at(name) {
                Ok(Look::Refused(reason, judged)) => self.refuse(name, &reason, judged).await,
                Ok(Look::Ready(file, event)) => match self.shelf.gather(&self.app, *event).await {
                    Ok(gathered) => {
                        bytes = gathered
                            .size()
                            .saturating_add(file.size())
                            .saturating_add(bytes);
                        let (event, read) = Gathered::into_parts(gathered);
                        files.push(file);
                        events.push(event);
                        sources.push(read);
                        Ok(())
                    }
                    Err(Ungathered::Refused(reason)) => {
                        self.refuse_claimed(&file, &reason).await;
                        Ok(())
                    }
                    Err(Ungathered::Later(error)) => {
                        file.put_back(&self.folder);
                        batch.waits = Some(error);
                        Ok(())
                    }
                },
                Ok(Look::Nothing) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = looked {
                tracing::error!(file = %name.display(), error = format!("{error:#}"), "an event file cannot be handled");
            }
            if bytes > BATCH_BYTES {
                break;
            }
        }
        let taken = intake::take_all(&self.app, events).await;
        for ((file, taken), read) in files.into_iter().zip(taken).zip(sources) {
            match taken {
                Ok(taken) => {
                    // The event file goes last: should a crash come between, it brings the event back and its files
                    // are known.
                    Shelf::remove(&self.app.config.home, read);
                    let name = file.name().display();
                    tracing::info!(event.id = %taken.event, file = %name, stored_as = ?taken.stored_as, "event file stored");
                    file.remove(&self.folder);
                    batch.taken = batch.taken.saturating_add(1);
                }
                Err(final_one @ (Refusal::Conflict(_) | Refusal::NoSuchFile)) => {
                    self.shelf.drop_stored(&self.app, read).await;
                    self.refuse_claimed(&file, &final_one.to_string()).await;
                }
                Err(refusal) => {
                    self.shelf.keep(read);
                    tracing::debug!(file = %file.name().display(), "an event file has to wait");
                    file.put_back(&self.folder);
                    batch.is_refused = true;
                    batch.waits = Some(refusal.into());
                }
            }
        }
        batch
    }

    /// Sets a file aside whose event will never be taken, however long it waits.
    async fn refuse_claimed(&mut self, file: &Claimed, reason: &str) {
        let (name, judged) = file.judged();
        if let Err(error) = self.refuse(&name.to_owned(), reason, judged).await {
            let error = format!("{error:#}");
            tracing::error!(file = %file.name().display(), error, "a refused event file stays where it is");
        }
    }

    /// Notes why files have to wait, once until none has to; true while some do.
    fn tell_waiting(&mut self, why: Option<anyhow::Error>) -> bool {
        let waits = why.is_some();
        if let Some(why) = why.filter(|_| !self.waits) {
            tracing::warn!(reason = format!("{why:#}"), "event files have to wait");
        }
        self.waits = waits;
        waits
    }

    /// Opens one file; gives back its event when there is one to store, with the file claimed for us.
    fn look_at(&mut self, name: &OsString) -> anyhow::Result<Look> {
        let seen = match self.folder.stat(name) {
            Ok(stat) => Fingerprint::of(&stat),
            Err(Errno::NOENT) => return Ok(Look::Nothing),
            Err(errno) => return Err(errno.into()),
        };
        let opened = match self.folder.read(name) {
            Ok(opened) => opened,
            Err(Trouble::Gone) => return Ok(Look::Nothing),
            Err(Trouble::Linked(_)) if self.may_still_grow(name, seen) => return Ok(Look::Nothing),
            Err(Trouble::Refused(reason) | Trouble::Linked(reason)) => {
                return Ok(Look::Refused(reason, seen));
            }
            Err(Trouble::TooLarge) => {
                let reason = format!("it is larger than {} KiB", open::LARGEST / 1024);
                return Ok(Look::Refused(reason, seen));
            }
            Err(Trouble::Io(error)) => return Err(error.into()),
        };
        if !is_complete(&opened) && self.may_still_grow(name, opened.fingerprint) {
            return Ok(Look::Nothing);
        }
        let validation = self.app.config.intake.validation;
        // One file that makes the program stumble must not take the bridge down at every start.
        let parse = || event::parse(&opened.bytes, validation, opened.origin(name));
        let event = match catch_unwind(AssertUnwindSafe(parse)) {
            Ok(Ok(event)) => event,
            Ok(Err(rejected)) => {
                return Ok(Look::Refused(rejected.to_string(), opened.fingerprint));
            }
            Err(_) => {
                let reason =
                    "reading it failed inside the program: please report it, with this file";
                return Ok(Look::Refused(reason.to_owned(), opened.fingerprint));
            }
        };
        let home = &self.app.config.home;
        if !Shelf::has_all(home, &event) && self.may_still_grow(name, opened.fingerprint) {
            return Ok(Look::Nothing);
        }
        self.unsettled.remove(name);
        let claimed = claim::take(&self.folder, name, opened.fingerprint)?;
        Ok(claimed.map_or(Look::Nothing, |file| Look::Ready(file, Box::new(event))))
    }

    fn may_still_grow(&mut self, name: &OsString, now: Fingerprint) -> bool {
        let entry = self
            .unsettled
            .entry(name.clone())
            .or_insert_with(|| (now, Instant::now()));
        if entry.0 != now {
            *entry = (now, Instant::now());
        }
        entry.1.elapsed() < SETTLED
    }

    /// Sets a file aside, on the record.
    async fn refuse(
        &mut self,
        name: &OsString,
        reason: &str,
        judged: Fingerprint,
    ) -> anyhow::Result<()> {
        if self.recorded.get(name) == Some(&judged) {
            return reject::set_aside(&self.folder, name, reason, judged);
        }
        let file = claim::original(name).display();
        tracing::warn!(%file, reason, "an event file was refused");
        let record = Record::new(
            self.app.now(),
            EventName::EventRejected,
            Actor::System,
            format!("file {file}"),
        )
        .outcome(Disposition::Refused)
        .action(reason);
        self.app.store.record(record).await?;
        self.app.metrics.rejected.inc();
        self.recorded.insert(name.clone(), judged);
        reject::set_aside(&self.folder, name, reason, judged)
    }
}

/// One complete JSON object needs no waiting: its writer has said all there is to say.
fn is_complete(opened: &Opened) -> bool {
    opened.bytes.trim_ascii_start().starts_with(b"{") && event::is_one_document(&opened.bytes)
}
