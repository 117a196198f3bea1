//! The same event again: one message with a count.

use std::time::Duration;

use cctelegram_core::delivery::Work;
use cctelegram_core::event::Event;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_core::quiet;
use cctelegram_core::time::Timestamp;
use cctelegram_store::Accept;
use cctelegram_store::AcceptOutcome;
use cctelegram_store::Leased;
use cctelegram_store::Likeness;
use cctelegram_store::Marked;
use serde_json::json;

use crate::fixture::ANNA;
use crate::fixture::BEN;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::at;
use crate::fixture::record;
use crate::fixture::request;
use crate::fixture::typed;
use crate::fixture::works;
use cctelegram_core::audit::EventName;

const WINDOW: Duration = Duration::from_secs(5);

fn named(id: &str, title: &str) -> Event {
    typed(id, "build_completed", json!({ "title": title }))
}

fn repeatable(event: Event, recipients: &[ChatId], received: Timestamp) -> Accept {
    let likeness = quiet::likeness(&event).map(|content| Likeness {
        content,
        window: WINDOW,
    });
    Accept {
        likeness,
        received,
        ..accept(event, recipients)
    }
}

fn same(id: &str, seconds: u64) -> Accept {
    repeatable(named(id, "Build"), &[ANNA], at(seconds))
}

fn counts(sent: &[Leased]) -> Vec<(Work, u32)> {
    sent.iter()
        .map(|row| (row.work.clone(), row.count))
        .collect()
}

#[tokio::test]
async fn what_waits_is_sent_once_with_the_count() {
    let bridge = Fixture::new().await;
    for id in ["a", "b", "c"] {
        bridge.accept(same(id, 1)).await;
    }
    assert_eq!(counts(&bridge.send_all(at(9)).await), [(Work::Event, 3)]);
    bridge.close().await;
}

#[tokio::test]
async fn what_is_sent_is_edited_once_when_the_window_is_over() {
    let bridge = Fixture::new().await;
    bridge.accept(same("a", 0)).await;
    assert_eq!(counts(&bridge.send_all(at(0)).await), [(Work::Event, 1)]);
    for (id, seconds) in [("b", 1), ("c", 2), ("d", 5)] {
        bridge.accept(same(id, seconds)).await;
    }
    assert_eq!(bridge.store.outlook(at(4)).await.unwrap().heads, []);
    assert_eq!(
        bridge.store.outlook(at(4)).await.unwrap().next_due,
        Some(at(5))
    );
    let sent = bridge.send_all(at(5)).await;
    assert_eq!(counts(&sent), [(Work::Count, 4)]);
    assert!(sent[0].message.is_some(), "it is an edit");
    bridge.accept(same("e", 6)).await;
    assert_eq!(counts(&bridge.send_all(at(9)).await), [(Work::Event, 1)]);
    bridge.close().await;
}

#[tokio::test]
async fn the_edit_is_of_the_first_of_several_messages() {
    let bridge = Fixture::new().await;
    bridge.accept(same("a", 0)).await;
    let row = bridge.lease_one(at(0)).await;
    let part = Marked::PartSent {
        message: MessageId(7),
        parts_sent: 1,
    };
    bridge.mark(&row, part).await;
    bridge.accept(same("b", 1)).await;
    bridge.sent(&bridge.lease_one(at(1)).await, 8).await;
    let edit = bridge.lease_one(at(9)).await;
    assert_eq!(
        (edit.work.clone(), edit.message),
        (Work::Count, Some(MessageId(7)))
    );
    bridge.mark(&edit, Marked::Anew).await;
    assert_eq!(bridge.waiting().await, [], "the message was deleted");
    bridge.close().await;
}

#[tokio::test]
async fn a_repeat_while_the_first_is_being_sent_is_not_lost() {
    let bridge = Fixture::new().await;
    bridge.accept(same("a", 0)).await;
    let row = bridge.lease_one(at(0)).await;
    bridge.accept(same("b", 0)).await;
    bridge.sent(&row, 1).await;
    assert_eq!(counts(&bridge.send_all(at(9)).await), [(Work::Count, 2)]);
    bridge.close().await;
}

#[tokio::test]
async fn every_repeat_is_stored_recorded_and_known_by_its_id() {
    let bridge = Fixture::new().await;
    bridge.accept(same("a", 0)).await;
    bridge.accept(same("b", 1)).await;
    let outcome = bridge.store.accept(same("b", 2)).await.unwrap();
    assert_eq!(outcome, AcceptOutcome::Duplicate { approval: None });
    let records = bridge.audit().await;
    let told: Vec<_> = records
        .iter()
        .map(|record| (record.target.as_str(), record.action_taken.as_str()))
        .collect();
    assert_eq!(told, [("a", "queued"), ("b", "repeat of a")]);
    assert_eq!(records[1].details["repeat_of"], "a");
    assert_eq!(counts(&bridge.send_all(at(9)).await), [(Work::Event, 2)]);
    bridge.close().await;
}

#[tokio::test]
async fn requests_other_contents_and_other_recipients_are_not_counted_together() {
    let bridge = Fixture::new().await;
    bridge.accept(request("q1", 1, &[ANNA])).await;
    bridge.accept(request("q2", 2, &[ANNA])).await;
    bridge.accept(same("a", 0)).await;
    let other = repeatable(named("b", "Another"), &[ANNA], at(0));
    bridge.accept(other).await;
    let also_ben = repeatable(named("c", "Build"), &[ANNA, BEN], at(0));
    bridge.accept(also_ben).await;
    let sent = bridge.send_all(at(9)).await;
    assert_eq!(sent.len(), 6);
    assert!(sent.iter().all(|row| row.count == 1));
    bridge.close().await;
}

#[tokio::test]
async fn a_mute_keeps_a_repeat_back_and_lists_what_it_held_with_its_count() {
    let bridge = Fixture::new().await;
    let held = |id: &str, seconds| Accept {
        hold: true,
        ..same(id, seconds)
    };
    bridge.accept(same("a", 0)).await;
    bridge.send_all(at(0)).await;
    for id in ["b", "c"] {
        bridge.accept(held(id, 1)).await;
    }
    assert_eq!(
        bridge.send_all(at(9)).await.len(),
        0,
        "nothing moves while muted"
    );
    let record = record(EventName::ModeChanged, 9);
    bridge.store.unmute(at(9), record).await.unwrap();
    let list = bridge.send_all(at(9)).await;
    let titles: Vec<&str> = list[0]
        .held_events
        .iter()
        .map(|event| event.title.as_str())
        .collect();
    assert_eq!(titles, ["Build ×2"]);
    bridge.close().await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_stretch_the_window() {
    let bridge = Fixture::new().await;
    bridge.accept(same("a", 3_600)).await;
    bridge.accept(same("b", 0)).await;
    let sent = bridge.send_all(at(3_600)).await;
    assert_eq!(works(&sent), [Work::Event, Work::Event]);
    bridge.close().await;
}
