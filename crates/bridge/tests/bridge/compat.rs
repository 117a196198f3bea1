//! `cctelegram mcp --compat`: the older server's tools do what they say, and what makes people see less needs a press.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says why"
)]

use std::fs;
use std::fs::File;
use std::fs::FileTimes;
use std::path::Path;
use std::time::Duration;
use std::time::SystemTime;

use cctelegram_testkit::Process;
use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::Message;
use cctelegram_testkit::until;
use serde_json::Value;
use serde_json::json;

use crate::line_client::LineClient;

fn setup() -> Setup {
    Setup::of(env!("CARGO_BIN_EXE_cctelegram"))
}

async fn older(bridge: &TestBridge) -> LineClient {
    let mut client = LineClient::of(bridge.spawn(&["mcp", "--compat"]));
    client.initialize("2025-11-25").await;
    client
}

async fn press(bridge: &TestBridge, title: &str, label: &str) {
    let asks = |m: &Message| {
        !m.keyboard.is_empty() && m.text.as_deref().is_some_and(|text| text.contains(title))
    };
    let message = bridge.message(USER, title, asks).await;
    bridge
        .emulator
        .press(USER, message.message_id, label)
        .expect("the button is there");
    let closed = |m: &Message| m.message_id == message.message_id && m.keyboard.is_empty();
    bridge.message(USER, "the closed question", closed).await;
}

