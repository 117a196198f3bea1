//! The harness works: a run on tiny numbers measures every figure and prints the page.
#![expect(
    clippy::expect_used,
    reason = "a test that panics has failed, in its helpers too"
)]

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

/// The program beside the harness. A test of the whole workspace has built it by now; one of this package alone may not.
fn program() -> PathBuf {
    let harness = Path::new(env!("CARGO_BIN_EXE_cctelegram-bench"));
    let program = harness.with_file_name("cctelegram");
    if !program.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "cctelegram"]);
        let status = build.status().expect("cargo starts");
        assert!(status.success(), "the program cannot be built: {status}");
    }
    program
}

#[test]
fn a_quick_run_measures_every_figure() {
    let output = Command::new(env!("CARGO_BIN_EXE_cctelegram-bench"))
        .arg("--quick")
        .arg(program())
        .arg("250")
        .output()
        .expect("the harness starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let page = String::from_utf8_lossy(&output.stdout);
    for figure in [
        "idle, p50 |",
        "idle, p99 |",
        "16 producers at the socket |",
        "each sync 2 ms slower |",
        "40 files at once, all taken |",
        "40 files at once instead of 4 |",
        "limits off, 16 chats, answers at once |",
        "limits off, 16 chats, answers after 20 ms |",
        "60 events to 40 chats under Telegram's limits |",
        "4 events to one chat under Telegram's limits |",
        "searching a clean text of 4 kB for secrets |",
        "hook without an answer, start → end |",
        "hook with 20 rules, start → end |",
        "hook without an answer; baseline: the same in Node |",
        "MCP server, start → first answer |",
        "MCP server: resident memory |",
        "press on the phone → the agent goes on |",
        "start → ready",
        "idle: resident memory |",
        "idle: of it anonymous |",
        "idle: processor time |",
        "stripped release program |",
        "crates in the program",
    ] {
        let rows = page.lines().filter(|line| line.starts_with("| "));
        let found = rows.filter(|row| row.contains(figure)).count();
        assert_eq!(found, 1, "{figure}\n{page}");
    }
    for whole in ["| 40 in ", "| 60, 0 |", "| 4, 0 |"] {
        assert!(page.contains(whole), "{whole}\n{page}");
    }
    assert!(page.contains("A smoke run"), "{page}");
}

#[test]
fn a_wrong_command_line_is_answered_with_the_right_one() {
    for arguments in [vec![], vec!["a"], vec!["bare-intake", "a", "b", "c"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_cctelegram-bench"))
            .args(&arguments)
            .output()
            .expect("the harness starts");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.starts_with("usage: "), "{errors}");
    }
}
