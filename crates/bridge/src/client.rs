//! The other end of the bridge's socket: what commands and agents on this machine speak to it with.

use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use cctelegram_core::api::Accepted;
use cctelegram_core::api::ApprovalStatus;
use cctelegram_core::api::AskRequest;
use cctelegram_core::api::Asked;
use cctelegram_core::api::ChatEntry;
use cctelegram_core::api::Dropped;
use cctelegram_core::api::EnrolRequest;
use cctelegram_core::api::EnrolStarted;
use cctelegram_core::api::EnrolStatus;
use cctelegram_core::api::FileTaken;
use cctelegram_core::api::ModeRequest;
use cctelegram_core::api::ModeStatus;
use cctelegram_core::api::Problem;
use cctelegram_core::api::QueueEntry;
use cctelegram_core::api::QueueItem;
use cctelegram_core::api::Retried;
use cctelegram_core::api::Status;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::id::EnrolmentId;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use reqwest::header::RETRY_AFTER;
use rustix::io::Errno;
use rustix::net;
use rustix::net::AddressFamily;
use rustix::net::SocketAddrUnix;
use rustix::net::SocketFlags;
use rustix::net::SocketType;
use serde::de::DeserializeOwned;

use crate::config::Reach;

/// Where a bridge that runs as a system service listens. Only root can make a directory in `/run`, so what listens
/// there was put there by the machine's administrator.
const SYSTEM_SOCKET: &str = "/run/cctelegram/bridge.sock";
/// The longest time for a request that waits for nothing but the bridge itself.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest wait that the bridge grants in one request, in seconds.
const LONGEST_WAIT_S: u64 = 50;

/// Where the API is in every socket.
const API: &str = "http://cctelegram/v1/";
/// A file is taken at this speed at least, in bytes a second.
const SLOWEST: u64 = 128 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// No socket is there, or nobody listens at it.
    #[error("no bridge is running (looked at {})\nStart it with `cctelegram start`.", places(.0))]
    NoBridge(Vec<PathBuf>),
    /// The socket is somebody else's: what it answers cannot be trusted.
    #[error("the socket {} belongs to user {owner}, not to you\nRemove it, or name its group in [socket] group.", path.display())]
    Stranger { path: PathBuf, owner: u32 },
    #[error("the bridge refused: {}", problem.message)]
    Refused {
        problem: Problem,
        retry_after: Option<Duration>,
    },
    /// The connection or the answer broke off: the request may or may not have been carried out.
    #[error("the bridge did not answer properly: {0}\nLook into its log, bridge.log.")]
    Broken(String),
    #[error("a file cannot be read any more: {0}\nTry again when it is whole.")]
    Unreadable(String),
}

fn places(looked: &[PathBuf]) -> String {
    let places: Vec<String> = looked
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    places.join(", ")
}

/// A way to a running bridge.
#[derive(Clone, Debug)]
pub(crate) struct SocketClient {
    http: reqwest::Client,
    path: PathBuf,
}

impl SocketClient {
    /// Finds the first socket at which somebody listens: the one that was named, the home's, the system's.
    /// A stranger's socket ends the search: it is told, and not passed over.
    pub(crate) fn find(reach: &Reach) -> Result<Self, ClientError> {
        Self::at(&locate(reach)?)
    }

    /// Speaks to whatever listens at this path.
    pub(crate) fn at(path: &Path) -> Result<Self, ClientError> {
        let builder = reqwest::Client::builder().unix_socket(path).no_proxy();
        let builder = builder
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(PATIENCE);
        let http = builder.build().map_err(broken)?;
        Ok(Self {
            http,
            path: path.to_owned(),
        })
    }

    pub(crate) async fn send(&self, event: Vec<u8>) -> Result<Accepted, ClientError> {
        self.call(Method::POST, "events", Some(event), Duration::ZERO)
            .await
    }

