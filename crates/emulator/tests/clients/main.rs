//! Bots of other people against the emulator, so that our idea of Telegram is not only ours: full flows on
//! python-telegram-bot and aiogram. The scripts beside this file say what is expected; `scripts/test.sh` installs both
//! libraries.
#![expect(
    clippy::expect_used,
    reason = "a test that panics has failed, in its helpers too"
)]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use cctelegram_emulator::Emulator;
use cctelegram_emulator::Options;
use cctelegram_emulator::User;
use tokio::process::Command;
use tokio::time::timeout;

const TOKEN: &str = "123456:an-invented-secret";
const ADA: i64 = 42;
const BOB: i64 = 43;
/// A script ends by itself before that.
const LONGEST: Duration = Duration::from_mins(3);

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_on_python_telegram_bot_works_as_with_telegram() {
    flow("python_telegram_bot.py").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_on_aiogram_works_as_with_telegram() {
    flow("aiogram_bot.py").await;
}

/// Ada has an open chat with the bot, Bob has none; limits are off until the script turns them on.
async fn phone() -> Emulator {
    let options = Options {
        token: TOKEN.to_owned(),
        limits: false,
        ..Options::default()
    };
    let phone = Emulator::start(options).await.expect("a free port");
    for (id, name) in [(ADA, "Ada"), (BOB, "Bob")] {
        phone.add_user(User {
            id,
            first_name: name.to_owned(),
            username: Some(name.to_lowercase()),
        });
    }
    phone.open_chat(ADA);
    phone
}

async fn flow(script: &str) {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = crates.join("../../target/tools/clients/bin/python");
    assert!(
        python.is_file(),
        "{} is missing: run scripts/test.sh, which installs the bots' libraries",
        python.display()
    );
    let phone = phone().await;
    let run = Command::new(&python)
        .arg("-B")
        .arg(crates.join("tests/clients").join(script))
        .args([phone.url(), TOKEN.to_owned()])
        .env_clear()
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let run = timeout(LONGEST, run).await.expect("the bot ends in time");
    let run = run.expect("python starts");
    let (said, complained) = (
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr),
    );
    let worked = run.status.success() && said.ends_with("the whole flow worked\n");
    assert!(worked, "{script}: {}\n{said}\n{complained}", run.status);
    phone.stop().await;
}
