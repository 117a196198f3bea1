//! Programs that post events to the bridge's socket at the same time, each on a connection of its own that it keeps.
//! They cost as little as a client can: what they send is made beforehand.

use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use anyhow::Result;
use anyhow::bail;
use anyhow::ensure;

use crate::event::MadeEvent;

/// Posts all events, shared out to so many producers; answers how long it took until the last was answered.
pub(crate) fn post(socket: &Path, events: &[MadeEvent], producers: u32) -> Result<Duration> {
    let requests: Vec<String> = events.iter().map(request).collect();
    let count = usize::try_from(producers)?;
    let share = requests.len().div_ceil(count).max(1);
    let shares: Vec<&[String]> = requests.chunks(share).collect();
    let ready = Barrier::new(shares.len().saturating_add(1));
    thread::scope(|scope| {
        let producers: Vec<_> = shares
            .into_iter()
            .map(|share| {
                let ready = &ready;
                scope.spawn(move || produce(socket, share, ready))
            })
            .collect();
        ready.wait();
        let start = Instant::now();
        for producer in producers {
            let Ok(posted) = producer.join() else {
                bail!("a producer panicked");
            };
            posted?;
        }
        Ok(start.elapsed())
    })
}

fn request(event: &MadeEvent) -> String {
    let json = &event.json;
    format!(
        "POST /v1/events HTTP/1.1\r\nhost: bridge\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{json}",
        json.len()
    )
}

fn produce(socket: &Path, requests: &[String], ready: &Barrier) -> Result<()> {
    let stream = UnixStream::connect(socket).context("connect to the bridge");
    // Also without a connection: the others must not wait for ever.
    ready.wait();
    let mut stream = stream?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut buffer = [0; 4096];
    for request in requests {
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        while !is_whole(&answer) {
            let size = stream.read(&mut buffer).context("read an answer")?;
            ensure!(size > 0, "the bridge hung up");
            answer.extend_from_slice(buffer.get(..size).unwrap_or_default());
        }
        let text = String::from_utf8_lossy(&answer);
        ensure!(
            text.starts_with("HTTP/1.1 202 "),
            "an event was not taken: {text}"
        );
    }
    Ok(())
}

/// Is the body as long as its head says?
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let mut lengths = head.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<usize>().ok())?
    });
    lengths.next().is_some_and(|length| body.len() >= length)
}

/// No answer takes so long unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);
