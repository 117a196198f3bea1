//! Lists of what waited for a chat's limit.

use std::collections::BTreeSet;

use cctelegram_core::delivery::Priority;
use cctelegram_core::delivery::Work;
use cctelegram_core::event::Event;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_crypto::Digest;
use cctelegram_store::Accept;
use cctelegram_store::FoundList;
use cctelegram_store::Handling;
use cctelegram_store::Marked;
use cctelegram_store::MintDetails;

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
use cctelegram_core::audit::EventName;

async fn accept_many(bridge: &Fixture, count: usize, recipients: &[ChatId]) {
    for number in 0..count {
        bridge
            .accept(accept(event(&format!("e{number:02}")), recipients))
            .await;
    }
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
    assert_eq!(bridge.store.fold(ANNA, 10, at(1)).await.unwrap(), None);
    bridge.accept(accept(progress("p", "task"), &[ANNA])).await;
    bridge.accept(request("ask", 1, &[ANNA])).await;
    let alert = Accept {
        priority: Priority::Alert,
        ..accept(event("alert"), &[ANNA])
    };
    bridge.accept(alert).await;
    let text = "Hello.".to_owned();
    bridge.store.notice(ANNA, text, None, at(0)).await.unwrap();
    let held = Accept {
        hold: true,
        ..accept(event("held"), &[ANNA])
    };
    bridge.accept(held).await;

    let row = bridge.store.fold(ANNA, 10, at(1)).await.unwrap().unwrap();
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
    assert_eq!(
        bridge.store.fold(ANNA, 10, at(1)).await.unwrap(),
        None,
        "once"
    );
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
    let list = bridge.store.fold(ANNA, 2, at(1)).await.unwrap().unwrap();
    let events = bridge.store.folded_events(list).await.unwrap();
    assert_eq!(listed(&events), ["e02", "e03", "e04"]);
    assert_eq!(ids(&bridge.send_all(at(60)).await), ["e00", "e01"]);
    bridge.close().await;
}

#[tokio::test]
async fn a_list_survives_a_crash_before_and_after_its_lease() {
    let bridge = Fixture::new().await;
    accept_many(&bridge, 4, &[ANNA]).await;
    let list = bridge.store.fold(ANNA, 2, at(1)).await.unwrap().unwrap();
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
    let row = bridge.store.fold(ANNA, 2, at(1)).await.unwrap().unwrap();
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
    bridge.store.fold(ANNA, 2, at(1)).await.unwrap().unwrap();
    let left = BTreeSet::from([BEN]);
    let done = bridge.store.reconcile(left, at(2)).await.unwrap();
    assert_eq!(done.moved, 3);
    let mut sent = bridge.send_all(at(3)).await;
    sent.sort_by_key(|row| row.row);
    assert_eq!(ids(&sent), ["both", "e00", "e01", "e02"]);
    bridge.close().await;
}
