//! The settings of coding agents, as far as they name this program: what is put in, and taken out again. Text in, text
//! out: everything else in them stays as it was written.

mod claude;
mod codex;
mod document;
mod hooks;
mod launch;
mod plugin;

pub use claude::claude_servers;
pub use claude::claude_settings;
pub use claude::plugin_switch;
pub use codex::codex_config;
pub use codex::codex_hooks;
pub use hooks::FormerHooks;
pub use launch::Launch;
pub use plugin::plugin_hooks;

/// What agents are to be told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Registration {
    pub launch: Launch,
    /// How many seconds somebody may take to decide.
    pub wait_s: u64,
    /// Refuse what nobody can be asked about.
    pub fail_closed: bool,
    /// Folders, ending in `/`, and files that no agent may touch; from `/` on.
    pub off_limits: Vec<String>,
    /// The same for what an earlier registration named: nothing is to be said of them any more.
    pub formerly_off_limits: Vec<String>,
}

/// Whether this program is to be named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Presence {
    Named,
    Gone,
}

/// Why settings are left alone.
#[derive(Debug, thiserror::Error)]
pub enum UnfitSettings {
    #[error("it is no JSON: {0}")]
    NotJson(#[source] serde_json::Error),
    #[error("it is no TOML: {}", .0.message())]
    NotToml(#[source] toml_edit::TomlError),
    #[error("`{name}` is no {wanted}")]
    Shape { name: String, wanted: &'static str },
    #[error("`{0}` is there twice")]
    Twice(String),
    #[error("another MCP server is called `cctelegram`")]
    OtherServer,
}

/// What the MCP server is called in the settings of agents.
const SERVER: &str = "cctelegram";

#[cfg(test)]
mod tests;
