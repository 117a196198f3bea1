//! Bot tokens of the right shape, made at run time so that none stands in the repository.

use std::hash::BuildHasher as _;
use std::hash::RandomState;

/// A new token for a bot of this id.
#[must_use]
pub fn bot_token(bot: u64) -> String {
    // Each RandomState has keys of its own: that is random enough for a test.
    let [one, two, three] = [(); 3].map(|()| RandomState::new().hash_one(bot));
    let secret = format!("{one:016x}{two:016x}{three:016x}");
    format!("{bot}:{secret:.35}")
}
