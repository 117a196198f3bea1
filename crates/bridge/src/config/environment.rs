//! The process environment, read once and handed on as a value.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;

use super::settings;

/// The variables that a command was started with.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    values: BTreeMap<String, String>,
    /// Variables whose value is not UTF-8.
    unreadable: BTreeSet<String>,
}

impl Environment {
    /// The variables of this process. This is the one place that reads them.
    #[must_use]
    pub(crate) fn of_process() -> Self {
        let mut environment = Self::default();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else {
                continue;
            };
            match value.into_string() {
                Ok(value) => environment.set(&name, &value),
                Err(_) => drop(environment.unreadable.insert(name)),
            }
        }
        environment
    }

    /// Sets a variable for this command, as an option on the command line does.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.values.insert(name.to_owned(), value.to_owned());
    }

    #[must_use]
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Every variable and its value.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.values.iter();
        pairs.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What a bridge reads of it, and what every program needs.
    pub(crate) fn for_bridge(&self) -> impl Iterator<Item = (&str, &str)> {
        const EVERYBODYS: [&str; 8] = [
            "HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER",
        ];
        let is_setting = |name: &str| {
            let mut settings = settings::ALL.iter();
            settings.any(|setting| setting.variables.contains(&name))
        };
        self.all().filter(move |(name, _)| {
            EVERYBODYS.contains(name) || name.starts_with("XDG_") || is_setting(name)
        })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    pub(super) fn is_unreadable(&self, name: &str) -> bool {
        self.unreadable.contains(name)
    }
}

impl fmt::Debug for Environment {
    /// The names only: a value may be the bot's token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(pairs: [(&str, &str); N]) -> Self {
        let mut environment = Self::default();
        for (name, value) in pairs {
            environment.set(name, value);
        }
        environment
    }
}
