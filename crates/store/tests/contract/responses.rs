//! The answers and the names of their files.

use cctelegram_core::audit::EventName;
use cctelegram_core::id::UserId;
use cctelegram_store::About;
use cctelegram_store::Handling;
use cctelegram_store::NewResponse;
use cctelegram_store::ResponseKind;
use serde_json::Map;
use serde_json::json;
use uuid::Uuid;

use crate::fixture::ANNA;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::at;
use crate::fixture::event;
use crate::fixture::record;

async fn answer(bridge: &Fixture, update: i64, about: About) {
    let response = NewResponse {
        about,
        task_id: Some("build".into()),
        user_id: Some(UserId(11)),
        username: Some("anna".into()),
        at: at(0),
        response: "go on".into(),
        option: None,
        kind: ResponseKind::Text,
        options: vec![],
        metadata: Map::new(),
    };
    let records = vec![record(EventName::UserResponse, 0)];
    let handling = Handling {
        records,
        response: Some(response),
        ..Handling::default()
    };
    bridge
        .store
        .handle(bridge.update(update).await, handling)
        .await
        .unwrap();
}

#[tokio::test]
async fn further_answers_are_numbered_and_no_file_is_overwritten() {
    let bridge = Fixture::new().await;
    let about = |id: &str| About::Event(id.parse().unwrap());
    let subjects = ["e", "e", "e", "e.2", "x.2", "x", "x"];
    for (update, id) in (1..).zip(subjects) {
        answer(&bridge, update, about(id)).await;
    }
    answer(&bridge, 99, About::Nothing(Uuid::from_u128(7))).await;
    let responses = bridge.store.unwritten_responses().await.unwrap();
    let names: Vec<_> = responses
        .iter()
        .map(|response| response.file_name.as_str())
        .collect();
    let expected = [
        "e.json",
        "e.2.json",
        "e.3.json",
        "e.2.2.json", // `e.2.json` is an answer to `e`
        "x.2.json",
        "x.json",
        "x.3.json", // `x.2.json` is an answer to `x.2`
        "00000000-0000-0000-0000-000000000007.json",
    ];
    assert_eq!(names, expected);
    assert_eq!(
        responses[0].body,
        json!({
            "event_id": "e",
            "task_id": "build",
            "user_id": 11,
            "username": "anna",
            "timestamp": "2023-11-14T22:13:20.000Z",
            "response": "go on",
            "option": null,
            "response_type": "text",
            "options": [],
            "metadata": {},
        })
    );
    assert!(responses[7].body["event_id"].is_null());
    bridge.close().await;
}

#[tokio::test]
async fn the_name_for_the_answer_to_another_event_is_left_free() {
    let bridge = Fixture::new().await;
    for id in ["e", "e.2", "e.4"] {
        bridge.accept(accept(event(id), &[ANNA])).await;
    }
    let subjects = ["e", "e", "e", "e.2", "e.4"];
    for (update, id) in (1..).zip(subjects) {
        answer(&bridge, update, About::Event(id.parse().unwrap())).await;
    }
    let responses = bridge.store.unwritten_responses().await.unwrap();
    let names: Vec<_> = responses
        .iter()
        .map(|response| response.file_name.as_str())
        .collect();
    let expected = ["e.json", "e.3.json", "e.5.json", "e.2.json", "e.4.json"];
    assert_eq!(names, expected);
    bridge.close().await;
}
