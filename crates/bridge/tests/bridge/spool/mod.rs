//! Event files: when they are taken, what is refused, and that neither ever gets in the way of the others.
#![expect(
    clippy::expect_used,
    reason = "a test that panics has failed, in its helpers too"
)]

mod identity;
mod refused;
mod taking;

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::until;

fn rejected(bridge: &TestBridge, name: &str) -> PathBuf {
    bridge.events().join("rejected").join(name)
}

fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Waits until a file was set aside under this name and gives the reason that stands beside it.
async fn refused(bridge: &TestBridge, name: &str) -> String {
    let note = rejected(bridge, &format!("{name}.reason"));
    let is_whole = |reason: &String| reason.ends_with('\n');
    let reason = until(&format!("{name} is refused"), async || {
        fs::read_to_string(&note).ok().filter(is_whole)
    })
    .await;
    assert!(is_there(&rejected(bridge, name)), "{name} is not kept");
    reason
}

/// The names in the spool, but not in its folder of refused files.
fn spooled(bridge: &TestBridge) -> Vec<String> {
    let entries = fs::read_dir(bridge.events()).expect("the spool can be listed");
    let names = entries.map(|entry| {
        entry
            .expect("it can be listed")
            .file_name()
            .to_string_lossy()
            .into_owned()
    });
    let mut names: Vec<String> = names.filter(|name| name != "rejected").collect();
    names.sort();
    names
}

async fn is_empty(bridge: &TestBridge) {
    until("the spool is empty", async || {
        spooled(bridge).is_empty().then_some(())
    })
    .await;
}

async fn events(bridge: &TestBridge) -> i64 {
    bridge
        .database()
        .await
        .number("SELECT count(*) FROM event")
        .await
}

fn sent(bridge: &TestBridge) -> usize {
    bridge
        .emulator
        .messages(USER)
        .iter()
        .filter(|message| message.from_bot)
        .count()
}
