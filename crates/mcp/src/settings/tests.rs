//! What happens to settings that people wrote.

use serde_json::Value;

use super::*;

fn registration() -> Registration {
    Registration {
        launch: Launch {
            program: "/usr/bin/cctelegram".to_owned(),
            home: None,
        },
        wait_s: 590,
        fail_closed: false,
        off_limits: vec!["/home/me/.cc_telegram/".to_owned(), "/mnt/key".to_owned()],
        formerly_off_limits: Vec::new(),
    }
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

type Change = fn(&str, &Registration, Presence) -> Result<String, UnfitSettings>;

const CHANGES: [Change; 4] = [
    claude_settings,
    |text, registration, presence| claude_servers(text, registration, Some("/srv/shop"), presence),
    |text, registration, presence| claude_servers(text, registration, None, presence),
    codex_hooks,
];

/// Settings with hooks, servers and rules of others, written in nobody's usual way.
const THEIRS: &str = r#"{
   "model": "opus", "zebra":1.0e2,
   "hooks": {
      "Stop": [ {"hooks": [{"type":"command","command":"say done"}]} ],
      "PreToolUse": [
         {"matcher": "Bash", "hooks": [{"type": "command", "command": "/opt/check hook"}]}
      ],
      "Custom": []
   },
   "permissions": {"deny": ["Read(./.env)"], "allow": ["Bash(ls)"]},
   "mcpServers": { "other": {"command": "npx", "args": ["x"]} },
   "projects": { "/srv/shop": {"lastCost": 0.1}, "/srv/b": {} },
   "apple": [1,2 , 3]
}
"#;

#[test]
fn everything_of_others_stays_to_the_letter() {
    for change in CHANGES {
        let with = change(THEIRS, &registration(), Presence::Named).unwrap();
        assert_ne!(with, THEIRS);
        for line in THEIRS
            .lines()
            .filter(|line| line.contains("opus") || line.contains("apple"))
        {
            assert!(with.lines().any(|kept| kept == line), "{line}\n{with}");
        }
        let without = change(&with, &registration(), Presence::Gone).unwrap();
        assert_eq!(value(&without), value(THEIRS), "{without}");
        let never_there = change(THEIRS, &registration(), Presence::Gone).unwrap();
        assert_eq!(never_there, THEIRS);
    }
}

#[test]
fn a_second_time_changes_nothing() {
    for change in CHANGES {
        for text in ["", "{}", THEIRS] {
            let once = change(text, &registration(), Presence::Named).unwrap();
            let twice = change(&once, &registration(), Presence::Named).unwrap();
            assert_eq!(once, twice);
        }
        let made = change("", &registration(), Presence::Named).unwrap();
        let gone = change(&made, &registration(), Presence::Gone).unwrap();
        assert_eq!(value(&gone), serde_json::json!({}), "{gone}");
    }
}

#[test]
fn what_was_written_before_is_replaced_and_not_doubled() {
    let by_hand = r#"{"hooks": {"Stop": [{"hooks": [
        {"type": "command", "command": "cctelegram", "args": ["hook"]},
        {"type": "command", "command": "cctelegram hook --wait 9"},
        {"type": "command", "command": "say cctelegram hook"}
    ]}], "Gone": [{"hooks": [{"command": "/old/cctelegram", "args": ["--home", "/x", "hook"]}]}]}}"#;
    let new = claude_settings(by_hand, &registration(), Presence::Named).unwrap();
    let new = value(&new);
    let stop = new["hooks"]["Stop"].as_array().unwrap();
    assert_eq!(stop.len(), 2, "{stop:?}");
    assert_eq!(stop[0]["hooks"].as_array().unwrap().len(), 1);
    assert_eq!(stop[1]["hooks"][0]["timeout"], 600);
    assert_eq!(new["hooks"]["Gone"], Value::Null);
}

#[test]
fn hooks_give_up_before_the_agent_does() {
    let mut with = registration();
    with.wait_s = 100;
    with.launch.home = Some("/srv/a b".to_owned());
    let claude = value(&claude_settings("", &with, Presence::Named).unwrap());
    let hook = &claude["hooks"]["PermissionRequest"][0]["hooks"][0];
    let wanted = serde_json::json!({
        "type": "command", "command": "/usr/bin/cctelegram", "timeout": 110,
        "args": ["--home", "/srv/a b", "hook", "--wait", "100"],
    });
    assert_eq!(hook, &wanted);
    let codex = value(&codex_hooks("", &with, Presence::Named).unwrap());
    let hook = &codex["hooks"]["PermissionRequest"][0]["hooks"][0];
    let wanted = serde_json::json!({
        "type": "command", "timeout": 110,
        "command": "/usr/bin/cctelegram --home '/srv/a b' hook --wait 100",
    });
    assert_eq!(hook, &wanted);
}

