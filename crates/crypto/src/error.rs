//! Why something was not made or not opened. Nothing here says more than a caller may tell.

use crate::key::KeyId;
use crate::random::NoRandomness;

/// Why a key, a sealed value or a signature was not made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotMade {
    #[error("the operating system gave no random bytes")]
    NoRandomness,
    #[error("the cryptographic library refused")]
    Library,
}

/// Why a sealed value was not opened. Wrong place, wrong key and changed bytes are deliberately one case.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotOpened {
    #[error("the key {0} is not there")]
    UnknownKey(KeyId),
    #[error("it cannot be opened")]
    Refused,
}

impl From<NoRandomness> for NotMade {
    fn from(_: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

impl From<aws_lc_rs::error::Unspecified> for NotMade {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self::Library
    }
}

impl From<aws_lc_rs::error::KeyRejected> for NotMade {
    fn from(_: aws_lc_rs::error::KeyRejected) -> Self {
        Self::Library
    }
}
