//! Errors: the message, a short stack, where and how often.

use super::super::form::Fact;
use super::super::form::Form;
use super::Family;
use super::facts::ENVIRONMENT;
use super::facts::ERROR;
use super::facts::LOG;
use super::facts::SERVICE;
use super::facts::STACK;
use super::facts::VERSION;

pub(super) const ERRORS: Family = Family {
    main: &[
        ERROR,
        Fact::new(
            "Message",
            &["message", "exception_message", "exception"],
            Form::Text,
        ),
        Fact::new(
            "Type",
            &["error_type", "exception_type", "error_class", "error_code"],
            Form::Code(None),
        ),
        SERVICE,
    ],
    more: &[
        Fact::new("In", &["function", "module", "location"], Form::Code(None)),
        Fact::new("File", &["file", "path"], Form::Code(None)),
        Fact::new("Line", &["line", "line_number"], Form::Count),
        Fact::new(
            "Endpoint",
            &["endpoint", "route", "request"],
            Form::Code(None),
        ),
        Fact::new("Request", &["request_id", "trace_id"], Form::Code(None)),
        Fact::new(
            "Occurrences",
            &["occurrences", "count", "times_seen"],
            Form::Count,
        ),
        Fact::new(
            "Users affected",
            &["users_affected", "user_count"],
            Form::Count,
        ),
        Fact::new("First seen", &["first_seen"], Form::Time),
        Fact::new("Last seen", &["last_seen"], Form::Time),
        ENVIRONMENT,
        VERSION,
        STACK,
        LOG,
    ],
};
