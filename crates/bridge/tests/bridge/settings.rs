//! Settings as a real process meets them: where they may stand, what stops the start, and what is put right.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says why"
)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use cctelegram_testkit::Finished;
use cctelegram_testkit::Process;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::WAIT;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncBufReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::io::BufReader;
use tokio::net::TcpListener;

use crate::steps::setup;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Writes a file into the home as its owner would.
fn write(bridge: &TestBridge, name: &str, text: &str) {
    let path = bridge.root().join(name);
    fs::write(&path, text).unwrap();
    set_mode(&path, 0o600);
}

/// The start fails with the exit code 1, and nothing of the token is shown; what it says.
async fn refused(bridge: &TestBridge) -> String {
    let finished = bridge.command(&["start"]).await;
    assert_eq!(
        (finished.code, finished.stdout.as_str()),
        (Some(1), ""),
        "{finished:?}"
    );
    let secret = bridge.token().split_once(':').unwrap().1;
    assert!(
        !finished.stderr.contains(secret),
        "the token is shown: {finished:?}"
    );
    assert!(
        !bridge.root().join("cctelegram.db").exists(),
        "nothing was begun"
    );
    finished.stderr
}

/// Runs the binary with these variables alone.
async fn alone(variables: &[(&str, &str)], words: &[&str]) -> Finished {
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let command: Vec<&OsStr> = [env!("CARGO_BIN_EXE_cctelegram")]
        .iter()
        .chain(words)
        .map(OsStr::new)
        .collect();
    Process::start(&command, &variables).finish().await
}

async fn health(bridge: &TestBridge) -> Value {
    let address = bridge.status().await["health_address"]
        .as_str()
        .unwrap()
        .to_owned();
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(WAIT)
        .build()
        .unwrap();
    let answer = client
        .get(format!("http://{address}/health"))
        .send()
        .await
        .unwrap();
    answer.json().await.unwrap()
}

