//! Which files may travel with events.

use super::raw::Raw;
use super::settings;

/// The section `[attachments]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileLimits {
    pub(crate) max_file_mb: u64,
    pub(crate) max_files: usize,
    pub(crate) max_total_mb: u64,
    /// Let programs through too.
    pub(crate) programs: bool,
}

impl FileLimits {
    /// In bytes.
    pub(crate) const fn max_file(&self) -> u64 {
        self.max_file_mb.saturating_mul(MB)
    }

    /// In bytes.
    pub(crate) const fn max_total(&self) -> u64 {
        self.max_total_mb.saturating_mul(MB)
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
        max_total_mb: raw.whole(&settings::MAX_TOTAL),
        programs: raw.flag(&settings::PROGRAMS),
    }
}

const MB: u64 = 1024 * 1024;
