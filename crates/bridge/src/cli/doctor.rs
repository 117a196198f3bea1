//! `cctelegram doctor`.

use std::process::ExitCode;

use serde_json::json;

use super::failure::FAILED;
use super::failure::Failure;
use super::output;
use crate::clock::SystemClock;
use crate::config::Environment;
use crate::doctor;
use crate::doctor::Diagnosis;
use crate::doctor::Grade;
use crate::doctor::Reaching;

/// Look at the whole set-up and say what is wrong with it and what to do.
#[derive(clap::Args)]
#[command(after_help = "\
It works with and without a running bridge, changes nothing, and never shows a secret. docs/DOCTOR.md describes the
checks.

Exit codes: 0 nothing failed (there may be warnings); 1 something failed; 2 wrong usage.")]
pub(super) struct DoctorArgs {
    /// Print JSON for programs
    #[arg(long)]
    json: bool,
    /// Do not ask Telegram
    #[arg(long)]
    offline: bool,
}

pub(super) fn run(args: &DoctorArgs, environment: &Environment) -> Result<ExitCode, Failure> {
    let reaching = if args.offline {
        Reaching::Nobody
    } else {
        Reaching::Telegram
    };
    let found = super::runtime()?.block_on(doctor::examine(environment, reaching, &SystemClock))?;
    let count = |grade| found.iter().filter(|one| one.grade == grade).count();
    let failed = count(Grade::Failed);
    if args.json {
        output::json(&json!({
            "ok": count(Grade::Ok),
            "warnings": count(Grade::Warning),
            "failed": failed,
            "skipped": count(Grade::Skipped),
            "checks": found,
        }))?;
    } else {
        for one in &found {
            output::line(&text(one));
        }
        output::line(&format!(
            "\n{failed} failed, {} warnings, {} ok, {} skipped",
            count(Grade::Warning),
            count(Grade::Ok),
            count(Grade::Skipped)
        ));
    }
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}

/// Two columns and the finding; what to do about it in a line of its own.
fn text(one: &Diagnosis) -> String {
    let found = one.found.replace('\n', " ");
    let line = format!("{:8} {:15} {found}", one.grade.name(), one.check);
    match &one.remedy {
        Some(remedy) => format!("{line}\n{:24} -> {remedy}", ""),
        None => line,
    }
}
