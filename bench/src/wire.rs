//! How long it takes from the moment an event's file is closed until its message is on the wire, while nothing else goes
//! on, against one durable commit of the same rows and a bare call of the same client.

use std::fs;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use anyhow::Result;
use anyhow::ensure;
use cctelegram_core::id::ChatId;
use cctelegram_core::message::Outgoing;
use cctelegram_telegram::Client;
use cctelegram_telegram::SendOptions;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use serde_json::Value;

use crate::figure::Figure;
use crate::figure::Target;
use crate::figure::short;
use crate::lab::Lab;
use crate::lab::bare_message;
use crate::lab::end;
use crate::rows::BareLoop;
use crate::rows::EventRows;
use crate::spread::percentile;

/// Between two messages, so that each finds the machine idle.
const PAUSE: Duration = Duration::from_millis(10);

pub(crate) async fn measure(lab: &Lab) -> Result<Vec<Figure>> {
    let bridge = TestBridge::start(lab.setup_with_sink()).await;
    through_the_bridge(lab, &bridge)?;
    let sent = through_the_bridge(lab, &bridge)?;
    let rows = EventRows::newest(&bridge.root().join("cctelegram.db")).await?;
    let folder = tempfile::tempdir()?;
    let mut bare = Bare {
        store: BareLoop::open(&folder.path().join("bare.db"), rows).await?,
        client: lab.client(1)?,
        message: bare_message(&sent.text),
    };
    bare.send(lab).await?;
    let (mut baseline, mut measured) = (Samples::default(), Samples::default());
    for _ in 0..lab.plan.rounds {
        let (mut before, mut now) = (Vec::new(), Vec::new());
        for _ in 0..lab.plan.samples {
            tokio::time::sleep(PAUSE).await;
            before.push(bare.send(lab).await?);
            tokio::time::sleep(PAUSE).await;
            now.push(through_the_bridge(lab, &bridge)?.took_ms);
        }
        baseline.add(before);
        measured.add(now);
    }
    end(bridge).await?;
    [50, 99]
        .into_iter()
        .map(|percent| figure(percent, &baseline, &measured))
        .collect()
}

fn figure(percent: usize, baseline: &Samples, measured: &Samples) -> Result<Figure> {
    let what = format!("file closed → request on the wire, idle, p{percent}");
    let text = |samples: &Samples| -> Result<String> {
        let all: Vec<f64> = samples.0.iter().flatten().copied().collect();
        let value = percentile(&all, percent).context("no sample")?;
        Ok(format!("{} ms", short(value)))
    };
    let rounds = baseline.0.iter().zip(&measured.0);
    let ratios: Option<Vec<f64>> = rounds
        .map(|(before, now)| Some(percentile(now, percent)? / percentile(before, percent)?))
        .collect();
    let texts = (text(baseline)?, text(measured)?);
    Figure::relative(
        &what,
        texts,
        &ratios.context("a round without samples")?,
        Target::AtMost(2.0),
    )
}

/// Milliseconds of each round's samples.
#[derive(Default)]
struct Samples(Vec<Vec<f64>>);

impl Samples {
    fn add(&mut self, round: Vec<f64>) {
        self.0.push(round);
    }
}

/// A message that was seen on the wire.
struct Seen {
    took_ms: f64,
    text: String,
}

fn through_the_bridge(lab: &Lab, bridge: &TestBridge) -> Result<Seen> {
    let event = lab.events.next("wire");
    let path = bridge
        .events()
        .join(format!("{}.json", event.title.replace(' ', "-")));
    fs::write(path, &event.json)?;
    let closed = Instant::now();
    let arrival = lab.sink.next()?;
    let call: Value = serde_json::from_slice(&arrival.body)?;
    let text = call.get("text").and_then(Value::as_str).unwrap_or_default();
    ensure!(text.contains(&event.title), "another message came: {text}");
    Ok(Seen {
        took_ms: millis(arrival.at.saturating_duration_since(closed)),
        text: text.to_owned(),
    })
}

/// The baseline.
struct Bare {
    store: BareLoop,
    client: Client,
    message: Outgoing,
}

impl Bare {
    async fn send(&mut self, lab: &Lab) -> Result<f64> {
        let start = Instant::now();
        self.store.store(1).await?;
        self.client
            .send(ChatId(USER), &self.message, SendOptions::default())
            .await;
        let arrival = lab.sink.next()?;
        Ok(millis(arrival.at.saturating_duration_since(start)))
    }
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1_000.0
}
