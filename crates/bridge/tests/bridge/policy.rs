//! `cctelegram policy`: what a file of rules is told to be, and what its rules make of one use of a tool.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says why"
)]

use std::fs;

use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;

const RULES: &str = r#"
[[rule]]
name = "no force push"
outcome = "deny"
reason = "History is never rewritten."
match = { command = "git push --force" }

[[rule]]
name = "look around"
outcome = "allow"
match = { agent = "claude-code", project = "shop", command = "git status *" }
"#;

async fn prepared(rules: Option<&str>) -> TestBridge {
    let bridge = TestBridge::prepare(Setup::of(env!("CARGO_BIN_EXE_cctelegram"))).await;
    if let Some(rules) = rules {
        fs::write(bridge.root().join("policy.toml"), rules).unwrap();
    }
    bridge
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_tried_before_it_is_relied_on() {
    let bridge = prepared(Some(RULES)).await;
    let check = bridge.command(&["policy", "check"]).await;
    assert_eq!(check.code, Some(0), "{check:?}");
    assert!(check.stdout.contains(": 2 rules, no mistakes"), "{check:?}");

    let test = async |command: &str, more: &[&str]| {
        let input = serde_json::json!({ "command": command }).to_string();
        let words = ["policy", "test", "--tool", "Bash", "--input", &input];
        let words: Vec<&str> = words.iter().chain(more).copied().collect();
        let test = bridge.command(&words).await;
        assert_eq!(test.code, Some(0), "{test:?}");
        test.stdout.trim_end().to_owned()
    };
    let shop = ["--project", "shop"];
    assert_eq!(
        test("echo done; git push origin --force", &[]).await,
        "deny: denied by “no force push”, which matches `git push origin --force`: History is never rewritten."
    );
    assert_eq!(
        test("git status -s", &shop).await,
        "allow: allowed by “look around”"
    );
    assert_eq!(
        test("git status; make", &shop).await,
        "ask: not decided: no rule allows `make`"
    );
    let codex = ["--project", "shop", "--agent", "codex"];
    assert_eq!(
        test("git status", &codex).await,
        "ask: not decided: no rule allows `git status`"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_without_a_policy_what_is_out_of_bounds_is_told() {
    let bridge = prepared(None).await;
    for (command, wanted) in [("ls", "ask: "), ("cctelegram mode mute", "deny: ")] {
        let input = serde_json::json!({ "command": command }).to_string();
        let words = ["policy", "test", "--tool", "Bash", "--input", &input];
        let test = bridge.command(&words).await;
        assert_eq!(test.code, Some(0), "{test:?}");
        assert!(test.stdout.starts_with(wanted), "{test:?}");
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_named_with_their_remedy() {
    let rules = "[[rule]]\nname = \"odd\"\noutcome = \"perhaps\"\nmatch = { comand = \"x\" }\n";
    let bridge = prepared(Some(rules)).await;
    let check = bridge.command(&["policy", "check"]).await;
    assert_eq!(
        (check.code, check.stdout.as_str()),
        (Some(1), ""),
        "{check:?}"
    );
    assert!(
        check
            .stderr
            .contains("rule 1 (odd): `comand` is not known here.")
    );
    assert!(
        check
            .stderr
            .contains("Write outcome = \"deny\" or \"allow\".")
    );

    let test = ["policy", "test", "--tool", "Bash", "--input", "{}"];
    let test = bridge.command(&test).await;
    assert_eq!((test.code, test.stdout.as_str()), (Some(1), ""), "{test:?}");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_says_what_to_write_instead() {
    let bridge = prepared(None).await;
    let check = bridge.command(&["policy", "check"]).await;
    assert_eq!(check.code, Some(1), "{check:?}");
    assert!(check.stderr.contains("docs/POLICY.md"), "{check:?}");

    fs::write(bridge.root().join("policy.toml"), RULES).unwrap();
    for input in ["git status", "[1]"] {
        let test = ["policy", "test", "--tool", "Bash", "--input", input];
        let test = bridge.command(&test).await;
        assert_eq!(test.code, Some(2), "{test:?}");
        assert!(test.stderr.contains("Put it in single quotes"), "{test:?}");
    }
    bridge.finish().await;
}
