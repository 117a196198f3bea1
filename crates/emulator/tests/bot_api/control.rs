//! The page and `/control/…`.

use reqwest::Response;
use serde_json::Value;
use serde_json::json;

use crate::support::ADA;
use crate::support::Bot;

async fn act(bot: &Bot, name: &str, body: Value) -> (u16, Value) {
    let url = format!("{}/control/{name}", bot.phone.url());
    let response = bot.client.post(url).json(&body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn get(bot: &Bot, path: &str) -> Response {
    bot.client
        .get(format!("{}{path}", bot.phone.url()))
        .send()
        .await
        .unwrap()
}

async fn look(bot: &Bot, path: &str) -> Value {
    get(bot, &format!("/control/{path}"))
        .await
        .json()
        .await
        .unwrap()
}

#[tokio::test]
async fn the_page_brings_all_it_needs() {
    let bot = Bot::start().await;
    for (path, kind) in [
        ("/", "text/html"),
        ("/page.css", "text/css"),
        ("/page.js", "javascript"),
    ] {
        let response = get(&bot, path).await;
        assert_eq!(response.status(), 200);
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-type").contains(kind));
        assert!(header("content-security-policy").starts_with("default-src 'none';"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        let text = response.text().await.unwrap();
        assert!(!text.contains("innerHTML") && !text.contains("//cdn"));
    }
    assert_eq!(get(&bot, "/other").await.status(), 404);
}

#[tokio::test]
async fn a_conversation_by_http() {
    let bot = Bot::start().await;
    let user = json!({"id": 7, "first_name": "Bob"});
    assert_eq!(act(&bot, "users", user).await, (200, json!({})));
    let (_, sent) = act(&bot, "send_text", json!({"user_id": 7, "text": "/start"})).await;
    assert_eq!(sent["message_id"], 1);
    let answer = json!({"user_id": 7, "to_message": 1, "text": "again"});
    assert_eq!(act(&bot, "reply", answer).await.1["message_id"], 2);
    assert_eq!(look(&bot, "messages?chat_id=7").await[1]["reply_to"], 1);

    let id = bot.ask().await;
    let press = |label: &str| json!({"user_id": ADA, "message_id": id, "label": label});
    let (status, refused) = act(&bot, "press", press("No")).await;
    assert_eq!(status, 409);
    assert!(
        refused["error"]
            .as_str()
            .unwrap()
            .contains("no button \"No\"")
    );
    let (_, pressed) = act(&bot, "press", press("Go")).await;
    let callback = pressed["callback_id"].as_str().unwrap();
    let path = format!("answer?callback_id={callback}");
    assert_eq!(look(&bot, &path).await, Value::Null);
    bot.ok(
        "answerCallbackQuery",
        json!({"callback_query_id": callback, "text": "ok"}),
    )
    .await;
    assert_eq!(
        look(&bot, &path).await,
        json!({"text": "ok", "show_alert": false})
    );
    assert_eq!(look(&bot, "pending_updates").await, 3);

    let state = look(&bot, "state").await;
    assert_eq!(state["people"][0]["user"]["first_name"], "Bob");
    assert_eq!(state["people"][1]["chat"], "open");
    assert!(!state.to_string().contains("secret"));
}

#[tokio::test]
async fn faults_and_settings_by_http() {
    let bot = Bot::start().await;
    let fault = json!({"method": "getMe", "kind": {"raw": {"code": 502, "body": "x"}}});
    assert_eq!(act(&bot, "fault", fault).await.0, 200);
    assert_eq!(bot.post("getMe", json!({})).await.unwrap().status(), 502);
    act(&bot, "set_webhook_url", json!({"url": "https://x.example"})).await;
    bot.refused(409, "getUpdates", json!({})).await;
    act(&bot, "set_webhook_url", json!({"url": ""})).await;
    act(&bot, "push_update", json!({"new_thing": {}})).await;
    assert!(bot.updates(json!({})).await[0]["new_thing"].is_object());
    act(&bot, "advance", json!({"ms": 86_400_000})).await;
    assert_eq!(look(&bot, "pending_updates").await, 0);
    assert_eq!(look(&bot, "count?method=getUpdates").await, 1);
    assert_eq!(look(&bot, "calls").await[0]["status"], 502);
    act(&bot, "block", json!({"user_id": ADA})).await;
    bot.refused(403, "sendMessage", json!({"chat_id": ADA, "text": "x"}))
        .await;
}

#[tokio::test]
async fn mistakes_are_named() {
    let bot = Bot::start().await;
    for (name, body) in [
        ("send_txt", json!({})),
        ("send_text", json!({"user_id": 7})),
        ("send_text", json!({"user_id": 7, "text": "x", "txt": "y"})),
    ] {
        assert_eq!(act(&bot, name, body).await.0, 400, "{name}");
    }
    assert_eq!(get(&bot, "/control/messages?chat=7").await.status(), 400);
    assert_eq!(get(&bot, "/control/nothing").await.status(), 404);
}

#[tokio::test]
async fn changes_wake_the_page() {
    let bot = Bot::start().await;
    let version = look(&bot, "changes?since=0").await["version"].clone();
    let path = format!("changes?since={version}");
    let typing = async { bot.phone.send_text(ADA, "hello") };
    let (next, _) = tokio::join!(look(&bot, &path), typing);
    assert_ne!(next["version"], version);
}

#[tokio::test]
async fn other_hosts_and_origins_are_refused() {
    let bot = Bot::start().await;
    let port = bot.phone.url().rsplit(':').next().unwrap().to_owned();
    for (header, value, status) in [
        ("host", "rebound.example".to_owned(), 421),
        ("host", format!("localhost:{port}"), 200),
        ("origin", "https://evil.example".to_owned(), 403),
        ("origin", bot.phone.url(), 200),
    ] {
        let request = bot.client.get(format!("{}/control/state", bot.phone.url()));
        let response = request.header(header, &value).send().await.unwrap();
        assert_eq!(response.status(), status, "{header}: {value}");
    }
    let plain = bot
        .client
        .post(format!("{}/control/clear_faults", bot.phone.url()))
        .body("{}");
    assert_eq!(plain.send().await.unwrap().status(), 415);
}

#[tokio::test]
async fn a_download_is_never_run() {
    let bot = Bot::start().await;
    let part = reqwest::multipart::Part::bytes(b"<script>".to_vec()).file_name("x.html");
    let form = reqwest::multipart::Form::new()
        .text("chat_id", ADA.to_string())
        .part("document", part.mime_str("text/html").unwrap());
    let sent = bot
        .client
        .post(bot.url("sendDocument"))
        .multipart(form)
        .send()
        .await
        .unwrap();
    let sent: Value = sent.json().await.unwrap();
    let id = sent["result"]["document"]["file_id"].as_str().unwrap();
    let response = get(&bot, &format!("/control/file?id={id}")).await;
    assert_eq!(
        response.headers()["content-type"],
        "application/octet-stream"
    );
    assert_eq!(response.headers()["content-disposition"], "attachment");
    assert_eq!(response.text().await.unwrap(), "<script>");
}
