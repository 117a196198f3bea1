//! One HTTP exchange with the Bot API: within time and size, and without the token in any error.

use std::time::Duration;
use std::time::UNIX_EPOCH;

use cctelegram_core::time::Timestamp;
use cctelegram_crypto::Digest;
use cctelegram_crypto::Secret;
use reqwest::RequestBuilder;
use reqwest::Response;
use reqwest::header::DATE;
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use reqwest::tls::Version;
use serde_json::Value;
use serde_json::json;

use crate::answer::Answer;
use crate::answer::CallFailure;
use crate::options::BadOptions;
use crate::options::Checked;
use crate::options::Security;
use crate::token::BotToken;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long any call but a poll may take.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// The most that is read of an answer. A hundred updates of the longest messages stay far below it.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;

pub(crate) struct Transport {
    http: reqwest::Client,
    token: BotToken,
    /// `<API URL>/bot<token>/`
    prefix: Secret<String>,
}

impl Transport {
    pub(crate) fn new(options: Checked) -> Result<Self, BadOptions> {
        let Checked {
            token,
            base,
            security,
            pool_size,
        } = options;
        let http = http_client(security, pool_size).map_err(|_| BadOptions::Tls)?;
        let prefix = Secret::new(format!("{base}/bot{}/", token.expose()));
        Ok(Self {
            http,
            token,
            prefix,
        })
    }

    /// Compares in constant time.
    pub(crate) fn has_token(&self, token: &Secret<String>) -> bool {
        Digest::of(token.expose().as_bytes()) == Digest::of(self.token.expose().as_bytes())
    }

    pub(crate) const fn bot_id(&self) -> i64 {
        self.token.bot_id()
    }

    /// Calls a method with JSON parameters; returns the result's JSON text.
    pub(crate) async fn call(
        &self,
        method: &str,
        parameters: &Value,
        timeout: Duration,
    ) -> Result<String, CallFailure> {
        self.exchange(self.post(method, timeout).json(parameters))
            .await
    }

    /// What the server's clock says, in whole seconds, whatever else it answers.
    pub(crate) async fn server_time(&self) -> Result<Option<Timestamp>, CallFailure> {
        let asked = self.post("getMe", CALL_TIMEOUT).json(&json!({}));
        let answered = asked.send().await;
        let response =
            answered.map_err(|error| self.scrub(Unread::Broken(error).into_failure()))?;
        let date = response.headers().get(DATE);
        let date = date.and_then(|value| httpdate::parse_http_date(value.to_str().ok()?).ok());
        let since = date.and_then(|date| date.duration_since(UNIX_EPOCH).ok());
        Ok(since.map(|since| Timestamp::from_millis(0).plus(since)))
    }

    /// A call to be filled with a body.
    pub(crate) fn post(&self, method: &str, timeout: Duration) -> RequestBuilder {
        self.http
            .post(format!("{}{method}", self.prefix.expose()))
            .timeout(timeout)
    }

    /// Sends a call and returns the result's JSON text.
    pub(crate) async fn exchange(&self, request: RequestBuilder) -> Result<String, CallFailure> {
        let answered = match request.send().await {
            Ok(response) => match read(response).await {
                Ok(answer) => answer.result(),
                Err(unread) => Err(unread.into_failure()),
            },
            Err(error) => Err(Unread::Broken(error).into_failure()),
        };
        answered.map_err(|failure| self.scrub(failure))
    }

    /// Keeps the token out of texts that come from outside.
    fn scrub(&self, failure: CallFailure) -> CallFailure {
        match failure {
            CallFailure::Unreachable(reason) => CallFailure::Unreachable(self.token.scrub(&reason)),
            CallFailure::Answered {
                code,
                description,
                migrate_to,
            } => {
                let description = self.token.scrub(&description);
                CallFailure::Answered {
                    code,
                    description,
                    migrate_to,
                }
            }
            limited @ CallFailure::Limited { .. } => limited,
        }
    }
}

/// A silent connection is probed after this span, and given up when two probes in two seconds go unanswered: after a
/// suspend or a change of network, a poll ends within five seconds instead of at its time-out.
const STALE_AFTER: Duration = Duration::from_secs(2);

/// A client that sends the token to the API and nowhere else: no redirects (their `Referer` would carry it), and no
/// proxy from the environment.
fn http_client(security: Security, pool_size: usize) -> Result<reqwest::Client, reqwest::Error> {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("cctelegram/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .referer(false)
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(CALL_TIMEOUT)
        .tcp_keepalive(STALE_AFTER)
        .tcp_keepalive_interval(Duration::from_secs(1))
        .tcp_keepalive_retries(2)
        .tcp_user_timeout(STALE_AFTER.saturating_mul(2))
        .pool_max_idle_per_host(pool_size);
    let secured = match security {
        Security::Tls { proxy } => {
            let tls = builder.https_only(true).tls_version_min(Version::TLS_1_3);
            match proxy {
                Some(proxy) => tls.proxy(*proxy),
                None => tls,
            }
        }
        // No certificate is needed, so a machine without any can still use its own emulator.
        Security::Loopback => builder.tls_certs_only([]),
    };
    secured.build()
}

/// Why an answer could not be read.
enum Unread {
    Broken(reqwest::Error),
    TooLarge,
}

async fn read(mut response: Response) -> Result<Answer, Unread> {
    let status = response.status().as_u16();
    let header = response.headers().get(RETRY_AFTER);
    let retry_after = header.and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Unread::Broken)? {
        if body.len().saturating_add(chunk.len()) > LARGEST_ANSWER {
            return Err(Unread::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status,
        retry_after,
        body,
    })
}

impl Unread {
    /// The error with its causes, without the URL.
    fn into_failure(self) -> CallFailure {
        let error = match self {
            Self::TooLarge => {
                return CallFailure::Unreachable("the answer has more than 8 MiB".to_owned());
            }
            Self::Broken(error) => error.without_url(),
        };
        let mut reason = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(source) = cause {
            let text = source.to_string();
            if !reason.ends_with(&text) {
                reason = format!("{reason}: {text}");
            }
            cause = source.source();
        }
        CallFailure::Unreachable(reason)
    }
}
