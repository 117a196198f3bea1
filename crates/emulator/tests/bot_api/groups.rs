//! Groups: who is in, what reaches the bot, topics, the move to a supergroup.

use cctelegram_emulator::EmulatorError;
use cctelegram_emulator::GroupKind;
use cctelegram_emulator::Post;
use serde_json::json;

use crate::support::ADA;
use crate::support::Bot;

const GROUP: i64 = -1_000_000_000_001;

async fn bot_in(kind: GroupKind) -> Bot {
    let bot = Bot::start().await;
    bot.phone.add_group(GROUP, "Team", kind, &[ADA]).unwrap();
    bot.phone.add_bot(GROUP, ADA).unwrap();
    bot
}

#[tokio::test]
async fn the_bot_is_told_when_it_is_added_and_thrown_out() {
    let bot = bot_in(GroupKind::Basic).await;
    bot.phone.remove_bot(GROUP, ADA).unwrap();
    let updates = bot.updates(json!({})).await;
    let change = |index: usize| &updates[index]["my_chat_member"];
    assert_eq!(change(0)["new_chat_member"]["status"], "member");
    assert_eq!(change(0)["chat"]["type"], "group");
    assert_eq!(change(1)["new_chat_member"]["status"], "kicked");
    assert_eq!(change(1)["from"]["id"], ADA);
    let refused = bot
        .refused(403, "sendMessage", json!({"chat_id": GROUP, "text": "x"}))
        .await;
    assert_eq!(refused, "Forbidden: bot was kicked from the group chat");
}

#[tokio::test]
async fn privacy_mode_lets_through_what_is_meant_for_the_bot() {
    let bot = bot_in(GroupKind::Supergroup).await;
    let say = |text: &str| bot.phone.say_in_group(GROUP, ADA, text).unwrap();
    say("hello");
    say("/start");
    say("/start@another_bot");
    say("/start@cctelegram_demo_bot");
    let sent = bot
        .ok("sendMessage", json!({"chat_id": GROUP, "text": "x"}))
        .await;
    say("/help");
    let reply = Post {
        text: "yes".to_owned(),
        reply_to: sent["message_id"].as_i64(),
        ..Post::default()
    };
    bot.phone.post_in_group(GROUP, ADA, &reply).unwrap();
    let updates = bot.updates(json!({})).await;
    let texts: Vec<_> = updates
        .iter()
        .filter_map(|update| update["message"]["text"].as_str())
        .collect();
    assert_eq!(texts, ["/start@cctelegram_demo_bot", "/help", "yes"]);
}

#[tokio::test]
async fn an_anonymous_administrator_writes_in_the_groups_name() {
    let bot = bot_in(GroupKind::Supergroup).await;
    let post = Post {
        text: "/help@cctelegram_demo_bot".to_owned(),
        anonymous: true,
        forwarded: true,
        ..Post::default()
    };
    bot.phone.post_in_group(GROUP, ADA, &post).unwrap();
    let message = bot.updates(json!({})).await[1]["message"].clone();
    assert_eq!(message["from"]["username"], "GroupAnonymousBot");
    assert_eq!(message["sender_chat"]["id"], GROUP);
    assert!(message["forward_origin"].is_object());
}

