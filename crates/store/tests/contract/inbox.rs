//! Updates: stored once, handled once.

use std::time::Duration;

use cctelegram_core::audit::EventName;
use cctelegram_core::id::UserId;
use cctelegram_core::mode::Mode;
use cctelegram_core::mode::Switch;
use cctelegram_crypto::Sealed;
use cctelegram_store::Handling;
use cctelegram_store::StoreError;

use crate::fixture::ANNA;
use crate::fixture::BOT;
use crate::fixture::Fixture;
use crate::fixture::at;
use crate::fixture::record;

fn body(number: i64) -> Sealed {
    Sealed::from_bytes(format!("body {number}").into_bytes())
}

fn bodies(numbers: &[i64]) -> Vec<(i64, Sealed)> {
    numbers
        .iter()
        .map(|number| (*number, body(*number)))
        .collect()
}

#[tokio::test]
async fn updates_and_the_offset_are_stored_together_and_once() {
    let bridge = Fixture::new().await;
    let store = &bridge.store;
    assert_eq!(store.offset(BOT).await.unwrap(), None);
    assert_eq!(
        store
            .take_updates(BOT, bodies(&[5, 6]), 7, at(0))
            .await
            .unwrap(),
        2
    );
    assert_eq!(
        store
            .take_updates(BOT, bodies(&[6, 7]), 8, at(1))
            .await
            .unwrap(),
        1
    );
    assert_eq!(store.offset(BOT).await.unwrap(), Some(8));
    assert_eq!(
        store
            .take_updates(99, bodies(&[6]), 7, at(1))
            .await
            .unwrap(),
        1,
        "another bot"
    );
    let stored = store.unhandled(10).await.unwrap();
    let found: Vec<_> = stored
        .iter()
        .map(|update| (update.bot, update.number, update.body.clone()))
        .collect();
    let expected =
        [(BOT, 5), (BOT, 6), (BOT, 7), (99, 6)].map(|(bot, number)| (bot, number, body(number)));
    assert_eq!(found, expected);
    assert_eq!(store.unhandled(2).await.unwrap(), stored[..2]);
    bridge.close().await;
}

#[tokio::test]
async fn what_was_stored_survives_a_crash() {
    let bridge = Fixture::new().await;
    bridge
        .store
        .take_updates(BOT, bodies(&[5]), 6, at(0))
        .await
        .unwrap();
    let bridge = Fixture::open(bridge.crash().await).await;
    assert_eq!(bridge.store.offset(BOT).await.unwrap(), Some(6));
    assert_eq!(bridge.store.unhandled(10).await.unwrap().len(), 1);
    bridge.close().await;
}

#[tokio::test]
async fn an_update_is_handled_once() {
    let bridge = Fixture::new().await;
    let update = bridge.update(1).await;
    let refuse = || {
        bridge
            .store
            .refuse(update, record(EventName::AccessRefused, 1), None)
    };
    refuse().await.unwrap();
    let again = refuse().await;
    assert!(matches!(again, Err(StoreError::AlreadyHandled(id)) if id == update));
    assert_eq!(bridge.audit().await.len(), 1);
    let other = bridge.update(2).await;
    bridge.store.ignore(other).await.unwrap();
    assert!(bridge.store.unhandled(10).await.unwrap().is_empty());
    bridge.close().await;
}

#[tokio::test]
async fn handled_updates_are_forgotten_when_telegram_has_forgotten_them() {
    let bridge = Fixture::new().await;
    let update = bridge.update(1).await;
    bridge.update(2).await;
    bridge.store.ignore(update).await.unwrap();
    let later = at(0).plus(Duration::from_hours(49));
    let taken = bridge
        .store
        .take_updates(BOT, bodies(&[1, 2]), 3, later)
        .await
        .unwrap();
    assert_eq!(taken, 1, "the unhandled one is kept");
    bridge.close().await;
}

#[tokio::test]
async fn security_nothing_is_handled_without_a_record() {
    let bridge = Fixture::new().await;
    let update = bridge.update(1).await;
    let silent = Handling {
        unpark: Some(ANNA),
        ..Handling::default()
    };
    let result = bridge.store.handle(update, silent).await;
    assert!(matches!(result, Err(StoreError::Unrecorded)));
    assert_eq!(bridge.store.unhandled(10).await.unwrap().len(), 1);
    bridge.close().await;
}

#[tokio::test]
async fn a_handling_is_done_whole_or_not_at_all() {
    let bridge = Fixture::new().await;
    let update = bridge.update(1).await;
    let switch = Switch {
        mode: Mode::Mute,
        until: Some(at(99)),
        before: Some(Mode::Nomad),
    };
    let handling = Handling {
        records: vec![
            record(EventName::CommandHandled, 1),
            record(EventName::ModeChanged, 1),
        ],
        notices: vec![(ANNA, "Muted.".into(), None)],
        park: Some((ANNA, "left".into())),
        switch: Some(Some(switch)),
        ..Handling::default()
    };
    bridge.store.handle(update, handling.clone()).await.unwrap();
    assert!(bridge.store.handle(update, handling).await.is_err());
    assert_eq!(bridge.store.switch().await.unwrap(), Some(switch));
    assert_eq!(bridge.store.parked().await.unwrap().len(), 1);
    assert_eq!(bridge.waiting().await, [("notice".into(), ANNA)]);
    let names = bridge.audit_names().await;
    assert_eq!(names, [EventName::CommandHandled, EventName::ModeChanged]);
    bridge
        .store
        .set_switch(None, record(EventName::ModeChanged, 2))
        .await
        .unwrap();
    assert_eq!(bridge.store.switch().await.unwrap(), None);
    bridge.close().await;
}

#[tokio::test]
async fn a_stranger_is_answered_once_an_hour() {
    let bridge = Fixture::new().await;
    let stranger = UserId(666);
    let may = async |seconds| {
        bridge
            .store
            .may_refuse_stranger(stranger, at(seconds))
            .await
    };
    assert!(may(0).await.unwrap());
    let records = vec![record(EventName::AccessRefused, 0)];
    let handling = Handling {
        records,
        stranger: Some(stranger),
        ..Handling::default()
    };
    bridge
        .store
        .handle(bridge.update(1).await, handling)
        .await
        .unwrap();
    assert!(!may(3_600).await.unwrap());
    assert!(may(3_601).await.unwrap());
    assert!(
        bridge
            .store
            .may_refuse_stranger(UserId(667), at(0))
            .await
            .unwrap()
    );
    bridge.close().await;
}
