//! The token is in every URL, and must be nowhere else.

use std::net::TcpListener;

use cctelegram_core::id::ChatId;
use cctelegram_core::message::Draft;
use cctelegram_core::message::Outgoing;
use cctelegram_crypto::Secret;
use cctelegram_telegram::Client;
use cctelegram_telegram::Options;
use cctelegram_telegram::SendOptions;

use crate::server::CANARY;
use crate::server::Server;
use crate::server::client;
use crate::server::error;
use crate::server::http;
use crate::server::options;
use crate::server::with_header;

/// Everything a caller can see of a failed call and a failed message.
async fn shown(url: &str) -> String {
    let client = client(url);
    let error = client.get_me().await.unwrap_err();
    let body = Draft::new().plain("hello").finish();
    let message = Outgoing::Text {
        body,
        keyboard: None,
    };
    let outcome = client
        .send(ChatId(7), &message, SendOptions::default())
        .await;
    format!("{client:?} {error} {error:?} {outcome:?}")
}

fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[tokio::test]
async fn security_no_error_shows_the_token() {
    let echo = format!("no such path: /bot123456789:{CANARY}/getMe");
    let redirect = format!("Location: http://127.0.0.1:9/bot123456789:{CANARY}/getMe");
    for answer in [
        error(401, &echo),
        error(404, &echo),
        error(400, &echo),
        error(403, &echo),
        error(409, &echo),
        error(500, &echo),
        http(200, &echo),
        http(200, &format!(r#"{{"ok":true,"{CANARY}""#)),
        with_header(302, &redirect, ""),
        format!("garbage {CANARY}\r\n\r\n"),
        String::new(),
    ] {
        let server = Server::answering(vec![answer.clone(), answer.clone()]);
        let shown = shown(&server.url).await;
        assert!(!shown.contains(CANARY), "{answer}: {shown}");
        assert!(!shown.contains("/bot123456789"), "{answer}: {shown}");
    }
    for url in [
        format!("http://{}", closed_port()),
        format!("https://{}", closed_port()),
    ] {
        let shown = shown(&url).await;
        assert!(
            !shown.contains(CANARY) && shown.contains("refused"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn security_a_redirect_is_not_followed() {
    let elsewhere = Server::answering(vec![http(200, "{}")]);
    let location = format!("Location: {}/stolen", elsewhere.url);
    for status in [301, 302, 303, 307, 308] {
        let server = Server::answering(vec![with_header(status, &location, "")]);
        let error = server.client().get_me().await.unwrap_err();
        assert!(error.to_string().contains("redirects"), "{error}");
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn security_the_token_is_in_the_first_line_only() {
    let server = Server::answering(vec![error(401, "Unauthorized")]);
    assert!(server.client().get_me().await.is_err());
    let requests = server.requests();
    let (line, rest) = requests[0].split_once("\r\n").unwrap();
    assert_eq!(line, format!("POST /bot123456789:{CANARY}/getMe HTTP/1.1"));
    assert!(!rest.contains(CANARY), "{rest}");
    assert!(rest.contains("user-agent: cctelegram/"), "{rest}");
}

#[tokio::test]
async fn security_plain_text_goes_to_no_proxy() {
    let server = Server::answering(vec![error(401, "Unauthorized")]);
    let proxy = Server::answering(vec![http(200, "{}")]);
    let proxied = Options {
        proxy: Some(proxy.url.clone()),
        ..options(&server.url)
    };
    assert!(Client::new(proxied).unwrap().get_me().await.is_err());
    assert_eq!((server.requests().len(), proxy.requests().len()), (1, 0));
}

#[tokio::test]
async fn security_a_proxy_sees_the_hosts_name_only() {
    let proxy = Server::answering(vec![http(502, "")]);
    let proxied = Options {
        proxy: Some(proxy.url.clone()),
        ..options("https://api.telegram.org")
    };
    let error = Client::new(proxied).unwrap().get_me().await.unwrap_err();
    assert!(!error.to_string().contains(CANARY), "{error}");
    let requests = proxy.requests();
    assert!(
        requests[0].starts_with("CONNECT api.telegram.org:443"),
        "{}",
        requests[0]
    );
    assert!(!requests[0].contains(CANARY));
}

#[test]
fn security_bad_options_show_no_value() {
    let token = Options {
        token: Secret::new(format!("x:{CANARY}")),
        ..options("http://[::1]")
    };
    let url = options(&format!("http://example.org/bot1:{CANARY}"));
    let proxy = Options {
        proxy: Some(format!("socks5://me:{CANARY}@x")),
        ..options("http://[::1]")
    };
    for bad in [token, url, proxy] {
        let error = Client::new(bad).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(CANARY), "{error}");
    }
}
