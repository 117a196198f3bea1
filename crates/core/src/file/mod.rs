//! Files that travel with events: what they are, what they are called, and the secrets in them.

mod kind;
mod masking;
mod name;
mod picture;

pub use kind::FileKind;
pub use kind::Look;
pub use masking::Masking;
pub use masking::Uncheckable;
pub use name::FileName;
