//! Documents and photos: sending with multipart or again by `file_id`, and `getFile`.

use serde_json::json;

use super::Answer;
use super::messages::Envelope;
use super::messages::post;
use crate::check::text;
use crate::error::ApiError;
use crate::model::Document;
use crate::params::Params;
use crate::render;
use crate::world::World;

/// An uploaded photo (Bot API).
const PHOTO_MAX: usize = 10 * 1024 * 1024;
/// What `getFile` serves (Bot API).
const DOWNLOAD_MAX: usize = 20 * 1024 * 1024;

pub(super) fn send_document(world: &mut World, params: &Params) -> Answer {
    let caption = caption(params)?;
    let document = attached(world, params, "document")?;
    let mut message = Envelope::read(world, params)?.draft(world, params);
    message.caption = Some(caption.text).filter(|text| !text.is_empty());
    message.entities = caption.entities;
    message.document = Some(named(document, message.message_id));
    Ok(post(world, message))
}

pub(super) fn send_photo(world: &mut World, params: &Params) -> Answer {
    let caption = caption(params)?;
    let photo = attached(world, params, "photo")?;
    if photo.size > PHOTO_MAX {
        return Err(ApiError::too_large());
    }
    if !is_image(&photo.bytes) {
        return Err(ApiError::bad_request("IMAGE_PROCESS_FAILED"));
    }
    if render::png_size(&photo.bytes).is_some_and(|(width, height)| !fits(width, height)) {
        return Err(ApiError::bad_request("PHOTO_INVALID_DIMENSIONS"));
    }
    let mut message = Envelope::read(world, params)?.draft(world, params);
    message.caption = Some(caption.text).filter(|text| !text.is_empty());
    message.entities = caption.entities;
    message.photo = Some(named(photo, message.message_id));
    Ok(post(world, message))
}

pub(super) fn get(world: &World, params: &Params) -> Answer {
    let file = params.text("file_id").and_then(|id| world.file(id));
    let file = file.ok_or_else(|| ApiError::bad_request("invalid file_id"))?;
    if file.size > DOWNLOAD_MAX {
        return Err(ApiError::bad_request("file is too big"));
    }
    Ok(json!({
        "file_id": file.file_id,
        "file_unique_id": format!("u{}", file.file_id),
        "file_size": file.size,
        "file_path": format!("documents/{}", file.file_id),
    }))
}

fn caption(params: &Params) -> Result<text::Formatted, ApiError> {
    text::caption(
        params.text("caption").unwrap_or_default(),
        params.json("caption_entities"),
    )
}

/// The file a call carries or names. This emulator fetches no URLs.
fn attached(world: &World, params: &Params, name: &str) -> Result<Document, ApiError> {
    if let Some(upload) = params.upload(name) {
        if upload.bytes.is_empty() {
            return Err(ApiError::bad_request("file must be non-empty"));
        }
        return Ok(Document {
            file_id: String::new(),
            file_name: upload.file_name.clone(),
            mime_type: upload.mime_type.clone(),
            size: upload.bytes.len(),
            bytes: upload.bytes.clone(),
        });
    }
    let Some(file_id) = params.text(name) else {
        return Err(ApiError::bad_request(format!(
            "there is no {name} in the request"
        )));
    };
    let known = world.file(file_id).cloned();
    known.ok_or_else(|| ApiError::bad_request("wrong file identifier/HTTP URL specified"))
}

/// A new file gets an id; one that is sent again keeps its own.
fn named(mut document: Document, message_id: i64) -> Document {
    if document.file_id.is_empty() {
        document.file_id = format!("BQACAgIAAxkBAAI{message_id:08}");
    }
    document
}

/// Width and height together are at most 10000, and their ratio at most 20 (Bot API, `sendPhoto`). Only a PNG is measured.
fn fits(width: u32, height: u32) -> bool {
    let (long, short) = (width.max(height), width.min(height));
    short > 0 && width.saturating_add(height) <= 10_000 && long <= short.saturating_mul(20)
}

fn is_image(bytes: &[u8]) -> bool {
    let starts: [&[u8]; 4] = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF"];
    starts.iter().any(|start| bytes.starts_with(start))
}
