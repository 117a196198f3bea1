//! Taking events.

use cctelegram_core::audit::EventName;
use cctelegram_core::delivery::Work;
use cctelegram_core::id::MessageId;
use cctelegram_store::Accept;
use cctelegram_store::AcceptOutcome;
use cctelegram_store::Marked;
use cctelegram_store::StoreError;
use serde_json::json;

use crate::fixture::ANNA;
use crate::fixture::BEN;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::approval_id;
use crate::fixture::at;
use crate::fixture::event;
use crate::fixture::ids;
use crate::fixture::progress;
use crate::fixture::record;
use crate::fixture::request;
use crate::fixture::typed;
use crate::fixture::works;

const WEEK: u64 = 7 * 24 * 3_600;

#[tokio::test]
async fn an_event_is_stored_with_its_record_and_a_row_for_each_recipient() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA, BEN])).await;
    assert_eq!(
        bridge.waiting().await,
        [("event".into(), ANNA), ("event".into(), BEN)]
    );
    let audit = bridge.audit().await;
    assert_eq!(audit.len(), 1);
    assert_eq!(
        (audit[0].event, audit[0].target.as_str()),
        (EventName::EventAccepted, "a")
    );
    bridge.close().await;
}

#[tokio::test]
async fn the_same_id_is_taken_once_a_week() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    bridge.accept(request("b", 5, &[ANNA])).await;
    for (id, approval) in [("a", None), ("b", Some(approval_id(5)))] {
        let again = Accept {
            received: at(WEEK - 1),
            ..accept(event(id), &[ANNA])
        };
        let outcome = bridge.store.accept(again).await.unwrap();
        assert_eq!(outcome, AcceptOutcome::Duplicate { approval });
    }
    assert_eq!(bridge.audit().await.len(), 2, "a duplicate changes nothing");
    bridge
        .accept(Accept {
            received: at(WEEK),
            ..accept(event("a"), &[ANNA])
        })
        .await;
    bridge.close().await;
}

#[tokio::test]
async fn duplicates_in_one_batch_are_found() {
    let bridge = Fixture::new().await;
    let (one, two) = tokio::join!(
        bridge.store.accept(accept(event("a"), &[ANNA])),
        bridge.store.accept(accept(event("a"), &[ANNA])),
    );
    assert_eq!(one.unwrap(), AcceptOutcome::Stored);
    assert_eq!(two.unwrap(), AcceptOutcome::Duplicate { approval: None });
    bridge.close().await;
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
        bridge.store.heads(at(9)).await.unwrap().is_empty(),
        "what is held is not sent"
    );
    bridge.close().await;
}

#[tokio::test]
async fn an_event_for_nobody_is_refused() {
    let bridge = Fixture::new().await;
    let result = bridge.store.accept(accept(event("a"), &[])).await;
    assert!(matches!(result, Err(StoreError::Nobody)));
    assert_eq!(bridge.audit().await.len(), 0);
    bridge.close().await;
}

#[tokio::test]
async fn a_parked_chat_does_not_fill_the_queue_of_others() {
    let bridge = Fixture::new().await;
    let limited = |id: &str, to: &[_]| Accept {
        max_queue: 2,
        ..accept(event(id), to)
    };
    bridge.accept(limited("first", &[ANNA])).await;
    let row = bridge.lease_one(at(0)).await;
    bridge
        .mark(
            &row,
            Marked::Parked {
                reason: "blocked".into(),
            },
        )
        .await;
    for id in ["b", "c", "d"] {
        bridge.accept(limited(id, &[ANNA, BEN])).await;
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
        bridge.store.accept(limited("e", &[ANNA])).await.unwrap(),
        AcceptOutcome::Full
    );
    bridge.close().await;
}

#[tokio::test]
async fn newer_progress_replaces_what_waits() {
    let bridge = Fixture::new().await;
    bridge
        .accept(accept(progress("p1", "build"), &[ANNA]))
        .await;
    bridge
        .accept(accept(progress("other", "test"), &[ANNA]))
        .await;
    bridge
        .accept(accept(progress("p2", "build"), &[ANNA]))
        .await;
    let sent = bridge.send_all(at(1)).await;
    assert_eq!(ids(&sent), ["other", "p2"]);
    assert_eq!(
        sent[0].work,
        Work::Progress {
            task: "test".into()
        }
    );
    bridge
        .accept(accept(progress("p3", "build"), &[ANNA]))
        .await;
    let next = bridge.lease_one(at(2)).await;
    assert_eq!(
        next.message,
        Some(MessageId(sent[1].row)),
        "one message per task"
    );
    bridge.close().await;
}

#[tokio::test]
async fn older_progress_is_not_sent_after_newer() {
    let bridge = Fixture::new().await;
    bridge
        .accept(accept(progress("p1", "build"), &[ANNA]))
        .await;
    let first = bridge.lease_one(at(0)).await;
    bridge
        .accept(accept(progress("p2", "build"), &[ANNA]))
        .await;
    bridge.mark(&first, Marked::Retry { due: at(5) }).await;
    assert_eq!(ids(&bridge.send_all(at(10)).await), ["p2"]);
    bridge.close().await;
}

#[tokio::test]
async fn the_result_of_a_task_closes_its_progress() {
    let bridge = Fixture::new().await;
    bridge
        .accept(accept(progress("p1", "build"), &[ANNA]))
        .await;
    bridge.send_all(at(0)).await;
    bridge
        .accept(accept(progress("p2", "build"), &[ANNA, BEN]))
        .await;
    let in_flight = bridge.lease(at(0)).await;
    bridge
        .accept(accept(progress("p3", "build"), &[ANNA, BEN]))
        .await;
    let result = typed("end", "task_completion", json!({ "task_id": "build" }));
    bridge.accept(accept(result, &[ANNA, BEN])).await;
    bridge.sent(&in_flight[0], 50).await;
    bridge
        .mark(&in_flight[1], Marked::Retry { due: at(0) })
        .await;
    let sent = bridge.send_all(at(1)).await;
    assert_eq!(ids(&sent), ["end", "end"]);
    assert_eq!(works(&sent), [Work::Event, Work::Event]);
    bridge
        .accept(accept(progress("p4", "build"), &[ANNA]))
        .await;
    let later = bridge.lease_one(at(2)).await;
    assert_eq!(later.message, None, "later progress starts a new message");
    bridge.close().await;
}

#[tokio::test]
async fn a_refused_event_leaves_a_record() {
    let bridge = Fixture::new().await;
    bridge
        .store
        .reject(record(EventName::EventRejected, 0))
        .await
        .unwrap();
    bridge
        .store
        .record(record(EventName::BridgeStarted, 1))
        .await
        .unwrap();
    let names = bridge.audit_names().await;
    assert_eq!(names, [EventName::EventRejected, EventName::BridgeStarted]);
    bridge.close().await;
}