/// Waits until this process is gone.
async fn gone(pid: i64) {
    until("the bridge has ended", async || {
        let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let ended = state.is_empty() || state.rsplit(')').next().unwrap().starts_with(" Z");
        ended.then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_names_are_there_when_asked_for() {
    let bridge = TestBridge::prepare(setup()).await;
    let mut client = older(&bridge).await;
    let listed = client.request("tools/list", json!({})).await;
    let tools = listed["result"]["tools"].as_array().unwrap().clone();
    assert_eq!(tools.len(), 25);
    for tool in &tools {
        let name = tool["name"].as_str().unwrap();
        assert!(tool["inputSchema"].is_object(), "{name}");
        let is_prompt = name == "permission_prompt";
        assert!(is_prompt || tool["outputSchema"].is_object(), "{name}");
    }
    client.leave().await;
    let mut plain = LineClient::ready(&bridge).await;
    let call = plain
        .request("tools/call", json!({ "name": "stop_bridge" }))
        .await;
    assert_eq!(call["error"]["message"], "there is no tool stop_bridge");
    plain.leave().await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_types_lists_and_replies() {
    let bridge = TestBridge::start(setup()).await;
    let mut client = older(&bridge).await;
    let alert = json!({ "title": "CPU is hot", "current_value": 93.5, "threshold": 80 });
    client.call("send_performance_alert", alert).await.good();
    let shown = bridge.message_with(USER, "CPU is hot").await;
    let text = shown.text.unwrap();
    assert!(text.contains("93.5") && text.contains("80"), "{text}");
    let wrong = json!({ "title": "CPU", "current_value": "much", "threshold": 80 });
    let wrong = client.call("send_performance_alert", wrong).await.bad();
    assert!(wrong.starts_with("current_value: invalid type"), "{wrong}");
    let types = client.call("list_event_types", json!({})).await.good();
    let names = types["event_types"].as_array().unwrap();
    assert!(names.iter().any(|kind| kind["type"] == "build_failed"));

    let todo = |id: &str, status: &str| json!({ "id": id, "content": format!("Do {id}"), "status": status, "priority": "high" });
    let todos = json!({ "todos": [todo("1", "completed"), todo("2", "in_progress"), todo("3", "pending")] });
    let counts = client.call("register_claude_todos", todos).await.good();
    assert_eq!(
        (&counts["total"], &counts["completed"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(
        client.call("get_task_status", json!({})).await.good()["current"],
        json!(["Do 2"])
    );
    let list = client.call("todo", json!({})).await;
    assert_eq!(list.text, "[x] 1: Do 1\n[~] 2: Do 2\n[ ] 3: Do 3");
    let wrong = json!({ "todos": [todo("1", "finished")] });
    let wrong = client.call("register_claude_todos", wrong).await.bad();
    assert!(
        wrong.starts_with("todos[0].status: unknown variant"),
        "{wrong}"
    );

    bridge.emulator.reply(USER, shown.message_id, "Look at it");
    bridge.message_with(USER, "Kept as an answer").await;
    let pending = client
        .call("process_pending_responses", json!({}))
        .await
        .good();
    assert_eq!(pending["responses"][0]["text"], "Look at it");
    let pending = client
        .call("process_pending_responses", json!({}))
        .await
        .good();
    assert_eq!(pending["responses"], json!([]), "each is given out once");
    client.leave().await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_replies_in_a_row_are_given_out_once_each_while_they_are_fetched() {
    const REPLIES: usize = 60;
    let bridge = TestBridge::start(setup()).await;
    let mut client = older(&bridge).await;
    let message = json!({ "message": "The footer is red" });
    client.call("send_telegram_message", message).await.good();
    let shown = bridge.message_with(USER, "The footer is red").await;
    let mut given = Vec::new();
    for number in 0..REPLIES {
        let text = format!("{number}");
        bridge.emulator.reply(USER, shown.message_id, &text);
        if number % 2 == 0 {
            given.extend(fetched(&mut client).await);
        }
    }
    until("every reply is given out", async || {
        given.extend(fetched(&mut client).await);
        (given.len() >= REPLIES).then_some(())
    })
    .await;
    given.sort_by_key(|text| text.parse::<usize>().unwrap());
    let all: Vec<String> = (0..REPLIES).map(|number| number.to_string()).collect();
    assert_eq!(given, all);
    client.leave().await;
    bridge.finish().await;
}

/// What a call that does not wait gets.
async fn fetched(client: &mut LineClient) -> Vec<String> {
    let answer = client.call("process_pending_responses", json!({})).await;
    let answer = answer.good();
    let responses = answer["responses"].as_array().unwrap();
    let texts = responses
        .iter()
        .map(|reply| reply["text"].as_str().unwrap());
    texts.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn security_what_makes_people_see_less_needs_a_press() {
    let bridge = TestBridge::start(setup()).await;
    let mut client = older(&bridge).await;
    let old = bridge.responses().join("old.json");
    let file = File::create(&old).unwrap();
    let stamp: SystemTime = file.metadata().unwrap().modified().unwrap();
    file.set_times(FileTimes::new().set_modified(stamp - Duration::from_hours(48)))
        .unwrap();
    let refusals = [
        (
            "stop_bridge",
            "Stop the bridge?",
            "Let it run",
            "The bridge runs on",
        ),
        (
            "restart_bridge",
            "Restart the bridge?",
            "Let it run",
            "The bridge runs on as it is",
        ),
        (
            "clear_old_responses",
            "Clear old answer files?",
            "Keep them",
            "The answer files stay",
        ),
        (
            "switch_to_mute_mode",
            "Mute the bridge?",
            "Stay as it is",
            "The bridge is not muted",
        ),
    ];
    let before = bridge.status().await;
    for (tool, title, no, told) in refusals {
        let call = client.begin_call(tool, json!({})).await;
        press(&bridge, title, no).await;
        let refused = client.called(call).await.bad();
        assert!(refused.starts_with(told), "{tool}: {refused}");
    }
    let after = bridge.status().await;
    assert_eq!(after["pid"], before["pid"]);
    assert_eq!(after["mode"], before["mode"]);
    assert!(old.exists());

    let call = client.begin_call("clear_old_responses", json!({})).await;
    press(&bridge, "Clear old answer files?", "Clear them").await;
    assert_eq!(client.called(call).await.good(), json!({ "removed": 1 }));
    assert!(!old.exists());
    let call = client.begin_call("switch_to_mute_mode", json!({})).await;
    press(&bridge, "Mute the bridge?", "Mute it").await;
    assert_eq!(client.called(call).await.good()["mode"], "mute");
    client.leave().await;
    bridge.finish().await;
}

/// A bridge that is started by a tool, found again, restarted and ended with a press.
#[tokio::test(flavor = "multi_thread")]
async fn the_bridge_is_started_detached_and_ended_by_a_press() {
    let bridge = TestBridge::prepare(setup()).await;
    let mut client = older(&bridge).await;
    let check = client.call("check_bridge_process", json!({})).await;
    assert_eq!(check.text, "No bridge runs.");
    let started = client.call("ensure_bridge_running", json!({})).await.good();
    assert_eq!(
        (&started["running"], &started["changed"]),
        (&json!(true), &json!(true))
    );
    let first = started["pid"].as_i64().unwrap();
    assert_detached(first);
    let again = client.call("start_bridge", json!({})).await.good();
    assert_eq!(
        (&again["pid"], &again["changed"]),
        (&json!(first), &json!(false))
    );
    // It outlives the server that started it.
    client.leave().await;
    let mut client = older(&bridge).await;
    let check = client.call("check_bridge_process", json!({})).await.good();
    assert_eq!(check["pid"], first);
    let call = client.begin_call("restart_bridge", json!({})).await;
    press(&bridge, "Restart the bridge?", "Restart it").await;
    let restarted = client.called(call).await.good();
    let second = restarted["pid"].as_i64().unwrap();
    assert_ne!(second, first);
    gone(first).await;
    let call = client.begin_call("stop_bridge", json!({})).await;
    press(&bridge, "Stop the bridge?", "Stop it").await;
    let stopped = client.called(call).await.good();
    assert_eq!(
        (&stopped["running"], &stopped["changed"]),
        (&json!(false), &json!(true))
    );
    gone(second).await;
    client.leave().await;
    assert!(
        fs::read_to_string(bridge.root().join("bridge.log"))
            .unwrap()
            .contains("ready")
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_that_cannot_start_says_why() {
    let bridge = TestBridge::prepare(setup().variable("CC_TELEGRAM_MODE", "loud")).await;
    let mut client = older(&bridge).await;
    let failed = client.call("start_bridge", json!({})).await.bad();
    assert!(failed.contains("`loud` is not a mode"), "{failed}");
    client.leave().await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_that_could_not_start_again_is_not_ended() {
    let bridge = TestBridge::start(setup()).await;
    let before = bridge.status().await;
    let mut client = older(&bridge).await;
    let file = bridge.root().join("config.toml");
    let whole = fs::read_to_string(&file).unwrap_or_default();
    fs::write(&file, format!("{whole}\n[no_such_table]\nx = 1\n")).unwrap();
    let refused = client.call("restart_bridge", json!({})).await.bad();
    assert!(
        refused.starts_with("the bridge could not start again: "),
        "{refused}"
    );
    assert_eq!(bridge.status().await["pid"], before["pid"]);
    client.leave().await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_sees_to_it_that_a_bridge_runs() {
    let bridge = TestBridge::prepare(setup()).await;
    let process: Process = bridge.spawn(&["mcp", "--ensure-bridge"]);
    let mut client = LineClient::of(process);
    client.initialize("2025-11-25").await;
    let status = until("the bridge runs", async || {
        let status = client.call("get_bridge_status", json!({})).await.good();
        (status["running"] == true).then_some(status)
    })
    .await;
    assert_eq!(status["healthy"], true);
    let pid = bridge.status().await["pid"].as_i64().unwrap();
    client.leave().await;
    let mut second = LineClient::of(bridge.spawn(&["mcp", "--ensure-bridge", "--compat"]));
    second.initialize("2025-11-25").await;
    let check: Value = second.call("check_bridge_process", json!({})).await.good();
    assert_eq!(check["pid"], pid, "one that runs is left alone");
    let call = second.begin_call("stop_bridge", json!({})).await;
    press(&bridge, "Stop the bridge?", "Stop it").await;
    second.called(call).await.good();
    gone(pid).await;
    second.leave().await;
    bridge.finish().await;
}

/// It leads a session of its own, and holds no folder of the agent's.
fn assert_detached(pid: i64) {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    assert_eq!(fields[3], pid.to_string(), "the session: {stat}");
    let folder = fs::read_link(format!("/proc/{pid}/cwd")).unwrap();
    assert_eq!(folder, Path::new("/"));
}
