//! Groups: enrolment, the topics of projects, the move to another id, being thrown out.

use std::collections::BTreeSet;
use std::time::Duration;

use cctelegram_core::api::EnrolState;
use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::delivery::Work;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::EnrolmentId;
use cctelegram_core::id::MessageId;
use cctelegram_core::id::ThreadId;
use cctelegram_core::id::UserId;
use cctelegram_core::quiet;
use cctelegram_core::time::Timestamp;
use cctelegram_crypto::Digest;
use cctelegram_store::Accept;
use cctelegram_store::AskedBy;
use cctelegram_store::DecideEnrolment;
use cctelegram_store::Left;
use cctelegram_store::Likeness;
use cctelegram_store::Marked;
use cctelegram_store::TopicPlace;
use cctelegram_store::UseCode;
use serde_json::json;

use crate::fixture::ANNA;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::at;
use crate::fixture::event;
use crate::fixture::ids;
use crate::fixture::record;
use crate::fixture::request;
use crate::fixture::typed;

const TEAM: ChatId = ChatId(-5);
const MOVED: ChatId = ChatId(-1_005);

/// Begins an enrolment that can be used until second 600.
async fn begin(bridge: &Fixture, code: &str) -> EnrolmentId {
    let projects = BTreeSet::from(["shop".to_owned()]);
    let record = record(EventName::EnrolmentStarted, 0);
    let code = Digest::of(code.as_bytes());
    let begun = bridge
        .store
        .start_enrolment(code, projects, at(600), record);
    begun.await.unwrap()
}

async fn use_code(bridge: &Fixture, number: i64, code: &str, now: Timestamp) -> bool {
    let by = AskedBy {
        chat: TEAM,
        title: "Team".to_owned(),
        forum: true,
        user: UserId(99),
        name: "Mallory (99)".to_owned(),
    };
    let used = UseCode {
        update: bridge.update(number).await,
        code: Digest::of(code.as_bytes()),
        by,
        people: BTreeSet::from([ANNA]),
        now,
    };
    bridge.store.use_code(used).await.unwrap()
}

async fn decide(
    bridge: &Fixture,
    number: i64,
    enrolment: EnrolmentId,
    now: Timestamp,
) -> (EnrolState, bool) {
    let decide = DecideEnrolment {
        update: bridge.update(number).await,
        enrolment,
        accepts: true,
        by: UserId(11),
        now,
    };
    let (enrolment, done) = bridge.store.decide_enrolment(decide).await.unwrap();
    (enrolment.unwrap().state, done)
}

/// Enrols the team, with nothing left to send.
async fn enrolled() -> Fixture {
    let bridge = Fixture::new().await;
    let id = begin(&bridge, "code").await;
    assert!(use_code(&bridge, 1, "code", at(1)).await);
    assert_eq!(
        decide(&bridge, 2, id, at(2)).await,
        (EnrolState::Enrolled, true)
    );
    bridge.send_all(at(3)).await;
    bridge
}

#[tokio::test]
async fn security_a_code_works_once_and_not_for_ever() {
    let bridge = Fixture::new().await;
    let id = begin(&bridge, "code").await;
    assert!(!use_code(&bridge, 1, "other", at(1)).await);
    assert!(!use_code(&bridge, 2, "code", at(600)).await, "too late");
    let late = bridge.store.enrolment(id, at(600)).await.unwrap().unwrap();
    assert_eq!(late.state, EnrolState::Expired);
    assert!(use_code(&bridge, 3, "code", at(599)).await);
    assert!(!use_code(&bridge, 4, "code", at(599)).await, "used");
    let question = (id, at(599 + 600));
    let decided = decide(&bridge, 5, question.0, question.1).await;
    assert_eq!(
        decided,
        (EnrolState::Expired, false),
        "ten minutes to answer"
    );
    assert!(bridge.store.enrolled_chats().await.unwrap().is_empty());
    bridge.close().await;
}

#[tokio::test]
async fn security_an_enrolment_is_decided_once() {
    let bridge = Fixture::new().await;
    let id = begin(&bridge, "code").await;
    let early = decide(&bridge, 1, id, at(1)).await;
    assert_eq!(early, (EnrolState::Open, false), "nobody used the code");
    assert!(use_code(&bridge, 2, "code", at(2)).await);
    let taken_back = record(EventName::EnrolmentWithdrawn, 3);
    bridge
        .store
        .withdraw_enrolment(id, taken_back)
        .await
        .unwrap();
    let late = decide(&bridge, 3, id, at(4)).await;
    assert_eq!(late, (EnrolState::Withdrawn, false));
    assert!(bridge.store.enrolled_chats().await.unwrap().is_empty());
    bridge.close().await;
}

#[tokio::test]
async fn what_waits_moves_with_its_group_once() {
    let bridge = enrolled().await;
    bridge
        .store
        .remember_topic(TEAM, "shop", ThreadId(7), at(3))
        .await
        .unwrap();
    bridge.accept(request("asked", 1, &[TEAM])).await;
    bridge.send_all(at(4)).await;
    bridge.accept(accept(event("waits"), &[TEAM])).await;
    let sent = bridge.lease_one(at(5)).await;
    bridge.mark(&sent, Marked::Migrated(MOVED)).await;
    let update = bridge.update(9).await;
    let again = bridge.store.follow_migration(update, (TEAM, MOVED), at(6));
    assert!(!again.await.unwrap(), "it moved already");
    let chats = bridge.store.enrolled_chats().await.unwrap();
    assert_eq!(
        chats.iter().map(|entry| entry.chat).collect::<Vec<_>>(),
        [MOVED.0]
    );
    let place = bridge.store.topic(MOVED, "shop", at(6)).await.unwrap();
    assert_eq!(place, TopicPlace::Thread(ThreadId(7)));
    let rows = bridge.send_all(at(7)).await;
    assert!(rows.iter().all(|row| row.chat == MOVED));
    let mut events = ids(&rows);
    events.sort_unstable();
    assert_eq!(
        events,
        ["asked", "waits"],
        "the request is asked there again"
    );
    let moves = bridge.audit_names().await;
    let moves = moves
        .iter()
        .filter(|name| **name == EventName::ChatMigrated);
    assert_eq!(moves.count(), 1);
    bridge.close().await;
}

