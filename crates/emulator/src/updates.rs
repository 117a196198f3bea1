//! The queue of updates: filter, confirmation by offset, expiry. Waiting is in `polling`.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;

const DAY: Duration = Duration::from_hours(24);

/// How long a pressed button can be delivered and answered (telegram-bot-api server).
pub(crate) const CALLBACK_LIFE: Duration = Duration::from_secs(150);

/// Left out unless asked for (Bot API, `getUpdates`).
const NOT_BY_DEFAULT: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

/// Updates the bot has not confirmed.
pub(crate) struct Updates {
    queue: VecDeque<Pending>,
    next_id: i64,
    /// The persisted `allowed_updates`; empty means the default set.
    pub(crate) allowed: Vec<String>,
    /// Number of the newest poll; an older one that still waits has lost.
    pub(crate) newest_poll: u64,
    /// Offset and time of the last poll, for the throttle of repeated polls.
    pub(crate) last_poll: Option<(i64, Duration)>,
}

struct Pending {
    id: i64,
    update: Value,
    expires: Duration,
}

impl Updates {
    pub(crate) fn new() -> Self {
        Self {
            queue: VecDeque::new(),
            next_id: 100_000_001,
            allowed: Vec::new(),
            newest_poll: 0,
            last_poll: None,
        }
    }

    /// Queues an update of one kind if `allowed_updates` lets it through.
    pub(crate) fn push(&mut self, kind: &str, content: Value, now: Duration) {
        let wanted = if self.allowed.is_empty() {
            !NOT_BY_DEFAULT.contains(&kind)
        } else {
            self.allowed.iter().any(|allowed| allowed == kind)
        };
        if wanted {
            let update = serde_json::json!({ kind: content });
            self.push_raw(update, now);
        }
    }

    /// Queues any update, past the filter, and gives it its id.
    pub(crate) fn push_raw(&mut self, mut update: Value, now: Duration) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        let expires = now + life(&update);
        if let Some(fields) = update.as_object_mut() {
            fields.insert("update_id".into(), id.into());
        }
        self.queue.push_back(Pending {
            id,
            update,
            expires,
        });
        id
    }

    /// Forgets what `offset` confirms: everything below it, or all but the newest `-offset`.
    pub(crate) fn confirm(&mut self, offset: i64) {
        if offset >= 0 {
            self.queue.retain(|pending| pending.id >= offset);
        } else {
            let keep = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
            self.queue.drain(..self.queue.len().saturating_sub(keep));
        }
    }

    /// The oldest updates that are still alive. They stay until confirmed.
    pub(crate) fn first(&mut self, limit: usize, now: Duration) -> Vec<Value> {
        self.expire(now);
        self.queue
            .iter()
            .take(limit)
            .map(|pending| pending.update.clone())
            .collect()
    }

    pub(crate) fn pending(&mut self, now: Duration) -> usize {
        self.expire(now);
        self.queue.len()
    }

    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }

    fn expire(&mut self, now: Duration) {
        self.queue.retain(|pending| pending.expires > now);
    }
}

/// How long the server keeps an undelivered update (telegram-bot-api server).
fn life(update: &Value) -> Duration {
    let has = |kind: &str| update.get(kind).is_some();
    if has("callback_query") || has("shipping_query") || has("pre_checkout_query") {
        CALLBACK_LIFE
    } else if has("inline_query") {
        Duration::from_secs(30)
    } else if has("chosen_inline_result") {
        Duration::from_mins(10)
    } else {
        DAY
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const START: Duration = Duration::ZERO;

    fn queue(kinds: &[&str]) -> Updates {
        let mut updates = Updates::new();
        for kind in kinds {
            updates.push(kind, json!({}), START);
        }
        updates
    }

    #[test]
    fn the_default_set_leaves_out_reactions_and_members() {
        let mut updates = queue(&[
            "message",
            "message_reaction",
            "chat_member",
            "my_chat_member",
        ]);
        assert_eq!(updates.pending(START), 2);
    }

    #[test]
    fn an_explicit_set_filters_but_not_what_a_test_pushes() {
        let mut updates = Updates::new();
        updates.allowed = vec!["callback_query".into()];
        updates.push("message", json!({}), START);
        assert_eq!(updates.pending(START), 0);
        updates.push_raw(json!({"brand_new": {}}), START);
        assert_eq!(updates.pending(START), 1);
    }

    #[test]
    fn offsets_confirm() {
        let mut updates = queue(&["message"; 5]);
        let ids = |updates: &mut Updates| -> Vec<i64> {
            let all = updates.first(100, START);
            all.iter()
                .filter_map(|update| update["update_id"].as_i64())
                .collect()
        };
        let all = ids(&mut updates);
        updates.confirm(0);
        assert_eq!(ids(&mut updates), all);
        updates.confirm(all[1]);
        assert_eq!(ids(&mut updates), &all[1..]);
        updates.confirm(-2);
        assert_eq!(ids(&mut updates), &all[3..]);
        updates.confirm(all[4] + 1);
        assert!(ids(&mut updates).is_empty());
    }

    #[test]
    fn presses_expire_before_messages() {
        let mut updates = queue(&["message", "callback_query"]);
        assert_eq!(updates.pending(Duration::from_secs(149)), 2);
        assert_eq!(updates.pending(Duration::from_secs(150)), 1);
        assert_eq!(updates.pending(DAY), 0);
    }
}
