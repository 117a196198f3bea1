//! Which files may travel with events.

use super::raw::Raw;
use super::settings;

/// The section `[attachments]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileLimits {
    pub(crate) max_file_mb: u64,
    pub(crate) max_files: usize,
    /// Let programs through too.
    pub(crate) programs: bool,
}

impl FileLimits {
    /// In bytes.
    pub(crate) const fn max_file(&self) -> u64 {
        self.max_file_mb.saturating_mul(1024 * 1024)
    }
}

impl Default for FileLimits {
    /// As long as nothing is set.
    fn default() -> Self {
        files(&Raw::default())
    }
}

pub(super) fn files(raw: &Raw) -> FileLimits {
    FileLimits {
        max_file_mb: raw.whole(&settings::MAX_FILE),
        max_files: usize::try_from(raw.whole(&settings::MAX_FILES)).unwrap_or(usize::MAX),
        programs: raw.flag(&settings::PROGRAMS),
    }
}
