//! What the older server's tools do to the bridge as a process: the program that serves agents knows how.

use std::time::Duration;

/// Starts, ends and tidies up the bridge of this machine. Every call may block for some seconds.
pub trait Upkeep: Send + Sync {
    /// Starts a bridge that outlives this process, and waits until it listens.
    ///
    /// # Errors
    /// What went wrong, and what to do.
    fn start(&self) -> Result<(), String>;

    /// Could a bridge begin with the configuration as it is now?
    ///
    /// # Errors
    /// What is wrong with it.
    fn check(&self) -> Result<(), String>;

    /// Tells the bridge with this process number to finish what it has in hand and end.
    ///
    /// # Errors
    /// It is somebody else's, or gone.
    fn stop(&self, pid: u32) -> Result<(), String>;

    /// Is this process gone? A bridge holds its home until then.
    fn has_ended(&self, pid: u32) -> bool;

    /// Removes answer files that are older; says how many. The bridge keeps the answers themselves.
    ///
    /// # Errors
    /// They cannot be read or removed.
    fn clear_answers(&self, older_than: Duration) -> Result<u64, String>;
}
