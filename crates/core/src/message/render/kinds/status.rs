//! Changes of a state, and everything that has no family of its own.

use super::super::form::Fact;
use super::super::form::Form;
use super::Family;
use super::facts::ERROR;
use super::facts::REASON;
use super::facts::SERVICE;

pub(super) const CHANGE: Family = Family {
    main: &[
        Fact::new(
            "Status",
            &[
                "to",
                "new_status",
                "new_state",
                "current_status",
                "to_status",
                "status",
            ],
            Form::Change {
                from: &[
                    "from",
                    "old_status",
                    "old_state",
                    "previous_status",
                    "from_status",
                ],
            },
        ),
        REASON,
    ],
    more: &[
        SERVICE,
        Fact::new("By", &["by", "changed_by", "actor"], Form::Person),
        Fact::new("Since", &["since", "changed_at"], Form::Time),
    ],
};

pub(super) const NOTICE: Family = Family {
    main: &[
        ERROR,
        Fact::new("Message", &["message", "summary"], Form::Text),
    ],
    more: &[Fact::new(
        "What to do",
        &["action_required", "recommendation"],
        Form::Text,
    )],
};
