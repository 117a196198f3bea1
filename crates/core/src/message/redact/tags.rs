//! What tells equal secrets from different ones, without telling anything about them.

use std::fmt;

use cctelegram_crypto::MacKey;

/// Makes tags with a key that is known to one bridge only, so that nobody can find a secret by trying which one has its
/// tag. Two masks with one tag cover the same secret; by chance that happens to one pair of different ones in 16 million.
pub struct Tags(MacKey);

impl Tags {
    #[must_use]
    pub const fn new(key: MacKey) -> Self {
        Self(key)
    }

    /// Six hexadecimal digits.
    pub(super) fn of(&self, secret: &str) -> String {
        let mac = self.0.mac(secret.as_bytes());
        let [first, second, third, ..] = mac.as_bytes();
        format!("{first:02x}{second:02x}{third:02x}")
    }
}

impl fmt::Debug for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tags(…)")
    }
}
