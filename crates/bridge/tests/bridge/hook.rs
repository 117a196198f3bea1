//! `cctelegram hook` as agents call it: what it prints, and what people see meanwhile.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says why"
)]

use std::ffi::OsStr;
use std::fs;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::net::UnixListener;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use cctelegram_testkit::Finished;
use cctelegram_testkit::Process;
use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::Message;
use serde_json::Value;
use serde_json::json;

const ONCE: &str = "Allow once";
const SESSION: &str = "Allow like this for the session";
const DENY: &str = "Deny";
const WHY: &str = "Deny and say why";

pub(crate) fn setup() -> Setup {
    Setup::of(env!("CARGO_BIN_EXE_cctelegram"))
}

pub(crate) async fn away() -> TestBridge {
    let bridge = TestBridge::start(setup()).await;
    let nomad = json!({ "mode": "nomad" });
    let switched = bridge
        .socket
        .request(reqwest::Method::PUT, "/v1/mode", Some(&nomad))
        .await
        .unwrap();
    assert_eq!(switched.status, 200);
    bridge
}

/// What Claude Code hands over.
pub(crate) fn claude(event: &str, more: Value) -> Value {
    let mut input = json!({
        "session_id": "0b5b175c-60e8-418f-8b1b-5cd7cc30770e", "prompt_id": "ce734152", "cwd": "/",
        "permission_mode": "default", "hook_event_name": event, "some_new_field": [1],
    });
    merge(&mut input, more);
    input
}

/// What Codex hands over.
pub(crate) fn codex(event: &str, more: Value) -> Value {
    let mut input = json!({
        "session_id": "01a1fffb-fc36-7001-adba-6fb62426e615", "turn_id": "01a1fffc", "model": "gpt-5", "cwd": "/",
        "permission_mode": "default", "hook_event_name": event,
    });
    merge(&mut input, more);
    input
}

fn merge(input: &mut Value, more: Value) {
    let (Some(input), Value::Object(more)) = (input.as_object_mut(), more) else {
        return;
    };
    input.extend(more);
}

pub(crate) fn bash(command: &str) -> Value {
    json!({ "tool_name": "Bash", "tool_input": { "command": command, "description": "Look" } })
}

pub(crate) fn asks(command: &str) -> Value {
    let mut more = bash(command);
    more["permission_suggestions"] = json!([
        { "type": "setMode", "mode": "acceptEdits", "destination": "session" },
        { "type": "addRules", "behavior": "allow", "destination": "localSettings",
          "rules": [{ "toolName": "Bash", "ruleContent": "make *" }] },
        { "type": "addRules", "behavior": "deny", "destination": "session", "rules": [{ "toolName": "Read" }] },
    ]);
    claude("PermissionRequest", more)
}

pub(crate) async fn start(bridge: &TestBridge, input: &Value, options: &[&str]) -> Process {
    start_with(bridge, input.to_string().as_bytes(), options).await
}

async fn start_with(bridge: &TestBridge, input: &[u8], options: &[&str]) -> Process {
    let words: Vec<&str> = ["hook"].iter().chain(options).copied().collect();
    let mut process = bridge.spawn(&words);
    process
        .type_in(std::str::from_utf8(input).expect("text"))
        .await;
    process.close_input();
    process
}

pub(crate) async fn hook(bridge: &TestBridge, input: &Value, options: &[&str]) -> Finished {
    start(bridge, input, options).await.finish().await
}

/// What the hook printed, which ended well.
pub(crate) fn output(finished: &Finished) -> Value {
    assert_eq!(finished.code, Some(0), "{finished:?}");
    serde_json::from_str(&finished.stdout).unwrap_or_else(|_| json!(finished.stdout))
}

pub(crate) fn decision(finished: &Finished) -> Value {
    output(finished)["hookSpecificOutput"]["decision"].clone()
}

