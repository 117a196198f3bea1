//! The bot at Telegram: whose token it is, what it is allowed to do, and who gets its updates.

use std::time::Duration;

use cctelegram_telegram::Bot;
use cctelegram_telegram::CallError;
use cctelegram_telegram::Client;
use reqwest::Url;

use super::Diagnosis;
use super::Patient;
use super::Reaching;
use crate::bot::client_of;

const BOT: &str = "bot";
const RIGHTS: &str = "bot rights";
const WEBHOOK: &str = "webhook";
/// Whoever waits at a terminal is told sooner than a bridge gives up.
const PATIENCE: Duration = Duration::from_secs(15);

pub(super) async fn check(patient: &Patient<'_>, reaching: Reaching) -> Vec<Diagnosis> {
    let client = match client(patient, reaching) {
        Ok(client) => client,
        Err(why) => {
            return [BOT, RIGHTS, WEBHOOK]
                .map(|check| Diagnosis::skipped(check, why))
                .into();
        }
    };
    let bot = match within(client.get_me()).await {
        Ok(bot) => bot,
        Err(error) => {
            let remedy = remedy(&error);
            let mut found = vec![Diagnosis::failed(BOT, error.to_string(), remedy)];
            let skipped = |check| Diagnosis::skipped(check, "Telegram did not say who the bot is");
            found.extend([RIGHTS, WEBHOOK].map(skipped));
            return found;
        }
    };
    let name = bot.username.as_ref().map(|name| format!("@{name}, "));
    let name = name.unwrap_or_default();
    let mut found = vec![Diagnosis::ok(
        BOT,
        format!("Telegram knows the token: {name}id {}", bot.id),
    )];
    found.extend(rights(&bot));
    found.push(match within(client.webhook_url()).await {
        Ok(None) => Diagnosis::ok(WEBHOOK, "none is set: the bridge gets the updates"),
        Ok(Some(url)) => Diagnosis::failed(
            WEBHOOK,
            format!("updates go to {} instead of the bridge", host(&url)),
            "Stop the program there, then run `cctelegram init`: it offers to take them back.",
        ),
        Err(error) => Diagnosis::failed(WEBHOOK, error.to_string(), remedy(&error)),
    });
    found
}

/// A client for questions that disturb nobody; or why there is none.
pub(super) fn client(patient: &Patient<'_>, reaching: Reaching) -> Result<Client, &'static str> {
    if reaching == Reaching::Nobody {
        return Err("--offline was given");
    }
    let config = patient
        .config
        .as_ref()
        .map_err(|_| "the settings have mistakes: see above")?;
    if config.telegram.token.is_none() {
        return Err("there is no token to ask with");
    }
    client_of(config).map_err(|_| "the connection to Telegram cannot be set up")
}

/// An answer in time, or none.
pub(super) async fn within<T>(
    call: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    let answer = tokio::time::timeout(PATIENCE, call).await;
    answer.unwrap_or_else(|_| {
        Err(CallError::Unreachable(format!(
            "no answer within {} s",
            PATIENCE.as_secs()
        )))
    })
}

fn remedy(error: &CallError) -> &'static str {
    match error {
        CallError::Unauthorized(_) => {
            "Copy the token again from @BotFather (/token shows it), then run `cctelegram init`."
        }
        CallError::Conflict(_) => "Stop the other program that uses this bot.",
        CallError::Limited { .. } => "Wait, then run `cctelegram doctor` again.",
        CallError::Refused { .. } => "Look at the bot's settings at @BotFather.",
        CallError::Unreachable(_) => {
            "Is the network up? Is HTTPS_PROXY needed to reach api.telegram.org?"
        }
    }
}

/// What the bot may do according to its settings at `@BotFather`, beyond what private chats need.
fn rights(bot: &Bot) -> Vec<Diagnosis> {
    let known = [
        (
            bot.can_join_groups,
            "anybody may add the bot to a group",
            "If you use no groups: /setjoingroups at @BotFather, then Disable.",
        ),
        (
            bot.can_read_all_group_messages,
            "in groups the bot gets every message (privacy mode is off)",
            "/setprivacy at @BotFather, then Enable: the bridge needs commands and replies only.",
        ),
        (
            bot.supports_inline_queries,
            "the bot takes inline queries, which the bridge never answers",
            "/setinline at @BotFather, then /empty.",
        ),
    ];
    let mut found: Vec<Diagnosis> = known
        .iter()
        .filter(|(set, ..)| *set == Some(true))
        .map(|(_, what, remedy)| Diagnosis::warning(RIGHTS, *what, *remedy))
        .collect();
    if known.iter().any(|(set, ..)| set.is_none()) {
        found.push(Diagnosis::skipped(
            RIGHTS,
            "the server does not tell all of them",
        ));
    }
    if found.is_empty() {
        found.push(Diagnosis::ok(
            RIGHTS,
            "no groups, privacy mode on, no inline queries",
        ));
    }
    found
}

/// A webhook's path is often a secret.
fn host(url: &str) -> String {
    let url = Url::parse(url).ok();
    let host = url.as_ref().and_then(Url::host_str);
    host.unwrap_or("a place that is no URL").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_of_a_webhook_only_the_host_is_told() {
        assert_eq!(
            host("https://me:pw@bots.example/hook/SECRET?x=1"),
            "bots.example"
        );
        assert_eq!(host("SECRET"), "a place that is no URL");
    }
}
