//! Deployments: where to, from which version to which, how long.

use super::super::form::Fact;
use super::super::form::Form;
use super::Family;
use super::facts::BRANCH;
use super::facts::COMMIT;
use super::facts::DURATION;
use super::facts::ENVIRONMENT;
use super::facts::ERROR;
use super::facts::REASON;
use super::facts::SERVICE;
use super::facts::VERSION;

pub(super) const DEPLOYMENT: Family = Family {
    main: &[ERROR, ENVIRONMENT, VERSION],
    more: &[
        SERVICE,
        DURATION,
        Fact::new(
            "Region",
            &["region", "cluster", "host", "namespace"],
            Form::Text,
        ),
        Fact::new("Strategy", &["strategy"], Form::Text),
        Fact::new("Replicas", &["replicas", "instances"], Form::Text),
        Fact::new("Failed step", &["failed_step", "step", "phase"], Form::Text),
        Fact::new(
            "Rolled back to",
            &["rolled_back_to", "rollback_version"],
            Form::Text,
        ),
        Fact::new("Rolled back", &["rollback", "rolled_back"], Form::Text),
        COMMIT,
        BRANCH,
        Fact::new(
            "By",
            &["deployed_by", "actor", "author", "triggered_by"],
            Form::Person,
        ),
        REASON,
        Fact::new("Checks", &["checks", "health_checks"], Form::Pairs),
        Fact::new(
            "Log",
            &["log", "logs", "log_tail", "output"],
            Form::Tail("deployment.log"),
        ),
    ],
};
