//! The whole bridge, as a user and as Telegram see it: real processes, real files, the bundled emulator over HTTP.
//!
//! One program for all of them: linking each apart would take most of the time of a build.

mod approvals;
mod attachments;
mod channel;
mod cli;
mod compat;
mod crash;
mod delivery;
mod demo;
mod doctor;
mod durability;
mod groups;
mod hook;
mod hostile;
mod http;
mod init;
mod keys;
mod line_client;
mod logs;
mod mcp;
mod modes;
mod outcomes;
mod page;
mod people;
mod permission_prompt;
mod plugin;
mod policy;
mod poller;
mod questions;
mod queue;
mod queue_commands;
mod quiet;
mod reminders;
mod rendering;
mod replies;
mod service;
mod settings;
mod setup;
mod shutdown;
mod spool;
mod steps;
mod token;
