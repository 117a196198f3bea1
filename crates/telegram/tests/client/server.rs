//! An HTTP server that gives prepared answers and remembers what it was asked.

use std::io;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread;

use cctelegram_crypto::Secret;
use cctelegram_telegram::Client;
use cctelegram_telegram::Options;

/// What must never be seen outside a request's first line.
pub(crate) const CANARY: &str = "CANARYcanaryCANARYcanaryCANARYcanary";

pub(crate) struct Server {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Gives one answer after the other, each on a connection of its own.
    pub(crate) fn answering<A: Into<Vec<u8>>>(answers: Vec<A>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let answers: Vec<Vec<u8>> = answers.into_iter().map(Into::into).collect();
        thread::spawn(move || {
            for answer in answers {
                let Ok((mut stream, _)) = listener.accept() else {
                    return;
                };
                let Ok(request) = read(&stream) else { return };
                seen.lock().unwrap().push(request);
                // A client that refuses the answer may be gone already.
                drop(stream.write_all(&answer));
            }
        });
        Self { url, requests }
    }

    /// The requests so far, head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// The JSON of the last request.
    pub(crate) fn last_json(&self) -> serde_json::Value {
        let requests = self.requests();
        let (_, body) = requests.last().unwrap().split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        client(&self.url)
    }
}

pub(crate) fn client(url: &str) -> Client {
    Client::new(options(url)).unwrap()
}

pub(crate) fn options(url: &str) -> Options {
    Options {
        token: Secret::new(format!("123456789:{CANARY}")),
        api_url: url.to_owned(),
        proxy: None,
        pool_size: 2,
    }
}

/// An answer with a body of this length and no further promises.
pub(crate) fn http(status: u16, body: &str) -> String {
    with_header(status, "Connection: close", body)
}

pub(crate) fn with_header(status: u16, header: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\n{header}\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// An error of the Bot API.
pub(crate) fn error(code: u16, description: &str) -> String {
    let body = serde_json::json!({
        "ok": false, "error_code": code, "description": description,
    });
    http(code, &body.to_string())
}

pub(crate) fn ok(result: &str) -> String {
    http(200, &format!(r#"{{"ok":true,"result":{result}}}"#))
}

fn read(stream: &TcpStream) -> io::Result<String> {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        if reader.read_line(&mut request)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let lower = request.to_lowercase();
    let length = lower
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.and_then(|length| length.parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body)?;
    Ok(request + &String::from_utf8_lossy(&body))
}

/// A text without any formatting.
pub(crate) fn plain(text: &str) -> cctelegram_core::message::Body {
    cctelegram_core::message::Draft::new().plain(text).finish()
}
