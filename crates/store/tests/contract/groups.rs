//! Groups: enrolment, the topics of projects, the move to another id, being thrown out.

use std::collections::BTreeSet;
use std::time::Duration;

use cctelegram_core::api::EnrolState;
use cctelegram_core::approval::Choice;
use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::delivery::Work;
use cctelegram_core::event::Event;
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
use cctelegram_store::MintDetails;
use cctelegram_store::TopicPlace;
use cctelegram_store::UseCode;
use serde_json::json;

use crate::fixture::ANNA;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::at;
use crate::fixture::decide as decision;
use crate::fixture::event;
use crate::fixture::ids;
use crate::fixture::record;
use crate::fixture::request;
use crate::fixture::typed;

const TEAM: ChatId = ChatId(-5);
const MOVED: ChatId = ChatId(-1_005);

/// Begins an enrolment that can be used until second 600.
async fn begin(bridge: &Fixture, code: &str) -> EnrolmentId {
    begin_for(bridge, code, &["shop"]).await
}

async fn begin_for(bridge: &Fixture, code: &str, projects: &[&str]) -> EnrolmentId {
    let projects = projects.iter().map(|name| (*name).to_owned()).collect();
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
        people: BTreeSet::from([ANNA]),
        now,
    };
    let (enrolment, done) = bridge.store.decide_enrolment(decide).await.unwrap();
    (enrolment.unwrap().state, done)
}

/// Enrols the team, with nothing left to send.
async fn enrolled() -> Fixture {
    let bridge = Fixture::new().await;
    enrol(&bridge, 1, &["shop"]).await;
    bridge.send_all(at(3)).await;
    bridge
}

/// Enrols the team, or gives it other projects, with updates of these two numbers.
async fn enrol(bridge: &Fixture, number: i64, projects: &[&str]) {
    let code = format!("code {number}");
    let id = begin_for(bridge, &code, projects).await;
    assert!(use_code(bridge, number, &code, at(1)).await);
    assert_eq!(
        decide(bridge, number + 1, id, at(2)).await,
        (EnrolState::Enrolled, true)
    );
}

/// The bot was removed from the team, or Telegram says so.
fn left(reason: &str) -> Left {
    Left {
        update: None,
        chat: TEAM,
        reason: reason.to_owned(),
        actor: Actor::System,
        people: BTreeSet::from([ANNA]),
        text: "told".to_owned(),
        now: at(5),
    }
}

fn about(id: &str, project: &str) -> Event {
    typed(id, "code_review", json!({ "project": project }))
}

