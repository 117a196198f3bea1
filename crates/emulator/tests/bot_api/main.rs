//! The emulator over real HTTP, as a bot and as the page use it.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that panics has failed, in its helpers too"
)]

mod calls;
mod control;
mod editing;
mod faults;
mod files;
mod groups;
mod people;
mod polling;
mod sending;
mod support;
