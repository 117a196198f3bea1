#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod access;
mod arguments;
mod asking;
mod caller;
mod desk;
mod files;
mod mailbox;
mod place;
mod prompts;
mod rate;
mod report;
mod resources;
mod server;
mod tools;

pub use access::Access;
pub use access::NotReached;
pub use place::Place;
pub use server::AgentServer;
