//! What must not be lost is synced to the disk before its producer is let go: the system calls are read with strace.
#![expect(
    clippy::expect_used,
    reason = "a test that panics has failed, in its helpers too"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::WAIT;
use cctelegram_testkit::emulator::Message;
use cctelegram_testkit::until;
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::steps::info;
use crate::steps::setup;

/// What names, syncs, reads and writes anything.
const CALLS: &str = "trace=read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,fsync,fdatasync,unlink,\
                     unlinkat,rename,renameat,renameat2";

/// A trace of everything that a bridge asks of the kernel.
struct Trace {
    folder: TempDir,
}

/// One system call: the lines of the trace where it begins and ends, what it was, and its result.
#[derive(Debug)]
struct Call {
    began: usize,
    ended: usize,
    text: String,
    result: Option<i64>,
}

impl Trace {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary directory"),
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("trace")
    }

    /// Runs the bridge under strace, which stays in the background (-D) so that the bridge is our own child.
    fn of(&self, setup: Setup, options: &[&str]) -> Setup {
        let file = self.file().display().to_string();
        let strace = ["strace", "-D", "-f", "-q", "-y", "-s", "600", "-o", &file];
        setup.wrapped(&[strace.as_slice(), options].concat())
    }

    /// The calls of a bridge that is to be ended here.
    async fn ended(&self, bridge: TestBridge) -> Vec<Call> {
        let process = bridge.process().id().to_string();
        bridge.finish().await;
        let file = self.file();
        let is_last =
            |line: &str| line.starts_with(&process) && line.ends_with(" +++ exited with 0 +++");
        let is_whole = |trace: &String| trace.lines().next_back().is_some_and(is_last);
        let trace = until("the trace is whole", async || {
            fs::read_to_string(&file).ok().filter(is_whole)
        })
        .await;
        calls(&trace)
    }
}

/// Reads `PID call(arguments) = result`, where another thread may come between the two halves of a line.
fn calls(trace: &str) -> Vec<Call> {
    let mut unfinished = BTreeMap::new();
    let mut calls = Vec::new();
    for (number, line) in trace.lines().enumerate() {
        let Some((thread, rest)) = line.split_once(' ') else {
            continue;
        };
        let rest = rest.trim_start();
        if let Some(half) = rest.strip_suffix("<unfinished ...>") {
            unfinished.insert(thread, (number, half.to_owned()));
            continue;
        }
        let (began, text) = match rest.strip_prefix("<... ") {
            None => (number, rest.to_owned()),
            Some(end) => {
                let Some((first, half)) = unfinished.remove(thread) else {
                    continue;
                };
                let end = end.split_once("resumed>").map_or("", |(_, end)| end);
                (first, half + end)
            }
        };
        let result = text
            .rsplit_once(" = ")
            .and_then(|(_, result)| result.split(' ').next()?.parse().ok());
        calls.push(Call {
            began,
            ended: number,
            text,
            result,
        });
    }
    calls
}

impl Call {
    fn is(&self, name: &str) -> bool {
        self.text
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('('))
    }

    fn is_one_of(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.is(name))
    }

    fn says(&self, words: &str) -> bool {
        self.text.contains(words)
    }

    /// Writes a page into the write-ahead log, which is more than one of its headers.
    fn stores(&self) -> bool {
        self.is_one_of(&["write", "pwrite64"])
            && self.says("/cctelegram.db-wal>")
            && self.result.is_some_and(|bytes| bytes > 500)
    }

    fn syncs(&self) -> bool {
        self.is_one_of(&["fsync", "fdatasync"])
            && self.says("/cctelegram.db-wal>")
            && self.result == Some(0)
    }

    fn asks(&self, words: &str) -> bool {
        self.is_one_of(&["write", "writev", "sendto", "sendmsg"]) && self.says(words)
    }

    fn hears(&self, words: &str) -> bool {
        self.is_one_of(&["read", "readv", "recvfrom", "recvmsg"]) && self.says(words)
    }
}

/// Was something written and then synced after the one call had ended and before the other began?
fn is_durable_between(calls: &[Call], before: &Call, after: &Call) -> bool {
    let inside = |call: &&Call| call.began > before.ended && call.ended < after.began;
    let mut written = calls.iter().filter(inside).filter(|call| call.stores());
    written.any(|write| {
        calls
            .iter()
            .filter(inside)
            .any(|sync| sync.syncs() && sync.began > write.ended)
    })
}

