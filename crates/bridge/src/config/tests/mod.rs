//! What is read, and what wins.

mod mistakes;
mod people;
mod reference;

use std::collections::BTreeSet;
use std::fs;

use cctelegram_core::id::ChatId;
use cctelegram_core::id::UserId;
use cctelegram_core::people::AllowList;

use super::*;

const TOKEN: &str = concat!("123456789:", "AAEhBO_this_is_", "no_real_bot_token_12");
const OTHER_TOKEN: &str = concat!("987654321:", "AAEhBO_this_is_", "no_real_bot_token_12");

struct Written {
    folder: tempfile::TempDir,
    environment: Environment,
}

impl Written {
    fn new(environment: &[(&str, &str)], dotenv: &str, document: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut written = Self {
            environment: Environment::default(),
            folder,
        };
        written
            .environment
            .set("CC_TELEGRAM_HOME", written.folder.path().to_str().unwrap());
        for (name, value) in environment {
            written.environment.set(name, value);
        }
        for (name, text) in [(".env", dotenv), ("config.toml", document)] {
            if !text.is_empty() {
                fs::write(written.folder.path().join(name), text).unwrap();
            }
        }
        written
    }

    fn load(&self) -> Result<Config, Mistakes> {
        load(&self.environment)
    }
}

fn good(environment: &[(&str, &str)], dotenv: &str, document: &str) -> Config {
    Written::new(environment, dotenv, document).load().unwrap()
}

/// The mistakes as `file name: key: what`.
fn mistakes(environment: &[(&str, &str)], dotenv: &str, document: &str) -> Vec<String> {
    let written = Written::new(environment, dotenv, document);
    let folder = format!("{}/", written.folder.path().display());
    let mistakes = written.load().unwrap_err();
    assert!(mistakes.0.iter().all(|mistake| !mistake.remedy.is_empty()));
    let told =
        |m: &mistake::Mistake| format!("{}: {}: {}", m.place, m.key, m.what).replace(&folder, "");
    mistakes.0.iter().map(told).collect()
}

#[test]
fn nothing_has_to_be_set() {
    let config = good(&[], "", "");
    assert_eq!(config.telegram.api_url, "https://api.telegram.org");
    assert_eq!(config.telegram.pool_size, 5);
    assert_eq!(
        config.telegram.limits,
        cctelegram_core::pacing::Limits::default()
    );
    assert_eq!(
        (
            config.http.port,
            config.intake.max_queue_size,
            config.intake.memory_limit_mb
        ),
        (8080, 10_000, 256)
    );
    assert_eq!(config.intake.validation, Validation::Strict);
    assert_eq!(
        (config.mode, config.log_filter.as_str()),
        (Mode::Local, "info")
    );
    assert_eq!(
        config.socket,
        Socket {
            path: config.home.socket(),
            group: None
        }
    );
    assert!(config.telegram.token.is_none() && config.telegram.proxy.is_none());
    assert!(
        config.people.users().is_empty()
            && config.not_in_effect.is_empty()
            && config.warnings.is_empty()
    );
}

#[test]
fn the_environment_wins_over_dotenv_and_that_over_the_document() {
    let document = "[telegram]\napi_url = \"https://three.example\"\n";
    let dotenv = "TELEGRAM_API_URL=https://two.example\n";
    let environment = ("TELEGRAM_API_URL", "https://one.example/");
    assert_eq!(
        good(&[environment], dotenv, document).telegram.api_url,
        "https://one.example"
    );
    assert_eq!(
        good(&[("TELEGRAM_API_URL", "")], dotenv, document)
            .telegram
            .api_url,
        "https://two.example"
    );
    assert_eq!(
        good(&[], "", document).telegram.api_url,
        "https://three.example"
    );
}

