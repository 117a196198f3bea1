//! Measures the program against bare baselines of the same run and prints `docs/BENCHMARKS.md`.
//!
//! `cargo xtask bench` builds and calls it. A baseline that has to run in a process of its own is this program again.

#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the page is printed, and what is being measured is told beside it"
)]

mod agents;
mod delivery;
mod event;
mod figure;
mod flood;
mod intake;
mod lab;
mod limits;
mod machine;
mod masks;
mod page;
mod plan;
mod process;
mod producers;
mod rest;
mod rows;
mod sink;
mod slow_sync;
mod spread;
mod wire;

use std::env;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use anyhow::Result;
use anyhow::ensure;

use crate::figure::Figure;
use crate::intake::Disk;
use crate::lab::Lab;
use crate::plan::Plan;

const USAGE: &str = "\
usage: cctelegram-bench --quick <program> <number of its crates>
       cctelegram-bench <program> <number of its crates> [<part>]
       cctelegram-bench bare-intake <database> <rows> <events> <batch>

`cargo xtask bench` calls it as it has to be called.";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["bare-intake", database, rows, events, batch] => bare(database, rows, events, batch),
        ["--quick", program, crates] => all(program, crates, None, Plan::quick()),
        [program, crates] => all(program, crates, None, Plan::full()),
        [program, crates, part] => all(program, crates, Some(part), Plan::full()),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(printed) => {
            println!("{printed}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The bare loop for intake; prints how many seconds it took.
fn bare(database: &str, rows: &str, events: &str, batch: &str) -> Result<String> {
    let (events, batch) = (events.parse()?, batch.parse()?);
    let took = runtime()?.block_on(intake::bare_loop(
        Path::new(database),
        Path::new(rows),
        events,
        batch,
    ))?;
    Ok(took.as_secs_f64().to_string())
}

/// Measures every part, or only the one that is named; answers the page.
fn all(program: &str, crates: &str, only: Option<&str>, plan: Plan) -> Result<String> {
    let crates = crates
        .parse()
        .with_context(|| format!("`{crates}` is no number of crates"))?;
    if let Some(name) = only {
        ensure!(
            PARTS.contains(&name),
            "there is no part `{name}`; there are: {}",
            PARTS.join(", ")
        );
    }
    let program = std::path::absolute(program)?;
    let lab = Lab::new(program, plan)?;
    let machine = machine::look()?;
    let mut figures = Vec::new();
    let runtime = runtime()?;
    for part in PARTS {
        if only.is_none_or(|name| name == part) {
            eprintln!("measuring: {part}");
            figures.extend(runtime.block_on(measure(part, &lab, crates))?);
        }
    }
    Ok(page::write(&machine, &lab.plan, &figures))
}

const PARTS: [&str; 9] = [
    "wire",
    "intake",
    "slow-disk",
    "files",
    "delivery",
    "limits",
    "masks",
    "agents",
    "rest",
];

async fn measure(part: &str, lab: &Lab, crates: u32) -> Result<Vec<Figure>> {
    match part {
        "wire" => wire::measure(lab).await,
        "intake" => Ok(vec![intake::measure(lab, Disk::AsItIs).await?]),
        "slow-disk" => Ok(vec![intake::measure(lab, Disk::Slow).await?]),
        "files" => flood::measure(lab).await,
        "delivery" => delivery::measure(lab).await,
        "limits" => limits::measure(lab).await,
        "masks" => masks::measure(lab),
        "agents" => agents::measure(lab).await,
        _ => rest::measure(lab, crates).await,
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().build().context("start the runtime")
}
