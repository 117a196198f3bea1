//! The queue as people see it.

use cctelegram_core::audit::EventName;
use cctelegram_store::Accept;
use cctelegram_store::Counts;
use cctelegram_store::Marked;

use crate::fixture::ANNA;
use crate::fixture::BEN;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::at;
use crate::fixture::event;
use crate::fixture::ids;
use crate::fixture::request;

#[tokio::test]
async fn what_can_never_be_sent_is_recorded_and_shown() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    bridge
        .mark(
            &bridge.lease_one(at(0)).await,
            Marked::Dead {
                reason: "too long".into(),
            },
        )
        .await;
    assert_eq!(
        bridge.audit_names().await[1],
        EventName::MessageUndeliverable
    );
    let queue = bridge.store.queue(10).await.unwrap();
    assert_eq!(
        (queue[0].state.as_str(), queue[0].title.as_str()),
        ("dead", "About a")
    );
    assert_eq!(queue[0].reason.as_deref(), Some("too long"));
    assert!(bridge.store.heads(at(9)).await.unwrap().is_empty());
    bridge.close().await;
}

#[tokio::test]
async fn counts_tell_what_there_is() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("sent"), &[ANNA])).await;
    bridge.send_all(at(0)).await;
    bridge.accept(accept(event("dead"), &[ANNA])).await;
    bridge
        .mark(
            &bridge.lease_one(at(0)).await,
            Marked::Dead { reason: "x".into() },
        )
        .await;
    bridge.accept(accept(event("leased"), &[ANNA])).await;
    bridge.lease_one(at(0)).await;
    bridge.accept(request("asked", 1, &[ANNA])).await;
    bridge
        .accept(Accept {
            hold: true,
            ..accept(event("held"), &[BEN])
        })
        .await;
    let expected = Counts {
        waiting: 2,
        held: 1,
        dead: 1,
        leased: 1,
        pending_approvals: 1,
        delivered: 1,
        parked_chats: 0,
    };
    assert_eq!(bridge.store.counts().await.unwrap(), expected);
    bridge.close().await;
}

#[tokio::test]
async fn a_row_that_cannot_be_read_does_not_stop_the_others() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("broken"), &[ANNA])).await;
    bridge.accept(accept(event("whole"), &[ANNA])).await;
    let folder = bridge.close().await;
    let path = folder.path().join("test.db");
    let database = sqlx::SqlitePool::connect(path.to_str().unwrap())
        .await
        .unwrap();
    let broken = "UPDATE event SET body = '{' WHERE id = 'broken'";
    sqlx::query(broken).execute(&database).await.unwrap();
    database.close().await;
    let bridge = Fixture::open(folder).await;
    assert_eq!(
        bridge.store.queue(10).await.unwrap().len(),
        2,
        "it is shown"
    );
    assert_eq!(ids(&bridge.send_all(at(0)).await), ["whole"]);
    assert_eq!(
        bridge.audit_names().await[2],
        EventName::MessageUndeliverable
    );
    bridge.close().await;
}
