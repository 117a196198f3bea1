//! Lists of what waited for a chat's limit.

use std::collections::BTreeSet;

use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::delivery::Priority;
use cctelegram_core::delivery::Work;
use cctelegram_core::event::Event;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_crypto::Digest;
use cctelegram_store::Accept;
use cctelegram_store::FoundList;
use cctelegram_store::Handling;
use cctelegram_store::Head;
use cctelegram_store::Leased;
use cctelegram_store::Marked;
use cctelegram_store::MintDetails;
use cctelegram_store::Requeue;
use cctelegram_store::Which;

use crate::fixture::ANNA;
use crate::fixture::BEN;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::at;
use crate::fixture::event;
use crate::fixture::ids;
use crate::fixture::progress;
use crate::fixture::record;
use crate::fixture::request;

async fn accept_many(bridge: &Fixture, count: usize, recipients: &[ChatId]) {
    for number in 0..count {
        bridge
            .accept(accept(event(&format!("e{number:02}")), recipients))
            .await;
    }
}

/// Folds as the sender does when the first result or piece of progress of Anna's is next.
async fn fold(bridge: &Fixture, above: u32) -> Option<i64> {
    let heads = bridge.store.outlook(at(1)).await.unwrap().heads;
    let head = heads.into_iter().find(|head| head.chat == ANNA)?;
    bridge.store.fold(head, above, at(1)).await.unwrap()
}

fn listed(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.id.as_str()).collect()
}

async fn mint(bridge: &Fixture, list: i64, data: &str) -> Digest {
    let button = Digest::of(data.as_bytes());
    let mint = MintDetails {
        list,
        chat: ANNA,
        button,
        at: at(0),
    };
    bridge.store.mint_details(mint).await.unwrap();
    button
}

#[tokio::test]
async fn results_and_progress_become_one_list_and_nothing_else_does() {
    let bridge = Fixture::new().await;
    accept_many(&bridge, 10, &[ANNA, BEN]).await;
    let head = bridge.store.outlook(at(1)).await.unwrap().heads[0];
    assert_eq!(fold(&bridge, 10).await, None);
    bridge.accept(accept(progress("p", "task"), &[ANNA])).await;
    bridge.accept(request("ask", 1, &[ANNA])).await;
    let alert = Accept {
        priority: Priority::Alert,
        ..accept(event("alert"), &[ANNA])
    };
    bridge.accept(alert).await;
    let text = "Hello.".to_owned();
    bridge.store.notice(ANNA, text, None, at(0)).await.unwrap();
    let muted = Accept {
        hold: true,
        ..accept(event("held"), &[ANNA])
    };
    bridge.accept(muted).await;

    assert_eq!(fold(&bridge, 10).await, None, "a request goes first");
    let row = bridge.store.fold(head, 10, at(1)).await.unwrap().unwrap();
    let events = bridge.store.folded_events(row).await.unwrap();
    assert_eq!(events.len(), 11);
    assert_eq!((listed(&events)[0], listed(&events)[10]), ("e00", "p"));
    let kinds: Vec<String> = bridge
        .waiting()
        .await
        .into_iter()
        .filter(|(_, chat)| *chat == ANNA)
        .map(|(kind, _)| kind)
        .collect();
    assert_eq!(kinds, ["approval", "notice", "event", "event", "folded"]);
    let queue = bridge.store.queue(100).await.unwrap();
    let list = queue.iter().find(|entry| entry.id == row).unwrap();
    assert_eq!(list.title, "11 messages in one list");
    let again = bridge.store.fold(head, 10, at(1)).await.unwrap();
    assert_eq!(again, Some(row), "once");
    let sent = bridge.send_all(at(1)).await;
    let bens = sent.iter().filter(|row| row.chat == BEN);
    assert_eq!(bens.count(), 10, "nobody else's are listed");
    let list = sent
        .iter()
        .find(|row| row.work == Work::Folded { count: 11 })
        .unwrap();
    assert_eq!(list.held_events, events);
    bridge.close().await;
}

