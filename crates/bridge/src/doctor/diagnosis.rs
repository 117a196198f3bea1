//! What one check came to.

use serde::Serialize;

/// One line of the doctor's report.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Diagnosis {
    pub(crate) check: &'static str,
    pub(crate) grade: Grade,
    /// What was looked at and what was found.
    pub(crate) found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remedy: Option<String>,
}

/// How bad it is. A check that could not be carried out is never `Ok`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Grade {
    Ok,
    /// It works, but somebody should look at it.
    Warning,
    /// Something does not work, or a secret is open.
    Failed,
    /// It could not be looked at; the text says why.
    Skipped,
}

impl Grade {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl Diagnosis {
    pub(super) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, Grade::Ok, found, None)
    }

    pub(super) fn warning(
        check: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(check, Grade::Warning, found, Some(remedy.into()))
    }

    pub(super) fn failed(
        check: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(check, Grade::Failed, found, Some(remedy.into()))
    }

    /// Something failed: the error's first line says what, the second what to do.
    pub(super) fn error(check: &'static str, error: &anyhow::Error) -> Self {
        let text = error.to_string();
        let (what, remedy) = text
            .split_once('\n')
            .unwrap_or((&text, "See docs/DOCTOR.md."));
        let causes: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
        let what = [vec![what.to_owned()], causes].concat().join(": ");
        Self::failed(check, what, remedy)
    }

    pub(super) fn skipped(check: &'static str, why: impl Into<String>) -> Self {
        Self::new(check, Grade::Skipped, why, None)
    }

    fn new(
        check: &'static str,
        grade: Grade,
        found: impl Into<String>,
        remedy: Option<String>,
    ) -> Self {
        Self {
            check,
            grade,
            found: found.into(),
            remedy,
        }
    }
}