    /// Hands a file over; events name it by the id that it gets.
    pub(crate) async fn upload(
        &self,
        name: &str,
        size: u64,
        content: std::fs::File,
    ) -> Result<FileTaken, ClientError> {
        let url = format!("{API}attachments");
        let url = reqwest::Url::parse_with_params(&url, [("name", name)]);
        let url = url.map_err(|error| ClientError::Broken(error.to_string()))?;
        // The bridge looks through it for secrets, which takes its time.
        let patience = PATIENCE.saturating_add(Duration::from_secs(size / SLOWEST));
        let request = self.http.post(url).timeout(patience);
        let content = tokio::fs::File::from_std(content);
        self.answer(request.body(reqwest::Body::from(content)))
            .await
    }

    /// Asking again with the same event id gives the same request.
    pub(crate) async fn ask(&self, request: &AskRequest) -> Result<Asked, ClientError> {
        self.call(
            Method::POST,
            "approvals",
            Some(json(request)?),
            Duration::ZERO,
        )
        .await
    }

    /// Waits for the end of a request: so many seconds, but not longer than the bridge grants in one go.
    pub(crate) async fn approval(
        &self,
        id: ApprovalId,
        wait_s: u64,
    ) -> Result<ApprovalStatus, ClientError> {
        let wait_s = wait_s.min(LONGEST_WAIT_S);
        let path = format!("approvals/{id}?wait_s={wait_s}");
        self.call(Method::GET, &path, None, Duration::from_secs(wait_s))
            .await
    }

    pub(crate) async fn withdraw(&self, id: ApprovalId) -> Result<ApprovalStatus, ClientError> {
        self.call(
            Method::DELETE,
            &format!("approvals/{id}"),
            None,
            Duration::ZERO,
        )
        .await
    }

    pub(crate) async fn status(&self) -> Result<Status, ClientError> {
        self.call(Method::GET, "status", None, Duration::ZERO).await
    }

    pub(crate) async fn mode(&self) -> Result<ModeStatus, ClientError> {
        self.call(Method::GET, "mode", None, Duration::ZERO).await
    }

    pub(crate) async fn set_mode(&self, request: ModeRequest) -> Result<ModeStatus, ClientError> {
        self.call(Method::PUT, "mode", Some(json(&request)?), Duration::ZERO)
            .await
    }

    pub(crate) async fn reset_mode(&self) -> Result<ModeStatus, ClientError> {
        self.call(Method::DELETE, "mode", None, Duration::ZERO)
            .await
    }

    pub(crate) async fn queue(&self, limit: u32) -> Result<Vec<QueueEntry>, ClientError> {
        self.call(
            Method::GET,
            &format!("queue?limit={limit}"),
            None,
            Duration::ZERO,
        )
        .await
    }

    pub(crate) async fn queue_item(&self, id: i64) -> Result<QueueItem, ClientError> {
        let path = format!("queue/{id}");
        self.call(Method::GET, &path, None, Duration::ZERO).await
    }

    /// Tries a message again now; without an id, everything that was given up.
    pub(crate) async fn retry(&self, id: Option<i64>) -> Result<Retried, ClientError> {
        let which = id.map_or("dead".to_owned(), |id| id.to_string());
        let path = format!("queue/{which}/retry");
        self.call(Method::POST, &path, None, Duration::ZERO).await
    }

    pub(crate) async fn drop_message(&self, id: i64) -> Result<Dropped, ClientError> {
        let path = format!("queue/{id}");
        self.call(Method::DELETE, &path, None, Duration::ZERO).await
    }

    pub(crate) async fn chats(&self) -> Result<Vec<ChatEntry>, ClientError> {
        self.call(Method::GET, "chats", None, Duration::ZERO).await
    }

    pub(crate) async fn remove_chat(&self, chat: i64) -> Result<ChatEntry, ClientError> {
        let path = format!("chats/{chat}");
        self.call(Method::DELETE, &path, None, Duration::ZERO).await
    }

    pub(crate) async fn enrol(&self, request: &EnrolRequest) -> Result<EnrolStarted, ClientError> {
        let body = Some(json(request)?);
        self.call(Method::POST, "enrolments", body, Duration::ZERO)
            .await
    }

