//! Requests for a decision: one answer, however it comes.

use std::collections::BTreeSet;

use cctelegram_core::approval::AnswerForm;
use cctelegram_core::approval::Choice;
use cctelegram_core::approval::GivenAnswer;
use cctelegram_core::approval::State;
use cctelegram_core::audit::EventName;
use cctelegram_core::delivery::Work;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_crypto::Digest;
use cctelegram_store::Accept;
use cctelegram_store::Ask;
use cctelegram_store::Decided;
use cctelegram_store::Handling;
use cctelegram_store::Marked;
use cctelegram_store::Mint;
use cctelegram_store::StoreError;
use cctelegram_store::Toggle;
use serde_json::json;

use crate::fixture::ANNA;
use crate::fixture::BEN;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::approval_id;
use crate::fixture::at;
use crate::fixture::decide;
use crate::fixture::ids;
use crate::fixture::person;
use crate::fixture::record;
use crate::fixture::request;
use crate::fixture::typed;
use crate::fixture::works;

/// A request that Anna and Ben have on their phones.
async fn asked() -> Fixture {
    let bridge = Fixture::new().await;
    bridge.accept(request("deploy", 1, &[ANNA, BEN])).await;
    bridge.send_all(at(0)).await;
    bridge
}

fn both() -> BTreeSet<ChatId> {
    BTreeSet::from([ANNA, BEN])
}

fn edit() -> Work {
    Work::ApprovalEdit {
        approval: approval_id(1),
    }
}

#[tokio::test]
async fn security_a_button_is_known_only_by_its_own_data() {
    let bridge = Fixture::new().await;
    bridge.accept(request("deploy", 1, &[ANNA])).await;
    bridge
        .mint(1, ANNA, "first attempt", Choice::Option(0))
        .await;
    bridge
        .mint(1, ANNA, "second attempt", Choice::Details)
        .await;
    let find = async |data: &str| {
        bridge
            .store
            .button(&Digest::of(data.as_bytes()))
            .await
            .unwrap()
    };
    assert!(
        find("first attempt").await.is_none(),
        "it never became a message"
    );
    assert!(find("guess").await.is_none());
    let button = find("second attempt").await.unwrap().button;
    assert_eq!((button.choice, button.message), (Choice::Details, None));
    bridge.sent(&bridge.lease_one(at(0)).await, 5).await;
    let buttons = vec![(Digest::of(b"edited"), Choice::Option(1))];
    let message = Some(MessageId(5));
    let edited = Mint {
        approval: approval_id(1),
        chat: ANNA,
        message,
        buttons,
        at: at(1),
    };
    bridge.store.mint(edited).await.unwrap();
    for data in ["second attempt", "edited"] {
        assert_eq!(find(data).await.unwrap().button.message, Some(MessageId(5)));
    }
    bridge.close().await;
}

#[tokio::test]
async fn a_request_ends_once_with_an_answer_and_a_record() {
    for state in [
        State::Withdrawn { at: at(5) },
        State::Locally { at: at(5) },
        State::Expired { at: at(5) },
    ] {
        let bridge = asked().await;
        let end = || {
            let record = record(EventName::ApprovalWithdrawn, 5);
            bridge
                .store
                .end(approval_id(1), state.clone(), record, at(5))
        };
        assert_eq!(end().await.unwrap().unwrap().state, state);
        assert_eq!(end().await.unwrap(), None);
        assert_eq!(bridge.audit().await.len(), 2);
        assert_eq!(works(&bridge.send_all(at(5)).await), [edit(), edit()]);
        let answers = bridge.store.unwritten_responses().await.unwrap();
        assert_eq!(answers.len(), 1);
        assert_eq!(
            answers[0].body["response_type"],
            answers[0].body["response"]
        );
        assert!(answers[0].body["user_id"].is_null());
        bridge.close().await;
    }
}

#[tokio::test]
async fn security_a_decision_cannot_be_smuggled_in_as_an_ending() {
    let bridge = asked().await;
    let decision = decide(bridge.update(1).await, 1, 0).decision;
    let record = record(EventName::ApprovalWithdrawn, 5);
    let result = bridge
        .store
        .end(approval_id(1), State::Decided(decision), record, at(5))
        .await;
    assert!(matches!(result, Err(StoreError::NotAnEnding)));
    assert_eq!(bridge.store.pending().await.unwrap().len(), 1);
    bridge.close().await;
}

#[tokio::test]
async fn requests_expire_when_their_time_is_over() {
    let bridge = Fixture::new().await;
    for (number, expires) in [(1, Some(at(10))), (2, Some(at(20))), (3, None)] {
        let mut request = request(&format!("event-{number}"), number, &[ANNA]);
        request.ask = Some(Ask {
            id: approval_id(number),
            digest: "d".into(),
            expires,
            not_before: None,
            form: AnswerForm::default(),
            attended: false,
            remind: None,
        });
        bridge.accept(request).await;
    }
    assert_eq!(bridge.store.next_expiry().await.unwrap(), Some(at(10)));
    assert_eq!(bridge.store.expire_due(at(9)).await.unwrap(), []);
    assert_eq!(
        bridge.store.expire_due(at(10)).await.unwrap(),
        [approval_id(1)]
    );
    assert_eq!(bridge.store.next_expiry().await.unwrap(), Some(at(20)));
    assert_eq!(bridge.audit_names().await[3], EventName::ApprovalExpired);
    let response = &bridge.store.unwritten_responses().await.unwrap()[0];
    assert_eq!(response.body["response_type"], "expired");
    assert_eq!(ids(&bridge.send_all(at(10)).await), ["event-2", "event-3"]);
    bridge.close().await;
}

