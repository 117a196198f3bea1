#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod agent;
pub mod api;
pub mod approval;
pub mod audit;
pub mod delivery;
pub mod event;
pub mod file;
pub mod id;
pub mod message;
pub mod mode;
pub mod pacing;
pub mod people;
pub mod policy;
pub mod quiet;
pub mod route;
pub mod shell;
pub mod time;
