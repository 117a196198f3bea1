//! The command line as people and scripts use it: what is printed where, and the exit code.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says why"
)]

mod asking;
mod sending;
mod showing;
mod usage;

use std::ffi::OsStr;

use cctelegram_testkit::Finished;
use cctelegram_testkit::Process;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::Message;
use serde_json::Value;

/// Runs a command that reads `input`.
async fn piped(bridge: &TestBridge, arguments: &[&str], input: &str) -> Finished {
    let mut process = bridge.spawn(arguments);
    process.type_in(input).await;
    process.finish().await
}

/// Runs a command through a shell that does something else first.
fn through_shell(bridge: &TestBridge, script: &str, arguments: &[&str]) -> Process {
    let program = ["sh", "-c", script, env!("CARGO_BIN_EXE_cctelegram")];
    let command: Vec<&OsStr> = program.iter().chain(arguments).map(OsStr::new).collect();
    Process::start(&command, &bridge.variables())
}

fn json_of(finished: &Finished) -> Value {
    serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("no JSON: {finished:?}"))
}

/// The command succeeded, and this is all that it printed for programs.
fn printed(finished: &Finished) -> &str {
    assert_eq!(finished.code, Some(0), "{finished:?}");
    finished.stdout.trim_end_matches('\n')
}

/// Waits for the question's message and presses one of its buttons.
async fn press(bridge: &TestBridge, question: &str, label: &str) -> Message {
    let asks =
        |m: &Message| !m.keyboard.is_empty() && m.text.as_deref().unwrap().contains(question);
    let message = bridge.message(USER, question, asks).await;
    bridge
        .emulator
        .press(USER, message.message_id, label)
        .expect("the button is there");
    message
}
