//! Whatever arrives in whatever order: every event that was accepted is delivered, as a message, in a list or in a count.

use std::collections::BTreeMap;
use std::time::Duration;

use cctelegram_core::audit::EventName;
use cctelegram_core::delivery::Work;
use cctelegram_core::event::Event;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_core::mode::Mode;
use cctelegram_core::mode::Switch;
use cctelegram_core::quiet;
use cctelegram_store::Accept;
use cctelegram_store::Leased;
use cctelegram_store::Likeness;
use cctelegram_store::Marked;
use proptest::prelude::*;
use serde_json::json;

use crate::fixture::ANNA;
use crate::fixture::BEN;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::at;
use crate::fixture::record;
use crate::fixture::typed;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// One of a few contents; some go to both chats.
    Accept {
        content: u8,
        both: bool,
    },
    Fold {
        anna: bool,
        above: u32,
    },
    /// Sends the head of each chat: in one call, after a part of it, or not at all after a failure.
    Send,
    SendPart,
    Fail,
    /// The program dies with the heads of both chats on their way.
    Crash,
    Wait {
        seconds: u64,
    },
    Mute,
    Unmute,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..4_u8, any::<bool>()).prop_map(|(content, both)| Step::Accept { content, both }),
        2 => (any::<bool>(), 1..4_u32).prop_map(|(anna, above)| Step::Fold { anna, above }),
        3 => Just(Step::Send),
        1 => Just(Step::SendPart),
        1 => Just(Step::Fail),
        1 => Just(Step::Crash),
        2 => (1..8_u64).prop_map(|seconds| Step::Wait { seconds }),
        1 => Just(Step::Mute),
        1 => Just(Step::Unmute),
    ]
}

/// What was accepted and what the phones show: how often each title, in each chat.
struct Story {
    bridge: Fixture,
    now: u64,
    muted: bool,
    accepted: BTreeMap<(ChatId, String), u32>,
    /// By message: what it says. Parts after the first say nothing that counts.
    shown: BTreeMap<(ChatId, i64), Vec<(String, u32)>>,
    number: u32,
}

impl Story {
    async fn new() -> Self {
        Self {
            bridge: Fixture::new().await,
            now: 0,
            muted: false,
            accepted: BTreeMap::new(),
            shown: BTreeMap::new(),
            number: 0,
        }
    }

    async fn step(mut self, step: Step) -> Self {
        match step {
            Step::Accept { content, both } => self.accept(content, both).await,
            Step::Fold { anna, above } => {
                let chat = if anna { ANNA } else { BEN };
                let heads = self.bridge.store.outlook(at(self.now)).await.unwrap().heads;
                if let Some(head) = heads.into_iter().find(|head| head.chat == chat) {
                    let folded = self.bridge.store.fold(head, above, at(self.now));
                    folded.await.unwrap();
                }
            }
            Step::Send => {
                for row in self.bridge.lease(at(self.now)).await {
                    self.send(&row).await;
                }
            }
            Step::SendPart => {
                for row in self.bridge.lease(at(self.now)).await {
                    self.send_part(&row).await;
                }
            }
            Step::Fail => {
                for row in self.bridge.lease(at(self.now)).await {
                    let due = at(self.now + 1);
                    self.bridge.mark(&row, Marked::Retry { due }).await;
                }
            }
            Step::Crash => {
                self.bridge.lease(at(self.now)).await;
                let bridge = Fixture::open(self.bridge.crash().await).await;
                bridge.store.void_leases().await.unwrap();
                self.bridge = bridge;
            }
            Step::Wait { seconds } => self.now += seconds,
            Step::Mute => {
                self.muted = true;
                self.switch(Mode::Mute).await;
            }
            Step::Unmute => self.unmute().await,
        }
        self
    }

    async fn accept(&mut self, content: u8, both: bool) {
        self.number += 1;
        let title = format!("content {content}");
        let event = typed(
            &format!("e{}", self.number),
            if content == 0 {
                "progress_update"
            } else {
                "build_completed"
            },
            json!({ "title": title }),
        );
        let likeness = quiet::likeness(&event).map(|content| Likeness {
            content,
            window: Duration::from_secs(5),
        });
        let recipients: &[ChatId] = if both { &[ANNA, BEN] } else { &[ANNA] };
        let accept = Accept {
            likeness,
            received: at(self.now),
            hold: self.muted,
            max_queue: 1_000,
            ..accept(event, recipients)
        };
        self.bridge.accept(accept).await;
        for chat in recipients {
            *self.accepted.entry((*chat, title.clone())).or_default() += 1;
        }
    }

    /// What Telegram shows after the row's next call, and in which message.
    fn show(&mut self, row: &Leased) -> i64 {
        let message = row
            .message
            .map_or(row.row * 10 + i64::from(row.parts_sent), |message| {
                message.0
            });
        let says = match (&row.work, &row.event) {
            (Work::Held { .. } | Work::Folded { .. }, _) => {
                row.held_events.iter().map(counted).collect()
            }
            (_, Some(event)) => vec![(event.title.clone(), row.count)],
            (_, None) => Vec::new(),
        };
        if row.parts_sent == 0 {
            self.shown.insert((row.chat, message), says);
        }
        message
    }

    async fn send(&mut self, row: &Leased) {
        let message = self.show(row);
        self.bridge.sent(row, message).await;
    }

    async fn send_part(&mut self, row: &Leased) {
        if row.message.is_some() {
            return self.send(row).await;
        }
        let message = MessageId(self.show(row));
        let parts_sent = row.parts_sent + 1;
        self.bridge
            .mark(
                row,
                Marked::PartSent {
                    message,
                    parts_sent,
                },
            )
            .await;
    }

    async fn switch(&self, mode: Mode) {
        let switch = Switch {
            mode,
            until: None,
            before: None,
        };
        let record = record(EventName::ModeChanged, self.now);
        self.bridge
            .store
            .set_switch(Some(switch), record)
            .await
            .unwrap();
    }

    async fn unmute(&mut self) {
        self.muted = false;
        self.switch(Mode::Local).await;
        let record = record(EventName::ModeChanged, self.now);
        self.bridge
            .store
            .unmute(at(self.now), record)
            .await
            .unwrap();
    }

    /// Sends all that is left, and counts what the phones show.
    async fn end(
        mut self,
    ) -> (
        BTreeMap<(ChatId, String), u32>,
        BTreeMap<(ChatId, String), u32>,
    ) {
        self.unmute().await;
        self.now += 100;
        while !self
            .bridge
            .store
            .outlook(at(self.now))
            .await
            .unwrap()
            .heads
            .is_empty()
        {
            for row in self.bridge.lease(at(self.now)).await {
                self.send(&row).await;
            }
        }
        assert_eq!(self.bridge.waiting().await, []);
        self.bridge.close().await;
        let mut shown = BTreeMap::new();
        for ((chat, _), says) in self.shown {
            for (title, count) in says {
                *shown.entry((chat, title)).or_default() += count;
            }
        }
        (self.accepted, shown)
    }
}

/// The title and the count of an entry of a list.
fn counted(event: &Event) -> (String, u32) {
    match event.title.split_once(" ×") {
        Some((title, count)) => (title.to_owned(), count.parse().unwrap()),
        None => (event.title.clone(), 1),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_accepted_event_is_delivered_as_a_message_in_a_list_or_in_a_count(
        steps in proptest::collection::vec(step(), 1..50),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (accepted, shown) = runtime.block_on(async {
            let mut story = Story::new().await;
            for step in steps {
                story = story.step(step).await;
            }
            story.end().await
        });
        prop_assert_eq!(shown, accepted);
    }
}
