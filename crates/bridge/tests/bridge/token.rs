//! Where the bot's token comes from, and where it never is.
#![expect(
    clippy::expect_used,
    reason = "a test that cannot go on fails, and says why"
)]

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::bot_token;
use cctelegram_testkit::until;
use serde_json::json;

use crate::steps::info;
use crate::steps::post;
use crate::steps::setup;

/// A bridge whose token is a credential of systemd, and nowhere else.
async fn with_credential(folder: &Path) -> TestBridge {
    let credentials = folder.display().to_string();
    let setup = setup()
        .variable("TELEGRAM_BOT_TOKEN", "")
        .variable("CREDENTIALS_DIRECTORY", &credentials);
    let bridge = TestBridge::prepare(setup).await;
    let token = format!("{}\n", bridge.token());
    fs::write(folder.join("telegram_bot_token"), token).expect("room on the disk");
    bridge
}

fn holds(bytes: &[u8], token: &str) -> bool {
    let secret = token.split_once(':').map_or(token, |(_, secret)| secret);
    let mut windows = bytes.windows(secret.len());
    windows.any(|window| window == secret.as_bytes())
}

/// The files below a folder that hold the token.
fn leaks(folder: &Path, token: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            leaks(&path, token, found);
        } else if kind.is_file() && fs::read(&path).is_ok_and(|bytes| holds(&bytes, token)) {
            found.push(path.display().to_string());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_token_from_a_credential_is_in_nothing_that_the_process_shows() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut bridge = with_credential(folder.path()).await;
    bridge.launch().await;
    let token = bridge.token().to_owned();
    post(&bridge, &info("a message")).await;
    bridge.message_with(USER, "a message").await;
    let process = format!("/proc/{}", bridge.process().id());
    for file in ["environ", "cmdline", "comm", "status"] {
        let shown = fs::read(format!("{process}/{file}")).expect("the process runs");
        assert!(!holds(&shown, &token), "{file}");
    }
    for arguments in [&["status", "--json"][..], &["doctor", "--json"], &["queue"]] {
        let done = bridge.command(arguments).await;
        let said = format!("{}{}", done.stdout, done.stderr);
        assert!(!holds(said.as_bytes(), &token), "{arguments:?}");
    }
    // A token that stops to work is an error with a cause, on every way that errors take.
    bridge.emulator.set_token(&bot_token(7_000_001));
    post(&bridge, &info("refused")).await;
    bridge
        .status_when("the token is refused", |status| {
            status["waiting"] == json!(1)
        })
        .await;
    assert!(!holds(bridge.log().as_bytes(), &token));
    assert!(!bridge.log().contains("comes from the environment"));
    assert!(bridge.terminate().await.success());
    let mut found = Vec::new();
    let user = bridge.root().parent().expect("a folder").to_owned();
    leaks(&user, &token, &mut found);
    assert_eq!(found, [""; 0]);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_wins_over_the_environment_and_a_bad_one_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let credentials = folder.path().display().to_string();
    let setup = setup()
        .variable("TELEGRAM_BOT_TOKEN", &bot_token(7_000_009))
        .variable("CREDENTIALS_DIRECTORY", &credentials);
    let mut bridge = TestBridge::prepare(setup).await;
    let credential = folder.path().join("telegram_bot_token");
    fs::write(&credential, "no token\n").expect("room on the disk");
    let refused = bridge.command(&["start"]).await;
    let told = format!(
        "{}: TELEGRAM_BOT_TOKEN: this is not shaped like",
        credential.display()
    );
    assert!(refused.stderr.contains(&told), "{}", refused.stderr);
    fs::write(&credential, bridge.token()).expect("room on the disk");
    bridge.launch().await;
    post(&bridge, &info("a message")).await;
    bridge.message_with(USER, "a message").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_token_in_the_environment_works_and_is_warned_about() {
    let bridge = TestBridge::start(setup()).await;
    assert!(
        bridge
            .log()
            .contains("the bot's token comes from the environment")
    );
    bridge.finish().await;
}

/// What belongs to root below `/proc` cannot be read by the other processes of the user.
#[tokio::test(flavor = "multi_thread")]
async fn security_the_memory_of_the_process_is_closed_to_its_own_user() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = fs::Permissions::from_mode(0o755);
    fs::set_permissions(folder.path(), open).expect("our folder");
    let binary = folder.path().join("cctelegram");
    fs::copy(env!("CARGO_BIN_EXE_cctelegram"), &binary).expect("room on the disk");
    let mut command = if rustix::process::geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        command.arg(&binary);
        command
    } else {
        Command::new(&binary)
    };
    let mut process = command
        .arg("mcp")
        .env_clear()
        .env("HOME", folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let path = format!("/proc/{}", process.id());
    until("the program has begun", async || {
        let program = fs::read(format!("{path}/cmdline")).ok()?;
        program
            .starts_with(binary.as_os_str().as_encoded_bytes())
            .then_some(())
    })
    .await;
    until("its memory belongs to root", async || {
        let about = fs::metadata(format!("{path}/mem")).ok()?;
        (about.uid() == 0).then_some(())
    })
    .await;
    process.kill().expect("our process");
    process.wait().expect("our process");
}