#[tokio::test]
async fn a_count_that_waits_when_its_group_moves_is_told_anew() {
    let bridge = enrolled().await;
    let same = |id, seconds| {
        let event = typed(id, "build_completed", json!({ "title": "Build" }));
        let content = quiet::likeness(&event);
        let window = Duration::from_secs(5);
        Accept {
            likeness: content.map(|content| Likeness { content, window }),
            received: at(seconds),
            ..accept(event, &[TEAM])
        }
    };
    bridge.accept(same("a", 3)).await;
    bridge.send_all(at(3)).await;
    bridge.accept(same("b", 4)).await;
    let update = bridge.update(9).await;
    let moved = bridge.store.follow_migration(update, (TEAM, MOVED), at(5));
    assert!(moved.await.unwrap());
    let count = bridge.lease_one(at(9)).await;
    assert_eq!((count.chat, count.message), (MOVED, None));
    assert_eq!((count.work.clone(), count.count), (Work::Count, 2));
    assert_eq!(ids(std::slice::from_ref(&count)), ["a"]);
    bridge.sent(&count, 1).await;
    assert_eq!(bridge.waiting().await, []);
    bridge.close().await;
}

#[tokio::test]
async fn a_group_that_is_left_waits_and_its_requests_go_to_people_once() {
    let bridge = enrolled().await;
    bridge.accept(request("asked", 1, &[TEAM])).await;
    bridge.send_all(at(4)).await;
    bridge.accept(accept(event("waits"), &[TEAM])).await;
    let left = Left {
        update: None,
        chat: TEAM,
        reason: "kicked".to_owned(),
        actor: Actor::System,
        people: BTreeSet::from([ANNA]),
        text: "told".to_owned(),
        now: at(5),
    };
    assert!(bridge.store.leave_chat(left.clone()).await.unwrap());
    assert!(!bridge.store.leave_chat(left).await.unwrap(), "told once");
    let rows = bridge.send_all(at(6)).await;
    assert!(rows.iter().all(|row| row.chat == ANNA));
    assert_eq!((rows.len(), ids(&rows)), (2, vec!["asked"]));
    let people = BTreeSet::from([ANNA]);
    bridge.store.reconcile(people.clone(), at(7)).await.unwrap();
    let waiting = bridge.waiting().await;
    assert_eq!(waiting, [("event".to_owned(), TEAM)], "it is not given up");
    let record = record(EventName::ChatRemoved, 8);
    assert!(bridge.store.remove_chat(TEAM, record).await.unwrap());
    bridge.store.reconcile(people, at(9)).await.unwrap();
    let rows = bridge.send_all(at(10)).await;
    assert_eq!(
        ids(&rows),
        ["waits"],
        "what would reach nobody goes to people"
    );
    bridge.close().await;
}

#[tokio::test]
async fn topics_are_remembered_rest_and_have_an_end() {
    let bridge = enrolled().await;
    let store = &bridge.store;
    let place = async |project: &str, now| store.topic(TEAM, project, now).await.unwrap();
    assert_eq!(place("shop", at(1)).await, TopicPlace::Unmade);
    for number in 0..200 {
        let project = format!("p{number}");
        let thread = ThreadId(number);
        store
            .remember_topic(TEAM, &project, thread, at(1))
            .await
            .unwrap();
    }
    assert_eq!(place("shop", at(1)).await, TopicPlace::General);
    assert_eq!(place("p7", at(1)).await, TopicPlace::Thread(ThreadId(7)));
    store.rest_topic(TEAM, "p7", at(60)).await.unwrap();
    assert_eq!(place("p7", at(59)).await, TopicPlace::General);
    assert_eq!(place("p7", at(60)).await, TopicPlace::Thread(ThreadId(7)));
    store.forget_topic(TEAM, "p7").await.unwrap();
    assert_eq!(place("p7", at(61)).await, TopicPlace::Unmade);
    bridge.close().await;
}

#[tokio::test]
async fn a_deleted_question_is_not_edited_again_and_again() {
    let bridge = Fixture::new().await;
    let id = begin(&bridge, "code").await;
    assert!(use_code(&bridge, 1, "code", at(1)).await);
    let question = bridge.lease_one(at(2)).await;
    let buttons = vec![(Digest::of(b"yes"), true)];
    bridge
        .store
        .mint_enrolment(id, ANNA, buttons)
        .await
        .unwrap();
    bridge.sent(&question, 3).await;
    let button = bridge
        .store
        .enrol_button(&Digest::of(b"yes"))
        .await
        .unwrap();
    assert_eq!(button.unwrap().message, Some(MessageId(3)));
    let taken_back = record(EventName::EnrolmentWithdrawn, 4);
    bridge
        .store
        .withdraw_enrolment(id, taken_back)
        .await
        .unwrap();
    let edit = bridge.lease_one(at(5)).await;
    assert_eq!(edit.message, Some(MessageId(3)));
    bridge.mark(&edit, Marked::Anew).await;
    assert!(bridge.lease(at(6)).await.is_empty());
    bridge.close().await;
}
