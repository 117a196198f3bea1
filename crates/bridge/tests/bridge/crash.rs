//! `kill -9` at random moments under load: nothing is lost, and at most the message in flight in each chat is doubled.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on fails, and says why"
)]

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::hash::BuildHasher as _;
use std::hash::RandomState;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::WAIT;
use cctelegram_testkit::emulator::Emulator;
use cctelegram_testkit::until;
use reqwest::Method;
use serde_json::Value;
use serde_json::json;

use crate::steps::setup;

const CHATS: [i64; 3] = [USER, 1_002, 1_003];
/// Event files of one round; each becomes a message in each chat.
const FILES: usize = 30;
/// Events that one round hands over at the socket, as far as the bridge lives to answer.
const REQUESTS: usize = 15;
/// Without `CRASH_ROUNDS`.
const ROUNDS: usize = 12;

#[expect(
    clippy::disallowed_methods,
    reason = "who runs the tests says how long they run"
)]
fn number_from(variable: &str) -> Option<u64> {
    std::env::var(variable)
        .ok()
        .map(|text| text.parse().expect("it is a number"))
}

/// Random numbers that come again with the same seed (xorshift64).
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let seed = number_from("CRASH_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
        Self(seed.max(1))
    }

    /// A number below `sides`.
    fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let sides = u64::try_from(sides).expect("it fits");
        usize::try_from(self.0 % sides).expect("it is smaller")
    }
}

/// What was handed over, and what became of the process.
#[derive(Default)]
struct Story {
    next: usize,
    /// Events that have to arrive: dropped as files, or answered at the socket.
    promised: BTreeSet<String>,
    requests: Vec<String>,
    kills: usize,
}

impl Story {
    fn title(&mut self) -> String {
        self.next += 1;
        format!("load-{:06}", self.next)
    }

    fn drop_files(&mut self, bridge: &TestBridge, count: usize) {
        for _ in 0..count {
            let title = self.title();
            bridge.drop_event(
                &title,
                &json!({ "type": "build_completed", "title": title, "event_id": title }),
            );
            self.promised.insert(title);
        }
    }

    /// Events over the socket. Only an answer is a promise.
    async fn post(&mut self, bridge: &TestBridge) {
        for _ in 0..REQUESTS {
            let title = self.title();
            let event = json!({ "type": "test_passed", "title": title, "event_id": title });
            match bridge
                .socket
                .request(Method::POST, "/v1/events", Some(&event))
                .await
            {
                Ok(answer) if answer.status == 202 => drop(self.promised.insert(title)),
                Ok(answer) => panic!("an event was refused: {answer:?}"),
                // The process is gone: the event may have been stored or not.
                Err(_) => return,
            }
        }
    }

    fn drop_request(&mut self, bridge: &TestBridge) {
        let id = format!("ask-{:04}", self.requests.len());
        let event =
            json!({ "type": "approval_request", "title": format!("May I {id}?"), "event_id": id });
        bridge.drop_event(&id, &event);
        self.requests.push(id);
    }

    /// Two people press, each another choice, wherever a copy has arrived.
    fn press(&self, bridge: &TestBridge, dice: &mut Dice) {
        for id in self.requests.iter().rev().take(3) {
            for (chat, label) in [(CHATS[0], "Approve"), (CHATS[1], "Deny")] {
                if dice.below(3) > 0 {
                    press(&bridge.emulator, chat, id, label);
                }
            }
        }
    }
}

/// Presses on the newest copy of a request that has buttons; false when there is none.
fn press(emulator: &Emulator, chat: i64, id: &str, label: &str) -> bool {
    let asks = format!("May I {id}?");
    let copies = emulator.messages(chat).into_iter().rev();
    let mut open = copies.filter(|m| {
        !m.keyboard.is_empty() && m.text.as_deref().is_some_and(|text| text.contains(&asks))
    });
    open.next()
        .is_some_and(|copy| emulator.press(chat, copy.message_id, label).is_ok())
}

/// Waits for a random moment of the work.
async fn random_moment(bridge: &TestBridge, dice: &mut Dice) {
    let sent = bridge.emulator.count("sendMessage");
    let answers = bridge.answer_files().len();
    match dice.below(5) {
        0 => {
            let left = dice.below(FILES);
            until("files are taken in", async || {
                (files_left(bridge) <= left).then_some(())
            })
            .await;
        }
        1 => {
            let one_more =
                |phone: &Emulator| (phone.count("answerCallbackQuery") > 0).then_some(());
            // There may be nothing to answer in this round; sending goes on in any case.
            let either = |phone: &Emulator| {
                one_more(phone).or((phone.count("sendMessage") > sent).then_some(()))
            };
            bridge
                .emulator
                .wait_until(either, WAIT)
                .await
                .expect("the bridge works");
        }
        2 => {
            let progress = async || {
                let further = bridge.answer_files().len() > answers
                    || bridge.emulator.count("sendMessage") > sent + 20;
                further.then_some(())
            };
            until("an answer is written", progress).await;
        }
        _ => {
            let enough = sent + 1 + dice.below(FILES * CHATS.len());
            let reached = |phone: &Emulator| (phone.count("sendMessage") >= enough).then_some(());
            bridge
                .emulator
                .wait_until(reached, WAIT)
                .await
                .expect("the bridge works");
        }
    }
}

fn files_left(bridge: &TestBridge) -> usize {
    let entries = fs::read_dir(bridge.events()).expect("the spool can be read");
    entries
        .flatten()
        .filter(|entry| entry.path().is_file())
        .count()
}

