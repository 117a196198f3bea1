//! How Telegram is reached.

use std::fmt;
use std::net::IpAddr;

use cctelegram_core::pacing::Limits;
use cctelegram_crypto::Secret;
use reqwest::Url;

use super::mistake;
use super::mistake::Place;
use super::raw::Raw;
use super::settings;

/// Telegram's own server, whose limits can't be switched off.
const OFFICIAL: &str = "api.telegram.org";

/// The bot and the way to its server.
pub(crate) struct Telegram {
    pub(crate) token: Option<Secret<String>>,
    /// Where the token was found.
    pub(crate) token_source: Option<Place>,
    /// Without a slash at its end.
    pub(crate) api_url: String,
    /// It may contain a password.
    pub(crate) proxy: Option<String>,
    pub(crate) limits: Limits,
    pub(crate) pool_size: usize,
}

impl fmt::Debug for Telegram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telegram")
            .field("api_url", &self.api_url)
            .finish_non_exhaustive()
    }
}

pub(super) fn telegram(raw: &mut Raw) -> Telegram {
    let api_url = api_url(raw);
    let proxy = proxy(raw, api_url.as_ref());
    let token = token(raw);
    let token_source = token.as_ref().map(|_| raw.place(&settings::TOKEN));
    let limits = limits(raw, api_url.as_ref());
    let pool_size = usize::try_from(raw.whole(&settings::POOL)).unwrap_or(usize::MAX);
    let api_url = api_url
        .map(|url| url.as_str().trim_end_matches('/').to_owned())
        .unwrap_or_default();
    Telegram {
        token,
        token_source,
        api_url,
        proxy,
        limits,
        pool_size,
    }
}

fn token(raw: &mut Raw) -> Option<Secret<String>> {
    let text = raw.text(&settings::TOKEN)?;
    if mistake::is_token(&text) {
        return Some(Secret::new(text));
    }
    let place = raw.place(&settings::TOKEN);
    let what =
        "this is not shaped like a bot token (a number, a colon, and 35 letters, digits, - or _)";
    raw.mistake(
        &place,
        settings::TOKEN.name(),
        what,
        "Copy it again from @BotFather; /token shows it there.",
    );
    None
}

fn api_url(raw: &mut Raw) -> Option<Url> {
    let text = raw.text(&settings::API_URL)?;
    match server(&text) {
        Ok(url) => Some(url),
        Err(what) => {
            let place = raw.place(&settings::API_URL);
            raw.mistake(
                &place,
                settings::API_URL.name(),
                what,
                "Write https://host, with a port where it has one.",
            );
            None
        }
    }
}

fn server(text: &str) -> Result<Url, String> {
    let url: Url = text
        .parse()
        .map_err(|error| format!("this is not an address: {error}"))?;
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err("a server's address has no user, query or fragment".to_owned());
    }
    match url.scheme() {
        "https" if url.host().is_some() => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(
            "plain http would show the token to the network; it is for this machine only"
                .to_owned(),
        ),
        _ => Err("this is no https address".to_owned()),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// The proxy, if there is one between us and the server. A server on this machine is reached directly unless
/// `config.toml` says otherwise, because `HTTPS_PROXY` is meant for the outside.
fn proxy(raw: &mut Raw, api_url: Option<&Url>) -> Option<String> {
    let text = raw.text(&settings::PROXY).filter(|text| !text.is_empty())?;
    let place = raw.place(&settings::PROXY);
    let url = text
        .parse::<Url>()
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
    if url.is_none() {
        let what = "this is not the address of an HTTP proxy (its value is not shown, it may hold a password)";
        raw.mistake(
            &place,
            settings::PROXY.name(),
            what,
            "Write http://host:port.",
        );
        return None;
    }
    (place != Place::Environment || !api_url.is_some_and(is_loopback)).then_some(text)
}

fn limits(raw: &mut Raw, api_url: Option<&Url>) -> Limits {
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let limits = Limits {
        per_chat_per_second: raw.number(&settings::PER_CHAT),
        per_chat_burst: small(raw.whole(&settings::PER_CHAT_BURST)),
        per_group_per_minute: small(raw.whole(&settings::PER_GROUP)),
        global_per_second: raw.number(&settings::OVERALL),
    };
    if api_url.and_then(Url::host_str) != Some(OFFICIAL) {
        return limits;
    }
    let off = [
        (&settings::PER_CHAT, limits.per_chat_per_second <= 0.0),
        (&settings::PER_GROUP, limits.per_group_per_minute == 0),
        (&settings::OVERALL, limits.global_per_second <= 0.0),
    ];
    for (setting, _) in off.into_iter().filter(|(_, off)| *off) {
        let (place, what) = (
            raw.place(setting),
            format!("{OFFICIAL} has limits, they can't be switched off"),
        );
        raw.mistake(
            &place,
            setting.name(),
            what,
            "Remove it; 0 is for a Bot API server of your own.",
        );
    }
    limits
}
