//! The way to the bridge: HTTP over its Unix socket, one connection for each request.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use cctelegram_core::agent::Trace;
use cctelegram_core::api::Accepted;
use cctelegram_core::api::ApprovalStatus;
use cctelegram_core::api::AskRequest;
use cctelegram_core::api::Asked;
use cctelegram_core::api::FileTaken;
use cctelegram_core::api::ModeRequest;
use cctelegram_core::api::ModeStatus;
use cctelegram_core::api::Problem;
use cctelegram_core::api::ReplyHeard;
use cctelegram_core::api::ReplyWait;
use cctelegram_core::api::ResponseEntry;
use cctelegram_core::api::ResponsePage;
use cctelegram_core::api::Status;
use cctelegram_core::id::ApprovalId;
use http_body_util::BodyExt as _;
use http_body_util::Full;
use http_body_util::Limited;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::Method;
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::UnixStream;

use crate::files::NamedContent;

/// The longest time for a request that waits for nothing but the bridge itself.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest wait that the bridge grants in one request, in seconds.
pub(crate) const LONGEST_WAIT_S: u64 = 50;
/// A file is taken at this speed at least, in bytes a second.
const SLOWEST: u64 = 128 * 1024;
/// No answer of the bridge is larger, in bytes.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;
/// A request that may or may not have been carried out is made again so often; its event id makes it the same one.
const TRIES: u32 = 3;
/// The pause between two tries.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NotReached {
    /// No bridge is there: what is wrong, then what to do.
    #[error("{0}")]
    NoBridge(String),
    /// Somebody listens who cannot be trusted: what is wrong, then what to do.
    #[error("{0}")]
    Untrusted(String),
    #[error("the bridge refused: {}", .0.message)]
    Refused(Problem),
    /// The connection or the answer broke off: the request may or may not have been carried out.
    #[error("the bridge did not answer properly: {0}\nLook into its log, bridge.log.")]
    Broken(String),
}

impl NotReached {
    /// Does it help to try again?
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::NoBridge(_) | Self::Broken(_) => true,
            Self::Refused(problem) => problem.code == "internal",
            Self::Untrusted(_) => false,
        }
    }
}

/// What every request travels in.
pub(crate) type Payload = UnsyncBoxBody<Bytes, io::Error>;

/// Finds the socket of a bridge, or says why there is none.
type Find = dyn Fn() -> Result<PathBuf, NotReached> + Send + Sync;

/// A way to whatever bridge runs when it is needed: bridges come and go.
pub struct Access {
    find: Box<Find>,
}

impl Access {
    /// `find` is asked before every request.
    #[must_use]
    pub fn new(find: impl Fn() -> Result<PathBuf, NotReached> + Send + Sync + 'static) -> Self {
        Self {
            find: Box::new(find),
        }
    }

    /// Where a bridge listens, if one does.
    pub(crate) fn socket(&self) -> Option<PathBuf> {
        (self.find)().ok()
    }

    /// Hands an event over. It has an id of its own, so that trying again cannot send it twice.
    pub(crate) async fn send(&self, event: &Value) -> Result<Accepted, NotReached> {
        let mut tries = 1;
        loop {
            let sent = self.post("events", event).await;
            match sent {
                Err(NotReached::Broken(_)) if tries < TRIES => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                other => return other,
            }
            tries += 1;
        }
    }

    /// Asks for a decision; asking again with the same event id gives the same request.
    pub(crate) async fn ask(&self, request: &AskRequest) -> Result<Asked, NotReached> {
        let mut tries = 1;
        loop {
            match self.post("approvals", request).await {
                Err(NotReached::Broken(_)) if tries < TRIES => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                other => return other,
            }
            tries += 1;
        }
    }

    /// Where a request stands, after waiting for its end for so many seconds at most. When this process is killed
    /// meanwhile, the bridge takes the request back.
    pub(crate) async fn approval(
        &self,
        id: ApprovalId,
        wait_s: u64,
    ) -> Result<ApprovalStatus, NotReached> {
        let wait_s = wait_s.min(LONGEST_WAIT_S);
        let path = format!("approvals/{id}?wait_s={wait_s}&attend={id}");
        self.get(&path, Duration::from_secs(wait_s)).await
    }

    pub(crate) async fn withdraw(&self, id: ApprovalId) -> Result<ApprovalStatus, NotReached> {
        let request = bare(Method::DELETE, &format!("approvals/{id}"))?;
        self.call(request, PATIENCE).await
    }

    /// The newest answers to one event, the oldest of them first.
    pub(crate) async fn answers_to(
        &self,
        event: &str,
        limit: usize,
    ) -> Result<Vec<ResponseEntry>, NotReached> {
        self.newest(&format!("event={}", escaped(event)), limit)
            .await
    }

    /// The newest answers to what a session sent, the oldest of them first.
    pub(crate) async fn answers_in(
        &self,
        session: &Trace,
        limit: usize,
    ) -> Result<Vec<ResponseEntry>, NotReached> {
        self.newest(&format!("session={}", escaped(session.as_str())), limit)
            .await
    }

    async fn newest(&self, which: &str, limit: usize) -> Result<Vec<ResponseEntry>, NotReached> {
        let mut newest = VecDeque::new();
        let mut after = 0;
        loop {
            let path = format!("responses?after={after}&{which}");
            let page: ResponsePage = self.get(&path, Duration::ZERO).await?;
            let Some(last) = page.responses.last() else {
                return Ok(newest.into());
            };
            after = last.id;
            newest.extend(page.responses);
            let surplus = newest.len().saturating_sub(limit);
            newest.drain(..surplus);
        }
    }

