//! What threatens security.

use super::super::form::Fact;
use super::super::form::Form;
use super::Family;
use super::facts::PATH;
use super::facts::SERVICE;

pub(super) const ALERT: Family = Family {
    main: &[
        Fact::new(
            "Threat",
            &[
                "threat",
                "threat_type",
                "attack",
                "alert_type",
                "finding",
                "rule",
            ],
            Form::Text,
        ),
        Fact::new(
            "Vulnerability",
            &["cve", "vulnerability", "advisory"],
            Form::Text,
        ),
        Fact::new(
            "From",
            &["source_ip", "ip", "ip_address", "remote_address"],
            Form::Code(None),
        ),
    ],
    more: &[
        Fact::new(
            "User",
            &["user", "username", "account", "user_id"],
            Form::Person,
        ),
        Fact::new(
            "Attempts",
            &["attempts", "failed_attempts", "count"],
            Form::Count,
        ),
        Fact::new(
            "Action taken",
            &["action", "action_taken", "mitigation"],
            Form::Text,
        ),
        Fact::new("What to do", &["recommendation", "remedy"], Form::Text),
        SERVICE,
        Fact::new(
            "Affected",
            &["affected", "affected_packages", "packages"],
            Form::Files,
        ),
        Fact::new("Package", &["package", "dependency"], Form::Code(None)),
        Fact::new(
            "Fixed in",
            &["fixed_in", "patched_version"],
            Form::Change {
                from: &["installed_version", "current_version"],
            },
        ),
        Fact::new("Country", &["country", "location"], Form::Text),
        Fact::new("At", &["detected_at", "at"], Form::Time),
        PATH,
    ],
};
