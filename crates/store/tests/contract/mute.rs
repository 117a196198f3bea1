//! What a mute holds back, and how it ends.

use cctelegram_core::approval::State;
use cctelegram_core::audit::EventName;
use cctelegram_core::delivery::Work;
use cctelegram_store::Accept;
use cctelegram_store::Unmuted;
use serde_json::json;

use crate::fixture::ANNA;
use crate::fixture::BEN;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::approval_id;
use crate::fixture::at;
use crate::fixture::event;
use crate::fixture::record;
use crate::fixture::request;
use crate::fixture::typed;

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
