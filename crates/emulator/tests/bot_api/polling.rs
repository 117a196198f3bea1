//! `getUpdates`, and the webhook that excludes it.

use std::time::Duration;
use std::time::Instant;

use cctelegram_emulator::Emulator;
use serde_json::Value;
use serde_json::json;

use crate::support::ADA;
use crate::support::Bot;
use crate::support::SOON;

/// Waits until that many polls are logged and still have no answer.
async fn polls_in_flight(phone: &Emulator, count: usize) {
    let waiting = |phone: &Emulator| {
        let calls = phone.calls();
        let open = calls
            .iter()
            .filter(|it| it.method == "getUpdates" && it.status == 0);
        (open.filter(|it| it.description.is_none()).count() == count).then_some(())
    };
    phone
        .wait_until(waiting, SOON)
        .await
        .expect("polls in flight");
}

fn ids(updates: &[Value]) -> Vec<i64> {
    updates
        .iter()
        .filter_map(|update| update["update_id"].as_i64())
        .collect()
}

#[tokio::test]
async fn a_long_poll_ends_with_the_update() {
    let bot = Bot::start().await;
    let typing = async {
        polls_in_flight(&bot.phone, 1).await;
        bot.phone.send_text(ADA, "hello");
    };
    let (updates, ()) = tokio::join!(bot.updates(json!({"timeout": 50})), typing);
    assert_eq!(updates[0]["message"]["text"], "hello");
}

#[tokio::test]
async fn a_poll_without_updates_ends_at_its_timeout() {
    let bot = Bot::start().await;
    let started = Instant::now();
    assert!(bot.updates(json!({"timeout": 1})).await.is_empty());
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn offsets_and_limits() {
    let bot = Bot::start().await;
    for text in ["a", "b", "c", "d"] {
        bot.phone.send_text(ADA, text);
    }
    let all = ids(&bot.updates(json!({})).await);
    assert_eq!(all.len(), 4);
    assert_eq!(ids(&bot.updates(json!({"limit": 2})).await), &all[..2]);
    assert_eq!(
        ids(&bot.updates(json!({"offset": all[1]})).await),
        &all[1..]
    );
    assert_eq!(ids(&bot.updates(json!({"offset": -1})).await), &all[3..]);
    assert_eq!(bot.phone.pending_updates(), 1);
    assert!(bot.updates(json!({"offset": all[3] + 1})).await.is_empty());
}

#[tokio::test]
async fn allowed_updates_persist_and_a_pushed_update_passes() {
    let bot = Bot::start().await;
    bot.updates(json!({"allowed_updates": ["callback_query"]}))
        .await;
    bot.updates(json!({})).await;
    bot.phone.send_text(ADA, "not wanted");
    assert_eq!(bot.phone.pending_updates(), 0);
    let id = bot
        .phone
        .push_update(json!({"stopped_message_generation": {"draft_id": 1}}));
    let updates = bot.updates(json!({})).await;
    assert_eq!(updates[0]["update_id"], id);
    assert_eq!(updates[0]["stopped_message_generation"]["draft_id"], 1);
    bot.updates(json!({"allowed_updates": []})).await;
    bot.phone.send_text(ADA, "wanted");
    assert_eq!(bot.phone.pending_updates(), 2);
}

#[tokio::test]
async fn the_older_of_two_polls_ends() {
    let bot = Bot::start().await;
    let second = async {
        polls_in_flight(&bot.phone, 1).await;
        bot.updates(json!({"timeout": 50})).await
    };
    let release = async {
        let ended = |phone: &Emulator| {
            phone
                .calls()
                .iter()
                .any(|it| it.status == 409)
                .then_some(())
        };
        bot.phone.wait_until(ended, SOON).await.expect("a conflict");
        bot.phone.send_text(ADA, "for the newer one");
    };
    let first = bot.refused(409, "getUpdates", json!({"timeout": 50}));
    let (refused, updates, ()) = tokio::join!(first, second, release);
    assert_eq!(
        refused,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance \
         is running"
    );
    assert_eq!(updates.len(), 1);
}

#[tokio::test]
async fn a_webhook_excludes_polling() {
    let bot = Bot::start().await;
    bot.phone.set_webhook_url("https://elsewhere.example/hook");
    let refused = bot.refused(409, "getUpdates", json!({})).await;
    assert_eq!(
        refused,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to \
         delete the webhook first"
    );
    let info = bot.ok("getWebhookInfo", json!({})).await;
    assert_eq!(info["url"], "https://elsewhere.example/hook");
    bot.phone.send_text(ADA, "waiting");
    bot.ok("deleteWebhook", json!({"drop_pending_updates": true}))
        .await;
    assert!(bot.updates(json!({})).await.is_empty());

    let plain = json!({"url": "http://insecure.example"});
    let refused = bot.refused(400, "setWebhook", plain).await;
    assert!(
        refused.contains("An HTTPS URL must be provided"),
        "{refused}"
    );
    bot.ok("setWebhook", json!({"url": "https://mine.example"}))
        .await;
    bot.refused(409, "getUpdates", json!({})).await;
}

#[tokio::test]
async fn a_revoked_token_ends_a_waiting_poll() {
    let bot = Bot::start().await;
    let revoke = async {
        polls_in_flight(&bot.phone, 1).await;
        bot.phone.set_token("123456:new");
    };
    let poll = bot.refused(401, "getUpdates", json!({"timeout": 50}));
    let (refused, ()) = tokio::join!(poll, revoke);
    assert_eq!(refused, "Unauthorized");
}

#[tokio::test]
async fn with_limits_a_repeated_poll_waits_and_gets_one() {
    let bot = Bot::start_with(true).await;
    assert!(bot.updates(json!({"offset": 5})).await.is_empty());
    let typing = async {
        polls_in_flight(&bot.phone, 1).await;
        bot.phone.send_text(ADA, "ends the wait");
    };
    let (updates, ()) = tokio::join!(bot.updates(json!({"offset": 5})), typing);
    assert_eq!(updates.len(), 1);
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_poll() {
    let bot = Bot::start().await;
    let leaving = bot.clone();
    let poll = tokio::time::timeout(SOON, async {
        let params = json!({"timeout": 50});
        tokio::select! {
            _ = leaving.post("getUpdates", params) => panic!("answered"),
            () = polls_in_flight(&bot.phone, 1) => {}
        }
    });
    poll.await.unwrap();
    drop(leaving);
    polls_in_flight(&bot.phone, 0).await;
}
