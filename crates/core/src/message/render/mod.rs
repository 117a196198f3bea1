//! Events become messages. Whatever a field holds arrives as text: formatting is only what is decided here.

mod approval;
mod data;
mod details;
mod event;
mod facts;
mod files;
mod fit;
mod headline;
mod notice;
mod progress;

pub use approval::approval;
pub use approval::approval_edit;
pub use details::details;
pub use event::event;
pub use files::files;
pub use notice::held;
pub use notice::notice;
pub use progress::progress;
