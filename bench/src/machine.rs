//! The machine that was measured on: what the figures depend on, and nothing that names it.

use std::fs;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::thread;
use std::time::Instant;

use anyhow::Context as _;
use anyhow::Result;

use crate::figure::short;
use crate::spread::percentile;

/// Facts, each a line of the page.
pub(crate) struct Machine {
    pub(crate) facts: Vec<(&'static str, String)>,
}

pub(crate) fn look() -> Result<Machine> {
    let folder = tempfile::tempdir()?;
    let cores = thread::available_parallelism()?.get();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    // Builds add names of their own behind the numbers.
    let kernel = kernel.trim().split(['-', '+']).next().unwrap_or_default();
    Ok(Machine {
        facts: vec![
            ("processor", format!("{cores} cores, {}", processor()?)),
            ("kernel", format!("Linux {kernel}")),
            ("file system", file_system(folder.path())?),
            ("sync of 4 KiB", sync_cost(folder.path())?),
        ],
    })
}

fn processor() -> Result<String> {
    let about = fs::read_to_string("/proc/cpuinfo")?;
    let line = about.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split_once(':'));
    Ok(name
        .map_or(std::env::consts::ARCH, |(_, name)| name.trim())
        .to_owned())
}

/// The type of the file system with the longest mount point above the folder.
fn file_system(folder: &Path) -> Result<String> {
    let mounts = fs::read_to_string("/proc/mounts")?;
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((Path::new(words.next()?), words.next()?))
    });
    let above = mounts.filter(|(point, _)| folder.starts_with(point));
    let nearest = above.max_by_key(|(point, _)| point.components().count());
    let (_, kind) = nearest.context("no file system")?;
    Ok(kind.to_owned())
}

/// What it takes until appended bytes are on the disk.
fn sync_cost(folder: &Path) -> Result<String> {
    let mut file = File::create(folder.join("synced"))?;
    let mut costs = Vec::new();
    for _ in 0..SYNCS {
        file.write_all(&[1; 4096])?;
        let start = Instant::now();
        file.sync_data()?;
        costs.push(start.elapsed().as_secs_f64() * 1_000.0);
    }
    let cost = |percent| percentile(&costs, percent).context("nothing was synced");
    Ok(format!(
        "p50 {} ms, p99 {} ms",
        short(cost(50)?),
        short(cost(99)?)
    ))
}

const SYNCS: u32 = 300;
