//! When a file is taken, and in which order.

use std::fs;
use std::fs::File;
use std::io::Write as _;
use std::time::Duration;
use std::time::Instant;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::until;
use reqwest::Method;
use serde_json::json;

use super::events;
use super::is_empty;
use super::is_there;
use super::rejected;
use super::sent;
use super::spooled;
use crate::steps::info;
use crate::steps::setup;

/// A file that nobody writes to is judged after this span.
const SETTLED: Duration = Duration::from_millis(200);

async fn mute(bridge: &TestBridge) {
    let answer = bridge
        .socket
        .request(Method::PUT, "/v1/mode", Some(&json!({ "mode": "mute" })))
        .await;
    assert_eq!(answer.expect("the bridge answers").status, 200);
}

/// The most memory that the process ever held.
fn peak_megabytes(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("proc(5)");
    let kilobytes: u64 = peak
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .expect("proc(5)");
    kilobytes / 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_file_is_delivered_and_removed() {
    let bridge = TestBridge::start(setup()).await;
    bridge.drop_event("build", &info("Built by a renaming writer"));
    bridge
        .message_with(USER, "Built by a renaming writer")
        .await;
    is_empty(&bridge).await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_taken_as_soon_as_it_is_whole_although_its_writer_keeps_it_open() {
    let bridge = TestBridge::start(setup()).await;
    let text = info("Written in place").to_string();
    let (first, second) = text.split_at(text.len() / 2);
    let mut file = File::create(bridge.events().join("in-place.json")).expect("a file to write");
    file.write_all(first.as_bytes()).expect("room on the disk");
    file.sync_all().expect("a disk");
    file.write_all(second.as_bytes()).expect("room on the disk");
    bridge.message_with(USER, "Written in place").await;
    is_empty(&bridge).await;
    drop(file);
    assert_eq!(events(&bridge).await, 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_grows_slowly_is_not_judged_before_it_is_whole() {
    let bridge = TestBridge::start(setup()).await;
    let mut file = File::create(bridge.events().join("slow.json")).expect("a file to write");
    file.write_all(
        br#"{"type": "info_notification", "title": "Slow and steady", "description": ""#,
    )
    .expect("room");
    let began = Instant::now();
    until("the writer has taken its time", async || {
        file.write_all(b"more ").expect("room on the disk");
        (began.elapsed() > SETTLED * 4).then_some(())
    })
    .await;
    assert_eq!(spooled(&bridge), ["slow.json"]);
    file.write_all(br#""}"#).expect("room on the disk");
    bridge.message_with(USER, "Slow and steady").await;
    is_empty(&bridge).await;
    assert!(!is_there(&rejected(&bridge, "slow.json")));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_event_file_is_left_alone() {
    let bridge = TestBridge::start(setup()).await;
    let others = [
        ".hidden.json",
        "event.json.tmp",
        "json",
        "notes.txt",
        "upper.JSON",
    ];
    for name in others {
        fs::write(
            bridge.events().join(name),
            info("Nobody's business").to_string(),
        )
        .expect("room on the disk");
    }
    bridge.drop_event("real", &info("The only event"));
    bridge.message_with(USER, "The only event").await;
    until("only the others are left", async || {
        (spooled(&bridge) == others).then_some(())
    })
    .await;
    assert_eq!((events(&bridge).await, sent(&bridge)), (1, 1));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_came_while_no_bridge_ran_are_taken_in_their_order() {
    let mut bridge = TestBridge::start(setup()).await;
    assert!(bridge.terminate().await.success());
    // The names run against the order in which the files came.
    let titles: Vec<String> = (0..40)
        .map(|number| format!("Event {number:02} of 40"))
        .collect();
    for (number, title) in titles.iter().enumerate() {
        bridge.drop_event(&format!("file-{:02}", 40 - number), &info(title));
        // File systems count time in ticks of some milliseconds: let each file have its own.
        let path = bridge
            .events()
            .join(format!("file-{:02}.json", 40 - number));
        let file = File::options().write(true).open(path).expect("our file");
        let tick = Duration::from_millis(u64::try_from(number).expect("a small number") * 10);
        let modified = std::time::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + tick;
        file.set_modified(modified).expect("our file");
    }
    bridge.launch().await;
    bridge.message_with(USER, "Event 39 of 40").await;
    bridge.idle().await;
    let shown = bridge
        .emulator
        .messages(USER)
        .into_iter()
        .filter_map(|message| message.text);
    let arrived: Vec<String> = shown
        .map(|text| {
            titles
                .iter()
                .find(|title| text.contains(*title))
                .cloned()
                .expect("ours")
        })
        .collect();
    assert_eq!(arrived, titles);
    is_empty(&bridge).await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_producer_that_uses_one_name_again_and_again_loses_nothing() {
    let bridge = TestBridge::start(setup()).await;
    mute(&bridge).await;
    let path = bridge.events().join("status.json");
    for number in 0..200 {
        // The name is free as soon as the file before is claimed, while its event is still on its way to the disk.
        until("the name is free", async || {
            (!is_there(&path)).then_some(())
        })
        .await;
        bridge.drop_event("status", &info(&format!("Status {number}")));
    }
    is_empty(&bridge).await;
    assert_eq!(events(&bridge).await, 200);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_files_at_once_are_all_taken_within_the_memory_limit() {
    let bridge = TestBridge::start(
        setup()
            .variable("MAX_QUEUE_SIZE", "20000")
            .variable("RUST_LOG", "warn"),
    )
    .await;
    mute(&bridge).await;
    for number in 0..10_000 {
        bridge.drop_event(
            &format!("event-{number}"),
            &info(&format!("Event {number}")),
        );
    }
    let mut taken = 0;
    while taken < 10_000 {
        taken = until("more events are taken", async || {
            Some(events(&bridge).await).filter(|now| *now > taken)
        })
        .await;
    }
    is_empty(&bridge).await;
    assert_eq!(bridge.status().await["held"], 10_000);
    let peak = peak_megabytes(bridge.process().id());
    assert!(peak < 256, "{peak} MB were in use, MEMORY_LIMIT_MB is 256");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_was_removed_and_made_anew_is_watched_again() {
    let bridge = TestBridge::start(setup()).await;
    fs::remove_dir_all(bridge.events()).expect("the folder can be removed");
    fs::create_dir(bridge.events()).expect("the folder can be made anew");
    bridge
        .socket
        .post(
            "/v1/events",
            &json!({ "type": "custom_event", "title": "meanwhile" }),
        )
        .await;
    bridge.drop_event(
        "again",
        &json!({ "type": "custom_event", "title": "in the new folder" }),
    );
    bridge.message_with(USER, "in the new folder").await;
    bridge.finish().await;
}