#[tokio::test]
async fn after_a_gap_every_open_copy_is_edited_once() {
    let bridge = asked().await;
    bridge.accept(request("waiting", 2, &[ANNA])).await;
    assert_eq!(bridge.store.touch_open(both(), at(1)).await.unwrap(), 2);
    assert_eq!(bridge.store.touch_open(both(), at(2)).await.unwrap(), 0);
    let mut sent = works(&bridge.send_all(at(2)).await);
    sent.retain(|work| *work == edit());
    assert_eq!(sent.len(), 2);
    bridge.close().await;
}

#[tokio::test]
async fn security_a_removed_user_gets_no_new_buttons_but_loses_the_old_ones() {
    let bridge = asked().await;
    let allowed = BTreeSet::from([BEN]);
    assert_eq!(bridge.store.touch_open(allowed, at(1)).await.unwrap(), 1);
    let touched = bridge.send_all(at(1)).await;
    assert_eq!((touched.len(), touched[0].chat), (1, BEN));
    let update = bridge.update(1).await;
    bridge.store.decide(decide(update, 1, 0)).await.unwrap();
    let closed = bridge.send_all(at(61)).await;
    let chats: Vec<_> = closed.iter().map(|row| row.chat).collect();
    assert_eq!(chats, [ANNA, BEN]);
    bridge.close().await;
}

#[tokio::test]
async fn still_waiting_can_wait_and_an_ending_cannot() {
    let bridge = asked().await;
    bridge.store.touch_open(both(), at(1)).await.unwrap();
    let urgent = typed("fire", "task_failed", json!({}));
    bridge.accept(accept(urgent, &[ANNA, BEN])).await;
    assert_eq!(ids(&bridge.lease(at(1)).await), ["fire", "fire"]);
    let update = bridge.update(1).await;
    bridge.store.decide(decide(update, 1, 0)).await.unwrap();
    bridge.store.void_leases().await.unwrap();
    assert_eq!(
        works(&bridge.lease(at(61)).await),
        [edit(), edit()],
        "the edit that waits already is as urgent now"
    );
    assert!(bridge.waiting().await.len() == 4, "and it is the only one");
    bridge.close().await;
}

#[tokio::test]
async fn a_deleted_copy_of_an_open_request_is_sent_again_whole() {
    let bridge = asked().await;
    bridge.store.touch_open(both(), at(1)).await.unwrap();
    let edits = bridge.lease(at(1)).await;
    bridge.mark(&edits[0], Marked::Anew).await;
    let anew = bridge.lease_one(at(1)).await;
    assert_eq!(
        works(std::slice::from_ref(&anew)),
        [Work::Approval {
            approval: approval_id(1)
        }]
    );
    bridge.sent(&anew, 500).await;
    let update = bridge.update(1).await;
    bridge.store.decide(decide(update, 1, 0)).await.unwrap();
    assert_eq!(bridge.lease_one(at(61)).await.message, Some(MessageId(500)));
    bridge.close().await;
}

