//! A Bot API server that does nothing but note when a message arrives, and answer. It costs as little as a server can,
//! so that the sender's own time is what is seen.

use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use anyhow::Result;

/// A message that arrived.
pub(crate) struct Arrival {
    /// When its request was read from the wire.
    pub(crate) at: Instant,
    pub(crate) body: Vec<u8>,
}

/// The running server. Its threads end with their connections.
pub(crate) struct Sink {
    address: SocketAddr,
    arrivals: Mutex<mpsc::Receiver<Arrival>>,
    shared: Arc<Shared>,
}

struct Shared {
    is_open: Mutex<bool>,
    opened: Condvar,
    /// Microseconds that an answer takes.
    delay: AtomicU64,
    message: AtomicI64,
    arrivals: mpsc::SyncSender<Arrival>,
}

impl Sink {
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (sender, receiver) = mpsc::sync_channel(QUEUE);
        let shared = Arc::new(Shared {
            is_open: Mutex::new(true),
            opened: Condvar::new(),
            delay: AtomicU64::new(0),
            message: AtomicI64::new(1),
            arrivals: sender,
        });
        let serving = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = serving.clone();
                // A connection that breaks is its client's to complain about.
                thread::spawn(move || serve(stream, &shared).unwrap_or_default());
            }
        });
        Ok(Self {
            address,
            arrivals: Mutex::new(receiver),
            shared,
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits for the next message.
    pub(crate) fn next(&self) -> Result<Arrival> {
        let arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        arrivals
            .recv_timeout(PATIENCE)
            .context("no message arrived at the sink")
    }

    /// Waits for so many messages and answers when the last arrived.
    pub(crate) fn last_of(&self, count: u32) -> Result<Instant> {
        let mut last = None;
        for _ in 0..count {
            last = last.max(Some(self.next()?.at));
        }
        last.context("there was nothing to wait for")
    }

    /// Forgets the messages that nobody asked for.
    pub(crate) fn forget(&self) {
        let arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        while arrivals.try_recv().is_ok() {}
    }

    /// Notes messages but does not answer them until the gate is opened.
    pub(crate) fn close_gate(&self) {
        *self.gate() = false;
    }

    /// From now on the answer to a message takes so long, as if it came from far away.
    pub(crate) fn answer_after(&self, delay: Duration) {
        let micros = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
        self.shared.delay.store(micros, Ordering::Relaxed);
    }

    pub(crate) fn open_gate(&self) {
        *self.gate() = true;
        self.shared.opened.notify_all();
    }

    fn gate(&self) -> std::sync::MutexGuard<'_, bool> {
        self.shared
            .is_open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Messages that nobody has asked for yet; more than a measurement has.
const QUEUE: usize = 100_000;
/// No message takes so long unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// One HTTP request.
struct Request {
    read: Instant,
    head: String,
    body: Vec<u8>,
}

fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut rest = Vec::new();
    while let Some(request) = read(&mut stream, &mut rest)? {
        let result = answer(request, shared);
        let body = format!("{{\"ok\":true,\"result\":{result}}}");
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes())?;
    }
    Ok(())
}

/// Reads one request; what was read beyond it stays in `rest`. Nothing at the end of the connection.
fn read(stream: &mut TcpStream, rest: &mut Vec<u8>) -> io::Result<Option<Request>> {
    let mut chunk = [0; 16 * 1024];
    let mut read = Instant::now();
    loop {
        let end = rest.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        if let Some(end) = end.map(|at| at.saturating_add(4)) {
            let head = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
            let whole = end.saturating_add(length(&head));
            if rest.len() >= whole {
                let after = rest.split_off(whole);
                let body = rest.split_off(end);
                *rest = after;
                return Ok(Some(Request { read, head, body }));
            }
        }
        let size = stream.read(&mut chunk)?;
        if size == 0 {
            return Ok(None);
        }
        read = Instant::now();
        rest.extend_from_slice(chunk.get(..size).unwrap_or_default());
    }
}

fn length(head: &str) -> usize {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut values = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    values
        .next()
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0)
}

/// The result of a call, as JSON.
fn answer(request: Request, shared: &Shared) -> String {
    let line = request.head.lines().next().unwrap_or_default();
    let path = line.split(' ').nth(1).unwrap_or_default();
    match path.rsplit('/').next().unwrap_or_default() {
        "getMe" => {
            "{\"id\":7000001,\"is_bot\":true,\"first_name\":\"Sink\",\"username\":\"sink_bot\"}"
                .to_owned()
        }
        "getWebhookInfo" => "{\"url\":\"\"}".to_owned(),
        "getUpdates" => {
            thread::sleep(poll_time(&request.body));
            "[]".to_owned()
        }
        "sendMessage" => {
            let id = shared.message.fetch_add(1, Ordering::Relaxed);
            let arrival = Arrival {
                at: request.read,
                body: request.body,
            };
            // A sink that is gone has nobody to tell.
            shared.arrivals.send(arrival).unwrap_or_default();
            let open = shared
                .is_open
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            drop(shared.opened.wait_while(open, |open| !*open));
            let delay = shared.delay.load(Ordering::Relaxed);
            if delay > 0 {
                thread::sleep(Duration::from_micros(delay));
            }
            format!("{{\"message_id\":{id},\"date\":0,\"chat\":{{\"id\":1,\"type\":\"private\"}}}}")
        }
        _ => "true".to_owned(),
    }
}

fn poll_time(body: &[u8]) -> Duration {
    let parameters: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let seconds = parameters
        .get("timeout")
        .and_then(serde_json::Value::as_u64);
    Duration::from_secs(seconds.unwrap_or(0))
}
