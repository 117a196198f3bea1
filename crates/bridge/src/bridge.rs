//! One bridge from its settings to its end: locks, store, tasks, shutdown.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::time::Clock;
use cctelegram_store::Store;
use cctelegram_telegram::Bot;
use cctelegram_telegram::CallError;
use cctelegram_telegram::Client;

use crate::alerts::Alerts;
use crate::app::App;
use crate::attachments;
use crate::attendance::Abandoned;
use crate::attendance::Attended;
use crate::bot;
use crate::bot::BotLink;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::config::Environment;
use crate::courtesy;
use crate::dispatch;
use crate::expiry;
use crate::flight::Calls;
use crate::groups;
use crate::health::Health;
use crate::hearing::Hearing;
use crate::http;
use crate::keys::Keys;
use crate::local;
use crate::lock::HomeLock;
use crate::lock::TokenLock;
use crate::memory::MemoryGauge;
use crate::metrics::Metrics;
use crate::modes;
use crate::poller;
use crate::responses;
use crate::sender;
use crate::spool;
use crate::supervise::Ending;
use crate::supervise::Supervisor;
use crate::wake::Wake;

/// What is in hand at a stop has to be finished within this span.
const GRACE: Duration = Duration::from_secs(10);
/// At the start Telegram is given so long to say whether the token is valid.
const FIRST_WORD: Duration = Duration::from_secs(5);

/// A bridge whose tasks run.
pub(crate) struct Bridge {
    pub(crate) app: Arc<App>,
    supervisor: Supervisor,
    _home: HomeLock,
}

impl Bridge {
    /// Takes the locks, opens the store and starts every task. From here on events are taken in.
    pub(crate) async fn start(config: Config, environment: Environment) -> anyhow::Result<Self> {
        let clock = SystemClock;
        let home = HomeLock::take(&config.home)?;
        let token = config.telegram.token.as_ref();
        let token = token
            .context("no bot token is set\nRun `cctelegram init`, or set TELEGRAM_BOT_TOKEN.")?;
        let token_lock = TokenLock::take(token, &config)?;
        let client = bot::client_of(&config)?;
        let started = clock.now();
        let (store, writer) = cctelegram_store::open(&config.home.database(), started)
            .await
            .with_context(|| format!("open the database {}", config.home.database().display()))?;
        let mut supervisor = Supervisor::new();
        supervisor.spawn_foundation("store", |stop| async move {
            writer.run(stop.cancelled_owned()).await;
            Ok(())
        });
        let keys = Keys::load(config.key_file.as_ref(), &config.home, &store, started).await?;
        let listener = http::bind(config.http.port).await?;
        let socket = local::bind(&config.socket)?;
        let health = Health::default();
        let bot = first_word(&client, &health, &clock).await?;
        take_over(&store, &config, &client, &clock).await?;
        let (courtesy, presses) = courtesy::channel();
        let app = Arc::new(App {
            memory: MemoryGauge::new(config.intake.memory_limit_mb),
            store,
            keys,
            bot: BotLink::new(client, bot, token_lock),
            clock: Arc::new(clock),
            wake: Wake::new(),
            calls: Calls::new(),
            health,
            hearing: Hearing::default(),
            alerts: Alerts::default(),
            abandoned: Abandoned::default(),
            attended: Attended::default(),
            metrics: Metrics::new(),
            courtesy,
            started,
            http_address: listener.local_addr()?,
            environment,
            config,
        });
        supervisor.spawn("http", |stop| http::run(app.clone(), listener, stop));
        supervisor.spawn("socket", |stop| local::run(app.clone(), socket, stop));
        supervisor.spawn("spool", |stop| spool::run(app.clone(), stop));
        supervisor.spawn("sender", |stop| sender::run(app.clone(), stop));
        supervisor.spawn("poller", |stop| poller::run(app.clone(), stop));
        supervisor.spawn("dispatch", |stop| dispatch::run(app.clone(), stop));
        supervisor.spawn("courtesy", |stop| courtesy::run(app.clone(), presses, stop));
        supervisor.spawn("responses", |stop| responses::run(app.clone(), stop));
        supervisor.spawn("expiry", |stop| expiry::run(app.clone(), stop));
        supervisor.spawn("modes", |stop| modes::run(app.clone(), stop));
        supervisor.spawn("attachments", |stop| attachments::run(app.clone(), stop));
        supervisor.spawn("record", |stop| record_the_end(app.clone(), stop));
        Ok(Self {
            app,
            supervisor,
            _home: home,
        })
    }

    /// Runs until `shutdown` or until a task fails, then finishes what is in hand.
    pub(crate) async fn run(self, shutdown: impl Future<Output = ()>) -> Ending {
        self.supervisor.run(shutdown, GRACE).await
    }
}

/// Asks Telegram who we are. A refused token stops the start; silence does not: it is tried again for ever.
async fn first_word(
    client: &Client,
    health: &Health,
    clock: &dyn Clock,
) -> anyhow::Result<Option<Bot>> {
    let answer = tokio::time::timeout(FIRST_WORD, client.get_me()).await;
    match answer {
        Ok(Ok(bot)) => {
            health.heard(clock.now());
            Ok(Some(bot))
        }
        Ok(Err(CallError::Unauthorized(reason))) => {
            anyhow::bail!(
                "Telegram refuses the bot token: {reason}\nCopy it again from @BotFather, then run `cctelegram init`."
            )
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "Telegram does not answer yet");
            health.poll_failed(error.to_string());
            Ok(None)
        }
        Err(_) => {
            tracing::warn!("Telegram does not answer yet");
            health.poll_failed("no answer within 5 s".to_owned());
            Ok(None)
        }
    }
}

/// Takes over what an earlier process left: its leases are void, because the home's lock proves that it is gone.
async fn take_over(
    store: &Store,
    config: &Config,
    client: &Client,
    clock: &dyn Clock,
) -> anyhow::Result<()> {
    let now = clock.now();
    let dropped = store
        .clear_attachments(now.plus(Duration::from_secs(1)))
        .await?;
    let void = store.void_leases().await?;
    if store.speak_as(client.bot_id(), now).await? {
        tracing::warn!(
            bot.id = client.bot_id(),
            "this is another bot: open requests are asked anew through it"
        );
    }
    let reconciled = store.reconcile(config.people.chats(), now).await?;
    groups::warn_of_unknown(store, &config.people.routes).await?;
    let record = Record::new(now, EventName::BridgeStarted, Actor::System, "bridge").details(
        serde_json::json!({
            "version": env!("CARGO_PKG_VERSION"),
            "leases_void": void,
            "not_in_effect": config.not_in_effect,
        }),
    );
    store.record(record).await?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        leases_void = void,
        files_dropped = dropped,
        ?reconciled,
        "started"
    );
    Ok(())
}

async fn record_the_end(
    app: Arc<App>,
    stop: tokio_util::sync::CancellationToken,
) -> anyhow::Result<()> {
    stop.cancelled().await;
    let record = Record::new(app.now(), EventName::BridgeStopped, Actor::System, "bridge");
    app.store.record(record).await.context("record the end")
}
