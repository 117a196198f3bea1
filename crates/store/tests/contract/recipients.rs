//! What becomes of the queue when the list of recipients changes.

use std::collections::BTreeSet;

use cctelegram_core::audit::EventName;
use cctelegram_core::id::ChatId;
use cctelegram_store::Accept;
use cctelegram_store::Marked;
use cctelegram_store::Reconciled;

use crate::fixture::ANNA;
use crate::fixture::BEN;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::at;
use crate::fixture::decide;
use crate::fixture::event;
use crate::fixture::ids;
use crate::fixture::record;
use crate::fixture::request;

const CARL: ChatId = ChatId(33);

async fn reconcile(bridge: &Fixture, allowed: &[ChatId]) -> Reconciled {
    let allowed = allowed.iter().copied().collect::<BTreeSet<_>>();
    bridge.store.reconcile(allowed, at(5)).await.unwrap()
}

#[tokio::test]
async fn what_waits_for_a_removed_user_goes_to_those_who_are_left() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    bridge.accept(request("b", 1, &[ANNA])).await;
    bridge
        .store
        .notice(ANNA, "Hello Anna.".into(), None, at(0))
        .await
        .unwrap();
    let done = reconcile(&bridge, &[BEN, CARL]).await;
    assert_eq!(
        done,
        Reconciled {
            moved: 4,
            removed: 3
        }
    );
    let sent = bridge.send_all(at(5)).await;
    assert_eq!(ids(&sent), ["b", "b", "a", "a"]);
    assert!(sent.iter().all(|row| row.chat == BEN || row.chat == CARL));
    let names = bridge.audit_names().await;
    assert_eq!(
        names
            .iter()
            .filter(|name| **name == EventName::RecipientRemoved)
            .count(),
        1
    );
    assert_eq!(
        reconcile(&bridge, &[BEN, CARL]).await,
        Reconciled::default()
    );
    assert_eq!(bridge.audit_names().await.len(), names.len());
    bridge.close().await;
}

#[tokio::test]
async fn an_open_request_that_only_removed_users_have_is_asked_anew() {
    let bridge = Fixture::new().await;
    bridge.accept(request("open", 1, &[ANNA])).await;
    bridge
        .accept(request("both-have-it", 2, &[ANNA, BEN]))
        .await;
    bridge.accept(request("over", 3, &[ANNA])).await;
    bridge.send_all(at(0)).await;
    let update = bridge.update(1).await;
    bridge.store.decide(decide(update, 3, 0)).await.unwrap();
    bridge.send_all(at(61)).await;
    assert_eq!(reconcile(&bridge, &[BEN, CARL]).await.moved, 2);
    let anew = bridge.lease(at(61)).await;
    assert_eq!(ids(&anew), ["open", "open"]);
    assert!(anew.iter().all(|row| row.chat == BEN || row.chat == CARL));
    let last = bridge.audit().await.pop().unwrap();
    assert_eq!(last.event, EventName::ApprovalRequested);
    // Who it can never be delivered to is not tried at each start.
    for row in &anew {
        let reason = "refused".to_owned();
        bridge.mark(row, Marked::Dead { reason }).await;
    }
    assert_eq!(reconcile(&bridge, &[BEN, CARL]).await.moved, 0);
    bridge.close().await;
}

#[tokio::test]
async fn what_others_get_is_not_sent_to_them_twice() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("waits"), &[ANNA, BEN])).await;
    let done = reconcile(&bridge, &[BEN]).await;
    assert_eq!(
        done,
        Reconciled {
            moved: 0,
            removed: 1
        }
    );
    assert_eq!(ids(&bridge.send_all(at(5)).await), ["waits"]);
    bridge.close().await;
}

#[tokio::test]
async fn an_event_for_two_removed_users_is_moved_once() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA, BEN])).await;
    assert_eq!(
        reconcile(&bridge, &[CARL]).await,
        Reconciled {
            moved: 1,
            removed: 2
        }
    );
    bridge.close().await;
}

#[tokio::test]
async fn a_list_of_what_was_held_back_is_not_lost() {
    let bridge = Fixture::new().await;
    bridge
        .accept(Accept {
            hold: true,
            ..accept(event("a"), &[ANNA])
        })
        .await;
    bridge
        .store
        .unmute(at(1), record(EventName::ModeChanged, 1))
        .await
        .unwrap();
    assert_eq!(reconcile(&bridge, &[BEN]).await.moved, 1);
    let list = bridge.lease_one(at(5)).await;
    assert_eq!((list.chat, list.held_events.len()), (BEN, 1));
    bridge.close().await;
}

#[tokio::test]
async fn an_empty_list_changes_nothing() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    assert_eq!(reconcile(&bridge, &[]).await, Reconciled::default());
    assert_eq!(bridge.waiting().await.len(), 1);
    bridge.close().await;
}
