//! `cctelegram service`, as far as it goes without a service manager of one's own.
#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, in its helpers too"
)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use cctelegram_testkit::Process;
use cctelegram_testkit::TestBridge;

use crate::steps::setup;

fn unit_of(bridge: &TestBridge) -> PathBuf {
    let home = bridge.root().parent().unwrap().to_owned();
    home.join(".config/systemd/user/cctelegram.service")
}

#[tokio::test(flavor = "multi_thread")]
async fn systemd_finds_nothing_wrong_with_the_unit() {
    let bridge = TestBridge::prepare(setup()).await;
    let printed = bridge.command(&["service", "install", "--print"]).await;
    assert_eq!((printed.code, printed.stderr.as_str()), (Some(0), ""));
    let exec = format!(
        "ExecStart={} start --home {}\n",
        env!("CARGO_BIN_EXE_cctelegram"),
        bridge.root().display()
    );
    assert!(printed.stdout.contains(&exec), "{printed:?}");
    assert!(!unit_of(&bridge).exists(), "only printed");
    let path = bridge.root().join("cctelegram.service");
    fs::write(&path, &printed.stdout).unwrap();
    let verify = [
        "systemd-analyze",
        "--user",
        "verify",
        path.to_str().unwrap(),
    ];
    let verified = Process::start(&verify.map(OsStr::new), &bridge.variables())
        .finish()
        .await;
    assert_eq!((verified.code, verified.stderr.as_str()), (Some(0), ""));
    fs::remove_file(path).unwrap();
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_user_bus_nothing_is_written_and_the_way_out_is_told() {
    let bridge = TestBridge::prepare(setup()).await;
    for words in [&["service", "install", "--yes"][..], &["service", "status"]] {
        let refused = bridge.command(words).await;
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(
            refused
                .stderr
                .contains("your user's systemd cannot be reached"),
            "{refused:?}"
        );
        assert!(
            refused.stderr.contains("`cctelegram start` by other means"),
            "{refused:?}"
        );
    }
    assert!(!unit_of(&bridge).exists());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_was_edited_is_neither_replaced_nor_removed() {
    let bridge = TestBridge::prepare(setup()).await;
    let none = bridge.command(&["service", "uninstall", "--yes"]).await;
    assert_eq!(
        (none.code, none.stdout.as_str()),
        (Some(0), "Nothing is installed.\n")
    );
    let printed = bridge.command(&["service", "install", "--print"]).await;
    let unit = unit_of(&bridge);
    fs::create_dir_all(unit.parent().unwrap()).unwrap();
    let edited = printed.stdout.replace("512M", "2G");
    fs::write(&unit, &edited).unwrap();
    for verb in ["install", "uninstall"] {
        let refused = bridge.command(&["service", verb, "--yes"]).await;
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(
            refused.stderr.contains("was edited since it was installed"),
            "{refused:?}"
        );
    }
    assert_eq!(fs::read_to_string(&unit).unwrap(), edited);
    bridge.finish().await;
}

/// A search path on which `systemctl` notes what it was told, and whether the key was there when the service started.
fn systemctl(bridge: &TestBridge, key: &str) -> (String, PathBuf) {
    let folder = bridge.root().parent().unwrap().join("bin");
    fs::create_dir(&folder).unwrap();
    let (program, told) = (folder.join("systemctl"), folder.join("told"));
    let script = format!(
        "#!/bin/sh\necho \"$*\" >> {told}\ncase $2 in\nrestart) test -f {key} && echo keyed >> {told};;\n\
         is-active) echo active;;\nesac\n",
        told = told.display()
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    (format!("{}:/usr/bin:/bin", folder.display()), told)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_made_before_the_service_starts_and_the_unit_says_where_it_is() {
    let mut bridge = TestBridge::prepare(setup()).await;
    let key = bridge.key_file().display().to_string();
    let (path, told) = systemctl(&bridge, &key);
    let mut variables = bridge.variables();
    variables.push(("PATH".to_owned(), path));
    let binary = env!("CARGO_BIN_EXE_cctelegram");
    let words = [binary, "service", "install", "--yes"].map(OsStr::new);
    let installed = Process::start(&words, &variables).finish().await;
    assert_eq!(installed.code, Some(0), "{installed:?}");
    let told = fs::read_to_string(told).unwrap();
    assert!(told.contains("keyed\n"), "{told}");
    let unit = fs::read_to_string(unit_of(&bridge)).unwrap();
    assert!(unit.contains(&format!("\nEnvironment=CC_TELEGRAM_KEY_FILE={key}\n")));
    let folder = bridge.key_file().parent().unwrap().display().to_string();
    assert!(unit.contains(&format!(" -{folder}\n")), "{unit}");
    // The environment of the service may have another folder of settings than this one.
    for (name, value) in [
        ("CC_TELEGRAM_KEY_FILE", ""),
        ("XDG_CONFIG_HOME", "/elsewhere"),
    ] {
        variables.push((name.to_owned(), value.to_owned()));
    }
    let words = [binary, "service", "install", "--print"].map(OsStr::new);
    let printed = Process::start(&words, &variables).finish().await.stdout;
    let named = "\nEnvironment=CC_TELEGRAM_KEY_FILE=/elsewhere/cctelegram/key\n";
    assert!(printed.contains(named), "{printed}");
    variables.truncate(variables.len() - 2);
    let made = fs::read(&key).unwrap();
    bridge.launch().await;
    assert_eq!(fs::read(&key).unwrap(), made);
    // A running bridge is no obstacle.
    let words = [binary, "service", "install", "--yes"].map(OsStr::new);
    let again = Process::start(&words, &variables).finish().await;
    assert_eq!(again.code, Some(0), "{again:?}");
    bridge.finish().await;
}
