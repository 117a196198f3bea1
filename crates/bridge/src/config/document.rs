//! The file `config.toml`.

use std::path::Path;

use toml::Table;
use toml::Value as Toml;

use super::lockdown;
use super::mistake::Place;
use super::mistake::without_tokens;
use super::nearest::nearest;
use super::raw;
use super::raw::Raw;
use super::raw::Value;
use super::setting::Setting;
use super::setting::Shape;

/// The tables of which there may be any number.
#[derive(Default)]
pub(super) struct Lists {
    pub(super) users: Vec<Table>,
    pub(super) routes: Vec<Table>,
}

/// Reads `config.toml` into `raw`, and returns its lists.
pub(super) fn read(path: &Path, text: &str, settings: &[&'static Setting], raw: &mut Raw) -> Lists {
    let place = Place::file(path);
    lockdown::scan(text, &place, raw);
    for (number, line) in (1_u32..).zip(text.lines()) {
        if without_tokens(line) != line {
            let what = "this looks like a bot token, and config.toml is not the place for secrets";
            raw.mistake(
                &place,
                &format!("line {number}"),
                what,
                "Move it to .env as TELEGRAM_BOT_TOKEN=…",
            );
        }
    }
    let mut lists = Lists::default();
    match text.parse::<Table>() {
        Ok(table) => Walk {
            place,
            settings,
            raw,
            lists: &mut lists,
        }
        .table("", table),
        Err(error) => {
            let start = error
                .span()
                .and_then(|span| text.get(..span.start))
                .unwrap_or_default();
            let line = format!("line {}", start.matches('\n').count().saturating_add(1));
            raw.mistake(
                &place,
                &line,
                error.message(),
                "Correct the line; the rest is read after that.",
            );
        }
    }
    lists
}

struct Walk<'a> {
    place: Place,
    settings: &'a [&'static Setting],
    raw: &'a mut Raw,
    lists: &'a mut Lists,
}

impl Walk<'_> {
    fn table(&mut self, prefix: &str, table: Table) {
        for (key, value) in table {
            let path = if prefix.is_empty() {
                key.clone()
            } else {
                format!("{prefix}.{key}")
            };
            let setting = self
                .settings
                .iter()
                .find(|setting| setting.key == Some(path.as_str()));
            match (setting, value) {
                (Some(setting), value) => self.value(setting, &path, value),
                (None, value) if lockdown::is_name(&key) => self.lockdown(&path, &value),
                (None, Toml::Array(list)) if path == "users" || path == "route" => {
                    self.list(&path, list);
                }
                (None, Toml::Table(inner)) if self.leads_somewhere(&path) => {
                    self.table(&path, inner);
                }
                (None, _) => self.unknown(&path, &key),
            }
        }
    }

    fn value(&mut self, setting: &'static Setting, path: &str, value: Toml) {
        match (setting.shape, &value) {
            (Shape::Text | Shape::Secret | Shape::Parts, Toml::String(text)) => {
                self.raw.offer(setting, path, text, &self.place);
            }
            (Shape::Flag, Toml::Boolean(flag)) => {
                self.raw.keep(setting, Value::Flag(*flag), &self.place);
            }
            (Shape::Whole { .. } | Shape::Number { .. }, Toml::Integer(number)) => {
                self.raw
                    .offer(setting, path, &number.to_string(), &self.place);
            }
            (Shape::Number { .. }, Toml::Float(number)) => {
                self.raw
                    .offer(setting, path, &number.to_string(), &self.place);
            }
            (Shape::Parts, Toml::Array(list)) => {
                let parts: Vec<&str> = list
                    .iter()
                    .map(|part| part.as_str().unwrap_or("?"))
                    .collect();
                self.raw
                    .offer(setting, path, &parts.join(", "), &self.place);
            }
            (Shape::Addresses, Toml::Array(list)) => {
                let entries: Vec<&str> = list
                    .iter()
                    .map(|entry| entry.as_str().unwrap_or("?"))
                    .collect();
                self.raw
                    .offer(setting, path, &format!("{entries:?}"), &self.place);
            }
            (shape, _) => {
                let wanted = raw::wanted(shape);
                let what = format!("a value of type {} is not {wanted}", value.type_str());
                self.raw
                    .mistake(&self.place, path, what, &format!("Write {wanted}."));
            }
        }
    }

    /// `true` was refused by the scan of the raw text.
    fn lockdown(&mut self, path: &str, value: &Toml) {
        if value.as_bool().is_none() {
            self.raw.mistake(
                &self.place,
                path,
                "this is neither true nor false",
                "Write false, or remove it.",
            );
        }
    }

    fn list(&mut self, path: &str, list: Vec<Toml>) {
        for item in list {
            let Toml::Table(table) = item else {
                let remedy = format!("Write each one as a table that begins with [[{path}]].");
                self.raw
                    .mistake(&self.place, path, "an entry is not a table", &remedy);
                continue;
            };
            let list = if path == "users" {
                &mut self.lists.users
            } else {
                &mut self.lists.routes
            };
            list.push(table);
        }
    }

    fn leads_somewhere(&self, path: &str) -> bool {
        let inside = |key: &str| {
            key.strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('.'))
        };
        self.settings
            .iter()
            .filter_map(|setting| setting.key)
            .any(inside)
    }

    fn unknown(&mut self, path: &str, key: &str) {
        let variable = self
            .settings
            .iter()
            .any(|setting| setting.variables.contains(&key));
        let keys = self.settings.iter().filter_map(|setting| setting.key);
        let remedy = if variable {
            "It is set in .env or in the environment, not here.".to_owned()
        } else if let Some(known) = nearest(path, keys.chain(["users", "route"])) {
            format!("Did you mean {known}?")
        } else {
            "Remove it; `cctelegram reference config` lists all settings.".to_owned()
        };
        self.raw.mistake(
            &self.place,
            path,
            "there is no setting of this name",
            &remedy,
        );
    }
}
