//! What people did, and commands that ran.

use super::super::form::Fact;
use super::super::form::Form;
use super::Family;
use super::facts::DURATION;
use super::facts::ERROR;
use super::facts::EXIT_CODE;

pub(super) const PERSON: Family = Family {
    main: &[
        Fact::new(
            "From",
            &["user", "username", "from", "by", "user_id"],
            Form::Person,
        ),
        Fact::new(
            "Answer",
            &["response", "answer", "choice", "option", "text", "message"],
            Form::Text,
        ),
        Fact::new("Action", &["action", "interaction", "button"], Form::Text),
    ],
    more: &[
        Fact::new("Question", &["question", "prompt", "request"], Form::Text),
        Fact::new("At", &["at", "answered_at"], Form::Time),
        Fact::new(
            "After",
            &["response_time_ms", "waited_seconds", "response_time"],
            Form::Duration,
        ),
    ],
};

pub(super) const COMMAND: Family = Family {
    main: &[
        Fact::new("Command", &["command", "cmd"], Form::Code(Some("bash"))),
        EXIT_CODE,
        ERROR,
    ],
    more: &[
        DURATION,
        Fact::new(
            "Directory",
            &["cwd", "working_directory", "directory"],
            Form::Code(None),
        ),
        Fact::new("By", &["user", "username", "actor"], Form::Person),
        Fact::new("Output", &["output", "stdout"], Form::Tail("output.txt")),
        Fact::new("Errors", &["stderr"], Form::Tail("stderr.txt")),
    ],
};
