//! The audit trail: what changes something leaves a record, in the order in which it happened.

use std::collections::BTreeSet;

use cctelegram_core::approval::State;
use cctelegram_core::audit::EventName;
use cctelegram_store::Handling;
use cctelegram_store::Marked;

use crate::fixture::ANNA;
use crate::fixture::BEN;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::approval_id;
use crate::fixture::at;
use crate::fixture::decide;
use crate::fixture::event;
use crate::fixture::record;
use crate::fixture::request;

#[tokio::test]
async fn security_every_change_that_matters_leaves_its_record() {
    let bridge = Fixture::new().await;
    let store = &bridge.store;
    let mut expected = Vec::new();
    let mut left = async |name: EventName| {
        expected.push(name);
        assert_eq!(bridge.audit_names().await, expected);
    };

    bridge.accept(accept(event("a"), &[ANNA])).await;
    left(EventName::EventAccepted).await;
    bridge.accept(request("b", 1, &[ANNA])).await;
    left(EventName::ApprovalRequested).await;
    store
        .decide(decide(bridge.update(1).await, 1, 0))
        .await
        .unwrap();
    left(EventName::ApprovalDecided).await;
    bridge.accept(request("c", 2, &[ANNA])).await;
    left(EventName::ApprovalRequested).await;
    let (ending, why) = (
        State::Withdrawn { at: at(1) },
        record(EventName::ApprovalWithdrawn, 1),
    );
    store.end(approval_id(2), ending, why, at(1)).await.unwrap();
    left(EventName::ApprovalWithdrawn).await;
    let records = vec![record(EventName::CommandHandled, 2)];
    let handling = Handling {
        records,
        ..Handling::default()
    };
    store
        .handle(bridge.update(2).await, handling)
        .await
        .unwrap();
    left(EventName::CommandHandled).await;
    store
        .set_switch(None, record(EventName::ModeChanged, 3))
        .await
        .unwrap();
    left(EventName::ModeChanged).await;
    store
        .unmute(at(4), record(EventName::ModeChanged, 4))
        .await
        .unwrap();
    left(EventName::ModeChanged).await;
    let row = bridge.lease_one(at(5)).await;
    bridge
        .mark(
            &row,
            Marked::Parked {
                reason: "blocked".into(),
            },
        )
        .await;
    left(EventName::RecipientParked).await;
    store.reconcile(BTreeSet::from([BEN]), at(6)).await.unwrap();
    left(EventName::RecipientRemoved).await;
    let row = bridge.lease_one(at(6)).await;
    bridge
        .mark(
            &row,
            Marked::Dead {
                reason: "refused".into(),
            },
        )
        .await;
    left(EventName::MessageUndeliverable).await;
    bridge.close().await;
}

#[tokio::test]
async fn bookkeeping_leaves_none() {
    let bridge = Fixture::new().await;
    let update = bridge.update(1).await;
    bridge.store.ignore(update).await.unwrap();
    bridge.store.ping(at(0)).await.unwrap();
    bridge.store.void_leases().await.unwrap();
    bridge
        .store
        .touch_open(BTreeSet::from([ANNA]), at(0))
        .await
        .unwrap();
    bridge.store.expire_due(at(0)).await.unwrap();
    bridge
        .store
        .notice(ANNA, "Hello.".into(), None, at(0))
        .await
        .unwrap();
    bridge.send_all(at(0)).await;
    assert!(bridge.audit().await.is_empty());
    bridge.close().await;
}

#[tokio::test]
async fn the_trail_is_read_from_its_end() {
    let bridge = Fixture::new().await;
    for seconds in 0..5 {
        bridge
            .store
            .record(record(EventName::BridgeStarted, seconds))
            .await
            .unwrap();
    }
    let tail = bridge.store.audit_tail(2).await.unwrap();
    let tail: Vec<_> = tail
        .iter()
        .map(|entry| (entry.seq, entry.record.timestamp))
        .collect();
    assert_eq!(tail, [(4, at(3)), (5, at(4))]);
    bridge.close().await;
}
