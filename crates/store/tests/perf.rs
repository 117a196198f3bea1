use cctelegram_core::{audit::Actor, delivery::Priority, id::ChatId, time::Timestamp};
use std::time::Instant;
#[tokio::test(flavor = "multi_thread")]
async fn perf() {
    let dir = tempfile::tempdir().unwrap();
    let (store, writer) =
        cctelegram_store::open(&dir.path().join("t.db"), Timestamp::from_millis(0))
            .await
            .unwrap();
    let _w = tokio::spawn(writer.run(std::future::pending()));
    let n = 10_000;
    let t = Instant::now();
    let mut set = tokio::task::JoinSet::new();
    for p in 0..256 {
        let store = store.clone();
        set.spawn(async move {
            for i in (p..n).step_by(256) {
                let event = serde_json::from_value(
                    serde_json::json!({"id":format!("a{i}"),"type":"code_review","title":"x"}),
                )
                .unwrap();
                store
                    .accept(cctelegram_store::Accept {
                        event,
                        recipients: (0..5).map(ChatId).collect(),
                        priority: Priority::Result,
                        received: Timestamp::from_millis(1),
                        hold: false,
                        ask: None,
                        max_queue: 100_000,
                        exempt: false,
                        actor: Actor::System,
                    })
                    .await
                    .unwrap();
            }
        });
    }
    set.join_all().await;
    println!(
        "accept 10k x 5 recipients, 256 producers: {:?} = {:.0}/s",
        t.elapsed(),
        n as f64 / t.elapsed().as_secs_f64()
    );
    let one = |i: usize| {
        let store = store.clone();
        async move {
            let event = serde_json::from_value(serde_json::json!({"id":format!("b{i}"),"type":"task_progress","task_id":"t","title":"x"})).unwrap();
            store
                .accept(cctelegram_store::Accept {
                    event,
                    recipients: [ChatId(1)].into(),
                    priority: Priority::Result,
                    received: Timestamp::from_millis(1),
                    hold: false,
                    ask: None,
                    max_queue: 100_000,
                    exempt: false,
                    actor: Actor::System,
                })
                .await
                .unwrap();
        }
    };
    let t = Instant::now();
    for i in 0..100 {
        one(i).await;
    }
    println!(
        "accept alone with 50k rows waiting: {:?}",
        t.elapsed() / 100
    );
    let t = Instant::now();
    for _ in 0..100 {
        store.heads(Timestamp::from_millis(5)).await.unwrap();
    }
    println!("heads {:?}", t.elapsed() / 100);
    let t = Instant::now();
    for _ in 0..100 {
        store.next_due(Timestamp::from_millis(5)).await.unwrap();
    }
    println!("next_due {:?}", t.elapsed() / 100);
    let t = Instant::now();
    for _ in 0..10 {
        store.counts().await.unwrap();
    }
    println!("counts {:?}", t.elapsed() / 10);
    let t = Instant::now();
    for _ in 0..10 {
        store.queue(50).await.unwrap();
    }
    println!("queue {:?}", t.elapsed() / 10);
    let t = Instant::now();
    let mut k = 0;
    for _ in 0..100 {
        let h = store.heads(Timestamp::from_millis(5)).await.unwrap();
        for l in store
            .lease(
                h.into_iter().map(|h| h.row).collect(),
                Timestamp::from_millis(5),
            )
            .await
            .unwrap()
        {
            k += 1;
            store
                .mark(cctelegram_store::Mark {
                    row: l.row,
                    chat: l.chat,
                    at: Timestamp::from_millis(6),
                    result: cctelegram_store::Marked::Done {
                        message: Some(cctelegram_core::id::MessageId(k)),
                    },
                })
                .await
                .unwrap();
        }
    }
    println!(
        "send of {k}: {:?} each",
        t.elapsed() / u32::try_from(k).unwrap()
    );
}
