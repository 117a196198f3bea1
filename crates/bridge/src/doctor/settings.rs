//! Can the settings be read, and is there a token?

use super::Diagnosis;
use super::Patient;

const SETTINGS: &str = "settings";
const TOKEN: &str = "token";

pub(super) fn check(patient: &Patient<'_>) -> Vec<Diagnosis> {
    let config = match &patient.config {
        Ok(config) => config,
        Err(mistakes) => {
            let told = mistakes.0.iter().map(|mistake| {
                let found = format!("{}: {}: {}", mistake.place, mistake.key, mistake.what);
                Diagnosis::failed(SETTINGS, found, mistake.remedy.clone())
            });
            return told.collect();
        }
    };
    let root = config.home.root().display();
    let mut found = vec![if config.home.root().exists() {
        Diagnosis::ok(SETTINGS, format!("all can be read; the home is {root}"))
    } else {
        let what = format!("all can be read, but the home {root} is not there yet");
        Diagnosis::warning(SETTINGS, what, "Run `cctelegram init`.")
    }];
    let untidy = config.warnings.iter().map(|warning| {
        let remedy = "See docs/CONFIG.md, or remove the setting.";
        Diagnosis::warning(SETTINGS, warning.clone(), remedy)
    });
    found.extend(untidy);
    let idle = config.not_in_effect.iter().map(|setting| {
        let remedy = "Remove the setting, or know that nothing follows from it.";
        Diagnosis::warning(SETTINGS, setting.clone(), remedy)
    });
    found.extend(idle);
    // A token that is not shaped like one is a mistake of the settings.
    found.push(match &config.telegram.token_source {
        Some(place) => Diagnosis::ok(
            TOKEN,
            format!("set, and shaped like one; it comes from {place}"),
        ),
        None => Diagnosis::failed(
            TOKEN,
            "no bot token is set",
            "Run `cctelegram init`, or set TELEGRAM_BOT_TOKEN.",
        ),
    });
    found
}
