//! Sending: order, leases, and what came of it.

use cctelegram_core::audit::EventName;
use cctelegram_core::delivery::Priority;
use cctelegram_core::delivery::Work;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_store::Accept;
use cctelegram_store::Handling;
use cctelegram_store::Marked;
use cctelegram_store::Store;

use crate::fixture::ANNA;
use crate::fixture::BEN;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::at;
use crate::fixture::event;
use crate::fixture::ids;
use crate::fixture::progress;
use crate::fixture::record;

async fn events_of(store: &Store, chat: ChatId, message: i64) -> Option<String> {
    let event = store
        .event_of_message(chat, MessageId(message))
        .await
        .unwrap();
    event.map(|event| event.id.to_string())
}

#[tokio::test]
async fn the_most_urgent_goes_first_and_one_at_a_time_per_chat() {
    let bridge = Fixture::new().await;
    let with = |id: &str, priority| Accept {
        priority,
        ..accept(event(id), &[ANNA])
    };
    bridge.accept(with("result", Priority::Result)).await;
    bridge.accept(with("alert", Priority::Alert)).await;
    bridge.accept(with("second-result", Priority::Result)).await;
    bridge.accept(accept(event("for-ben"), &[BEN])).await;
    let first = bridge.lease(at(0)).await;
    assert_eq!(ids(&first), ["alert", "for-ben"]);
    assert!(
        bridge.store.outlook(at(0)).await.unwrap().heads.is_empty(),
        "both chats are busy"
    );
    bridge.sent(&first[0], 1).await;
    assert_eq!(ids(&bridge.lease(at(0)).await), ["result"]);
    bridge.close().await;
}

#[tokio::test]
async fn a_row_is_leased_once() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    let row = bridge.store.outlook(at(0)).await.unwrap().heads[0].row;
    let (one, two) = tokio::join!(
        bridge.store.lease(vec![row, row], at(0)),
        bridge.store.lease(vec![row], at(0)),
    );
    assert_eq!(one.unwrap().rows.len() + two.unwrap().rows.len(), 1);
    bridge.close().await;
}

#[tokio::test]
async fn a_failed_row_comes_again_when_it_is_due() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    let row = bridge.lease_one(at(0)).await;
    bridge.mark(&row, Marked::Retry { due: at(30) }).await;
    assert!(bridge.store.outlook(at(29)).await.unwrap().heads.is_empty());
    assert_eq!(
        bridge.store.outlook(at(29)).await.unwrap().next_due,
        Some(at(30))
    );
    let again = bridge.lease_one(at(30)).await;
    assert_eq!((again.row, again.attempt), (row.row, 1));
    bridge.mark(&again, Marked::Released).await;
    assert_eq!(
        bridge.lease_one(at(30)).await.attempt,
        1,
        "it was not its fault"
    );
    bridge.close().await;
}

#[tokio::test]
async fn leases_of_a_crashed_program_are_given_back() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    let row = bridge.lease_one(at(0)).await;
    let part = Marked::PartSent {
        message: MessageId(7),
        parts_sent: 1,
    };
    bridge.mark(&row, part).await;
    bridge.lease_one(at(0)).await;
    let bridge = Fixture::open(bridge.crash().await).await;
    assert!(bridge.store.outlook(at(0)).await.unwrap().heads.is_empty());
    assert_eq!(bridge.store.void_leases().await.unwrap(), 1);
    let again = bridge.lease_one(at(0)).await;
    assert_eq!(
        (again.row, again.parts_sent),
        (row.row, 1),
        "it goes on after the part"
    );
    assert_eq!(
        events_of(&bridge.store, ANNA, 7).await.as_deref(),
        Some("a")
    );
    bridge.close().await;
}

#[tokio::test]
async fn replies_find_the_event_of_a_message() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    bridge.sent(&bridge.lease_one(at(0)).await, 5).await;
    assert_eq!(
        events_of(&bridge.store, ANNA, 5).await.as_deref(),
        Some("a")
    );
    assert_eq!(events_of(&bridge.store, BEN, 5).await, None);
    bridge.close().await;
}

