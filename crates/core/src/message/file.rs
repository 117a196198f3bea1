//! A message that is a file: its content lies in the store until it is sent.

use super::Body;
use super::Draft;
use crate::event::Attachment;
use crate::file::FileKind;
use crate::file::FileName;
use crate::id::AttachmentId;

/// One file as it will be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileMessage {
    pub id: AttachmentId,
    pub name: FileName,
    pub shape: FileShape,
    pub caption: Body,
}

/// How Telegram shows a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileShape {
    Photo,
    /// Text, for those who open it on the phone.
    Text,
    Document,
}

impl FileMessage {
    #[must_use]
    pub fn of(file: &Attachment) -> Self {
        let shape = match file.kind {
            FileKind::Photo => FileShape::Photo,
            FileKind::Text => FileShape::Text,
            FileKind::Program | FileKind::Other => FileShape::Document,
        };
        let caption = match shape {
            // A photo shows no name of its own.
            FileShape::Photo => file.name.as_str(),
            FileShape::Text | FileShape::Document if file.masked => MASKED,
            FileShape::Text | FileShape::Document => "",
        };
        Self {
            id: file.id,
            name: file.name.clone(),
            shape,
            caption: Draft::new().plain(caption).finish(),
        }
    }
}

const MASKED: &str = "Secrets are masked in this file.";
