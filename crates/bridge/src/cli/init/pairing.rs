//! Pairing: whoever sends the code that only this terminal shows is asked about at this terminal.

use std::time::Duration;

use anyhow::Context as _;
use cctelegram_core::time::Clock as _;
use cctelegram_crypto::Digest;
use cctelegram_crypto::Token;
use cctelegram_store::Store;
use cctelegram_telegram::CallError;
use cctelegram_telegram::Client;
use cctelegram_telegram::RawUpdate;
use cctelegram_telegram::update;
use cctelegram_telegram::update::Sender;
use cctelegram_telegram::update::Update;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use tokio::time::Instant;

use super::bot;
use crate::cli::failure::FAILED;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::clock::SystemClock;
use crate::keys::Keys;

/// A code works once, for so long.
const LIFETIME: Duration = Duration::from_mins(10);
/// One poll waits so long at most (seconds).
const POLL_SECONDS: u64 = 25;
/// The pause after a poll that failed.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// One attempt to pair somebody.
pub(super) struct Pairing<'a, F> {
    pub(super) client: &'a Client,
    pub(super) code: Token,
    /// Asks whether this is the right person.
    pub(super) confirm: F,
}

/// Where the bridge finds what arrived while somebody was paired.
#[derive(Clone, Copy)]
pub(super) struct Inbox<'a> {
    pub(super) store: &'a Store,
    pub(super) keys: &'a Keys,
}

/// Shows the link that sends the code, as text and for a phone's camera.
pub(super) fn show(bot: &str, code: &Token) -> Result<(), Failure> {
    let link = format!("https://t.me/{bot}?start={}", code.expose());
    let image = QrCode::new(&link).context("draw the QR code")?;
    // Most terminals are dark: what is light in the image is drawn.
    let image = image
        .render::<Dense1x2>()
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .build();
    output::line(&format!("\n{image}\n\nOpen {link}"));
    output::line(
        "on your phone, or scan it, and press Start. It works once, for 10 minutes. Ctrl-C ends it.\n",
    );
    Ok(())
}

impl<F: Fn(&Sender) -> Result<bool, Failure>> Pairing<'_, F> {
    /// Waits for the code, from `offset` on. Other updates are kept in the inbox, if there is one; nobody who sends a
    /// wrong code is answered.
    pub(super) async fn run(
        &self,
        inbox: Option<Inbox<'_>>,
        mut offset: Option<i64>,
    ) -> Result<Option<Sender>, Failure> {
        let deadline = Instant::now() + LIFETIME;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let text = "the code has expired, nothing was changed\nRun `cctelegram init` again for a new one.";
                return Err(Failure::new(FAILED, text));
            }
            let updates = match self
                .client
                .get_updates(offset, left.as_secs().min(POLL_SECONDS))
                .await
            {
                Ok(updates) => updates,
                Err(error) => {
                    pause(error).await?;
                    continue;
                }
            };
            let Some(next) = updates
                .iter()
                .map(|update| update.id.saturating_add(1))
                .max()
            else {
                continue;
            };
            let sender = updates
                .iter()
                .find_map(|update| self.sender_of_code(&update.body));
            if let Some(inbox) = inbox {
                self.keep(inbox, updates, next).await?;
            }
            offset = Some(next);
            if let Some(sender) = sender {
                // Telegram hands the message out again if it is not confirmed; the pairing does not depend on it.
                drop(self.client.get_updates(offset, 0).await);
                return Ok((self.confirm)(&sender)?.then_some(sender));
            }
        }
    }

    /// Where to begin: where the bridge stopped, or behind everything that came before.
    pub(super) async fn start(&self, inbox: Option<Inbox<'_>>) -> Result<Option<i64>, Failure> {
        if let Some(inbox) = inbox {
            let known = inbox.store.offset(self.client.bot_id()).await;
            if let Some(offset) = known.context("read the database")? {
                return Ok(Some(offset));
            }
        }
        // An offset of -1 forgets all updates but the last one (Bot API, `getUpdates`).
        let last = self
            .client
            .get_updates(Some(-1), 0)
            .await
            .map_err(bot::failure)?;
        Ok(last.last().map(|update| update.id.saturating_add(1)))
    }

    /// Stores what is not the code, for the bridge to handle when it runs.
    async fn keep(
        &self,
        inbox: Inbox<'_>,
        updates: Vec<RawUpdate>,
        next: i64,
    ) -> Result<(), Failure> {
        let others = updates
            .into_iter()
            .filter(|update| self.sender_of_code(&update.body).is_none())
            .collect();
        let bot = self.client.bot_id();
        let sealed = inbox.keys.seal_updates(bot, others);
        let sealed = sealed.context("seal what arrived for the bridge")?;
        let now = SystemClock.now();
        let kept = inbox.store.take_updates(bot, sealed, next, now).await;
        Ok(kept.map(drop).context("keep what arrived for the bridge")?)
    }

    /// Who sent the code, by hand, in a chat of their own with the bot.
    fn sender_of_code(&self, update: &str) -> Option<Sender> {
        let Update::Message(message) = update::decode(update) else {
            return None;
        };
        let code = message.text.as_deref()?.strip_prefix("/start ")?.trim();
        let second_hand =
            message.forwarded || message.via_bot || message.edited || message.has_sender_chat;
        let sender = message.from.filter(|sender| !sender.is_bot)?;
        let own_chat = message.chat_is_private && message.chat == sender.id.private_chat();
        // Digests are compared in constant time.
        let right = Digest::of(code.as_bytes()) == self.code.digest();
        (right && own_chat && !second_hand).then_some(sender)
    }
}

