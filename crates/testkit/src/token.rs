//! Bot tokens of the right shape, made at run time so that none stands in the repository.

use std::hash::BuildHasher as _;
use std::hash::RandomState;

/// A new token for a bot of this id.
#[must_use]
pub fn bot_token(bot: u64) -> String {
    // Each RandomState has keys of its own: that is random enough for a test.
    let mut secret = String::new();
    while secret.len() < 35 {
        secret.push_str(&format!("{:x}", RandomState::new().hash_one(bot)));
    }
    secret.truncate(35);
    format!("{bot}:{secret}")
}
