//! Every class of mistake, and that none shows a secret.

use super::*;

/// What is set in the environment, in `.env` and in `config.toml`, and how the one mistake begins.
type Case = (
    &'static [(&'static str, &'static str)],
    &'static str,
    &'static str,
    &'static str,
);

const CASES: &[Case] = &[
    (
        &[("HEALTH_PORT", "80800")],
        "",
        "",
        "environment: HEALTH_PORT: `80800` is not a whole number from 0 to 65535",
    ),
    (
        &[("MAX_QUEUE_SIZE", "0")],
        "",
        "",
        "environment: MAX_QUEUE_SIZE: `0` is not a whole number from 1 to 1000000",
    ),
    (
        &[("CONNECTION_POOL_SIZE", "101")],
        "",
        "",
        "environment: CONNECTION_POOL_SIZE: `101` is not a whole number from 1 to 100",
    ),
    (
        &[],
        "MEMORY_LIMIT_MB=31",
        "",
        ".env: MEMORY_LIMIT_MB: `31` is not a whole number from 32 to 1048576",
    ),
    (
        &[("CC_TELEGRAM_VALIDATE_EVENTS", "maybe")],
        "",
        "",
        "environment: CC_TELEGRAM_VALIDATE_EVENTS: `maybe` is not true or false",
    ),
    (
        &[("CC_TELEGRAM_MODE", "loud")],
        "",
        "",
        "environment: CC_TELEGRAM_MODE: `loud` is not a mode: use local, nomad or mute",
    ),
    (
        &[("RUST_LOG", "a=b=c")],
        "",
        "",
        "environment: RUST_LOG: `a=b=c` is not a log filter: ",
    ),
    (
        &[],
        "CC_TELEGRAM_HOME=/x",
        "",
        ".env: CC_TELEGRAM_HOME: it is read from the environment only",
    ),
    (
        &[],
        "CC_TELEGRAM_MOED=mute",
        "",
        ".env: CC_TELEGRAM_MOED: there is no setting of this name",
    ),
    (
        &[],
        "HEALTH_PORT=1\nHEALTH_PORT=2",
        "",
        ".env: HEALTH_PORT: it is set twice, to different values",
    ),
    (
        &[],
        "A=1\nno pair here\n",
        "",
        ".env: line 2: this is not NAME=value",
    ),
    (
        &[],
        "",
        "[security]\naudit_logs = true",
        "config.toml: security.audit_logs: there is no setting of this name",
    ),
    (
        &[],
        "",
        "HEALTH_PORT = 1",
        "config.toml: HEALTH_PORT: there is no setting of this name",
    ),
    (
        &[],
        "",
        "[security]\naudit_log = 1",
        "config.toml: security.audit_log: a value of type integer is not true or false",
    ),
    (
        &[],
        "",
        "[monitoring.security]\nrate_limit_threshold = 1.5",
        "config.toml: monitoring.security.rate_limit_threshold: `1.5` is not a number from 0 to 1",
    ),
    (
        &[],
        "",
        "[security]\nip_whitelist = [\"10.0.0.0/33\"]",
        "config.toml: security.ip_whitelist: `[\"10.0.0.0/33\"]` is not a list of IP addresses, like [\"127.0.0.1\", \"10.0.0.0/8\"]",
    ),
    (
        &[],
        "",
        "a = 1\nb =\n",
        "config.toml: line 2: string values must be quoted, expected literal string",
    ),
    (
        &[],
        "",
        "[telegram]\nper_chat_per_second = 0",
        "config.toml: telegram.per_chat_per_second: api.telegram.org has limits, they can't be switched off",
    ),
    (
        &[("TELEGRAM_API_URL", "http://bots.example")],
        "",
        "",
        "environment: TELEGRAM_API_URL: plain http would show the token to the network; it is for this machine only",
    ),
    (
        &[("TELEGRAM_API_URL", "ftp://bots.example")],
        "",
        "",
        "environment: TELEGRAM_API_URL: this is no https address",
    ),
    (
        &[("TELEGRAM_API_URL", "https://a@bots.example")],
        "",
        "",
        "environment: TELEGRAM_API_URL: a server's address has no user, query or fragment",
    ),
    (
        &[],
        "",
        "[socket]\npath = \"bridge.sock\"",
        "config.toml: socket.path: `bridge.sock` is not an absolute path",
    ),
    (
        &[],
        "",
        "[socket]\npath = \"/run/b.sock\"\ngroup = \"no-such-group\"",
        "config.toml: socket.group: there is no group `no-such-group` in /etc/group",
    ),
    (
        &[],
        "",
        "[socket]\ngroup = \"root\"",
        "config.toml: socket.group: the socket is in the home, which is closed to everybody else",
    ),
    (
        &[],
        "",
        "[[users]]\nname = \"x\"",
        "config.toml: users.id: an entry has no id that is a positive number",
    ),
    (
        &[],
        "",
        "[[users]]\nid = 1\npaired = false",
        "config.toml: users.paired: `false` takes no rights away: every entry is a person who may use the bridge",
    ),
    (
        &[],
        "",
        "[[users]]\nid = 1\nnmae = \"x\"",
        "config.toml: users.nmae: there is no setting of this name",
    ),
    (
        &[],
        "",
        "[chats]\ntopics = \"per_session\"",
        "config.toml: chats.topics: `per_session` is neither per_project nor off",
    ),
    (
        &[],
        "",
        "[[users]]\nid = 1\n[[route]]\nchats = [2]",
        "config.toml: route.chats: 2 is not the id of anybody who may use the bridge",
    ),
    (
        &[],
        "",
        "[[route]]\nmatch = { type = \"x\" }",
        "config.toml: route.chats: a route leads nowhere",
    ),
    (
        &[],
        "",
        "[[users]]\nid = 1\n[[route]]\nchats = [1]\nmatch = { severity = \"bad\" }",
        "config.toml: route.match.severity: `bad` is not a severity",
    ),
    (
        &[("CC_TELEGRAM_MESSAGE_STYLE", "chatty")],
        "",
        "",
        "environment: CC_TELEGRAM_MESSAGE_STYLE: `chatty` is not a style of messages",
    ),
    (
        &[],
        "",
        "[messages]\nstyle = \"Concise\"",
        "config.toml: CC_TELEGRAM_MESSAGE_STYLE: `Concise` is not a style of messages",
    ),
    (
        &[],
        "",
        "[messages]\ntime_zone = \"Mars/Olympus\"",
        "config.toml: messages.time_zone: `Mars/Olympus` is not a time zone that this machine knows",
    ),
];

