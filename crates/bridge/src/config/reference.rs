//! The reference of all settings, and an example `config.toml`, made from the list of settings.
