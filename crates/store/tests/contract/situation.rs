//! What events are judged by is remembered, and never older than what somebody was told of.

use cctelegram_core::audit::EventName;
use cctelegram_core::mode::Mode;
use cctelegram_core::mode::Switch;

use crate::fixture::ANNA;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::event;
use crate::fixture::record;

async fn mode(bridge: &Fixture) -> Option<Mode> {
    let situation = bridge.store.situation().await.unwrap();
    situation.switch.map(|switch| switch.mode)
}

#[tokio::test]
async fn security_a_switch_that_was_answered_counts_for_the_next_event() {
    let bridge = Fixture::new().await;
    assert_eq!(mode(&bridge).await, None);
    for wanted in [Mode::Mute, Mode::Nomad, Mode::Local] {
        let switch = Switch {
            mode: wanted,
            until: None,
            before: None,
        };
        let record = record(EventName::ModeChanged, 1);
        bridge.store.set_switch(Some(switch), record).await.unwrap();
        assert_eq!(mode(&bridge).await, Some(wanted));
        assert_eq!(mode(&bridge).await, Some(wanted));
    }
}

#[tokio::test]
async fn taking_an_event_does_not_make_it_look_again() {
    let bridge = Fixture::new().await;
    let before = bridge.store.situation().await.unwrap();
    bridge
        .store
        .accept(accept(event("one"), &[ANNA]))
        .await
        .unwrap();
    let after = bridge.store.situation().await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&before, &after));
}
