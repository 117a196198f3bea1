//! Keeps the memory of this process, which holds the token and keys, from the other processes of the same user.

use rustix::process::DumpableBehavior;
use rustix::process::set_dumpable_behavior;

use super::output;

/// No core dump, no debugger, and `/proc/<pid>/{mem,environ,…}` for root alone (prctl(2), `PR_SET_DUMPABLE`).
pub(super) fn deny() {
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        output::note(&format!(
            "cctelegram: its memory is not protected from other processes of this user: {error}"
        ));
    }
}
