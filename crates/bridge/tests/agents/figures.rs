//! What a run measures. The figures are printed, and nothing depends on them.
#![expect(clippy::print_stdout, reason = "the figures are the output of the run")]

use std::time::Duration;

/// Prints how long something took.
pub(crate) fn print(agent: &str, what: &str, took: Duration) {
    println!("figure: {agent}: {what}: {} ms", took.as_millis());
}
