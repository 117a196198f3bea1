//! The client against the bundled emulator, which is stricter about parameters than Telegram.

use cctelegram_core::delivery::Outcome;
use cctelegram_core::id::ChatId;
use cctelegram_core::message::Action;
use cctelegram_core::message::Button;
use cctelegram_core::message::Document;
use cctelegram_core::message::Draft;
use cctelegram_core::message::Keyboard;
use cctelegram_core::message::Outgoing;
use cctelegram_emulator::Emulator;
use cctelegram_emulator::User;
use cctelegram_telegram::CallbackStyle;
use cctelegram_telegram::Client;
use cctelegram_telegram::SendOptions;
use cctelegram_telegram::update::StandingChange;
use cctelegram_telegram::update::Update;
use cctelegram_telegram::update::decode;

use crate::server::CANARY;
use crate::server::client;
use crate::server::plain;

const ADA: i64 = 77;

async fn start() -> (Emulator, Client) {
    let token = format!("123456789:{CANARY}");
    let options = cctelegram_emulator::Options {
        token,
        limits: false,
        ..cctelegram_emulator::Options::default()
    };
    let emulator = Emulator::start(options).await.unwrap();
    emulator.add_user(User {
        id: ADA,
        first_name: "Ada".to_owned(),
        username: None,
    });
    let client = client(&emulator.url());
    (emulator, client)
}

async fn next(client: &Client, offset: &mut Option<i64>) -> Update {
    let updates = client.get_updates(*offset, 5).await.unwrap();
    *offset = Some(updates[0].id + 1);
    decode(&updates[0].body)
}

#[tokio::test]
async fn a_conversation_works() {
    let (emulator, client) = start().await;
    assert_eq!(client.get_me().await.unwrap().id, client.bot_id());
    assert_eq!(client.webhook_url().await, Ok(None));
    assert_eq!(client.delete_webhook().await, Ok(()));
    assert_eq!(
        client.set_commands(&[("status", "How it goes")]).await,
        Ok(())
    );

    let mut offset = None;
    emulator.send_text(ADA, "/start abc");
    let Update::Message(start) = next(&client, &mut offset).await else {
        panic!()
    };
    assert_eq!(
        (start.chat, start.text.as_deref()),
        (ChatId(ADA), Some("/start abc"))
    );

    let body = Draft::new()
        .bold("Run?")
        .line()
        .pre(Some("sh"), "ls 👍")
        .finish();
    let yes = Button::new("Yes", Action::Callback("y:1".to_owned()));
    let keyboard = Some(Keyboard(vec![vec![yes]]));
    let message = Outgoing::Text {
        body: body.clone(),
        keyboard,
    };
    let options = SendOptions {
        silent: true,
        reply_to: Some(start.message),
        thread: None,
    };
    let Outcome::Sent(id) = client.send(start.chat, &message, options).await else {
        panic!()
    };
    let shown = emulator.messages(ADA).pop().unwrap();
    assert_eq!(shown.text.as_deref(), Some(body.text()));
    assert_eq!(
        (shown.entities.len(), shown.silent, shown.preview_disabled),
        (2, true, true)
    );
    assert_eq!(shown.reply_to, Some(start.message.0));

    let callback = emulator.press_forged(ADA, ADA, id.0, "y:1");
    let Update::Press(press) = next(&client, &mut offset).await else {
        panic!()
    };
    assert_eq!(
        (press.message, press.data.as_deref()),
        (Some(id), Some("y:1"))
    );
    assert_eq!(press.callback_id, callback);
    assert_eq!(
        client
            .answer_callback(&press.callback_id, &plain("Done"), CallbackStyle::Toast)
            .await,
        Ok(())
    );
    assert_eq!(
        client
            .answer_callback(&press.callback_id, &plain("Done"), CallbackStyle::Toast)
            .await,
        Ok(())
    );

    let done = Draft::new().plain("Approved").finish();
    assert_eq!(
        client.edit(start.chat, id, &done, None).await,
        Outcome::Sent(id)
    );
    assert_eq!(
        client.edit(start.chat, id, &done, None).await,
        Outcome::Sent(id)
    );
    assert!(emulator.messages(ADA).pop().unwrap().keyboard.is_empty());
}

#[tokio::test]
async fn a_document_arrives_whole() {
    let (emulator, client) = start().await;
    emulator.send_text(ADA, "/start");
    let document = Document::new("full.txt", "line 1\n👍\n");
    let caption = Draft::new().plain("the ").bold("whole").finish();
    let message = Outgoing::Document { document, caption };
    let outcome = client
        .send(ChatId(ADA), &message, SendOptions::default())
        .await;
    assert!(matches!(outcome, Outcome::Sent(_)), "{outcome:?}");
    let shown = emulator.messages(ADA).pop().unwrap();
    assert_eq!(shown.caption.as_deref(), Some("the whole"));
    assert_eq!(shown.entities.len(), 1);
    assert!(shown.document.is_some());
}

#[tokio::test]
async fn people_who_block_the_bot_are_noticed() {
    let (emulator, client) = start().await;
    emulator.send_text(ADA, "/start");
    let mut offset = None;
    next(&client, &mut offset).await;
    emulator.block(ADA);
    let Update::Membership(left) = next(&client, &mut offset).await else {
        panic!()
    };
    assert_eq!(
        (left.chat, left.change),
        (ChatId(ADA), StandingChange::Blocked)
    );
    let body = Draft::new().plain("hello").finish();
    let message = Outgoing::Text {
        body,
        keyboard: None,
    };
    for chat in [ADA, 4_711] {
        let outcome = client
            .send(ChatId(chat), &message, SendOptions::default())
            .await;
        assert!(matches!(outcome, Outcome::Unpaired { .. }), "{outcome:?}");
    }
}
