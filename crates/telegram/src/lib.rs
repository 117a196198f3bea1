#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod answer;
mod client;
mod error;
mod number;
mod options;
mod outcome;
mod raw;
mod request;
mod token;
mod transport;
pub mod update;
mod upload;

pub use client::Bot;
pub use client::CallbackStyle;
pub use client::Client;
pub use client::SendOptions;
pub use error::CallError;
pub use options::BadOptions;
pub use options::Options;
pub use outcome::TopicRefused;
pub use raw::RawUpdate;
pub use upload::FileContent;
