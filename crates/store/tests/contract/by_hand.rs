//! What somebody at the machine does with the queue.

use std::collections::BTreeSet;

use cctelegram_core::approval::State;
use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_core::mode::Mode;
use cctelegram_core::mode::Switch;
use cctelegram_store::DropRow;
use cctelegram_store::Leased;
use cctelegram_store::Marked;
use cctelegram_store::Requeue;
use cctelegram_store::Unmoved;
use cctelegram_store::Which;
use serde_json::json;

use crate::damage::damaged;
use crate::fixture::ANNA;
use crate::fixture::BEN;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::approval_id;
use crate::fixture::at;
use crate::fixture::event;
use crate::fixture::progress;
use crate::fixture::record;
use crate::fixture::request;
use crate::fixture::typed;

const WHO: Actor = Actor::Local { uid: 501 };

fn again(which: Which, allowed: &[ChatId]) -> Requeue {
    Requeue {
        which,
        allowed: allowed.iter().copied().collect::<BTreeSet<_>>(),
        actor: WHO,
        at: at(100),
    }
}

fn drop_row(row: i64) -> DropRow {
    DropRow {
        row,
        actor: WHO,
        at: at(100),
    }
}

async fn given_up(bridge: &Fixture) -> Leased {
    let leased = bridge.lease_one(at(0)).await;
    let reason = "no".into();
    bridge.mark(&leased, Marked::Dead { reason }).await;
    leased
}

async fn state(bridge: &Fixture, row: i64) -> String {
    let item = bridge.store.queue_item(row).await.unwrap();
    item.unwrap().entry.state
}

#[tokio::test]
async fn what_was_given_up_is_sent_after_a_retry_and_who_asked_is_recorded() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    let row = given_up(&bridge).await.row;
    let retried = bridge
        .store
        .requeue(again(Which::Row(row), &[ANNA]))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (retried.retried[0].id, retried.retried[0].state.as_str()),
        (row, "waiting")
    );
    let leased = bridge.lease_one(at(100)).await;
    assert_eq!((leased.row, leased.attempt), (row, 0));
    let record = bridge.audit().await.pop().unwrap();
    assert_eq!(
        (record.event, record.actor),
        (EventName::MessageRetried, WHO)
    );
    assert_eq!(record.details["was"], "dead");
    bridge.close().await;
}

#[tokio::test]
async fn a_wait_for_the_next_try_and_a_parked_chat_are_cut_short() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    let leased = bridge.lease_one(at(0)).await;
    bridge.mark(&leased, Marked::Retry { due: at(130) }).await;
    assert!(
        bridge
            .store
            .outlook(at(100))
            .await
            .unwrap()
            .heads
            .is_empty()
    );
    let requeue = again(Which::Row(leased.row), &[ANNA]);
    bridge
        .store
        .requeue(requeue.clone())
        .await
        .unwrap()
        .unwrap();
    let leased = bridge.lease_one(at(100)).await;
    assert_eq!(leased.attempt, 1, "it is still the same try");
    let reason = "blocked".into();
    bridge.mark(&leased, Marked::Parked { reason }).await;
    assert_eq!(state(&bridge, leased.row).await, "parked");
    bridge.store.requeue(requeue).await.unwrap().unwrap();
    assert_eq!(bridge.lease_one(at(100)).await.row, leased.row);
    bridge.close().await;
}

#[tokio::test]
async fn security_nothing_is_sent_again_to_somebody_who_was_removed() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    bridge.accept(accept(event("b"), &[BEN])).await;
    for leased in bridge.lease(at(0)).await {
        let reason = "no".into();
        bridge.mark(&leased, Marked::Dead { reason }).await;
    }
    let alone = bridge.store.requeue(again(Which::Row(1), &[BEN]));
    assert_eq!(alone.await.unwrap(), Err(Unmoved::NotARecipient(ANNA)));
    let all = bridge.store.requeue(again(Which::Dead, &[BEN]));
    let all = all.await.unwrap().unwrap();
    assert_eq!((all.retried[0].id, all.kept[0].id), (2, 1));
    assert_eq!(state(&bridge, 1).await, "dead");
    bridge.close().await;
}

#[tokio::test]
async fn what_is_being_sent_or_over_stays_as_it_is() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    let leased = bridge.lease_one(at(0)).await;
    let retry = again(Which::Row(leased.row), &[ANNA]);
    for (unmoved, next) in [
        (Unmoved::Sending, None),
        (Unmoved::Over("sent".into()), Some(7)),
    ] {
        if let Some(message) = next {
            bridge.sent(&leased, message).await;
        }
        let before = bridge.audit().await.len();
        let retried = bridge.store.requeue(retry.clone()).await.unwrap();
        assert_eq!(retried, Err(unmoved.clone()));
        let dropped = bridge.store.drop_row(drop_row(leased.row)).await.unwrap();
        assert_eq!(dropped, Err(unmoved));
        assert_eq!(bridge.audit().await.len(), before, "nothing to tell");
    }
    for unmoved in [
        bridge
            .store
            .requeue(again(Which::Row(99), &[ANNA]))
            .await
            .unwrap()
            .err(),
        bridge.store.drop_row(drop_row(99)).await.unwrap().err(),
    ] {
        assert_eq!(unmoved, Some(Unmoved::Unknown));
    }
    bridge.close().await;
}

