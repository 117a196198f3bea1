//! Events become messages. Whatever a field holds arrives as text: formatting is only what is decided here.

mod approval;
mod data;
mod details;
mod event;
mod files;
mod fit;
mod folded;
mod form;
mod headline;
mod kinds;
mod manner;
mod notice;
mod progress;
mod repeated;
mod story;

pub use approval::approval;
pub use approval::approval_edit;
pub use details::details;
pub use event::event;
pub use files::files;
pub use folded::folded;
pub use folded::folded_details;
pub use kinds::fields_read;
pub use kinds::fields_read_always;
pub use manner::BadStyle;
pub use manner::Manner;
pub use manner::Style;
pub use notice::held;
pub use notice::notice;
pub use progress::progress;
pub use repeated::again;
pub use repeated::again_of;
pub use repeated::counted;
pub use repeated::edited;
