//! What the kernel tells about a process (proc(5)).

use std::fs;
use std::time::Duration;

use anyhow::Context as _;
use anyhow::Result;

/// Memory of a process, in megabytes (2^20 bytes).
pub(crate) struct Memory {
    pub(crate) resident: f64,
    /// The part that no file stands behind.
    pub(crate) anonymous: f64,
    /// The most that was ever resident.
    pub(crate) peak: f64,
}

pub(crate) fn memory(process: u32) -> Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let megabytes = |name: &str| -> Result<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.trim().strip_suffix("kB"));
        let kilobytes: u32 = number
            .with_context(|| format!("no {name}"))?
            .trim()
            .parse()?;
        Ok(f64::from(kilobytes) / 1024.0)
    };
    Ok(Memory {
        resident: megabytes("VmRSS:")?,
        anonymous: megabytes("RssAnon:")?,
        peak: megabytes("VmHWM:")?,
    })
}

/// The time that the threads which run now have had on a processor.
pub(crate) fn processor_time(process: u32) -> Result<Duration> {
    let mut total = Duration::ZERO;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        let nanos = text.split(' ').next().context("an empty schedstat")?;
        total = total.saturating_add(Duration::from_nanos(nanos.parse()?));
    }
    Ok(total)
}
