#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod digest;
mod error;
mod kdf;
mod key;
mod mac;
mod master;
mod pem;
mod person;
mod random;
mod recipient;
mod ring;
mod seal;
mod secret;
mod sign;

pub use digest::Digest;
pub use digest::Hasher;
pub use error::NotMade;
pub use error::NotOpened;
pub use kdf::Rounds;
pub use kdf::from_passphrase;
pub use key::BadKeyId;
pub use key::Key;
pub use key::KeyId;
pub use key::Purpose;
pub use mac::Mac;
pub use mac::MacKey;
pub use master::BadKeyText;
pub use master::MasterKey;
pub use person::PersonKey;
pub use random::NoRandomness;
pub use random::Token;
pub use recipient::BadRsaKey;
pub use recipient::Recipient;
pub use recipient::RecipientKey;
pub use recipient::RsaSigner;
pub use recipient::RsaVerifyingKey;
pub use ring::KeyRing;
pub use seal::Cipher;
pub use seal::Context;
pub use seal::Sealed;
pub use secret::Secret;
pub use sign::Signer;
pub use sign::VerifyingKey;
