//! Why a command failed: what went wrong, what to do about it, and the exit code.

use std::process::ExitCode;

use crate::client::ClientError;
use crate::config::Mistakes;
use crate::home::HomeError;
use crate::lock::LockError;

/// Something failed.
pub(super) const FAILED: u8 = 1;
/// What was typed or handed over is wrong.
pub(super) const USAGE: u8 = 2;
/// Nobody answered.
pub(super) const NOBODY: u8 = 3;
/// No bridge is running.
pub(super) const NO_BRIDGE: u8 = 4;
/// The answer was not the first option.
pub(super) const OTHER: u8 = 10;
/// Ctrl-C, as shells number it.
pub(super) const INTERRUPTED: u8 = 130;

/// A failed command.
#[derive(Debug)]
pub(super) struct Failure {
    error: anyhow::Error,
    code: u8,
}

impl Failure {
    /// `text` says what is wrong in its first line and what to do in the second.
    pub(super) fn new(code: u8, text: impl Into<String>) -> Self {
        Self {
            error: anyhow::Error::msg(text.into()),
            code,
        }
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }

    /// What went wrong and why in one line, then what to do.
    pub(super) fn text(&self) -> String {
        let (mut what, mut remedies) = (Vec::new(), Vec::new());
        for error in self.error.chain() {
            let text = error.to_string();
            match text.split_once('\n') {
                Some((line, remedy)) => {
                    what.push(line.to_owned());
                    remedies.push(remedy.to_owned());
                }
                None => what.push(text),
            }
        }
        let mut lines = vec![what.join(": ")];
        lines.append(&mut remedies);
        lines.join("\n")
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self {
            error,
            code: FAILED,
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let code = match &error {
            ClientError::NoBridge(_) => NO_BRIDGE,
            ClientError::Refused { problem, .. } if is_about_input(&problem.code) => USAGE,
            ClientError::Unreadable(_) => USAGE,
            ClientError::Stranger { .. } | ClientError::Refused { .. } | ClientError::Broken(_) => {
                FAILED
            }
        };
        Self {
            error: error.into(),
            code,
        }
    }
}

fn is_about_input(code: &str) -> bool {
    matches!(
        code,
        "invalid_event" | "bad_request" | "id_in_use" | "unfit_file" | "too_large"
    )
}

macro_rules! plain_failures {
    ($($error:ty)*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self { error: error.into(), code: FAILED }
            }
        })*
    };
}

plain_failures! { Mistakes HomeError LockError }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_what_and_why_and_the_next_what_to_do() {
        let inner = anyhow::anyhow!("permission denied");
        let failure = Failure::from(inner.context("open the log\nMake it writable."));
        assert_eq!(
            failure.text(),
            "open the log: permission denied\nMake it writable."
        );
        assert_eq!(Failure::new(USAGE, "no").text(), "no");
    }
}
