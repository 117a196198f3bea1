//! What a mute holds back, and how it ends.

use std::collections::BTreeSet;

use cctelegram_core::approval::State;
use cctelegram_core::audit::EventName;
use cctelegram_core::delivery::Work;
use cctelegram_core::id::MessageId;
use cctelegram_core::mode::Mode;
use cctelegram_core::mode::Switch;
use cctelegram_store::Accept;
use cctelegram_store::Handling;
use cctelegram_store::Marked;
use cctelegram_store::Unmuted;
use serde_json::json;

use crate::fixture::ANNA;
use crate::fixture::BEN;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::approval_id;
use crate::fixture::at;
use crate::fixture::event;
use crate::fixture::ids;
use crate::fixture::progress;
use crate::fixture::record;
use crate::fixture::request;
use crate::fixture::typed;

/// A switch to this mode, at second 5.
async fn switch(bridge: &Fixture, mode: Mode) {
    let (until, before) = (None, None);
    let switch = Switch {
        mode,
        until,
        before,
    };
    let record = record(EventName::ModeChanged, 5);
    bridge.store.set_switch(Some(switch), record).await.unwrap();
}

#[tokio::test]
async fn what_waits_when_the_mute_begins_is_held_back() {
    let bridge = Fixture::new().await;
    let bens = accept(event("being-sent"), &[BEN]);
    bridge.accept(bens).await;
    bridge.accept(accept(event("part-sent"), &[ANNA])).await;
    let rows = bridge.lease(at(0)).await;
    let part = Marked::PartSent {
        message: MessageId(7),
        parts_sent: 1,
    };
    bridge.mark(&rows[1], part).await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    bridge.accept(accept(progress("p", "t"), &[ANNA])).await;
    bridge.accept(request("open", 1, &[ANNA])).await;
    let alert = typed("alert", "security_alert", json!({}));
    bridge.accept(accept(alert, &[ANNA])).await;
    let text = "Hello Anna.".to_owned();
    bridge.store.notice(ANNA, text, None, at(0)).await.unwrap();

    switch(&bridge, Mode::Local).await;
    assert_eq!(bridge.store.counts().await.unwrap().held, 0);
    switch(&bridge, Mode::Mute).await;
    assert_eq!(bridge.store.counts().await.unwrap().held, 3);
    bridge.sent(&rows[0], 8).await;
    let sent = bridge.send_all(at(5)).await;
    assert_eq!(ids(&sent), ["alert", "part-sent"], "and the notice");
    assert_eq!(sent.len(), 3);

    let end = record(EventName::ModeChanged, 9);
    let unmuted = bridge.store.unmute(at(9), end).await.unwrap();
    assert_eq!((unmuted.released, unmuted.listed), (1, 2));
    bridge.close().await;
}

#[tokio::test]
async fn a_mute_from_the_chat_holds_back_what_waits() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    let mute = Switch {
        mode: Mode::Mute,
        until: Some(at(99)),
        before: None,
    };
    let handling = Handling {
        records: vec![record(EventName::ModeChanged, 1)],
        switch: Some(Some(mute)),
        ..Handling::default()
    };
    let update = bridge.update(1).await;
    bridge.store.handle(update, handling).await.unwrap();
    assert!(bridge.lease(at(1)).await.is_empty());
    assert_eq!(bridge.store.counts().await.unwrap().held, 1);
    bridge.close().await;
}

#[tokio::test]
async fn a_mute_keeps_back_requests_that_are_asked_anew() {
    let bridge = Fixture::new().await;
    bridge.accept(request("open", 1, &[ANNA])).await;
    bridge.send_all(at(0)).await;
    switch(&bridge, Mode::Mute).await;
    let allowed = BTreeSet::from([BEN]);
    assert_eq!(
        bridge.store.reconcile(allowed, at(6)).await.unwrap().moved,
        1
    );
    assert!(bridge.lease(at(6)).await.is_empty());
    let end = record(EventName::ModeChanged, 9);
    assert_eq!(bridge.store.unmute(at(9), end).await.unwrap().released, 1);
    assert_eq!(bridge.lease_one(at(9)).await.chat, BEN);
    bridge.close().await;
}

#[tokio::test]
async fn open_requests_are_sent_whole_and_the_rest_is_listed() {
    let bridge = Fixture::new().await;
    let held = |accept| Accept {
        hold: true,
        ..accept
    };
    bridge.accept(held(accept(event("a"), &[ANNA, BEN]))).await;
    bridge.accept(held(request("open", 1, &[ANNA]))).await;
    bridge.accept(held(request("over", 2, &[ANNA]))).await;
    bridge.accept(held(accept(event("b"), &[ANNA]))).await;
    bridge
        .accept(accept(typed("alert", "security_alert", json!({})), &[BEN]))
        .await;
    let withdrawn = State::Withdrawn { at: at(5) };
    let ending = record(EventName::ApprovalWithdrawn, 5);
    bridge
        .store
        .end(approval_id(2), withdrawn, ending, at(5))
        .await
        .unwrap();
    assert_eq!(
        bridge.lease_one(at(5)).await.chat,
        BEN,
        "only the alert goes out"
    );

    let end = record(EventName::ModeChanged, 9);
    let unmuted = bridge.store.unmute(at(9), end.clone()).await.unwrap();
    assert_eq!(
        unmuted,
        Unmuted {
            released: 1,
            listed: 4
        }
    );
    let asked = bridge.lease_one(at(9)).await;
    assert_eq!(
        asked.work,
        Work::Approval {
            approval: approval_id(1)
        }
    );
    bridge.sent(&asked, 1).await;
    let list = bridge.lease_one(at(9)).await;
    let ids: Vec<_> = list
        .held_events
        .iter()
        .map(|event| event.id.as_str())
        .collect();
    assert_eq!((list.chat, ids), (ANNA, vec!["a", "over", "b"]));
    assert_eq!(
        bridge.audit_names().await.last(),
        Some(&EventName::ModeChanged)
    );

    let again = bridge.store.unmute(at(10), end).await.unwrap();
    assert_eq!(again, Unmuted::default());
    bridge.close().await;
}