    /// Waits for the end of an enrolment, but not longer than the bridge grants in one go.
    pub(crate) async fn enrolment(
        &self,
        id: EnrolmentId,
        wait_s: u64,
    ) -> Result<EnrolStatus, ClientError> {
        let wait_s = wait_s.min(LONGEST_WAIT_S);
        let path = format!("enrolments/{id}?wait_s={wait_s}");
        self.call(Method::GET, &path, None, Duration::from_secs(wait_s))
            .await
    }

    pub(crate) async fn withdraw_enrolment(
        &self,
        id: EnrolmentId,
    ) -> Result<EnrolStatus, ClientError> {
        let path = format!("enrolments/{id}");
        self.call(Method::DELETE, &path, None, Duration::ZERO).await
    }

    /// Takes one request to the bridge, which may think about it for `wait` before its patience ends.
    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        wait: Duration,
    ) -> Result<T, ClientError> {
        let url = format!("{API}{path}");
        let mut request = self
            .http
            .request(method, url)
            .timeout(PATIENCE.saturating_add(wait));
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        self.answer(request).await
    }

    async fn answer<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<T, ClientError> {
        let response = request
            .send()
            .await
            .map_err(|error| self.unreached(error))?;
        let status = response.status();
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let body = response.bytes().await.map_err(broken)?;
        if status.is_success() {
            return serde_json::from_slice(&body)
                .map_err(|error| ClientError::Broken(error.to_string()));
        }
        match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => Err(ClientError::Refused {
                problem,
                retry_after: retry_after.map(Duration::from_secs),
            }),
            Err(_) => Err(ClientError::Broken(format!("status {status}"))),
        }
    }

    fn unreached(&self, error: reqwest::Error) -> ClientError {
        if error.is_connect() {
            ClientError::NoBridge(vec![self.path.clone()])
        } else {
            broken(error)
        }
    }
}

fn json(value: &impl serde::Serialize) -> Result<Vec<u8>, ClientError> {
    serde_json::to_vec(value).map_err(|error| ClientError::Broken(error.to_string()))
}

/// The causes too: the first line of a transport error says nothing.
fn broken(error: reqwest::Error) -> ClientError {
    ClientError::Broken(format!("{:#}", anyhow::Error::from(error)))
}

/// The first socket at which somebody listens: the one that was named, the home's, the system's. A stranger's socket ends
/// the search: it is told, and not passed over.
pub(crate) fn locate(reach: &Reach) -> Result<PathBuf, ClientError> {
    let mut candidates: Vec<PathBuf> = reach.explicit.iter().cloned().collect();
    for path in [reach.socket.path.as_path(), Path::new(SYSTEM_SOCKET)] {
        if !candidates.iter().any(|candidate| candidate == path) {
            candidates.push(path.to_owned());
        }
    }
    for path in &candidates {
        if listens(path) {
            trusted(path, reach)?;
            return Ok(path.clone());
        }
    }
    Err(ClientError::NoBridge(candidates))
}

/// A socket of a bridge that was killed stays behind, so that the file alone proves nothing.
fn listens(path: &Path) -> bool {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let connected = SocketAddrUnix::new(path).and_then(|address| {
        let socket = net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        net::connect(&socket, &address)
    });
    match connected {
        // Whoever does not get round to it, and lets others queue up, listens all the same.
        Ok(()) | Err(Errno::AGAIN) => true,
        // There is a listener, but it does not want us: what it is will be said, and not that there is none.
        Err(error) => error == Errno::ACCESS && path.exists(),
    }
}

