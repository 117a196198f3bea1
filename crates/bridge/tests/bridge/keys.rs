//! The key file and what it protects.
#![expect(
    clippy::expect_used,
    reason = "a test that cannot go on fails, and says why"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use cctelegram_testkit::Finished;
use cctelegram_testkit::Process;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::User;
use cctelegram_testkit::until;
use reqwest::Method;
use serde_json::json;

use crate::steps::setup;

fn mode(path: &Path) -> u32 {
    fs::metadata(path)
        .expect("it is there")
        .permissions()
        .mode()
        & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the mode can be set");
}

/// The start fails, says what and then what to do; both.
async fn refused(bridge: &TestBridge) -> String {
    let finished = bridge.command(&["start"]).await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.lines().count() >= 2, "{finished:?}");
    finished.stderr
}

/// A bridge that has run once and whose key file is as it left it.
async fn stopped() -> TestBridge {
    let mut bridge = TestBridge::start(setup()).await;
    assert!(bridge.terminate().await.success());
    bridge
}

/// Carries out statements in the database of a bridge that does not run.
fn tamper(bridge: &TestBridge, statements: &str) {
    let done = Command::new("sqlite3")
        .arg(bridge.root().join("cctelegram.db"))
        .arg(statements)
        .status();
    assert!(
        done.expect("sqlite3 is installed").success(),
        "{statements}"
    );
}

/// An update as Telegram would send it: the allowed user asks for another mode.
fn order(number: i64, mode: &str) -> String {
    json!({ "update_id": number, "message": {
        "message_id": number, "date": 1_700_000_000, "text": format!("/mode {mode}"),
        "chat": { "id": USER, "type": "private", "first_name": "User" },
        "from": { "id": USER, "is_bot": false, "first_name": "User" },
        "entities": [{ "type": "bot_command", "offset": 0, "length": 5 }],
    }})
    .to_string()
}

async fn unhandled(bridge: &TestBridge) -> i64 {
    let query = "SELECT count(*) FROM update_inbox WHERE handled = 0";
    bridge.database().await.number(query).await
}