/// Kills a process in the middle of its start.
async fn kill_a_start(bridge: &TestBridge, story: &mut Story, dice: &mut Dice) {
    let method = ["getMe", "getUpdates", "sendMessage"][dice.below(3)];
    let before = bridge.emulator.count(method);
    let process = bridge.spawn(&["start"]);
    let called = |phone: &Emulator| (phone.count(method) > before).then_some(());
    bridge
        .emulator
        .wait_until(called, WAIT)
        .await
        .expect("the bridge starts");
    process.kill().await;
    story.kills += 1;
}

/// How often each event stands in a chat.
fn delivered(bridge: &TestBridge, chat: i64) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for text in bridge
        .emulator
        .messages(chat)
        .into_iter()
        .filter_map(|message| message.text)
    {
        let load = text
            .find("load-")
            .and_then(|start| text.get(start..start + 11));
        let asked = text
            .find("May I ask-")
            .and_then(|start| text.get(start + 6..start + 14));
        if let Some(title) = load.or(asked) {
            *counts.entry(title.to_owned()).or_default() += 1;
        }
    }
    counts
}

/// Presses on what nobody has decided yet, until everything is.
async fn decide_the_rest(bridge: &TestBridge, story: &Story) {
    until("every request is decided", async || {
        let answered = bridge.answer_files();
        let open: Vec<_> = story
            .requests
            .iter()
            .filter(|id| !answered.contains(&format!("{id}.json")))
            .collect();
        for id in &open {
            press(&bridge.emulator, CHATS[2], id, "Approve");
        }
        open.is_empty().then_some(())
    })
    .await;
}

/// Waits for the end of the queue, however long it is, as long as it gets shorter.
async fn everything_is_delivered(bridge: &TestBridge) {
    let waiting = |status: &Value| status["waiting"].as_u64().expect("it is a number");
    let mut left = waiting(&bridge.status().await);
    while left > 0 {
        let shorter = |status: &Value| waiting(status) < left;
        left = waiting(&bridge.status_when("the queue gets shorter", shorter).await);
    }
}

async fn check_decisions(bridge: &TestBridge, story: &Story) {
    let decided = bridge.records("approval_decided").await;
    let mut events: Vec<&str> = decided
        .iter()
        .filter_map(|record| record["details"]["event"].as_str())
        .collect();
    events.sort_unstable();
    assert_eq!(
        events, story.requests,
        "each request is decided exactly once"
    );
    let expected: Vec<String> = story
        .requests
        .iter()
        .map(|id| format!("{id}.json"))
        .collect();
    assert_eq!(bridge.answer_files(), expected);
    for record in &decided {
        let answer = bridge
            .response(&format!(
                "{}.json",
                record["details"]["event"].as_str().expect("an event")
            ))
            .await;
        assert_eq!(
            answer["option"], record["details"]["label"],
            "file and record agree"
        );
        assert_eq!(
            answer["user_id"], record["actor"]["user"],
            "file and record agree"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(
    clippy::print_stderr,
    reason = "the figures are what a long run is made for"
)]
async fn nothing_is_lost_when_the_process_is_killed_at_random_moments() {
    let mut dice = Dice::new();
    let seed = dice.0;
    eprintln!("CRASH_SEED={seed}");
    let rounds =
        number_from("CRASH_ROUNDS").map_or(ROUNDS, |rounds| usize::try_from(rounds).unwrap());
    let mut story = Story::default();
    let mut bridge = TestBridge::start(setup().users(&CHATS)).await;
    for _ in 0..rounds {
        story.drop_files(&bridge, FILES);
        story.drop_request(&bridge);
        story.press(&bridge, &mut dice);
        let mut working = Story {
            next: story.next,
            ..Story::default()
        };
        tokio::select! {
            () = random_moment(&bridge, &mut dice) => {}
            () = async { working.post(&bridge).await; std::future::pending().await } => {}
        }
        story.next = working.next;
        story.promised.append(&mut working.promised);
        story.press(&bridge, &mut dice);
        bridge.kill().await;
        story.kills += 1;
        story.drop_files(&bridge, 3);
        story.press(&bridge, &mut dice);
        if dice.below(4) == 0 {
            kill_a_start(&bridge, &mut story, &mut dice).await;
        }
        bridge.launch().await;
    }
    until("every file is taken in", async || {
        (files_left(&bridge) == 0).then_some(())
    })
    .await;
    decide_the_rest(&bridge, &story).await;
    everything_is_delivered(&bridge).await;
    check_decisions(&bridge, &story).await;

    let (mut lost, mut doubled) = (Vec::new(), Vec::new());
    for chat in CHATS {
        let counts = delivered(&bridge, chat);
        lost.extend(
            story
                .promised
                .iter()
                .chain(&story.requests)
                .filter(|title| !counts.contains_key(*title))
                .cloned(),
        );
        doubled.push(counts.values().map(|times| times - 1).sum::<usize>());
    }
    let (promised, kills) = (story.promised.len() + story.requests.len(), story.kills);
    eprintln!(
        "crash: {promised} events and requests to {} chats, {kills} kills, {} lost, {doubled:?} doubled in each chat, {} decided once, seed {seed}",
        CHATS.len(),
        lost.len(),
        story.requests.len(),
    );
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert!(
        doubled.iter().all(|times| *times <= kills),
        "{doubled:?} doubled by {kills} kills: more than was in flight"
    );
    assert_eq!(bridge.status().await["dead"], 0);
    bridge.finish().await;
}
