//! A topic per project.

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::GroupKind;
use cctelegram_testkit::emulator::Post;
use serde_json::Value;
use serde_json::json;

use super::GROUP;
use super::enrol;
use super::event;
use super::in_group;
use crate::steps::setup;

#[tokio::test(flavor = "multi_thread")]
async fn a_project_has_one_topic_also_after_a_restart() {
    let mut bridge = in_group(setup(), GroupKind::Forum).await;
    enrol(&bridge, &[]).await;
    for number in 0..12 {
        let (name, project) = (format!("e{number}"), ["shop", "blog"][number % 2]);
        bridge.drop_event(&name, &event(&name, project));
    }
    bridge.message_with(GROUP, "Event e11").await;
    bridge.idle().await;
    bridge.terminate().await;
    bridge.launch().await;
    bridge.drop_event("later", &event("later", "shop"));
    bridge.message_with(GROUP, "Event later").await;
    let topics = bridge.emulator.topics(GROUP);
    let mut names: Vec<_> = topics.iter().map(|topic| topic.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["blog", "shop"]);
    for message in bridge.emulator.messages(GROUP) {
        let text = message.text.unwrap_or_default();
        let place = message.thread.and_then(|thread| {
            let mut topics = topics.iter();
            topics
                .find(|topic| topic.thread == thread)
                .map(|topic| &topic.name)
        });
        if let Some(name) = place {
            assert!(text.contains(name.as_str()), "{text} is in {name}");
        } else {
            assert!(!text.contains("Event "), "{text} has a topic");
        }
    }
    assert!(
        bridge
            .emulator
            .messages(USER)
            .iter()
            .all(|m| m.thread.is_none())
    );
    assert_eq!(bridge.records("topic_created").await.len(), 2);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_topic_is_made_anew_and_a_closed_one_left_alone() {
    let bridge = in_group(setup(), GroupKind::Forum).await;
    enrol(&bridge, &[]).await;
    let send = async |name: &str| {
        bridge.drop_event(name, &event(name, "shop"));
        let shown = bridge.message_with(GROUP, &format!("Event {name}")).await;
        bridge.idle().await;
        shown.thread
    };
    let phone = &bridge.emulator;
    let first = send("a").await.expect("it has a topic");
    phone.delete_topic(GROUP, first).expect("there is one");
    let second = send("b").await.expect("it has a new topic");
    assert_ne!(first, second);
    phone
        .close_topic(GROUP, second, true)
        .expect("there is one");
    assert_eq!(send("c").await, None, "the general topic has to do");
    assert_eq!(phone.topics(GROUP).len(), 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_right_or_with_topics_off_everything_goes_to_the_general_one() {
    let bridge = in_group(setup(), GroupKind::Forum).await;
    bridge
        .emulator
        .set_topic_rights(GROUP, false)
        .expect("there is a group");
    enrol(&bridge, &[]).await;
    for name in ["a", "b"] {
        bridge.drop_event(name, &event(name, "shop"));
        let shown = bridge.message_with(GROUP, &format!("Event {name}")).await;
        assert_eq!(shown.thread, None);
    }
    let tries = bridge.emulator.calls();
    let tries = tries
        .iter()
        .filter(|call| call.method == "createForumTopic");
    assert_eq!(tries.count(), 1, "it is not tried with each message");
    bridge.finish().await;
    let off = setup().config("[chats]\ntopics = \"off\"\n");
    let bridge = in_group(off, GroupKind::Forum).await;
    enrol(&bridge, &[]).await;
    bridge.drop_event("a", &event("a", "shop"));
    assert_eq!(bridge.message_with(GROUP, "Event a").await.thread, None);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_chat_with_topics_has_one_per_project() {
    let mut bridge = TestBridge::prepare(setup()).await;
    bridge.emulator.set_private_topics(true);
    bridge.launch().await;
    bridge.drop_event("a", &event("a", "shop"));
    let shown = bridge.message_with(USER, "Event a").await;
    let topics = bridge.emulator.topics(USER);
    assert_eq!((topics.len(), shown.thread), (1, Some(topics[0].thread)));
    bridge.finish().await;
}

/// What a session gets that does not wait.
async fn reply_in(bridge: &TestBridge, session: &str, claim: &str) -> Value {
    let wait = json!({ "claim": claim, "waiter": { "kind": "tool" }, "wait_s": 0 });
    let path = format!("/v1/sessions/{session}/replies");
    let answer = bridge.socket.post(&path, &wait).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["reply"]["answer"]["response"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn security_in_a_topic_only_a_reply_to_its_message_reaches_a_session() {
    let bridge = in_group(setup(), GroupKind::Forum).await;
    enrol(&bridge, &[]).await;
    for session in ["one", "two"] {
        let id = format!("agent.{session}.1");
        bridge.drop_event(session, &event(&id, "shop"));
    }
    let one = bridge.message_with(GROUP, "Event agent.one.1").await;
    let two = bridge.message_with(GROUP, "Event agent.two.1").await;
    assert!(one.thread.is_some());
    assert_eq!(
        one.thread, two.thread,
        "sessions of one project share a topic"
    );
    bridge.idle().await;
    let post = |text: &str, reply_to| Post {
        text: text.to_owned(),
        thread: one.thread,
        reply_to,
        ..Post::default()
    };
    for post in [
        post("for whom?", None),
        post("for two", Some(two.message_id)),
    ] {
        let posted = bridge.emulator.post_in_group(GROUP, USER, &post);
        posted.expect("a member");
    }
    bridge
        .message_with(GROUP, "Kept as an answer to “Event agent.two.1”")
        .await;
    let claims = [
        "01a1fffb-fc36-7001-adba-6fb62426e615",
        "01a1fffb-fc36-7001-adba-6fb62426e616",
        "01a1fffb-fc36-7001-adba-6fb62426e617",
    ];
    assert_eq!(reply_in(&bridge, "one", claims[0]).await, Value::Null);
    assert_eq!(reply_in(&bridge, "two", claims[1]).await, "for two");
    assert_eq!(reply_in(&bridge, "two", claims[2]).await, Value::Null);
    bridge.finish().await;
}