/// A socket is trusted when it is ours, root's, of the group that was named, or the system's.
fn trusted(path: &Path, reach: &Reach) -> Result<(), ClientError> {
    let about = std::fs::metadata(path).map_err(|error| ClientError::Broken(error.to_string()))?;
    let ours = about.uid() == rustix::process::geteuid().as_raw() || about.uid() == 0;
    let of_group = reach
        .socket
        .group
        .as_ref()
        .is_some_and(|group| group.gid == about.gid());
    if about.file_type().is_socket() && (ours || of_group || path == Path::new(SYSTEM_SOCKET)) {
        return Ok(());
    }
    Err(ClientError::Stranger {
        path: path.to_owned(),
        owner: about.uid(),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::io::Write as _;
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::config;
    use crate::config::Environment;

    fn reach(folder: &Path) -> Reach {
        let mut environment = Environment::default();
        environment.set("CC_TELEGRAM_HOME", folder.to_str().unwrap());
        environment.set(
            "CC_TELEGRAM_SOCKET",
            folder.join("bridge.sock").to_str().unwrap(),
        );
        config::reach(&environment).unwrap()
    }

    /// Answers one request; the connection that looks whether anybody listens comes first.
    fn answer(folder: &Path, answer: &'static str) -> std::thread::JoinHandle<String> {
        let listener = UnixListener::bind(folder.join("bridge.sock")).unwrap();
        std::thread::spawn(move || {
            drop(listener.accept().unwrap());
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        })
    }

    #[tokio::test]
    async fn a_socket_that_nobody_listens_at_is_no_bridge() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            SocketClient::find(&reach(folder.path())),
            Err(ClientError::NoBridge(_))
        ));
        drop(UnixListener::bind(folder.path().join("bridge.sock")).unwrap());
        assert!(matches!(
            SocketClient::find(&reach(folder.path())),
            Err(ClientError::NoBridge(_))
        ));
    }

    #[tokio::test]
    async fn the_named_socket_comes_first_and_the_homes_next() {
        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().join("named.sock");
        let mut environment = Environment::default();
        environment.set("CC_TELEGRAM_HOME", folder.path().to_str().unwrap());
        environment.set("CC_TELEGRAM_SOCKET", named.to_str().unwrap());
        let reach = config::reach(&environment).unwrap();
        let Err(ClientError::NoBridge(looked)) = SocketClient::find(&reach) else {
            panic!("nobody listens")
        };
        let homes = folder.path().join("bridge.sock");
        assert_eq!(
            looked,
            [named.clone(), homes.clone(), PathBuf::from(SYSTEM_SOCKET)]
        );
        let _home = UnixListener::bind(&homes).unwrap();
        assert_eq!(SocketClient::find(&reach).unwrap().path, homes);
        let _named = UnixListener::bind(&named).unwrap();
        assert_eq!(SocketClient::find(&reach).unwrap().path, named);
    }

    #[tokio::test]
    async fn a_refusal_is_told_with_its_reason_and_pause() {
        let folder = tempfile::tempdir().unwrap();
        let body = r#"{"code":"queue_full","message":"full"}"#;
        let text = format!(
            "HTTP/1.1 429 Too Many\r\nRetry-After: 2\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let server = answer(folder.path(), text.leak());
        let bridge = SocketClient::find(&reach(folder.path())).unwrap();
        let error = bridge.send(b"{}".to_vec()).await.unwrap_err();
        let ClientError::Refused {
            problem,
            retry_after,
        } = error
        else {
            panic!("{error}")
        };
        assert_eq!(
            (problem.code.as_str(), retry_after),
            ("queue_full", Some(Duration::from_secs(2)))
        );
        assert!(
            server
                .join()
                .unwrap()
                .starts_with("POST /v1/events HTTP/1.1\r\n")
        );
    }

    #[tokio::test]
    async fn an_answer_that_is_none_is_broken() {
        let folder = tempfile::tempdir().unwrap();
        let server = answer(
            folder.path(),
            "HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno",
        );
        let bridge = SocketClient::find(&reach(folder.path())).unwrap();
        assert!(matches!(bridge.mode().await, Err(ClientError::Broken(_))));
        assert!(
            server
                .join()
                .unwrap()
                .starts_with("GET /v1/mode HTTP/1.1\r\n")
        );
    }

    #[tokio::test]
    async fn security_a_strangers_socket_is_not_spoken_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bridge.sock");
        let _listener = UnixListener::bind(&path).unwrap();
        // Only root may give a file away; for others there is nothing to try.
        if std::os::unix::fs::chown(&path, Some(12_345), None).is_err() {
            return;
        }
        assert!(matches!(
            SocketClient::find(&reach(folder.path())),
            Err(ClientError::Stranger { owner: 12_345, .. })
        ));
    }
}
