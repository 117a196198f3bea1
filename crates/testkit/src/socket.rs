//! The bridge's local API, spoken to as any client would.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Client;
use reqwest::Method;
use serde_json::Value;

/// A client of one socket.
#[derive(Clone)]
pub struct ApiSocket {
    path: PathBuf,
    client: Client,
}

/// An answer: its status, whether it says when to come back, and its JSON body.
#[derive(Debug)]
pub struct ApiAnswer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: Value,
}

impl ApiSocket {
    #[must_use]
    pub fn at(path: &Path) -> Self {
        let client = Client::builder()
            .unix_socket(path.to_owned())
            .timeout(Duration::from_mins(1))
            .build()
            .expect("a client of a Unix socket");
        Self {
            path: path.to_owned(),
            client,
        }
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// One request; an error when nobody listens or the connection breaks.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> reqwest::Result<ApiAnswer> {
        self.raw(
            method,
            path,
            body.map(ToString::to_string)
                .unwrap_or_default()
                .into_bytes(),
        )
        .await
    }

    /// One request with any bytes as its body.
    pub async fn raw(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> reqwest::Result<ApiAnswer> {
        let response = self
            .client
            .request(method, format!("http://bridge{path}"))
            .body(body)
            .send()
            .await?;
        let status = response.status().as_u16();
        let retry_after = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let bytes = response.bytes().await?;
        Ok(ApiAnswer {
            status,
            retry_after,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        })
    }

    pub async fn get(&self, path: &str) -> ApiAnswer {
        self.request(Method::GET, path, None)
            .await
            .expect("the bridge answers")
    }

    pub async fn post(&self, path: &str, body: &Value) -> ApiAnswer {
        self.request(Method::POST, path, Some(body))
            .await
            .expect("the bridge answers")
    }
}
