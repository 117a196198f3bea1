//! Thousands of files at once: all are taken, and memory does not grow with their number.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::time::Duration;
use std::time::Instant;

use anyhow::Result;
use anyhow::ensure;
use cctelegram_testkit::TestBridge;

use crate::figure::Figure;
use crate::figure::Target;
use crate::figure::short;
use crate::lab::Lab;
use crate::lab::end;
use crate::process;

/// What taking many files came to.
struct Flood {
    peak_mb: f64,
    took: Duration,
    stored: i64,
}

pub(crate) async fn measure(lab: &Lab) -> Result<Vec<Figure>> {
    let (few, many) = lab.plan.files;
    let (before, now) = (flood(lab, few).await?, flood(lab, many).await?);
    let what = format!("peak memory, {many} files at once instead of {few}");
    let text = |flood: &Flood| format!("{} MB", short(flood.peak_mb));
    let memory = Figure::relative(
        &what,
        (text(&before), text(&now)),
        &[now.peak_mb / before.peak_mb],
        Target::AtMost(1.5),
    )?;
    let is_met = now.stored == i64::from(many);
    let taken = Figure {
        what: format!("{many} files at once, all taken"),
        baseline: String::new(),
        measured: format!("{} in {} s", now.stored, short(now.took.as_secs_f64())),
        ratio: String::new(),
        target: format!("= {many}"),
        is_met,
    };
    Ok(vec![taken, memory])
}

/// Starts a bridge that finds so many files.
async fn flood(lab: &Lab, files: u32) -> Result<Flood> {
    let mut bridge = TestBridge::prepare(lab.setup_with_sink().limits()).await;
    fs::DirBuilder::new().mode(0o700).create(bridge.events())?;
    for event in lab.events.many(files, "flood") {
        let name = format!("{}.json", event.title.replace(' ', "-"));
        fs::write(bridge.events().join(name), event.json)?;
    }
    let start = Instant::now();
    bridge.launch().await;
    while fs::read_dir(bridge.events())?.count() > ONLY_REJECTED {
        ensure!(
            start.elapsed() < PATIENCE,
            "files are left after {PATIENCE:?}"
        );
        tokio::time::sleep(LOOK).await;
    }
    let took = start.elapsed();
    let peak_mb = process::memory(bridge.process().id())?.peak;
    let stored = bridge
        .database()
        .await
        .number("SELECT count(*) FROM event")
        .await;
    end(bridge).await?;
    lab.sink.forget();
    Ok(Flood {
        peak_mb,
        took,
        stored,
    })
}

/// In an empty spool only this folder is left.
const ONLY_REJECTED: usize = 1;
const PATIENCE: Duration = Duration::from_mins(5);
const LOOK: Duration = Duration::from_millis(20);
