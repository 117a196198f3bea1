//! Measures the program against bare baselines of the same run and prints `docs/BENCHMARKS.md`.
//!
//! `cargo xtask bench` builds and calls it. A baseline that has to run in a process of its own is this program again.

#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the page is printed, and what is being measured is told beside it"
)]

mod delivery;
mod event;
mod figure;
mod flood;
mod intake;
mod lab;
mod limits;
mod machine;
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

use crate::lab::Lab;
use crate::plan::Plan;

const USAGE: &str = "\
usage: cctelegram-bench [--quick] <program> <number of its crates>
       cctelegram-bench bare-intake <database> <rows> <events> <batch>

`cargo xtask bench` calls it as it has to be called.";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["bare-intake", database, rows, events, batch] => bare(database, rows, events, batch),
        ["--quick", program, crates] => all(program, crates, Plan::quick()),
        [program, crates] if !program.starts_with('-') => all(program, crates, Plan::full()),
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

/// Measures everything; answers the page.
fn all(program: &str, crates: &str, plan: Plan) -> Result<String> {
    let crates = crates
        .parse()
        .with_context(|| format!("`{crates}` is no number of crates"))?;
    let program = std::path::absolute(program)?;
    runtime()?.block_on(measure(Lab::new(program, plan)?, crates))
}

async fn measure(lab: Lab, crates: u32) -> Result<String> {
    let machine = machine::look()?;
    let mut figures = Vec::new();
    tell("from the closed file to the wire");
    figures.extend(wire::measure(&lab).await?);
    tell("durable intake");
    figures.push(intake::measure(&lab, intake::Disk::AsItIs).await?);
    tell("durable intake, slow disk");
    figures.push(intake::measure(&lab, intake::Disk::Slow).await?);
    tell("many files at once");
    figures.extend(flood::measure(&lab).await?);
    tell("delivery");
    figures.push(delivery::measure(&lab).await?);
    tell("delivery under Telegram's limits");
    figures.extend(limits::measure(&lab).await?);
    tell("start, memory and processor time");
    figures.extend(rest::measure(&lab, crates).await?);
    Ok(page::write(&machine, &lab.plan, &figures))
}

fn tell(what: &str) {
    eprintln!("measuring: {what}");
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().build().context("start the runtime")
}
