//! What a test's bridge is told.

use std::path::PathBuf;

/// The user that every test bridge knows, unless told otherwise.
pub const USER: i64 = 1_001;

/// The settings of a test's bridge. Start from `Setup::of(env!("CARGO_BIN_EXE_cctelegram"))`.
#[derive(Clone)]
pub struct Setup {
    pub(crate) binary: PathBuf,
    pub(crate) users: Vec<i64>,
    pub(crate) limits: bool,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) config: String,
    pub(crate) wrapper: Vec<String>,
}

impl Setup {
    /// One allowed user who has pressed Start, no sending limits on either side.
    #[must_use]
    pub fn of(binary: &str) -> Self {
        Self {
            binary: PathBuf::from(binary),
            users: vec![USER],
            limits: false,
            variables: Vec::new(),
            config: String::new(),
            wrapper: Vec::new(),
        }
    }

    /// The allowed users; each has pressed Start.
    #[must_use]
    pub fn users(mut self, users: &[i64]) -> Self {
        self.users = users.to_vec();
        self
    }

    /// Telegram's limits in the emulator, and ours against them.
    #[must_use]
    pub fn limits(mut self) -> Self {
        self.limits = true;
        self
    }

    /// An environment variable of the bridge.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Lines of `config.toml`, behind the `[telegram]` section that switches the limits off.
    #[must_use]
    pub fn config(mut self, lines: &str) -> Self {
        self.config.push_str(lines);
        self.config.push('\n');
        self
    }

    /// A program that runs the bridge, with its arguments: `strace -f -o file`.
    #[must_use]
    pub fn wrapped(mut self, command: &[&str]) -> Self {
        self.wrapper = command.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    pub(crate) fn config_file(&self) -> String {
        let off = "[telegram]\nper_chat_per_second = 0.0\nper_group_per_minute = 0\nglobal_per_second = 0.0\n";
        format!("{}{}", if self.limits { "" } else { off }, self.config)
    }
}
