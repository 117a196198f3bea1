//! Delivery as fast as it goes, with the limits off, against a loop of bare calls by the same client.

use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use anyhow::Result;
use cctelegram_core::id::ChatId;
use cctelegram_telegram::Client;
use cctelegram_telegram::SendOptions;
use cctelegram_testkit::TestBridge;
use futures_util::future::join_all;
use serde_json::Value;

use crate::figure::Figure;
use crate::figure::Target;
use crate::figure::short;
use crate::lab::Lab;
use crate::lab::bare_message;
use crate::plan::CHATS;
use crate::plan::PRODUCERS;
use crate::producers;
use crate::spread::Spread;

/// About the least that an answer of Telegram's servers takes: light needs as long for a few thousand kilometres.
const FAR_AWAY: Duration = Duration::from_millis(20);

/// Delivery to a server that answers at once, and to one as far away as Telegram's.
pub(crate) async fn measure(lab: &Lab) -> Result<Vec<Figure>> {
    let near = to_server(lab, Duration::ZERO, "at once").await?;
    let far = to_server(lab, FAR_AWAY, "after 20 ms").await;
    lab.sink.answer_after(Duration::ZERO);
    Ok(vec![near, far?])
}

async fn to_server(lab: &Lab, delay: Duration, answers: &str) -> Result<Figure> {
    let users: Vec<i64> = (1..=CHATS).map(|user| 1_000 + i64::from(user)).collect();
    let setup = lab
        .setup_with_sink()
        .users(&users)
        .variable("CONNECTION_POOL_SIZE", &CHATS.to_string());
    let bridge = TestBridge::start(setup).await;
    lab.sink.answer_after(delay);
    let text = warm_up(lab, &bridge)?;
    bridge.idle().await;
    let client = lab.client(usize::try_from(CHATS)?)?;
    bare(lab, &client, &users, &text, 2).await?;
    let (mut bare_rates, mut rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..lab.plan.rounds {
        let bare_rate = bare(lab, &client, &users, &text, lab.plan.messages).await?;
        let rate = through_the_bridge(lab, &bridge)?;
        bridge.idle().await;
        bare_rates.push(bare_rate);
        rates.push(rate);
        ratios.push(rate / bare_rate);
    }
    bridge.finish().await;
    let text = |rates: &[f64]| -> Result<String> {
        let rate = Spread::of(rates).context("no round")?.median;
        Ok(format!("{}/s", short(rate)))
    };
    let texts = (text(&bare_rates)?, text(&rates)?);
    let what = format!("delivery, limits off, {CHATS} chats, answers {answers}");
    Figure::relative(&what, texts, &ratios, Target::AtLeast(0.5))
}

/// One message to everybody; answers its text.
fn warm_up(lab: &Lab, bridge: &TestBridge) -> Result<String> {
    producers::post(bridge.socket.path(), &lab.events.many(1, "delivery"), 1)?;
    let call: Value = serde_json::from_slice(&lab.sink.next()?.body)?;
    lab.sink.last_of(CHATS.saturating_sub(1))?;
    let text = call.get("text").and_then(Value::as_str);
    Ok(text.context("a message without text")?.to_owned())
}

/// Messages in a second, once every chat has a message under way and all others wait in the outbox.
fn through_the_bridge(lab: &Lab, bridge: &TestBridge) -> Result<f64> {
    let events = lab.events.many(lab.plan.messages, "delivery");
    lab.sink.close_gate();
    producers::post(bridge.socket.path(), &events, PRODUCERS)?;
    lab.sink.last_of(CHATS)?;
    let start = Instant::now();
    lab.sink.open_gate();
    let count = CHATS.saturating_mul(lab.plan.messages.saturating_sub(1));
    let last = lab.sink.last_of(count)?;
    Ok(rate(count, start, last))
}

/// Messages in a second, with a loop for each chat.
async fn bare(lab: &Lab, client: &Client, users: &[i64], text: &str, messages: u32) -> Result<f64> {
    let message = bare_message(text);
    let start = Instant::now();
    let chat = async |user: &i64| {
        for _ in 0..messages {
            client
                .send(ChatId(*user), &message, SendOptions::default())
                .await;
        }
    };
    join_all(users.iter().map(chat)).await;
    let count = CHATS.saturating_mul(messages);
    let last = lab.sink.last_of(count)?;
    Ok(rate(count, start, last))
}

fn rate(count: u32, start: Instant, last: Instant) -> f64 {
    f64::from(count) / last.saturating_duration_since(start).as_secs_f64()
}
