//! RSA-4096: keys are wrapped for a recipient (OAEP with SHA-256) and signed for one (PSS with SHA-256).

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::rsa::OAEP_SHA256_MGF1SHA256;
use aws_lc_rs::rsa::OaepPrivateDecryptingKey;
use aws_lc_rs::rsa::OaepPublicEncryptingKey;
use aws_lc_rs::rsa::PrivateDecryptingKey;
use aws_lc_rs::rsa::PublicEncryptingKey;
use aws_lc_rs::signature;
use aws_lc_rs::signature::KeyPair as _;
use aws_lc_rs::signature::UnparsedPublicKey;
use zeroize::Zeroizing;

use crate::error::NotMade;
use crate::error::NotOpened;
use crate::pem;
use crate::secret::Secret;

/// The public key of somebody whom a key is wrapped for.
pub struct Recipient(OaepPublicEncryptingKey);

/// The private key that opens what was wrapped for its recipient.
pub struct RecipientKey(PrivateDecryptingKey);

/// The private key of an RSA signature. It is never the one that opens.
pub struct RsaSigner(KeyPair);

/// The public key of an RSA signature, as `SubjectPublicKeyInfo`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RsaVerifyingKey(Vec<u8>);

/// Why a text is no RSA key to use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadRsaKey {
    #[error("it is no RSA key in PEM")]
    Unreadable,
    #[error("it has {0} bits, at least {LEAST_BITS} are asked for")]
    TooShort(usize),
}

/// The shortest RSA key that is used.
const LEAST_BITS: usize = 4_096;

impl Recipient {
    /// Reads `-----BEGIN PUBLIC KEY-----`.
    pub fn from_pem(text: &str) -> Result<Self, BadRsaKey> {
        let der = pem::decode("PUBLIC KEY", text).ok_or(BadRsaKey::Unreadable)?;
        let key = PublicEncryptingKey::from_der(&der).map_err(|_| BadRsaKey::Unreadable)?;
        long_enough(key.key_size_bits())?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|_| BadRsaKey::Unreadable)?;
        Ok(Self(key))
    }

    /// Wraps a key. The same label is needed to open it.
    pub fn wrap(&self, key: &Secret<[u8; 32]>, label: &str) -> Result<Vec<u8>, NotMade> {
        let mut wrapped = vec![0; self.0.ciphertext_size()];
        let label = Some(label.as_bytes());
        let length = self
            .0
            .encrypt(&OAEP_SHA256_MGF1SHA256, key.expose(), &mut wrapped, label)?
            .len();
        wrapped.truncate(length);
        Ok(wrapped)
    }
}

impl RecipientKey {
    pub fn random() -> Result<Self, NotMade> {
        Ok(Self(PrivateDecryptingKey::generate(KeySize::Rsa4096)?))
    }

    /// Reads `-----BEGIN PRIVATE KEY-----` (PKCS8).
    pub fn from_pem(text: &Secret<String>) -> Result<Self, BadRsaKey> {
        let der = pem::decode("PRIVATE KEY", text.expose()).ok_or(BadRsaKey::Unreadable)?;
        let key = PrivateDecryptingKey::from_pkcs8(&der).map_err(|_| BadRsaKey::Unreadable)?;
        long_enough(key.key_size_bits())?;
        Ok(Self(key))
    }

    pub fn to_pem(&self) -> Result<Secret<String>, NotMade> {
        let der = self.0.as_der()?;
        Ok(Secret::new(pem::encode("PRIVATE KEY", der.as_ref())))
    }

    /// The recipient that others wrap for.
    pub fn public_pem(&self) -> Result<String, NotMade> {
        let der = self.0.public_key().as_der()?;
        Ok(pem::encode("PUBLIC KEY", der.as_ref()))
    }

    pub fn unwrap(&self, wrapped: &[u8], label: &str) -> Result<Secret<[u8; 32]>, NotOpened> {
        let key = self.decrypt(wrapped, label.as_bytes())?;
        let key = key.as_slice().try_into().map_err(|_| NotOpened::Refused)?;
        Ok(Secret::new(key))
    }

    fn decrypt(&self, wrapped: &[u8], label: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        let refused = |_| NotOpened::Refused;
        let key = OaepPrivateDecryptingKey::new(self.0.clone()).map_err(refused)?;
        let mut value = Zeroizing::new(vec![0; key.min_output_size()]);
        let length = key
            .decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut value, Some(label))
            .map_err(refused)?
            .len();
        value.truncate(length);
        Ok(value)
    }
}

impl RsaSigner {
    pub fn random() -> Result<Self, NotMade> {
        Ok(Self(KeyPair::generate(KeySize::Rsa4096)?))
    }

    /// Reads `-----BEGIN PRIVATE KEY-----` (PKCS8).
    pub fn from_pem(text: &Secret<String>) -> Result<Self, BadRsaKey> {
        let der = pem::decode("PRIVATE KEY", text.expose()).ok_or(BadRsaKey::Unreadable)?;
        let pair = KeyPair::from_pkcs8(&der).map_err(|_| BadRsaKey::Unreadable)?;
        long_enough(pair.public_modulus_len().saturating_mul(8))?;
        Ok(Self(pair))
    }

    pub fn to_pem(&self) -> Result<Secret<String>, NotMade> {
        let der = self.0.as_der()?;
        Ok(Secret::new(pem::encode("PRIVATE KEY", der.as_ref())))
    }

    pub fn verifying_key(&self) -> Result<RsaVerifyingKey, NotMade> {
        let der = self.0.public_key().as_der()?;
        Ok(RsaVerifyingKey(der.as_ref().to_vec()))
    }

    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, NotMade> {
        let mut made = vec![0; self.0.public_modulus_len()];
        let random = SystemRandom::new();
        self.0
            .sign(&signature::RSA_PSS_SHA256, &random, message, &mut made)?;
        Ok(made)
    }
}

impl RsaVerifyingKey {
    /// Reads `-----BEGIN PUBLIC KEY-----`.
    pub fn from_pem(text: &str) -> Result<Self, BadRsaKey> {
        let der = pem::decode("PUBLIC KEY", text).ok_or(BadRsaKey::Unreadable)?;
        let key = PublicEncryptingKey::from_der(&der).map_err(|_| BadRsaKey::Unreadable)?;
        long_enough(key.key_size_bits())?;
        Ok(Self(der.to_vec()))
    }

    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode("PUBLIC KEY", &self.0)
    }

    #[must_use]
    pub fn is_right(&self, message: &[u8], made: &[u8]) -> bool {
        UnparsedPublicKey::new(&signature::RSA_PSS_2048_8192_SHA256, &self.0)
            .verify(message, made)
            .is_ok()
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({} bits)", self.0.key_size_bits())
    }
}

impl fmt::Debug for RecipientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecipientKey(…)")
    }
}

impl fmt::Debug for RsaSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaSigner(…)")
    }
}

const fn long_enough(bits: usize) -> Result<(), BadRsaKey> {
    if bits < LEAST_BITS {
        return Err(BadRsaKey::TooShort(bits));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