async fn remove(bridge: &Fixture) {
    let people = BTreeSet::from([ANNA]);
    let record = record(EventName::ChatRemoved, 8);
    let removed = bridge.store.remove_chat(TEAM, people, record);
    assert!(removed.await.unwrap());
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
    let left = left("kicked");
    assert!(bridge.store.leave_chat(left.clone()).await.unwrap());
    assert!(!bridge.store.leave_chat(left).await.unwrap(), "told once");
    let rows = bridge.send_all(at(6)).await;
    assert!(rows.iter().all(|row| row.chat == ANNA));
    assert_eq!((rows.len(), ids(&rows)), (2, vec!["asked"]));
    let people = BTreeSet::from([ANNA]);
    bridge.store.reconcile(people, at(7)).await.unwrap();
    let waiting = bridge.waiting().await;
    assert_eq!(waiting, [("event".to_owned(), TEAM)], "it is not given up");
    remove(&bridge).await;
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

#[tokio::test]
async fn security_a_park_moves_along_with_its_group() {
    let bridge = enrolled().await;
    bridge.accept(accept(event("waits"), &[TEAM])).await;
    let sent = bridge.lease_one(at(4)).await;
    bridge.mark(&sent, Marked::Left(left("kicked"))).await;
    bridge.send_all(at(5)).await;
    let update = bridge.update(9).await;
    let moved = bridge.store.follow_migration(update, (TEAM, MOVED), at(6));
    assert!(moved.await.unwrap());
    assert!(bridge.lease(at(7)).await.is_empty(), "it stays parked");
    let parked = bridge.store.parked().await.unwrap();
    assert_eq!(parked, [(MOVED, "kicked".to_owned())]);
    assert!(bridge.store.enrolled_chats().await.unwrap()[0].away);
    bridge.close().await;
}

#[tokio::test]
async fn what_moves_starts_from_its_first_part_and_answers_no_message_of_the_old_chat() {
    let bridge = enrolled().await;
    let store = &bridge.store;
    bridge.accept(request("asked", 1, &[TEAM])).await;
    bridge.mint(1, TEAM, "yes", Choice::Option(0)).await;
    bridge.send_all(at(4)).await;
    let text = "answer".to_owned();
    let answer = store.notice(TEAM, text, Some(MessageId(3)), at(4));
    answer.await.unwrap();
    let first = bridge.lease_one(at(5)).await;
    let part = Marked::PartSent {
        message: MessageId(70),
        parts_sent: 1,
    };
    bridge.mark(&first, part).await;
    let update = bridge.update(9).await;
    let moved = store.follow_migration(update, (TEAM, MOVED), at(6));
    assert!(moved.await.unwrap());
    let rows = bridge.send_all(at(7)).await;
    assert_eq!(rows.len(), 2, "{rows:?}");
    for row in rows {
        assert_eq!((row.chat, row.parts_sent, row.reply_to), (MOVED, 0, None));
    }
    let button = store.button(&Digest::of(b"yes")).await.unwrap();
    assert!(button.is_none(), "the old message's button is void");
    bridge.close().await;
}

#[tokio::test]
async fn security_a_removed_group_gets_no_list_no_edit_and_nothing_that_waited() {
    let bridge = enrolled().await;
    let store = &bridge.store;
    bridge.accept(request("asked", 1, &[TEAM, ANNA])).await;
    bridge.send_all(at(4)).await;
    bridge.accept(accept(event("waits"), &[TEAM])).await;
    let list = bridge.lease_one(at(5)).await;
    let mint = MintDetails {
        list: list.row,
        chat: TEAM,
        button: Digest::of(b"list"),
        at: at(5),
    };
    store.mint_details(mint).await.unwrap();
    bridge.mark(&list, Marked::Released).await;
    remove(&bridge).await;
    let rows = bridge.send_all(at(9)).await;
    assert_eq!((rows.len(), ids(&rows)), (1, vec!["waits"]));
    assert_eq!(rows[0].chat, ANNA, "it would reach nobody");
    let found = store.list_of_button(&Digest::of(b"list")).await.unwrap();
    assert!(found.is_none());
    let update = bridge.update(9).await;
    store.decide(decision(update, 1, 0)).await.unwrap();
    let edits = bridge.send_all(at(61)).await;
    assert_eq!(edits.len(), 1);
    assert_eq!(edits[0].chat, ANNA, "only people are told who decided");
    assert!(
        bridge.waiting().await.is_empty(),
        "no edit is queued either"
    );
    bridge.close().await;
}

#[tokio::test]
async fn security_nothing_is_leased_for_a_group_that_is_not_enrolled() {
    let bridge = Fixture::new().await;
    let store = &bridge.store;
    bridge.accept(accept(event("waits"), &[TEAM])).await;
    assert!(store.outlook(at(1)).await.unwrap().heads.is_empty());
    assert_eq!(store.outlook(at(0)).await.unwrap().next_due, None);
    let row = store.queue(1).await.unwrap()[0].id;
    let leased = store.lease(vec![row], at(1)).await.unwrap();
    assert!(leased.rows.is_empty(), "{leased:?}");
    let done = store.reconcile(BTreeSet::new(), at(2)).await.unwrap();
    assert_eq!((done.removed, done.moved), (1, 0), "with nobody allowed");
    assert!(bridge.waiting().await.is_empty());
    bridge.close().await;
}

#[tokio::test]
async fn security_a_narrowed_group_loses_what_waits_of_other_projects() {
    let bridge = Fixture::new().await;
    let store = &bridge.store;
    enrol(&bridge, 1, &[]).await;
    bridge.send_all(at(3)).await;
    bridge.accept(request("asked", 1, &[TEAM])).await;
    bridge.mint(1, TEAM, "yes", Choice::Option(0)).await;
    bridge.send_all(at(4)).await;
    for (id, project) in [("mine", "shop"), ("other", "blog")] {
        bridge.accept(accept(about(id, project), &[TEAM])).await;
    }
    for id in ["a", "b"] {
        let info = typed(id, "info_notification", json!({ "project": "blog" }));
        bridge.accept(accept(info, &[TEAM])).await;
    }
    let heads = store.outlook(at(5)).await.unwrap().heads;
    let head = heads.into_iter().find(|head| head.chat == TEAM);
    let list = store.fold(head.unwrap(), 1, at(5)).await.unwrap();
    assert!(list.is_some(), "there is a list");
    enrol(&bridge, 3, &["shop"]).await;
    let rows = bridge.send_all(at(6)).await;
    let of = |chat: ChatId| {
        let mut rows: Vec<_> = rows
            .iter()
            .filter(|row| row.chat == chat)
            .cloned()
            .collect();
        rows.sort_by_key(|row| row.row);
        ids(&rows)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(of(TEAM), ["mine"]);
    let mut people = of(ANNA);
    people.sort_unstable();
    assert_eq!(people, ["a", "asked", "b", "other"]);
    let button = store.button(&Digest::of(b"yes")).await.unwrap();
    assert!(button.is_none());
    let update = bridge.update(9).await;
    store.decide(decision(update, 1, 0)).await.unwrap();
    let edits = bridge.send_all(at(61)).await;
    assert_eq!(edits.len(), 1);
    assert_eq!(edits[0].chat, ANNA, "only people are told who decided");
    bridge.close().await;
}

#[tokio::test]
async fn a_park_and_the_word_of_it_survive_a_crash_together() {
    let bridge = enrolled().await;
    bridge.accept(accept(event("waits"), &[TEAM])).await;
    let sent = bridge.lease_one(at(4)).await;
    bridge.mark(&sent, Marked::Left(left("kicked"))).await;
    let bridge = Fixture::open(bridge.crash().await).await;
    assert!(bridge.store.enrolled_chats().await.unwrap()[0].away);
    let rows = bridge.send_all(at(6)).await;
    assert_eq!((rows.len(), rows[0].chat), (1, ANNA), "people are told");
    bridge.close().await;
}

#[tokio::test]
async fn security_a_removal_takes_the_place_of_a_missing_right() {
    let bridge = enrolled().await;
    bridge.store.leave_chat(left("no right")).await.unwrap();
    let removed = Left {
        update: Some(bridge.update(9).await),
        ..left("removed")
    };
    assert!(
        !bridge.store.leave_chat(removed).await.unwrap(),
        "told once"
    );
    let parked = bridge.store.parked().await.unwrap();
    assert_eq!(parked, [(TEAM, "removed".to_owned())]);
    bridge.close().await;
}

#[tokio::test]
async fn what_was_addressed_while_its_group_moved_is_sent_there() {
    let bridge = enrolled().await;
    let update = bridge.update(9).await;
    let moved = bridge.store.follow_migration(update, (TEAM, MOVED), at(4));
    assert!(moved.await.unwrap());
    bridge.accept(accept(event("late"), &[TEAM])).await;
    let people = BTreeSet::from([ANNA]);
    let done = bridge.store.reconcile(people, at(5)).await.unwrap();
    assert_eq!(done.removed, 0, "it is a recipient by its former id");
    let first = bridge.lease_one(at(5)).await;
    assert_eq!(first.chat, TEAM, "Telegram says where the group is now");
    bridge.mark(&first, Marked::Migrated(MOVED)).await;
    assert_eq!(bridge.lease_one(at(6)).await.chat, MOVED);
    bridge.close().await;
}