#[tokio::test]
async fn a_request_that_reaches_nobody_is_undeliverable() {
    let bridge = Fixture::new().await;
    bridge.accept(request("deploy", 1, &[ANNA, BEN])).await;
    let rows = bridge.lease(at(0)).await;
    let dead = || Marked::Dead {
        reason: "chat not found".into(),
    };
    bridge.mark(&rows[0], dead()).await;
    assert_eq!(
        bridge.store.pending().await.unwrap().len(),
        1,
        "Ben may get it"
    );
    bridge.mark(&rows[1], dead()).await;
    let approval = bridge
        .store
        .approval(approval_id(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(approval.state, State::Undeliverable { at: at(1) });
    assert!(
        bridge
            .audit_names()
            .await
            .contains(&EventName::ApprovalUndeliverable)
    );
    bridge.close().await;
}

#[tokio::test]
async fn details_are_sent_to_the_one_who_asked() {
    let bridge = Fixture::new().await;
    bridge.accept(request("deploy", 1, &[ANNA, BEN])).await;
    bridge.mint(1, BEN, "details", Choice::Details).await;
    bridge.send_all(at(0)).await;
    // The id comes back for something else; the button is still about the first.
    let week = 7 * 24 * 3_600;
    let newer = Accept {
        received: at(week),
        ..accept(typed("deploy", "task_started", json!({})), &[ANNA])
    };
    bridge.accept(newer).await;
    bridge.send_all(at(week)).await;
    let button = bridge.store.button(&Digest::of(b"details")).await.unwrap();
    let handling = Handling {
        records: vec![record(EventName::CommandHandled, 3)],
        details: Some((button.unwrap().key, BEN)),
        ..Handling::default()
    };
    bridge
        .store
        .handle(bridge.update(1).await, handling)
        .await
        .unwrap();
    let row = bridge.lease_one(at(3)).await;
    assert_eq!((row.chat, &row.work), (BEN, &Work::Details));
    assert!(row.event.unwrap().asks());
    bridge.close().await;
}

#[tokio::test]
async fn marks_are_kept_shown_on_every_copy_and_answered_as_they_stand() {
    let bridge = Fixture::new().await;
    let mut several = request("colours", 1, &[ANNA, BEN]);
    let form = AnswerForm {
        several: true,
        words: false,
    };
    several.ask = several.ask.map(|ask| Ask { form, ..ask });
    bridge.accept(several).await;
    bridge.send_all(at(0)).await;
    let toggle = |update, option| Toggle {
        update,
        approval: approval_id(1),
        option,
        by: person(11).id,
        at: at(10),
    };
    let update = bridge.update(1).await;
    let toggled = bridge.store.toggle(toggle(update, 1)).await.unwrap();
    assert!(matches!(toggled, Decided::Done(marked) if marked.marks.list() == [1]));
    let edits = [
        ("approval_edit".into(), ANNA),
        ("approval_edit".into(), BEN),
    ];
    assert_eq!(bridge.waiting().await, edits);
    let (none, late) = (bridge.update(2).await, bridge.update(3).await);
    let toggled = bridge.store.toggle(toggle(none, 2)).await.unwrap();
    assert_eq!(toggled, Decided::Unknown, "there is no third option");

    // Marked otherwise by now.
    let mut stale = decide(late, 1, 0);
    stale.decision.answer = GivenAnswer::Several(vec![0]);
    let outcome = bridge.store.decide(stale.clone()).await.unwrap();
    assert!(matches!(outcome, Decided::TooLate(_)), "{outcome:?}");
    stale.decision.answer = GivenAnswer::Several(vec![1]);
    let outcome = bridge.store.decide(stale).await.unwrap();
    assert!(matches!(outcome, Decided::Done(_)), "{outcome:?}");
    let toggled = bridge.store.toggle(toggle(none, 0)).await.unwrap();
    assert!(matches!(toggled, Decided::TooLate(_)), "{toggled:?}");
    bridge.close().await;
}

#[tokio::test]
async fn security_a_removed_user_is_not_reminded() {
    let bridge = Fixture::new().await;
    let mut request = request("deploy", 1, &[ANNA, BEN]);
    let remind = Some(at(600));
    request.ask = request.ask.map(|ask| Ask { remind, ..ask });
    bridge.accept(request).await;
    bridge.send_all(at(0)).await;
    let nobody = bridge.store.remind_due(BTreeSet::new(), at(600)).await;
    assert_eq!(nobody.unwrap(), 0);
    assert_eq!(bridge.waiting().await, []);
    let allowed = BTreeSet::from([BEN]);
    assert_eq!(bridge.store.remind_due(allowed, at(660)).await.unwrap(), 1);
    assert_eq!(bridge.waiting().await, [("reminder".into(), BEN)]);
    bridge.close().await;
}

#[tokio::test]
async fn a_request_that_waits_is_told_once_more_to_whoever_has_it() {
    let bridge = Fixture::new().await;
    for (number, remind) in [(1, Some(at(600))), (2, Some(at(700))), (3, None)] {
        let mut request = request(&format!("event-{number}"), number, &[ANNA, BEN]);
        request.ask = request.ask.map(|ask| Ask { remind, ..ask });
        bridge.accept(request).await;
    }
    assert_eq!(bridge.store.next_reminder().await.unwrap(), Some(at(600)));
    assert_eq!(bridge.store.remind_due(both(), at(599)).await.unwrap(), 0);
    // Nobody has it yet: a minute later it is looked at again.
    assert_eq!(bridge.store.remind_due(both(), at(600)).await.unwrap(), 0);
    assert_eq!(bridge.store.next_reminder().await.unwrap(), Some(at(660)));
    bridge.send_all(at(601)).await;
    assert_eq!(bridge.store.remind_due(both(), at(660)).await.unwrap(), 1);
    let reminders = [("reminder".into(), ANNA), ("reminder".into(), BEN)];
    assert_eq!(bridge.waiting().await, reminders);
    assert_eq!(
        bridge.store.remind_due(both(), at(699)).await.unwrap(),
        0,
        "once"
    );

    // It ended before the reminder was sent, and the other before it was queued.
    for number in [1, 2] {
        let update = bridge.update(number).await;
        let number = u128::try_from(number).unwrap();
        let done = bridge
            .store
            .decide(decide(update, number, 0))
            .await
            .unwrap();
        assert!(matches!(done, Decided::Done(_)), "{done:?}");
    }
    assert_eq!(bridge.store.remind_due(both(), at(800)).await.unwrap(), 0);
    assert_eq!(bridge.store.next_reminder().await.unwrap(), None);
    let sent = bridge.send_all(at(800)).await;
    assert!(!format!("{sent:?}").contains("Reminder"), "{sent:?}");
    bridge.close().await;
}
