//! In which order, and how fast.

use std::time::Duration;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::WAIT;
use cctelegram_testkit::emulator::Emulator;
use cctelegram_testkit::emulator::FaultKind;
use cctelegram_testkit::emulator::Message;
use serde_json::json;

use super::OTHERS;
use super::go_away;
use super::places;
use super::progress;
use super::received;
use super::taken_in;
use super::writing_calls;
use crate::steps::event;
use crate::steps::fault;
use crate::steps::post;
use crate::steps::setup;
use crate::steps::shown;

fn everybody() -> Vec<i64> {
    [USER].into_iter().chain(OTHERS).collect()
}

/// The processor time that the bridge has used so far, in hundredths of a second.
fn processor_time(bridge: &TestBridge) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", bridge.process().id())).unwrap();
    let fields = stat.rsplit_once(") ").unwrap().1;
    fields
        .split(' ')
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<u64>().unwrap())
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_meets_no_limit_and_loses_nothing() {
    let routes = "[[route]]\nmatch = { project = \"alone\" }\nchats = [1001]\n";
    let bridge = TestBridge::start(setup().limits().users(&everybody()).config(routes)).await;
    for number in 0..8 {
        let mut event = event("info_notification", &format!("alone {number} of 8"));
        event["project"] = "alone".into();
        post(&bridge, &event).await;
    }
    for number in 0..5 {
        post(
            &bridge,
            &event("info_notification", &format!("all {number} of 5")),
        )
        .await;
    }
    bridge.idle().await;
    for user in everybody() {
        let messages = received(&bridge.emulator, user);
        assert_eq!(messages.len(), if user == USER { 13 } else { 5 }, "{user}");
        for number in 0..5 {
            let title = format!("all {number} of 5");
            assert_eq!(
                messages
                    .iter()
                    .filter(|message| shown(message).contains(&title))
                    .count(),
                1,
                "{user} {title}"
            );
        }
    }
    assert_eq!(bridge.emulator.refused_429(), 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn event_files_arrive_in_the_order_in_which_they_were_dropped() {
    let bridge = TestBridge::start(setup()).await;
    for number in 0..40 {
        bridge.drop_event(
            &format!("{number:02}"),
            &event("info_notification", &format!("file {number:02}")),
        );
    }
    bridge.message_with(USER, "file 39").await;
    taken_in(&bridge).await;
    bridge.idle().await;
    let messages = received(&bridge.emulator, USER);
    let order: Vec<usize> = (0..40)
        .map(|number| {
            messages
                .iter()
                .position(|m| shown(m).contains(&format!("file {number:02}")))
                .expect("it arrived")
        })
        .collect();
    assert_eq!(order, (0..40).collect::<Vec<_>>());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn approvals_overtake_alerts_and_those_results_and_those_progress() {
    let bridge = TestBridge::start(setup().limits()).await;
    go_away(&bridge, USER).await;
    post(&bridge, &progress("task-1", "the progress")).await;
    post(&bridge, &event("build_completed", "the first result")).await;
    post(&bridge, &event("info_notification", "the second result")).await;
    post(&bridge, &event("build_failed", "the alert")).await;
    post(&bridge, &event("approval_request", "the request")).await;
    bridge.emulator.unblock(USER);
    bridge.idle().await;
    let order = [
        "the request",
        "the alert",
        "the first result",
        "the second result",
        "the progress",
    ];
    assert_eq!(places(&bridge, USER, order), [0, 1, 2, 3, 4]);
    assert_eq!(bridge.emulator.refused_429(), 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_latency_makes_telegram_count_more_than_it_allows() {
    let users = [USER, OTHERS[0], OTHERS[1]];
    let bridge = TestBridge::start(setup().limits().users(&users)).await;
    for millis in [900, 10, 600, 0, 0, 1_200, 300, 0, 50, 700, 0, 0, 1_500] {
        fault(
            &bridge,
            "sendMessage",
            1,
            FaultKind::Delay(Duration::from_millis(millis)),
        );
    }
    for number in 0..6 {
        post(
            &bridge,
            &event("info_notification", &format!("event {number}")),
        )
        .await;
    }
    bridge.idle().await;
    for user in users {
        let texts: Vec<String> = received(&bridge.emulator, user)
            .iter()
            .map(|m| shown(m).to_owned())
            .collect();
        assert_eq!(texts.len(), 6, "{user}");
        let in_order = texts
            .iter()
            .enumerate()
            .all(|(number, text)| text.contains(&format!("event {number}")));
        assert!(in_order, "{user}: {texts:?}");
    }
    assert_eq!(bridge.emulator.refused_429(), 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_per_chat_is_in_flight_and_chats_do_not_wait_for_each_other() {
    const EACH: Duration = Duration::from_millis(150);
    let users = [USER, OTHERS[0], OTHERS[1]];
    let bridge = TestBridge::start(setup().users(&users)).await;
    fault(&bridge, "sendMessage", u32::MAX, FaultKind::Delay(EACH));
    for number in 0..5 {
        post(
            &bridge,
            &event("info_notification", &format!("event {number}")),
        )
        .await;
    }
    bridge.idle().await;
    let starts = |user| -> Vec<u64> {
        writing_calls(&bridge.emulator, Some(user))
            .iter()
            .map(|c| c.at_ms)
            .collect()
    };
    let each = u64::try_from(EACH.as_millis()).unwrap();
    for user in users {
        let starts = starts(user);
        assert_eq!(starts.len(), 5, "{user}");
        assert!(
            starts.windows(2).all(|pair| pair[1] - pair[0] >= each),
            "{user}: {starts:?}"
        );
        let messages = received(&bridge.emulator, user);
        let order = |(number, message): (usize, &Message)| {
            shown(message).contains(&format!("event {number}"))
        };
        assert!(
            messages.iter().enumerate().all(order),
            "{user}: out of order"
        );
    }
    // Whoever waited for the others would take three times as long.
    let first = users.map(|user| starts(user)[0]);
    let last = users.map(|user| starts(user)[4]);
    let overlap = last
        .iter()
        .all(|last| first.iter().all(|first| last > first));
    assert!(
        overlap,
        "the chats were served one after the other: {first:?} {last:?}"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_doubles_one_message_at_most_and_never_two_calls_at_once() {
    let bridge = TestBridge::start(setup()).await;
    fault(&bridge, "sendMessage", 1, FaultKind::DropAfter);
    for number in 0..6 {
        post(
            &bridge,
            &event("info_notification", &format!("event {number}")),
        )
        .await;
    }
    bridge.idle().await;
    let messages = received(&bridge.emulator, USER);
    let times = |number: usize| {
        messages
            .iter()
            .filter(|m| shown(m).contains(&format!("event {number}")))
            .count()
    };
    let counts: Vec<usize> = (0..6).map(times).collect();
    assert!(
        counts.iter().all(|count| (1..=2).contains(count)),
        "{counts:?}"
    );
    assert!(
        counts.iter().filter(|count| **count == 2).count() <= 1,
        "{counts:?}"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_outage_and_a_restart_in_it_lose_nothing() {
    let users = [USER, OTHERS[0]];
    let mut bridge = TestBridge::start(setup().users(&users)).await;
    let down = FaultKind::Status {
        code: 500,
        description: "Internal Server Error".to_owned(),
        retry_after: None,
    };
    fault(&bridge, "sendMessage", u32::MAX, down);
    for number in 0..5 {
        post(
            &bridge,
            &event("info_notification", &format!("event {number}")),
        )
        .await;
    }
    let tried = |times: usize| {
        move |phone: &Emulator| (writing_calls(phone, None).len() >= times).then_some(())
    };
    bridge
        .emulator
        .wait_until(tried(20), WAIT)
        .await
        .expect("it is tried again and again");
    bridge.kill().await;
    bridge.launch().await;
    let before = writing_calls(&bridge.emulator, None).len();
    bridge
        .emulator
        .wait_until(tried(before + 5), WAIT)
        .await
        .expect("the next process goes on trying");
    assert_eq!(bridge.status().await["waiting"], 10);
    bridge.emulator.clear_faults();
    bridge.idle().await;
    for user in users {
        let messages = received(&bridge.emulator, user);
        for number in 0..5 {
            let count = messages
                .iter()
                .filter(|m| shown(m).contains(&format!("event {number}")))
                .count();
            assert_eq!(count, 1, "event {number} to {user}");
        }
    }
    assert_eq!(bridge.status().await["dead"], 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_that_only_waits_uses_no_processor() {
    let bridge = TestBridge::start(setup()).await;
    bridge.drop_event("first", &event("info_notification", "wake up"));
    bridge.message_with(USER, "wake up").await;
    let muted = json!({ "mode": "mute", "for_s": 3 });
    let answer = bridge
        .socket
        .request(reqwest::Method::PUT, "/v1/mode", Some(&muted))
        .await
        .unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    post(
        &bridge,
        &event("info_notification", "after three quiet seconds"),
    )
    .await;
    let before = processor_time(&bridge);
    bridge.message_with(USER, "after three quiet seconds").await;
    let used = processor_time(&bridge) - before;
    assert!(used < 40, "{used} hundredths of a second for nothing");
    bridge.finish().await;
}
