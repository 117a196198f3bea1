//! How a group is enrolled, and how not.

use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::GroupKind;
use cctelegram_testkit::emulator::Message;
use cctelegram_testkit::emulator::Post;
use reqwest::Method;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncBufReadExt as _;
use tokio::io::BufReader;

use super::GROUP;
use super::MOVED;
use super::code;
use super::count;
use super::event;
use super::from_bot;
use super::in_group;
use super::press_private;
use super::question;
use super::say;
use super::state;
use crate::steps::SECOND;
use crate::steps::STRANGER;
use crate::steps::all_handled;
use crate::steps::setup;

fn data(message: &Message, label: &str) -> String {
    let mut buttons = message.keyboard.iter().flatten();
    let button = buttons.find(|button| button.text == label);
    button
        .and_then(|button| button.callback_data.clone())
        .expect("there is such a button")
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
