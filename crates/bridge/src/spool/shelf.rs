//! The folder `attachments`: the files that event files name are read from here, and removed with them.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::os::fd::OwnedFd;

use anyhow::Context as _;
use cctelegram_core::event::Attachment;
use cctelegram_core::event::Event;
use cctelegram_core::event::Wanted;
use cctelegram_core::file::FileName;
use cctelegram_core::id::AttachmentId;
use rustix::fs::AtFlags;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::discard;
use super::open;
use super::open::Fingerprint;
use super::open::Trouble;
use crate::app::App;
use crate::attachments::Incoming;
use crate::attachments::Unfit;
use crate::home::Home;

/// Files are read in pieces of this size.
const PIECE: usize = 256 * 1024;

/// What was stored already of files whose event has to wait: they are not read again and again.
#[derive(Default)]
pub(super) struct Shelf {
    stored: HashMap<(String, FileName), (Fingerprint, Attachment)>,
}

/// An event with its files.
pub(super) struct Gathered {
    pub(super) event: Event,
    sources: Vec<Source>,
}

/// Where one of them was read.
pub(super) struct Source {
    path: String,
    read: Fingerprint,
    file: Attachment,
}

/// Why an event does not get its files.
pub(super) enum Ungathered {
    /// It never will; the reason is for people.
    Refused(String),
    Later(anyhow::Error),
}

impl From<anyhow::Error> for Ungathered {
    fn from(error: anyhow::Error) -> Self {
        Self::Later(error)
    }
}

impl Gathered {
    /// In bytes.
    pub(super) fn size(&self) -> u64 {
        self.event.attachments.iter().map(|file| file.size).sum()
    }

    pub(super) fn into_parts(self) -> (Event, Vec<Source>) {
        (self.event, self.sources)
    }
}

impl Shelf {
    /// Are all files there that the event names?
    pub(super) fn has_all(home: &Home, event: &Event) -> bool {
        let wanted = event.wanted().unwrap_or_default();
        if wanted.is_empty() {
            return true;
        }
        let Ok(folder) = folder(home) else {
            return true;
        };
        wanted.iter().all(|wanted| match wanted {
            Wanted::File { path, .. } => {
                let stat = rustix::fs::statat(&folder, path.as_str(), AtFlags::SYMLINK_NOFOLLOW);
                !matches!(stat, Err(Errno::NOENT))
            }
            Wanted::Upload { .. } => true,
        })
    }

    /// Reads and stores the files that the event names.
    pub(super) async fn gather(&mut self, app: &App, event: Event) -> Result<Gathered, Ungathered> {
        let wanted = event.wanted();
        let wanted = wanted.map_err(|rejected| Ungathered::Refused(rejected.to_string()))?;
        if wanted.is_empty() {
            return Ok(Gathered {
                event,
                sources: Vec::new(),
            });
        }
        let most = app.config.files.max_files;
        if wanted.len() > most {
            let count = wanted.len();
            let limit = format!("{count} files, the limit is {most} ([attachments] max_files)");
            return Err(Ungathered::Refused(format!("data.attachments: {limit}")));
        }
        let folder = folder(&app.config.home)?;
        let (mut files, mut sources) = (Vec::new(), Vec::new());
        for (index, wanted) in wanted.into_iter().enumerate() {
            match self.one(app, &folder, &event, (index, wanted)).await {
                Ok((file, read)) => {
                    if let Some((path, read)) = read {
                        let file = file.clone();
                        sources.push(Source { path, read, file });
                    }
                    files.push(file);
                }
                Err(ungathered) => {
                    self.drop_stored(app, sources).await;
                    return Err(match ungathered {
                        Ungathered::Refused(reason) => {
                            Ungathered::Refused(format!("data.attachments[{index}]: {reason}"))
                        }
                        later @ Ungathered::Later(_) => later,
                    });
                }
            }
        }
        Ok(Gathered {
            event: event.with_files(files),
            sources,
        })
    }

    /// One file, and where it was read unless it was taken long ago.
    async fn one(
        &mut self,
        app: &App,
        folder: &OwnedFd,
        event: &Event,
        (index, wanted): (usize, Wanted),
    ) -> Result<(Attachment, Option<(String, Fingerprint)>), Ungathered> {
        let Wanted::File { path, name } = wanted else {
            let reason = "an event file names files in the folder `attachments`, not uploads";
            return Err(Ungathered::Refused(reason.to_owned()));
        };
        let name = Wanted::file_name(&path, name.as_deref());
        let largest = app.config.files.max_file();
        let opened = open::beneath(folder.as_fd(), OsStr::new(&path), largest);
        let (file, read) = match opened {
            Ok(opened) => opened,
            Err(Trouble::Gone) => {
                return self.taken_before(app, event, (index, &name), &path).await;
            }
            Err(Trouble::TooLarge) => {
                let limit = app.config.files.max_file_mb;
                let reason = format!("{path}: {}", Unfit::TooLarge(limit));
                return Err(Ungathered::Refused(reason));
            }
            Err(Trouble::Refused(reason) | Trouble::Linked(reason)) => {
                return Err(Ungathered::Refused(format!("{path}: {reason}")));
            }
            Err(Trouble::Io(error)) => {
                return Err(Ungathered::Later(anyhow::Error::from(error).context(path)));
            }
        };
        if let Some((stored, attachment)) = self.stored.remove(&(path.clone(), name.clone()))
            && stored == read
            && is_unused(app, &attachment).await?
        {
            return Ok((attachment, Some((path, read))));
        }
        let attachment = store(app, &file, read, name).await;
        let attachment = attachment.map_err(|ungathered| match ungathered {
            Ungathered::Refused(reason) => Ungathered::Refused(format!("{path}: {reason}")),
            later @ Ungathered::Later(_) => later,
        })?;
        Ok((attachment, Some((path, read))))
    }

