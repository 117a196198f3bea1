//! `cctelegram`: the bridge, its command line and its demo in one binary.
#![deny(unsafe_code)]

mod alerts;
mod app;
mod bot;
mod bridge;
mod cli;
mod client;
mod clock;
mod compose;
mod config;
mod dispatch;
mod doctor;
mod expiry;
mod flight;
mod health;
mod home;
mod http;
mod intake;
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
mod undeliverable;
mod wake;

fn main() -> std::process::ExitCode {
    cli::run()
}
