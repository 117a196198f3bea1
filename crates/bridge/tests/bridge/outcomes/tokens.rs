//! A token that is refused, at the start and later.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::WAIT;
use cctelegram_testkit::bot_token;
use cctelegram_testkit::emulator::Emulator;
use serde_json::json;

use super::count;
use super::health_when;
use super::sends;
use crate::steps::info;
use crate::steps::post;
use crate::steps::setup;

const BOT: u64 = 7_000_001;

async fn sent_times(bridge: &TestBridge, times: usize) {
    let enough = |phone: &Emulator| (sends(phone, None).len() >= times).then_some(());
    bridge
        .emulator
        .wait_until(enough, WAIT)
        .await
        .expect("that many calls");
}

fn write_token(root: &Path, token: &str) {
    let path = root.join(".env");
    let mut file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .unwrap();
    writeln!(file, "TELEGRAM_BOT_TOKEN={token}").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_stops_working_pauses_everything_and_gives_up_nothing() {
    let bridge = TestBridge::start(setup()).await;
    post(&bridge, &info("event one")).await;
    bridge.message_with(USER, "event one").await;
    bridge.emulator.set_token(&bot_token(BOT));
    for number in 0..3 {
        post(&bridge, &info(&format!("while revoked {number}"))).await;
    }
    let problems = health_when(&bridge, 503).await["problems"].to_string();
    assert!(problems.contains("token does not work"), "{problems}");
    sent_times(&bridge, 2).await;
    let status = bridge.status().await;
    assert_eq!(
        (&status["waiting"], &status["dead"]),
        (&json!(3), &json!(0))
    );
    // One refusal is enough: whoever keeps knocking with a revoked token is taken for an attacker.
    assert!(
        sends(&bridge.emulator, None).len() <= 3,
        "{:?}",
        sends(&bridge.emulator, None)
    );
    bridge.emulator.set_token(bridge.token());
    bridge.idle().await;
    health_when(&bridge, 200).await;
    for number in 0..3 {
        assert_eq!(
            count(&bridge.emulator, USER, &format!("while revoked {number}")),
            1
        );
    }
    bridge.emulator.send_text(USER, "/whoami");
    bridge.message_with(USER, &format!("{USER}")).await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_of_the_same_bot_in_the_settings_is_taken_without_a_restart() {
    let mut bridge = TestBridge::prepare(setup().variable("TELEGRAM_BOT_TOKEN", "")).await;
    write_token(&bridge.root(), bridge.token());
    bridge.launch().await;
    post(&bridge, &info("event one")).await;
    bridge.message_with(USER, "event one").await;
    let new = bot_token(BOT);
    bridge.emulator.set_token(&new);
    post(&bridge, &info("event two")).await;
    health_when(&bridge, 503).await;
    write_token(&bridge.root(), &new);
    bridge.message_with(USER, "event two").await;
    health_when(&bridge, 200).await;
    bridge.emulator.send_text(USER, "/whoami");
    bridge.message_with(USER, &format!("{USER}")).await;
    assert!(!bridge.log().contains(&new), "the token stands in the log");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_the_token_of_another_bot_is_not_taken_while_running() {
    let mut bridge = TestBridge::prepare(setup().variable("TELEGRAM_BOT_TOKEN", "")).await;
    write_token(&bridge.root(), bridge.token());
    bridge.launch().await;
    let foreign = bot_token(7_000_002);
    bridge.emulator.set_token(&foreign);
    write_token(&bridge.root(), &foreign);
    post(&bridge, &info("event one")).await;
    health_when(&bridge, 503).await;
    // Two tries with the settings have been made once the old token was refused three times by getMe.
    let asked = |phone: &Emulator| {
        let refused = phone
            .calls()
            .into_iter()
            .filter(|call| call.method == "getMe" && call.status == 401)
            .count();
        (refused >= 3).then_some(())
    };
    bridge
        .emulator
        .wait_until(asked, WAIT)
        .await
        .expect("the old token is tried again");
    assert_eq!(bridge.emulator.count("sendMessage"), 0);
    bridge.emulator.set_token(bridge.token());
    bridge.message_with(USER, "event one").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_token_that_is_refused_at_the_start_ends_it_and_is_not_repeated() {
    let bridge = TestBridge::prepare(setup()).await;
    bridge.emulator.set_token(&bot_token(BOT));
    let finished = bridge.command(&["start"]).await;
    assert!(finished.code.is_some_and(|code| code != 0), "{finished:?}");
    assert!(
        finished.stderr.contains("refuses the bot token"),
        "{finished:?}"
    );
    assert!(finished.stderr.contains("BotFather"), "{finished:?}");
    let secret = bridge.token().split_once(':').unwrap().1;
    assert!(!finished.stderr.contains(secret) && !finished.stdout.contains(secret));
    bridge.finish().await;
}
