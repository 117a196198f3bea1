//! The answers and the names of their files.

use cctelegram_core::agent::Trace;
use cctelegram_core::agent::note_id;
use cctelegram_core::audit::EventName;
use cctelegram_core::id::MessageId;
use cctelegram_core::id::UserId;
use cctelegram_store::About;
use cctelegram_store::Claim;
use cctelegram_store::Decided;
use cctelegram_store::Handling;
use cctelegram_store::NewResponse;
use cctelegram_store::ResponseKind;
use cctelegram_store::SessionReply;
use cctelegram_store::WantedReply;
use serde_json::Map;
use serde_json::json;
use uuid::Uuid;

use crate::fixture::ANNA;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::approval_id;
use crate::fixture::at;
use crate::fixture::decide;
use crate::fixture::event;
use crate::fixture::record;
use crate::fixture::request;

async fn answer(bridge: &Fixture, update: i64, about: About) {
    reply(bridge, update, about, None).await;
}

fn text_about(id: &str) -> NewResponse {
    NewResponse {
        about: About::Event(id.parse().unwrap()),
        task_id: Some("build".into()),
        user_id: Some(UserId(11)),
        username: Some("anna".into()),
        at: at(0),
        response: "go on".into(),
        option: None,
        kind: ResponseKind::Text,
        options: vec![],
        metadata: Map::new(),
    }
}

async fn reply(bridge: &Fixture, update: i64, about: About, reply: Option<SessionReply>) {
    let response = NewResponse {
        about,
        ..text_about("e")
    };
    let records = vec![record(EventName::UserResponse, 0)];
    let handling = Handling {
        records,
        response: Some(response),
        reply,
        ..Handling::default()
    };
    bridge
        .store
        .handle(bridge.update(update).await, handling)
        .await
        .unwrap();
}

#[tokio::test]
async fn security_what_was_written_before_the_decision_is_no_reason_for_it() {
    let bridge = Fixture::new().await;
    bridge.accept(request("deploy", 1, &[ANNA])).await;
    let write = async |update: i64, text: &str, seconds: u64| {
        let response = NewResponse {
            response: text.into(),
            at: at(seconds),
            ..text_about("deploy")
        };
        let handling = Handling {
            records: vec![record(EventName::UserResponse, seconds)],
            response: Some(response),
            ..Handling::default()
        };
        let update = bridge.update(update).await;
        bridge.store.handle(update, handling).await.unwrap();
    };
    write(1, "Looks good to me", 30).await;
    let update = bridge.update(2).await;
    let decided = bridge.store.decide(decide(update, 1, 1)).await.unwrap();
    assert!(matches!(decided, Decided::Done(_)), "{decided:?}");
    let id = approval_id(1);
    assert_eq!(bridge.store.reply_to(id).await.unwrap(), None);
    write(3, "Not on a Friday", 70).await;
    let reason = bridge.store.reply_to(id).await.unwrap();
    assert_eq!(reason.as_deref(), Some("Not on a Friday"));
    bridge.close().await;
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

/// A wait in the session of this name.
fn wanted(session: &str, claim: u128) -> WantedReply {
    WantedReply {
        session: Trace::of(session),
        event: None,
        claim: Claim {
            id: Uuid::from_u128(claim),
            continued: None,
        },
        with_old: false,
    }
}

async fn taken(bridge: &Fixture, wanted: WantedReply) -> Option<i64> {
    let record = record(EventName::ReplyHandedOver, 1);
    let handed = bridge.store.take_reply(wanted, record).await.unwrap();
    handed.map(|handed| handed.response.id)
}

fn about_session(session: &str, once: &str) -> About {
    About::Event(note_id(&Trace::of(session), once).unwrap())
}

fn kept() -> SessionReply {
    SessionReply {
        chat: ANNA,
        message: MessageId(5),
        taken: None,
    }
}

#[tokio::test]
async fn security_a_reply_is_handed_over_once_and_in_its_own_session() {
    let bridge = Fixture::new().await;
    for (update, once) in [(1, "a"), (2, "b")] {
        reply(&bridge, update, about_session("one", once), Some(kept())).await;
    }
    assert_eq!(taken(&bridge, wanted("two", 1)).await, None);
    assert_eq!(taken(&bridge, wanted("one", 2)).await, Some(1));
    assert_eq!(
        taken(&bridge, wanted("one", 2)).await,
        Some(1),
        "the same wait, whose answer was lost"
    );
    assert_eq!(taken(&bridge, wanted("two", 2)).await, None);
    assert_eq!(taken(&bridge, wanted("one", 3)).await, Some(2));
    assert_eq!(taken(&bridge, wanted("one", 4)).await, None);
    let promised = Claim {
        id: Uuid::from_u128(5),
        continued: Some(3),
    };
    let promised = SessionReply {
        taken: Some(promised),
        ..kept()
    };
    reply(&bridge, 3, about_session("one", "c"), Some(promised)).await;
    assert_eq!(taken(&bridge, wanted("one", 6)).await, None);
    assert_eq!(taken(&bridge, wanted("one", 5)).await, Some(3));
    let session = Trace::of("one");
    assert_eq!(bridge.store.turns_continued(&session).await.unwrap(), 3);
    bridge.store.age_replies(&session).await.unwrap();
    assert_eq!(
        bridge.store.turns_continued(&session).await.unwrap(),
        0,
        "somebody went on at the terminal"
    );
    bridge.close().await;
}

#[tokio::test]
async fn security_a_wait_that_has_a_reply_is_given_no_second_one() {
    let bridge = Fixture::new().await;
    reply(&bridge, 1, about_session("one", "a"), Some(kept())).await;
    assert_eq!(taken(&bridge, wanted("one", 1)).await, Some(1));
    let claim = Claim {
        id: Uuid::from_u128(1),
        continued: None,
    };
    let promised = SessionReply {
        taken: Some(claim),
        ..kept()
    };
    reply(&bridge, 2, about_session("one", "b"), Some(promised)).await;
    assert_eq!(taken(&bridge, wanted("one", 1)).await, Some(1));
    assert_eq!(
        taken(&bridge, wanted("one", 2)).await,
        Some(2),
        "it is kept"
    );
    bridge.close().await;
}

#[tokio::test]
async fn what_came_before_the_next_prompt_is_only_given_to_who_asks_for_it() {
    let bridge = Fixture::new().await;
    let id = note_id(&Trace::of("one"), "a").unwrap();
    bridge.accept(accept(event(id.as_str()), &[ANNA])).await;
    reply(&bridge, 1, About::Event(id.clone()), Some(kept())).await;
    bridge.store.age_replies(&Trace::of("one")).await.unwrap();
    assert_eq!(taken(&bridge, wanted("one", 1)).await, None);
    let other = WantedReply {
        event: Some("other".parse().unwrap()),
        with_old: true,
        ..wanted("one", 2)
    };
    assert_eq!(taken(&bridge, other).await, None);
    let tool = WantedReply {
        event: Some(id.clone()),
        with_old: true,
        ..wanted("one", 3)
    };
    let record = record(EventName::ReplyHandedOver, 1);
    let handed = bridge.store.take_reply(tool, record).await.unwrap();
    let title = handed.unwrap().title;
    assert_eq!(title, Some(format!("About {id}")));
    bridge.close().await;
}
