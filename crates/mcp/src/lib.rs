#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod access;
mod arguments;
mod asking;
mod caller;
mod desk;
mod files;
mod mailbox;
mod prompts;
mod rate;
mod report;
mod resources;
mod server;
mod tools;
mod workplace;

pub use access::Access;
pub use access::NotReached;
pub use server::AgentServer;
pub use workplace::Workplace;