#[tokio::test]
async fn old_progress_does_not_come_back_over_newer() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(progress("p1", "t"), &[ANNA])).await;
    let row = given_up(&bridge).await.row;
    bridge.accept(accept(progress("p2", "t"), &[ANNA])).await;
    bridge.send_all(at(1)).await;
    let retried = bridge.store.requeue(again(Which::Row(row), &[ANNA])).await;
    assert_eq!(retried.unwrap(), Err(Unmoved::Superseded));
    bridge.close().await;
}

#[tokio::test]
async fn what_is_dropped_is_never_sent() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("waits"), &[ANNA])).await;
    let dead = given_up(&bridge).await.row;
    bridge.accept(accept(event("b"), &[ANNA])).await;
    for row in [dead, dead + 1] {
        let dropped = bridge.store.drop_row(drop_row(row)).await.unwrap().unwrap();
        assert_eq!((dropped.id, dropped.withdrawn), (row, None));
        assert_eq!(state(&bridge, row).await, "dropped");
        let record = bridge.audit().await.pop().unwrap();
        assert_eq!(
            (record.event, record.actor),
            (EventName::MessageDropped, WHO)
        );
    }
    assert!(bridge.store.queue(10).await.unwrap().is_empty());
    assert!(
        bridge
            .store
            .outlook(at(999))
            .await
            .unwrap()
            .heads
            .is_empty()
    );
    assert_eq!(bridge.store.counts().await.unwrap().waiting, 0);
    bridge.close().await;
}

#[tokio::test]
async fn a_request_that_loses_its_last_copy_is_withdrawn() {
    let bridge = Fixture::new().await;
    bridge.accept(request("r", 1, &[ANNA, BEN])).await;
    let first = bridge.store.drop_row(drop_row(1)).await.unwrap().unwrap();
    assert_eq!(first.withdrawn, None, "there is another copy");
    let last = bridge.store.drop_row(drop_row(2)).await.unwrap().unwrap();
    assert_eq!(last.withdrawn, Some(approval_id(1)));
    let approval = bridge
        .store
        .approval(approval_id(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(approval.state, State::Withdrawn { at: at(100) });
    let names = bridge.audit_names().await;
    assert_eq!(
        names[names.len() - 2..],
        [EventName::ApprovalWithdrawn, EventName::MessageDropped]
    );
    assert_eq!(bridge.store.unwritten_responses().await.unwrap().len(), 1);
    let again = bridge.store.requeue(again(Which::Row(2), &[BEN])).await;
    assert_eq!(again.unwrap(), Err(Unmoved::Over("dropped".into())));
    bridge.close().await;
}

#[tokio::test]
async fn a_request_that_ended_is_not_asked_again() {
    let bridge = Fixture::new().await;
    bridge.accept(request("r", 1, &[ANNA])).await;
    let row = given_up(&bridge).await.row;
    let retried = bridge.store.requeue(again(Which::Row(row), &[ANNA])).await;
    assert_eq!(retried.unwrap(), Err(Unmoved::Ended));
    bridge.close().await;
}

/// Switches to mute.
async fn mute(bridge: &Fixture) {
    let switch = Switch {
        mode: Mode::Mute,
        until: None,
        before: None,
    };
    let changed = record(EventName::ModeChanged, 1);
    let done = bridge.store.set_switch(Some(switch), changed).await;
    done.unwrap();
}

#[tokio::test]
async fn security_a_mute_holds_no_alert_back_that_is_tried_again() {
    let bridge = Fixture::new().await;
    let alert = typed("alert", "security_alert", json!({}));
    bridge.accept(accept(alert, &[ANNA])).await;
    let alert = given_up(&bridge).await.row;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    let plain = given_up(&bridge).await.row;
    mute(&bridge).await;
    for (row, expected) in [(alert, "waiting"), (plain, "held")] {
        let retried = bridge.store.requeue(again(Which::Row(row), &[ANNA]));
        let retried = retried.await.unwrap().unwrap();
        assert_eq!(retried.retried[0].state, expected);
        assert_eq!(state(&bridge, row).await, expected);
    }
    bridge.close().await;
}

#[tokio::test]
async fn a_message_that_has_begun_goes_on_in_spite_of_a_mute() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    let part = Marked::PartSent {
        message: MessageId(7),
        parts_sent: 1,
    };
    bridge.mark(&bridge.lease_one(at(0)).await, part).await;
    let row = given_up(&bridge).await.row;
    mute(&bridge).await;
    let retried = bridge.store.requeue(again(Which::Row(row), &[ANNA]));
    assert_eq!(retried.await.unwrap().unwrap().retried[0].state, "waiting");
    bridge.close().await;
}

#[tokio::test]
async fn what_was_given_up_for_an_enrolled_group_can_be_tried_again() {
    const GROUP: ChatId = ChatId(-100_500);
    let enrol = "INSERT INTO enrolled_chat (id, title, forum, projects, enrolled, enrolled_by) \
                 VALUES (-100500, 'Team', 0, '[]', 0, 11)";
    let bridge = damaged(Fixture::new().await, enrol).await;
    bridge.accept(accept(event("a"), &[GROUP])).await;
    let row = given_up(&bridge).await.row;
    let retry = again(Which::Row(row), &[ANNA]);
    let retried = bridge.store.requeue(retry).await.unwrap().unwrap();
    assert_eq!(retried.retried[0].id, row);
    assert_eq!(bridge.lease_one(at(100)).await.chat, GROUP);
    bridge.close().await;
}
