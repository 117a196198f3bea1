#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod digest;
mod random;
mod secret;

pub use digest::Digest;
pub use digest::Hasher;
pub use random::NoRandomness;
pub use random::Token;
pub use secret::Secret;