#[test]
fn the_seeds_settings_start_a_bridge() {
    let dotenv = format!(
        "# Basic\nTELEGRAM_BOT_TOKEN={TOKEN}\nCC_TELEGRAM_MODE=nomad\nCC_TELEGRAM_RATE_LIMIT_STRICT=true\n\
         CC_TELEGRAM_VALIDATE_EVENTS=true\nCC_TELEGRAM_ENCRYPT_MESSAGES=false  # a remark\n\
         export CC_TELEGRAM_ALLOWED_USERS=123456789,987654321\nRUST_LOG=warn\nMAX_QUEUE_SIZE=100\n\
         RATE_LIMIT_PER_MINUTE=20  # Conservative\nHEALTH_PORT=8081\nEVENT_TTL_HOURS=1\nOTHER_TOOL=x\n"
    );
    let document = "[security]\nrate_limit_requests = 100\nrate_limit_window = 60 # s\naudit_log = true\n\
        max_concurrent_connections = 50\nenable_ip_whitelist = true\nip_whitelist = [\"10.0.0.0/8\", \"::1\"]\n\
        security_headers = true\nEMERGENCY_LOCKDOWN = false\n[monitoring.security]\nfailed_auth_threshold = 5\n\
        rate_limit_threshold = 0.8\nresource_usage_threshold = 0.9\nanomaly_detection = true\n";
    let config = good(&[], &dotenv, document);
    assert_eq!(config.telegram.token.as_ref().unwrap().expose(), TOKEN);
    assert_eq!(
        config.telegram.token_source,
        Some(Place::File(config.home.env_file()))
    );
    assert_eq!(
        (config.mode, config.http.port, config.intake.max_queue_size),
        (Mode::Nomad, 8081, 100)
    );
    assert_eq!(
        config.people.users(),
        BTreeSet::from([UserId(123_456_789), UserId(987_654_321)])
    );
    let rate = format!(
        "RATE_LIMIT_PER_MINUTE=20 ({}): per-user limits",
        config.home.env_file().display()
    );
    assert_eq!(config.not_in_effect.len(), 15, "{:?}", config.not_in_effect);
    assert!(
        config
            .not_in_effect
            .iter()
            .any(|text| text.starts_with(&rate)),
        "{:?}",
        config.not_in_effect
    );
}

#[test]
fn security_debug_shows_no_secret() {
    let secrets = [
        ("TELEGRAM_BOT_TOKEN", TOKEN),
        ("HTTPS_PROXY", "http://me:canary@proxy.example:3128"),
    ];
    let config = good(&secrets, "", "");
    let shown = format!("{config:?}");
    assert!(
        !shown.contains("AAEhBO") && !shown.contains("canary"),
        "{shown}"
    );
    assert_eq!(
        config.telegram.proxy.as_deref(),
        Some("http://me:canary@proxy.example:3128")
    );
}

#[test]
fn a_proxy_of_the_environment_is_for_the_outside() {
    let proxy = ("https_proxy", "http://proxy.example:3128");
    assert!(good(&[proxy], "", "").telegram.proxy.is_some());
    assert!(
        good(
            &[proxy, ("TELEGRAM_API_URL", "http://127.0.0.1:8081")],
            "",
            ""
        )
        .telegram
        .proxy
        .is_none()
    );
    let document =
        "[telegram]\nproxy = \"http://proxy.example:3128\"\napi_url = \"https://localhost:1\"\n";
    assert!(good(&[], "", document).telegram.proxy.is_some());
    assert!(
        mistakes(&[("HTTPS_PROXY", "socks5://me:canary@proxy")], "", "")
            .join("")
            .contains("not shown")
    );
}

#[test]
fn limits_can_be_switched_off_for_a_server_of_ones_own() {
    let document = "[telegram]\napi_url = \"http://127.0.0.1:8081\"\nper_chat_per_second = 0\nglobal_per_second = 0.0\nper_group_per_minute = 0\n";
    let limits = good(&[], "", document).telegram.limits;
    assert!(
        limits.per_chat_per_second <= 0.0
            && limits.global_per_second <= 0.0
            && limits.per_group_per_minute == 0
    );
}

#[test]
fn commands_find_the_socket_in_spite_of_other_mistakes() {
    let document = "nonsense = 1\n[socket]\npath = \"/run/x/bridge.sock\"\ngroup = \"root\"\n";
    let written = Written::new(
        &[("CC_TELEGRAM_SOCKET", "/tmp/s")],
        "HEALTH_PORT=x",
        document,
    );
    let reach = reach(&written.environment).unwrap();
    assert_eq!(reach.explicit, Some("/tmp/s".into()));
    let group = local::Group {
        name: "root".to_owned(),
        gid: 0,
    };
    assert_eq!(
        reach.socket,
        Socket {
            path: "/run/x/bridge.sock".into(),
            group: Some(group)
        }
    );
    assert!(home(&Environment::from([("HOME", "")])).is_err());
    assert!(home(&Environment::from([("CC_TELEGRAM_HOME", "rel")])).is_err());
    let usual = home(&Environment::from([("HOME", "/home/a")])).unwrap();
    assert_eq!(usual.root(), Path::new("/home/a/.cc_telegram"));
}
