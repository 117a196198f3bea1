//! Groups: enrolling them, who counts there, topics, the move to a supergroup, being thrown out.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails, and says why"
)]

use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::Fault;
use cctelegram_testkit::emulator::FaultKind;
use cctelegram_testkit::emulator::GroupKind;
use cctelegram_testkit::emulator::Message;
use cctelegram_testkit::emulator::Post;
use cctelegram_testkit::emulator::User;
use cctelegram_testkit::until;
use reqwest::Method;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncBufReadExt as _;
use tokio::io::BufReader;

const SECOND: i64 = 1_002;
pub(crate) const STRANGER: i64 = 6_666;
pub(crate) const GROUP: i64 = -1_000_000_000_007;
const MOVED: i64 = -1_000_000_000_008;

fn setup() -> Setup {
    Setup::of(env!("CARGO_BIN_EXE_cctelegram"))
}

/// A bridge whose bot is in a group with everybody and a stranger.
pub(crate) async fn in_group(setup: Setup, kind: GroupKind) -> TestBridge {
    let bridge = TestBridge::start(setup).await;
    let phone = &bridge.emulator;
    phone.add_user(User {
        id: STRANGER,
        first_name: "Mallory".to_owned(),
        username: None,
    });
    phone
        .add_group(GROUP, "Team", kind, &[USER, STRANGER])
        .expect("they are known");
    phone.add_bot(GROUP, USER).expect("the user is a member");
    bridge
}

