//! One request from the agent's question to the file with the answer, and what the trail says of it.

use cctelegram_core::approval::Choice;
use cctelegram_core::approval::Press;
use cctelegram_core::approval::State;
use cctelegram_core::approval::Verdict;
use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::delivery::Work;
use cctelegram_core::id::MessageId;
use cctelegram_core::id::UserId;
use cctelegram_crypto::Digest;
use cctelegram_store::Decide;
use cctelegram_store::Decided;

use crate::fixture::ANNA;
use crate::fixture::BEN;
use crate::fixture::Fixture;
use crate::fixture::approval_id;
use crate::fixture::at;
use crate::fixture::person;
use crate::fixture::request;

#[tokio::test]
async fn a_request_is_asked_decided_and_answered() {
    let bridge = Fixture::new().await;
    let store = &bridge.store;
    bridge.accept(request("deploy", 1, &[ANNA, BEN])).await;

    // Both get their copy; Anna's has a button.
    for row in bridge.lease(at(0)).await {
        assert_eq!(
            row.work,
            Work::Approval {
                approval: approval_id(1)
            }
        );
        bridge
            .mint(
                1,
                row.chat,
                &format!("button of {}", row.chat),
                Choice::Option(0),
            )
            .await;
        bridge.sent(&row, row.chat.0 * 10).await;
    }

    // Anna presses.
    let update = bridge.update(1).await;
    let data = Digest::of(b"button of 11");
    let found = store.button(&data).await.unwrap().unwrap();
    let (button, approval) = (found.button, found.approval);
    assert_eq!((button.chat, button.message), (ANNA, Some(MessageId(110))));
    assert_eq!(found.event.id.as_str(), "deploy");
    let press = Press {
        by: person(11),
        chat: ANNA,
        message: MessageId(110),
        at: at(60),
    };
    let Verdict::Decide(decision) = approval.press(&button, &press).unwrap() else {
        panic!("the button decides");
    };
    let decide = Decide {
        update,
        approval: approval.id,
        decision,
        chat: ANNA,
        message: MessageId(110),
        told: None,
    };
    let Decided::Done(decided) = store.decide(decide).await.unwrap() else {
        panic!("nobody was faster");
    };
    assert!(matches!(decided.state, State::Decided(_)));
    assert_eq!(store.approval(approval_id(1)).await.unwrap(), Some(decided));
    assert!(store.unhandled(10).await.unwrap().is_empty());

    // Both copies are brought up to date, in the messages that have the buttons.
    let edits = bridge.lease(at(60)).await;
    let edited: Vec<_> = edits
        .iter()
        .map(|row| (row.chat, row.message.unwrap()))
        .collect();
    assert_eq!(edited, [(ANNA, MessageId(110)), (BEN, MessageId(220))]);

    // The agent gets its answer, once.
    let answers = store.unwritten_responses().await.unwrap();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].file_name, "deploy.json");
    assert_eq!(answers[0].body["response"], "approve");
    assert_eq!(answers[0].body["option"], "Approve");
    assert_eq!(answers[0].body["user_id"], 11);
    store.response_written(answers[0].id).await.unwrap();
    assert!(store.unwritten_responses().await.unwrap().is_empty());

    // And the trail says who decided what.
    let audit = bridge.audit().await;
    assert_eq!(
        bridge.audit_names().await,
        [EventName::ApprovalRequested, EventName::ApprovalDecided]
    );
    assert_eq!(audit[1].actor, Actor::Telegram { user: UserId(11) });
    assert_eq!(audit[1].details["label"], "Approve");
    assert_eq!(audit[1].details["digest"], "ab".repeat(32));
    assert_eq!(audit[1].details["message"], 110);
    bridge.close().await;
}
