//! Commits, branches, tags and pull requests.

use super::super::form::Fact;
use super::super::form::Form;
use super::Family;
use super::facts::AUTHOR;
use super::facts::BRANCH;
use super::facts::CHURN;
use super::facts::COMMIT;
use super::facts::DIFF;

const REPOSITORY: Fact = Fact::new("Repository", &["repository", "repo"], Form::Text);

const SUBJECT: Fact = Fact::new(
    "Subject",
    &["subject", "commit_message", "message"],
    Form::Subject,
);

const BRANCHES: Fact = Fact::new(
    "Branches",
    &["target_branch", "base", "base_branch", "into", "to_branch"],
    Form::Change {
        from: &["source_branch", "head", "head_branch", "from_branch"],
    },
);

pub(super) const COMMITS: Family = Family {
    main: &[
        SUBJECT,
        Fact::new("Tag", &["tag", "tag_name"], Form::Code(None)),
        BRANCHES,
        COMMIT,
        BRANCH,
    ],
    more: &[
        AUTHOR,
        Fact::new("Action", &["action"], Form::Text),
        CHURN,
        Fact::new("Commits", &["commits"], Form::Items("commits.txt")),
        Fact::new(
            "Commits",
            &["commit_count", "commits_count", "commits"],
            Form::Count,
        ),
        Fact::new("Remote", &["remote"], Form::Code(None)),
        REPOSITORY,
        DIFF,
    ],
};

pub(super) const PULL_REQUEST: Family = Family {
    main: &[
        Fact::new(
            "Pull request",
            &["number", "pr_number", "pull_request_number"],
            Form::Text,
        ),
        BRANCHES,
        SUBJECT,
    ],
    more: &[
        Fact::new("Action", &["action"], Form::Text),
        AUTHOR,
        Fact::new("Merged by", &["merged_by"], Form::Person),
        Fact::new(
            "Reviewers",
            &["reviewers", "requested_reviewers"],
            Form::Files,
        ),
        Fact::new("Labels", &["labels"], Form::Files),
        CHURN,
        Fact::new("Commits", &["commit_count", "commits"], Form::Count),
        COMMIT,
        BRANCH,
        REPOSITORY,
        DIFF,
    ],
};
