//! The types of event. A line in the table below is all that a new one needs.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use super::Severity;

/// A type that the bridge knows, as the documentation lists it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KnownKind {
    /// As it is written in `type`.
    pub name: &'static str,
    /// One sentence for people.
    pub description: &'static str,
    /// What an event of this type matters when it does not say so itself.
    pub severity: Severity,
    pub group: &'static str,
}

macro_rules! kinds {
    ($($group:literal { $($variant:ident $name:literal $severity:ident $description:literal)+ })+) => {
        /// What an event reports.
        #[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum Kind {
            $($(#[doc = $description] $variant,)+)+
            /// A type that is not in the list: delivered as a plain notification with its name.
            Other(String),
        }

        const KNOWN: &[KnownKind] = &[$($(KnownKind {
            name: $name,
            description: $description,
            severity: Severity::$severity,
            group: $group,
        },)+)+];

        impl Kind {
            /// The name as it is written in `type`.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $($(Self::$variant => $name,)+)+
                    Self::Other(name) => name,
                }
            }

            /// How much it matters when the event does not say so itself.
            #[must_use]
            pub const fn default_severity(&self) -> Severity {
                match self {
                    $($(Self::$variant => Severity::$severity,)+)+
                    Self::Other(_) => Severity::Info,
                }
            }
        }

        impl From<&str> for Kind {
            fn from(name: &str) -> Self {
                match name {
                    $($($name => Self::$variant,)+)+
                    _ => Self::Other(name.to_owned()),
                }
            }
        }
    };
}

kinds! {
    "tasks" {
        TaskCompletion "task_completion" Success "A task ended well."
        TaskStarted "task_started" Info "A task began."
        TaskFailed "task_failed" Error "A task ended with an error."
        TaskProgress "task_progress" Info "How far a task has come; updates one message."
        TaskCancelled "task_cancelled" Warning "A task was stopped before its end."
    }
    "code" {
        CodeGeneration "code_generation" Info "Code was written."
        CodeAnalysis "code_analysis" Info "Code was analysed."
        CodeRefactoring "code_refactoring" Info "Code was restructured."
        CodeReview "code_review" Info "Code was reviewed."
        CodeTesting "code_testing" Info "Code was tested."
        CodeDeployment "code_deployment" Info "Code was deployed."
    }
    "files" {
        FileCreated "file_created" Info "A file was created."
        FileModified "file_modified" Info "A file was changed."
        FileDeleted "file_deleted" Warning "A file was deleted."
        DirectoryCreated "directory_created" Info "A directory was created."
        DirectoryDeleted "directory_deleted" Warning "A directory was deleted."
    }
    "builds and checks" {
        BuildStarted "build_started" Info "A build began."
        BuildCompleted "build_completed" Success "A build ended well."
        BuildFailed "build_failed" Error "A build ended with an error."
        TestSuiteRun "test_suite_run" Info "A test suite ran."
        TestPassed "test_passed" Success "Tests passed."
        TestFailed "test_failed" Error "Tests failed."
        LintCheck "lint_check" Info "A linter ran."
        TypeCheck "type_check" Info "A type checker ran."
        SecurityScan "security_scan" Info "A security scanner ran."
        PerformanceTest "performance_test" Info "A performance test ran."
        CodeQuality "code_quality" Info "Code quality was measured."
    }
    "git" {
        GitCommit "git_commit" Info "A commit was made."
        GitPush "git_push" Info "Commits were pushed."
        GitPullRequest "git_pull_request" Info "A pull request changed."
        GitMerge "git_merge" Info "Branches were merged."
        GitBranch "git_branch" Info "A branch was made or removed."
        GitTag "git_tag" Info "A tag was made or removed."
        PullRequestCreated "pull_request_created" Info "A pull request was opened."
        PullRequestMerged "pull_request_merged" Success "A pull request was merged."
    }
    "operations" {
        SystemHealth "system_health" Info "How a system is doing."
        PerformanceAlert "performance_alert" Warning "Something is slow."
        SecurityAlert "security_alert" Critical "Something threatens security; sent even while muted."
        ErrorOccurred "error_occurred" Error "An error happened."
        ResourceUsage "resource_usage" Info "What a system uses of its resources."
        HealthCheck "health_check" Info "A health check ran."
        ServiceRestart "service_restart" Warning "A service was restarted."
        BackupCompleted "backup_completed" Success "A backup was made."
        DatabaseMigration "database_migration" Warning "A database was migrated."
        InfrastructureChange "infrastructure_change" Warning "Infrastructure was changed."
        ScalingEvent "scaling_event" Info "A service was scaled."
        MonitoringAlert "monitoring_alert" Warning "Monitoring raised an alert."
        DeploymentStarted "deployment_started" Info "A deployment began."
        DeploymentCompleted "deployment_completed" Success "A deployment ended well."
        DeploymentFailed "deployment_failed" Error "A deployment ended with an error."
    }
    "people" {
        ApprovalRequest "approval_request" Warning "Asks for a decision, with buttons; waits for the answer."
        UserResponse "user_response" Info "Somebody answered."
        UserInteraction "user_interaction" Info "Somebody did something."
        CommandExecuted "command_executed" Info "A command ran."
    }
    "status" {
        ProgressUpdate "progress_update" Info "How far something has come; updates one message."
        StatusChange "status_change" Info "Something changed its state."
        AlertNotification "alert_notification" Warning "Something needs attention."
        InfoNotification "info_notification" Info "Something worth knowing."
    }
    "integrations" {
        ApiCall "api_call" Info "An API was called."
        WebhookReceived "webhook_received" Info "A webhook came in."
        ServiceIntegration "service_integration" Info "Another service reported something."
    }
    "other" {
        CustomEvent "custom_event" Info "Anything else."
    }
}

