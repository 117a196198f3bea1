//! The queue as people see it.

use std::time::Duration;
use std::time::Instant;

use cctelegram_core::audit::EventName;
use cctelegram_store::Accept;
use cctelegram_store::Counts;
use cctelegram_store::Marked;

use crate::damage::damaged;
use crate::fixture::ANNA;
use crate::fixture::BEN;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::at;
use crate::fixture::event;
use crate::fixture::request;

#[tokio::test]
async fn what_can_never_be_sent_is_recorded_and_shown() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    bridge
        .mark(
            &bridge.lease_one(at(0)).await,
            Marked::Dead {
                reason: "too long".into(),
            },
        )
        .await;
    assert_eq!(
        bridge.audit_names().await[1],
        EventName::MessageUndeliverable
    );
    let queue = bridge.store.queue(10).await.unwrap();
    assert_eq!(
        (queue[0].state.as_str(), queue[0].title.as_str()),
        ("dead", "About a")
    );
    assert_eq!(queue[0].reason.as_deref(), Some("too long"));
    assert!(bridge.store.outlook(at(9)).await.unwrap().heads.is_empty());
    bridge.close().await;
}

#[tokio::test]
async fn counts_tell_what_there_is() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("sent"), &[ANNA])).await;
    bridge.send_all(at(0)).await;
    bridge.accept(accept(event("dead"), &[ANNA])).await;
    bridge
        .mark(
            &bridge.lease_one(at(0)).await,
            Marked::Dead { reason: "x".into() },
        )
        .await;
    bridge.accept(accept(event("leased"), &[ANNA])).await;
    bridge.lease_one(at(0)).await;
    bridge.accept(request("asked", 1, &[ANNA])).await;
    bridge
        .accept(Accept {
            hold: true,
            ..accept(event("held"), &[BEN])
        })
        .await;
    let expected = Counts {
        waiting: 2,
        held: 1,
        dead: 1,
        leased: 1,
        pending_approvals: 1,
        delivered: 1,
        parked_chats: 0,
    };
    assert_eq!(bridge.store.counts().await.unwrap(), expected);
    bridge.close().await;
}

#[tokio::test]
async fn counting_does_not_take_longer_the_more_was_delivered() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    let row = bridge.lease_one(at(0)).await;
    bridge.sent(&row, 1).await;
    bridge.sent(&row, 1).await;
    let bridge = damaged(
        bridge,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
         INSERT INTO outbox (chat, priority, kind, work, queued, due, held, attempt, parts_sent, done) \
         SELECT 11, 2, 'event', '{}', 0, 0, 0, 0, 1, 'sent' FROM n",
    )
    .await;
    let mut fastest = Duration::MAX;
    for _ in 0..50 {
        let begun = Instant::now();
        let counts = bridge.store.counts().await.unwrap();
        fastest = fastest.min(begun.elapsed());
        assert_eq!(counts.delivered, 1, "a row marked twice is delivered once");
    }
    assert!(fastest < Duration::from_millis(1), "{fastest:?}");
    bridge.close().await;
}
