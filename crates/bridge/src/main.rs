//! `cctelegram`: the bridge, its command line and its demo in one binary.
#![deny(unsafe_code)]

mod alerts;
mod app;
mod attachments;
mod attendance;
mod bot;
mod bridge;
mod cli;
mod client;
mod clock;
mod compose;
mod config;
mod courtesy;
mod dispatch;
mod doctor;
mod enrolment_question;
mod expiry;
mod flight;
mod groups;
mod health;
mod hearing;
mod home;
mod http;
mod intake;
mod keys;
mod local;
mod lock;
mod log;
mod memory;
mod metrics;
mod modes;
mod poller;
mod responses;
mod sender;
mod signals;
mod spool;
mod supervise;
mod topics;
mod undeliverable;
mod wake;

fn main() -> std::process::ExitCode {
    cli::run()
}
