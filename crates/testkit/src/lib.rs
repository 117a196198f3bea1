#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on fails, and says why"
)]

mod bridge;
mod browser;
mod database;
mod invariants;
mod observe;
mod process;
mod setup;
mod socket;
mod token;

pub use bridge::TestBridge;
pub use bridge::WAIT;
pub use bridge::until;
pub use browser::Browser;
pub use database::Database;
pub use database::WriteLock;
pub use process::Finished;
pub use process::Process;
pub use setup::Setup;
pub use setup::USER;
pub use socket::ApiAnswer;
pub use socket::ApiSocket;
pub use token::bot_token;

pub use cctelegram_emulator as emulator;
