//! Measured values against their thresholds, and how systems are doing.

use super::super::form::Fact;
use super::super::form::Form;
use super::Family;
use super::facts::ENVIRONMENT;
use super::facts::MEASURE;
use super::facts::REASON;
use super::facts::SERVICE;
use super::facts::STATUS;

const RESPONSE_TIME: Fact = Fact::new(
    "Response time",
    &["response_time_ms", "latency_ms"],
    Form::Quantity("ms"),
);

const USAGE: Fact = Fact::new(
    "Usage",
    &[],
    Form::Usage(&[
        (
            "CPU",
            &["cpu_usage_percent", "cpu_percent", "cpu_usage", "cpu"],
        ),
        (
            "memory",
            &[
                "memory_usage_percent",
                "memory_percent",
                "memory_usage_mb",
                "memory_mb",
                "memory_usage",
                "memory",
            ],
        ),
        (
            "disk",
            &["disk_usage_percent", "disk_percent", "disk_usage", "disk"],
        ),
    ]),
);

pub(super) const MEASURED: Family = Family {
    main: &[
        MEASURE,
        Fact::new(
            "Response time",
            &["avg_response_time_ms", "response_time"],
            Form::Quantity("ms"),
        ),
        Fact::new(
            "Error rate",
            &["error_rate", "error_rate_percent"],
            Form::Quantity(""),
        ),
    ],
    more: &[
        Fact::new("p50", &["p50_ms", "p50"], Form::Quantity("ms")),
        Fact::new("p95", &["p95_ms", "p95"], Form::Quantity("ms")),
        Fact::new("p99", &["p99_ms", "p99"], Form::Quantity("ms")),
        Fact::new(
            "Throughput",
            &["throughput", "throughput_rps", "requests_per_second", "rps"],
            Form::Quantity("/s"),
        ),
        USAGE,
        SERVICE,
        ENVIRONMENT,
        Fact::new(
            "Endpoint",
            &["endpoint", "route", "query"],
            Form::Code(None),
        ),
        Fact::new(
            "Rule",
            &["rule", "alert_name", "alert", "monitor"],
            Form::Text,
        ),
        Fact::new("Host", &["host", "instance", "node", "region"], Form::Text),
        Fact::new(
            "For",
            &["for_seconds", "window_seconds", "window", "period"],
            Form::Duration,
        ),
        Fact::new(
            "Since",
            &["since", "started_at", "triggered_at"],
            Form::Time,
        ),
        REASON,
        Fact::new("Metrics", &["metrics", "measurements"], Form::Pairs),
    ],
};

pub(super) const HEALTH: Family = Family {
    main: &[
        Fact::new("Checks", &["checks", "services", "components"], Form::Pairs),
        STATUS,
        USAGE,
        RESPONSE_TIME,
    ],
    more: &[
        Fact::new("Load", &["load", "load_average"], Form::Text),
        SERVICE,
        ENVIRONMENT,
        Fact::new("Host", &["host", "hostname", "node"], Form::Text),
        Fact::new("Endpoint", &["endpoint"], Form::Code(None)),
        Fact::new(
            "Up for",
            &["uptime_seconds", "uptime_ms", "uptime"],
            Form::Duration,
        ),
        Fact::new("Since", &["since", "last_check", "checked_at"], Form::Time),
    ],
};