/// Waits after a failed poll, unless it will never work.
async fn pause(error: CallError) -> Result<(), Failure> {
    let span = match error {
        CallError::Unauthorized(_) | CallError::Conflict(_) | CallError::Refused { .. } => {
            return Err(bot::failure(error));
        }
        CallError::Limited { after } => after,
        CallError::Unreachable(reason) => {
            output::note(&format!(
                "Telegram can't be reached, trying again: {reason}"
            ));
            TRY_AGAIN
        }
    };
    tokio::time::sleep(span).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use cctelegram_core::id::UserId;
    use cctelegram_crypto::Secret;
    use cctelegram_emulator::Emulator;
    use cctelegram_emulator::User;
    use cctelegram_telegram::Options;
    use serde_json::Value;
    use serde_json::json;

    use super::*;

    const TOKEN: &str = concat!("123456789:", "AAEhBO_this_is_", "no_real_bot_token_12");

    fn client(url: &str, token: &str) -> Client {
        let token = Secret::new(token.to_owned());
        Client::new(Options {
            token,
            api_url: url.to_owned(),
            proxy: None,
            pool_size: 1,
        })
        .unwrap()
    }

    fn message(code: &Token) -> Value {
        json!({ "update_id": 1, "message": {
            "message_id": 5, "date": 1, "text": format!("/start {}", code.expose()),
            "chat": { "id": 7, "type": "private" },
            "from": { "id": 7, "is_bot": false, "first_name": "Alice" },
        }})
    }

    #[test]
    fn security_only_a_person_who_sends_the_code_firsthand_is_paired() {
        let client = client("http://127.0.0.1:1", TOKEN);
        let pairing = Pairing {
            client: &client,
            code: Token::random().unwrap(),
            confirm: |_: &Sender| Ok(true),
        };
        let good = message(&pairing.code);
        let sender = |update: &Value| pairing.sender_of_code(&update.to_string());
        assert_eq!(sender(&good).unwrap().id, UserId(7));
        let other_code = message(&Token::random().unwrap());
        assert!(sender(&other_code).is_none());
        for (pointer, wrong) in [
            ("/message/text", json!("/start")),
            ("/message/text", json!(pairing.code.expose())),
            ("/message/chat", json!({ "id": -100, "type": "supergroup" })),
            ("/message/chat", json!({ "id": 8, "type": "private" })),
            ("/message/from/is_bot", json!(true)),
        ] {
            let mut update = good.clone();
            *update.pointer_mut(pointer).unwrap() = wrong;
            assert!(sender(&update).is_none(), "{pointer}");
        }
        for (name, mark) in [
            ("forward_origin", json!({ "type": "hidden_user" })),
            (
                "via_bot",
                json!({ "id": 9, "is_bot": true, "first_name": "B" }),
            ),
            ("sender_chat", json!({ "id": -100, "type": "channel" })),
        ] {
            let mut update = good.clone();
            update["message"][name] = mark;
            assert!(sender(&update).is_none(), "{name}");
        }
        let edited = json!({ "update_id": 1, "edited_message": good["message"] });
        assert!(sender(&edited).is_none());
    }

    #[tokio::test]
    async fn the_sender_of_the_code_is_asked_about_once() {
        let emulator = Emulator::start(cctelegram_emulator::Options {
            token: TOKEN.to_owned(),
            ..Default::default()
        })
        .await
        .unwrap();
        let (alice, mallory) = (7, 8);
        for (id, name) in [(alice, "Alice"), (mallory, "Mallory")] {
            emulator.add_user(User {
                id,
                first_name: name.to_owned(),
                username: None,
            });
            emulator.open_chat(id);
        }
        let client = client(&emulator.url(), &emulator.token());
        let code = Token::random().unwrap();
        let text = format!("/start {}", code.expose());
        let asked = std::cell::Cell::new(0);
        let confirm = |person: &Sender| {
            asked.set(asked.get() + 1);
            Ok(person.id == UserId(alice))
        };
        let pairing = Pairing {
            client: &client,
            code,
            confirm,
        };
        let offset = pairing.start(None).await.unwrap();
        emulator.send_text(mallory, "/start AAAAAAAAAAAAAAAAAAAAAA");
        emulator.send_text(alice, &text);
        let paired = pairing.run(None, offset).await;
        assert_eq!(paired.unwrap().unwrap().id, UserId(alice));
        assert_eq!((asked.get(), emulator.pending_updates()), (1, 0));
        emulator.stop().await;
    }
}
