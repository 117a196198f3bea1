//! `cctelegram crypto`.

use std::process::ExitCode;

use cctelegram_crypto::INVENTORY;

use super::failure::Failure;
use super::output;

#[derive(clap::Subcommand)]
pub(super) enum CryptoCommand {
    /// List every algorithm, with its parameters and what it is for
    Inventory {
        /// Print JSON for programs
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: CryptoCommand) -> Result<ExitCode, Failure> {
    let CryptoCommand::Inventory { json } = command;
    if json {
        let all: Vec<_> = INVENTORY
            .iter()
            .map(|entry| {
                serde_json::json!({
                    "algorithm": entry.algorithm,
                    "standard": entry.standard,
                    "used_for": entry.used_for,
                    "library": entry.library,
                    "calls": entry.calls,
                })
            })
            .collect();
        output::json(&all)?;
    } else {
        for entry in INVENTORY {
            output::line(&format!("{} ({})", entry.algorithm, entry.standard));
            output::line(&format!("    {}; {}", entry.used_for, entry.library));
        }
    }
    Ok(ExitCode::SUCCESS)
}
