//! Settings that are read and checked, but whose features are not in this version.

use super::setting::Setting;
use super::setting::Shape;
use super::setting::number;
use super::setting::whole;

const PER_USER: &str = "per-user limits are not in this version";
const TEXT_COPIES: &str =
    "the audit trail is kept in the database only, without text copies in this version";
const ALERTS: &str = "alerts about thresholds are not in this version";
const LOOPBACK: &str = "the pages are served on 127.0.0.1 only in this version";

pub(super) static RATE_PER_MINUTE: Setting = Setting::variable(
    &["RATE_LIMIT_PER_MINUTE"],
    "30",
    whole(1, 1_000_000),
    "Requests of one user in a minute; with `rate_limit_requests` the smaller wins.",
)
.not_yet(PER_USER);

pub(super) static RATE_STRICT: Setting = Setting::variable(
    &["CC_TELEGRAM_RATE_LIMIT_STRICT"],
    "false",
    Shape::Flag,
    "Refuse instead of delaying.",
)
.not_yet(PER_USER);

pub(super) static EVENT_TTL: Setting = Setting::variable(
    &["EVENT_TTL_HOURS"],
    "24",
    whole(1, 87_600),
    "Event data is kept so long after its final state.",
)
.not_yet("how long event data is kept cannot be set in this version");

pub(super) static ENCRYPT: Setting = Setting::variable(
    &["CC_TELEGRAM_ENCRYPT_MESSAGES"],
    "false",
    Shape::Flag,
    "Seal stored message bodies.",
)
.not_yet("stored messages are not encrypted in this version");

pub(super) static SECURITY_LOG: Setting = Setting::variable(
    &["CC_TELEGRAM_SECURITY_LOG"],
    "true",
    Shape::Flag,
    "Write `security.log`, a text copy of the audit trail.",
)
.not_yet(TEXT_COPIES);

pub(super) static LIMIT_REQUESTS: Setting = Setting::key(
    "security.rate_limit_requests",
    "30",
    whole(1, 1_000_000),
    "Requests of one user in a window.",
)
.not_yet(PER_USER);

pub(super) static LIMIT_WINDOW: Setting = Setting::key(
    "security.rate_limit_window",
    "60",
    whole(1, 86_400),
    "The length of that window, in seconds.",
)
.not_yet(PER_USER);

pub(super) static AUDIT_LOG: Setting = Setting::key(
    "security.audit_log",
    "true",
    Shape::Flag,
    "Write text copies of the audit trail. The trail itself can't be switched off.",
)
.not_yet(TEXT_COPIES);

pub(super) static CONNECTIONS: Setting = Setting::key(
    "security.max_concurrent_connections",
    "50",
    whole(1, 10_000),
    "Connections to the HTTP pages at the same time.",
)
.not_yet("the number of connections is fixed in this version");

pub(super) static IP_WHITELIST_ON: Setting = Setting::key(
    "security.enable_ip_whitelist",
    "false",
    Shape::Flag,
    "Answer listed addresses only.",
)
.not_yet(LOOPBACK);

pub(super) static IP_WHITELIST: Setting = Setting::key(
    "security.ip_whitelist",
    "[]",
    Shape::Addresses,
    "Those addresses; an empty list means this machine only.",
)
.not_yet(LOOPBACK);

pub(super) static HEADERS: Setting = Setting::key(
    "security.security_headers",
    "true",
    Shape::Flag,
    "Send security headers with HTTP answers.",
)
.not_yet("they can't be switched on or off in this version");

pub(super) static FAILED_AUTH: Setting = Setting::key(
    "monitoring.security.failed_auth_threshold",
    "5",
    whole(1, 1_000_000),
    "Alert after so many refused attempts.",
)
.not_yet(ALERTS);

pub(super) static RATE_THRESHOLD: Setting = Setting::key(
    "monitoring.security.rate_limit_threshold",
    "0.8",
    number(0.0, 1.0),
    "Alert at this share of a rate limit.",
)
.not_yet(ALERTS);

pub(super) static RESOURCE_THRESHOLD: Setting = Setting::key(
    "monitoring.security.resource_usage_threshold",
    "0.9",
    number(0.0, 1.0),
    "Alert at this share of a resource.",
)
.not_yet(ALERTS);

pub(super) static ANOMALIES: Setting = Setting::key(
    "monitoring.security.anomaly_detection",
    "true",
    Shape::Flag,
    "Detect unusual access and load.",
)
.not_yet("anomaly detection is not in this version");
