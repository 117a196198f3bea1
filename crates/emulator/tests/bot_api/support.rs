//! A bot: a plain HTTP client with the token.

use std::time::Duration;

use cctelegram_emulator::Emulator;
use cctelegram_emulator::Options;
use cctelegram_emulator::User;
use reqwest::Client;
use reqwest::Response;
use serde_json::Value;
use serde_json::json;

pub(crate) const TOKEN: &str = "123456:an-invented-secret";
pub(crate) const ADA: i64 = 42;
/// Long enough for a slow machine; no test waits this long when it passes.
pub(crate) const SOON: Duration = Duration::from_secs(20);

pub(crate) fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

#[derive(Clone)]
pub(crate) struct Bot {
    pub(crate) phone: Emulator,
    pub(crate) client: Client,
}

impl Bot {
    /// Ada has an open chat; limits are off.
    pub(crate) async fn start() -> Self {
        Self::start_with(false).await
    }

    pub(crate) async fn start_with(limits: bool) -> Self {
        let options = Options {
            token: TOKEN.into(),
            limits,
            ..Options::default()
        };
        let phone = Emulator::start(options).await.unwrap();
        phone.add_user(User {
            id: ADA,
            first_name: "Ada".into(),
            username: Some("ada".into()),
        });
        phone.open_chat(ADA);
        Self {
            phone,
            client: client(),
        }
    }

    pub(crate) fn url(&self, method: &str) -> String {
        format!("{}/bot{TOKEN}/{method}", self.phone.url())
    }

    pub(crate) async fn post(&self, method: &str, params: Value) -> reqwest::Result<Response> {
        self.client
            .post(self.url(method))
            .json(&params)
            .send()
            .await
    }

    pub(crate) async fn call(&self, method: &str, params: Value) -> (u16, Value) {
        let response = self.post(method, params).await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// The result of a call that must work.
    pub(crate) async fn ok(&self, method: &str, params: Value) -> Value {
        let (status, mut body) = self.call(method, params).await;
        assert_eq!(
            (status, &body["ok"]),
            (200, &json!(true)),
            "{method}: {body}"
        );
        body["result"].take()
    }

    /// The description of a call that must be refused with this status.
    pub(crate) async fn refused(&self, status: u16, method: &str, params: Value) -> String {
        let (answered, body) = self.call(method, params).await;
        assert_eq!(answered, status, "{method}: {body}");
        assert_eq!(body["ok"], false);
        assert_eq!(body["error_code"], status);
        body["description"].as_str().unwrap().to_owned()
    }

    /// Sends a text to Ada and returns the message's id.
    pub(crate) async fn say(&self, text: &str) -> i64 {
        let message = self
            .ok("sendMessage", json!({"chat_id": ADA, "text": text}))
            .await;
        message["message_id"].as_i64().unwrap()
    }

    /// Sends a text with one button "Go" and returns the message's id.
    pub(crate) async fn ask(&self) -> i64 {
        let keyboard = json!({"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]});
        let params = json!({"chat_id": ADA, "text": "?", "reply_markup": keyboard});
        self.ok("sendMessage", params).await["message_id"]
            .as_i64()
            .unwrap()
    }

    pub(crate) async fn updates(&self, params: Value) -> Vec<Value> {
        self.ok("getUpdates", params)
            .await
            .as_array()
            .unwrap()
            .clone()
    }
}
