#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod access;
mod agent_means;
mod agent_place;
mod arguments;
mod asking;
mod caller;
mod channel;
mod desk;
mod files;
pub mod hook;
mod letter;
mod prompts;
mod rate;
mod report;
mod resources;
mod server;
pub mod settings;
pub mod socket;
mod tools;
mod upkeep;

pub use access::Access;
pub use access::NotReached;
pub use agent_means::AgentMeans;
pub use agent_place::AgentPlace;
pub use server::AgentServer;
pub use server::ServerExtras;
pub use upkeep::Upkeep;
