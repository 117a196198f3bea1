//! What it costs to look for secrets in a text that has none.

use std::hint::black_box;
use std::time::Instant;

use anyhow::Result;
use cctelegram_core::message::redact::redact;

use crate::figure::Figure;
use crate::figure::Target;
use crate::lab::Lab;

/// As long as the longest message.
const LENGTH: usize = 4_096;

pub(crate) fn measure(lab: &Lab) -> Result<Vec<Figure>> {
    let lines =
        "2026-11-21 14:02:07 INFO  worker 12: compiled module shop/cart.rs in 184 ms, 3 warnings\n";
    let text: String = lines.chars().cycle().take(LENGTH).collect();
    let mut spans = Vec::new();
    for _ in 0..lab.plan.samples.saturating_mul(10) {
        let start = Instant::now();
        let masked = redact(black_box(&text));
        spans.push(start.elapsed());
        anyhow::ensure!(masked == text, "the text has a secret in it");
    }
    spans.sort_unstable();
    let median = spans.get(spans.len() / 2).copied().unwrap_or_default();
    Ok(vec![Figure::alone(
        "searching a clean text of 4 kB for secrets",
        median.as_secs_f64() * 1e6,
        " µs",
        Target::AtMost(100.0),
    )])
}
