//! How much an event matters: what it says itself, else what its type says.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use super::Event;

/// How much an event matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Success,
    Warning,
    Error,
    Critical,
}

impl Severity {
    /// The word for it, as it is written in `data.severity`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }

    /// Reads the words that tools use for a severity.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "info" | "information" | "informational" | "notice" | "debug" | "low" => Self::Info,
            "success" | "ok" => Self::Success,
            "warning" | "warn" | "medium" | "moderate" => Self::Warning,
            "error" | "err" | "high" | "failed" | "failure" => Self::Error,
            "critical" | "crit" | "fatal" | "severe" | "emergency" => Self::Critical,
            _ => return None,
        })
    }

    /// Reads the outcomes that are worth more attention than the type alone asks for.
    fn from_status(word: &str) -> Option<Self> {
        match word.trim().to_ascii_lowercase().as_str() {
            "failed" | "failure" | "failing" | "error" | "errored" | "timeout" | "timed_out" => {
                Some(Self::Error)
            }
            "warning" | "warn" | "unstable" | "degraded" => Some(Self::Warning),
            "critical" | "fatal" | "crashed" | "down" => Some(Self::Critical),
            _ => None,
        }
    }
}

impl Event {
    /// What `data.severity` says; else the type's severity, raised by a `data.status` that reports trouble.
    #[must_use]
    pub fn severity(&self) -> Severity {
        let word = |name: &str| self.data.get(name).and_then(Value::as_str);
        let default = self.kind.default_severity();
        let stated = word("severity").and_then(Severity::from_word);
        let raised = || word("status").and_then(Severity::from_status);
        stated.unwrap_or_else(|| raised().map_or(default, |status| status.max(default)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample;
    use super::*;

    #[test]
    fn the_event_speaks_before_its_type() {
        let cases = [
            (json!({}), Severity::Success),
            (json!({"severity": "warn"}), Severity::Warning),
            (json!({"severity": " FATAL "}), Severity::Critical),
            (json!({"severity": "low"}), Severity::Info),
            (json!({"severity": "high"}), Severity::Error),
            (json!({"severity": "purple"}), Severity::Success),
            (json!({"severity": 3, "status": "failed"}), Severity::Error),
            (json!({"status": "degraded"}), Severity::Warning),
            (json!({"status": "done"}), Severity::Success),
        ];
        for (data, expected) in cases {
            let event = sample("task_completion", "Build", data.clone());
            assert_eq!(event.severity(), expected, "{data}");
        }
    }

    #[test]
    fn a_status_only_raises() {
        let event = sample("security_alert", "Login", json!({"status": "warning"}));
        assert_eq!(event.severity(), Severity::Critical);
    }

    #[test]
    fn every_name_is_read_back() {
        for severity in [
            Severity::Info,
            Severity::Success,
            Severity::Warning,
            Severity::Error,
            Severity::Critical,
        ] {
            assert_eq!(Severity::from_word(severity.name()), Some(severity));
            assert_eq!(serde_json::to_value(severity).unwrap(), severity.name());
        }
    }
}
