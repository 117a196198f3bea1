//! The user's systemd, spoken to through `systemctl --user`.

use std::io;
use std::process::Command;
use std::process::Output;

use anyhow::Context as _;

use super::super::failure::FAILED;
use super::super::failure::Failure;
use crate::config::Environment;

/// The user's service manager.
pub(super) struct Systemd {
    has_bus: bool,
}

impl Systemd {
    pub(super) fn of(environment: &Environment) -> Self {
        let set = |name| environment.get(name).is_some_and(|value| !value.is_empty());
        Self {
            has_bus: set("XDG_RUNTIME_DIR") || set("DBUS_SESSION_BUS_ADDRESS"),
        }
    }

    /// Answers there a service manager of this user?
    pub(super) fn check(&self) -> Result<(), Failure> {
        let output = call(&["show-environment"])?;
        if output.status.success() {
            return Ok(());
        }
        let why = String::from_utf8_lossy(&output.stderr);
        let why = why
            .lines()
            .next()
            .unwrap_or("it does not answer")
            .to_owned();
        let remedy = if self.has_bus {
            "Is systemd running for your user? `loginctl enable-linger` starts it; else run `cctelegram start` by other means."
        } else {
            "XDG_RUNTIME_DIR is not set: log in as this user (not by su or sudo), or run `cctelegram start` by other means."
        };
        let text = format!("your user's systemd cannot be reached: {why}\n{remedy}");
        Err(Failure::new(FAILED, text))
    }

    pub(super) fn run(words: &[&str]) -> Result<(), Failure> {
        let output = call(words)?;
        if output.status.success() {
            return Ok(());
        }
        let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let text = format!(
            "systemctl --user {} failed: {why}\nSee journalctl --user -u cctelegram, and `cctelegram doctor`.",
            words.join(" ")
        );
        Err(Failure::new(FAILED, text))
    }

    /// `active`, `inactive`, `failed`, …
    pub(super) fn state(unit: &str) -> Result<String, Failure> {
        let output = call(&["is-active", unit])?;
        let state = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(if state.is_empty() {
            "unknown".to_owned()
        } else {
            state
        })
    }
}

fn call(words: &[&str]) -> Result<Output, Failure> {
    match Command::new("systemctl").arg("--user").args(words).output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = "there is no systemd on this machine (systemctl was not found)\n\
                        Let another service manager run `cctelegram start`.";
            Err(Failure::new(FAILED, text))
        }
        other => Ok(other.context("run systemctl")?),
    }
}
