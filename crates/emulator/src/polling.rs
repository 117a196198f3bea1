//! `getUpdates`: long polling, one poller at a time.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use tokio::time::timeout_at;

use crate::error::ApiError;
use crate::methods::Answer;
use crate::params::Params;
use crate::shared::Shared;
use crate::world::World;

/// The server clamps `timeout` (telegram-bot-api server).
const TIMEOUT_MAX: i64 = 50;
/// A poll with the same offset within this time waits this long (telegram-bot-api server).
const REPEATED: Duration = Duration::from_secs(3);
/// Within this time it also returns only one update (telegram-bot-api server).
const REPEATED_AT_ONCE: Duration = Duration::from_millis(500);

const OTHER_POLLER: &str =
    "terminated by other getUpdates request; make sure that only one bot instance is running";
const WEBHOOK_ACTIVE: &str = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook \
     first";

/// A poll that was admitted: it has ended every older one.
struct Poll {
    number: u64,
    token: String,
    limit: usize,
    wait: Duration,
}

/// Answers when there are updates, when the time is over or when something ends the poll.
pub(crate) async fn get_updates(shared: &Shared, params: &Params) -> Answer {
    let mut changes = shared.changes();
    let poll = shared.change(|world| Poll::admit(world, params))?;
    let deadline = Instant::now() + poll.wait;
    loop {
        changes.mark_unchanged();
        let updates = shared.read(|world| poll.look(world))?;
        if !updates.is_empty() || Instant::now() >= deadline {
            return Ok(updates.into());
        }
        if let Ok(Err(_closed)) = timeout_at(deadline, changes.changed()).await {
            return Ok(Value::Array(Vec::new()));
        }
    }
}

/// The list of an `allowed_updates` parameter; unknown types are allowed, the API grows.
pub(crate) fn allowed_updates(value: &Value) -> Result<Vec<String>, ApiError> {
    let kinds = value
        .as_array()
        .map(|list| list.iter().map(|kind| kind.as_str().map(str::to_owned)));
    let kinds: Option<Option<Vec<_>>> = kinds.map(Iterator::collect);
    kinds.flatten().ok_or_else(|| {
        ApiError::bad_request("can't parse allowed updates: Array of String expected")
    })
}

impl Poll {
    fn admit(world: &mut World, params: &Params) -> Result<Self, ApiError> {
        if world.webhook.is_some() {
            return Err(ApiError::conflict(WEBHOOK_ACTIVE));
        }
        if let Some(allowed) = params.json("allowed_updates") {
            world.updates.allowed = allowed_updates(allowed)?;
        }
        let offset = params.integer("offset").unwrap_or_default();
        let seconds = params
            .integer("timeout")
            .unwrap_or_default()
            .clamp(0, TIMEOUT_MAX);
        let mut wait = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        let limit = params.integer("limit").unwrap_or(100).clamp(1, 100);
        let mut limit = usize::try_from(limit).unwrap_or(100);
        let now = world.clock.now();
        if let Some((last_offset, at)) = world.updates.last_poll
            && world.limits.on
            && last_offset == offset
        {
            if now < at + REPEATED {
                wait = wait.max(REPEATED);
            }
            if now < at + REPEATED_AT_ONCE {
                limit = 1;
            }
        }
        world.updates.last_poll = Some((offset, now));
        world.updates.confirm(offset);
        world.updates.newest_poll += 1;
        let (number, token) = (world.updates.newest_poll, world.bot.token.clone());
        Ok(Self {
            number,
            token,
            limit,
            wait,
        })
    }

    /// The updates there are now, or what ended the poll.
    fn look(&self, world: &mut World) -> Result<Vec<Value>, ApiError> {
        if world.bot.token != self.token {
            return Err(ApiError::unauthorized());
        }
        if world.updates.newest_poll != self.number {
            return Err(ApiError::conflict(OTHER_POLLER));
        }
        if world.webhook.is_some() {
            return Err(ApiError::conflict("terminated by setWebhook request"));
        }
        let now = world.clock.now();
        Ok(world.updates.first(self.limit, now))
    }
}
