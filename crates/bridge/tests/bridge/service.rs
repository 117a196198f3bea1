//! `cctelegram service`, as far as it goes without a service manager of one's own.
#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, in its helpers too"
)]

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use cctelegram_testkit::Process;
use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;

fn setup() -> Setup {
    Setup::of(env!("CARGO_BIN_EXE_cctelegram"))
}

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
