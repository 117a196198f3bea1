//! `cctelegram demo`: the real bridge in a throw-away home, against the bundled Telegram emulator.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use anyhow::bail;
use cctelegram_core::api::ApprovalStatus;
use cctelegram_core::api::AskRequest;
use cctelegram_core::approval::AnswerForm;
use cctelegram_crypto::Token;
use cctelegram_emulator::Emulator;
use cctelegram_emulator::Message;
use cctelegram_emulator::Options;
use cctelegram_emulator::User;
use jiff::tz::TimeZone;
use serde_json::Value;
use serde_json::json;

use super::output;
use crate::bridge::Bridge;
use crate::client;
use crate::config;
use crate::config::Environment;
use crate::log;
use crate::log::Terminal;
use crate::signals::Shutdown;
use crate::supervise::Ending;

/// The only person in the demo.
const YOU: i64 = 4_242;
/// Without a person, each step has to happen within this span.
const STEP: Duration = Duration::from_secs(30);
/// How long the bridge is asked to wait for a decision at a time, in seconds.
const LONG_POLL_S: u64 = 30;
/// The project and the task of the sample events.
const PROJECT: &str = "shop";
const TASK: &str = "migrate-database";

/// Shows the bridge with a person at the page, or without one.
#[derive(clap::Args)]
pub(crate) struct DemoArgs {
    /// Press the buttons itself, check every step, and exit 0 when each one happened
    #[arg(long)]
    pub(crate) headless: bool,
    /// The port of the page on 127.0.0.1 (any free one by default)
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
}

/// Runs the demo.
pub(crate) fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let home = tempfile::tempdir().context("make a throw-away home")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    let shown = runtime.block_on(demo(args, home.path()));
    runtime.shutdown_background();
    home.close().context("remove the throw-away home")?;
    shown.map(|()| ExitCode::SUCCESS)
}

async fn demo(args: &DemoArgs, home: &Path) -> anyhow::Result<()> {
    let shutdown = Shutdown::listen()?;
    let emulator = phone(args.port).await?;
    let mut environment = Environment::default();
    for (name, value) in [
        ("CC_TELEGRAM_HOME", home.display().to_string()),
        (
            "CC_TELEGRAM_KEY_FILE",
            home.join("key").display().to_string(),
        ),
        ("TELEGRAM_BOT_TOKEN", emulator.token()),
        ("TELEGRAM_ALLOWED_USERS", YOU.to_string()),
        ("TELEGRAM_API_URL", emulator.url()),
        ("HEALTH_PORT", "0".to_owned()),
        ("XDG_RUNTIME_DIR", home.display().to_string()),
    ] {
        environment.set(name, &value);
    }
    let config = config::load(&environment).map_err(|mistakes| anyhow::anyhow!("{mistakes}"))?;
    config.home.prepare()?;
    log::start(&config.home.log_file(), &config.log_filter, Terminal::Quiet)?;
    let client = client::SocketClient::at(&config.socket.path)?;
    let bridge = Bridge::start(config, environment).await?;
    let (finish, finished) = tokio::sync::oneshot::channel::<()>();
    let mut run = std::pin::pin!(bridge.run(async { finished.await.unwrap_or_default() }));
    let story = async {
        if args.headless {
            return headless(&emulator, &client, home).await;
        }
        tokio::select! {
            told = shown(&emulator, &client, home) => told,
            () = shutdown.wait() => Ok(()),
        }
    };
    let told = tokio::select! {
        told = story => told,
        _ = &mut run => bail!("the bridge stopped by itself; its log said why"),
    };
    drop(finish);
    let ending = run.await;
    emulator.stop().await;
    told?;
    if ending == Ending::Clean {
        Ok(())
    } else {
        bail!("the bridge did not end cleanly")
    }
}

/// A phone with one person on it, who has pressed Start.
async fn phone(port: u16) -> anyhow::Result<Emulator> {
    // Of the right shape, made anew each time, good for nothing but this emulator.
    let token = format!(
        "4242424242:{}{}",
        Token::random()?.expose(),
        Token::random()?.expose()
    );
    let options = Options {
        token,
        port,
        ..Options::default()
    };
    let emulator = Emulator::start(options)
        .await
        .context("start the phone\nIs the port of --port taken?")?;
    emulator.add_user(User {
        id: YOU,
        first_name: "You".to_owned(),
        username: Some("you".to_owned()),
    });
    emulator.open_chat(YOU);
    Ok(emulator)
}

/// The demo for a person: events arrive, a question waits for a press, the answer arrives here.
async fn shown(
    emulator: &Emulator,
    client: &client::SocketClient,
    home: &Path,
) -> anyhow::Result<()> {
    output::line(&format!("The phone is at   {}/", emulator.url()));
    output::line(&format!(
        "The bridge's home {} (removed at the end)",
        home.display()
    ));
    output::line("Press Ctrl-C to end.\n");
    for event in [build(), failed_tests()] {
        drop_file(home, &event)?;
        output::line(&format!("event file dropped: {}", text(&event, "title")));
    }
    for percent in [10, 35, 60, 85, 100] {
        drop_file(home, &progress(percent))?;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
    }
    output::line("event files dropped: progress that edits its own message");
    let asked = client.ask(&question()).await?;
    output::line("asked: may I run `rm -rf build/`? Press a button on the phone.");
    let decided = wait_for(client, asked.approval_id).await?;
    output::line(&format!("\nthe decision arrived: {}", decision(&decided)));
    output::line(&format!(
        "its answer file: {}",
        home.join("responses")
            .join(format!("{}.json", asked.event_id))
            .display()
    ));
    output::line(&format!(
        "\nDrop event files into {}, or press Ctrl-C.",
        home.join("events").display()
    ));
    std::future::pending().await
}