#[tokio::test]
async fn what_is_on_its_way_or_put_off_is_not_listed() {
    let bridge = Fixture::new().await;
    accept_many(&bridge, 5, &[ANNA]).await;
    let row = bridge.lease_one(at(0)).await;
    bridge.mark(&row, Marked::Retry { due: at(30) }).await;
    let row = bridge.lease_one(at(0)).await;
    let part = Marked::PartSent {
        message: MessageId(1),
        parts_sent: 1,
    };
    bridge.mark(&row, part).await;
    assert_eq!(
        fold(&bridge, 2).await,
        Some(row.row),
        "what was begun first"
    );
    bridge
        .mark(
            &bridge.lease_one(at(1)).await,
            Marked::Retry { due: at(30) },
        )
        .await;
    let list = fold(&bridge, 2).await.unwrap();
    let events = bridge.store.folded_events(list).await.unwrap();
    assert_eq!(listed(&events), ["e02", "e03", "e04"]);
    assert_eq!(ids(&bridge.send_all(at(60)).await), ["e00", "e01"]);
    bridge.close().await;
}

#[tokio::test]
async fn no_new_list_goes_before_one_that_waits_or_a_message_that_was_begun() {
    let bridge = Fixture::new().await;
    accept_many(&bridge, 4, &[ANNA]).await;
    let list = fold(&bridge, 2).await.unwrap();
    for number in 4..9 {
        let event = event(&format!("e{number:02}"));
        bridge.accept(accept(event, &[ANNA])).await;
    }
    assert_eq!(fold(&bridge, 2).await, Some(list));
    let leased = bridge.lease_one(at(1)).await;
    assert_eq!(leased.row, list);
    let part = Marked::PartSent {
        message: MessageId(1),
        parts_sent: 1,
    };
    bridge.mark(&leased, part).await;
    assert_eq!(
        fold(&bridge, 2).await,
        Some(list),
        "its second part is next"
    );
    bridge.sent(&bridge.lease_one(at(1)).await, 2).await;
    let next = fold(&bridge, 2).await.unwrap();
    assert_eq!(bridge.store.folded_events(next).await.unwrap().len(), 5);
    bridge.close().await;
}

#[tokio::test]
async fn a_head_that_cannot_be_listed_makes_no_list() {
    let bridge = Fixture::new().await;
    accept_many(&bridge, 4, &[ANNA]).await;
    let heads = bridge.store.outlook(at(1)).await.unwrap().heads;
    let head = Head {
        row: 1_000,
        ..heads[0]
    };
    assert_eq!(bridge.store.fold(head, 2, at(1)).await.unwrap(), None);
    bridge.close().await;
}

#[tokio::test]
async fn progress_that_edits_a_message_is_not_listed() {
    let bridge = Fixture::new().await;
    bridge
        .accept(accept(progress("first", "shown"), &[ANNA]))
        .await;
    bridge.send_all(at(0)).await;
    accept_many(&bridge, 3, &[ANNA]).await;
    for (id, task) in [("edit", "shown"), ("fresh", "new")] {
        bridge.accept(accept(progress(id, task), &[ANNA])).await;
    }
    let list = fold(&bridge, 2).await.unwrap();
    let events = bridge.store.folded_events(list).await.unwrap();
    assert_eq!(listed(&events), ["e00", "e01", "e02", "fresh"]);
    let sent = bridge.send_all(at(1)).await;
    assert_eq!(ids(&sent), ["edit"]);
    assert!(sent.last().unwrap().message.is_some(), "it is an edit");
    bridge.close().await;
}