#[tokio::test(flavor = "multi_thread")]
async fn security_the_key_file_is_made_once_for_its_owner_alone() {
    let mut bridge = TestBridge::start(setup()).await;
    let file = bridge.key_file();
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(file.parent().expect("a folder")), 0o700);
    let made = fs::read(&file).expect("it can be read");
    let folder = fs::read_dir(file.parent().expect("a folder")).expect("a folder");
    assert_eq!(folder.count(), 1, "no draft is left");
    let status = bridge.status().await;
    assert_eq!(status["key_file"], file.display().to_string());
    let text = String::from_utf8(made.clone()).expect("it is text");
    let id = status["key_id"].as_str().expect("a text").to_owned();
    assert!(text.ends_with(&format!("\nid {id}\n")), "{text}");
    let shown = bridge.command(&["status"]).await.stdout;
    assert!(shown.contains(&format!("key        {} (id {id})", file.display())));
    assert!(bridge.terminate().await.success());
    bridge.launch().await;
    assert_eq!(fs::read(&file).expect("it can be read"), made);
    let made = bridge.audited().await;
    // One key seals updates, the other makes the tags in masks.
    assert_eq!(made.iter().filter(|name| *name == "key_made").count(), 2);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_by_default_the_key_lies_with_the_users_configuration_and_never_in_the_home() {
    let bridge = TestBridge::start(setup().variable("CC_TELEGRAM_KEY_FILE", "")).await;
    let user = bridge.root().parent().expect("a folder").to_owned();
    let file = user.join(".config/cctelegram/key");
    assert_eq!(mode(&file), 0o600);
    let secret = fs::read_to_string(&file).expect("it is text");
    let secret = secret.lines().nth(1).expect("the key").to_owned();
    bridge.finish().await;

    let elsewhere = tempfile::tempdir().expect("a folder");
    let config = elsewhere.path().join("config");
    let setup = setup()
        .variable("CC_TELEGRAM_KEY_FILE", "")
        .variable("XDG_CONFIG_HOME", &config.display().to_string());
    let bridge = TestBridge::start(setup).await;
    let other = fs::read_to_string(config.join("cctelegram/key")).expect("the key is there");
    assert!(!other.contains(&secret), "another bridge, another key");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_home_that_would_hold_its_own_key_is_refused_unless_it_is_asked_for() {
    for linked in [false, true] {
        let elsewhere = tempfile::tempdir().expect("a folder");
        let bridge = TestBridge::prepare(setup()).await;
        let config = if linked {
            let link = elsewhere.path().join("config");
            symlink(bridge.root(), &link).expect("a link");
            link
        } else {
            bridge.root()
        };
        let inside = finished_with(
            &bridge,
            &[
                ("CC_TELEGRAM_KEY_FILE", ""),
                ("XDG_CONFIG_HOME", &config.display().to_string()),
            ],
        )
        .await;
        assert_eq!(inside.code, Some(1), "{inside:?}");
        assert!(
            inside.stderr.contains("would lie in the home"),
            "{inside:?}"
        );
        assert!(
            inside.stderr.contains("Set CC_TELEGRAM_KEY_FILE"),
            "{inside:?}"
        );
        assert!(!bridge.root().join("cctelegram/key").exists());
        bridge.finish().await;
    }
    // The demo keeps its key in its throw-away home: there it is asked for.
    let bridge = TestBridge::prepare(setup()).await;
    let inside = bridge.root().join("key").display().to_string();
    let mut variables = bridge.variables();
    variables.push(("CC_TELEGRAM_KEY_FILE".to_owned(), inside));
    let command = [env!("CARGO_BIN_EXE_cctelegram").as_ref(), "start".as_ref()];
    let process = Process::start(&command, &variables);
    until("it runs", async || {
        bridge
            .socket
            .request(Method::GET, "/v1/status", None)
            .await
            .ok()
    })
    .await;
    assert!(process.terminate().await.success());
    bridge.finish().await;
}

/// `start` with other variables, to its end.
async fn finished_with(bridge: &TestBridge, variables: &[(&str, &str)]) -> Finished {
    let mut all = bridge.variables();
    for (name, value) in variables {
        all.push(((*name).to_owned(), (*value).to_owned()));
    }
    let command = [env!("CARGO_BIN_EXE_cctelegram").as_ref(), "start".as_ref()];
    Process::start(&command, &all).finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_not_absolute_is_a_mistake() {
    let bridge = TestBridge::prepare(setup().variable("CC_TELEGRAM_KEY_FILE", "key")).await;
    let told = refused(&bridge).await;
    assert!(
        told.contains("CC_TELEGRAM_KEY_FILE: `key` is not the absolute path"),
        "{told}"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_two_that_make_the_key_at_once_use_the_same() {
    // Two homes, two bots, one user: both look for the one key file, which is not there.
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shared/key").display().to_string();
    let setup = || setup().variable("CC_TELEGRAM_KEY_FILE", &file);
    let mut bridges =
        futures_util::future::join_all((0..4).map(|_| TestBridge::prepare(setup()))).await;
    futures_util::future::join_all(bridges.iter_mut().map(TestBridge::launch)).await;
    let mut ids = Vec::new();
    for bridge in &bridges {
        ids.push(bridge.status().await["key_id"].clone());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    for bridge in bridges {
        bridge.finish().await;
    }
    let left = fs::read_dir(folder.path().join("shared")).expect("a folder");
    assert_eq!(left.count(), 1, "no draft is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_key_file_that_others_may_have_touched_is_refused() {
    let bridge = stopped().await;
    let file = bridge.key_file();
    for open in [0o640, 0o604, 0o660, 0o644] {
        set_mode(&file, open);
        let told = refused(&bridge).await;
        assert!(told.contains("is open to others"), "{told}");
        assert!(
            told.contains(&format!("chmod 600 {}", file.display())),
            "{told}"
        );
    }
    set_mode(&file, 0o600);
    let folder = file.parent().expect("a folder").to_owned();
    set_mode(&folder, 0o777);
    let told = refused(&bridge).await;
    assert!(told.contains("can be written to by others"), "{told}");
    set_mode(&folder, 0o700);

    let real = folder.join("real");
    fs::rename(&file, &real).expect("it can be moved");
    symlink(&real, &file).expect("a link");
    let told = refused(&bridge).await;
    assert!(told.contains("is a symbolic link"), "{told}");
    fs::remove_file(&file).expect("it can be removed");
    fs::create_dir(&file).expect("a folder");
    let told = refused(&bridge).await;
    assert!(told.contains("is not a regular file"), "{told}");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_torn_or_changed_key_file_is_refused_and_left_alone() {
    let bridge = stopped().await;
    let file = bridge.key_file();
    let whole = fs::read_to_string(&file).expect("it is text");
    let changed = whole.replace("\nid ", "\nid 0");
    let header = whole.replace("version 1", "version 9");
    for wrong in [
        "",
        &whole[..whole.len() / 2],
        &whole[..whole.len() - 1],
        &changed,
        &header,
    ] {
        fs::write(&file, wrong).expect("it can be written");
        let told = refused(&bridge).await;
        assert!(told.contains("cannot be used"), "{told}");
        assert!(told.contains("Put it back from your copy"), "{told}");
        assert_eq!(fs::read_to_string(&file).expect("it is text"), wrong);
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_without_the_key_of_its_database_a_bridge_does_not_start() {
    let mut bridge = stopped().await;
    let file = bridge.key_file();
    let kept = file.with_extension("kept");
    fs::rename(&file, &kept).expect("it can be moved");
    let told = refused(&bridge).await;
    assert!(
        told.contains("is missing, and the database was sealed with its key"),
        "{told}"
    );
    assert!(!file.exists(), "no other key takes its place");
    // The key of another bridge is no better.
    let other = stopped().await;
    fs::copy(other.key_file(), &file).expect("it can be copied");
    let told = refused(&bridge).await;
    assert!(told.contains("is not the one of this database"), "{told}");
    fs::rename(&kept, &file).expect("it can be moved");
    bridge.launch().await;
    bridge.finish().await;
    other.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_what_people_send_stands_in_no_file() {
    let bridge = TestBridge::start(setup()).await;
    let canary = "the-canary-sings-at-midnight";
    bridge.emulator.add_user(User {
        id: 666,
        first_name: "Mallory".to_owned(),
        username: None,
    });
    bridge.emulator.open_chat(666);
    bridge.emulator.send_text(666, canary);
    until("the stranger is refused", async || {
        bridge
            .audited()
            .await
            .contains(&"access_refused".to_owned())
            .then_some(())
    })
    .await;
    // The log of the database still has what was written before it was handled.
    let mut looked_at = 0;
    for entry in fs::read_dir(bridge.root()).expect("a folder") {
        let path = entry.expect("it can be listed").path();
        let Ok(bytes) = fs::read(&path) else { continue };
        looked_at += 1;
        let found = bytes
            .windows(canary.len())
            .any(|window| window == canary.as_bytes());
        assert!(!found, "{} holds what was sent", path.display());
    }
    assert!(looked_at >= 3, "the database, its log and the bridge's log");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_an_update_that_somebody_else_put_into_the_database_is_refused() {
    let mut bridge = stopped().await;
    let plain = order(900_001, "mute");
    tamper(
        &bridge,
        &format!(
            "INSERT INTO update_inbox (bot, update_id, body, received, handled) VALUES (7000001, 900001, '{plain}', 0, 0);
             INSERT INTO update_inbox (bot, update_id, body, sealed, received, handled) VALUES (7000001, 900002, '', CAST('{plain}' AS BLOB), 0, 0);"
        ),
    );
    bridge.launch().await;
    until("both are done with", async || {
        (unhandled(&bridge).await == 0).then_some(())
    })
    .await;
    let names = bridge.audited().await;
    assert_eq!(
        names
            .iter()
            .filter(|name| *name == "update_ignored")
            .count(),
        2
    );
    assert_eq!(bridge.status().await["mode"]["mode"], "local");
    assert!(bridge.log().contains("cannot be opened"));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_whose_key_is_lost_starts_anew_when_it_is_told_to() {
    let mut bridge = stopped().await;
    fs::remove_file(bridge.key_file()).expect("it is there");
    tamper(
        &bridge,
        "INSERT INTO update_inbox (bot, update_id, body, sealed, received, handled)
         SELECT 7000001, 900001, '', wrapped, 0, 0 FROM key WHERE purpose = 'inbox';
         DELETE FROM key;",
    );
    bridge.launch().await;
    until("what was sealed with the lost key is refused", async || {
        (unhandled(&bridge).await == 0).then_some(())
    })
    .await;
    assert!(
        bridge
            .audited()
            .await
            .contains(&"update_ignored".to_owned())
    );
    assert_eq!(mode(&bridge.key_file()), 0o600);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_that_an_earlier_version_left_unsealed_are_taken_over_once() {
    let mut bridge = stopped().await;
    let plain = order(900_001, "nomad");
    tamper(
        &bridge,
        &format!(
            "DROP TABLE key;
             ALTER TABLE update_inbox DROP COLUMN sealed;
             DROP INDEX attachment_stored;
             ALTER TABLE outbox DROP COLUMN files_sent;
             DROP INDEX approval_attended;
             ALTER TABLE approval DROP COLUMN attended;
             DROP INDEX approval_remind;
             ALTER TABLE approval DROP COLUMN form;
             ALTER TABLE approval DROP COLUMN marks;
             ALTER TABLE approval DROP COLUMN remind;
             DROP INDEX response_kept;
             DROP INDEX response_by_session;
             DROP INDEX response_claimed;
             ALTER TABLE response DROP COLUMN session;
             ALTER TABLE response DROP COLUMN chat;
             ALTER TABLE response DROP COLUMN message;
             ALTER TABLE response DROP COLUMN kept;
             ALTER TABLE response DROP COLUMN claim;
             ALTER TABLE response DROP COLUMN continued;
             DELETE FROM _sqlx_migrations WHERE version > 4;
             PRAGMA user_version = 4;
             INSERT INTO update_inbox (bot, update_id, body, received, handled) VALUES (7000001, 900001, '{plain}', 0, 0);"
        ),
    );
    bridge.launch().await;
    bridge
        .status_when("the order is carried out", |status| {
            status["mode"]["mode"] == "nomad"
        })
        .await;
    let records = bridge.database().await.audit().await;
    let made: Vec<_> = records
        .iter()
        .filter(|record| record["event"] == "key_made" && record["details"]["purpose"] == "inbox")
        .map(|record| record["details"]["updates_sealed"].clone())
        .collect();
    assert_eq!(made, [0, 1]);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_whoever_deletes_the_keys_cannot_plant_an_unsealed_update() {
    let mut bridge = stopped().await;
    let plain = order(900_001, "mute");
    tamper(
        &bridge,
        &format!(
            "DELETE FROM key;
             INSERT INTO update_inbox (bot, update_id, body, received, handled) VALUES (7000001, 900001, '{plain}', 0, 0);"
        ),
    );
    bridge.launch().await;
    until("it is done with", async || {
        (unhandled(&bridge).await == 0).then_some(())
    })
    .await;
    let names = bridge.audited().await;
    assert!(names.contains(&"update_ignored".to_owned()), "{names:?}");
    assert_eq!(bridge.status().await["mode"]["mode"], "local");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_key_that_was_changed_in_the_database_is_found() {
    let bridge = stopped().await;
    tamper(
        &bridge,
        "UPDATE key SET wrapped = CAST(substr(wrapped, 1, 40) || x'00' || substr(wrapped, 42) AS BLOB);",
    );
    let told = refused(&bridge).await;
    assert!(
        told.contains("in the database was damaged or changed"),
        "{told}"
    );
    bridge.finish().await;
}