/// The demo without a person: the same steps, each one checked.
async fn headless(
    emulator: &Emulator,
    client: &client::SocketClient,
    home: &Path,
) -> anyhow::Result<()> {
    drop_file(home, &build())?;
    find(emulator, "a finished build", |message| {
        contains(message, "Build finished")
    })
    .await?;
    drop_file(home, &failed_tests())?;
    find(emulator, "a failed test", |message| {
        contains(message, "2 tests failed")
    })
    .await?;
    drop_file(home, &progress(10))?;
    let first = find(emulator, "progress", |message| contains(message, "10 %")).await?;
    drop_file(home, &progress(100))?;
    let same =
        |message: &Message| message.message_id == first.message_id && contains(message, "100 %");
    find(emulator, "the same message, edited to 100 %", same).await?;
    let asked = client.ask(&question()).await?;
    let request = find(emulator, "an approval with buttons", |message| {
        !message.keyboard.is_empty()
    })
    .await?;
    let shown = request.text.as_deref().unwrap_or_default();
    anyhow::ensure!(
        shown.contains("rm -rf build/"),
        "the request does not show its command:\n{shown}"
    );
    emulator
        .press(YOU, request.message_id, "Approve")
        .context("press Approve")?;
    let decided = wait_for(client, asked.approval_id).await?;
    anyhow::ensure!(
        decided.response.as_deref() == Some("approve"),
        "the decision is not `approve`: {decided:?}"
    );
    output::line(&format!(
        "ok   the decision reached the one who asked: {}",
        decision(&decided)
    ));
    let closed =
        |message: &Message| message.message_id == request.message_id && message.keyboard.is_empty();
    find(emulator, "the request, edited to its end", |message| {
        closed(message) && contains(message, "Approved by @you")
    })
    .await?;
    let file = home
        .join("responses")
        .join(format!("{}.json", asked.event_id));
    let answer: Value =
        serde_json::from_slice(&until_written(&file).await?).context("read the answer file")?;
    anyhow::ensure!(
        text(&answer, "response") == "approve",
        "the answer file says something else: {answer}"
    );
    output::line("ok   the answer file says approve");
    Ok(())
}

async fn find(
    emulator: &Emulator,
    what: &str,
    is_it: impl Fn(&Message) -> bool,
) -> anyhow::Result<Message> {
    let found = emulator
        .wait_until(|phone| phone.messages(YOU).into_iter().find(&is_it), STEP)
        .await;
    let found = found
        .with_context(|| format!("within {} s there was no sign of: {what}", STEP.as_secs()))?;
    output::line(&format!("ok   {what}"));
    Ok(found)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn contains(message: &Message, text: &str) -> bool {
    message
        .text
        .as_ref()
        .is_some_and(|shown| shown.contains(text))
}

async fn wait_for(
    client: &client::SocketClient,
    approval: cctelegram_core::id::ApprovalId,
) -> anyhow::Result<ApprovalStatus> {
    loop {
        let status = client.approval(approval, LONG_POLL_S).await?;
        if status.response.is_some() {
            return Ok(status);
        }
    }
}

fn decision(status: &ApprovalStatus) -> String {
    let Some(decision) = status.state.decision() else {
        return "nobody decided".to_owned();
    };
    let response = status.response.as_deref().unwrap_or_default();
    format!(
        "{response} by {} at {}",
        decision.by.display(),
        decision.at.clock_time(&TimeZone::UTC)
    )
}

/// Writes an event file as producers do: beside, then renamed.
fn drop_file(home: &Path, event: &Value) -> anyhow::Result<()> {
    let folder = home.join("events");
    let name = Token::random()?;
    let draft = folder.join(format!(".{}", name.expose()));
    std::fs::write(&draft, event.to_string()).context("write an event file")?;
    let path = folder.join(format!("demo-{}.json", name.expose()));
    std::fs::rename(&draft, path).context("drop an event file")
}

/// Waits until the bridge has written the file.
async fn until_written(file: &Path) -> anyhow::Result<Vec<u8>> {
    let deadline = tokio::time::Instant::now() + STEP;
    loop {
        match std::fs::read(file) {
            Ok(bytes) => return Ok(bytes),
            Err(_) if tokio::time::Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => {
                return Err(error).with_context(|| format!("wait for {}", file.display()));
            }
        }
    }
}

fn build() -> Value {
    json!({
        "type": "build_completed", "title": "Build finished", "project": PROJECT, "source": "ci",
        "description": "Release build of the checkout service.",
        "data": { "duration_ms": 184_000, "files_changed": ["src/cart.rs", "src/checkout.rs"], "warnings": 0 }
    })
}

fn failed_tests() -> Value {
    json!({
        "type": "test_failed", "title": "2 tests failed", "project": PROJECT, "source": "ci",
        "description": "The discount is applied twice when the cart is empty.",
        "data": { "passed": 412, "failed": 2, "error": "cart::discount::empty_cart\n  left: 0\n right: -5" }
    })
}

fn progress(percent: u32) -> Value {
    json!({
        "type": "task_progress", "title": "Migrating the database", "task_id": TASK, "project": PROJECT,
        "data": { "progress": percent }
    })
}

fn question() -> AskRequest {
    AskRequest {
        event: json!({
            "type": "approval_request", "title": "May I run this?", "project": PROJECT, "source": "claude-code",
            "description": "The build folder holds stale artefacts.",
            "data": { "tool": "Bash", "command": "rm -rf build/", "cwd": "/home/you/shop" }
        }),
        lifetime_s: Some(3_600),
        digest: None,
        delay_s: None,
        form: AnswerForm::default(),
        attended: false,
        remind_s: None,
    }
}
