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
use crate::fixture::decide;
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
    for (again, approval) in [
        (accept(event("a"), &[ANNA]), None),
        (request("b", 6, &[ANNA]), Some(approval_id(5))),
    ] {
        let again = Accept {
            received: at(WEEK - 1),
            ..again
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
async fn security_an_id_that_comes_with_another_content_is_refused() {
    let bridge = Fixture::new().await;
    bridge.accept(request("deploy", 1, &[ANNA])).await;
    let update = bridge.update(1).await;
    bridge.store.decide(decide(update, 1, 0)).await.unwrap();
    let before = (bridge.audit().await, bridge.waiting().await);
    let other = json!({ "options": ["Approve", "Deny"], "description": "something worse" });
    let other = typed("deploy", "approval_request", other);
    let question = Accept {
        content: other.digest(),
        event: other,
        received: at(WEEK - 1),
        ..request("deploy", 2, &[ANNA])
    };
    let outcome = bridge.store.accept(question.clone()).await.unwrap();
    assert_eq!(outcome, AcceptOutcome::Conflict, "nobody approved this");
    assert_eq!((bridge.audit().await, bridge.waiting().await), before);
    assert_eq!(bridge.store.approval(approval_id(2)).await.unwrap(), None);

    // A week later the id is free; the old answer belongs to the old question all the same.
    let later = Accept {
        received: at(WEEK),
        ..question
    };
    bridge.accept(later.clone()).await;
    let outcome = bridge.store.accept(later).await.unwrap();
    let approval = Some(approval_id(2));
    assert_eq!(outcome, AcceptOutcome::Duplicate { approval });
    bridge.close().await;
}

#[tokio::test]
async fn an_old_request_is_not_taken_for_one_of_a_newer_event_with_its_id() {
    let bridge = Fixture::new().await;
    bridge.accept(request("a", 1, &[ANNA])).await;
    let newer = Accept {
        received: at(WEEK),
        ..accept(event("a"), &[ANNA])
    };
    bridge.accept(newer.clone()).await;
    let again = bridge.store.accept(newer).await.unwrap();
    assert_eq!(again, AcceptOutcome::Duplicate { approval: None });
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
async fn an_event_for_nobody_is_refused() {
    let bridge = Fixture::new().await;
    let result = bridge.store.accept(accept(event("a"), &[])).await;
    assert!(matches!(result, Err(StoreError::Nobody)));
    assert_eq!(bridge.audit().await.len(), 0);
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
