//! Another bot: what the first one sent means nothing to it.

use cctelegram_core::approval::Choice;
use cctelegram_core::audit::EventName;
use cctelegram_core::id::MessageId;
use cctelegram_crypto::Digest;
use cctelegram_store::Marked;

use crate::fixture::ANNA;
use crate::fixture::BEN;
use crate::fixture::BOT;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::at;
use crate::fixture::decide;
use crate::fixture::event;
use crate::fixture::ids;
use crate::fixture::progress;
use crate::fixture::request;

const OTHER_BOT: i64 = 99;

#[tokio::test]
async fn the_same_bot_changes_nothing() {
    let bridge = Fixture::new().await;
    bridge.accept(request("deploy", 1, &[ANNA])).await;
    assert!(!bridge.store.speak_as(BOT, at(0)).await.unwrap());
    bridge.send_all(at(0)).await;
    assert!(!bridge.store.speak_as(BOT, at(1)).await.unwrap());
    assert!(bridge.lease(at(1)).await.is_empty());
    assert_eq!(bridge.audit().await.len(), 1);
    bridge.close().await;
}

#[tokio::test]
async fn another_bot_asks_open_requests_anew_where_they_were_asked() {
    let bridge = Fixture::new().await;
    bridge.store.speak_as(BOT, at(0)).await.unwrap();
    bridge.accept(request("open", 1, &[ANNA])).await;
    bridge.accept(request("over", 2, &[ANNA])).await;
    bridge.send_all(at(0)).await;
    let update = bridge.update(1).await;
    bridge.store.decide(decide(update, 2, 0)).await.unwrap();
    bridge.accept(request("waits", 3, &[BEN])).await;

    assert!(bridge.store.speak_as(OTHER_BOT, at(5)).await.unwrap());
    let last = bridge.audit().await.pop().unwrap();
    assert_eq!(last.event, EventName::BotChanged);
    let sent = bridge.send_all(at(61)).await;
    assert_eq!(ids(&sent), ["waits", "open"]);
    assert!(sent.iter().all(|row| row.message.is_none()));
    assert!(!bridge.store.speak_as(OTHER_BOT, at(62)).await.unwrap());
    bridge.close().await;
}

#[tokio::test]
async fn security_a_message_id_of_another_bot_leads_nowhere() {
    let bridge = Fixture::new().await;
    bridge.store.speak_as(BOT, at(0)).await.unwrap();
    bridge.accept(request("deploy", 1, &[ANNA])).await;
    bridge.mint(1, ANNA, "approve", Choice::Option(0)).await;
    bridge.sent(&bridge.lease_one(at(0)).await, 5).await;
    bridge.accept(accept(progress("p1", "build"), &[BEN])).await;
    bridge.sent(&bridge.lease_one(at(0)).await, 6).await;
    bridge.accept(accept(progress("p2", "build"), &[BEN])).await;
    bridge.store.speak_as(OTHER_BOT, at(1)).await.unwrap();

    let button = bridge.store.button(&Digest::of(b"approve")).await.unwrap();
    assert!(button.is_none());
    let replied = bridge.store.event_of_message(ANNA, MessageId(5)).await;
    assert_eq!(replied.unwrap(), None);
    let sent = bridge.send_all(at(1)).await;
    assert_eq!(ids(&sent), ["deploy", "p2"]);
    assert!(sent.iter().all(|row| row.message.is_none()), "no edits");
    bridge.close().await;
}

#[tokio::test]
async fn another_bot_sends_what_waits_whole_and_to_those_who_blocked_the_first() {
    let bridge = Fixture::new().await;
    bridge.store.speak_as(BOT, at(0)).await.unwrap();
    bridge.accept(accept(event("long"), &[ANNA])).await;
    bridge.accept(accept(event("blocked"), &[BEN])).await;
    let rows = bridge.lease(at(0)).await;
    let part = Marked::PartSent {
        message: MessageId(7),
        parts_sent: 1,
    };
    bridge.mark(&rows[0], part).await;
    let reason = "blocked".to_owned();
    bridge.mark(&rows[1], Marked::Parked { reason }).await;
    bridge.store.speak_as(OTHER_BOT, at(1)).await.unwrap();
    let sent = bridge.lease(at(1)).await;
    assert_eq!(ids(&sent), ["long", "blocked"]);
    assert_eq!(sent[0].parts_sent, 0);
    bridge.close().await;
}
