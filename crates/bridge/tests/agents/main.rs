//! The real coding agents on the real bridge: Claude Code and Codex as people run them, with the
//! bundled emulator as the phone and a scripted model in place of the service they talk to.
//!
//! `scripts/test-agents.sh` installs the agents and runs this: they are too large for every run.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says why"
)]

mod agent;
mod claude;
mod codex;
mod continuation;
mod figures;
mod headless;
mod interactive;
mod model;
mod prompt_tool;
mod terminal;
mod tools;
