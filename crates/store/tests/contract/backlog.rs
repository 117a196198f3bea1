//! How much may wait.

use cctelegram_core::id::ChatId;
use cctelegram_store::Accept;
use cctelegram_store::AcceptOutcome;
use cctelegram_store::Marked;

use crate::fixture::ANNA;
use crate::fixture::BEN;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::at;
use crate::fixture::event;

/// An event when two may wait.
fn of_two(id: &str, to: &[ChatId]) -> Accept {
    Accept {
        max_queue: 2,
        ..accept(event(id), to)
    }
}

/// A store where Anna has blocked the bot; one event waits for her.
async fn anna_is_parked() -> Fixture {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("first"), &[ANNA])).await;
    let row = bridge.lease_one(at(0)).await;
    let reason = "blocked".to_owned();
    bridge.mark(&row, Marked::Parked { reason }).await;
    bridge
}

#[tokio::test]
async fn a_full_queue_takes_nothing_but_the_bridges_own_alerts() {
    let bridge = Fixture::new().await;
    let limited = |id: &str| Accept {
        max_queue: 2,
        ..accept(event(id), &[ANNA, BEN])
    };
    let (a, b, c) = tokio::join!(
        bridge.store.accept(limited("a")),
        bridge.store.accept(limited("b")),
        bridge.store.accept(limited("c")),
    );
    assert_eq!(
        (a.unwrap(), b.unwrap()),
        (AcceptOutcome::Stored, AcceptOutcome::Stored)
    );
    assert_eq!(c.unwrap(), AcceptOutcome::Full);
    assert_eq!(
        bridge.store.accept(limited("d")).await.unwrap(),
        AcceptOutcome::Full
    );
    bridge
        .accept(Accept {
            exempt: true,
            ..limited("alert")
        })
        .await;
    assert_eq!(bridge.audit().await.len(), 3);
    // What was refused may come again when there is room.
    bridge.send_all(at(1)).await;
    bridge.accept(limited("d")).await;
    bridge.close().await;
}

#[tokio::test]
async fn held_events_count_against_the_limit() {
    let bridge = Fixture::new().await;
    let held = |id| Accept {
        hold: true,
        max_queue: 1,
        ..accept(event(id), &[ANNA])
    };
    bridge.accept(held("a")).await;
    assert_eq!(
        bridge.store.accept(held("b")).await.unwrap(),
        AcceptOutcome::Full
    );
    assert!(
        bridge.store.outlook(at(9)).await.unwrap().heads.is_empty(),
        "what is held is not sent"
    );
    bridge.close().await;
}

#[tokio::test]
async fn a_parked_chat_does_not_fill_the_queue_of_others() {
    let bridge = anna_is_parked().await;
    for id in ["b", "c", "d"] {
        bridge.accept(of_two(id, &[ANNA, BEN])).await;
        bridge.send_all(at(1)).await;
    }
    let queue = bridge.store.queue(10).await.unwrap();
    let dead: Vec<_> = queue.iter().filter(|entry| entry.state == "dead").collect();
    assert_eq!(dead.len(), 2, "two wait, the rest is given up: {queue:?}");
    let reason = "recipient is parked and its backlog is full";
    assert!(
        dead.iter()
            .all(|entry| entry.reason.as_deref() == Some(reason))
    );
    // Events for nobody else are refused rather than given up.
    assert_eq!(
        bridge.store.accept(of_two("e", &[ANNA])).await.unwrap(),
        AcceptOutcome::Full
    );
    bridge.close().await;
}

#[tokio::test]
async fn an_event_is_never_given_up_because_all_its_recipients_are_parked() {
    let bridge = anna_is_parked().await;
    // Texts are no events: they do not count.
    for _ in 0..5 {
        let text = "Hello Anna.".to_owned();
        bridge.store.notice(ANNA, text, None, at(0)).await.unwrap();
    }
    bridge.accept(of_two("b", &[ANNA])).await;
    let third = bridge.store.accept(of_two("c", &[ANNA])).await.unwrap();
    assert_eq!(third, AcceptOutcome::Full, "its producer waits");
    let queue = bridge.store.queue(10).await.unwrap();
    assert!(
        queue.iter().all(|entry| entry.state == "parked"),
        "{queue:?}"
    );
    bridge.close().await;
}

#[tokio::test]
async fn texts_do_not_use_up_the_room_of_events() {
    let bridge = anna_is_parked().await;
    for _ in 0..5 {
        let text = "Hello Anna.".to_owned();
        bridge.store.notice(ANNA, text, None, at(0)).await.unwrap();
    }
    bridge.accept(of_two("both", &[ANNA, BEN])).await;
    assert_eq!(bridge.store.counts().await.unwrap().dead, 0);
    bridge.close().await;
}

#[tokio::test]
async fn the_backlog_is_what_the_limit_counts() {
    let bridge = anna_is_parked().await;
    bridge
        .accept(Accept {
            hold: true,
            ..accept(event("held"), &[BEN])
        })
        .await;
    bridge.accept(accept(event("a"), &[ANNA, BEN])).await;
    let text = "Hello Ben.".to_owned();
    bridge.store.notice(BEN, text, None, at(0)).await.unwrap();
    assert_eq!(bridge.store.backlog().await.unwrap(), 2);
    let third = bridge.store.accept(of_two("c", &[BEN])).await.unwrap();
    assert_eq!(third, AcceptOutcome::Full);
    bridge.send_all(at(1)).await;
    assert_eq!(bridge.store.backlog().await.unwrap(), 1, "the held one");
    bridge.close().await;
}
