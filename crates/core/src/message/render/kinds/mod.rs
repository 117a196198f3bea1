//! What is read of each type of event, as tables. A new type does not compile before it has a family.

mod build;
mod code;
mod deployment;
mod error;
mod facts;
mod git;
mod integration;
mod operations;
mod people;
mod performance;
mod security;
mod status;
mod task;

use super::form::Fact;
use crate::event::Kind;

pub(super) use facts::COMMON;

/// What types that resemble each other are read for.
pub(super) struct Family {
    /// What matters most: a concise message shows the first two that are there.
    pub(super) main: &'static [Fact],
    pub(super) more: &'static [Fact],
}

/// The family of a type.
pub(super) const fn family(kind: &Kind) -> &'static Family {
    match kind {
        Kind::TaskCompletion | Kind::TaskStarted | Kind::TaskFailed | Kind::TaskCancelled => {
            &task::TASK
        }
        Kind::TaskProgress | Kind::ProgressUpdate => &task::PROGRESS,
        Kind::CodeGeneration | Kind::CodeRefactoring => &code::WRITTEN,
        Kind::CodeAnalysis | Kind::CodeReview | Kind::CodeQuality => &code::JUDGED,
        Kind::FileCreated
        | Kind::FileModified
        | Kind::FileDeleted
        | Kind::DirectoryCreated
        | Kind::DirectoryDeleted => &code::FILE,
        Kind::BuildStarted | Kind::BuildCompleted | Kind::BuildFailed => &build::BUILD,
        Kind::CodeTesting | Kind::TestSuiteRun | Kind::TestPassed | Kind::TestFailed => {
            &build::TESTING
        }
        Kind::LintCheck | Kind::TypeCheck | Kind::SecurityScan => &build::CHECK,
        Kind::GitCommit | Kind::GitPush | Kind::GitMerge | Kind::GitBranch | Kind::GitTag => {
            &git::COMMITS
        }
        Kind::GitPullRequest | Kind::PullRequestCreated | Kind::PullRequestMerged => {
            &git::PULL_REQUEST
        }
        Kind::PerformanceAlert | Kind::MonitoringAlert | Kind::PerformanceTest => {
            &performance::MEASURED
        }
        Kind::SystemHealth | Kind::ResourceUsage | Kind::HealthCheck => &performance::HEALTH,
        Kind::SecurityAlert => &security::ALERT,
        Kind::ErrorOccurred => &error::ERRORS,
        Kind::ServiceRestart | Kind::ScalingEvent => &operations::SERVICES,
        Kind::BackupCompleted => &operations::BACKUP,
        Kind::DatabaseMigration => &operations::MIGRATION,
        Kind::InfrastructureChange => &operations::INFRASTRUCTURE,
        Kind::DeploymentStarted
        | Kind::DeploymentCompleted
        | Kind::DeploymentFailed
        | Kind::CodeDeployment => &deployment::DEPLOYMENT,
        Kind::CommandExecuted => &people::COMMAND,
        Kind::UserResponse | Kind::UserInteraction => &people::PERSON,
        Kind::StatusChange => &status::CHANGE,
        Kind::ApiCall | Kind::WebhookReceived | Kind::ServiceIntegration => {
            &integration::INTEGRATION
        }
        Kind::ApprovalRequest
        | Kind::AlertNotification
        | Kind::InfoNotification
        | Kind::CustomEvent
        | Kind::Other(_) => &status::NOTICE,
    }
}

/// What is read of `data` for a type, without what is read for every type: each thing with the fields it comes from.
#[must_use]
pub fn fields_read(kind: &Kind) -> Vec<(&'static str, Vec<&'static str>)> {
    let family = family(kind);
    let facts = family.main.iter().chain(family.more);
    let fields = facts.map(|fact| (fact.label, fact.fields()));
    fields.collect()
}

/// As [`fields_read`], for every type.
#[must_use]
pub fn fields_read_always() -> Vec<(&'static str, Vec<&'static str>)> {
    let fields = COMMON.iter().map(|fact| (fact.label, fact.fields()));
    fields.collect()
}
