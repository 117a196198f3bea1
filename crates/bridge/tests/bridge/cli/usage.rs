//! What holds for every command: help, wrong usage, output.

use std::ffi::OsStr;

use cctelegram_testkit::Finished;
use cctelegram_testkit::Process;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::WAIT;

use super::json_of;
use super::press;
use super::printed;
use super::through_shell;
use crate::steps::setup;

#[tokio::test(flavor = "multi_thread")]
async fn every_command_helps_and_those_with_options_show_examples() {
    let bridge = TestBridge::prepare(setup()).await;
    let commands: [&[&str]; 10] = [
        &[],
        &["send"],
        &["ask"],
        &["mode"],
        &["demo"],
        &["init"],
        &["start"],
        &["status"],
        &["queue"],
        &["schema"],
    ];
    for (number, words) in commands.iter().enumerate() {
        for flag in ["--help", "-h"] {
            let words: Vec<&str> = words.iter().copied().chain([flag]).collect();
            let helped = bridge.command(&words).await;
            assert!(printed(&helped).contains("Usage: cctelegram"), "{helped:?}");
            assert_eq!(helped.stderr, "");
            let shows = helped.stdout.contains("Examples:\n  cctelegram ");
            assert!(
                shows || number > 3,
                "{words:?} shows no examples:\n{}",
                helped.stdout
            );
        }
    }
    let version = bridge.command(&["--version"]).await;
    assert_eq!(
        printed(&version),
        concat!("cctelegram ", env!("CARGO_PKG_VERSION"))
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_command_is_wrong_usage() {
    let bridge = TestBridge::prepare(setup()).await;
    for (words, named) in [
        (&["launch"][..], "'launch'"),
        (&["statsu"], "'status'"),
        (&["send", "x", "--colour"], "'--colour'"),
        (
            &["--start", "status"],
            "--start stands alone\nLeave the command out.",
        ),
        (&[], "there is no command\n\nThe secure line"),
    ] {
        let refused = bridge.command(words).await;
        assert_eq!(
            (refused.code, refused.stdout.as_str()),
            (Some(2), ""),
            "{words:?}: {refused:?}"
        );
        assert!(refused.stderr.contains(named), "{words:?}: {refused:?}");
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_home_can_be_named_on_the_command_line() {
    let bridge = TestBridge::start(setup()).await;
    let root = bridge.root();
    let mut variables = bridge.variables();
    variables.retain(|(name, _)| name != "CC_TELEGRAM_HOME");
    let told = |home: &str| {
        let words = [
            env!("CARGO_BIN_EXE_cctelegram"),
            "status",
            "--json",
            "--home",
            home,
        ];
        Process::start(&words.map(OsStr::new), &variables).finish()
    };
    let here = told(root.to_str().unwrap()).await;
    assert_eq!(json_of(&here)["home"].as_str(), root.to_str());
    assert_eq!(told("/nowhere/at/all").await.code, Some(4));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_nothing_is_coloured() {
    let bridge = TestBridge::start(setup()).await;
    let commands: [&[&str]; 9] = [
        &["--help"],
        &["ask", "--help"],
        &["status"],
        &["queue"],
        &["mode"],
        &["send", "Plain"],
        &["bogus"],
        &["send", "x", "--severity", "loud"],
        &["start"],
    ];
    for words in commands {
        let Finished { stdout, stderr, .. } = bridge.command(words).await;
        assert!(
            !format!("{stdout}{stderr}").contains('\u{1b}'),
            "{words:?}:\n{stdout}{stderr}"
        );
        assert!(
            !format!("{stdout}{stderr}").is_empty(),
            "{words:?} says nothing"
        );
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_what_comes_from_outside_cannot_steer_the_terminal() {
    let bridge = TestBridge::start(setup().variable("CC_TELEGRAM_MODE", "mute")).await;
    printed(
        &bridge
            .command(&[
                "send",
                "wipe\u{1b}[2J\u{9b}2J\u{202e}txt",
                "--type",
                "x\u{1b}c",
            ])
            .await,
    );
    for words in [
        &["queue"][..],
        &["queue", "--json"],
        &["send", "x", "--event", "\u{1b}[2J"],
    ] {
        let Finished { stdout, stderr, .. } = bridge.command(words).await;
        let shown = format!("{stdout}{stderr}");
        let steers = shown
            .chars()
            .find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
        assert_eq!(steers, None, "{words:?}: {shown:?}");
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_went_away_is_no_error() {
    let bridge = TestBridge::start(setup()).await;
    let commands: [&[&str]; 8] = [
        &["--help"],
        &["status"],
        &["status", "--json"],
        &["queue"],
        &["mode"],
        &["send", "Unread"],
        &["schema", "event"],
        &["reference", "config"],
    ];
    for words in commands {
        let mut process = through_shell(&bridge, "read -r go; exec \"$0\" \"$@\"", words);
        drop(process.output());
        process.type_in("go\n").await;
        let finished = process.finish().await;
        assert_eq!(
            (finished.code, finished.stderr.as_str()),
            (Some(0), ""),
            "{words:?}"
        );
    }
    let mut asked = bridge.spawn(&["ask", "Who listens?"]);
    drop(asked.output());
    press(&bridge, "Who listens?", "Approve").await;
    let finished = tokio::time::timeout(WAIT, asked.finish())
        .await
        .expect("it ends");
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""));
    bridge.finish().await;
}