#[tokio::test]
async fn only_members_write_and_press() {
    let bot = bot_in(GroupKind::Supergroup).await;
    let stranger = EmulatorError::NotAMember {
        chat_id: GROUP,
        user_id: 7,
    };
    assert_eq!(bot.phone.say_in_group(GROUP, 7, "x"), Err(stranger.clone()));
    assert_eq!(bot.phone.remove_bot(GROUP, 7), Err(stranger));
    let keyboard = json!({"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]});
    let params = json!({"chat_id": GROUP, "text": "?", "reply_markup": keyboard});
    let id = bot.ok("sendMessage", params).await["message_id"].as_i64();
    bot.phone
        .press_in_group(GROUP, ADA, id.unwrap(), "Go")
        .unwrap();
    let press = bot.updates(json!({})).await[1]["callback_query"].clone();
    assert_eq!(
        (&press["message"]["chat"]["id"], &press["from"]["id"]),
        (&json!(GROUP), &json!(ADA))
    );
}

#[tokio::test]
async fn topics_are_created_closed_and_deleted() {
    let bot = bot_in(GroupKind::Forum).await;
    let topic = bot
        .ok(
            "createForumTopic",
            json!({"chat_id": GROUP, "name": " shop "}),
        )
        .await;
    assert_eq!(topic["name"], "shop");
    let thread = topic["message_thread_id"].as_i64().unwrap();
    let into = || json!({"chat_id": GROUP, "text": "x", "message_thread_id": thread});
    let sent = bot.ok("sendMessage", into()).await;
    assert_eq!(
        (&sent["message_thread_id"], &sent["is_topic_message"]),
        (&json!(thread), &json!(true))
    );
    let reply = json!({"chat_id": GROUP, "text": "y", "reply_parameters": {"message_id": sent["message_id"]}});
    let reply = bot.ok("sendMessage", reply).await;
    assert_eq!(
        reply["message_thread_id"], thread,
        "where the message is that it answers"
    );
    bot.phone.close_topic(GROUP, thread, true).unwrap();
    let closed = bot.refused(400, "sendMessage", into()).await;
    assert_eq!(closed, "Bad Request: TOPIC_CLOSED");
    bot.phone.delete_topic(GROUP, thread).unwrap();
    let gone = bot.refused(400, "sendMessage", into()).await;
    assert_eq!(gone, "Bad Request: message thread not found");
    assert!(bot.phone.topics(GROUP).is_empty());
}

#[tokio::test]
async fn topics_need_a_forum_the_right_and_a_name() {
    let bot = bot_in(GroupKind::Supergroup).await;
    let create = |chat: i64, name: &str| json!({"chat_id": chat, "name": name});
    let refused = async |chat, name| {
        bot.refused(400, "createForumTopic", create(chat, name))
            .await
    };
    assert_eq!(
        refused(GROUP, "x").await,
        "Bad Request: the chat is not a forum"
    );
    assert_eq!(
        refused(ADA, "x").await,
        "Bad Request: the chat is not a forum"
    );
    bot.phone.set_private_topics(true);
    assert_eq!(bot.ok("getMe", json!({})).await["has_topics_enabled"], true);
    bot.ok("createForumTopic", create(ADA, "x")).await;
    let forum = GROUP - 1;
    bot.phone
        .add_group(forum, "Forum", GroupKind::Forum, &[ADA])
        .unwrap();
    bot.phone.add_bot(forum, ADA).unwrap();
    assert!(refused(forum, " ").await.contains("non-empty"));
    let long = "x".repeat(129);
    assert!(refused(forum, &long).await.contains("too long"));
    bot.phone.set_topic_rights(forum, false).unwrap();
    assert!(
        refused(forum, "x")
            .await
            .contains("not enough rights to create a topic")
    );
}

#[tokio::test]
async fn a_group_becomes_a_supergroup() {
    let bot = bot_in(GroupKind::Basic).await;
    let to = GROUP - 1;
    bot.phone.migrate_group(GROUP, to).unwrap();
    let again = bot.phone.migrate_group(GROUP, to);
    assert_eq!(again, Err(EmulatorError::CannotMove(GROUP)));
    let updates = bot.updates(json!({})).await;
    assert_eq!(updates[1]["message"]["migrate_to_chat_id"], to);
    assert_eq!(updates[2]["message"]["migrate_from_chat_id"], GROUP);
    let (status, body) = bot
        .call("sendMessage", json!({"chat_id": GROUP, "text": "x"}))
        .await;
    assert_eq!(status, 400);
    assert_eq!(body["parameters"]["migrate_to_chat_id"], to);
    bot.ok("sendMessage", json!({"chat_id": to, "text": "x"}))
        .await;
}

#[tokio::test]
async fn groups_are_steered_over_http() {
    let bot = Bot::start().await;
    let act = async |action: serde_json::Value| {
        let url = format!("{}/control/group", bot.phone.url());
        let answer = bot.client.post(url).json(&action).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{action}");
        answer.json::<serde_json::Value>().await.unwrap()
    };
    act(json!({"add": {"chat_id": GROUP, "title": "Team", "kind": "forum", "members": [ADA]}}))
        .await;
    act(json!({"add_bot": {"chat_id": GROUP, "by": ADA}})).await;
    let text = "/help@cctelegram_demo_bot";
    let posted =
        act(json!({"post": {"chat_id": GROUP, "user_id": ADA, "post": {"text": text}}})).await;
    assert!(posted["message_id"].is_i64());
    bot.ok("createForumTopic", json!({"chat_id": GROUP, "name": "x"}))
        .await;
    let url = format!("{}/control/topics?chat_id={GROUP}", bot.phone.url());
    let topics: serde_json::Value = bot
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(topics[0]["name"], "x");
    assert_eq!(bot.updates(json!({})).await.len(), 2);
}
