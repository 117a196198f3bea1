//! What an agent waits for: the hook in front of each of its tools, the MCP server's first answer, a press on the phone.

use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Write as _;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use anyhow::Result;
use anyhow::ensure;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use serde_json::Value;
use serde_json::json;

use crate::figure::Figure;
use crate::figure::Target;
use crate::figure::short;
use crate::lab::Lab;
use crate::process;
use crate::spread::Spread;

pub(crate) async fn measure(lab: &Lab) -> Result<Vec<Figure>> {
    let bridge = TestBridge::prepare(lab.setup()).await;
    let mut figures = hook(lab, &bridge)?;
    figures.extend(server(lab, &bridge)?);
    bridge.finish().await;
    figures.push(press(lab).await?);
    Ok(figures)
}

/// The same as the hook does without an answer: read the input, look for the bridge, end.
const IN_NODE: &str = "\
import { connect } from 'node:net';
let text = '';
for await (const piece of process.stdin) text += piece;
const input = JSON.parse(text);
if (input.hook_event_name) connect(process.argv[2]).on('error', () => process.exit(0));
";

/// From the start of the process to its end, without a bridge, and with rules that say nothing of the command.
fn hook(lab: &Lab, bridge: &TestBridge) -> Result<Vec<Figure>> {
    let script = bridge.root().join("hook.mjs");
    std::fs::write(&script, IN_NODE).context("write the baseline")?;
    let socket = bridge.root().join("bridge.sock");
    let has_node = Command::new("node")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let asks = call("PermissionRequest");
    let (mut in_node, mut without, mut with_rules, mut ratios) = (vec![], vec![], vec![], vec![]);
    for _ in 0..lab.plan.starts {
        let start = || program(lab, bridge, &["hook"]);
        let took = answered(start(), &asks)?;
        without.push(took);
        if has_node {
            let mut command = Command::new("node");
            command.arg(&script).arg(&socket);
            let other = answered(command, &asks)?;
            in_node.push(other);
            ratios.push(other / took);
        }
    }
    let rules = bridge.root().join("policy.toml");
    std::fs::write(&rules, twenty_rules()).context("write the rules")?;
    for _ in 0..lab.plan.starts {
        let start = program(lab, bridge, &["hook"]);
        with_rules.push(answered(start, &call("PreToolUse"))?);
    }
    std::fs::remove_file(&rules).context("take the rules away")?;
    let (value, took) = spread(&without)?;
    let at_most = Target::AtMost(3.0);
    let figure = |what: &str, (value, measured): (f64, String)| Figure {
        what: what.to_owned(),
        baseline: String::new(),
        measured,
        ratio: String::new(),
        target: at_most.text(" ms"),
        is_met: at_most.is_met_by(value),
    };
    let mut figures = vec![
        figure("hook without an answer, start → end", (value, took.clone())),
        figure("hook with 20 rules, start → end", spread(&with_rules)?),
    ];
    let what = "hook without an answer; baseline: the same in Node";
    figures.push(if has_node {
        let (_, baseline) = spread(&in_node)?;
        Figure::relative(what, (baseline, took), &ratios, Target::AtLeast(20.0))?
    } else {
        Figure {
            what: what.to_owned(),
            baseline: "Node is missing".to_owned(),
            measured: took,
            ratio: String::new(),
            target: Target::AtLeast(20.0).text("×"),
            is_met: false,
        }
    });
    Ok(figures)
}

fn call(event: &str) -> Value {
    json!({
        "session_id": "0b5b175c-60e8-418f-8b1b-5cd7cc30770e", "prompt_id": "ce734152", "cwd": "/",
        "permission_mode": "default", "hook_event_name": event, "tool_name": "Bash",
        "tool_input": {
            "command": "cd src && cargo test --workspace 2>&1 | tail -5",
            "description": "Run the tests",
        },
    })
}

fn twenty_rules() -> String {
    let rule = |number: u32| {
        let (command, outcome) = if number.is_multiple_of(2) {
            (format!("git push --force-{number}"), "deny")
        } else {
            (format!("make {number} *"), "allow")
        };
        format!("[[rule]]\noutcome = \"{outcome}\"\nmatch = {{ command = \"{command}\" }}\n")
    };
    (0..20).map(rule).collect::<Vec<_>>().join("\n")
}

fn program(lab: &Lab, bridge: &TestBridge, words: &[&str]) -> Command {
    let mut command = Command::new(&lab.program);
    command.args(words).envs(bridge.variables());
    command
}

