//! Decisions: of all that are made, one counts.

use cctelegram_core::approval::AnswerForm;
use cctelegram_core::approval::State;
use cctelegram_core::audit::EventName;
use cctelegram_core::id::MessageId;
use cctelegram_store::Ask;
use cctelegram_store::Decided;
use cctelegram_store::Marked;
use cctelegram_store::StoreError;

use crate::fixture::ANNA;
use crate::fixture::BEN;
use crate::fixture::Fixture;
use crate::fixture::approval_id;
use crate::fixture::at;
use crate::fixture::decide;
use crate::fixture::record;
use crate::fixture::request;

/// A request that Anna and Ben have on their phones.
async fn asked() -> Fixture {
    let bridge = Fixture::new().await;
    bridge.accept(request("deploy", 1, &[ANNA, BEN])).await;
    bridge.send_all(at(0)).await;
    bridge
}

#[tokio::test]
async fn security_the_second_decision_is_too_late_and_changes_nothing() {
    let bridge = asked().await;
    let (first, second) = (bridge.update(1).await, bridge.update(2).await);
    let outcome = bridge.store.decide(decide(first, 1, 0)).await.unwrap();
    let Decided::Done(approved) = outcome else {
        panic!("{outcome:?}")
    };
    let outcome = bridge.store.decide(decide(second, 1, 1)).await.unwrap();
    assert_eq!(outcome, Decided::TooLate(approved.clone()));
    assert_eq!(
        bridge.store.approval(approval_id(1)).await.unwrap(),
        Some(approved)
    );
    assert_eq!(bridge.store.unwritten_responses().await.unwrap().len(), 1);
    assert_eq!(bridge.audit().await.len(), 2);
    // The update that was too late still waits for its refusal, which is recorded.
    assert_eq!(bridge.store.unhandled(10).await.unwrap()[0].id, second);
    let refusal = record(EventName::ApprovalPressRefused, 61);
    bridge
        .store
        .refuse(second, refusal, Some((ANNA, "Too late.".into())))
        .await
        .unwrap();
    assert!(bridge.store.unhandled(10).await.unwrap().is_empty());
    assert_eq!(
        bridge.audit_names().await[2],
        EventName::ApprovalPressRefused
    );
    bridge.close().await;
}

#[tokio::test]
async fn security_of_a_hundred_simultaneous_decisions_exactly_one_counts() {
    let bridge = asked().await;
    let mut presses = tokio::task::JoinSet::new();
    for number in 0..100 {
        let update = bridge.update(number).await;
        let store = bridge.store.clone();
        let choice = usize::try_from(number % 2).unwrap();
        presses.spawn(async move { store.decide(decide(update, 1, choice)).await.unwrap() });
    }
    let outcomes = presses.join_all().await;
    let done: Vec<_> = outcomes
        .into_iter()
        .filter_map(|outcome| match outcome {
            Decided::Done(approval) => Some(approval),
            Decided::TooLate(_) | Decided::Unknown => None,
        })
        .collect();
    assert_eq!(done.len(), 1);
    assert_eq!(
        bridge
            .store
            .approval(approval_id(1))
            .await
            .unwrap()
            .as_ref(),
        done.first()
    );
    let decided = bridge.audit_names().await;
    let decided = decided
        .iter()
        .filter(|name| **name == EventName::ApprovalDecided);
    assert_eq!(decided.count(), 1);
    assert_eq!(bridge.store.unwritten_responses().await.unwrap().len(), 1);
    bridge.close().await;
}

#[tokio::test]
async fn security_one_update_decides_once() {
    let bridge = asked().await;
    bridge.accept(request("other", 2, &[ANNA])).await;
    let update = bridge.update(1).await;
    bridge.store.decide(decide(update, 1, 0)).await.unwrap();
    let again = bridge.store.decide(decide(update, 2, 0)).await;
    assert!(matches!(again, Err(StoreError::AlreadyHandled(id)) if id == update));
    let other = bridge
        .store
        .approval(approval_id(2))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(other.state, State::Pending);
    bridge.close().await;
}

#[tokio::test]
async fn security_nothing_is_decided_at_or_after_the_expiry() {
    let bridge = Fixture::new().await;
    let mut request = request("deploy", 1, &[ANNA]);
    request.ask = Some(Ask {
        id: approval_id(1),
        digest: "d".into(),
        expires: Some(at(60)),
        not_before: None,
        form: AnswerForm::default(),
        attended: false,
        remind: None,
    });
    bridge.accept(request).await;
    let update = bridge.update(1).await;
    let outcome = bridge.store.decide(decide(update, 1, 0)).await.unwrap();
    assert!(
        matches!(outcome, Decided::TooLate(_)),
        "the press is at second 60"
    );
    let approval = bridge
        .store
        .approval(approval_id(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        approval.state,
        State::Pending,
        "expiring it is not the press's business"
    );
    bridge.close().await;
}

#[tokio::test]
async fn security_an_option_that_is_not_offered_decides_nothing() {
    let bridge = asked().await;
    let update = bridge.update(1).await;
    let outcome = bridge.store.decide(decide(update, 1, 2)).await;
    assert!(matches!(outcome, Err(StoreError::NoSuchOption)));
    let unknown = bridge.store.decide(decide(update, 99, 0)).await.unwrap();
    assert_eq!(unknown, Decided::Unknown);
    assert_eq!(bridge.store.pending().await.unwrap().len(), 1);
    assert_eq!(bridge.store.unhandled(10).await.unwrap().len(), 1);
    bridge.close().await;
}

#[tokio::test]
async fn a_decision_edits_sent_copies_and_drops_waiting_ones() {
    let bridge = Fixture::new().await;
    bridge.accept(request("deploy", 1, &[ANNA, BEN])).await;
    let mut rows = bridge.lease(at(0)).await;
    let (bens, annas) = (rows.remove(1), rows.remove(0));
    bridge.sent(&annas, 1).await;
    bridge.mark(&bens, Marked::Retry { due: at(0) }).await;
    let update = bridge.update(1).await;
    bridge.store.decide(decide(update, 1, 0)).await.unwrap();
    assert_eq!(bridge.waiting().await, [("approval_edit".into(), ANNA)]);
    bridge.close().await;
}

#[tokio::test]
async fn a_copy_in_flight_is_edited_when_it_arrives() {
    let bridge = Fixture::new().await;
    bridge.accept(request("deploy", 1, &[ANNA])).await;
    let row = bridge.lease_one(at(0)).await;
    let update = bridge.update(1).await;
    bridge.store.decide(decide(update, 1, 0)).await.unwrap();
    bridge.sent(&row, 5).await;
    let edit = bridge.lease_one(at(61)).await;
    assert_eq!(edit.message, Some(MessageId(5)));
    bridge.close().await;
}

#[tokio::test]
async fn a_copy_in_flight_that_fails_is_neither_edited_nor_sent_again() {
    let bridge = Fixture::new().await;
    bridge.accept(request("deploy", 1, &[ANNA])).await;
    let row = bridge.lease_one(at(0)).await;
    let update = bridge.update(1).await;
    bridge.store.decide(decide(update, 1, 0)).await.unwrap();
    bridge.mark(&row, Marked::Retry { due: at(0) }).await;
    assert_eq!(bridge.send_all(at(61)).await, []);
    assert_eq!(bridge.waiting().await, []);
    bridge.close().await;
}
