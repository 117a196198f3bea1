//! Documents and photos.

use reqwest::multipart::Form;
use reqwest::multipart::Part;
use serde_json::Value;
use serde_json::json;

use crate::support::ADA;
use crate::support::Bot;
use crate::support::TOKEN;

async fn send(bot: &Bot, method: &str, form: Form) -> (u16, Value) {
    let form = form.text("chat_id", ADA.to_string());
    let response = bot
        .client
        .post(bot.url(method))
        .multipart(form)
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

fn part(bytes: &[u8]) -> Part {
    Part::bytes(bytes.to_vec())
        .file_name("log.txt")
        .mime_str("text/plain")
        .unwrap()
}

#[tokio::test]
async fn a_document_keeps_its_bytes() {
    let bot = Bot::start().await;
    let form = Form::new()
        .part("document", part(b"\0\xffabc"))
        .text("caption", "the log");
    let (status, body) = send(&bot, "sendDocument", form).await;
    assert_eq!(status, 200, "{body}");
    let message = bot.phone.messages(ADA).pop().unwrap();
    let document = message.document.unwrap();
    assert_eq!(document.bytes, b"\0\xffabc");
    assert_eq!((document.file_name.as_str(), document.size), ("log.txt", 5));
    assert_eq!(document.mime_type, "text/plain");
    assert_eq!(message.caption.as_deref(), Some("the log"));
    let call = bot.phone.calls().pop().unwrap();
    assert_eq!(call.params["document"]["size"], 5);

    let id = body["result"]["document"]["file_id"].as_str().unwrap();
    let file = bot.ok("getFile", json!({"file_id": id})).await;
    let path = file["file_path"].as_str().unwrap();
    let url = format!("{}/file/bot{TOKEN}/{path}", bot.phone.url());
    let bytes = bot
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    assert_eq!(&bytes[..], b"\0\xffabc");

    let again = bot
        .ok("sendDocument", json!({"chat_id": ADA, "document": id}))
        .await;
    assert_eq!(again["document"]["file_id"], id);
    let edit = json!({"chat_id": ADA, "message_id": again["message_id"], "caption": "new"});
    assert_eq!(bot.ok("editMessageCaption", edit).await["caption"], "new");
}

#[tokio::test]
async fn a_file_may_be_attached_under_another_name() {
    let bot = Bot::start().await;
    let form = Form::new()
        .text("document", "attach://f0")
        .part("f0", part(b"x"));
    assert_eq!(send(&bot, "sendDocument", form).await.0, 200);
    let stray = Form::new()
        .part("document", part(b"x"))
        .part("f1", part(b"y"));
    let (status, body) = send(&bot, "sendDocument", stray).await;
    assert_eq!(status, 400);
    assert_eq!(body["description"], "Bad Request: unknown parameter f1");
}

#[tokio::test]
async fn what_is_no_file() {
    let bot = Bot::start().await;
    for (params, description) in [
        (
            json!({"chat_id": ADA}),
            "there is no document in the request",
        ),
        (
            json!({"chat_id": ADA, "document": "https://example.org/x"}),
            "wrong file identifier/HTTP URL specified",
        ),
    ] {
        let refused = bot.refused(400, "sendDocument", params).await;
        assert_eq!(refused, format!("Bad Request: {description}"));
    }
    let long = Form::new()
        .part("document", part(b"x"))
        .text("caption", "x".repeat(1025));
    let (status, body) = send(&bot, "sendDocument", long).await;
    assert_eq!(status, 400);
    assert_eq!(
        body["description"],
        "Bad Request: message caption is too long"
    );
    let refused = bot.refused(400, "getFile", json!({"file_id": "x"})).await;
    assert_eq!(refused, "Bad Request: invalid file_id");
}

#[tokio::test]
async fn a_photo_is_an_image() {
    let bot = Bot::start().await;
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    png.extend([0, 0, 0, 3, 0, 0, 0, 2]);
    let (status, body) = send(&bot, "sendPhoto", Form::new().part("photo", part(&png))).await;
    assert_eq!(status, 200, "{body}");
    let size = &body["result"]["photo"][0];
    assert_eq!((&size["width"], &size["height"]), (&json!(3), &json!(2)));
    for (width, height) in [(2_100_u32, 100_u32), (6_000, 6_000), (0, 1)] {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend(width.to_be_bytes());
        png.extend(height.to_be_bytes());
        let (status, body) = send(&bot, "sendPhoto", Form::new().part("photo", part(&png))).await;
        assert_eq!(status, 400, "{width}x{height}");
        assert_eq!(body["description"], "Bad Request: PHOTO_INVALID_DIMENSIONS");
    }
    let (status, body) = send(&bot, "sendPhoto", Form::new().part("photo", part(b"text"))).await;
    assert_eq!(status, 400);
    assert_eq!(body["description"], "Bad Request: IMAGE_PROCESS_FAILED");
}

#[tokio::test]
async fn fifty_megabytes_are_the_limit() {
    let bot = Bot::start().await;
    let large = vec![b'x'; 50 * 1024 * 1024 + 1];
    let form = Form::new().part("document", part(&large));
    let (status, body) = send(&bot, "sendDocument", form).await;
    assert_eq!(status, 413);
    assert_eq!(body["description"], "Request Entity Too Large");
}
