//! A file on its way in: written to a nameless private file, looked at, then stored with its secrets masked.

use std::fs::File;
use std::io;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::io::Write as _;

use cctelegram_core::event::Attachment;
use cctelegram_core::file::FileKind;
use cctelegram_core::file::FileName;
use cctelegram_core::file::Look;
use cctelegram_core::file::Masking;
use cctelegram_core::file::Uncheckable;
use cctelegram_core::id::AttachmentId;
use cctelegram_crypto::Hasher;
use cctelegram_store::AddPiece;
use cctelegram_store::StoreError;
use uuid::Uuid;

use super::UNUSED;
use crate::app::App;
use crate::config::FileLimits;

/// Files are read and stored in pieces of about this size.
const PIECE: usize = 256 * 1024;

/// A file that is being received. Nothing of it is left when this goes: it never had a name.
pub(crate) struct Incoming {
    file: File,
    look: Look,
    hasher: Hasher,
    limits: FileLimits,
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("it is empty")]
    Empty,
    #[error("it is larger than {0} MB ([attachments] max_file_mb)")]
    TooLarge(u64),
    #[error("it is a program; set `programs = true` in [attachments] to let programs through")]
    Program,
    #[error(transparent)]
    Uncheckable(#[from] Uncheckable),
    #[error("keep it until it is stored")]
    Io(#[from] io::Error),
    #[error("store it")]
    Store(#[from] StoreError),
}

impl Unfit {
    /// Is the file itself at fault? Otherwise it may pass later.
    pub(crate) const fn is_final(&self) -> bool {
        match self {
            Self::Empty | Self::TooLarge(_) | Self::Program | Self::Uncheckable(_) => true,
            Self::Io(_) | Self::Store(_) => false,
        }
    }
}

impl Incoming {
    pub(crate) fn begin(app: &App) -> io::Result<Self> {
        let home = &app.config.home;
        let file = match tempfile::tempfile_in(home.incoming()) {
            // Somebody removed the folder: it is made anew.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                home.prepare().map_err(io::Error::other)?;
                tempfile::tempfile_in(home.incoming())
            }
            made => made,
        };
        Ok(Self {
            file: file?,
            look: Look::default(),
            hasher: Hasher::default(),
            limits: app.config.files,
        })
    }

    /// Takes the next bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Unfit> {
        self.look.piece(bytes);
        if self.look.size() > self.limits.max_file() {
            return Err(Unfit::TooLarge(self.limits.max_file_mb));
        }
        self.hasher.update(bytes);
        Ok(self.file.write_all(bytes)?)
    }

    /// Stores what was received, under a new id.
    pub(crate) async fn store(self, app: &App, name: FileName) -> Result<Attachment, Unfit> {
        let kind = self.look.kind(&name);
        if self.look.size() == 0 {
            return Err(Unfit::Empty);
        }
        if kind == FileKind::Program && !self.limits.programs {
            return Err(Unfit::Program);
        }
        let mut attachment = Attachment {
            id: AttachmentId(Uuid::now_v7()),
            name,
            kind,
            size: self.look.size(),
            sha256: self.hasher.finish().hex(),
            masked: false,
        };
        let masking = self.look.is_text().then(Masking::default);
        let stored = store_content(app, self.file, masking, &mut attachment).await;
        if stored.is_err() {
            // The reason is what counts; what is left of the file goes after an hour in any case.
            drop(app.store.drop_unused(vec![attachment.id]).await);
        }
        stored.map(|()| attachment)
    }
}

async fn store_content(
    app: &App,
    mut file: File,
    mut masking: Option<Masking>,
    attachment: &mut Attachment,
) -> Result<(), Unfit> {
    let mut pieces = Pieces {
        app,
        id: attachment.id,
        number: 0,
    };
    file.seek(SeekFrom::Start(0))?;
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        (&file).take(PIECE as u64).read_to_end(&mut piece)?;
        if piece.is_empty() {
            break;
        }
        let ready = match &mut masking {
            Some(masking) => masking.piece(&piece)?,
            None => piece,
        };
        pieces.add(ready).await?;
    }
    if let Some(masking) = masking {
        let (rest, masked) = masking.finish();
        pieces.add(rest).await?;
        attachment.masked = masked;
    }
    Ok(app.store.end_upload(attachment.clone()).await?)
}

/// The pieces of one file in their order.
struct Pieces<'a> {
    app: &'a App,
    id: AttachmentId,
    number: u32,
}

impl Pieces<'_> {
    async fn add(&mut self, content: Vec<u8>) -> Result<(), StoreError> {
        if content.is_empty() {
            return Ok(());
        }
        let (app, number) = (self.app, self.number);
        self.number = number.saturating_add(1);
        let piece = AddPiece {
            file: self.id,
            number,
            content,
            max_total: app.config.files.max_total(),
            at: app.now(),
        };
        match app.store.add_piece(piece.clone()).await {
            // What everybody has received may be gone since.
            Err(StoreError::FilesFull(_)) => {
                let before = app.now().minus(UNUSED);
                app.store.clear_attachments(before).await?;
                app.store.add_piece(piece).await
            }
            added => added,
        }
    }
}
