//! A running bridge: is there one, is it this version, does it do well, does it hear from Telegram?

use std::time::Duration;

use cctelegram_core::time::span;

use super::Diagnosis;
use super::Patient;
use crate::client::ClientError;

const BRIDGE: &str = "bridge";
const HEARD: &str = "last heard";
/// Two polls and a second try.
const SILENT: Duration = Duration::from_secs(75);

pub(super) fn check(patient: &Patient<'_>) -> Vec<Diagnosis> {
    let status = match &patient.bridge {
        Ok(status) => status,
        Err(error) => return without(error),
    };
    let ours = env!("CARGO_PKG_VERSION");
    let mut found = vec![if status.version == ours {
        let text = format!("running as process {}, version {ours}", status.pid);
        Diagnosis::ok(BRIDGE, text)
    } else {
        let text = format!("version {} is running, this is {ours}", status.version);
        Diagnosis::warning(BRIDGE, text, "Restart the bridge.")
    }];
    if status.home != patient.home.root().display().to_string() {
        let text = format!(
            "the bridge that answers works on another home, {}",
            status.home
        );
        let remedy = "Name the home that you mean: --home, or CC_TELEGRAM_HOME.";
        found.push(Diagnosis::failed(BRIDGE, text, remedy));
    }
    let problems = status.problems.iter();
    found.extend(problems.map(|problem| {
        Diagnosis::failed(
            BRIDGE,
            problem.clone(),
            "`cctelegram logs --level warn` tells more.",
        )
    }));
    found.push(match status.heard {
        None => Diagnosis::failed(
            HEARD,
            "Telegram was not heard from since the bridge started",
            "`cctelegram logs --level warn` says why.",
        ),
        Some(at) if patient.now.since(at) > SILENT => {
            let text = format!(
                "Telegram was last heard {} ago",
                span(patient.now.since(at))
            );
            Diagnosis::failed(HEARD, text, "`cctelegram logs --level warn` says why.")
        }
        Some(at) => {
            let text = format!(
                "Telegram was last heard {} ago",
                span(patient.now.since(at))
            );
            Diagnosis::ok(HEARD, text)
        }
    });
    found
}

fn without(error: &ClientError) -> Vec<Diagnosis> {
    let text = error.to_string();
    let (what, remedy) = text.split_once('\n').unwrap_or((&text, "See bridge.log."));
    let bridge = match error {
        ClientError::NoBridge(_) => Diagnosis::warning(BRIDGE, what, remedy),
        ClientError::Stranger { .. }
        | ClientError::Refused { .. }
        | ClientError::Broken(_)
        | ClientError::Unreadable(_) => Diagnosis::failed(BRIDGE, what, remedy),
    };
    vec![bridge, Diagnosis::skipped(HEARD, "no bridge answers")]
}
