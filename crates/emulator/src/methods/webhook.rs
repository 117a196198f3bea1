//! The webhook's setting. Nothing is ever delivered to it; it only stops `getUpdates`.

use serde_json::Value;
use serde_json::json;

use super::Answer;
use crate::error::ApiError;
use crate::params::Params;
use crate::polling;
use crate::render;
use crate::world::World;

pub(super) fn set(world: &mut World, params: &Params) -> Answer {
    let url = params.text("url").unwrap_or_default();
    if !url.is_empty() && !url.starts_with("https://") {
        return Err(ApiError::bad_request(
            "bad webhook: An HTTPS URL must be provided for webhook",
        ));
    }
    if let Some(allowed) = params.json("allowed_updates") {
        world.updates.allowed = polling::allowed_updates(allowed)?;
    }
    drop_pending(world, params);
    world.webhook = Some(url.to_owned()).filter(|url| !url.is_empty());
    Ok(true.into())
}

pub(super) fn delete(world: &mut World, params: &Params) -> Value {
    drop_pending(world, params);
    world.webhook = None;
    true.into()
}

pub(super) fn info(world: &mut World) -> Value {
    let now = world.clock.now();
    let mut info = json!({
        "url": world.webhook.clone().unwrap_or_default(),
        "has_custom_certificate": false,
        "pending_update_count": world.updates.pending(now),
    });
    let allowed = world.updates.allowed.clone();
    render::insert(
        &mut info,
        "allowed_updates",
        (!allowed.is_empty()).then_some(allowed),
    );
    info
}

fn drop_pending(world: &mut World, params: &Params) {
    if params.is_set("drop_pending_updates") {
        world.updates.clear();
    }
}