#[test]
fn security_failing_closed_is_told_to_the_agent_too() {
    let mut closed = registration();
    closed.fail_closed = true;
    let settings = value(&claude_settings("", &closed, Presence::Named).unwrap());
    let hook = |event: &str| settings["hooks"][event][0]["hooks"][0].clone();
    for event in ["PermissionRequest", "PreToolUse"] {
        assert_eq!(hook(event)["onFailure"], "block", "{event}");
    }
    let words = hook("PermissionRequest")["args"].to_string();
    assert!(words.contains("--fail-closed"), "{words}");
    assert_eq!(hook("Stop")["onFailure"], Value::Null);
}

#[test]
fn security_agents_are_denied_our_own_files() {
    let settings = value(&claude_settings(THEIRS, &registration(), Presence::Named).unwrap());
    let wanted = serde_json::json!([
        "Read(./.env)",
        "Read(//home/me/.cc_telegram/**)",
        "Read(//mnt/key)",
        "Edit(//home/me/.cc_telegram/**)",
        "Edit(//mnt/key)",
    ]);
    assert_eq!(settings["permissions"]["deny"], wanted);
    let allowed = settings["permissions"]["allow"].to_string();
    assert!(allowed.contains("mcp__cctelegram__ask_human"));
    for asked_about in ["send_file", "switch_to", "permission_prompt"] {
        assert!(!allowed.contains(asked_about), "{allowed}");
    }
}

#[test]
fn a_server_keeps_what_people_added_to_it_and_a_strange_one_is_left_alone() {
    let ours = r#"{"mcpServers": {"cctelegram": {"command": "/old/cctelegram", "args": ["mcp", "--channel"], "env": {"A": "b"}}}}"#;
    let new = claude_servers(ours, &registration(), None, Presence::Named).unwrap();
    assert_eq!(new, ours.replace("/old/", "/usr/bin/"));
    let other = r#"{"mcpServers": {"cctelegram": {"command": "node", "args": ["server.js"]}}}"#;
    let refused = claude_servers(other, &registration(), None, Presence::Named);
    assert!(matches!(refused, Err(UnfitSettings::OtherServer)));
    let left = claude_servers(other, &registration(), None, Presence::Gone).unwrap();
    assert_eq!(left, other);
    let other = "[mcp_servers.cctelegram]\ncommand = \"node\"\n";
    let refused = codex_config(other, &registration(), Presence::Named);
    assert!(matches!(refused, Err(UnfitSettings::OtherServer)));
}

#[test]
fn codex_keeps_the_options_that_people_added_to_the_server() {
    let ours = "[mcp_servers.cctelegram]\ncommand = \"/old/cctelegram\"\nargs = [\"--home\", \"/x\", \"mcp\", \"--channel\"]\n";
    let new = codex_config(ours, &registration(), Presence::Named).unwrap();
    assert!(new.contains("args = [\"mcp\", \"--channel\"]"), "{new}");
}

#[test]
fn a_program_of_another_name_knows_its_own_settings_again() {
    let mut other = registration();
    other.launch.program = "/opt/cct-1.2".to_owned();
    for change in CHANGES {
        let once = change("", &other, Presence::Named).unwrap();
        let twice = change(&once, &other, Presence::Named).unwrap();
        assert_eq!(once, twice);
        let gone = change(&once, &other, Presence::Gone).unwrap();
        assert_eq!(value(&gone), serde_json::json!({}), "{gone}");
    }
}

#[test]
fn codex_keeps_its_comments() {
    let theirs = "model = \"gpt-5\" # mine\n\n[mcp_servers.other] # x\ncommand = \"npx\"\n";
    let with = codex_config(theirs, &registration(), Presence::Named).unwrap();
    let wanted = "\n[mcp_servers.cctelegram]\ncommand = \"/usr/bin/cctelegram\"\nargs = [\"mcp\"]\ntool_timeout_sec = 3600\n";
    assert_eq!(with, format!("{theirs}{wanted}"));
    let again = codex_config(&with, &registration(), Presence::Named).unwrap();
    assert_eq!(again, with);
    let without = codex_config(&with, &registration(), Presence::Gone).unwrap();
    assert_eq!(without, theirs);
    let only = codex_config("", &registration(), Presence::Named).unwrap();
    assert_eq!(
        codex_config(&only, &registration(), Presence::Gone).unwrap(),
        ""
    );
}

#[test]
fn what_cannot_be_understood_is_refused() {
    for (text, wanted) in [
        ("{", "it is no JSON"),
        ("[]", "`the outermost value` is no object"),
        ("{\"hooks\": {}, // mine\n}", "it is no JSON"),
        ("{\"hooks\": []}", "`hooks` is no object"),
        ("{\"hooks\": {\"Stop\": {}}}", "`Stop` is no list"),
        ("{\"hooks\": {}, \"hooks\": {}}", "`hooks` is there twice"),
    ] {
        let refused = claude_settings(text, &registration(), Presence::Named).unwrap_err();
        assert!(refused.to_string().starts_with(wanted), "{text}: {refused}");
    }
    let refused = codex_config("a = ", &registration(), Presence::Named).unwrap_err();
    assert!(
        refused.to_string().starts_with("it is no TOML"),
        "{refused}"
    );
    let refused = codex_config("mcp_servers = 1\n", &registration(), Presence::Named).unwrap_err();
    assert_eq!(refused.to_string(), "`mcp_servers` is no table");
}
