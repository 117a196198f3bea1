//! Code that was written or judged, and files.

use super::super::form::Fact;
use super::super::form::Form;
use super::Family;
use super::facts::BRANCH;
use super::facts::CHURN;
use super::facts::CODE;
use super::facts::DIFF;
use super::facts::PATH;
use super::facts::REASON;

const LANGUAGE: Fact = Fact::new("Language", &["language", "lang"], Form::Text);

pub(super) const WRITTEN: Family = Family {
    main: &[
        Fact::new("Summary", &["summary", "result", "results"], Form::Text),
        CHURN,
        Fact::new(
            "Lines of code",
            &["lines_of_code", "lines_generated", "lines"],
            Form::Count,
        ),
    ],
    more: &[
        PATH,
        LANGUAGE,
        CODE,
        DIFF,
        Fact::new(
            "Complexity",
            &["complexity", "complexity_after"],
            Form::Change {
                from: &["complexity_before"],
            },
        ),
        BRANCH,
    ],
};

pub(super) const JUDGED: Family = Family {
    main: &[
        Fact::new(
            "Verdict",
            &["verdict", "decision", "review_state", "result"],
            Form::Text,
        ),
        Fact::new(
            "Score",
            &["score", "quality_score", "grade", "rating"],
            Form::Change {
                from: &["previous_score", "previous_grade"],
            },
        ),
        Fact::new(
            "Findings",
            &["findings", "issues", "problems", "suggestions", "comments"],
            Form::Items("findings.txt"),
        ),
        Fact::new(
            "Issues",
            &["issue_count", "issues_found", "findings_count", "comments"],
            Form::Count,
        ),
    ],
    more: &[
        Fact::new("Reviewer", &["reviewer", "reviewed_by"], Form::Person),
        Fact::new("Complexity", &["complexity"], Form::Text),
        Fact::new(
            "Duplication",
            &["duplication", "duplication_percent"],
            Form::Quantity("%"),
        ),
        Fact::new("Maintainability", &["maintainability"], Form::Text),
        Fact::new(
            "Technical debt",
            &["technical_debt_minutes", "technical_debt"],
            Form::Duration,
        ),
        CHURN,
        BRANCH,
        PATH,
        LANGUAGE,
        CODE,
        DIFF,
    ],
};

pub(super) const FILE: Family = Family {
    main: &[
        Fact::new(
            "Renamed",
            &["new_path", "new_name"],
            Form::Change {
                from: &["old_path", "old_name"],
            },
        ),
        PATH,
        CHURN,
    ],
    more: &[
        LANGUAGE,
        CODE,
        DIFF,
        Fact::new(
            "Size",
            &["size_bytes", "size", "file_size", "size_kb", "size_mb"],
            Form::Quantity("bytes"),
        ),
        Fact::new("Lines", &["lines", "line_count"], Form::Count),
        Fact::new(
            "Files",
            &["file_count", "files_count", "files_removed"],
            Form::Count,
        ),
        Fact::new("Permissions", &["permissions", "mode"], Form::Code(None)),
        REASON,
    ],
};
