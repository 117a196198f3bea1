//! Builds, tests and checks: counts, coverage, the first failures, the end of the log.

use super::super::form::Fact;
use super::super::form::Form;
use super::Family;
use super::facts::AUTHOR;
use super::facts::BRANCH;
use super::facts::COMMIT;
use super::facts::COVERAGE;
use super::facts::DURATION;
use super::facts::ERROR;
use super::facts::EXIT_CODE;
use super::facts::LOG;
use super::facts::REASON;
use super::facts::STACK;
use super::facts::TESTS;
use super::facts::VERSION;

const PROBLEMS: Fact = Fact::new(
    "Problems",
    &[],
    Form::Tally(&[
        ("critical", &["critical", "critical_count"]),
        ("high", &["high", "high_count"]),
        ("medium", &["medium", "medium_count"]),
        ("low", &["low", "low_count"]),
        ("errors", &["errors", "error_count", "errors_count"]),
        ("warnings", &["warnings", "warning_count", "warnings_count"]),
        ("notes", &["notes", "infos", "hints"]),
        ("fixable", &["fixable", "fixable_count"]),
    ]),
);

const TOOL: Fact = Fact::new(
    "Tool",
    &[
        "tool",
        "linter",
        "scanner",
        "checker",
        "framework",
        "runner",
    ],
    Form::Text,
);

const SUITE: Fact = Fact::new("Suite", &["suite", "test_suite", "suite_name"], Form::Text);

pub(super) const BUILD: Family = Family {
    main: &[
        ERROR,
        PROBLEMS,
        Fact::new(
            "Target",
            &["target", "build_target", "configuration", "profile"],
            Form::Text,
        ),
        DURATION,
    ],
    more: &[
        Fact::new(
            "Build",
            &["build_number", "build_id", "run_number", "run_id"],
            Form::Text,
        ),
        Fact::new(
            "Failed step",
            &["failed_step", "failed_stage", "failed_job", "step", "job"],
            Form::Text,
        ),
        EXIT_CODE,
        VERSION,
        BRANCH,
        COMMIT,
        AUTHOR,
        REASON,
        Fact::new(
            "Size",
            &[
                "artifact_size_bytes",
                "size_bytes",
                "bundle_size_kb",
                "size_mb",
            ],
            Form::Quantity("bytes"),
        ),
        Fact::new("Artifacts", &["artifacts", "artefacts"], Form::Files),
        Fact::new(
            "Errors",
            &["errors", "problems", "failures"],
            Form::Items("errors.txt"),
        ),
        Fact::new("Warnings", &["warnings"], Form::Items("warnings.txt")),
        STACK,
        LOG,
    ],
};

pub(super) const TESTING: Family = Family {
    main: &[TESTS, COVERAGE],
    more: &[
        DURATION,
        SUITE,
        TOOL,
        BRANCH,
        COMMIT,
        AUTHOR,
        Fact::new(
            "Failed test",
            &["failed_test", "test_name", "test"],
            Form::Code(None),
        ),
        Fact::new(
            "Failed",
            &[
                "failures",
                "failed_tests",
                "failing_tests",
                "test_failures",
                "failed",
            ],
            Form::Items("failures.txt"),
        ),
        ERROR,
        STACK,
        Fact::new(
            "Log",
            &["log", "logs", "log_tail", "output", "stdout"],
            Form::Tail("test.log"),
        ),
    ],
};

pub(super) const CHECK: Family = Family {
    main: &[
        PROBLEMS,
        Fact::new(
            "Findings",
            &["issue_count", "issues_found", "vulnerabilities_found"],
            Form::Count,
        ),
        ERROR,
    ],
    more: &[
        TOOL,
        Fact::new(
            "Files checked",
            &["files_checked", "files_scanned"],
            Form::Count,
        ),
        Fact::new("Exit code", &["exit_code"], Form::Text),
        BRANCH,
        COMMIT,
        Fact::new(
            "Findings",
            &[
                "findings",
                "issues",
                "problems",
                "vulnerabilities",
                "errors",
                "diagnostics",
            ],
            Form::Items("findings.txt"),
        ),
        Fact::new("Warnings", &["warnings"], Form::Items("warnings.txt")),
        Fact::new("Log", &["log", "logs", "output"], Form::Tail("check.log")),
    ],
};
