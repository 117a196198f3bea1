//! `cctelegram init`: the token, the pairing, and what is written when and only when somebody says yes.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails, and says why"
)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use cctelegram_testkit::Finished;
use cctelegram_testkit::Process;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::WAIT;
use cctelegram_testkit::bot_token;
use cctelegram_testkit::emulator::User;
use cctelegram_testkit::until;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use rustix::process::Signal;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::process::ChildStdout;

use crate::steps::STRANGER;
use crate::steps::setup;

const ADA: i64 = 4_711;
const QUESTION: &str = "May this person approve and control everything the bridge is asked? [y/n] ";

/// A machine on which nothing is set up, and two people with the app.
async fn untouched() -> TestBridge {
    let bridge = TestBridge::prepare(setup().users(&[]).variable("TELEGRAM_BOT_TOKEN", "")).await;
    people(&bridge);
    bridge
}

fn people(bridge: &TestBridge) {
    for (id, name) in [(ADA, "Ada"), (STRANGER, "Mallory")] {
        let username = Some(name.to_lowercase());
        bridge.emulator.add_user(User {
            id,
            first_name: name.to_owned(),
            username,
        });
    }
}

/// A running `init`, and what it has shown so far.
struct Init {
    process: Process,
    output: ChildStdout,
    shown: String,
}

impl Init {
    fn start(bridge: &TestBridge) -> Self {
        Self::of(bridge.spawn(&["init"]))
    }

    fn of(mut process: Process) -> Self {
        let output = process.output();
        Self {
            process,
            output,
            shown: String::new(),
        }
    }

    async fn types(&mut self, text: &str) {
        self.process.type_in(text).await;
    }

    /// Reads along until the text is there; what follows it may be there already.
    async fn shows(&mut self, text: &str) {
        while !self.shown.contains(text) {
            let mut buffer = [0; 4096];
            let read = tokio::time::timeout(WAIT, self.output.read(&mut buffer)).await;
            let length = read
                .unwrap_or_else(|_| panic!("{text} is not shown: {}", self.shown))
                .unwrap();
            assert!(length > 0, "it ended without {text}: {}", self.shown);
            self.shown
                .push_str(&String::from_utf8_lossy(buffer.get(..length).unwrap()));
        }
    }

    /// Waits for the link and takes the code out of it.
    async fn code(&mut self) -> String {
        self.shows("Ctrl-C ends it.").await;
        let link = self
            .shown
            .split_whitespace()
            .find(|word| word.starts_with("https://t.me/"))
            .expect("a link");
        let code = link
            .strip_prefix("https://t.me/cctelegram_demo_bot?start=")
            .expect("the bot's link");
        let plain = code
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        assert!(
            code.len() == 22 && plain,
            "128 bits that Telegram takes as a payload: {code}"
        );
        code.to_owned()
    }

    async fn end(mut self) -> Finished {
        let read = async {
            let mut rest = String::new();
            self.output.read_to_string(&mut rest).await.unwrap();
            rest
        };
        let (mut finished, rest) = tokio::join!(self.process.finish(), read);
        finished.stdout = self.shown + &rest;
        finished
    }
}

/// `/start <code>` by somebody, as Telegram would hand it to the bot, with something about it changed.
fn start_message(
    from: i64,
    code: &str,
    changes: &[(&str, serde_json::Value)],
) -> serde_json::Value {
    let mut message = json!({
        "message_id": 900, "date": 1_700_000_000, "text": format!("/start {code}"),
        "from": { "id": from, "is_bot": false, "first_name": "Mallory" },
        "chat": { "id": from, "type": "private", "first_name": "Mallory" },
    });
    for (name, value) in changes {
        message
            .as_object_mut()
            .unwrap()
            .insert((*name).to_owned(), value.clone());
    }
    json!({ "message": message })
}

fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// Both files of settings.
fn settings(bridge: &TestBridge) -> (Option<String>, Option<String>) {
    (
        read(&bridge.root().join(".env")),
        read(&bridge.root().join("config.toml")),
    )
}