impl Kind {
    /// Every type that the bridge knows, in the order of the documentation.
    #[must_use]
    pub const fn all() -> &'static [KnownKind] {
        KNOWN
    }

    /// Does a newer event of this type replace the message of the one before?
    #[must_use]
    pub const fn is_progress(&self) -> bool {
        matches!(self, Self::TaskProgress | Self::ProgressUpdate)
    }
}

impl From<String> for Kind {
    fn from(name: String) -> Self {
        Self::from(name.as_str())
    }
}

impl From<Kind> for String {
    fn from(kind: Kind) -> Self {
        kind.name().to_owned()
    }
}

impl FromStr for Kind {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        Ok(Self::from(name))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_listed_name_is_its_own_type_and_reads_back() {
        let names: BTreeSet<&str> = Kind::all().iter().map(|known| known.name).collect();
        assert_eq!(names.len(), Kind::all().len());
        for known in Kind::all() {
            let kind = Kind::from(known.name);
            assert!(!matches!(kind, Kind::Other(_)), "{}", known.name);
            assert_eq!(
                (kind.name(), kind.default_severity()),
                (known.name, known.severity)
            );
            assert!(known.description.ends_with('.'), "{}", known.name);
        }
    }

    #[test]
    fn an_unknown_name_is_kept() {
        for name in ["moon_phase", "", "TASK_COMPLETION", "a\0b"] {
            assert_eq!(Kind::from(name), Kind::Other(name.to_owned()));
            assert_eq!(name.parse(), Ok(Kind::Other(name.to_owned())));
        }
    }

    #[test]
    fn it_is_a_plain_string_in_json() {
        for name in ["task_completion", "approval_request", "moon_phase"] {
            let json = serde_json::to_string(&Kind::from(name)).unwrap();
            assert_eq!(json, format!("\"{name}\""));
            assert_eq!(
                serde_json::from_str::<Kind>(&json).unwrap(),
                Kind::from(name)
            );
        }
    }

    #[test]
    fn only_two_types_are_progress() {
        let progress = Kind::all()
            .iter()
            .filter(|known| Kind::from(known.name).is_progress());
        let names: Vec<&str> = progress.map(|known| known.name).collect();
        assert_eq!(names, ["task_progress", "progress_update"]);
    }
}