/// The lines of the log with this message.
fn logged(bridge: &TestBridge, message: &str) -> Vec<Value> {
    let log = bridge.log();
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .filter(|line| {
            line["message"]
                .as_str()
                .is_some_and(|told| told.contains(message))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn security_the_environment_alone_is_enough_and_what_is_created_is_private() {
    // Whatever the umask lets through.
    let mut bridge =
        TestBridge::prepare(setup().wrapped(&["sh", "-c", "umask 000; exec \"$0\" \"$@\""])).await;
    fs::remove_dir_all(bridge.root()).unwrap();
    bridge.launch().await;
    bridge.drop_event(
        "first",
        &json!({ "type": "approval_request", "title": "First?", "event_id": "first" }),
    );
    let asked = bridge.message_with(USER, "First?").await;
    bridge
        .emulator
        .press(USER, asked.message_id, "Approve")
        .unwrap();
    bridge.response("first.json").await;
    let root = bridge.root();
    for folder in [
        root.clone(),
        bridge.events(),
        bridge.events().join("rejected"),
        bridge.responses(),
    ] {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
    }
    for name in [
        "cctelegram.db",
        "cctelegram.db-wal",
        "cctelegram.db-shm",
        "bridge.log",
        "bridge.lock",
        "bridge.sock",
    ] {
        assert_eq!(mode(&root.join(name)), 0o600, "{name}");
    }
    assert_eq!(mode(&bridge.responses().join("first.json")), 0o600);
    assert!(
        !root.join(".env").exists() && !root.join("config.toml").exists(),
        "settings are written by people"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_mistakes_are_told_at_once_each_with_its_place_and_a_remedy() {
    let setup = setup()
        .variable("HEALTH_PORT", "80800")
        .variable("CC_TELEGRAM_MODE", "loud")
        .variable("TELEGRAM_ALLOWED_USERS", "1001,alice")
        .config("[telegram.limits]\nx = 1\n[[route]]\nchats = []");
    let bridge = TestBridge::prepare(setup).await;
    write(
        &bridge,
        ".env",
        "MAX_QUEUE_SIZE=0\nTELEGRAM_BOT_TOKNE=x\nno pair\n",
    );
    let told = refused(&bridge).await;
    assert!(
        told.starts_with("cctelegram: the configuration has 8 mistakes:\n  "),
        "{told}"
    );
    let (env, config) = (
        bridge.root().join(".env"),
        bridge.root().join("config.toml"),
    );
    let (env, config) = (env.display(), config.display());
    for line in [
        "environment: HEALTH_PORT: `80800` is not a whole number from 0 to 65535",
        "environment: CC_TELEGRAM_MODE: `loud` is not a mode: use local, nomad or mute",
        "environment: TELEGRAM_ALLOWED_USERS: ",
        &format!("{env}: MAX_QUEUE_SIZE: `0` is not a whole number from 1 to 1000000"),
        &format!(
            "{env}: TELEGRAM_BOT_TOKNE: there is no setting of this name\n    Did you mean TELEGRAM_BOT_TOKEN?"
        ),
        &format!("{env}: line 3: this is not NAME=value"),
        &format!("{config}: telegram.limits: there is no setting of this name"),
        &format!("{config}: route.chats: a route leads nowhere"),
    ] {
        assert!(
            told.contains(&format!("\n  {line}")),
            "{line} is missing:\n{told}"
        );
    }
    // Each mistake is two lines: what, and what to do.
    assert_eq!(told.lines().count(), 1 + 8 * 2, "{told}");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_not_in_effect_are_named_wherever_one_looks() {
    let setup = setup()
        .variable("EVENT_TTL_HOURS", "48")
        .variable("RATE_LIMIT_PER_MINUTE", "60")
        .config("[security]\naudit_log = false\nip_whitelist = [\"10.0.0.0/8\"]");
    let mut bridge = TestBridge::prepare(setup).await;
    write(&bridge, ".env", "CC_TELEGRAM_ENCRYPT_MESSAGES=true\n");
    bridge.launch().await;
    let told = health(&bridge).await;
    assert_eq!(told["status"], "healthy");
    let names = [
        "EVENT_TTL_HOURS=48 (environment): ",
        "RATE_LIMIT_PER_MINUTE=60 (environment): ",
        "CC_TELEGRAM_ENCRYPT_MESSAGES=true (",
        "security.audit_log=false (",
        "security.ip_whitelist=[\"10.0.0.0/8\"] (",
    ];
    let in_health = told["not_in_effect"].as_array().unwrap();
    let in_log = logged(&bridge, "not in effect");
    let recorded = bridge.records("bridge_started").await.remove(0);
    assert_eq!(
        (in_health.len(), in_log.len()),
        (names.len(), names.len()),
        "{told}"
    );
    assert_eq!(
        &recorded["details"]["not_in_effect"],
        &told["not_in_effect"]
    );
    for name in names {
        let is_named = |told: &Value| told.as_str().is_some_and(|told| told.starts_with(name));
        assert!(
            in_health.iter().any(is_named),
            "{name} is missing in {told}"
        );
        assert!(
            in_log.iter().any(|line| is_named(&line["setting"])),
            "{name} is missing in the log"
        );
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_lockdown_anywhere_keeps_everything_stopped() {
    let (env, config) = (".env", "config.toml");
    let places = [
        (None, "true"),
        (None, "1"),
        (Some(env), "EMERGENCY_LOCKDOWN=true\n"),
        (Some(env), "MAX_QUEUE_SIZE=77EMERGENCY_LOCKDOWN=true"),
        (
            Some(env),
            "EMERGENCY_LOCKDOWN=false\nexport EMERGENCY_LOCKDOWN='true'\n",
        ),
        (Some(config), "EMERGENCY_LOCKDOWN = true\n"),
        (
            Some(config),
            "[telegram]\nper_chat_burst = 3\nEMERGENCY_LOCKDOWN = true\n",
        ),
        (
            Some(config),
            "[[users]]\nid = 7\nEMERGENCY_LOCKDOWN = true\n",
        ),
        (Some(config), "this is no TOML\nEMERGENCY_LOCKDOWN=true"),
    ];
    for (file, text) in places {
        let switch = if file.is_none() { text } else { "" };
        let bridge = TestBridge::prepare(setup().variable("EMERGENCY_LOCKDOWN", switch)).await;
        if let Some(file) = file {
            write(&bridge, file, text);
        }
        let told = refused(&bridge).await;
        let why = "EMERGENCY_LOCKDOWN: lockdown is asked for, ";
        assert!(
            told.contains(why) && told.contains("set it to false or remove it in every place"),
            "{text}:\n{told}"
        );
        let init = bridge.command(&["init"]).await;
        assert!(
            init.code == Some(1) && init.stderr.contains(why),
            "{init:?}"
        );
        assert_eq!(bridge.emulator.calls().len(), 0, "Telegram hears nothing");
        bridge.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lockdown_that_is_lifted_is_over() {
    let setup = setup()
        .variable("EMERGENCY_LOCKDOWN", "false")
        .config("[security]\naudit_log = true");
    let mut bridge = TestBridge::prepare(setup).await;
    write(
        &bridge,
        ".env",
        "# EMERGENCY_LOCKDOWN=true\nEMERGENCY_LOCKDOWN=false\n",
    );
    bridge.launch().await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_home_there_is_a_clear_error() {
    for variables in [
        &[][..],
        &[("HOME", "")],
        &[("HOME", ""), ("CC_TELEGRAM_HOME", "")],
    ] {
        for words in [&["start"][..], &["status"], &["send", "x"], &["init"]] {
            let finished = alone(variables, words).await;
            assert_eq!(
                (finished.code, finished.stdout.as_str()),
                (Some(1), ""),
                "{finished:?}"
            );
            let told = "CC_TELEGRAM_HOME: neither CC_TELEGRAM_HOME nor HOME is set\n    Set it to the path of the directory";
            assert!(finished.stderr.contains(told), "{finished:?}");
        }
    }
    let relative = alone(&[("CC_TELEGRAM_HOME", "somewhere")], &["start"]).await;
    assert!(
        relative
            .stderr
            .contains("`somewhere` is not an absolute path"),
        "{relative:?}"
    );
    // Neither a help nor a schema needs one.
    assert_eq!(alone(&[], &["schema", "event"]).await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_home_needs_no_home_of_a_user() {
    let bridge = TestBridge::start(setup().variable("HOME", "")).await;
    assert_eq!(bridge.status().await["healthy"], true);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_the_start_says_what_to_do() {
    let bridge = TestBridge::prepare(setup().variable("TELEGRAM_BOT_TOKEN", "")).await;
    let told = refused(&bridge).await;
    assert_eq!(
        told,
        "cctelegram: no bot token is set\nRun `cctelegram init`, or set TELEGRAM_BOT_TOKEN.\n"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_what_is_too_open_is_closed_and_told() {
    let mut bridge = TestBridge::start(setup()).await;
    assert!(bridge.terminate().await.success());
    write(&bridge, ".env", "MAX_QUEUE_SIZE=77\n");
    let root = bridge.root();
    let open = [
        (root.clone(), 0o755, 0o700),
        (bridge.events(), 0o777, 0o700),
        (bridge.responses(), 0o750, 0o700),
        (root.join(".env"), 0o644, 0o600),
        (root.join("config.toml"), 0o640, 0o600),
        (root.join("cctelegram.db"), 0o666, 0o600),
        (root.join("bridge.log"), 0o664, 0o600),
    ];
    for (path, open, _) in &open {
        set_mode(path, *open);
    }
    bridge.launch().await;
    for (path, before, after) in &open {
        assert_eq!(mode(path), *after, "{}", path.display());
        let told = format!(
            "{} was open to others (mode {before:04o}) and is now {after:04o}",
            path.display()
        );
        let lines = logged(&bridge, &told);
        assert!(
            lines.len() == 1 && lines.iter().all(|line| line["level"] == "WARN"),
            "{told}: {lines:?}"
        );
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_what_belongs_to_somebody_else_or_is_a_link_is_refused() {
    // Only root can give something away; for everybody else something of root's is somebody else's.
    if rustix::process::geteuid().is_root() {
        for name in ["", ".env", "config.toml", "events"] {
            let bridge = TestBridge::prepare(setup()).await;
            write(&bridge, ".env", "MAX_QUEUE_SIZE=77\n");
            fs::create_dir(bridge.events()).unwrap();
            let path = bridge.root().join(name);
            std::os::unix::fs::chown(&path, Some(12_345), None).unwrap();
            let told = refused(&bridge).await;
            assert!(
                told.contains(" belongs to user 12345, not to you\n"),
                "{name}: {told}"
            );
            std::os::unix::fs::chown(&path, Some(0), None).unwrap();
            bridge.finish().await;
        }
    } else {
        let bridge = TestBridge::prepare(setup().variable("CC_TELEGRAM_HOME", "/usr")).await;
        assert!(
            refused(&bridge)
                .await
                .contains("/usr belongs to user 0, not to you\n")
        );
        bridge.finish().await;
    }
    for name in [".env", "config.toml", "bridge.log", "responses"] {
        let bridge = TestBridge::prepare(setup()).await;
        let (link, target) = (bridge.root().join(name), bridge.root().join("elsewhere"));
        fs::write(&target, "").unwrap();
        if link.exists() {
            fs::remove_file(&link).unwrap();
        }
        symlink(&target, &link).unwrap();
        let told = refused(&bridge).await;
        assert!(
            told.contains("is a symbolic link") || told.contains("is not a regular file"),
            "{name}: {told}"
        );
        assert_eq!(
            fs::read_to_string(&target).unwrap(),
            "",
            "{name} was followed"
        );
        bridge.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn security_two_allow_lists_that_differ_are_no_list() {
    let bridge =
        TestBridge::prepare(setup().variable("CC_TELEGRAM_ALLOWED_USERS", "1001,1002")).await;
    let told = refused(&bridge).await;
    let why = "CC_TELEGRAM_ALLOWED_USERS: it differs from TELEGRAM_ALLOWED_USERS, and nobody can know which list is meant";
    assert!(
        told.contains(why) && told.contains("Set one of the two"),
        "{told}"
    );
    bridge.finish().await;
    // An empty list is a list too: nobody.
    let bridge = TestBridge::prepare(setup().variable("CC_TELEGRAM_ALLOWED_USERS", "")).await;
    assert!(refused(&bridge).await.contains(why));
    bridge.finish().await;
    let bridge = TestBridge::start(setup().variable("CC_TELEGRAM_ALLOWED_USERS", " 1001 ")).await;
    assert_eq!(bridge.status().await["allowed_users"], 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_the_token_never_goes_in_plain_over_the_network() {
    for url in [
        "http://192.0.2.1:8081",
        "http://telegram.example",
        "http://127.0.0.1.example:80",
        "ftp://127.0.0.1",
    ] {
        let bridge = TestBridge::prepare(setup().variable("TELEGRAM_API_URL", url)).await;
        let told = refused(&bridge).await;
        assert!(
            told.contains("environment: TELEGRAM_API_URL: "),
            "{url}: {told}"
        );
        assert!(
            told.contains("plain http would show the token to the network")
                || url.starts_with("ftp"),
            "{url}: {told}"
        );
        let init = bridge.command(&["init", "--api-url", url]).await;
        assert!(
            init.code == Some(1) && init.stderr.contains("TELEGRAM_API_URL"),
            "{init:?}"
        );
        bridge.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_token_in_config_toml_is_refused_and_not_repeated() {
    for lines in [
        "bot_token = \"TOKEN\"",
        "[telegram]\napi_url = \"https://h.example/botTOKEN\"",
        "# TOKEN",
        "TOKEN",
    ] {
        let bridge = TestBridge::prepare(setup()).await;
        write(
            &bridge,
            "config.toml",
            &format!("# mine\n{}\n", lines.replace("TOKEN", bridge.token())),
        );
        let told = refused(&bridge).await;
        assert!(
            told.contains(
                "this looks like a bot token, and config.toml is not the place for secrets"
            ),
            "{told}"
        );
        assert!(
            told.contains("Move it to .env as TELEGRAM_BOT_TOKEN="),
            "{told}"
        );
        fs::remove_file(bridge.root().join("config.toml")).unwrap();
        bridge.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_token_of_the_wrong_shape_is_refused_and_not_repeated() {
    let bridge =
        TestBridge::prepare(setup().variable("TELEGRAM_BOT_TOKEN", "7000001:hunter2")).await;
    let told = refused(&bridge).await;
    assert!(
        told.contains("TELEGRAM_BOT_TOKEN: this is not shaped like a bot token")
            && !told.contains("hunter2"),
        "{told}"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_https_server_is_reached_through_the_proxy_and_one_on_this_machine_is_not() {
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://user:letmein@{}", proxy.local_addr().unwrap());
    let beyond = setup()
        .variable("HTTPS_PROXY", &address)
        .variable("TELEGRAM_API_URL", "https://telegram.example:8443");
    let mut bridge = TestBridge::prepare(beyond).await;
    let asked = async {
        let (mut stream, _) = proxy.accept().await.unwrap();
        let mut asked = Vec::new();
        let mut lines = BufReader::new(&mut stream).lines();
        while let Some(line) = lines
            .next_line()
            .await
            .unwrap()
            .filter(|line| !line.is_empty())
        {
            asked.push(line);
        }
        stream
            .write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            .await
            .unwrap();
        asked
    };
    let ((), asked) = tokio::join!(bridge.launch(), asked);
    assert_eq!(
        asked.first().unwrap(),
        "CONNECT telegram.example:8443 HTTP/1.1"
    );
    assert!(
        asked.iter().any(|line| line
            .to_lowercase()
            .starts_with("proxy-authorization: basic ")),
        "{asked:?}"
    );
    assert!(
        !asked.concat().contains(bridge.token()),
        "the proxy sees no token"
    );
    let status = bridge.status().await;
    assert_eq!(status["healthy"], false, "{status}");
    assert!(
        !format!("{}{status}", bridge.log()).contains("letmein"),
        "the proxy's password is in the log"
    );
    bridge.finish().await;
    let bridge = TestBridge::start(setup().variable("HTTPS_PROXY", &address)).await;
    bridge.drop_event(
        "direct",
        &json!({ "type": "info_notification", "title": "Direct" }),
    );
    bridge.message_with(USER, "Direct").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_wins_over_env_and_env_over_the_default() {
    let mut bridge = TestBridge::prepare(setup().variable("EVENT_TTL_HOURS", "1")).await;
    write(
        &bridge,
        ".env",
        "EVENT_TTL_HOURS=2\nCC_TELEGRAM_MODE=nomad\nSOMEBODY_ELSES=1\n",
    );
    bridge.launch().await;
    let status = bridge.status().await;
    assert_eq!(
        status["mode"],
        json!({ "mode": "nomad", "set_by": "setting" })
    );
    let named = status["not_in_effect"][0].as_str().unwrap();
    assert!(
        named.starts_with("EVENT_TTL_HOURS=1 (environment): "),
        "{named}"
    );
    bridge.finish().await;
}