#[test]
fn every_class_of_mistake_is_told() {
    for (environment, dotenv, document, expected) in CASES {
        let told = mistakes(environment, dotenv, document);
        assert!(
            told.len() == 1 && told.iter().all(|text| text.starts_with(expected)),
            "{told:?}"
        );
    }
}

#[test]
fn all_mistakes_are_told_at_once_with_a_suggestion() {
    let written = Written::new(
        &[("HEALTH_PORT", "x")],
        "CC_TELEGRAM_MOED=mute",
        "[securty]\naudit_log = true\n",
    );
    let told = written.load().unwrap_err().to_string();
    assert!(
        told.starts_with("the configuration has 3 mistakes:\n  environment: HEALTH_PORT: "),
        "{told}"
    );
    assert!(
        told.contains("\n    Did you mean CC_TELEGRAM_MODE?"),
        "{told}"
    );
}

#[test]
fn security_no_mistake_shows_a_token() {
    let environment = [
        ("TELEGRAM_ALLOWED_USERS", TOKEN),
        ("HEALTH_PORT", TOKEN),
        ("TELEGRAM_API_URL", TOKEN),
    ];
    let dotenv = format!(
        "TELEGRAM_BOT_TOKEN={TOKEN}x y\nTELEGRAM_BOT_TOKN={TOKEN}\nbad line {TOKEN}\n'{TOKEN}\n"
    );
    let document = format!("TELEGRAM_BOT_TOKEN = \"{TOKEN}\"\n[telegram]\ntoken = {TOKEN}\n");
    let told = mistakes(&environment, &dotenv, &document).join("\n");
    assert!(!told.contains("AAEhBO"), "{told}");
    assert!(
        told.contains("config.toml: line 1: this looks like a bot token"),
        "{told}"
    );
    let bad = mistakes(&[("TELEGRAM_BOT_TOKEN", "hunter2")], "", "").join("\n");
    assert!(
        bad.contains("not shaped like a bot token") && !bad.contains("hunter2"),
        "{bad}"
    );
}

#[test]
fn security_lockdown_in_any_place_stops_the_start() {
    let line = "EMERGENCY_LOCKDOWN=true\n";
    let glued = "[monitoring.security]\nanomaly_detection = trueEMERGENCY_LOCKDOWN=true";
    let appended = format!("[security]\naudit_log = true\n{line}{line}");
    let cases = [
        ("true", "EMERGENCY_LOCKDOWN=false", ""),
        ("false", line, ""),
        ("", "A=1\nHEALTH_PORT=8080EMERGENCY_LOCKDOWN=true", ""),
        ("", "", line),
        ("", "", appended.as_str()),
        ("", "", glued),
    ];
    for (variable, dotenv, document) in cases {
        let told = mistakes(&[("EMERGENCY_LOCKDOWN", variable)], dotenv, document).join("\n");
        let refused = told.contains("EMERGENCY_LOCKDOWN: lockdown is asked for");
        assert!(refused, "{told}");
    }
    let off = "EMERGENCY_LOCKDOWN=false\n";
    let config = good(
        &[("EMERGENCY_LOCKDOWN", "0")],
        off,
        &format!("{off}[security]\n{off}# EMERGENCY_LOCKDOWN=true\n"),
    );
    assert!(config.not_in_effect.is_empty());
}

#[test]
fn security_a_settings_file_that_is_no_file_is_a_mistake() {
    let written = Written::new(&[], "", "");
    std::os::unix::fs::symlink("/etc/hostname", written.folder.path().join(".env")).unwrap();
    fs::create_dir(written.folder.path().join("config.toml")).unwrap();
    assert_eq!(written.load().unwrap_err().0.len(), 2);
}
