//! What the rest of the program may rely on, with a real database in a temporary directory.
#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, in its helpers too"
)]

mod approvals;
mod attachments;
mod audit;
mod backlog;
mod bots;
mod damage;
mod decisions;
mod fixture;
mod inbox;
mod intake;
mod mute;
mod opening;
mod outbox;
mod queue;
mod recipients;
mod responses;
mod story;
