//! The bot we speak as: its client, its name, and what to do when its token stops working.

use std::sync::PoisonError;
use std::sync::RwLock;
use std::time::Duration;

use anyhow::Context as _;
use cctelegram_telegram::Bot;
use cctelegram_telegram::CallError;
use cctelegram_telegram::Client;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::config;
use crate::lock::TokenLock;

/// While a token does not work, it is tried again after this span, and the settings are read anew.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// The present client. It is replaced when a new token of the same bot is found.
pub(crate) struct BotLink(RwLock<Link>);

struct Link {
    client: Client,
    bot: Option<Bot>,
    /// Held for as long as we poll with this token.
    _lock: TokenLock,
}

impl BotLink {
    pub(crate) fn new(client: Client, bot: Option<Bot>, lock: TokenLock) -> Self {
        Self(RwLock::new(Link {
            client,
            bot,
            _lock: lock,
        }))
    }

    pub(crate) fn client(&self) -> Client {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .client
            .clone()
    }

    /// The bot's `@name`, once Telegram has told it.
    pub(crate) fn username(&self) -> Option<String> {
        let link = self.0.read().unwrap_or_else(PoisonError::into_inner);
        link.bot.as_ref().and_then(|bot| bot.username.clone())
    }

    pub(crate) fn is_known(&self) -> bool {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .bot
            .is_some()
    }

    /// Do private chats with the bot have topics? Until Telegram has said so, they do not.
    pub(crate) fn has_private_topics(&self) -> bool {
        let link = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let bot = link.bot.as_ref();
        bot.and_then(|bot| bot.has_topics_enabled).unwrap_or(false)
    }

    pub(crate) fn introduce(&self, bot: Bot) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).bot = Some(bot);
    }

    fn replace(&self, client: Client, bot: Bot, lock: TokenLock) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Link {
            client,
            bot: Some(bot),
            _lock: lock,
        };
    }
}

/// Waits until a token works again: the one that failed, or a new one of the same bot that was put into the settings.
/// Returns early when `stop` is cancelled.
pub(crate) async fn until_token_works(app: &App, reason: &str, stop: &CancellationToken) {
    tracing::error!(
        reason,
        "Telegram refuses the bot token: nothing is sent or received until one works"
    );
    app.health.pause(reason.to_owned());
    while !stop.is_cancelled() {
        let tried = tokio::select! {
            () = stop.cancelled() => return,
            tried = try_tokens(app) => tried,
        };
        match tried {
            Ok(()) => {
                tracing::info!("the bot token works again");
                app.health.resume();
                app.health.heard(app.now());
                app.wake.outbox.notify_one();
                return;
            }
            Err(error) => tracing::debug!(error = format!("{error:#}"), "no token works yet"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(TRY_AGAIN) => {}
        }
    }
}

async fn try_tokens(app: &App) -> anyhow::Result<()> {
    let present = app.bot.client();
    match present.get_me().await {
        Ok(bot) => {
            app.bot.introduce(bot);
            return Ok(());
        }
        Err(CallError::Unauthorized(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let config =
        config::load(&app.environment).map_err(|mistakes| anyhow::anyhow!("{mistakes}"))?;
    let token = config.telegram.token.as_ref().context("no token is set")?;
    if present.has_token(token) {
        anyhow::bail!("the token is still the one that was refused");
    }
    let client = client_of(&config)?;
    if client.bot_id() != present.bot_id() {
        anyhow::bail!("the new token belongs to another bot: restart the bridge to change bots");
    }
    let lock = TokenLock::take(token, &config)?;
    let bot = client.get_me().await?;
    app.bot.replace(client, bot, lock);
    Ok(())
}

/// Makes the client that the settings describe.
pub(crate) fn client_of(config: &config::Config) -> anyhow::Result<Client> {
    let token = config
        .telegram
        .token
        .as_ref()
        .context("no bot token is set\nRun `cctelegram init`, or set TELEGRAM_BOT_TOKEN.")?;
    let options = cctelegram_telegram::Options {
        token: cctelegram_crypto::Secret::new(token.expose().clone()),
        api_url: config.telegram.api_url.clone(),
        proxy: config.telegram.proxy.clone(),
        pool_size: config.telegram.pool_size,
    };
    Client::new(options).context("set up the connection to Telegram")
}