fn says_nothing_of(finished: &Finished, token: &str) {
    let secret = token.split_once(':').expect("a token has two parts").1;
    let said = format!("{}{}", finished.stdout, finished.stderr);
    assert!(!said.contains(secret), "the token is shown: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn security_exactly_the_one_who_was_confirmed_is_written_down() {
    let bridge = untouched().await;
    let env_file = bridge.root().join(".env");
    fs::write(&env_file, "# mine\nMAX_QUEUE_SIZE=77\nSOMETHING_ELSE=kept").unwrap();
    let config_before = settings(&bridge).1.unwrap();
    let mut init = Init::start(&bridge);
    init.types(&format!("{}\n", bridge.token())).await;
    init.shows("The bot is @cctelegram_demo_bot (CCTelegram).\n")
        .await;
    let code = init.code().await;
    bridge
        .emulator
        .send_text(STRANGER, "/start AAAAAAAAAAAAAAAAAAAAAA");
    bridge.emulator.send_text(STRANGER, "let me in");
    bridge.emulator.send_text(ADA, &format!("/start {code}"));
    init.shows(&format!("Start was pressed by Ada (@ada), id {ADA}.\n"))
        .await;
    assert!(
        settings(&bridge).1.unwrap() == config_before,
        "nothing is written before the yes"
    );
    init.types("what\ny\n").await;
    let finished = init.end().await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(
        finished
            .stdout
            .ends_with("Paired. Start the bridge with `cctelegram start`.\n"),
        "{finished:?}"
    );
    assert!(
        !finished.stdout.contains("Mallory"),
        "a wrong code asks nothing: {finished:?}"
    );
    assert_eq!(
        finished.stderr.matches(QUESTION).count(),
        2,
        "it asks until there is a yes or a no"
    );
    says_nothing_of(&finished, bridge.token());

    let (env, config) = settings(&bridge);
    let wanted = format!(
        "# mine\nMAX_QUEUE_SIZE=77\nSOMETHING_ELSE=kept\nTELEGRAM_BOT_TOKEN={}\n",
        bridge.token()
    );
    assert!(env.unwrap() == wanted, "the other lines of .env are kept");
    assert_eq!(
        fs::metadata(&env_file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(
        config.unwrap(),
        format!("{config_before}\n[[users]]\nid = {ADA}\npaired = true\n")
    );
    let records = bridge.records("user_paired").await;
    let record = records.first().expect("it is on the record");
    assert_eq!(
        (&record["target"], &record["actor"]["kind"]),
        (&json!(format!("user {ADA}")), &json!("local"))
    );
    bridge
        .message_with(ADA, "You are paired with CCTelegram.")
        .await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_the_paired_one_is_let_in_and_nobody_else_with_the_same_code() {
    let mut bridge = untouched().await;
    let mut init = Init::start(&bridge);
    init.types(&format!("{}\n", bridge.token())).await;
    let code = init.code().await;
    bridge.emulator.send_text(ADA, &format!("/start {code}"));
    init.shows("Start was pressed by Ada").await;
    init.types("yes\n").await;
    assert_eq!(init.end().await.code, Some(0));
    bridge.launch().await;
    assert_eq!(bridge.status().await["allowed_users"], 1);
    bridge.drop_event(
        "hello",
        &json!({ "type": "info_notification", "title": "For the paired" }),
    );
    bridge.message_with(ADA, "For the paired").await;
    bridge
        .emulator
        .send_text(STRANGER, &format!("/start {code}"));
    bridge.emulator.send_text(STRANGER, "/mode mute");
    bridge.records_when("access_refused", 2).await;
    bridge.emulator.send_text(ADA, "/mode nomad");
    bridge
        .status_when("the paired one switches", |status| {
            status["mode"]["mode"] == "nomad"
        })
        .await;
    let told = bridge
        .emulator
        .messages(STRANGER)
        .into_iter()
        .filter(|message| message.from_bot);
    let private = |text: Option<String>| text.unwrap().starts_with("This bot is private.");
    assert!(
        told.map(|message| message.text).all(private),
        "a stranger is told nothing, whatever the code"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_qr_code_is_the_link() {
    let bridge = untouched().await;
    let mut init = Init::start(&bridge);
    init.types(&format!("{}\n", bridge.token())).await;
    let code = init.code().await;
    let link = format!("https://t.me/cctelegram_demo_bot?start={code}");
    let image = QrCode::new(link).unwrap();
    let mut render = image.render::<Dense1x2>();
    let image = render
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .build();
    assert!(
        image.lines().count() > 15 && init.shown.contains(&image),
        "{}",
        init.shown
    );
    init.process.signal(Signal::INT);
    let ended = init.end().await;
    assert_ne!(ended.code, Some(0));
    assert_eq!(settings(&bridge).0, None, "Ctrl-C changes nothing");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_the_code_counts_only_first_hand_and_from_a_person() {
    let bridge = untouched().await;
    let mut init = Init::start(&bridge);
    init.types(&format!("{}\n", bridge.token())).await;
    let code = init.code().await;
    let origin = json!({ "type": "hidden_user", "sender_user_name": "Ada", "date": 1_600_000_000 });
    let bot = json!({ "id": 5, "is_bot": true, "first_name": "Bot" });
    let group = json!({ "id": -77, "type": "group", "title": "Everybody" });
    for changes in [
        [("forward_origin", origin)],
        [("via_bot", bot.clone())],
        [("from", bot)],
        [("chat", group)],
        [(
            "sender_chat",
            json!({ "id": -100_123, "type": "channel", "title": "x" }),
        )],
    ] {
        bridge
            .emulator
            .push_update(start_message(STRANGER, &code, &changes));
    }
    let edited = start_message(STRANGER, &code, &[]);
    bridge
        .emulator
        .push_update(json!({ "edited_message": edited["message"] }));
    bridge
        .emulator
        .send_text(STRANGER, &format!("/start {}", code.to_lowercase()));
    bridge.emulator.send_text(STRANGER, &code);
    bridge.emulator.send_text(ADA, &format!("/start {code}"));
    init.shows("Start was pressed by ").await;
    init.types("y\n").await;
    let finished = init.end().await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(
        finished
            .stdout
            .contains(&format!("pressed by Ada (@ada), id {ADA}.")),
        "{finished:?}"
    );
    assert_eq!(finished.stdout.matches("pressed by").count(), 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_no_writes_nothing_and_uses_the_code_up() {
    let bridge = untouched().await;
    let before = settings(&bridge);
    for answer in ["n\n", ""] {
        let mut init = Init::start(&bridge);
        init.types(&format!("{}\n", bridge.token())).await;
        let code = init.code().await;
        // The second one knows the code too, and comes too late.
        bridge
            .emulator
            .send_text(STRANGER, &format!("/start {code}"));
        bridge.emulator.send_text(ADA, &format!("/start {code}"));
        init.shows("Start was pressed by Mallory").await;
        init.types(answer).await;
        // The end of the input is no yes either.
        let finished = init.end().await;
        assert_eq!(finished.code, Some(1), "{finished:?}");
        assert!(
            finished.stderr.ends_with("nothing was changed\n"),
            "{finished:?}"
        );
        assert!(!finished.stdout.contains("Ada"), "{finished:?}");
        assert!(settings(&bridge) == before, "the settings are as they were");
        assert!(!bridge.root().join("cctelegram.db").exists());
    }
    assert!(
        bridge
            .emulator
            .messages(STRANGER)
            .iter()
            .all(|message| !message.from_bot)
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_code_of_an_earlier_attempt_is_worth_nothing() {
    let bridge = untouched().await;
    let mut codes = Vec::new();
    for _ in 0..2 {
        let mut init = Init::start(&bridge);
        init.types(&format!("{}\n", bridge.token())).await;
        codes.push(init.code().await);
        let first = codes.first().unwrap();
        bridge.emulator.send_text(
            if codes.len() == 1 { ADA } else { STRANGER },
            &format!("/start {first}"),
        );
        if codes.len() == 2 {
            bridge
                .emulator
                .send_text(ADA, &format!("/start {}", codes.last().unwrap()));
        }
        init.shows("Start was pressed by Ada").await;
        init.types("n\n").await;
        assert_eq!(init.end().await.code, Some(1));
    }
    assert_ne!(codes.first(), codes.last());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_named_and_removed_only_after_a_yes() {
    let bridge = untouched().await;
    bridge
        .emulator
        .set_webhook_url("https://elsewhere.example/hook");
    let mut init = Init::start(&bridge);
    init.types(&format!("{}\nn\n", bridge.token())).await;
    init.shows(
        "Another program receives this bot's messages, at https://elsewhere.example/hook.\n",
    )
    .await;
    let refused = init.end().await;
    assert_eq!(
        (refused.code, bridge.emulator.count("deleteWebhook")),
        (Some(1), 0),
        "{refused:?}"
    );
    assert!(
        refused.stderr.ends_with("nothing was changed\n") && !refused.stdout.contains("t.me"),
        "{refused:?}"
    );
    let mut init = Init::start(&bridge);
    init.types(&format!("{}\ny\n", bridge.token())).await;
    let code = init.code().await;
    assert_eq!(bridge.emulator.count("deleteWebhook"), 1);
    bridge.emulator.send_text(ADA, &format!("/start {code}"));
    init.shows("pressed by Ada").await;
    init.types("y\n").await;
    assert_eq!(init.end().await.code, Some(0));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_token_that_does_not_work_is_refused_without_showing_it() {
    let bridge = untouched().await;
    let before = settings(&bridge);
    let other = bot_token(7_000_001);
    let misspelt = format!("{}:short", other.split_once(':').unwrap().0);
    for (token, told) in [
        (other.as_str(), "Copy the token again from @BotFather"),
        (
            &misspelt,
            "this is not shaped like a bot token\nCopy it again",
        ),
        ("", "no token was given\nGet one from @BotFather"),
    ] {
        let mut init = Init::start(&bridge);
        init.types(&format!("{token}\n")).await;
        let refused = init.end().await;
        assert_eq!(
            (refused.code, refused.stdout.as_str()),
            (Some(1), ""),
            "{refused:?}"
        );
        assert!(refused.stderr.contains(told), "{refused:?}");
        says_nothing_of(&refused, &other);
        assert!(!refused.stderr.contains("short"), "{refused:?}");
        assert!(settings(&bridge) == before, "the settings are as they were");
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_bridge_runs_init_refuses_and_says_what_to_stop() {
    let bridge = TestBridge::start(setup()).await;
    let refused = Init::start(&bridge).end().await;
    let pid = bridge.process().id();
    let told =
        format!("is in use by another bridge (process {pid})\nStop that one first: `kill {pid}`");
    assert_eq!(
        (refused.code, refused.stdout.as_str()),
        (Some(1), ""),
        "{refused:?}"
    );
    assert!(
        refused.stderr.contains(&told) && refused.stderr.contains("the home "),
        "{refused:?}"
    );
    // Another home, the same bot.
    let other = tempfile::tempdir().unwrap();
    let mut init = Init::of(bridge.spawn(&["init", "--home", other.path().to_str().unwrap()]));
    init.types("\n").await;
    let refused = init.end().await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains(&format!("this bot token {told}")),
        "{refused:?}"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_person_is_added_and_what_arrives_meanwhile_is_not_lost() {
    let mut bridge = TestBridge::start(setup()).await;
    people(&bridge);
    assert!(bridge.terminate().await.success());
    let mut init = Init::start(&bridge);
    // The token of the environment is kept.
    init.types("\n").await;
    let code = init.code().await;
    bridge.emulator.send_text(USER, "/mode nomad");
    bridge.emulator.send_text(ADA, &format!("/start {code}"));
    init.shows("People who may use the bridge already and stay: 1.\n")
        .await;
    init.types("y\n").await;
    let finished = init.end().await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(
        settings(&bridge).0,
        None,
        "the token stays where it was set"
    );
    bridge.launch().await;
    bridge
        .status_when("the command counts", |status| {
            status["mode"]["mode"] == "nomad"
        })
        .await;
    assert_eq!(bridge.status().await["allowed_users"], 2);
    bridge.drop_event(
        "both",
        &json!({ "type": "info_notification", "title": "For both" }),
    );
    bridge.message_with(USER, "For both").await;
    bridge.message_with(ADA, "For both").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_environment_would_override_is_refused() {
    let bridge = TestBridge::prepare(setup()).await;
    let mut init = Init::start(&bridge);
    let typed = bot_token(7_000_002);
    init.types(&format!("{typed}\n")).await;
    let refused = init.end().await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let told = "TELEGRAM_BOT_TOKEN is set in the environment, to another token, and would win\nUnset it first.\n";
    assert!(refused.stderr.ends_with(told), "{refused:?}");
    says_nothing_of(&refused, &typed);
    assert_eq!(settings(&bridge).0, None);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_on_a_terminal_the_token_is_not_shown_while_it_is_typed() {
    let bridge = untouched().await;
    let run = format!("tty; exec '{}' init", env!("CARGO_BIN_EXE_cctelegram"));
    // From util-linux: a pseudo-terminal that shows what is typed, as a person's does.
    let words = [
        "script",
        "--quiet",
        "--return",
        "--echo",
        "always",
        "--command",
        &run,
        "/dev/null",
    ];
    let process = Process::start(&words.map(OsStr::new), &bridge.variables());
    let mut terminal = Init::of(process);
    terminal.shows("The bot's token (it is not shown): ").await;
    let device = terminal.shown.lines().next().unwrap().trim().to_owned();
    until("the terminal hides what is typed", async || {
        let words = ["stty", "-a", "-F", &device];
        let state = Process::start(&words.map(OsStr::new), &[]).finish().await;
        state
            .stdout
            .split_whitespace()
            .any(|word| word == "-echo")
            .then_some(())
    })
    .await;
    terminal.types(&format!("{}\n", bridge.token())).await;
    let code = terminal.code().await;
    bridge.emulator.send_text(ADA, &format!("/start {code}"));
    terminal.shows(QUESTION).await;
    terminal.types("y\n").await;
    let finished = terminal.end().await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(
        finished.stdout.contains(&format!("{QUESTION}y\r\n")),
        "everything else is shown: {finished:?}"
    );
    assert!(finished.stdout.contains("Paired. "), "{finished:?}");
    says_nothing_of(&finished, bridge.token());
    assert!(
        settings(&bridge).0.unwrap().contains(bridge.token()),
        "it was taken all the same"
    );
    bridge.finish().await;
}