/// The hook ended well and said nothing.
pub(crate) fn assert_silent(finished: &Finished) {
    assert_eq!(
        (finished.code, finished.stdout.as_str()),
        (Some(0), ""),
        "{finished:?}"
    );
}

/// Waits for the request's message.
pub(crate) async fn request(bridge: &TestBridge, text: &str) -> Message {
    let is_it = |m: &Message| {
        !m.keyboard.is_empty() && m.text.as_deref().is_some_and(|shown| shown.contains(text))
    };
    bridge.message(USER, text, is_it).await
}

pub(crate) async fn press(bridge: &TestBridge, text: &str, label: &str) -> Message {
    let message = request(bridge, text).await;
    bridge
        .emulator
        .press(USER, message.message_id, label)
        .expect("there is such a button");
    message
}

/// Waits until the message has lost its buttons and says this.
pub(crate) async fn ended(bridge: &TestBridge, message: &Message, text: &str) {
    let is_it = |m: &Message| {
        m.message_id == message.message_id
            && m.keyboard.is_empty()
            && m.text.as_deref().is_some_and(|shown| shown.contains(text))
    };
    bridge.message(USER, text, is_it).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_allows_exactly_what_was_shown() {
    let bridge = away().await;
    let waiting = start(&bridge, &asks("make release"), &[]).await;
    let message = press(&bridge, "make release", ONCE).await;
    let shown = message.text.clone().unwrap();
    for part in [
        "Claude Code wants to use Bash",
        "the agent says: Look",
        "folder: /",
        "session: 0b5b175c",
        "the session would allow: Bash(make *)",
        "permission mode: default",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let finished = waiting.finish().await;
    assert_eq!(decision(&finished), json!({ "behavior": "allow" }));
    ended(&bridge, &message, "Allowed once by @user1001").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_denies_and_the_reason_reaches_the_agent() {
    let bridge = away().await;
    let waiting = start(&bridge, &asks("make one"), &[]).await;
    press(&bridge, "make one", DENY).await;
    let denied = decision(&waiting.finish().await);
    let expected = json!({ "behavior": "deny", "message": "Denied by @user1001 on the phone." });
    assert_eq!(denied, expected);

    let waiting = start(&bridge, &asks("make two"), &[]).await;
    let message = press(&bridge, "make two", WHY).await;
    ended(&bridge, &message, "Reply to this message within a minute").await;
    bridge
        .emulator
        .reply(USER, message.message_id, "Use make dry-run first.");
    let denied = decision(&waiting.finish().await);
    assert_eq!(denied["behavior"], "deny");
    assert_eq!(
        denied["message"],
        "Denied by @user1001 on the phone, who wrote: Use make dry-run first."
    );

    let waiting = start(&bridge, &asks("make three"), &[]).await;
    let message = request(&bridge, "make three").await;
    bridge
        .emulator
        .reply(USER, message.message_id, "Is it tested?");
    bridge
        .message_with(USER, "The agent does not get this: press a button")
        .await;
    let message = press(&bridge, "make three", WHY).await;
    ended(&bridge, &message, "Reply to this message within a minute").await;
    bridge
        .emulator
        .reply(USER, message.message_id, "/etc is not yours.");
    let denied = decision(&waiting.finish().await);
    assert_eq!(
        denied["message"],
        "Denied by @user1001 on the phone, who wrote: /etc is not yours."
    );
    bridge.message_with(USER, "Noted as your reason.").await;
    bridge.emulator.reply(USER, message.message_id, "And look.");
    let late = |m: &Message| {
        let text = m.text.as_deref().unwrap_or_default();
        text.starts_with("Denied by @user1001 at ")
            && text.ends_with("The agent does not get this.")
    };
    bridge.message(USER, "that it is too late", late).await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_an_allow_for_the_session_has_only_the_rules_that_were_shown() {
    let bridge = away().await;
    let waiting = start(&bridge, &asks("make all"), &[]).await;
    press(&bridge, "make all", SESSION).await;
    let expected = json!({
        "behavior": "allow",
        "updatedPermissions": [{
            "type": "addRules", "behavior": "allow", "destination": "session",
            "rules": [{ "toolName": "Bash", "ruleContent": "make *" }],
        }],
    });
    assert_eq!(decision(&waiting.finish().await), expected);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codex_gets_no_more_than_it_accepts() {
    let bridge = away().await;
    let ask = |command: &str| {
        let mut input = codex("PermissionRequest", bash(command));
        input["permission_suggestions"] = asks("x")["permission_suggestions"].clone();
        input
    };
    let waiting = start(&bridge, &ask("ls one"), &[]).await;
    let message = press(&bridge, "ls one", ONCE).await;
    let labels: Vec<&str> = message
        .keyboard
        .iter()
        .flatten()
        .map(|b| b.text.as_str())
        .collect();
    assert_eq!(labels, [ONCE, DENY, WHY, "Details"]);
    assert_eq!(
        output(&waiting.finish().await),
        json!({"hookSpecificOutput": {"hookEventName": "PermissionRequest", "decision": {"behavior": "allow"}}})
    );
    let waiting = start(&bridge, &ask("ls two"), &[]).await;
    press(&bridge, "ls two", DENY).await;
    let denied = decision(&waiting.finish().await);
    assert_eq!(denied["behavior"], "deny");
    assert_eq!(denied.as_object().unwrap().len(), 2);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_answers_and_the_terminal_decides() {
    let bridge = away().await;
    let waiting = start(&bridge, &asks("make late"), &["--wait", "1"]).await;
    let message = request(&bridge, "make late").await;
    assert_silent(&waiting.finish().await);
    let over = |m: &Message| m.message_id == message.message_id && m.keyboard.is_empty();
    bridge.message(USER, "the request is over", over).await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_request_ends_with_the_hook_that_waited_for_it() {
    let bridge = away().await;
    let waiting = start(&bridge, &asks("make gone"), &[]).await;
    let message = request(&bridge, "make gone").await;
    waiting.kill().await;
    ended(&bridge, &message, "Withdrawn by the one who asked").await;
    assert_eq!(bridge.records("approval_withdrawn").await.len(), 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_request_ends_with_a_hook_that_was_killed_while_no_bridge_ran() {
    let mut bridge = away().await;
    let waiting = start(&bridge, &asks("make gone"), &[]).await;
    let message = request(&bridge, "make gone").await;
    bridge.idle().await;
    bridge.kill().await;
    waiting.kill().await;
    bridge.launch().await;
    ended(&bridge, &message, "Withdrawn by the one who asked").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_request_that_is_to_be_attended_ends_when_nobody_attends_it() {
    let bridge = away().await;
    let ask = async |title: &str, attended: bool| {
        let event = json!({ "type": "approval_request", "title": title });
        let body = json!({ "event": event, "lifetime_s": 600, "attended": attended });
        let asked = bridge.socket.post("/v1/approvals", &body).await;
        asked.body["approval_id"].as_str().unwrap().to_owned()
    };
    let never = ask("Nobody comes?", true).await;
    let long = ask("Somebody waits?", true).await;
    let free = ask("Nobody has to?", false).await;
    let state = async |id: &str, more: &str| {
        let path = format!("/v1/approvals/{id}?{more}");
        bridge.socket.get(&path).await.body["state"].clone()
    };
    // Longer than anybody may be away.
    let attend = format!("wait_s=13&attend={long}");
    assert_eq!(state(&long, &attend).await, "pending");
    assert_eq!(state(&never, "wait_s=20").await, "withdrawn");
    assert_eq!(state(&long, "wait_s=20").await, "withdrawn");
    assert_eq!(state(&free, "wait_s=1").await, "pending");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_request_ends_with_the_agent_that_made_it() {
    let bridge = away().await;
    // The shell stands for the agent: its death is not passed on to the hook.
    let words = [
        "/bin/sh",
        "-c",
        "\"$0\" hook; true",
        env!("CARGO_BIN_EXE_cctelegram"),
    ];
    let mut agent = Process::start(&words.map(OsStr::new), &bridge.variables());
    agent.type_in(&asks("make gone").to_string()).await;
    agent.close_input();
    let message = request(&bridge, "make gone").await;
    agent.kill().await;
    ended(&bridge, &message, "Withdrawn by the one who asked").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_without_a_bridge_nothing_is_allowed() {
    let bridge = TestBridge::prepare(setup()).await;
    let ask = asks("make release");
    let finished = hook(&bridge, &ask, &[]).await;
    assert_silent(&finished);
    assert_eq!(finished.stderr, "");
    let denied = decision(&hook(&bridge, &ask, &["--fail-closed"]).await);
    assert_eq!(denied["behavior"], "deny");
    for event in ["Stop", "SessionEnd", "UserPromptSubmit", "SomethingNew"] {
        assert_silent(&hook(&bridge, &claude(event, json!({})), &[]).await);
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_bridge_that_goes_away_while_somebody_is_asked_allows_nothing() {
    let mut bridge = away().await;
    let options = ["--wait", "15", "--fail-closed"];
    let closed = start(&bridge, &asks("make closed"), &options).await;
    let open = start(&bridge, &asks("make open"), &["--wait", "15"]).await;
    request(&bridge, "make closed").await;
    request(&bridge, "make open").await;
    bridge.kill().await;
    let denied = decision(&closed.finish().await);
    assert_eq!(denied["behavior"], "deny");
    let why = denied["message"].as_str().unwrap();
    assert!(why.contains("no bridge is running"), "{why}");
    assert_silent(&open.finish().await);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_decision_about_something_else_is_void() {
    let bridge = TestBridge::prepare(setup()).await;
    let listener = UnixListener::bind(bridge.root().join("bridge.sock")).unwrap();
    let id = "01a1fffb-fc36-7001-adba-6fb62426e615";
    let other = "00".repeat(32);
    let server = thread::spawn(move || {
        let mut digests = Vec::new();
        for answer in [
            "mode",
            "asked",
            "other digest",
            "mode",
            "asked",
            "same digest",
        ] {
            // Each request is preceded by a look whether anybody listens.
            drop(listener.accept().unwrap());
            let (mut stream, _) = listener.accept().unwrap();
            let body = read_request(&mut stream);
            if let Some(digest) = body["digest"].as_str() {
                digests.push(digest.to_owned());
            }
            let digest = digests.last().cloned().unwrap_or_default();
            let decided = |digest: &str| {
                json!({
                    "approval_id": id, "event_id": "e", "digest": digest, "options": [ONCE], "expires": null,
                    "state": "decided", "choice": 0, "at": 0, "option": ONCE,
                    "by": { "id": 1, "username": null, "first_name": "A" },
                })
            };
            let body = match answer {
                "mode" => json!({ "mode": "nomad", "set_by": "setting" }),
                "asked" => json!({ "approval_id": id, "event_id": "e", "muted": false }),
                "same digest" => decided(&digest),
                _ => decided(&other),
            }
            .to_string();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            stream
                .write_all(format!("{head}{body}").as_bytes())
                .unwrap();
        }
        digests
    });
    assert_silent(&hook(&bridge, &asks("make release"), &[]).await);
    let allowed = hook(&bridge, &asks("make release"), &[]).await;
    assert_eq!(decision(&allowed), json!({ "behavior": "allow" }));
    let digests = server.join().unwrap();
    assert_eq!(digests[0], digests[1], "the same input has the same digest");
    bridge.finish().await;
}

/// Reads a request; gives its JSON body.
fn read_request(stream: &mut std::os::unix::net::UnixStream) -> Value {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let length = stream.read(&mut piece).unwrap();
        bytes.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let expected = head.split("Content-Length: ").nth(1).unwrap();
        let expected: usize = expected.lines().next().unwrap().parse().unwrap();
        if body.len() >= expected {
            return serde_json::from_str(body).unwrap_or(Value::Null);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_terminal_answered_first_is_over_on_the_phone() {
    let bridge = away().await;
    let mut other = asks("make other");
    other["session_id"] = json!("another-session");
    let elsewhere = start(&bridge, &other, &[]).await;
    request(&bridge, "make other").await;

    let seen = [
        claude("PostToolUse", bash("make now")),
        claude("PostToolUseFailure", bash("make now")),
        claude("PostToolBatch", json!({ "tool_calls": [bash("make now")] })),
        claude("Stop", json!({})),
        claude("UserPromptSubmit", json!({ "prompt": "go on" })),
        claude("SessionEnd", json!({ "reason": "other" })),
    ];
    for (number, seen) in seen.into_iter().enumerate() {
        let waiting = start(&bridge, &asks("make now"), &[]).await;
        let open = |m: &Message| {
            !m.keyboard.is_empty() && m.text.as_deref().is_some_and(|t| t.contains("make now"))
        };
        let message = bridge
            .message(USER, &format!("request {number}"), open)
            .await;
        assert_silent(&hook(&bridge, &seen, &[]).await);
        assert_silent(&waiting.finish().await);
        ended(&bridge, &message, "Already answered in the terminal").await;
    }
    assert_eq!(bridge.records("approval_settled_locally").await.len(), 6);

    press(&bridge, "make other", ONCE).await;
    assert_eq!(
        decision(&elsewhere.finish().await),
        json!({ "behavior": "allow" })
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_desk_the_phone_stays_quiet_while_the_terminal_is_fast() {
    let bridge = TestBridge::start(setup()).await;
    let waiting = start(&bridge, &asks("make quick"), &[]).await;
    bridge
        .status_when("it waits", |status| status["pending_approvals"] == 1)
        .await;
    assert_silent(&hook(&bridge, &claude("PostToolUse", bash("make quick")), &[]).await);
    assert_silent(&waiting.finish().await);
    assert_eq!(bridge.emulator.messages(USER).len(), 0);

    // Nobody answers at the terminal.
    let waiting = start(&bridge, &asks("make slow"), &[]).await;
    press(&bridge, "make slow", ONCE).await;
    assert_eq!(
        decision(&waiting.finish().await),
        json!({ "behavior": "allow" })
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_muted_bridge_leaves_the_decision_to_the_terminal() {
    let bridge = TestBridge::start(setup().variable("CC_TELEGRAM_MODE", "mute")).await;
    assert_silent(&hook(&bridge, &asks("make release"), &[]).await);
    assert_eq!(bridge.status().await["pending_approvals"], 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hook_waits_through_a_restart_of_the_bridge() {
    let mut bridge = away().await;
    let waiting = start(&bridge, &asks("make release"), &[]).await;
    request(&bridge, "make release").await;
    bridge.idle().await;
    bridge.kill().await;
    bridge.launch().await;
    request(&bridge, "Still waiting at ").await;
    press(&bridge, "make release", ONCE).await;
    assert_eq!(
        decision(&waiting.finish().await),
        json!({ "behavior": "allow" })
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_rule_denies_without_a_bridge() {
    let bridge = TestBridge::prepare(setup()).await;
    let rules = r#"
        [[rule]]
        name = "no force push"
        outcome = "deny"
        reason = "Never."
        match = { command = "git push --force" }

        [[rule]]
        outcome = "allow"
        match = { command = "git status *" }
    "#;
    let file = bridge.root().join("policy.toml");
    fs::write(&file, rules).unwrap();
    let push = bash("true; git push origin --force");
    for input in [
        claude("PreToolUse", push.clone()),
        codex("PreToolUse", push.clone()),
    ] {
        let answer = output(&hook(&bridge, &input, &[]).await);
        let answer = &answer["hookSpecificOutput"];
        assert_eq!(answer["permissionDecision"], "deny", "{answer}");
        let reason = answer["permissionDecisionReason"].as_str().unwrap();
        assert!(reason.contains("no force push") && reason.contains("Never."));
    }
    let denied = decision(&hook(&bridge, &claude("PermissionRequest", push), &[]).await);
    assert_eq!(denied["behavior"], "deny");

    let look = bash("git status -s");
    let allowed = output(&hook(&bridge, &claude("PreToolUse", look.clone()), &[]).await);
    assert_eq!(allowed["hookSpecificOutput"]["permissionDecision"], "allow");
    // Codex takes an allow only where it asks.
    assert_silent(&hook(&bridge, &codex("PreToolUse", look.clone()), &[]).await);
    let allowed = decision(&hook(&bridge, &codex("PermissionRequest", look), &[]).await);
    assert_eq!(allowed, json!({ "behavior": "allow" }));
    assert_silent(&hook(&bridge, &claude("PreToolUse", bash("make")), &[]).await);

    // Rules that cannot be read allow nothing, and what they would deny is not let through.
    fs::write(&file, format!("{rules}\n[[rule]]\noutcome = \"perhaps\"\n")).unwrap();
    let look = bash("git status -s");
    let asked = output(&hook(&bridge, &claude("PreToolUse", look.clone()), &[]).await);
    assert_eq!(asked["hookSpecificOutput"]["permissionDecision"], "ask");
    let denied = output(&hook(&bridge, &codex("PreToolUse", look), &[]).await);
    assert_eq!(denied["hookSpecificOutput"]["permissionDecision"], "deny");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_what_cannot_be_read_does_not_get_past_the_rules() {
    let bridge = TestBridge::prepare(setup()).await;
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    let call = |event: &str, agent: &str, tool: &str| {
        format!(
            r#"{{"session_id":"s","{agent}":"p","cwd":"/","hook_event_name":"{event}","tool_name":"{tool}","tool_input":{{"x":{deep}}}}}"#
        )
    };
    let say = async |input: String, options: &[&str]| {
        let process = start_with(&bridge, input.as_bytes(), options).await;
        process.finish().await
    };
    // Without rules there is still the fence around our own files.
    for (agent, expected) in [("prompt_id", "ask"), ("turn_id", "deny")] {
        let finished = say(call("PreToolUse", agent, "Bash"), &[]).await;
        let answer = output(&finished)["hookSpecificOutput"]["permissionDecision"].clone();
        assert_eq!(answer, expected, "{agent}: {finished:?}");
    }

    let rules =
        "[[rule]]\nname = \"no shop\"\noutcome = \"deny\"\nmatch = { tool = \"mcp__shop__*\" }\n";
    fs::write(bridge.root().join("policy.toml"), rules).unwrap();
    for (agent, tool, expected) in [
        ("prompt_id", "mcp__shop__buy", "deny"),
        ("turn_id", "mcp__shop__buy", "deny"),
        ("prompt_id", "Bash", "ask"),
        // Codex cannot be told to ask.
        ("turn_id", "Bash", "deny"),
    ] {
        let finished = say(call("PreToolUse", agent, tool), &[]).await;
        let answer = output(&finished)["hookSpecificOutput"]["permissionDecision"].clone();
        assert_eq!(answer, expected, "{agent} {tool}: {finished:?}");
    }
    let request = call("PermissionRequest", "prompt_id", "Bash");
    let finished = say(request.clone(), &[]).await;
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(1), ""));
    let denied = decision(&say(request, &["--fail-closed"]).await);
    assert_eq!(denied["behavior"], "deny");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_rule_allows_nothing_to_who_only_plans() {
    let bridge = TestBridge::prepare(setup()).await;
    let rules = "[[rule]]\noutcome = \"allow\"\nmatch = { command = \"git *\" }\n";
    fs::write(bridge.root().join("policy.toml"), rules).unwrap();
    let mut input = claude("PreToolUse", bash("git commit"));
    let allowed = output(&hook(&bridge, &input, &[]).await);
    assert_eq!(allowed["hookSpecificOutput"]["permissionDecision"], "allow");
    input["permission_mode"] = json!("plan");
    assert_silent(&hook(&bridge, &input, &[]).await);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_rules_hold_whatever_is_wrong_with_the_settings() {
    let bridge = TestBridge::prepare(setup()).await;
    let rules = "[[rule]]\noutcome = \"deny\"\nmatch = { command = \"rm -rf\" }\n";
    fs::write(bridge.root().join("policy.toml"), rules).unwrap();
    fs::write(bridge.root().join("config.toml"), "[nonsense\n").unwrap();
    let answer = output(&hook(&bridge, &claude("PreToolUse", bash("rm -rf x")), &[]).await);
    assert_eq!(answer["hookSpecificOutput"]["permissionDecision"], "deny");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_bridge_that_never_answers_ends_the_wait_and_nothing_is_allowed() {
    let bridge = TestBridge::prepare(setup()).await;
    // The kernel takes connections in for a listener that never looks at them.
    let _listener = UnixListener::bind(bridge.root().join("bridge.sock")).unwrap();
    let begun = Instant::now();
    let finished = hook(&bridge, &asks("make"), &["--wait", "1"]).await;
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(0), ""));
    assert!(!finished.stderr.is_empty(), "it is said why");
    let options = ["--wait", "1", "--fail-closed"];
    let denied = decision(&hook(&bridge, &asks("make"), &options).await);
    assert_eq!(denied["behavior"], "deny");
    let finished = hook(&bridge, &claude("SessionEnd", json!({})), &[]).await;
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(0), ""));
    // The agent gives up ten seconds after the wait.
    assert!(begun.elapsed() < Duration::from_secs(2 * 11 + 10));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_what_cannot_be_read_is_an_error_and_no_decision() {
    let bridge = TestBridge::prepare(setup()).await;
    let large = format!("{{\"x\":\"{}\"}}", "a".repeat(4 * 1024 * 1024));
    for input in [
        "",
        "nonsense",
        "[]",
        "{}",
        "{\"hook_event_name\":\"PreToolUse\"}",
        &large,
    ] {
        let finished = start_with(&bridge, input.as_bytes(), &[])
            .await
            .finish()
            .await;
        assert_eq!(
            (finished.code, finished.stdout.as_str()),
            (Some(1), ""),
            "{input:.40}"
        );
        assert!(
            finished
                .stderr
                .starts_with("cctelegram: read the hook's input: ")
        );
    }
    // An exit code of 2 would be a decision.
    for words in [
        &["hook", "--nonsense"][..],
        &["hook", "--wait", "0"],
        &["--home", "x", "hook", "more"],
    ] {
        let finished = bridge.command(words).await;
        assert_eq!(
            (finished.code, finished.stdout.as_str()),
            (Some(1), ""),
            "{words:?}"
        );
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_secrets_of_the_environment_are_masked_before_they_are_handed_over() {
    let bridge = TestBridge::start(
        setup()
            .variable("CC_TELEGRAM_MODE", "nomad")
            .variable("SHOP_TOKEN", "swordfish-4711"),
    )
    .await;
    let waiting = start(&bridge, &asks("make swordfish-4711"), &[]).await;
    let message = press(&bridge, "wants to use Bash", ONCE).await;
    let shown = message.text.unwrap();
    assert!(shown.contains("make [redacted: SHOP_TOKEN]"), "{shown}");
    assert!(!shown.contains("swordfish"), "{shown}");
    assert_eq!(
        decision(&waiting.finish().await),
        json!({ "behavior": "allow" })
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn moments_are_told_by_mode() {
    let bridge = TestBridge::start(setup()).await;
    let done = claude(
        "Stop",
        json!({ "last_assistant_message": "All tests pass." }),
    );
    let failed = claude("StopFailure", json!({ "error": "rate_limit" }));
    let idle = claude(
        "Notification",
        json!({ "notification_type": "idle_prompt", "message": "Claude is waiting for your input" }),
    );
    // At the desk: only what failed and what waits.
    assert_silent(&hook(&bridge, &done, &[]).await);
    assert_silent(&hook(&bridge, &failed, &[]).await);
    bridge
        .message_with(USER, "Claude Code stopped with an error: rate_limit")
        .await;
    assert_silent(&hook(&bridge, &idle, &[]).await);
    bridge
        .message_with(USER, "Claude is waiting for your input")
        .await;
    assert_eq!(bridge.emulator.messages(USER).len(), 2);

    let nomad = json!({ "mode": "nomad" });
    bridge
        .socket
        .request(reqwest::Method::PUT, "/v1/mode", Some(&nomad))
        .await
        .unwrap();
    assert_silent(&hook(&bridge, &done, &[]).await);
    let message = bridge.message_with(USER, "Claude Code is done").await;
    assert!(message.text.unwrap().contains("All tests pass."));
    let codex = codex(
        "Stop",
        json!({ "last_assistant_message": "Codex is through." }),
    );
    assert_silent(&hook(&bridge, &codex, &[]).await);
    bridge.message_with(USER, "Codex is through.").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_shown_as_what_goes_and_what_comes() {
    let bridge = away().await;
    let edit = json!({
        "tool_name": "Edit",
        "tool_input": { "file_path": "/srv/shop/a.rs", "old_string": "old line", "new_string": "new line", "replace_all": true },
    });
    let waiting = start(&bridge, &claude("PermissionRequest", edit), &[]).await;
    let message = press(&bridge, "wants to use Edit", ONCE).await;
    let shown = message.text.unwrap();
    for part in [
        "+++ /srv/shop/a.rs",
        "-old line",
        "+new line",
        "\"replace_all\": true",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(
        decision(&waiting.finish().await),
        json!({ "behavior": "allow" })
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_our_own_files_are_out_of_bounds_whatever_the_rules_say() {
    let bridge = TestBridge::prepare(setup()).await;
    let rules = "[[rule]]\noutcome = \"allow\"\nmatch = { tool = \"*\" }\n\
                 [[rule]]\noutcome = \"allow\"\nmatch = { command = \"cat *\" }\n";
    fs::write(bridge.root().join("policy.toml"), rules).unwrap();
    let (home, key) = (bridge.root().display().to_string(), bridge.key_file());
    let read = |path: &str| json!({ "tool_name": "Read", "tool_input": { "file_path": path } });
    let env = format!("{home}/.env");
    for call in [
        read(&env),
        read(key.to_str().unwrap()),
        bash(&format!("cat {env}")),
        bash("cctelegram mode mute"),
    ] {
        for input in [
            claude("PreToolUse", call.clone()),
            codex("PreToolUse", call.clone()),
        ] {
            let finished = hook(&bridge, &input, &[]).await;
            let said: Value = serde_json::from_str(&finished.stdout).unwrap();
            let said = &said["hookSpecificOutput"];
            assert_eq!(said["permissionDecision"], "deny", "{call}: {finished:?}");
            let why = said["permissionDecisionReason"].to_string();
            assert!(why.contains("the person"), "{why}");
        }
    }
    let harmless = format!("cctelegram --home {home} status");
    let finished = hook(&bridge, &claude("PreToolUse", bash(&harmless)), &[]).await;
    assert_eq!(
        (finished.code, finished.stdout.as_str()),
        (Some(0), ""),
        "{finished:?}"
    );
    bridge.finish().await;
}