    /// A crash may have come between removing the files and removing the event file. Then the store has them, and the
    /// event is recognised.
    async fn taken_before(
        &self,
        app: &App,
        event: &Event,
        (index, name): (usize, &FileName),
        path: &str,
    ) -> Result<(Attachment, Option<(String, Fingerprint)>), Ungathered> {
        let stored = app
            .store
            .event(&event.id)
            .await
            .map_err(anyhow::Error::from)?;
        let file = stored.and_then(|stored| stored.attachments.into_iter().nth(index));
        match file.filter(|file| file.name == *name) {
            Some(file) => Ok((file, None)),
            None => Err(Ungathered::Refused(format!(
                "there is no file {path} in the folder `attachments`; put files there before the event"
            ))),
        }
    }

    /// The event is stored: its files are removed, unless their producer has written to them since.
    pub(super) fn remove(home: &Home, sources: Vec<Source>) {
        for Source { path, read, .. } in sources {
            if let Err(error) = folder(home).and_then(|folder| discard::file(&folder, &path, read))
            {
                let error = format!("{error:#}");
                tracing::error!(file = path, error, "a stored attachment cannot be removed");
            }
        }
    }

    /// Removes what an earlier process had taken to remove and did not come to.
    pub(super) fn clear(home: &Home) {
        if let Err(error) = folder(home).and_then(|folder| discard::leftovers(&folder)) {
            let error = format!("{error:#}");
            tracing::warn!(
                error,
                "stored attachments of an earlier process cannot be removed"
            );
        }
    }

    /// The event has to wait: what is stored of its files is used at the next look.
    pub(super) fn keep(&mut self, sources: Vec<Source>) {
        for Source { path, read, file } in sources {
            self.stored.insert((path, file.name.clone()), (read, file));
        }
    }

    /// The event will not use what was stored of its files.
    pub(super) async fn drop_stored(&self, app: &App, sources: Vec<Source>) {
        let files: Vec<AttachmentId> = sources.into_iter().map(|source| source.file.id).collect();
        if files.is_empty() {
            return;
        }
        if let Err(error) = app.store.drop_unused(files).await {
            tracing::warn!(%error, "files that no event names stay for an hour");
        }
    }
}

/// What waited for too long was dropped.
async fn is_unused(app: &App, file: &Attachment) -> Result<bool, Ungathered> {
    let upload = app.store.upload(file.id).await;
    let upload = upload.map_err(anyhow::Error::from)?;
    Ok(upload.is_some_and(|upload| upload.event.is_none()))
}

fn folder(home: &Home) -> anyhow::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = match rustix::fs::open(home.attachments(), flags, Mode::empty()) {
        Err(Errno::NOENT) => {
            home.prepare()?;
            rustix::fs::open(home.attachments(), flags, Mode::empty())
        }
        opened => opened,
    };
    folder.context("open the folder of attachments")
}

async fn store(
    app: &App,
    file: &File,
    before: Fingerprint,
    name: FileName,
) -> Result<Attachment, Ungathered> {
    let unfit = |unfit: Unfit| {
        if unfit.is_final() {
            Ungathered::Refused(unfit.to_string())
        } else {
            Ungathered::Later(unfit.into())
        }
    };
    let mut incoming = Incoming::begin(app).map_err(|error| unfit(error.into()))?;
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        let read = file.take(PIECE as u64).read_to_end(&mut piece);
        read.map_err(|error| unfit(error.into()))?;
        if piece.is_empty() {
            break;
        }
        incoming.write(&piece).map_err(unfit)?;
        // Other work of this thread gets its turn.
        tokio::task::yield_now().await;
    }
    let after = rustix::fs::fstat(file).map_err(|errno| unfit(Unfit::Io(errno.into())))?;
    if Fingerprint::of(&after) != before {
        let reason = "it changed while it was read; put files there before the event";
        return Err(Ungathered::Refused(reason.to_owned()));
    }
    incoming.store(app, name).await.map_err(unfit)
}
