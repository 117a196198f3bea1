//! What would change, line by line.

use similar::TextDiff;

use super::settings_file::Edit;

/// As `diff -u` shows it.
pub(super) fn of(edit: &Edit) -> String {
    let path = edit.file.path.display().to_string();
    let before = edit.file.text.as_deref();
    let (old, new) = (before.unwrap_or_default(), edit.after.as_deref());
    let name = |there: bool| if there { path.as_str() } else { "/dev/null" };
    let diff = TextDiff::from_lines(old, new.unwrap_or_default());
    let mut shown = diff.unified_diff();
    shown
        .context_radius(2)
        .missing_newline_hint(false)
        .header(name(before.is_some()), name(new.is_some()));
    shown.to_string()
}