#[tokio::test]
async fn a_parked_chat_waits_until_it_writes() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    bridge.accept(accept(event("b"), &[ANNA])).await;
    let row = bridge.lease_one(at(0)).await;
    bridge
        .mark(
            &row,
            Marked::Parked {
                reason: "bot was blocked".into(),
            },
        )
        .await;
    assert!(bridge.store.outlook(at(9)).await.unwrap().heads.is_empty());
    assert_eq!(
        bridge.store.parked().await.unwrap(),
        [(ANNA, "bot was blocked".to_owned())]
    );
    let queue = bridge.store.queue(10).await.unwrap();
    assert_eq!((queue[0].state.as_str(), queue[0].due), ("parked", None));
    let leased = bridge.store.lease(vec![row.row], at(9)).await.unwrap();
    assert_eq!(leased.rows, []);

    let records = vec![record(EventName::RecipientReturned, 10)];
    let handling = Handling {
        records,
        unpark: Some(ANNA),
        ..Handling::default()
    };
    bridge
        .store
        .handle(bridge.update(1).await, handling)
        .await
        .unwrap();
    assert_eq!(ids(&bridge.send_all(at(10)).await), ["a", "b"]);
    let names = bridge.audit_names().await;
    assert_eq!(
        names[2..],
        [EventName::RecipientParked, EventName::RecipientReturned]
    );
    bridge.close().await;
}

#[tokio::test]
async fn a_group_that_became_a_supergroup_keeps_its_queue() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(progress("p", "build"), &[ANNA])).await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    let row = bridge.lease_one(at(0)).await;
    bridge.mark(&row, Marked::Migrated(BEN)).await;
    let sent = bridge.send_all(at(1)).await;
    assert_eq!(
        sent.iter().map(|row| row.chat).collect::<Vec<_>>(),
        [BEN, BEN]
    );
    bridge.close().await;
}

#[tokio::test]
async fn a_deleted_progress_message_is_sent_anew() {
    let bridge = Fixture::new().await;
    bridge
        .accept(accept(progress("p1", "build"), &[ANNA]))
        .await;
    bridge.send_all(at(0)).await;
    bridge
        .accept(accept(progress("p2", "build"), &[ANNA]))
        .await;
    let edit = bridge.lease_one(at(0)).await;
    assert!(edit.message.is_some());
    bridge.mark(&edit, Marked::Anew).await;
    let anew = bridge.lease_one(at(0)).await;
    assert_eq!((anew.row, anew.message), (edit.row, None));
    bridge.close().await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_holds_nothing_up() {
    let bridge = Fixture::new().await;
    let day = 24 * 3_600;
    bridge
        .accept(Accept {
            received: at(day),
            ..accept(event("a"), &[ANNA])
        })
        .await;
    let row = bridge.lease_one(at(day)).await;
    let due = at(day + 60);
    bridge.mark(&row, Marked::Retry { due }).await;
    assert!(
        bridge
            .store
            .outlook(at(day))
            .await
            .unwrap()
            .heads
            .is_empty()
    );
    assert_eq!(bridge.store.outlook(at(0)).await.unwrap().next_due, None);
    assert_eq!(ids(&bridge.lease(at(0)).await), ["a"], "it is due now");
    bridge.close().await;
}

#[tokio::test]
async fn a_notice_goes_before_events() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    bridge
        .store
        .notice(ANNA, "Done.".into(), Some(MessageId(3)), at(0))
        .await
        .unwrap();
    let first = bridge.lease_one(at(0)).await;
    assert_eq!(
        first.work,
        Work::Notice {
            text: "Done.".into()
        }
    );
    assert_eq!(first.reply_to, Some(MessageId(3)));
    bridge.close().await;
}
