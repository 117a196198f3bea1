//! The facts that several families share. The names are those under which producers send them.

use super::super::form::Fact;
use super::super::form::Form;
use super::super::form::Names;

/// Read for every type, after what its family reads.
pub(in super::super) const COMMON: &[Fact] = &[
    Fact::new("Severity", &["severity"], Form::Severity),
    STATUS,
    DURATION,
    TESTS,
    COVERAGE,
    ERROR,
    STACK,
    LOG,
    FILES,
    FILES_CREATED,
    FILES_DELETED,
    Fact::new("Link", LINKS, Form::Links),
];

pub(super) const STATUS: Fact = Fact::new("Status", &["status", "state", "conclusion"], Form::Text);

const LINKS: Names = &[
    "url",
    "link",
    "html_url",
    "web_url",
    "pr_url",
    "build_url",
    "run_url",
    "commit_url",
    "compare_url",
    "deployment_url",
    "logs_url",
    "report_url",
    "dashboard_url",
    "runbook_url",
    "runbook",
    "dashboard",
    "urls",
    "links",
];

pub(super) const DURATION: Fact = Fact::new(
    "Duration",
    &[
        "duration_ms",
        "duration_millis",
        "elapsed_ms",
        "duration_seconds",
        "duration_s",
        "elapsed_seconds",
        "duration_minutes",
        "duration",
        "elapsed",
        "build_time",
    ],
    Form::Duration,
);

pub(super) const TESTS: Fact = Fact::new(
    "Tests",
    &[],
    Form::Tally(&[
        ("passed", &["passed", "tests_passed", "passing"]),
        ("failed", &["failed", "tests_failed", "failing"]),
        ("skipped", &["skipped", "tests_skipped", "ignored"]),
        (
            "total",
            &[
                "total",
                "tests_total",
                "tests_run",
                "total_tests",
                "test_count",
            ],
        ),
    ]),
);

pub(super) const COVERAGE: Fact = Fact::new(
    "Coverage",
    &[
        "coverage",
        "test_coverage",
        "coverage_percent",
        "coverage_percentage",
    ],
    Form::Quantity("%"),
);

pub(super) const ERROR: Fact = Fact::new("Error", &["error", "error_message"], Form::Error);

pub(super) const STACK: Fact = Fact::new(
    "Stack",
    &[
        "stack",
        "stack_trace",
        "stacktrace",
        "traceback",
        "backtrace",
    ],
    Form::Head("stack.txt"),
);

pub(super) const LOG: Fact = Fact::new(
    "Log",
    &["log", "logs", "log_tail", "build_log", "output"],
    Form::Tail("build.log"),
);

pub(super) const FILES: Fact = Fact::new(
    "Files",
    &[
        "files",
        "files_affected",
        "affected_files",
        "files_changed",
        "changed_files",
        "files_modified",
    ],
    Form::Files,
);

const FILES_CREATED: Fact = Fact::new("Files created", &["files_created"], Form::Files);
const FILES_DELETED: Fact = Fact::new("Files deleted", &["files_deleted"], Form::Files);

pub(super) const REASON: Fact = Fact::new(
    "Reason",
    &["reason", "cause", "trigger", "triggered_by"],
    Form::Text,
);

pub(super) const SERVICE: Fact = Fact::new(
    "Service",
    &["service", "service_name", "component", "application", "app"],
    Form::Text,
);

pub(super) const ENVIRONMENT: Fact =
    Fact::new("Environment", &["environment", "env", "stage"], Form::Text);

pub(super) const VERSION: Fact = Fact::new(
    "Version",
    &["version", "to_version", "new_version", "version_to"],
    Form::Change {
        from: &[
            "from_version",
            "previous_version",
            "old_version",
            "version_from",
        ],
    },
);

pub(super) const COMMIT: Fact = Fact::new(
    "Commit",
    &[
        "commit",
        "commit_hash",
        "commit_sha",
        "sha",
        "hash",
        "revision",
    ],
    Form::Hash,
);

pub(super) const BRANCH: Fact = Fact::new(
    "Branch",
    &["branch", "branch_name", "ref"],
    Form::Code(None),
);

pub(super) const AUTHOR: Fact = Fact::new(
    "Author",
    &["author", "author_name", "committer", "pusher"],
    Form::Person,
);

pub(super) const CHURN: Fact = Fact::new(
    "Lines",
    &["additions", "insertions", "lines_added"],
    Form::Churn {
        removed: &["deletions", "lines_removed", "lines_deleted"],
    },
);

pub(super) const CODE: Fact = Fact::new(
    "Code",
    &["code", "snippet", "code_snippet", "content"],
    Form::Source,
);

pub(super) const DIFF: Fact = Fact::new("Change", &["diff", "patch"], Form::Diff);

pub(super) const PATH: Fact = Fact::new(
    "Path",
    &[
        "path",
        "file",
        "file_path",
        "filename",
        "directory",
        "folder",
    ],
    Form::Code(None),
);

pub(super) const EXIT_CODE: Fact = Fact::new("Exit code", &["exit_code", "returncode"], Form::Text);

pub(super) const MEASURE: Fact = Fact::new(
    "Measured",
    &[
        "value",
        "current_value",
        "current",
        "actual",
        "measured",
        "observed",
        "value_ms",
        "response_time_ms",
        "latency_ms",
    ],
    Form::Measure {
        metric: &["metric", "metric_name", "measure", "indicator"],
        unit: &["unit", "units"],
        threshold: &[
            "threshold",
            "threshold_value",
            "threshold_ms",
            "limit",
            "budget",
            "target",
            "baseline",
        ],
    },
);
