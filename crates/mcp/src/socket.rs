//! A small client of the bridge's socket: one request per connection, with a time limit, nothing but the standard library.

use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use cctelegram_core::api::Problem;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A way to the bridge. Where its socket is, and whether it can be trusted, is looked up for each request, because the
/// bridge may be another one by then.
pub struct SocketLine<'a> {
    find: &'a dyn Fn() -> Option<PathBuf>,
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
        Self { find }
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
        let socket = (self.find)().ok_or(LineError::NoBridge)?;
        let stream = UnixStream::connect(socket).map_err(|_| LineError::NoBridge)?;
        let answer = exchange(stream, method, path, body, patience).map_err(LineError::Broken)?;
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

fn exchange(
    mut stream: UnixStream,
    method: &str,
    path: &str,
    body: &[u8],
    patience: Duration,
) -> io::Result<RawReply> {
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    let head = format!(
        "{method} /v1/{path} HTTP/1.1\r\nHost: cctelegram\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut bytes = Vec::new();
    stream.take(LARGEST_ANSWER).read_to_end(&mut bytes)?;
    parse(&bytes).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "this is no answer"))
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

const LARGEST_ANSWER: u64 = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

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
