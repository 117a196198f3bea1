//! Delivery under Telegram's limits, which the emulator enforces: everything arrives, nothing is refused, and it takes
//! hardly longer than the limits themselves ask for.

use std::time::Duration;

use anyhow::Context as _;
use anyhow::Result;
use cctelegram_testkit::TestBridge;

use crate::event::MadeEvent;
use crate::figure::Figure;
use crate::figure::Target;
use crate::figure::short;
use crate::lab::Lab;
use crate::plan::PRODUCERS;
use crate::producers;

/// A limit as the emulator enforces it.
struct Limit {
    per_second: u32,
    burst: u32,
}

const OVERALL: Limit = Limit {
    per_second: 30,
    burst: 30,
};
const ONE_CHAT: Limit = Limit {
    per_second: 1,
    burst: 3,
};

pub(crate) async fn measure(lab: &Lab) -> Result<Vec<Figure>> {
    let (events, chats) = lab.plan.overall;
    let mut figures = under(lab, events, chats, OVERALL).await?;
    figures.extend(under(lab, lab.plan.one_chat, 1, ONE_CHAT).await?);
    Ok(figures)
}

/// Sends events to so many chats in turn.
async fn under(lab: &Lab, events: u32, chats: u32, limit: Limit) -> Result<Vec<Figure>> {
    let users: Vec<i64> = (1..=chats).map(|chat| 1_000 + i64::from(chat)).collect();
    let route =
        |user: &i64| format!("[[route]]\nmatch = {{ project = \"p{user}\" }}\nchats = [{user}]\n");
    let routes: Vec<String> = users.iter().map(route).collect();
    let setup = lab.setup().users(&users).limits().config(&routes.concat());
    let bridge = TestBridge::start(setup).await;
    let made: Vec<MadeEvent> = users
        .iter()
        .cycle()
        .zip(0..events)
        .map(|(user, _)| lab.events.next(&format!("p{user}")))
        .collect();
    producers::post(bridge.socket.path(), &made, PRODUCERS)?;
    let count = usize::try_from(events)?;
    let all = bridge
        .emulator
        .wait_until(
            |phone| (phone.count("sendMessage") >= count).then_some(()),
            PATIENCE,
        )
        .await;
    let delivered = bridge.emulator.count("sendMessage");
    let refused = bridge.emulator.refused_429();
    let took = span(&bridge)?;
    bridge.idle().await;
    bridge.finish().await;
    let needed = f64::from(events.saturating_sub(limit.burst)) / f64::from(limit.per_second);
    let to = if chats == 1 {
        "one chat".to_owned()
    } else {
        format!("{chats} chats")
    };
    let seconds = |value: f64| format!("{} s", short(value));
    let time = Figure::relative(
        &format!("{events} events to {to} under Telegram's limits"),
        (seconds(needed), seconds(took.as_secs_f64())),
        &[took.as_secs_f64() / needed],
        Target::AtMost(1.03),
    )?;
    let complete = Figure {
        what: "the same: delivered, and refused with 429".to_owned(),
        baseline: String::new(),
        measured: format!("{delivered}, {refused}"),
        ratio: String::new(),
        target: format!("{events}, 0"),
        is_met: all.is_some() && delivered == count && refused == 0,
    };
    Ok(vec![time, complete])
}

/// From the first message to the last.
fn span(bridge: &TestBridge) -> Result<Duration> {
    let calls = bridge.emulator.calls();
    let sent: Vec<u64> = calls
        .iter()
        .filter(|call| call.method == "sendMessage" && call.status == 200)
        .map(|call| call.at_ms)
        .collect();
    let (first, last) = (sent.iter().min(), sent.iter().max());
    let (first, last) = first.zip(last).context("nothing was delivered")?;
    Ok(Duration::from_millis(last.saturating_sub(*first)))
}

const PATIENCE: Duration = Duration::from_mins(3);
