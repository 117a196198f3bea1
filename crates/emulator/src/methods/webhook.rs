//! The webhook's setting. Nothing is ever delivered to it; it only stops `getUpdates`.

use serde_json::Value;
use serde_json::json;

use super::Answer;
use crate::error::ApiError;
use crate::params::Params;
use crate::polling;
use crate::render;
use crate::world::World;

/// Connections of a webhook that asks for no number, and the most it may ask for (Bot API).
const CONNECTIONS: i64 = 40;
const CONNECTIONS_MAX: i64 = 100;

/// Where updates would be delivered.
pub(crate) struct Webhook {
    url: String,
    max_connections: i64,
}

impl Webhook {
    /// No address is no webhook. The server clamps the number.
    pub(crate) fn at(url: &str, max_connections: Option<i64>) -> Option<Self> {
        let max_connections = max_connections.unwrap_or(CONNECTIONS);
        (!url.is_empty()).then(|| Self {
            url: url.to_owned(),
            max_connections: max_connections.clamp(1, CONNECTIONS_MAX),
        })
    }
}

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
    world.webhook = Webhook::at(url, params.integer("max_connections"));
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
        "url": world.webhook.as_ref().map_or("", |webhook| webhook.url.as_str()),
        "has_custom_certificate": false,
        "pending_update_count": world.updates.pending(now),
    });
    let connections = world.webhook.as_ref().map(|it| it.max_connections);
    render::insert(&mut info, "max_connections", connections);
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
