//! What the program costs while it does nothing, and how soon it is ready.

use std::fs;
use std::os::unix::net::UnixDatagram;
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
use crate::process;
use crate::spread::Spread;

pub(crate) async fn measure(lab: &Lab, crates: u32) -> Result<Vec<Figure>> {
    let mut figures = vec![start(lab).await?];
    figures.extend(idle(lab).await?);
    let size = fs::metadata(&lab.program)
        .context("look at the program")?
        .len();
    let megabytes = f64::from(u32::try_from(size.div_ceil(1024))?) / 1024.0;
    figures.push(Figure::alone(
        "stripped release program",
        megabytes,
        " MB",
        Target::AtMost(20.0),
    ));
    figures.push(Figure {
        what: "crates in the program (`cargo tree -e normal`)".to_owned(),
        baseline: String::new(),
        measured: crates.to_string(),
        ratio: String::new(),
        target: "≤ 300".to_owned(),
        is_met: crates <= 300,
    });
    Ok(figures)
}

/// From the start of the process to its word to systemd that it is ready; beside it a process that does nothing.
async fn start(lab: &Lab) -> Result<Figure> {
    let folder = tempfile::tempdir()?;
    let name = folder.path().join("notify.sock");
    let word = UnixDatagram::bind(&name)?;
    word.set_read_timeout(Some(PATIENCE))?;
    let setup = lab
        .setup_with_sink()
        .variable("NOTIFY_SOCKET", &name.display().to_string());
    let bridge = TestBridge::prepare(setup).await;
    // The first start makes the database.
    ready(&bridge, &word).await?;
    let (mut baseline, mut measured) = (Vec::new(), Vec::new());
    for _ in 0..lab.plan.starts {
        baseline.push(nothing(lab)?.as_secs_f64() * 1_000.0);
        measured.push(ready(&bridge, &word).await?.as_secs_f64() * 1_000.0);
    }
    bridge.finish().await;
    let text = |values: &[f64]| -> Result<(f64, String)> {
        let spread = Spread::of(values).context("no start")?;
        let (least, most) = (short(spread.least), short(spread.most));
        let text = format!("{} ms ({least}–{most})", short(spread.median));
        Ok((spread.median, text))
    };
    let (nothing, baseline) = text(&baseline)?;
    let (value, measured) = text(&measured)?;
    let target = Target::AtMost(20.0);
    Ok(Figure {
        what: "start → ready; baseline: `--version`".to_owned(),
        baseline,
        measured,
        ratio: format!("{:.2}×", value / nothing),
        target: target.text(" ms"),
        is_met: target.is_met_by(value),
    })
}

async fn ready(bridge: &TestBridge, word: &UnixDatagram) -> Result<Duration> {
    let start = Instant::now();
    let process = bridge.spawn(&["start"]);
    let mut told = [0; 256];
    let size = word
        .recv(&mut told)
        .context("the program does not get ready")?;
    let took = start.elapsed();
    let told = told.get(..size).unwrap_or_default();
    ensure!(told.starts_with(b"READY=1"), "it is not ready");
    let status = process.terminate().await;
    ensure!(status.success(), "the bridge did not end cleanly: {status}");
    // Its last word is that it stops.
    word.recv(&mut [0; 256])
        .context("the program says nothing of its end")?;
    Ok(took)
}

fn nothing(lab: &Lab) -> Result<Duration> {
    let start = Instant::now();
    let mut command = Command::new(&lab.program);
    let status = command.arg("--version").stdout(Stdio::null()).status()?;
    ensure!(status.success(), "--version: {status}");
    Ok(start.elapsed())
}

/// A bridge with nothing to do but to wait for updates.
async fn idle(lab: &Lab) -> Result<Vec<Figure>> {
    let bridge = TestBridge::start(lab.setup_with_sink()).await;
    tokio::time::sleep(SETTLED).await;
    let process = bridge.process().id();
    let (start, before) = (Instant::now(), process::processor_time(process)?);
    tokio::time::sleep(lab.plan.idle).await;
    let used = process::processor_time(process)?.saturating_sub(before);
    let share = used.as_secs_f64() / start.elapsed().as_secs_f64() * 100.0;
    let memory = process::memory(process)?;
    end(bridge).await?;
    Ok(vec![
        Figure::alone(
            "idle: resident memory",
            memory.resident,
            " MB",
            Target::AtMost(22.0),
        ),
        Figure::alone(
            "idle: of it anonymous",
            memory.anonymous,
            " MB",
            Target::AtMost(8.0),
        ),
        Figure::alone("idle: processor time", share, " %", Target::AtMost(0.1)),
    ])
}

const PATIENCE: Duration = Duration::from_secs(30);
/// After this the start is over.
const SETTLED: Duration = Duration::from_secs(2);
