//! A key, and the one purpose that it has.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use aws_lc_rs::rand;

use crate::error::NotMade;
use crate::kdf;
use crate::random::NoRandomness;
use crate::seal::Cipher;
use crate::secret::Secret;

/// What a key is for. A key of one purpose cannot be used, or even passed, where another is asked for.
pub trait Purpose {
    /// Part of everything that is derived from the key or sealed with it, so it never changes.
    const LABEL: &'static str;
    const CIPHER: Cipher = Cipher::Aes256GcmSiv;
}

/// A key's public name: 64 bits derived from it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

/// A key of 256 bits. What it is used with is derived from it, one key for each use.
pub struct Key<P> {
    id: KeyId,
    secret: Secret<[u8; 32]>,
    purpose: PhantomData<fn() -> P>,
}

impl<P: Purpose> Key<P> {
    pub fn random() -> Result<Self, NotMade> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
        Self::from_secret(Secret::new(bytes))
    }

    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn from_secret(secret: Secret<[u8; 32]>) -> Result<Self, NotMade> {
        let name = kdf::derive(secret.expose(), &["id", P::LABEL])?;
        let mut id = [0; 8];
        id.iter_mut()
            .zip(name.expose())
            .for_each(|(to, from)| *to = *from);
        Ok(Self {
            id: KeyId(id),
            secret,
            purpose: PhantomData,
        })
    }

    pub(crate) const fn secret(&self) -> &Secret<[u8; 32]> {
        &self.secret
    }

    /// The key for one use.
    pub(crate) fn part(&self, usage: &str) -> Result<Secret<[u8; 32]>, NotMade> {
        kdf::derive(self.secret.expose(), &[usage, P::LABEL])
    }
}

impl<P: Purpose> fmt::Debug for Key<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({} {})", P::LABEL, self.id)
    }
}

impl KeyId {
    pub(crate) const LENGTH: usize = 8;

    pub(crate) const fn new(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn bytes(self) -> [u8; 8] {
        self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is no id of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an id of a key has 16 hexadecimal digits")]
pub struct BadKeyId;

impl FromStr for KeyId {
    type Err = BadKeyId;

    fn from_str(text: &str) -> Result<Self, BadKeyId> {
        let plain = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).map_err(|_| BadKeyId)?;
        plain.then_some(Self(number.to_be_bytes())).ok_or(BadKeyId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Post;
    impl Purpose for Post {
        const LABEL: &'static str = "post";
    }

    #[test]
    fn security_a_key_shows_its_purpose_and_its_id_only() {
        let key = Key::<Post>::from_secret(Secret::new([7; 32])).unwrap();
        assert_eq!(format!("{key:?}"), format!("Key(post {})", key.id()));
        assert!(!format!("{key:?}").contains("0707"));
    }

    #[test]
    fn an_id_is_read_back_as_it_is_written() {
        let id = Key::<Post>::random().unwrap().id();
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in [
            "",
            "12",
            "0123456789abcdeg",
            "+123456789abcdef",
            "0123456789abcdef0",
        ] {
            assert_eq!(wrong.parse::<KeyId>(), Err(BadKeyId), "{wrong}");
        }
    }
}