/// Milliseconds from the start to the end of a process that is given this input and has nothing to say.
fn answered(mut command: Command, input: &Value) -> Result<f64> {
    let text = input.to_string();
    let start = Instant::now();
    let mut process = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("start {}", command.get_program().display()))?;
    let mut pipe = process.stdin.take().context("it has an input")?;
    pipe.write_all(text.as_bytes())?;
    drop(pipe);
    let output = process.wait_with_output()?;
    let took = start.elapsed();
    ensure!(output.status.success(), "it failed: {}", output.status);
    ensure!(output.stdout.is_empty(), "it said something");
    Ok(milliseconds(took))
}

/// From the start of the MCP server to its first answer, and what it keeps in memory when it has told its tools.
fn server(lab: &Lab, bridge: &TestBridge) -> Result<Vec<Figure>> {
    let (mut starts, mut memories) = (Vec::new(), Vec::new());
    for _ in 0..lab.plan.starts {
        let start = Instant::now();
        let mut server = program(lab, bridge, &["mcp"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start the MCP server")?;
        let took = serve(&mut server, start);
        let memory = process::memory(server.id());
        drop(server.stdin.take());
        let status = server.wait()?;
        ensure!(status.success(), "the MCP server failed: {status}");
        starts.push(took?);
        memories.push(memory?.resident);
    }
    let (first, measured) = spread(&starts)?;
    let at_most = Target::AtMost(20.0);
    let memory = Spread::of(&memories).context("no start")?.median;
    Ok(vec![
        Figure {
            what: "MCP server, start → first answer".to_owned(),
            baseline: String::new(),
            measured,
            ratio: String::new(),
            target: at_most.text(" ms"),
            is_met: at_most.is_met_by(first),
        },
        Figure::alone(
            "MCP server: resident memory",
            memory,
            " MB",
            Target::AtMost(12.0),
        ),
    ])
}

/// Begins with the server and has it tell its tools; milliseconds to the first answer.
fn serve(server: &mut Child, start: Instant) -> Result<f64> {
    let input = server.stdin.as_mut().context("it has an input")?;
    let mut output = BufReader::new(server.stdout.as_mut().context("it has an output")?);
    let mut say = |message: Value| writeln!(input, "{message}");
    let mut hear = || -> Result<Value> {
        let mut line = String::new();
        output.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| format!("it answers {line:?}"))
    };
    say(
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "bench", "version": "1" },
    } }),
    )?;
    let answer = hear()?;
    let took = start.elapsed();
    ensure!(answer.get("result").is_some(), "it answers {answer}");
    say(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))?;
    say(json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" }))?;
    let answer = hear()?;
    ensure!(
        answer.pointer("/result/tools").is_some(),
        "it answers {answer}"
    );
    Ok(milliseconds(took))
}

/// From the press on a button to the end of the hook that has told the agent.
async fn press(lab: &Lab) -> Result<Figure> {
    let bridge = TestBridge::start(lab.setup()).await;
    let mut switch = program(lab, &bridge, &["mode", "nomad"]);
    let status = switch.stdout(Stdio::null()).status()?;
    ensure!(status.success(), "the mode cannot be switched: {status}");
    let mut presses = Vec::new();
    for number in 0..lab.plan.starts {
        let mut input = call("PermissionRequest");
        let command = format!("make release-{number}.");
        if let Some(field) = input.pointer_mut("/tool_input/command") {
            *field = json!(command);
        }
        let mut process = bridge.spawn(&["hook"]);
        process.type_in(&input.to_string()).await;
        process.close_input();
        let asks = |message: &cctelegram_testkit::emulator::Message| {
            let shown = message.text.as_deref().unwrap_or_default();
            !message.keyboard.is_empty() && shown.contains(&command)
        };
        let message = bridge.message(USER, &command, asks).await;
        let start = Instant::now();
        let button = bridge
            .emulator
            .press(USER, message.message_id, "Allow once");
        ensure!(button.is_ok(), "there is no such button");
        let finished = process.finish().await;
        presses.push(milliseconds(start.elapsed()));
        ensure!(
            finished.stdout.contains("\"allow\""),
            "the agent is told: {finished:?}"
        );
    }
    bridge.finish().await;
    let (value, measured) = spread(&presses)?;
    let at_most = Target::AtMost(100.0);
    Ok(Figure {
        what: "press on the phone → the agent goes on".to_owned(),
        baseline: String::new(),
        measured,
        ratio: String::new(),
        target: at_most.text(" ms"),
        is_met: at_most.is_met_by(value),
    })
}

/// The median, and the same with how far the values reach.
fn spread(values: &[f64]) -> Result<(f64, String)> {
    let spread = Spread::of(values).context("nothing was measured")?;
    let (least, most) = (short(spread.least), short(spread.most));
    let text = format!("{} ms ({least}–{most})", short(spread.median));
    Ok((spread.median, text))
}

fn milliseconds(span: Duration) -> f64 {
    span.as_secs_f64() * 1_000.0
}