#[test]
fn a_write_without_a_sync_behind_it_is_not_durable() {
    let between = |middle: &str| {
        let trace =
            format!("1  renameat2(5</e>, \"a\") = 0\n{middle}\n1  unlinkat(5</e>, \"b\") = 0\n");
        let calls = calls(&trace);
        let find = |name: &str| {
            calls
                .iter()
                .find(|call| call.is(name))
                .expect("it is in the trace")
        };
        is_durable_between(&calls, find("renameat2"), find("unlinkat"))
    };
    let (write, sync) = (
        "2  pwrite64(7</h/cctelegram.db-wal>, \"\", 4096, 0) = 4096",
        "2  fdatasync(7</h/cctelegram.db-wal>)",
    );
    assert!(between(&format!("{write}\n{sync} = 0")));
    assert!(between(&format!(
        "{write}\n2  fdatasync(7</h/cctelegram.db-wal> <unfinished ...>\n2  <... fdatasync resumed>) = 0"
    )));
    assert!(!between(write));
    assert!(!between(&format!("{sync} = 0")));
    assert!(!between(&format!("{sync} = 0\n{write}")));
    assert!(!between(&format!(
        "{write}\n{sync} = -1 EIO (Input/output error)"
    )));
    assert!(!between(&format!(
        "{write}\n2  fdatasync(7</h/cctelegram.db-shm>) = 0"
    )));
    let header = write.replace("4096", "24");
    assert!(!between(&format!("{header}\n{sync} = 0")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_file_is_removed_only_after_its_event_is_on_the_disk() {
    let trace = Trace::new();
    let bridge = TestBridge::start(trace.of(setup(), &["-e", CALLS])).await;
    bridge.drop_event("first", &info("The first"));
    bridge.message_with(USER, "The first").await;
    for number in 0..30 {
        bridge.drop_event(
            &format!("more-{number}"),
            &info(&format!("Number {number} of many")),
        );
    }
    bridge.message_with(USER, "Number 29 of many").await;
    bridge.idle().await;
    let calls = trace.ended(bridge).await;
    let removed: Vec<&Call> = calls
        .iter()
        .filter(|call| call.is("unlinkat") && call.says("\".taken-"))
        .collect();
    assert_eq!(removed.len(), 31);
    for removal in removed {
        let name = removal
            .text
            .split('"')
            .nth(1)
            .expect("the name stands between quotes");
        let to_it = format!("{name}\", RENAME_NOREPLACE");
        let claim = calls
            .iter()
            .find(|call| call.is("renameat2") && call.says(&to_it))
            .expect(name);
        assert!(
            is_durable_between(&calls, claim, removal),
            "{name} was removed too early"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_answered_only_after_its_event_is_on_the_disk() {
    let trace = Trace::new();
    let bridge = TestBridge::start(trace.of(setup(), &["-e", CALLS])).await;
    assert_eq!(
        bridge
            .socket
            .post("/v1/events", &info("Posted"))
            .await
            .status,
        202
    );
    let request = json!({ "event": { "type": "approval_request", "title": "Asked" } });
    assert_eq!(
        bridge.socket.post("/v1/approvals", &request).await.status,
        201
    );
    bridge.message_with(USER, "Posted").await;
    bridge.message_with(USER, "Asked").await;
    let calls = trace.ended(bridge).await;
    for (request, answer) in [
        ("POST /v1/events", "HTTP/1.1 202"),
        ("POST /v1/approvals", "HTTP/1.1 201"),
    ] {
        let heard = calls
            .iter()
            .find(|call| call.hears(request))
            .expect(request);
        let answered = calls.iter().find(|call| call.asks(answer)).expect(answer);
        assert!(
            is_durable_between(&calls, heard, answered),
            "{request} was answered too early"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_are_on_the_disk_before_the_next_poll_confirms_them() {
    let trace = Trace::new();
    let bridge = TestBridge::start(trace.of(setup(), &["-e", CALLS])).await;
    for text in ["/status", "/help"] {
        bridge.emulator.send_text(USER, text);
        let confirmed = bridge
            .emulator
            .wait_until(|phone| (phone.pending_updates() == 0).then_some(()), WAIT)
            .await;
        confirmed.expect("the update is confirmed");
    }
    bridge.idle().await;
    let calls = trace.ended(bridge).await;
    let brought: Vec<&Call> = calls
        .iter()
        .filter(|call| call.hears("\\\"update_id\\\""))
        .collect();
    assert!(
        brought.len() >= 2,
        "{} polls brought updates",
        brought.len()
    );
    for poll in brought {
        let next = calls
            .iter()
            .find(|call| call.began > poll.ended && call.asks("/getUpdates"))
            .expect("another poll");
        assert!(
            is_durable_between(&calls, poll, next),
            "updates were confirmed too early"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_file_that_cannot_be_removed_stays_one_event() {
    let trace = Trace::new();
    let injected = ["-e", "trace=unlinkat", "-e", "inject=unlinkat:error=EIO"];
    let mut bridge = TestBridge::start(trace.of(setup(), &injected)).await;
    bridge.drop_event("stays", &info("Stored but still there"));
    bridge.message_with(USER, "Stored but still there").await;
    let attempts = || {
        fs::read_to_string(trace.file())
            .unwrap_or_default()
            .matches("-stays.json")
            .count()
    };
    bridge.drop_event("other", &info("The next one"));
    bridge.message_with(USER, "The next one").await;
    until("the file was read again", async || {
        (attempts() > 1).then_some(())
    })
    .await;
    bridge.idle().await;
    bridge.kill().await;
    let before = attempts();
    bridge.launch().await;
    until("the next process has read it", async || {
        (attempts() > before || attempts() == 1).then_some(())
    })
    .await;
    bridge.idle().await;
    let titles = bridge
        .database()
        .await
        .texts("SELECT body FROM event")
        .await;
    assert_eq!(titles.len(), 2, "{titles:#?}");
    assert_eq!(
        bridge
            .emulator
            .messages(USER)
            .iter()
            .filter(|message| message.from_bot)
            .count(),
        2
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_disk_refused_to_sync_was_not_taken() {
    let trace = Trace::new();
    // The database's thread syncs 39 times, then never again; after a failure it is replaced by another one.
    // Nothing is sent meanwhile: an event that shares its commit with a delivery mark is tried again alone.
    let injected = [
        "-e",
        "trace=fsync,fdatasync",
        "-e",
        "inject=fsync,fdatasync:error=EIO:when=40+",
    ];
    let bridge = TestBridge::start(trace.of(setup(), &injected)).await;
    let mute = json!({ "mode": "mute" });
    let muted = bridge
        .socket
        .request(Method::PUT, "/v1/mode", Some(&mute))
        .await;
    assert_eq!(muted.expect("the bridge answers").status, 200);
    let mut titles = Vec::new();
    let refused = loop {
        let title = format!("Posted as number {}.", titles.len());
        let answer = bridge.socket.post("/v1/events", &info(&title)).await;
        if answer.status != 202 {
            break answer;
        }
        titles.push(title);
        assert!(titles.len() < 100, "no sync has failed");
    };
    assert_eq!(
        (refused.status, refused.retry_after.as_deref()),
        (503, Some("2"))
    );
    assert_eq!(refused.body["code"], "internal");
    while !bridge.log().contains("event files have to wait") {
        let title = format!("Dropped as number {}.", titles.len());
        bridge.drop_event("dropped", &info(&title));
        titles.push(title);
        assert!(titles.len() < 200, "no sync has failed");
        until("the spool is empty", async || {
            spool_is_empty(&bridge).then_some(())
        })
        .await;
    }
    until("the mute is over", async || {
        let unmuted = bridge
            .socket
            .request(Method::DELETE, "/v1/mode", None)
            .await;
        unmuted
            .is_ok_and(|answer| answer.status == 200)
            .then_some(())
    })
    .await;
    bridge
        .status_when("nothing is held or waits", |status| {
            status["held"] == 0 && status["waiting"] == 0
        })
        .await;
    let messages = bridge.emulator.messages(USER);
    for title in &titles {
        let shows = |message: &&Message| {
            message
                .text
                .as_ref()
                .is_some_and(|text| text.contains(title))
        };
        assert_eq!(messages.iter().filter(shows).count(), 1, "{title}");
    }
    bridge.finish().await;
}

fn spool_is_empty(bridge: &TestBridge) -> bool {
    let entries = fs::read_dir(bridge.events()).expect("the spool can be listed");
    entries
        .map(|entry| entry.expect("it can be listed").file_name())
        .all(|name| name == "rejected")
}