/// A code, as it is written in the group.
async fn code(bridge: &TestBridge, projects: &[&str]) -> (i64, String) {
    let body = json!({ "projects": projects });
    let answer = bridge.socket.post("/v1/enrolments", &body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let text = answer.body["command"].as_str().expect("there is a command");
    let id = answer.body["enrolment_id"].as_i64().expect("it has an id");
    (id, text.to_owned())
}

async fn state(bridge: &TestBridge, id: i64) -> String {
    let answer = bridge.socket.get(&format!("/v1/enrolments/{id}")).await;
    answer.body["state"].as_str().expect("a state").to_owned()
}

/// The question whether to enrol the group, in a private chat.
async fn question(bridge: &TestBridge, user: i64) -> Message {
    let asks = |m: &Message| {
        !m.keyboard.is_empty()
            && m.text
                .as_deref()
                .is_some_and(|text| text.starts_with("Enrol the group -"))
    };
    bridge.message(user, "the question", asks).await
}

fn data(message: &Message, label: &str) -> String {
    let mut buttons = message.keyboard.iter().flatten();
    let button = buttons.find(|button| button.text == label);
    button
        .and_then(|button| button.callback_data.clone())
        .expect("there is such a button")
}

/// Enrols the group by the stranger's message and the user's press.
pub(crate) async fn enrol(bridge: &TestBridge, projects: &[&str]) {
    let (id, text) = code(bridge, projects).await;
    say(bridge, STRANGER, &text);
    let question = question(bridge, USER).await;
    press_private(bridge, &question, "Enrol").await;
    assert_eq!(state(bridge, id).await, "enrolled");
    bridge.message_with(GROUP, "This group is enrolled").await;
    bridge.idle().await;
}

async fn press_private(bridge: &TestBridge, question: &Message, label: &str) -> String {
    let press = bridge
        .emulator
        .press(question.chat_id, question.message_id, label)
        .expect("there is such a button");
    bridge.told(&press).await.text.unwrap_or_default()
}

async fn press_in_group(bridge: &TestBridge, user: i64, copy: &Message, label: &str) -> String {
    let press = bridge
        .emulator
        .press_in_group(copy.chat_id, user, copy.message_id, label)
        .expect("there is such a button");
    bridge.told(&press).await.text.unwrap_or_default()
}

fn say(bridge: &TestBridge, user: i64, text: &str) -> i64 {
    let said = bridge.emulator.say_in_group(GROUP, user, text);
    said.expect("the user is a member")
}

fn event(id: &str, project: &str) -> Value {
    json!({ "type": "build_failed", "event_id": id, "title": format!("Event {id}"), "project": project })
}

fn request(id: &str) -> Value {
    json!({ "type": "approval_request", "event_id": id, "title": format!("May I {id}?"), "project": "shop" })
}

async fn copy(bridge: &TestBridge, chat: i64, id: &str) -> Message {
    let title = format!("May I {id}?");
    let asks = |m: &Message| {
        !m.keyboard.is_empty() && m.text.as_deref().is_some_and(|text| text.contains(&title))
    };
    bridge
        .message(chat, &format!("the request {id}"), asks)
        .await
}

fn from_bot(bridge: &TestBridge, chat: i64) -> usize {
    let messages = bridge.emulator.messages(chat);
    messages.iter().filter(|m| m.from_bot).count()
}

/// How many messages of the bot in this chat say this.
fn count(bridge: &TestBridge, chat: i64, text: &str) -> usize {
    let says = |m: &Message| m.from_bot && m.text.as_deref().is_some_and(|t| t.contains(text));
    let messages = bridge.emulator.messages(chat);
    messages.iter().filter(|m| says(m)).count()
}

async fn all_handled(bridge: &TestBridge) {
    until("every update is handled", async || {
        let unhandled = "SELECT count(*) FROM update_inbox WHERE handled = 0";
        let waits = bridge.emulator.pending_updates() > 0
            || bridge.database().await.number(unhandled).await > 0;
        (!waits).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_enrolled_for_its_projects_by_an_allowed_persons_press() {
    let bridge = in_group(setup(), GroupKind::Supergroup).await;
    let (id, text) = code(&bridge, &["shop"]).await;
    assert!(text.starts_with("/enrol@cctelegram_demo_bot "), "{text}");
    say(&bridge, STRANGER, &text);
    let asked = question(&bridge, USER).await;
    let shown = asked.text.clone().expect("a question is text");
    assert!(
        shown.starts_with(&format!("Enrol the group {GROUP} (asked by {STRANGER})?"))
            && shown.contains("“Team”, and who asks “Mallory”")
            && shown.contains("shop"),
        "{shown}"
    );
    assert_eq!(state(&bridge, id).await, "asked");
    assert_eq!(from_bot(&bridge, GROUP), 0, "nothing is said before");
    let told = press_private(&bridge, &asked, "Enrol").await;
    assert_eq!(told, "The group is enrolled.");
    bridge.message_with(GROUP, "This group is enrolled").await;
    let edited = |m: &Message| m.message_id == asked.message_id && m.keyboard.is_empty();
    let edited = bridge.message(USER, "the question is over", edited).await;
    assert!(
        edited
            .text
            .is_some_and(|text| text.starts_with("Enrolled by 1001"))
    );
    for (name, project) in [("mine", "shop"), ("other", "blog")] {
        bridge.drop_event(name, &event(name, project));
        bridge.message_with(USER, &format!("Event {name}")).await;
    }
    bridge.message_with(GROUP, "Event mine").await;
    bridge.idle().await;
    assert_eq!(count(&bridge, GROUP, "Event other"), 0);
    let list = bridge.socket.get("/v1/chats").await.body;
    assert_eq!(list[0]["chat"], GROUP);
    assert_eq!(list[0]["projects"], json!(["shop"]));
    let names = bridge.audited().await;
    for name in ["enrolment_started", "enrolment_requested", "chat_enrolled"] {
        assert!(names.iter().any(|recorded| recorded == name), "{name}");
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_means_no() {
    let bridge = in_group(setup(), GroupKind::Supergroup).await;
    let (id, text) = code(&bridge, &[]).await;
    say(&bridge, USER, &text);
    let asked = question(&bridge, USER).await;
    assert_eq!(
        press_private(&bridge, &asked, "No").await,
        "The group is not enrolled."
    );
    assert_eq!(state(&bridge, id).await, "refused");
    bridge.idle().await;
    assert_eq!(bridge.socket.get("/v1/chats").await.body, json!([]));
    assert_eq!(from_bot(&bridge, GROUP), 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_group_that_is_not_enrolled_gets_nothing_and_no_answer() {
    let route = format!("[[route]]\nchats = [{GROUP}]\n");
    let bridge = in_group(setup().config(&route), GroupKind::Supergroup).await;
    assert!(bridge.log().contains("names a group that is not enrolled"));
    say(&bridge, USER, "/status@cctelegram_demo_bot");
    say(&bridge, USER, "/start@cctelegram_demo_bot");
    bridge.drop_event("e", &event("e", "shop"));
    bridge.message_with(USER, "Event e").await;
    all_handled(&bridge).await;
    bridge.idle().await;
    assert_eq!(from_bot(&bridge, GROUP), 0);
    assert!(bridge.records("update_ignored").await.is_empty());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_group_of_strangers_does_not_fill_the_audit_trail() {
    let bridge = in_group(setup(), GroupKind::Supergroup).await;
    bridge.idle().await;
    let before = bridge.database().await.audit().await.len();
    for number in 0..5 {
        say(
            &bridge,
            STRANGER,
            &format!("/enrol@cctelegram_demo_bot {number}"),
        );
        say(&bridge, STRANGER, "/status@cctelegram_demo_bot");
    }
    all_handled(&bridge).await;
    let after = bridge.database().await.audit().await.len();
    assert_eq!(after - before, 1, "one wrong code an hour and user");
    assert_eq!(bridge.records("enrolment_refused").await.len(), 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_wrong_a_used_and_a_withdrawn_code_do_nothing() {
    let bridge = in_group(setup(), GroupKind::Supergroup).await;
    say(
        &bridge,
        USER,
        "/enrol@cctelegram_demo_bot AAAAAAAAAAAAAAAAAAAAAA",
    );
    bridge.records_when("enrolment_refused", 1).await;
    let (id, text) = code(&bridge, &[]).await;
    let path = format!("/v1/enrolments/{id}");
    let withdrawn = bridge.socket.request(Method::DELETE, &path, None).await;
    assert_eq!(withdrawn.expect("it answers").body["state"], "withdrawn");
    say(&bridge, USER, &text);
    bridge.records_when("enrolment_refused", 2).await;
    let (_, text) = code(&bridge, &[]).await;
    say(&bridge, USER, &text);
    question(&bridge, USER).await;
    say(&bridge, USER, &text);
    let refused = bridge.records_when("enrolment_refused", 3).await;
    assert!(refused.iter().all(|record| record["outcome"] == "refused"));
    bridge.idle().await;
    assert_eq!(count(&bridge, USER, "Enrol the group"), 1);
    assert_eq!(
        from_bot(&bridge, GROUP),
        0,
        "nobody is answered in the group"
    );
    let codes = "SELECT count(*) FROM enrolment WHERE length(code) = 32";
    assert_eq!(bridge.database().await.number(codes).await, 2);
    let plain = text.rsplit(' ').next().expect("a code");
    all_handled(&bridge).await;
    let trail = bridge.database().await.audit().await;
    assert!(!Value::from(trail).to_string().contains(plain));
    assert!(!bridge.log().contains(plain));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_forwarded_and_anonymous_codes_carry_no_authority() {
    let bridge = in_group(setup(), GroupKind::Supergroup).await;
    let (id, text) = code(&bridge, &[]).await;
    for (anonymous, forwarded) in [(true, false), (false, true)] {
        let post = Post {
            text: text.clone(),
            anonymous,
            forwarded,
            ..Post::default()
        };
        let said = bridge.emulator.post_in_group(GROUP, USER, &post);
        said.expect("the user is a member");
    }
    all_handled(&bridge).await;
    assert_eq!(state(&bridge, id).await, "open", "the code is not used up");
    bridge.idle().await;
    assert_eq!(from_bot(&bridge, USER), 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_forged_press_enrols_nothing() {
    let bridge = in_group(setup().users(&[USER, SECOND]), GroupKind::Supergroup).await;
    let (id, text) = code(&bridge, &[]).await;
    say(&bridge, STRANGER, &text);
    let (asked, other) = (
        question(&bridge, USER).await,
        question(&bridge, SECOND).await,
    );
    let yes = data(&asked, "Enrol");
    let forge = |user, chat, message: i64| {
        let phone = &bridge.emulator;
        phone.press_forged(user, chat, message, &yes)
    };
    // A stranger with the right data; the right data from another chat, another message, another person's chat.
    let presses = [
        forge(STRANGER, USER, asked.message_id),
        forge(SECOND, SECOND, other.message_id),
        forge(USER, USER, asked.message_id + 1_000),
        forge(SECOND, USER, asked.message_id),
        forge(USER, GROUP, asked.message_id),
    ];
    for press in &presses {
        bridge.told(press).await;
    }
    assert_eq!(state(&bridge, id).await, "asked");
    assert_eq!(bridge.records("access_refused").await.len(), 1);
    assert_eq!(bridge.records("enrolment_refused").await.len(), 3);
    let in_group = bridge.records("approval_press_refused").await.len();
    assert_eq!(
        in_group, 1,
        "nothing counts in a group that is not enrolled"
    );
    press_private(&bridge, &other, "No").await;
    let late = press_private(&bridge, &asked, "Enrol").await;
    assert_eq!(late, "The group is not enrolled.", "a button works once");
    assert_eq!(bridge.socket.get("/v1/chats").await.body, json!([]));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_strangers_press_in_a_group_decides_nothing() {
    let bridge = in_group(setup(), GroupKind::Supergroup).await;
    enrol(&bridge, &[]).await;
    bridge.drop_event("r", &request("r"));
    let shown = copy(&bridge, GROUP, "r").await;
    let told = press_in_group(&bridge, STRANGER, &shown, "Approve").await;
    assert!(told.contains("Only allowed people decide here"), "{told}");
    let again = bridge
        .emulator
        .press_in_group(GROUP, STRANGER, shown.message_id, "Approve")
        .expect("there is such a button");
    all_handled(&bridge).await;
    assert_eq!(bridge.records("access_refused").await.len(), 1);
    assert!(bridge.emulator.answer(&again).is_none(), "once a minute");
    assert!(bridge.records("approval_decided").await.is_empty());
    press_in_group(&bridge, USER, &shown, "Approve").await;
    let answer = bridge.response("r.json").await;
    assert_eq!(answer["response"], "approve", "{answer}");
    for chat in [GROUP, USER] {
        let ended = |m: &Message| {
            m.keyboard.is_empty()
                && m.text
                    .as_deref()
                    .is_some_and(|text| text.contains("May I r?") && text.contains("@user1001"))
        };
        bridge.message(chat, "the request ended", ended).await;
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_only_allowed_people_are_heard_in_a_group() {
    let bridge = in_group(setup(), GroupKind::Supergroup).await;
    enrol(&bridge, &[]).await;
    bridge.drop_event("e", &event("e", "shop"));
    let shown = bridge.message_with(GROUP, "Event e").await;
    let (before, files) = (from_bot(&bridge, GROUP), bridge.answer_files());
    let reply = |text: &str, anonymous, forwarded| Post {
        text: text.to_owned(),
        reply_to: Some(shown.message_id),
        anonymous,
        forwarded,
        ..Post::default()
    };
    let phone = &bridge.emulator;
    for (user, post) in [
        (STRANGER, reply("/mode mute", false, false)),
        (STRANGER, reply("do it", false, false)),
        (USER, reply("do it", true, false)),
        (USER, reply("/mode mute", true, false)),
        (USER, reply("do it", false, true)),
    ] {
        phone.post_in_group(GROUP, user, &post).expect("a member");
    }
    let chatter = json!({ "message": {
        "message_id": 99, "date": 1_700_000_000, "text": "lunch?",
        "from": { "id": USER, "is_bot": false, "first_name": "User 1001" },
        "chat": { "id": GROUP, "type": "supergroup", "title": "Team" },
    }});
    phone.push_update(chatter);
    bridge.records_when("update_ignored", 3).await;
    all_handled(&bridge).await;
    bridge.idle().await;
    assert_eq!(bridge.records("access_refused").await.len(), 2);
    assert_eq!(bridge.status().await["mode"]["mode"], "local");
    assert_eq!(from_bot(&bridge, GROUP), before, "nobody was answered");
    assert_eq!(bridge.answer_files(), files);
    // The allowed person is heard.
    phone
        .post_in_group(GROUP, USER, &reply("go on", false, false))
        .expect("a member");
    bridge.message_with(GROUP, "Noted as an answer to").await;
    say(&bridge, USER, "/queue");
    bridge.message_with(GROUP, "is shown in private only").await;
    say(&bridge, USER, "/mode nomad");
    bridge.message_with(GROUP, "Mode nomad").await;
    assert_eq!(bridge.answer_files().len(), files.len() + 1);
    bridge.finish().await;
}

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

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_becomes_a_supergroup_keeps_all_that_waits() {
    let mut bridge = in_group(setup(), GroupKind::Basic).await;
    enrol(&bridge, &["shop"]).await;
    bridge.drop_event("r", &request("r"));
    copy(&bridge, GROUP, "r").await;
    bridge.idle().await;
    bridge.kill().await;
    bridge.emulator.migrate_group(GROUP, MOVED).expect("it can");
    // What waits for the old id when the bridge comes back.
    bridge.drop_event("e", &event("e", "shop"));
    bridge.launch().await;
    bridge.message_with(MOVED, "Event e").await;
    let again = copy(&bridge, MOVED, "r").await;
    let told = press_in_group(&bridge, USER, &again, "Approve").await;
    assert!(told.contains("Approve"), "{told}");
    bridge.response("r.json").await;
    all_handled(&bridge).await;
    assert_eq!(bridge.records("chat_migrated").await.len(), 1);
    let list = bridge.socket.get("/v1/chats").await.body;
    assert_eq!(
        (&list[0]["chat"], list.as_array().map(Vec::len)),
        (&json!(MOVED), Some(1))
    );
    assert_eq!(count(&bridge, MOVED, "Event e"), 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn thrown_out_is_told_in_private_once_and_open_requests_come_along() {
    let route =
        format!("[[route]]\nmatch = {{ type = \"approval_request\" }}\nchats = [{GROUP}]\n");
    let bridge = in_group(setup().config(&route), GroupKind::Supergroup).await;
    enrol(&bridge, &[]).await;
    bridge.drop_event("r", &request("r"));
    copy(&bridge, GROUP, "r").await;
    bridge.idle().await;
    assert_eq!(
        count(&bridge, USER, "May I r?"),
        0,
        "it went to the group only"
    );
    let phone = &bridge.emulator;
    phone.remove_bot(GROUP, STRANGER).expect("a member");
    let told = bridge
        .message_with(USER, "was removed from the group “Team”")
        .await;
    assert!(
        told.text
            .is_some_and(|text| text.contains("by Mallory (6666)"))
    );
    copy(&bridge, USER, "r").await;
    bridge.drop_event("e", &event("e", "shop"));
    bridge.message_with(USER, "Event e").await;
    // Added by a stranger: still parked. Removed again: nobody is told twice.
    phone.add_bot(GROUP, STRANGER).expect("a member");
    bridge.records_when("access_refused", 1).await;
    phone.remove_bot(GROUP, STRANGER).expect("a member");
    all_handled(&bridge).await;
    assert_eq!(count(&bridge, GROUP, "Event e"), 0);
    let status = bridge.status().await;
    assert_eq!(status["healthy"], true, "{status}");
    assert!(
        status["parked"][0]
            .as_str()
            .is_some_and(|text| text.contains("“Team”"))
    );
    phone.add_bot(GROUP, USER).expect("a member");
    bridge.message_with(GROUP, "Event e").await;
    assert_eq!(count(&bridge, USER, "was removed from the group"), 1);
    assert_eq!(bridge.records("recipient_parked").await.len(), 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_message_tells_of_a_lost_group_too() {
    let bridge = in_group(setup(), GroupKind::Supergroup).await;
    enrol(&bridge, &[]).await;
    let kicked = FaultKind::Status {
        code: 403,
        description: "Forbidden: bot was kicked from the supergroup chat".to_owned(),
        retry_after: None,
    };
    bridge.emulator.fault(Fault {
        method: Some("sendMessage".to_owned()),
        times: 1,
        kind: kicked,
    });
    // The answer goes to the group alone.
    say(&bridge, USER, "/status");
    bridge
        .message_with(USER, "was removed from the group “Team”")
        .await;
    // Whoever is allowed and writes there shows that the bot is in it.
    say(&bridge, USER, "/mode");
    bridge.message_with(GROUP, "Mode local").await;
    bridge.finish().await;
}

/// What Telegram sends when somebody changes the bot's rights in the group.
fn change_rights(bridge: &TestBridge, may_send: bool) {
    let member = |may: bool| {
        json!({
            "user": { "id": 1, "is_bot": true, "first_name": "Bot" },
            "status": "restricted", "is_member": true, "until_date": 0, "can_send_messages": may,
        })
    };
    bridge.emulator.push_update(json!({ "my_chat_member": {
        "chat": { "id": GROUP, "type": "supergroup", "title": "Team" },
        "from": { "id": STRANGER, "is_bot": false, "first_name": "Mallory" },
        "date": 1_700_000_000,
        "old_chat_member": member(!may_send),
        "new_chat_member": member(may_send),
    }}));
}

fn refuse_next(bridge: &TestBridge, description: &str) {
    bridge.emulator.fault(Fault {
        method: Some("sendMessage".to_owned()),
        times: 1,
        kind: FaultKind::Status {
            code: 400,
            description: description.to_owned(),
            retry_after: None,
        },
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_right_to_send_a_group_waits_and_its_requests_go_to_people() {
    let route =
        format!("[[route]]\nmatch = {{ type = \"approval_request\" }}\nchats = [{GROUP}]\n");
    let bridge = in_group(setup().config(&route), GroupKind::Supergroup).await;
    enrol(&bridge, &[]).await;
    refuse_next(
        &bridge,
        "Bad Request: not enough rights to send text messages to the chat",
    );
    bridge.drop_event("r", &request("r"));
    bridge
        .message_with(USER, "the bot may not send messages there")
        .await;
    copy(&bridge, USER, "r").await;
    let status = bridge.status().await;
    let parked = status["parked"][0].as_str().unwrap_or_default();
    assert!(parked.contains("is given the right"), "{status}");
    change_rights(&bridge, false);
    all_handled(&bridge).await;
    assert_eq!(count(&bridge, GROUP, "May I r?"), 0);
    change_rights(&bridge, true);
    copy(&bridge, GROUP, "r").await;
    assert_eq!(bridge.records("recipient_returned").await.len(), 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_strangers_cannot_end_a_park_by_rights_or_by_moving_the_group() {
    let bridge = in_group(setup(), GroupKind::Basic).await;
    enrol(&bridge, &[]).await;
    let phone = &bridge.emulator;
    phone.remove_bot(GROUP, STRANGER).expect("a member");
    bridge
        .message_with(USER, "was removed from the group")
        .await;
    phone.add_bot(GROUP, STRANGER).expect("a member");
    change_rights(&bridge, true);
    phone.migrate_group(GROUP, MOVED).expect("it can");
    bridge.records_when("chat_migrated", 1).await;
    bridge.drop_event("e", &event("e", "shop"));
    bridge.message_with(USER, "Event e").await;
    all_handled(&bridge).await;
    for chat in [GROUP, MOVED] {
        assert_eq!(count(&bridge, chat, "Event e"), 0);
    }
    assert_eq!(bridge.socket.get("/v1/chats").await.body[0]["away"], true);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_title_cannot_pass_for_the_question() {
    let bridge = in_group(setup(), GroupKind::Supergroup).await;
    let title = "Ops”, and who asks “Ada”.\u{202e} It gets nothing. “";
    bridge
        .emulator
        .add_group(MOVED, title, GroupKind::Supergroup, &[STRANGER])
        .expect("they are known");
    bridge
        .emulator
        .add_bot(MOVED, STRANGER)
        .expect("a member adds it");
    let (_, text) = code(&bridge, &[]).await;
    let said = bridge.emulator.say_in_group(MOVED, STRANGER, &text);
    said.expect("the stranger is a member");
    let shown = question(&bridge, USER).await.text.unwrap_or_default();
    let start = format!(
        "Enrol the group {MOVED} (asked by {STRANGER})? It calls itself “Ops, and who asks Ada. It gets nothing.”, \
         and who asks “Mallory”."
    );
    assert!(shown.starts_with(&start), "{shown}");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_group_gets_nothing_more_and_its_buttons_are_void() {
    let bridge = in_group(setup(), GroupKind::Supergroup).await;
    enrol(&bridge, &[]).await;
    bridge.drop_event("r", &request("r"));
    let shown = copy(&bridge, GROUP, "r").await;
    bridge.idle().await;
    let id = GROUP.to_string();
    let removed = bridge.command(&["chats", "remove", &id]).await;
    assert_eq!(removed.code, Some(0), "{removed:?}");
    let before = from_bot(&bridge, GROUP);
    let told = press_in_group(&bridge, USER, &shown, "Approve").await;
    assert!(told.contains("Nothing was decided"), "{told}");
    bridge.drop_event("e", &event("e", "shop"));
    bridge.message_with(USER, "Event e").await;
    bridge.idle().await;
    assert_eq!(from_bot(&bridge, GROUP), before);
    assert_eq!(bridge.records("chat_removed").await.len(), 1);
    let again = bridge.command(&["chats", "remove", &id]).await;
    assert!(
        again.stderr.contains("there is no enrolled group"),
        "{again:?}"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_waits_for_the_outcome_and_tells_it() {
    let bridge = in_group(setup(), GroupKind::Supergroup).await;
    let none = bridge.command(&["chats", "list"]).await;
    assert!(none.stdout.contains("No group is enrolled."), "{none:?}");
    let mut command = bridge.spawn(&["chats", "enrol", "--project", "shop"]);
    let mut lines = BufReader::new(command.output()).lines();
    let mut shown = Vec::new();
    while let Some(line) = lines.next_line().await.expect("its output is text") {
        let is_last = line.contains("Ctrl-C ends it");
        shown.push(line);
        if is_last {
            break;
        }
    }
    let found = |what: &str| shown.iter().find(|line| line.contains(what));
    assert!(found("https://t.me/cctelegram_demo_bot?startgroup=").is_some());
    let text = found("/enrol@").expect("the command is shown");
    say(&bridge, USER, text.trim());
    let asked = question(&bridge, USER).await;
    press_private(&bridge, &asked, "Enrol").await;
    let outcome = lines.next_line().await.expect("its output is text");
    assert_eq!(
        outcome,
        Some(format!("Group “Team” ({GROUP}) is enrolled."))
    );
    let finished = command.finish().await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let list = bridge.command(&["chats", "list"]).await;
    assert!(list.stdout.contains("projects shop"), "{list:?}");
    bridge.finish().await;
}
