//! What a server for agents needs besides the way to the bridge: to ask for permission as the hook does, and to see to the
//! bridge itself.

use std::path::PathBuf;
use std::sync::Arc;

use cctelegram_core::policy::Policy;

use crate::hook::KnownSecrets;
use crate::upkeep::Upkeep;

/// The rules, the secrets to be masked, and whose home it is. Rules and secrets are read each time they are needed.
pub struct AgentMeans {
    /// The text says what is wrong with the rules.
    pub policy: Box<dyn Fn() -> Result<Policy, String> + Send + Sync>,
    /// The folders and files that no agent may touch.
    pub off_limits: Vec<PathBuf>,
    pub secrets: Box<dyn Fn() -> KnownSecrets + Send + Sync>,
    /// The home of whoever the agent runs as.
    pub person: Option<PathBuf>,
    pub upkeep: Arc<dyn Upkeep>,
}