#[tokio::test]
async fn a_list_that_is_given_up_and_what_it_named_are_not_both_tried_again() {
    let bridge = Fixture::new().await;
    accept_many(&bridge, 3, &[ANNA]).await;
    let list = fold(&bridge, 2).await.unwrap();
    let left = BTreeSet::from([BEN]);
    bridge.store.reconcile(left, at(2)).await.unwrap();
    assert_eq!(bridge.store.folded_events(list).await.unwrap(), []);
    let requeue = Requeue {
        which: Which::Dead,
        allowed: BTreeSet::from([ANNA]),
        actor: Actor::System,
        at: at(3),
    };
    let retried = bridge.store.requeue(requeue).await.unwrap().unwrap();
    assert_eq!((retried.retried.len(), retried.kept.len()), (3, 0));
    let sent = bridge.send_all(at(3)).await;
    let annas: Vec<Leased> = sent.into_iter().filter(|row| row.chat == ANNA).collect();
    assert_eq!(ids(&annas), ["e00", "e01", "e02"]);
    bridge.close().await;
}

#[tokio::test]
async fn a_list_is_of_a_thousand_at_most() {
    let bridge = Fixture::new().await;
    for number in 0..1_003 {
        let accept = Accept {
            max_queue: 10_000,
            ..accept(event(&format!("e{number:04}")), &[ANNA])
        };
        bridge.accept(accept).await;
    }
    let list = fold(&bridge, 2).await.unwrap();
    let events = bridge.store.folded_events(list).await.unwrap();
    let events = listed(&events);
    assert_eq!(
        (events.len(), events[0], events[999]),
        (1_000, "e0000", "e0999")
    );
    bridge.close().await;
}

#[tokio::test]
async fn a_list_survives_a_crash_before_and_after_its_lease() {
    let bridge = Fixture::new().await;
    accept_many(&bridge, 4, &[ANNA]).await;
    let list = fold(&bridge, 2).await.unwrap();
    let bridge = Fixture::open(bridge.crash().await).await;
    assert_eq!(bridge.lease_one(at(1)).await.row, list);
    let bridge = Fixture::open(bridge.crash().await).await;
    assert_eq!(bridge.store.void_leases().await.unwrap(), 1);
    let sent = bridge.send_all(at(1)).await;
    assert_eq!((sent.len(), sent[0].held_events.len()), (1, 4));
    bridge.close().await;
}

#[tokio::test]
async fn its_button_finds_the_list_once_it_is_sent_and_brings_the_details() {
    let bridge = Fixture::new().await;
    accept_many(&bridge, 4, &[ANNA]).await;
    let row = fold(&bridge, 2).await.unwrap();
    let list = bridge.lease_one(at(1)).await;
    let earlier = mint(&bridge, row, "of an attempt that failed").await;
    let button = mint(&bridge, row, "data").await;
    assert_eq!(bridge.store.list_of_button(&earlier).await.unwrap(), None);
    let found = bridge.store.list_of_button(&button).await.unwrap().unwrap();
    assert_eq!(found.message, None);
    bridge.sent(&list, 9).await;
    let found = bridge.store.list_of_button(&button).await.unwrap().unwrap();
    let (chat, message) = (ANNA, Some(MessageId(9)));
    assert_eq!(
        found,
        FoundList {
            chat,
            message,
            ..found
        }
    );
    let handling = Handling {
        records: vec![record(EventName::CommandHandled, 2)],
        list_details: Some((found.list, ANNA)),
        ..Handling::default()
    };
    let update = bridge.update(1).await;
    bridge.store.handle(update, handling).await.unwrap();
    let details = bridge.lease_one(at(2)).await;
    assert_eq!(details.work, Work::ListDetails { list: row });
    assert_eq!(listed(&details.held_events), ["e00", "e01", "e02", "e03"]);
    bridge.close().await;
}

#[tokio::test]
async fn what_a_list_named_goes_to_those_who_are_left_unless_they_have_it() {
    let bridge = Fixture::new().await;
    accept_many(&bridge, 3, &[ANNA]).await;
    bridge.accept(accept(event("both"), &[ANNA, BEN])).await;
    fold(&bridge, 2).await.unwrap();
    let left = BTreeSet::from([BEN]);
    let done = bridge.store.reconcile(left, at(2)).await.unwrap();
    assert_eq!(done.moved, 3);
    let mut sent = bridge.send_all(at(3)).await;
    sent.sort_by_key(|row| row.row);
    assert_eq!(ids(&sent), ["both", "e00", "e01", "e02"]);
    bridge.close().await;
}