    /// Waits for the next reply to what a session sent.
    pub(crate) async fn next_reply(
        &self,
        session: &Trace,
        wait: &ReplyWait,
    ) -> Result<ReplyHeard, NotReached> {
        let path = format!("sessions/{}/replies", escaped(session.as_str()));
        let patience = PATIENCE.saturating_add(Duration::from_secs(wait.wait_s));
        self.call(json(Method::POST, &path, wait)?, patience).await
    }

    pub(crate) async fn status(&self) -> Result<Status, NotReached> {
        self.get("status", Duration::ZERO).await
    }

    /// What the bridge says of itself, and the process that the kernel names as the listener; none where it names none.
    pub(crate) async fn status_and_process(&self) -> Result<(Status, Option<u32>), NotReached> {
        let stream = self.connect().await?;
        let process = stream.peer_cred().map_err(broken)?.pid();
        let process = process.and_then(|pid| u32::try_from(pid).ok());
        let status = talk(stream, bare(Method::GET, "status")?, PATIENCE).await?;
        Ok((status, process.filter(|pid| *pid != 0)))
    }

    pub(crate) async fn mode(&self) -> Result<ModeStatus, NotReached> {
        self.get("mode", Duration::ZERO).await
    }

    pub(crate) async fn set_mode(&self, request: ModeRequest) -> Result<ModeStatus, NotReached> {
        self.call(json(Method::PUT, "mode", &request)?, PATIENCE)
            .await
    }

    /// Hands a file over; events name it by the id that it gets.
    pub(crate) async fn upload(&self, file: NamedContent) -> Result<FileTaken, NotReached> {
        let path = format!("attachments?name={}", escaped(&file.name));
        let (size, body) = (file.size, file.body());
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("/v1/{path}"))
            .header(header::HOST, "cctelegram")
            .header(header::CONTENT_LENGTH, size)
            .body(body)
            .map_err(broken)?;
        // The bridge looks through it for secrets, which takes its time.
        let patience = PATIENCE.saturating_add(Duration::from_secs(size / SLOWEST));
        self.call(request, patience).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, wait: Duration) -> Result<T, NotReached> {
        self.call(bare(Method::GET, path)?, PATIENCE.saturating_add(wait))
            .await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, NotReached> {
        self.call(json(Method::POST, path, body)?, PATIENCE).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        request: Request<Payload>,
        patience: Duration,
    ) -> Result<T, NotReached> {
        talk(self.connect().await?, request, patience).await
    }

    async fn connect(&self) -> Result<UnixStream, NotReached> {
        let path = (self.find)()?;
        UnixStream::connect(&path).await.map_err(broken)
    }
}

async fn talk<T: DeserializeOwned>(
    stream: UnixStream,
    request: Request<Payload>,
    patience: Duration,
) -> Result<T, NotReached> {
    let answer = tokio::time::timeout(patience, Box::pin(exchange(stream, request))).await;
    let (is_success, body) =
        answer.map_err(|_| NotReached::Broken("no answer in time".to_owned()))??;
    if is_success {
        return serde_json::from_slice(&body).map_err(broken);
    }
    match serde_json::from_slice(&body) {
        Ok(problem) => Err(NotReached::Refused(problem)),
        Err(error) => Err(broken(error)),
    }
}

/// Takes one request over one connection: did it succeed, and what was answered?
async fn exchange(
    stream: UnixStream,
    request: Request<Payload>,
) -> Result<(bool, Bytes), NotReached> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    let talk = pin!(async move {
        let answer = sender.send_request(request).await.map_err(broken)?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, LARGEST_ANSWER).collect().await;
        let body = body.map_err(|error| NotReached::Broken(error.to_string()))?;
        Ok((head.status.is_success(), body.to_bytes()))
    });
    // The connection moves the bytes. What goes wrong with it shows in the talk, so its own end is not looked at.
    let moved = pin!(async {
        drop(connection.await);
        std::future::pending::<()>().await;
    });
    match futures_util::future::select(talk, moved).await {
        futures_util::future::Either::Left((said, _)) => said,
        futures_util::future::Either::Right(((), talk)) => talk.await,
    }
}

fn bare(method: Method, path: &str) -> Result<Request<Payload>, NotReached> {
    request(method, path, Bytes::new())
}

fn json(method: Method, path: &str, body: &impl Serialize) -> Result<Request<Payload>, NotReached> {
    request(
        method,
        path,
        Bytes::from(serde_json::to_vec(body).map_err(broken)?),
    )
}

fn request(method: Method, path: &str, body: Bytes) -> Result<Request<Payload>, NotReached> {
    let body = Full::new(body).map_err(|never| match never {});
    Request::builder()
        .method(method)
        .uri(format!("/v1/{path}"))
        .header(header::HOST, "cctelegram")
        .header(header::CONTENT_TYPE, "application/json")
        .body(UnsyncBoxBody::new(body))
        .map_err(broken)
}

fn broken(error: impl std::error::Error) -> NotReached {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        // Writing into a String cannot fail.
        write!(text, ": {next}").unwrap_or_default();
        cause = next.source();
    }
    NotReached::Broken(text)
}

/// A value as it stands in a query.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                text.push(char::from(byte));
            }
            // Writing into a String cannot fail.
            other => write!(text, "%{other:02X}").unwrap_or_default(),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_the_query() {
        assert_eq!(
            escaped("a b&wait_s=9/ä.txt"),
            "a%20b%26wait_s%3D9%2F%C3%A4.txt"
        );
    }

    #[tokio::test]
    async fn without_a_bridge_it_is_said_what_to_do() {
        let none = || NotReached::NoBridge("no bridge is running\nStart it.".to_owned());
        let access = Access::new(move || Err(none()));
        let error = access.status().await.unwrap_err();
        assert_eq!(error.to_string(), "no bridge is running\nStart it.");
    }
}
