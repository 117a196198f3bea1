#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod actions;
mod api;
mod calls;
mod check;
mod clock;
mod control;
mod emulator;
mod error;
mod faults;
mod groups;
mod limits;
mod method;
mod methods;
mod model;
mod page;
mod params;
mod polling;
mod render;
mod serve;
mod shared;
mod updates;
mod world;

pub use emulator::Emulator;
pub use emulator::Options;
pub use error::EmulatorError;
pub use faults::Fault;
pub use faults::FaultKind;
pub use groups::GroupKind;
pub use groups::Post;
pub use groups::Topic;
pub use model::Button;
pub use model::Call;
pub use model::CallbackAnswer;
pub use model::Document;
pub use model::Message;
pub use model::User;
