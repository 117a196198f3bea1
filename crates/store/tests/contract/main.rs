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
mod by_hand;
mod damage;
mod decisions;
mod everything;
mod fixture;
mod fold;
mod groups;
mod inbox;
mod intake;
mod keys;
mod mute;
mod opening;
mod outbox;
mod queue;
mod recipients;
mod repeat;
mod responses;
mod situation;
mod story;
