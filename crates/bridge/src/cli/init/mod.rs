//! `cctelegram init`: the bot's token, and the first person.

mod bot;
mod pairing;
mod save;

use std::process::ExitCode;

use anyhow::Context as _;
use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::delivery::Outcome;
use cctelegram_core::message::Draft;
use cctelegram_core::message::Outgoing;
use cctelegram_core::time::Clock as _;
use cctelegram_crypto::Token;
use cctelegram_store::Store;
use cctelegram_telegram::SendOptions;
use cctelegram_telegram::update::Sender;
use serde_json::json;

use super::answer;
use super::failure::FAILED;
use super::failure::Failure;
use super::output;
use crate::clock::SystemClock;
use crate::config;
use crate::config::Config;
use crate::config::Environment;
use crate::keys::Keys;
use crate::lock::HomeLock;
use crate::lock::TokenLock;
use bot::Login;
use pairing::Inbox;
use pairing::Pairing;

/// Set up the bot's token and pair the first person.
#[derive(clap::Args)]
#[command(after_help = "\
First talk to @BotFather on Telegram: /newbot gives you a token. Then run `cctelegram init`. It asks for the token,
shows a link and a QR code, waits until you have pressed Start in your bot's chat, and asks whether that was you.
The bridge must not run meanwhile. When standard input is no terminal, its first line is the token.

Exit codes: 0 paired; 1 failed (it says what was changed); 2 wrong usage.")]
pub(super) struct InitArgs {
    /// Another Bot API server
    #[arg(long, hide = true, value_name = "URL")]
    api_url: Option<String>,
}

pub(super) fn run(args: InitArgs, mut environment: Environment) -> Result<ExitCode, Failure> {
    if let Some(url) = args.api_url {
        environment.set("TELEGRAM_API_URL", &url);
    }
    let config = config::load(&environment)?;
    for warning in config.home.prepare()? {
        output::note(&warning);
    }
    let _home = HomeLock::take(&config.home)?;
    let login = bot::ask_for_token(&config, &environment)?;
    let _token = TokenLock::take(&login.token, &config)?;
    super::runtime()?.block_on(init(&config, &environment, &login))
}

async fn init(
    config: &Config,
    environment: &Environment,
    login: &Login,
) -> Result<ExitCode, Failure> {
    let name = bot::greet(login).await?;
    if !bot::can_poll(login).await? {
        return Ok(unchanged());
    }
    let pairing = Pairing {
        client: &login.client,
        code: Token::random().context("make a code")?,
        confirm: |person: &Sender| confirm(config, person),
    };
    let pair = async |inbox: Option<Inbox<'_>>| {
        // The place to begin first: a code that is sent before it is known would be skipped.
        let offset = pairing.start(inbox).await?;
        pairing::show(&name, &pairing.code)?;
        pairing.run(inbox, offset).await
    };
    // A bridge that ran before finds what else arrives in its store; a new one starts with a clean slate.
    let person = if config.home.database().exists() {
        with_store(config, async |store| {
            let place = config.key_file.as_ref();
            let keys = Keys::load(place, &config.home, store, SystemClock.now()).await?;
            pair(Some(Inbox { store, keys: &keys })).await
        })
        .await?
    } else {
        pair(None).await?
    };
    let Some(person) = person else {
        return Ok(unchanged());
    };
    with_store(config, async |store| {
        keep(config, environment, login, &person, store).await
    })
    .await?;
    welcome(login, &person).await;
    output::line("Paired. Start the bridge with `cctelegram start`.");
    Ok(ExitCode::SUCCESS)
}

fn unchanged() -> ExitCode {
    output::note("nothing was changed");
    ExitCode::from(FAILED)
}

/// Shows who pressed Start. Names can be chosen freely, the number cannot.
fn confirm(config: &Config, person: &Sender) -> Result<bool, Failure> {
    let username = person
        .username
        .as_ref()
        .map(|name| format!(" (@{name})"))
        .unwrap_or_default();
    output::line(&format!(
        "Start was pressed by {}{username}, id {}.",
        person.first_name, person.id
    ));
    let others = config
        .people
        .users()
        .into_iter()
        .filter(|user| *user != person.id)
        .count();
    if others > 0 {
        output::line(&format!(
            "People who may use the bridge already and stay: {others}."
        ));
    }
    answer::yes("May this person approve and control everything the bridge is asked?")
}

/// Opens the store for a while.
async fn with_store<T>(
    config: &Config,
    work: impl AsyncFnOnce(&Store) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let path = config.home.database();
    let opened = cctelegram_store::open(&path, SystemClock.now()).await;
    let (store, writer) =
        opened.with_context(|| format!("open the database {}", path.display()))?;
    let (done, stop) = tokio::sync::oneshot::channel::<()>();
    let work = async {
        let result = work(&store).await;
        drop(done);
        result
    };
    let (result, ()) = tokio::join!(work, writer.run(async { stop.await.unwrap_or_default() }));
    result
}

/// Writes everything down: first that it happens, then what is needed for it.
async fn keep(
    config: &Config,
    environment: &Environment,
    login: &Login,
    person: &Sender,
    store: &Store,
) -> Result<(), Failure> {
    let actor = Actor::Local {
        uid: rustix::process::geteuid().as_raw(),
    };
    let target = format!("user {}", person.id);
    let record = Record::new(SystemClock.now(), EventName::UserPaired, actor, target);
    let record = record
        .details(json!({ "by": "cctelegram init" }))
        .action("added to config.toml");
    store
        .record(record)
        .await
        .context("write the audit record")?;
    if login.is_new {
        save::token(&config.home.env_file(), &login.token)?;
    }
    if !config.people.admits(person.id) {
        save::user(&config.home.config_file(), person.id).inspect_err(|_| {
            if login.is_new {
                let file = config.home.env_file();
                output::note(&format!(
                    "the token was written to {}, but nobody is paired",
                    file.display()
                ));
            }
        })?;
    }
    let now = config::load(environment)?;
    if now.people.admits(person.id) && now.telegram.token.is_some() {
        return Ok(());
    }
    Err(Failure::new(
        FAILED,
        "the settings were written but are not in effect\nDoes the environment say otherwise?",
    ))
}

/// Says so on the phone. Without it the person is paired all the same.
async fn welcome(login: &Login, person: &Sender) {
    let text = "You are paired with CCTelegram. Events and questions arrive here once the bridge runs. /help lists what you can do.";
    let message = Outgoing::Text {
        body: Draft::new().plain(text).finish(),
        keyboard: None,
    };
    let outcome = login
        .client
        .send(person.id.private_chat(), &message, SendOptions::default())
        .await;
    if !matches!(outcome, Outcome::Sent(_)) {
        output::note(
            "the confirmation could not be sent to the phone; the pairing holds all the same",
        );
    }
}
