//! The pages on 127.0.0.1 and who gets to see them; the socket and who may speak to it.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says why"
)]

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use cctelegram_testkit::Finished;
use cctelegram_testkit::Process;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::bot_token;
use cctelegram_testkit::until;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::steps::setup;

/// Somebody else on this machine: `nobody`.
const NOBODY: &str = "65534";

/// An answer as it came.
#[derive(Debug)]
struct Page {
    status: u16,
    head: String,
    body: String,
}

impl Page {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn problems(&self) -> String {
        self.json()["problems"].to_string()
    }
}

async fn address(bridge: &TestBridge) -> String {
    bridge.status().await["health_address"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Sends a request line with these headers, byte for byte.
async fn request(address: &str, line: &str, headers: &[&str]) -> Page {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let lines: Vec<&str> = [line]
        .iter()
        .chain(headers)
        .copied()
        .chain(["Connection: close", "", ""])
        .collect();
    stream
        .write_all(lines.join("\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Page {
        status,
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}

async fn get(address: &str, path: &str) -> Page {
    request(
        address,
        &format!("GET {path} HTTP/1.1"),
        &[&format!("Host: {address}")],
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_that_works_is_healthy_ready_and_live() {
    let bridge = TestBridge::start(setup()).await;
    let address = address(&bridge).await;
    let health = get(&address, "/health").await;
    assert!(
        health.status == 200 && health.head.contains("content-type: application/json"),
        "{health:?}"
    );
    let told = health.json();
    assert_eq!(
        (&told["status"], &told["problems"], &told["not_in_effect"]),
        (&json!("healthy"), &json!([]), &json!([]))
    );
    assert_eq!(
        (&told["version"], &told["mode"]["mode"]),
        (&json!(env!("CARGO_PKG_VERSION")), &json!("local"))
    );
    for (path, text) in [("/ready", "ready\n"), ("/live", "live\n")] {
        let page = get(&address, path).await;
        assert_eq!((page.status, page.body.as_str()), (200, text), "{path}");
    }
    for (line, status) in [
        ("GET / HTTP/1.1", 404),
        ("GET /v1/status HTTP/1.1", 404),
        ("POST /health HTTP/1.1", 405),
    ] {
        let page = request(
            &address,
            line,
            &[&format!("Host: {address}"), "Content-Length: 0"],
        )
        .await;
        assert_eq!(page.status, status, "{line}");
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_with_telegram_is_a_503_with_its_reason_but_events_are_taken_in() {
    let bridge = TestBridge::start(setup()).await;
    let address = address(&bridge).await;
    bridge
        .emulator
        .set_webhook_url("https://elsewhere.example/hook");
    let ill = until("health tells the problem", async || {
        Some(get(&address, "/health").await).filter(|page| page.status != 200)
    });
    let ill = ill.await;
    assert_eq!(
        (ill.status, &ill.json()["status"]),
        (503, &json!("unhealthy"))
    );
    assert!(
        ill.problems().contains("Answers may go to someone else: "),
        "{ill:?}"
    );
    assert_eq!(
        metric(&get(&address, "/metrics").await.body, "cctelegram_healthy"),
        0
    );
    assert_eq!(
        (
            get(&address, "/ready").await.status,
            get(&address, "/live").await.status
        ),
        (200, 200)
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_revoked_token_is_a_problem_that_does_not_show_it() {
    let bridge = TestBridge::start(setup()).await;
    let address = address(&bridge).await;
    bridge.emulator.set_token(&bot_token(7_000_001));
    let told = until("health tells the problem", async || {
        let page = get(&address, "/health").await;
        page.problems()
            .contains("The bot token does not work")
            .then_some(page)
    });
    let told = told.await;
    assert_eq!(told.status, 503);
    let secret = bridge.token().split_once(':').unwrap().1;
    assert!(!told.body.contains(secret), "{told:?}");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_for_nobody_is_neither_ready_nor_healthy() {
    let bridge = TestBridge::start(setup().users(&[])).await;
    let address = address(&bridge).await;
    let (health, ready) = (
        get(&address, "/health").await,
        get(&address, "/ready").await,
    );
    assert_eq!(
        (
            health.status,
            ready.status,
            get(&address, "/live").await.status
        ),
        (503, 503, 200)
    );
    assert_eq!(ready.body, "nobody is allowed to receive messages\n");
    assert!(
        health
            .problems()
            .contains("Nobody is allowed to receive messages: run `cctelegram init`."),
        "{health:?}"
    );
    assert_eq!(
        metric(&get(&address, "/metrics").await.body, "cctelegram_healthy"),
        0,
        "all pages agree"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_blocked_the_bot_is_a_problem_until_they_are_back() {
    let bridge = TestBridge::start(setup()).await;
    let address = address(&bridge).await;
    bridge.emulator.block(USER);
    bridge.drop_event(
        "unheard",
        &json!({ "type": "info_notification", "title": "Unheard" }),
    );
    let told = until("health tells the problem", async || {
        Some(get(&address, "/health").await).filter(|page| page.status != 200)
    });
    let told = told.await;
    assert!(
        told.body
            .contains(&format!("Chat {USER} cannot be written to")),
        "{told:?}"
    );
    bridge.emulator.unblock(USER);
    bridge.emulator.send_text(USER, "/start");
    until("health is back", async || {
        (get(&address, "/health").await.status == 200).then_some(())
    })
    .await;
    bridge.message_with(USER, "Unheard").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_no_changes_is_a_problem() {
    let bridge = TestBridge::start(setup()).await;
    let address = address(&bridge).await;
    bridge.idle().await;
    let lock = bridge.lock_database().await;
    let told = get(&address, "/health").await;
    assert_eq!(told.status, 503);
    assert!(
        told.problems()
            .contains("The database does not take changes: "),
        "{told:?}"
    );
    assert_eq!(get(&address, "/live").await.status, 200);
    lock.release().await;
    until("health is back", async || {
        (get(&address, "/health").await.status == 200).then_some(())
    })
    .await;
    bridge.finish().await;
}

/// The value of the sample without labels.
fn metric(text: &str, name: &str) -> i64 {
    let sample = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    sample
        .unwrap_or_else(|| panic!("there is no {name}:\n{text}"))
        .parse()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_of_the_reference_is_told_and_counts() {
    let bridge = TestBridge::start(setup()).await;
    let address = address(&bridge).await;
    bridge.drop_event(
        "done",
        &json!({ "type": "build_completed", "title": "Done" }),
    );
    bridge.drop_event("wrong", &json!({ "title": 5 }));
    bridge.message_with(USER, "Done").await;
    bridge.records_when("event_rejected", 1).await;
    bridge.idle().await;
    let page = get(&address, "/metrics").await;
    assert_eq!(page.status, 200);
    assert!(
        page.head
            .contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"),
        "{page:?}"
    );
    let reference = bridge.command(&["reference", "metrics"]).await.stdout;
    let names: BTreeSet<&str> = reference
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    assert!(names.len() > 10, "{reference}");
    let told: BTreeSet<&str> = samples(&page.body).into_iter().collect();
    assert_eq!(
        told, names,
        "what is told and what is documented are the same"
    );
    for (name, value) in [
        ("cctelegram_events_accepted_total", 1),
        ("cctelegram_events_rejected_total", 1),
        ("cctelegram_queue_waiting", 0),
        ("cctelegram_healthy", 1),
    ] {
        assert_eq!(metric(&page.body, name), value, "{name}");
    }
    assert!(metric(&page.body, "cctelegram_messages_delivered_total") >= 1);
    assert!(metric(&page.body, "cctelegram_resident_memory_bytes") > 1_000_000);
    bridge.finish().await;
}

/// The names of the samples, of a text that is `OpenMetrics` from its first line to its end.
fn samples(text: &str) -> Vec<&str> {
    let text = text.strip_suffix("# EOF\n").expect("the text is whole");
    let (mut names, mut described, mut family) = (Vec::new(), 0, String::new());
    for line in text.lines() {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        match words.as_slice() {
            ["#", "HELP", name, help] => {
                assert!(!help.is_empty(), "{name} is not explained");
                described += 1;
            }
            ["#", "TYPE", name, kind] => {
                family = format!("{name}{}", if *kind == "counter" { "_total" } else { "" });
            }
            [name, value] => {
                assert_eq!(*name, family, "a sample follows its family");
                value.parse::<i64>().unwrap();
                names.push(*name);
            }
            _ => panic!("this is no line of OpenMetrics: {line}"),
        }
    }
    assert_eq!(described, names.len());
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_foreign_host_is_refused_before_anything_else_is_looked_at() {
    let bridge = TestBridge::start(setup()).await;
    let address = address(&bridge).await;
    let port = address.rsplit_once(':').unwrap().1;
    let foreign = [
        "evil.test".to_owned(),
        format!("evil.test:{port}"),
        format!("127.0.0.1.evil.test:{port}"),
        format!("localhost.:{port}"),
        format!("[::1]:{port}"),
        format!("0.0.0.0:{port}"),
        format!("evil.test@127.0.0.1:{port}"),
        "127.0.0.1".to_owned(),
        "127.0.0.1:1".to_owned(),
        String::new(),
    ];
    let lines = [
        "GET /health",
        "GET /metrics",
        "GET /ready",
        "GET /live",
        "GET /nowhere",
        "POST /health",
    ];
    for host in &foreign {
        for line in lines {
            let headers = [format!("Host: {host}"), "Content-Length: 0".to_owned()];
            let page = request(
                &address,
                &format!("{line} HTTP/1.1"),
                &headers.each_ref().map(String::as_str),
            )
            .await;
            assert_eq!(page.status, 421, "{line} with {host:?}: {page:?}");
            assert!(!page.body.contains("cctelegram"), "{page:?}");
        }
    }
    for host in [
        address.clone(),
        format!("localhost:{port}"),
        format!("LocalHost:{port}"),
    ] {
        for (path, status) in [("/live", 200), ("/nowhere", 404)] {
            let page = request(
                &address,
                &format!("GET {path} HTTP/1.1"),
                &[&format!("Host: {host}")],
            )
            .await;
            assert_eq!(page.status, status, "{path} with {host}");
        }
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_request_without_a_host_or_with_two_is_refused() {
    let bridge = TestBridge::start(setup()).await;
    let address = address(&bridge).await;
    let ours = format!("Host: {address}");
    for (line, headers) in [
        ("GET /live HTTP/1.1", vec![]),
        ("GET /live HTTP/1.0", vec![]),
        ("GET /live HTTP/1.1", vec!["Host: evil.test", ours.as_str()]),
        ("GET /live HTTP/1.1", vec![ours.as_str(), "Host: evil.test"]),
        ("GET /live HTTP/1.1", vec![ours.as_str(), ours.as_str()]),
        (
            "GET /live HTTP/1.1",
            vec!["X-Forwarded-Host: evil.test", "Host: evil.test"],
        ),
    ] {
        let page = request(&address, line, &headers).await;
        assert_eq!(page.status, 421, "{line} {headers:?}: {page:?}");
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_the_pages_are_on_127_0_0_1_alone() {
    let bridge = TestBridge::start(setup()).await;
    let address = address(&bridge).await;
    let port = address
        .strip_prefix("127.0.0.1:")
        .expect("the loopback address");
    for elsewhere in ["127.0.0.2", "[::1]"] {
        assert!(
            TcpStream::connect(format!("{elsewhere}:{port}"))
                .await
                .is_err(),
            "{elsewhere} answers"
        );
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_stops_the_start_and_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut bridge = TestBridge::prepare(setup().variable("HEALTH_PORT", &port)).await;
    let refused = bridge.command(&["start"]).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let told = format!(
        "cctelegram: open the health port 127.0.0.1:{port}: Address already in use (os error 98)\n"
    );
    assert!(refused.stderr.starts_with(&told), "{refused:?}");
    assert!(
        refused
            .stderr
            .contains("\nAnother program uses it: set HEALTH_PORT to a free port."),
        "{refused:?}"
    );
    drop(taken);
    bridge.launch().await;
    assert_eq!(address(&bridge).await, format!("127.0.0.1:{port}"));
    bridge.finish().await;
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Asks for the status over the socket, as another user.
async fn as_nobody(socket: &Path) -> Finished {
    let client = "use IO::Socket::UNIX; $SIG{PIPE} = 'IGNORE'; \
        my $bridge = IO::Socket::UNIX->new($ARGV[0]) or die qq(unreachable: $!\\n); \
        print $bridge qq(GET /v1/status HTTP/1.1\\r\\nHost: bridge\\r\\nConnection: close\\r\\n\\r\\n); \
        $bridge->flush; print while <$bridge>;";
    let user = [format!("--reuid={NOBODY}"), format!("--regid={NOBODY}")];
    let words = [
        "setpriv",
        &user[0],
        &user[1],
        "--clear-groups",
        "perl",
        "-e",
        client,
    ];
    let command: Vec<&OsStr> = words
        .iter()
        .map(OsStr::new)
        .chain([socket.as_os_str()])
        .collect();
    Process::start(&command, &[]).finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn security_the_socket_is_for_its_owner_alone() {
    let bridge = TestBridge::start(setup()).await;
    let (root, socket) = (bridge.root(), bridge.socket.path().to_owned());
    assert_eq!((mode(&root), mode(&socket)), (0o700, 0o600));
    // Only root can become somebody else.
    if rustix::process::geteuid().is_root() {
        let stopped = as_nobody(&socket).await;
        assert_eq!(stopped.stdout, "");
        assert!(
            stopped.stderr.starts_with("unreachable: Permission denied"),
            "{stopped:?}"
        );
        // Even where the files let everybody in, the kernel says who is there.
        let outer = root.parent().unwrap();
        let open = [
            (outer, 0o711),
            (root.as_path(), 0o711),
            (socket.as_path(), 0o666),
        ];
        let before = open.map(|(path, _)| mode(path));
        for (path, mode) in open {
            set_mode(path, mode);
        }
        let refused = as_nobody(&socket).await;
        for ((path, _), mode) in open.into_iter().zip(before) {
            set_mode(path, mode);
        }
        assert!(!refused.stderr.contains("unreachable"), "{refused:?}");
        assert_eq!(refused.stdout, "", "somebody else got an answer");
        let log = bridge.log();
        assert!(
            log.contains("a process of another user was refused at the socket")
                && log.contains("65534"),
            "{log}"
        );
    }
    assert_eq!(bridge.socket.get("/v1/status").await.status, 200);
    bridge.finish().await;
}
