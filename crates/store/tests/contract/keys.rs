//! Wrapped keys, and updates that were stored before there was one.

use cctelegram_core::audit::EventName;
use cctelegram_crypto::Sealed;
use cctelegram_store::StoredKey;

use crate::damage::damaged;
use crate::fixture::BOT;
use crate::fixture::Fixture;
use crate::fixture::at;
use crate::fixture::record;

fn key(id: &str, made: u64) -> StoredKey {
    StoredKey {
        id: id.parse().unwrap(),
        purpose: "inbox".to_owned(),
        wrapped: Sealed::from_bytes(id.as_bytes().to_vec()),
        made: at(made),
    }
}

#[tokio::test]
async fn keys_survive_a_crash_and_the_newest_comes_first() {
    let bridge = Fixture::new().await;
    assert_eq!(bridge.store.keys().await.unwrap(), []);
    let (old, new) = (key("0000000000000001", 1), key("0000000000000002", 2));
    for key in [&old, &new] {
        let made = record(EventName::KeyMade, 1);
        bridge
            .store
            .add_key(key.clone(), Vec::new(), made)
            .await
            .unwrap();
    }
    let bridge = Fixture::open(bridge.crash().await).await;
    assert_eq!(bridge.store.keys().await.unwrap(), [new, old.clone()]);
    assert_eq!(bridge.audit_names().await, [EventName::KeyMade; 2]);
    let retire = "UPDATE key SET retired = 1 WHERE id = '0000000000000002'";
    let bridge = damaged(bridge, retire).await;
    assert_eq!(bridge.store.keys().await.unwrap(), [old]);
    bridge.close().await;
}

#[tokio::test]
async fn unsealed_updates_are_sealed_together_with_the_new_key() {
    let bridge = Fixture::new().await;
    let plain = "INSERT INTO update_inbox (bot, update_id, body, received, handled) \
                 VALUES (77, 5, 'plain', 0, 0), (77, 6, '', 0, 1)";
    let bridge = damaged(bridge, plain).await;
    let found = bridge.store.unsealed_updates().await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].bot, found[0].number, found[0].body.as_str()),
        (BOT, 5, "plain")
    );
    let nothing = Sealed::from_bytes(Vec::new());
    let stored = bridge.store.unhandled(10).await.unwrap();
    assert_eq!(
        stored[0].body, nothing,
        "what is not sealed is not handed out"
    );
    let sealed = Sealed::from_bytes(b"sealed".to_vec());
    let made = record(EventName::KeyMade, 1);
    let update = vec![(found[0].id, sealed.clone())];
    let stored = key("0000000000000001", 1);
    bridge.store.add_key(stored, update, made).await.unwrap();
    assert_eq!(bridge.store.unsealed_updates().await.unwrap(), []);
    assert_eq!(bridge.store.unhandled(10).await.unwrap()[0].body, sealed);
    bridge.close().await;
}
