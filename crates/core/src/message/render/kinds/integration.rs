//! Calls to other services, and calls from them.

use super::super::form::Fact;
use super::super::form::Form;
use super::Family;
use super::facts::DURATION;
use super::facts::ERROR;

pub(super) const INTEGRATION: Family = Family {
    main: &[
        Fact::new(
            "Call",
            &["method", "http_method"],
            Form::Call {
                url: &["endpoint", "url", "api_url"],
                status: &["status_code", "http_status", "response_code", "status"],
            },
        ),
        Fact::new(
            "Event",
            &[
                "event",
                "webhook_event",
                "event_name",
                "operation",
                "action",
            ],
            Form::Text,
        ),
        ERROR,
    ],
    more: &[
        Fact::new(
            "From",
            &[
                "provider",
                "sender",
                "integration",
                "service",
                "webhook_source",
            ],
            Form::Person,
        ),
        DURATION,
        Fact::new(
            "Response time",
            &["response_time_ms", "latency_ms"],
            Form::Quantity("ms"),
        ),
        Fact::new(
            "Attempts",
            &["attempts", "retries", "retry_count"],
            Form::Count,
        ),
        Fact::new(
            "Remaining",
            &["rate_limit_remaining", "quota_remaining"],
            Form::Count,
        ),
        Fact::new(
            "Items",
            &["records", "items_synced", "records_synced", "items"],
            Form::Count,
        ),
        Fact::new("Request", &["request_id", "delivery_id"], Form::Code(None)),
        Fact::new("Signature", &["signature_valid", "verified"], Form::Text),
        Fact::new("At", &["received_at"], Form::Time),
        Fact::new(
            "Answer",
            &["response", "response_body"],
            Form::Tail("response.txt"),
        ),
    ],
};
