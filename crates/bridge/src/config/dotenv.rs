//! The file `.env`.

use std::collections::BTreeMap;
use std::path::Path;

use super::lockdown;
use super::mistake::Place;
use super::nearest::nearest;
use super::raw::Raw;
use super::setting::Effect;
use super::setting::Setting;

/// Our names begin so; other names in the file belong to others.
const PREFIXES: [&str; 2] = ["CC_TELEGRAM_", "TELEGRAM_"];

/// Reads `.env` into `raw`. No variable of the process is changed.
pub(super) fn read(path: &Path, text: &str, settings: &[&'static Setting], raw: &mut Raw) {
    let place = Place::file(path);
    lockdown::scan(text, &place, raw);
    for (name, value) in entries(text, &place, raw) {
        let setting = settings
            .iter()
            .find(|setting| setting.variables.contains(&name.as_str()));
        match setting {
            Some(setting) if setting.effect == Effect::EnvironmentOnly => {
                let what = "it is read from the environment only";
                raw.mistake(
                    &place,
                    &name,
                    what,
                    "Remove it here and export it where commands are started.",
                );
            }
            Some(_) if lockdown::is_name(&name) && super::raw::flag(&value) == Some(true) => {}
            Some(setting) if !value.is_empty() || super::is_allow_list(setting.name()) => {
                raw.offer(setting, &name, &value, &place);
            }
            None if PREFIXES.iter().any(|prefix| name.starts_with(prefix)) => {
                raw.mistake(
                    &place,
                    &name,
                    "there is no setting of this name",
                    &remedy(&name, settings),
                );
            }
            Some(_) | None => {}
        }
    }
}

/// The pairs of the file. A name that is given two different values is a mistake: nobody can know which one is meant.
fn entries(text: &str, place: &Place, raw: &mut Raw) -> BTreeMap<String, String> {
    let text = text.trim_start_matches('\u{feff}');
    let mut pairs: BTreeMap<String, String> = BTreeMap::new();
    for item in dotenvy::from_read_iter(text.as_bytes()) {
        match item {
            Ok((name, value)) => {
                if pairs.get(&name).is_some_and(|earlier| *earlier != value) {
                    raw.mistake(
                        place,
                        &name,
                        "it is set twice, to different values",
                        "Keep one of the lines.",
                    );
                } else {
                    pairs.insert(name, value);
                }
            }
            Err(dotenvy::Error::LineParse(line, _)) => {
                let what = "this is not NAME=value";
                let remedy =
                    "Put values with spaces or special characters between 'single quotes'.";
                raw.mistake(
                    place,
                    &format!("line {}", line_of(text, &line)),
                    what,
                    remedy,
                );
            }
            Err(error) => raw.mistake(
                place,
                "the file",
                error.to_string(),
                "Write it anew as plain text.",
            ),
        }
    }
    pairs
}

/// The number of the line on which `part` begins.
fn line_of(text: &str, part: &str) -> usize {
    let before = text
        .find(part)
        .and_then(|start| text.get(..start))
        .unwrap_or_default();
    before.matches('\n').count().saturating_add(1)
}

pub(super) fn remedy(name: &str, settings: &[&'static Setting]) -> String {
    let known = settings
        .iter()
        .flat_map(|setting| setting.variables)
        .copied();
    nearest(name, known).map_or_else(
        || "Remove it; `cctelegram reference config` lists all settings.".to_owned(),
        |known| format!("Did you mean {known}?"),
    )
}
