//! Rows that cannot be read back keep nothing else back.

use cctelegram_core::approval::State;
use cctelegram_core::audit::EventName;
use cctelegram_store::Accept;
use cctelegram_store::Ask;
use cctelegram_store::GivenUp;
use sqlx::ConnectOptions as _;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnectOptions;

use crate::fixture::ANNA;
use crate::fixture::BEN;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::approval_id;
use crate::fixture::at;
use crate::fixture::decide;
use crate::fixture::event;
use crate::fixture::ids;
use crate::fixture::record;
use crate::fixture::request;

/// The same store after somebody changed the database behind its back.
pub(crate) async fn damaged(bridge: Fixture, sql: &'static str) -> Fixture {
    let folder = bridge.close().await;
    let options = SqliteConnectOptions::new().filename(folder.path().join("test.db"));
    let mut database = options.connect().await.unwrap();
    sqlx::query(sql).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    Fixture::open(folder).await
}

/// Two requests that expire at second 10; the options of the first cannot be read back.
async fn one_of_two_requests() -> Fixture {
    let bridge = Fixture::new().await;
    for (id, number) in [("broken", 1), ("whole", 2)] {
        let asked = request(id, number, &[ANNA]);
        let ask = asked.ask.clone().map(|ask| Ask {
            expires: Some(at(10)),
            ..ask
        });
        bridge.accept(Accept { ask, ..asked }).await;
    }
    damaged(
        bridge,
        "UPDATE approval SET options = '{' WHERE event_id = 'broken'",
    )
    .await
}

#[tokio::test]
async fn a_row_that_cannot_be_read_does_not_stop_the_others() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("broken"), &[ANNA])).await;
    bridge.accept(accept(event("whole"), &[ANNA])).await;
    let bridge = damaged(bridge, "UPDATE event SET body = '{' WHERE id = 'broken'").await;
    assert_eq!(
        bridge.store.queue(10).await.unwrap().len(),
        2,
        "it is shown"
    );
    let row = bridge.store.outlook(at(0)).await.unwrap().heads[0].row;
    let leased = bridge.store.lease(vec![row], at(0)).await.unwrap();
    let told = GivenUp {
        row,
        chat: ANNA,
        event: Some("broken".parse().unwrap()),
    };
    assert_eq!((leased.rows.len(), leased.given_up), (0, vec![told]));
    assert_eq!(ids(&bridge.send_all(at(0)).await), ["whole"]);
    assert_eq!(
        bridge.audit_names().await[2],
        EventName::MessageUndeliverable
    );
    bridge.close().await;
}

#[tokio::test]
async fn a_request_whose_last_copy_cannot_be_read_is_undeliverable() {
    let bridge = Fixture::new().await;
    bridge.accept(request("deploy", 1, &[ANNA, BEN])).await;
    let bridge = damaged(bridge, "UPDATE outbox SET work = '{'").await;
    let heads = bridge.store.outlook(at(0)).await.unwrap().heads;
    let state = async || {
        let approval = bridge.store.approval(approval_id(1)).await.unwrap();
        approval.unwrap().state
    };
    let one = bridge.store.lease(vec![heads[0].row], at(1)).await.unwrap();
    assert_eq!(one.given_up.len(), 1);
    assert_eq!(state().await, State::Pending, "Ben may get it");
    bridge.store.lease(vec![heads[1].row], at(2)).await.unwrap();
    assert_eq!(state().await, State::Undeliverable { at: at(2) });
    let names = bridge.audit_names().await;
    assert!(names.contains(&EventName::ApprovalUndeliverable));
    bridge.close().await;
}

#[tokio::test]
async fn a_request_that_cannot_be_read_does_not_keep_others_from_expiring() {
    let bridge = one_of_two_requests().await;
    let expired = bridge.store.expire_due(at(10)).await.unwrap();
    assert_eq!(expired, [approval_id(2)]);
    let answers = bridge.store.unwritten_responses().await.unwrap();
    assert_eq!(answers[0].file_name, "whole.json");
    assert_eq!(
        bridge.store.next_expiry().await.unwrap(),
        None,
        "the damaged one is over too, or it would be due for ever"
    );
    let names = bridge.audit_names().await;
    let ended = [EventName::ApprovalUndeliverable, EventName::ApprovalExpired];
    assert_eq!(names[2..], ended);
    bridge.close().await;
}

#[tokio::test]
async fn a_request_that_cannot_be_read_does_not_hide_the_others() {
    let bridge = one_of_two_requests().await;
    let pending = bridge.store.pending().await.unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].id, approval_id(2));
    bridge.close().await;
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_does_not_keep_others_from_being_written() {
    let bridge = Fixture::new().await;
    for (update, id) in [(1, "broken"), (2, "whole")] {
        let number = u128::try_from(update).unwrap();
        bridge.accept(request(id, number, &[ANNA])).await;
        let update = bridge.update(update).await;
        bridge
            .store
            .decide(decide(update, number, 0))
            .await
            .unwrap();
    }
    let bridge = damaged(
        bridge,
        "UPDATE response SET body = '{' WHERE event_id = 'broken'",
    )
    .await;
    let answers = bridge.store.unwritten_responses().await.unwrap();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].file_name, "whole.json");
    bridge.close().await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_does_not_cost_anybody_the_answer() {
    let bridge = Fixture::new().await;
    bridge.accept(request("deploy", 1, &[ANNA])).await;
    let bridge = damaged(bridge, "UPDATE event SET body = '{'").await;
    let update = bridge.update(1).await;
    bridge.store.decide(decide(update, 1, 0)).await.unwrap();
    let answers = bridge.store.unwritten_responses().await.unwrap();
    assert_eq!(answers[0].body["response"], "approve");
    bridge.close().await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_does_not_cost_the_list_of_what_was_held_back() {
    let bridge = Fixture::new().await;
    for id in ["broken", "whole"] {
        bridge
            .accept(Accept {
                hold: true,
                ..accept(event(id), &[ANNA])
            })
            .await;
    }
    let bridge = damaged(bridge, "UPDATE event SET body = '{' WHERE id = 'broken'").await;
    let end = record(EventName::ModeChanged, 1);
    bridge.store.unmute(at(1), end).await.unwrap();
    let list = bridge.lease_one(at(1)).await;
    assert_eq!(list.held_events.len(), 1);
    bridge.close().await;
}
