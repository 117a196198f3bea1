//! Tokens, method names and the ways to pass arguments.

use reqwest::multipart::Form;
use serde_json::json;

use crate::support::ADA;
use crate::support::Bot;
use crate::support::TOKEN;

#[tokio::test]
async fn tokens() {
    let bot = Bot::start().await;
    for (token, status, description) in [
        (TOKEN, 200, None),
        ("123456%3Aan-invented-secret", 200, None),
        ("123456:wrong", 401, Some("Unauthorized")),
        ("nonsense", 404, Some("Not Found")),
        ("0123:leading-zero", 404, Some("Not Found")),
    ] {
        let url = format!("{}/bot{token}/getMe", bot.phone.url());
        let response = bot.client.get(url).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{token}");
        let body: serde_json::Value = response.json().await.unwrap();
        assert_eq!(body["description"].as_str(), description);
    }
    let log = serde_json::to_string(&bot.phone.calls()).unwrap();
    assert!(!log.contains("secret"), "{log}");
}

#[tokio::test]
async fn a_revoked_token_is_unauthorized() {
    let bot = Bot::start().await;
    bot.phone.set_token("123456:new");
    assert_eq!(bot.refused(401, "getMe", json!({})).await, "Unauthorized");
    assert_eq!(bot.phone.token(), "123456:new");
}

#[tokio::test]
async fn method_names_ignore_case_and_must_exist() {
    let bot = Bot::start().await;
    let me = bot.ok("GETME", json!({})).await;
    assert_eq!(me["id"], 123_456);
    assert_eq!(me["username"], "cctelegram_demo_bot");
    assert_eq!(bot.refused(404, "sendMesage", json!({})).await, "Not Found");
    assert_eq!(bot.phone.calls()[0].method, "getMe");
    assert_eq!(bot.phone.count("getMe"), 1);
}

#[tokio::test]
async fn arguments_come_in_four_ways() {
    let bot = Bot::start().await;
    let keyboard = r#"{"inline_keyboard":[[{"text":"Go","callback_data":"go"}]]}"#;
    let encoded = keyboard
        .replace('"', "%22")
        .replace('{', "%7B")
        .replace('}', "%7D");
    let pairs = format!("chat_id={ADA}&text=a%2Bb+c&reply_markup={encoded}");
    let query = format!("{}?{pairs}", bot.url("sendMessage"));
    assert_eq!(bot.client.get(query).send().await.unwrap().status(), 200);

    let form = bot.client.post(bot.url("sendMessage")).body(pairs);
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(form.send().await.unwrap().status(), 200);

    let parts = Form::new()
        .text("chat_id", ADA.to_string())
        .text("text", "a+b c");
    let parts = parts.text("reply_markup", keyboard);
    let multipart = bot.client.post(bot.url("sendMessage")).multipart(parts);
    assert_eq!(multipart.send().await.unwrap().status(), 200);

    let markup: serde_json::Value = serde_json::from_str(keyboard).unwrap();
    let text = json!({"chat_id": ADA.to_string(), "text": "a+b c", "reply_markup": markup});
    bot.ok("sendMessage", text).await;

    let messages = bot.phone.messages(ADA);
    assert_eq!(messages.len(), 4);
    for message in messages {
        assert_eq!(message.text.as_deref(), Some("a+b c"));
        assert_eq!(message.keyboard[0][0].callback_data.as_deref(), Some("go"));
    }
}

#[tokio::test]
async fn typos_are_refused() {
    let bot = Bot::start().await;
    let typo = json!({"chat_id": ADA, "text": "x", "reply_makrup": {}});
    let refused = bot.refused(400, "sendMessage", typo).await;
    assert_eq!(refused, "Bad Request: unknown parameter reply_makrup");
    let html = json!({"chat_id": ADA, "text": "x", "parse_mode": "HTML"});
    let refused = bot.refused(400, "sendMessage", html).await;
    assert_eq!(
        refused,
        "Bad Request: parse_mode is not supported by this emulator"
    );
    assert!(bot.phone.messages(ADA).is_empty());
}

#[tokio::test]
async fn parameters_above_a_mebibyte_are_too_large() {
    let bot = Bot::start().await;
    let params = json!({"chat_id": ADA, "text": "x".repeat(1024 * 1024)});
    let refused = bot.refused(413, "sendMessage", params).await;
    assert_eq!(refused, "Request Entity Too Large");
}

#[tokio::test]
async fn every_call_is_logged_in_order() {
    let bot = Bot::start().await;
    bot.ok("getMe", json!({})).await;
    bot.refused(400, "sendMessage", json!({"chat_id": "42"}))
        .await;
    let calls = bot.phone.calls();
    let seen: Vec<_> = calls
        .iter()
        .map(|call| (call.method.as_str(), call.status))
        .collect();
    assert_eq!(seen, [("getMe", 200), ("sendMessage", 400)]);
    assert_eq!(calls[1].params, json!({"chat_id": 42}));
    assert_eq!(
        calls[1].description.as_deref(),
        Some("Bad Request: message text is empty")
    );
    assert!(calls[0].at_ms <= calls[1].at_ms);
    assert_eq!(bot.phone.count("sendMessage"), 0);
}

#[tokio::test]
async fn commands_are_kept_by_scope_and_language() {
    let bot = Bot::start().await;
    let commands = json!([{"command": "status", "description": "What runs"}]);
    bot.ok("setMyCommands", json!({"commands": commands})).await;
    assert_eq!(bot.ok("getMyCommands", json!({})).await, commands);
    let german = json!({"language_code": "de"});
    assert_eq!(bot.ok("getMyCommands", german).await, json!([]));
    bot.ok("deleteMyCommands", json!({})).await;
    assert_eq!(bot.ok("getMyCommands", json!({})).await, json!([]));
    let upper = json!({"commands": [{"command": "Status", "description": "x"}]});
    let refused = bot.refused(400, "setMyCommands", upper).await;
    assert_eq!(refused, "Bad Request: BOT_COMMAND_INVALID");
}
