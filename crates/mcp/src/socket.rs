//! A small client of the bridge's socket: one request per connection, with a time limit, nothing but the standard library.

use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use cctelegram_core::api::Problem;
use rustix::io::Errno;
use rustix::net;
use rustix::net::AddressFamily;
use rustix::net::SocketAddrUnix;
use rustix::net::SocketFlags;
use rustix::net::SocketType;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A way to the bridge. Where its socket is, and whether it can be trusted, is looked up for each request, because the
/// bridge may be another one by then.
pub struct SocketLine<'a> {
    find: &'a dyn Fn() -> Option<PathBuf>,
    /// Nothing is waited for any longer than this.
    until: Option<Instant>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    #[error("no bridge is running")]
    NoBridge,
    /// The request may or may not have been carried out.
    #[error("the connection to the bridge broke")]
    Broken(#[source] io::Error),
    #[error("the bridge refused: {}", .0.message)]
    Refused(Problem),
    #[error("the bridge answered something else than expected")]
    Unreadable(#[source] serde_json::Error),
}

impl LineError {
    /// Does it help to try again?
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::NoBridge | Self::Broken(_) => true,
            Self::Refused(problem) => problem.code == "internal",
            Self::Unreadable(_) => false,
        }
    }
}

impl<'a> SocketLine<'a> {
    #[must_use]
    pub fn new(find: &'a dyn Fn() -> Option<PathBuf>) -> Self {
        Self { find, until: None }
    }

    /// Nothing is waited for any longer than `until`, whatever patience a request has.
    #[must_use]
    pub fn until(mut self, until: Instant) -> Self {
        self.until = Some(until);
        self
    }

    /// A request without a body.
    pub fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        patience: Duration,
    ) -> Result<T, LineError> {
        self.call(method, path, &[], patience)
    }

    /// A request with a JSON body.
    pub fn tell<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        patience: Duration,
    ) -> Result<T, LineError> {
        let body = serde_json::to_vec(body).map_err(LineError::Unreadable)?;
        self.call("POST", path, &body, patience)
    }

    fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: &[u8],
        patience: Duration,
    ) -> Result<T, LineError> {
        let until = Instant::now() + patience;
        let until = self.until.map_or(until, |hard| hard.min(until));
        let socket = (self.find)().ok_or(LineError::NoBridge)?;
        let stream = connect(&socket, until).map_err(|error| {
            if error.kind() == io::ErrorKind::TimedOut {
                LineError::Broken(error)
            } else {
                LineError::NoBridge
            }
        })?;
        let answer = exchange(stream, method, path, body, until).map_err(LineError::Broken)?;
        if (200..300).contains(&answer.status) {
            return serde_json::from_slice(&answer.body).map_err(LineError::Unreadable);
        }
        let problem = serde_json::from_slice(&answer.body).map_err(LineError::Unreadable)?;
        Err(LineError::Refused(problem))
    }
}

struct RawReply {
    status: u16,
    body: Vec<u8>,
}

/// Connects without waiting at a listener that takes nobody in: the kernel would, for as long as it takes.
fn connect(socket: &Path, until: Instant) -> io::Result<UnixStream> {
    let address = SocketAddrUnix::new(socket)?;
    loop {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let opened = net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        match net::connect(&opened, &address) {
            Ok(()) => {
                let stream = UnixStream::from(opened);
                stream.set_nonblocking(false)?;
                return Ok(stream);
            }
            // Its queue is full.
            Err(Errno::AGAIN) if Instant::now() + LOOK_AGAIN < until => thread::sleep(LOOK_AGAIN),
            Err(Errno::AGAIN) => return Err(io::ErrorKind::TimedOut.into()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// A full queue is tried again after this span.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

fn exchange(
    mut stream: UnixStream,
    method: &str,
    path: &str,
    body: &[u8],
    until: Instant,
) -> io::Result<RawReply> {
    let head = format!(
        "{method} /v1/{path} HTTP/1.1\r\nHost: cctelegram\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    for mut rest in [head.as_bytes(), body] {
        while !rest.is_empty() {
            stream.set_write_timeout(Some(left(until)?))?;
            let written = stream.write(rest)?;
            rest = rest.get(written..).unwrap_or_default();
        }
    }
    // Whoever gives a byte at a time is not waited for longer than others.
    let mut bytes = Vec::new();
    let mut piece = [0; 16 * 1024];
    while bytes.len() < LARGEST_ANSWER {
        stream.set_read_timeout(Some(left(until)?))?;
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => bytes.extend_from_slice(piece.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    parse(&bytes).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "this is no answer"))
}

/// The time that is left; none is an error.
fn left(until: Instant) -> io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(left)
}

/// An answer that says how long it is; the bridge's all do.
fn parse(bytes: &[u8]) -> Option<RawReply> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let length: usize = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())?;
    let start = end.checked_add(4)?;
    let body = bytes.get(start..start.checked_add(length)?)?;
    Some(RawReply {
        status,
        body: body.to_vec(),
    })
}

const LARGEST_ANSWER: usize = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn security_a_bridge_that_hangs_is_not_waited_for_beyond_the_wait() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("bridge.sock");
        let _listener = UnixListener::bind(&socket).unwrap();
        let find = || Some(socket.clone());
        let limit = Duration::from_millis(300);
        let mut waiting = Vec::new();
        // One that is taken in and never answered, and one that is not even taken in.
        for is_full in [false, true] {
            let address = SocketAddrUnix::new(&socket).unwrap();
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            let family = AddressFamily::UNIX;
            let open = || net::socket_with(family, SocketType::STREAM, flags, None).unwrap();
            let queued = std::iter::repeat_with(open)
                .take_while(|one| is_full && net::connect(one, &address).is_ok());
            waiting.extend(queued);
            let begun = Instant::now();
            let line = SocketLine::new(&find).until(begun + limit);
            let answer = line.ask::<serde_json::Value>("GET", "mode", Duration::from_mins(1));
            assert!(matches!(answer, Err(LineError::Broken(_))), "{answer:?}");
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "{:?}",
                begun.elapsed()
            );
        }
    }

    #[test]
    fn security_a_bridge_that_trickles_is_not_waited_for_beyond_the_wait() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("bridge.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            while stream.write_all(b"x").is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        });
        let find = || Some(socket.clone());
        let begun = Instant::now();
        let line = SocketLine::new(&find).until(begun + Duration::from_millis(300));
        let answer = line.ask::<serde_json::Value>("GET", "mode", Duration::from_mins(1));
        assert!(matches!(answer, Err(LineError::Broken(_))), "{answer:?}");
        assert!(begun.elapsed() < Duration::from_secs(30));
        server.join().unwrap();
    }

    #[test]
    fn an_answer_is_read_by_its_length() {
        let reply = parse(b"HTTP/1.1 200 OK\r\nX: y\r\ncontent-length: 2\r\n\r\n{}rest").unwrap();
        assert_eq!((reply.status, reply.body.as_slice()), (200, &b"{}"[..]));
        for broken in [
            &b""[..],
            b"HTTP/1.1 200 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n{}",
            b"nonsense\r\n\r\n",
        ] {
            assert!(
                parse(broken).is_none(),
                "{:?}",
                String::from_utf8_lossy(broken)
            );
        }
    }
}
