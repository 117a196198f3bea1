//! Services, backups, migrations and infrastructure.

use super::super::form::Fact;
use super::super::form::Form;
use super::Family;
use super::facts::DIFF;
use super::facts::DURATION;
use super::facts::ENVIRONMENT;
use super::facts::ERROR;
use super::facts::EXIT_CODE;
use super::facts::LOG;
use super::facts::MEASURE;
use super::facts::REASON;
use super::facts::SERVICE;
use super::facts::VERSION;

pub(super) const SERVICES: Family = Family {
    main: &[
        SERVICE,
        Fact::new(
            "Replicas",
            &["to_replicas", "replicas", "new_replicas", "desired"],
            Form::Change {
                from: &["from_replicas", "old_replicas", "previous_replicas"],
            },
        ),
        REASON,
    ],
    more: &[
        Fact::new("Direction", &["direction", "action"], Form::Text),
        // After the replicas, whose current number has the name of a measured value.
        MEASURE,
        Fact::new(
            "Down for",
            &["downtime_ms", "downtime_seconds", "downtime"],
            Form::Duration,
        ),
        EXIT_CODE,
        Fact::new(
            "Restarts",
            &["restarts", "restart_count", "attempts"],
            Form::Count,
        ),
        VERSION,
        Fact::new("Host", &["host", "node", "cluster", "region"], Form::Text),
        Fact::new("Process", &["pid", "process_id"], Form::Text),
        ENVIRONMENT,
        LOG,
    ],
};

pub(super) const BACKUP: Family = Family {
    main: &[
        Fact::new(
            "Backup of",
            &["database", "source", "volume", "name"],
            Form::Text,
        ),
        Fact::new(
            "Size",
            &["size_bytes", "size_gb", "size_mb", "size"],
            Form::Quantity("bytes"),
        ),
        DURATION,
    ],
    more: &[
        Fact::new(
            "Stored at",
            &["destination", "location", "path", "target"],
            Form::Code(None),
        ),
        Fact::new("Kind", &["backup_type", "kind"], Form::Text),
        Fact::new("Kept until", &["expires_at", "kept_until"], Form::Time),
        Fact::new("Kept", &["retention", "retention_days"], Form::Text),
        Fact::new("Verified", &["verified"], Form::Text),
        Fact::new("SHA-256", &["sha256", "checksum"], Form::Code(None)),
    ],
};

pub(super) const MIGRATION: Family = Family {
    main: &[
        ERROR,
        Fact::new(
            "Migration",
            &["migration", "migration_name", "name"],
            Form::Code(None),
        ),
        VERSION,
        Fact::new("Database", &["database", "schema"], Form::Text),
    ],
    more: &[
        Fact::new("Direction", &["direction"], Form::Text),
        Fact::new(
            "Rows",
            &["rows_affected", "rows", "affected_rows"],
            Form::Count,
        ),
        Fact::new("Tables", &["tables", "tables_affected"], Form::Files),
        Fact::new("Migrations", &["migrations", "applied"], Form::Files),
        Fact::new("Reversible", &["reversible"], Form::Text),
        ENVIRONMENT,
        Fact::new("Statement", &["sql", "statement"], Form::Code(Some("sql"))),
    ],
};

pub(super) const INFRASTRUCTURE: Family = Family {
    main: &[
        Fact::new(
            "Resource",
            &["resource", "resource_name", "resource_id"],
            Form::Code(None),
        ),
        Fact::new(
            "Change",
            &["to", "new", "after", "new_value"],
            Form::Change {
                from: &["from", "old", "before", "old_value"],
            },
        ),
        Fact::new(
            "Plan",
            &[],
            Form::Tally(&[
                ("to add", &["to_add", "added"]),
                ("to change", &["to_change", "changed"]),
                ("to destroy", &["to_destroy", "destroyed"]),
            ]),
        ),
    ],
    more: &[
        Fact::new("Action", &["action"], Form::Text),
        Fact::new("Provider", &["provider", "tool"], Form::Text),
        Fact::new("Region", &["region", "zone"], Form::Text),
        ENVIRONMENT,
        Fact::new("By", &["changed_by", "applied_by", "actor"], Form::Person),
        REASON,
        Fact::new("Resources", &["resources"], Form::Files),
        DIFF,
        Fact::new("Plan", &["plan"], Form::Head("plan.txt")),
    ],
};
