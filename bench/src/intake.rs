//! Durable intake through the socket, against the same statements in a bare loop with group commit.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use anyhow::Result;
use anyhow::ensure;
use cctelegram_testkit::TestBridge;

use crate::figure::Figure;
use crate::figure::Target;
use crate::figure::short;
use crate::lab::Lab;
use crate::lab::end;
use crate::plan::PRODUCERS;
use crate::producers;
use crate::rows::BareLoop;
use crate::rows::EventRows;
use crate::slow_sync;
use crate::spread::Spread;

/// What the database lies on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disk {
    AsItIs,
    /// Each sync takes `slow_sync::DELAY` longer.
    Slow,
}

pub(crate) async fn measure(lab: &Lab, disk: Disk) -> Result<Figure> {
    let folder = tempfile::tempdir()?;
    let library = match disk {
        Disk::AsItIs => None,
        Disk::Slow => Some(slow_sync::library(folder.path())?),
    };
    let mut setup = lab.setup_with_sink().limits();
    if let Some(library) = &library {
        setup = setup.variable("LD_PRELOAD", &library.display().to_string());
    }
    let bridge = TestBridge::start(setup).await;
    if let Some(library) = &library {
        let slowed = slow_sync::is_in(bridge.process().id(), library)?;
        ensure!(slowed, "the library that slows syncs is not in the bridge");
    }
    producers::post(
        bridge.socket.path(),
        &lab.events.many(PRODUCERS, "warm"),
        PRODUCERS,
    )?;
    let rows = EventRows::newest(&bridge.root().join("cctelegram.db")).await?;
    let bare = Bare {
        rows: folder.path().join("rows.json"),
        database: folder.path().join("bare.db"),
        library,
    };
    fs::write(&bare.rows, serde_json::to_vec(&rows)?)?;
    bare.run(PRODUCERS)?;
    let (mut bare_rates, mut rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let events = lab.plan.events;
    for _ in 0..lab.plan.rounds {
        let bare_rate = f64::from(events) / bare.run(events)?.as_secs_f64();
        let made = lab.events.many(events, "intake");
        let took = producers::post(bridge.socket.path(), &made, PRODUCERS)?;
        let rate = f64::from(events) / took.as_secs_f64();
        bare_rates.push(bare_rate);
        rates.push(rate);
        ratios.push(rate / bare_rate);
    }
    end(bridge).await?;
    lab.sink.forget();
    let what = match disk {
        Disk::AsItIs => format!("durable intake, {PRODUCERS} producers at the socket"),
        Disk::Slow => format!(
            "the same, each sync {} ms slower",
            slow_sync::DELAY.as_millis()
        ),
    };
    let text = |rates: &[f64]| -> Result<String> {
        let rate = Spread::of(rates).context("no round")?.median;
        Ok(format!("{}/s", short(rate)))
    };
    let texts = (text(&bare_rates)?, text(&rates)?);
    Figure::relative(&what, texts, &ratios, Target::AtLeast(0.5))
}

/// The bare loop, in a process of its own so that a library can be put before its libc as well.
struct Bare {
    rows: PathBuf,
    database: PathBuf,
    library: Option<PathBuf>,
}

impl Bare {
    fn run(&self, events: u32) -> Result<Duration> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("bare-intake")
            .args([&self.database, &self.rows])
            .args([events, PRODUCERS].map(|number| number.to_string()))
            .stderr(Stdio::inherit());
        if let Some(library) = &self.library {
            command.env("LD_PRELOAD", library);
        }
        let output = command.output().context("run the bare loop")?;
        ensure!(output.status.success(), "the bare loop: {}", output.status);
        let seconds = String::from_utf8(output.stdout)?.trim().parse()?;
        let took = Duration::from_secs_f64(seconds);
        if self.library.is_some() {
            let least = slow_sync::DELAY.saturating_mul(events.div_ceil(PRODUCERS));
            ensure!(took >= least, "the bare loop's syncs were not slowed");
        }
        Ok(took)
    }
}

/// Stores so many events, as many in a transaction as there are producers that wait; answers how long it took.
pub(crate) async fn bare_loop(
    database: &Path,
    rows: &Path,
    events: u32,
    batch: u32,
) -> Result<Duration> {
    ensure!(batch > 0, "an empty batch never ends");
    let rows: EventRows = serde_json::from_slice(&fs::read(rows)?)?;
    let mut bare = BareLoop::open(database, rows).await?;
    let start = Instant::now();
    let mut left = events;
    while left > 0 {
        let now = left.min(batch);
        bare.store(now).await?;
        left = left.saturating_sub(now);
    }
    Ok(start.elapsed())
}
