//! What there is to say about one setting.

/// One thing that can be set.
pub(crate) struct Setting {
    /// Its names in the environment and in `.env`; the first one is the usual one.
    pub(crate) variables: &'static [&'static str],
    /// Its path in `config.toml`.
    pub(crate) key: Option<&'static str>,
    /// As one would write it; empty where there is none.
    pub(crate) default: &'static str,
    pub(crate) shape: Shape,
    pub(crate) meaning: &'static str,
    pub(crate) effect: Effect,
}

/// What a value looks like.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Shape {
    Text,
    /// Text of which nothing is ever shown.
    Secret,
    Flag,
    Whole {
        least: u64,
        most: u64,
    },
    Number {
        least: f64,
        most: f64,
    },
    /// Text, in which several parts are separated by commas; `config.toml` may have a list of them as well.
    Parts,
    /// A list of network addresses, with or without a prefix length.
    Addresses,
}

/// Does this version heed the setting?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Effect {
    Yes,
    /// The same, but it is read from the process environment alone.
    EnvironmentOnly,
    /// It is read and checked; this is what does not happen.
    NotYet(&'static str),
}

impl Setting {
    /// The name that a setting is called by.
    pub(crate) fn name(&self) -> &'static str {
        self.variables
            .first()
            .copied()
            .or(self.key)
            .unwrap_or_default()
    }

    pub(super) const fn variable(
        variables: &'static [&'static str],
        default: &'static str,
        shape: Shape,
        meaning: &'static str,
    ) -> Self {
        Self {
            variables,
            key: None,
            default,
            shape,
            meaning,
            effect: Effect::Yes,
        }
    }

    pub(super) const fn key(
        key: &'static str,
        default: &'static str,
        shape: Shape,
        meaning: &'static str,
    ) -> Self {
        Self {
            variables: &[],
            key: Some(key),
            default,
            shape,
            meaning,
            effect: Effect::Yes,
        }
    }

    pub(super) const fn also(self, key: &'static str) -> Self {
        Self {
            key: Some(key),
            ..self
        }
    }

    pub(super) const fn not_yet(self, what: &'static str) -> Self {
        Self {
            effect: Effect::NotYet(what),
            ..self
        }
    }

    pub(super) const fn environment_only(self) -> Self {
        Self {
            effect: Effect::EnvironmentOnly,
            ..self
        }
    }
}

pub(super) const fn whole(least: u64, most: u64) -> Shape {
    Shape::Whole { least, most }
}

pub(super) const fn number(least: f64, most: f64) -> Shape {
    Shape::Number { least, most }
}
