//! Where the Bot API is and how to get there, checked before anything is sent.

use std::fmt;

use cctelegram_crypto::Secret;
use reqwest::Proxy;
use reqwest::Url;

use crate::token::BotToken;

/// What a [`Client`](crate::Client) is made of.
pub struct Options {
    pub token: Secret<String>,
    /// `https://api.telegram.org`, a self-hosted Bot API server, or an emulator on this machine.
    pub api_url: String,
    /// An HTTP or HTTPS proxy that tunnels the TLS connection. Without it no proxy is used, whatever the environment says.
    pub proxy: Option<String>,
    /// How many idle connections are kept.
    pub pool_size: usize,
}

impl fmt::Debug for Options {
    /// Shows neither URL: both may carry credentials, by intention or by mistake.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("token", &self.token)
            .field("proxy", &self.proxy.is_some())
            .field("pool_size", &self.pool_size)
            .finish_non_exhaustive()
    }
}

/// What is wrong with the options. The texts show no value: each may hold a credential.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadOptions {
    #[error("the bot token doesn't have the form `123456789:AAbb…`, as @BotFather gives it")]
    Token,
    #[error("the Bot API URL is not a URL")]
    Url,
    #[error("the Bot API URL needs https; plain http is for servers on this machine only")]
    UrlScheme,
    #[error("the Bot API URL must have no user, password, query or fragment")]
    UrlParts,
    #[error("the proxy URL must be http:// or https:// with a host")]
    Proxy,
    #[error("TLS can't be set up: are the system's root certificates installed?")]
    Tls,
}

/// The options after every check.
pub(crate) struct Checked {
    pub(crate) token: BotToken,
    /// The API's URL without a slash at its end.
    pub(crate) base: String,
    pub(crate) security: Security,
    pub(crate) pool_size: usize,
}

/// How the connection is protected.
pub(crate) enum Security {
    /// TLS, through a proxy if there is one.
    Tls { proxy: Option<Box<Proxy>> },
    /// Plain text that doesn't leave this machine. It never takes a proxy, which would see the token.
    Loopback,
}

impl Options {
    pub(crate) fn check(self) -> Result<Checked, BadOptions> {
        let token = BotToken::parse(self.token).ok_or(BadOptions::Token)?;
        let url = Url::parse(self.api_url.trim()).map_err(|_| BadOptions::Url)?;
        let plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !plain {
            return Err(BadOptions::UrlParts);
        }
        let proxy = self.proxy.as_deref().map(parse_proxy).transpose()?;
        let security = match url.scheme() {
            "https" => Security::Tls {
                proxy: proxy.map(Box::new),
            },
            "http" if is_loopback(&url) => Security::Loopback,
            _ => return Err(BadOptions::UrlScheme),
        };
        let base = url.as_str().trim_end_matches('/').to_owned();
        Ok(Checked {
            token,
            base,
            security,
            pool_size: self.pool_size,
        })
    }
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

fn parse_proxy(text: &str) -> Result<Proxy, BadOptions> {
    let url = Url::parse(text.trim()).map_err(|_| BadOptions::Proxy)?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(BadOptions::Proxy);
    }
    Proxy::all(url).map_err(|_| BadOptions::Proxy)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = concat!("123456789:", "AAbb_this_is_", "no_real_bot_token_12");

    fn check(api_url: &str, proxy: Option<&str>) -> Result<String, BadOptions> {
        let options = Options {
            token: Secret::new(TOKEN.to_owned()),
            api_url: api_url.to_owned(),
            proxy: proxy.map(str::to_owned),
            pool_size: 1,
        };
        options.check().map(|checked| checked.base)
    }

    #[test]
    fn https_is_for_everywhere_and_http_for_this_machine() {
        for (url, base) in [
            ("https://api.telegram.org", "https://api.telegram.org"),
            (
                "https://bots.example:8443/api/",
                "https://bots.example:8443/api",
            ),
            ("http://127.0.0.1:8081/", "http://127.0.0.1:8081"),
            ("http://127.9.9.9", "http://127.9.9.9"),
            ("http://[::1]:8081", "http://[::1]:8081"),
            ("http://localhost:8081", "http://localhost:8081"),
        ] {
            assert_eq!(check(url, None), Ok(base.to_owned()), "{url}");
        }
    }

    #[test]
    fn security_other_urls_are_refused() {
        for (url, mistake) in [
            ("api.telegram.org", BadOptions::Url),
            ("", BadOptions::Url),
            ("http://api.telegram.org", BadOptions::UrlScheme),
            ("http://localhost.evil.example", BadOptions::UrlScheme),
            ("http://127.0.0.1.evil.example", BadOptions::UrlScheme),
            ("http://0.0.0.0", BadOptions::UrlScheme),
            ("ftp://127.0.0.1", BadOptions::UrlScheme),
            ("https://user@api.telegram.org", BadOptions::UrlParts),
            ("https://api.telegram.org?x=1", BadOptions::UrlParts),
            ("https://api.telegram.org#x", BadOptions::UrlParts),
        ] {
            assert_eq!(check(url, None), Err(mistake), "{url}");
        }
    }

    #[test]
    fn a_proxy_is_http_or_https() {
        let url = "https://api.telegram.org";
        assert!(check(url, Some("http://proxy.example:3128")).is_ok());
        assert!(check(url, Some("https://me:pass@proxy.example")).is_ok());
        for bad in [
            "proxy.example:3128",
            "socks5://proxy.example",
            "http://",
            "",
        ] {
            assert_eq!(check(url, Some(bad)), Err(BadOptions::Proxy), "{bad}");
        }
    }

    #[test]
    fn security_neither_debug_nor_errors_show_values() {
        let options = Options {
            token: Secret::new(TOKEN.to_owned()),
            api_url: format!("https://x/bot{TOKEN}"),
            proxy: Some("http://me:canary@proxy".to_owned()),
            pool_size: 1,
        };
        let shown = format!("{options:?}");
        assert!(
            !shown.contains("AAbb") && !shown.contains("canary"),
            "{shown}"
        );
    }
}
