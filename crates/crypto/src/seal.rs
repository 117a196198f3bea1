//! Sealing: nobody without the key reads a value, changes it, or moves it to another place.

use std::fmt;

use aws_lc_rs::aead;
use aws_lc_rs::aead::Aad;
use aws_lc_rs::aead::LessSafeKey;
use aws_lc_rs::aead::Nonce;
use aws_lc_rs::aead::UnboundKey;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;

use crate::error::NotMade;
use crate::error::NotOpened;
use crate::key::Key;
use crate::key::KeyId;
use crate::key::Purpose;
use crate::random::NoRandomness;
use crate::secret::Secret;

/// How a purpose seals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cipher {
    /// AES-256-GCM-SIV (RFC 8452): a nonce that came up twice would only show that two values are equal.
    Aes256GcmSiv,
    /// AES-256-GCM (NIST SP 800-38D) with random nonces: for fewer than 2³² values per key.
    Aes256Gcm,
}

/// Where a sealed value belongs. It can be opened there only. The order of the fields is the format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Context<'a> {
    pub table: &'a str,
    pub row: &'a str,
    pub column: &'a str,
}

/// A sealed value: a byte for the cipher, the key's id (8 bytes), the nonce (12), the ciphertext with its tag (16).
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// Takes back what was stored. Whether it can be opened shows when it is.
    #[must_use]
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The id of the key that it says it was sealed with.
    #[must_use]
    pub fn key(&self) -> Option<KeyId> {
        self.parts().map(|parts| parts.key)
    }

    fn parts(&self) -> Option<Parts<'_>> {
        let (cipher, rest) = self.0.split_first()?;
        let (key, rest) = rest.split_first_chunk::<{ KeyId::LENGTH }>()?;
        let (nonce, ciphertext) = rest.split_first_chunk()?;
        Some(Parts {
            cipher: *cipher,
            key: KeyId::new(*key),
            nonce: *nonce,
            ciphertext,
        })
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

impl<P: Purpose> Key<P> {
    /// Seals a value for one place.
    pub fn seal(&self, context: Context<'_>, value: &[u8]) -> Result<Sealed, NotMade> {
        let mut nonce = [0; aead::NONCE_LEN];
        rand::fill(&mut nonce).map_err(|_| NoRandomness)?;
        let place = self.authenticated(context);
        let key = self.part(P::CIPHER.usage())?;
        let mut bytes = vec![P::CIPHER.number()];
        bytes.extend(self.id().bytes());
        bytes.extend(nonce);
        let mut ciphertext = value.to_vec();
        P::CIPHER.encrypt(key.expose(), nonce, &place, &mut ciphertext)?;
        bytes.append(&mut ciphertext);
        Ok(Sealed(bytes))
    }

    /// Opens what this key sealed for this place.
    pub fn open(
        &self,
        context: Context<'_>,
        sealed: &Sealed,
    ) -> Result<Secret<Vec<u8>>, NotOpened> {
        let parts = sealed.parts().ok_or(NotOpened::Refused)?;
        if parts.key != self.id() {
            return Err(NotOpened::UnknownKey(parts.key));
        }
        if parts.cipher != P::CIPHER.number() {
            return Err(NotOpened::Refused);
        }
        let place = self.authenticated(context);
        let key = self
            .part(P::CIPHER.usage())
            .map_err(|_| NotOpened::Refused)?;
        P::CIPHER
            .decrypt(key.expose(), parts.nonce, &place, parts.ciphertext)
            .map_err(|_| NotOpened::Refused)
    }

    /// What is authenticated beside the ciphertext. Each field has its length in front.
    fn authenticated(&self, context: Context<'_>) -> Vec<u8> {
        let id = self.id().bytes();
        let fields = [
            b"cctelegram sealed".as_slice(),
            &[P::CIPHER.number()],
            P::LABEL.as_bytes(),
            &id,
            context.table.as_bytes(),
            context.row.as_bytes(),
            context.column.as_bytes(),
        ];
        let mut bytes = Vec::new();
        for field in fields {
            bytes.extend((field.len() as u64).to_be_bytes());
            bytes.extend(field);
        }
        bytes
    }
}

struct Parts<'a> {
    cipher: u8,
    key: KeyId,
    nonce: [u8; aead::NONCE_LEN],
    ciphertext: &'a [u8],
}

impl Cipher {
    const fn number(self) -> u8 {
        match self {
            Self::Aes256GcmSiv => 1,
            Self::Aes256Gcm => 2,
        }
    }

    const fn usage(self) -> &'static str {
        match self {
            Self::Aes256GcmSiv => "seal aes-256-gcm-siv",
            Self::Aes256Gcm => "seal aes-256-gcm",
        }
    }

    fn key(self, key: &[u8; 32]) -> Result<LessSafeKey, Unspecified> {
        let algorithm = match self {
            Self::Aes256GcmSiv => &aead::AES_256_GCM_SIV,
            Self::Aes256Gcm => &aead::AES_256_GCM,
        };
        Ok(LessSafeKey::new(UnboundKey::new(algorithm, key)?))
    }

    fn encrypt(
        self,
        key: &[u8; 32],
        nonce: [u8; aead::NONCE_LEN],
        beside: &[u8],
        value: &mut Vec<u8>,
    ) -> Result<(), Unspecified> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.key(key)?
            .seal_in_place_append_tag(nonce, Aad::from(beside), value)
    }

    fn decrypt(
        self,
        key: &[u8; 32],
        nonce: [u8; aead::NONCE_LEN],
        beside: &[u8],
        ciphertext: &[u8],
    ) -> Result<Secret<Vec<u8>>, Unspecified> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let mut value = ciphertext.to_vec();
        let length = self
            .key(key)?
            .open_in_place(nonce, Aad::from(beside), &mut value)?
            .len();
        value.truncate(length);
        Ok(Secret::new(value))
    }
}

#[cfg(test)]
mod tests;
