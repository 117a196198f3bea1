//! Every figure that `/metrics` tells, in one place.

use std::fmt::Write as _;

use anyhow::Context as _;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::app::App;
use crate::http;

/// The counters that tasks count, and the gauges that are read when somebody asks.
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) accepted: Counter,
    pub(crate) rejected: Counter,
    pub(crate) delivered: Counter,
    pub(crate) retried: Counter,
    pub(crate) limited: Counter,
    pub(crate) dead: Counter,
    pub(crate) decided: Counter,
    pub(crate) refused: Counter,
    waiting: Gauge,
    held: Gauge,
    pending_approvals: Gauge,
    healthy: Gauge,
    resident_bytes: Gauge,
}

/// Name and help of every metric; counters get `_total` in the exposition (`OpenMetrics` 1.0).
const ALL: [(&str, &str); 13] = [
    ("cctelegram_events_accepted", "Events durably stored"),
    (
        "cctelegram_events_rejected",
        "Event files that were refused",
    ),
    (
        "cctelegram_messages_delivered",
        "Calls that Telegram accepted",
    ),
    (
        "cctelegram_messages_retried",
        "Calls that failed and are tried again",
    ),
    (
        "cctelegram_messages_limited",
        "Calls that met Telegram's limits (429)",
    ),
    (
        "cctelegram_messages_undeliverable",
        "Messages that Telegram refused for good",
    ),
    (
        "cctelegram_approvals_decided",
        "Requests that somebody decided",
    ),
    (
        "cctelegram_security_refusals",
        "Messages and presses refused: strangers, forged or stale buttons",
    ),
    (
        "cctelegram_queue_waiting",
        "Events that wait to be delivered",
    ),
    ("cctelegram_queue_held", "Events held back while mute"),
    (
        "cctelegram_approvals_pending",
        "Requests that wait for a decision",
    ),
    ("cctelegram_healthy", "1 when healthy, else 0"),
    (
        "cctelegram_resident_memory_bytes",
        "Resident memory of the process",
    ),
];

/// The first of them are counters, the others gauges.
const COUNTERS: usize = 8;

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::default();
        let [
            accepted,
            rejected,
            delivered,
            retried,
            limited,
            dead,
            decided,
            refused,
            gauges @ ..,
        ] = ALL;
        let mut counter = |(name, help): (&str, &str)| {
            let counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let (accepted, rejected, delivered) =
            (counter(accepted), counter(rejected), counter(delivered));
        let (retried, limited, dead) = (counter(retried), counter(limited), counter(dead));
        let (decided, refused) = (counter(decided), counter(refused));
        let [waiting, held, pending_approvals, healthy, resident_bytes] =
            gauges.map(|(name, help)| {
                let gauge = Gauge::default();
                registry.register(name, help, gauge.clone());
                gauge
            });
        Self {
            registry,
            accepted,
            rejected,
            delivered,
            retried,
            limited,
            dead,
            decided,
            refused,
            waiting,
            held,
            pending_approvals,
            healthy,
            resident_bytes,
        }
    }

    /// All figures as `OpenMetrics` text.
    pub(crate) async fn exposition(&self, app: &App) -> anyhow::Result<String> {
        let counts = app.store.counts().await?;
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.waiting.set(signed(counts.waiting));
        self.held.set(signed(counts.held));
        self.pending_approvals.set(signed(counts.pending_approvals));
        self.healthy
            .set(i64::from(http::health::problems(app).await.is_empty()));
        self.resident_bytes
            .set(signed(app.memory.resident(app.now())));
        let mut text = String::new();
        encode(&mut text, &self.registry).context("write the figures")?;
        Ok(text)
    }
}

/// The table of all metrics, as Markdown.
pub(crate) fn reference() -> String {
    let mut text = String::from(
        "# Metrics\n\n`GET /metrics` answers with these, as OpenMetrics text.\n\n| name | meaning |\n|---|---|\n",
    );
    for (index, (name, help)) in ALL.into_iter().enumerate() {
        let suffix = if index < COUNTERS { "_total" } else { "" };
        // Writing into a String cannot fail.
        writeln!(text, "| `{name}{suffix}` | {help} |").unwrap_or_default();
    }
    text
}
