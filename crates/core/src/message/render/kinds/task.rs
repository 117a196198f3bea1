//! Tasks: their result, duration and files; how far they have come.

use super::super::form::Fact;
use super::super::form::Form;
use super::Family;
use super::facts::BRANCH;
use super::facts::DURATION;
use super::facts::ERROR;
use super::facts::REASON;

pub(super) const TASK: Family = Family {
    main: &[
        ERROR,
        REASON,
        Fact::new(
            "Result",
            &["result", "results", "summary", "outcome"],
            Form::Text,
        ),
        DURATION,
    ],
    more: &[
        Fact::new(
            "By",
            &["agent", "assigned_to", "assignee", "started_by", "actor"],
            Form::Person,
        ),
        Fact::new("Model", &["model"], Form::Text),
        Fact::new(
            "Cost",
            &["cost_usd", "total_cost_usd", "cost"],
            Form::Quantity(""),
        ),
        Fact::new("Turns", &["turns", "num_turns"], Form::Count),
        Fact::new(
            "Steps",
            &["steps_total", "total_steps", "steps"],
            Form::Count,
        ),
        BRANCH,
        Fact::new("Next", &["next", "next_step"], Form::Text),
        Fact::new("Next steps", &["next_steps"], Form::Files),
    ],
};

pub(super) const PROGRESS: Family = Family {
    main: &[
        Fact::new("Progress", &[], Form::Bar),
        Fact::new(
            "Step",
            &["step", "stage", "phase", "current_step", "current_task"],
            Form::Text,
        ),
    ],
    more: &[
        Fact::new(
            "Remaining",
            &[
                "remaining_ms",
                "remaining_seconds",
                "eta_seconds",
                "remaining",
            ],
            Form::Duration,
        ),
        Fact::new("Expected", &["eta", "expected", "deadline"], Form::Time),
    ],
};
