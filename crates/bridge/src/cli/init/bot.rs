//! The bot: its token, its name, and whether its updates can be polled.

use cctelegram_crypto::Secret;
use cctelegram_telegram::CallError;
use cctelegram_telegram::Client;
use cctelegram_telegram::Options;

use crate::cli::answer;
use crate::cli::failure::FAILED;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::config;
use crate::config::Config;
use crate::config::Environment;

/// A token and the way to its bot.
pub(super) struct Login {
    pub(super) token: Secret<String>,
    pub(super) client: Client,
    /// Typed just now, and not the one that is set already.
    pub(super) is_new: bool,
}

/// Reads a token, or takes the one that is set when nothing is typed.
pub(super) fn ask_for_token(config: &Config, environment: &Environment) -> Result<Login, Failure> {
    let present = config.telegram.token.as_ref();
    let keep = config
        .telegram
        .token_source
        .as_ref()
        .map(|place| format!("; empty keeps the one of {place}"));
    let typed = answer::secret(&format!(
        "The bot's token (it is not shown{}):",
        keep.unwrap_or_default()
    ))?;
    let token = match (typed.expose().as_str(), present) {
        ("", Some(present)) => Secret::new(present.expose().clone()),
        ("", None) => {
            return Err(Failure::new(
                FAILED,
                "no token was given\nGet one from @BotFather: /newbot.",
            ));
        }
        (text, _) if config::is_token(text) => typed,
        _ => {
            let text = "this is not shaped like a bot token\nCopy it again from @BotFather; /token shows it there.";
            return Err(Failure::new(FAILED, text));
        }
    };
    let is_new = present.is_none_or(|present| present.expose() != token.expose());
    if is_new
        && environment
            .get("TELEGRAM_BOT_TOKEN")
            .is_some_and(|set| !set.is_empty())
    {
        let text = "TELEGRAM_BOT_TOKEN is set in the environment, to another token, and would win\nUnset it first.";
        return Err(Failure::new(FAILED, text));
    }
    let options = Options {
        token: Secret::new(token.expose().clone()),
        api_url: config.telegram.api_url.clone(),
        proxy: config.telegram.proxy.clone(),
        pool_size: 1,
    };
    let client = Client::new(options).map_err(anyhow::Error::from)?;
    Ok(Login {
        token,
        client,
        is_new,
    })
}

/// Asks Telegram whose token it is; the answer is the bot's name.
pub(super) async fn greet(login: &Login) -> Result<String, Failure> {
    let bot = login.client.get_me().await.map_err(failure)?;
    let Some(name) = bot.username else {
        return Err(Failure::new(
            FAILED,
            "the bot has no name\nGive it one at @BotFather.",
        ));
    };
    output::line(&format!("The bot is @{name} ({}).", bot.first_name));
    Ok(name)
}

/// A webhook takes all updates away from polling; it is removed only with consent.
pub(super) async fn can_poll(login: &Login) -> Result<bool, Failure> {
    let Some(url) = login.client.webhook_url().await.map_err(failure)? else {
        return Ok(true);
    };
    output::line(&format!(
        "Another program receives this bot's messages, at {url}."
    ));
    if !answer::yes("Take them away from it?")? {
        return Ok(false);
    }
    login.client.delete_webhook().await.map_err(failure)?;
    Ok(true)
}

pub(super) fn failure(error: CallError) -> Failure {
    let remedy = match &error {
        CallError::Unauthorized(_) => {
            "Copy the token again from @BotFather; /token shows it there."
        }
        CallError::Conflict(_) => {
            "Stop the other program that uses this bot, or make a bot of its own for CCTelegram."
        }
        CallError::Limited { .. } => "Wait, then run `cctelegram init` again.",
        CallError::Refused { .. } => "Look at the bot's settings at @BotFather.",
        CallError::Unreachable(_) => {
            "Is the network up? Is HTTPS_PROXY needed to reach api.telegram.org?"
        }
    };
    Failure::new(FAILED, format!("{error}\n{remedy}"))
}
