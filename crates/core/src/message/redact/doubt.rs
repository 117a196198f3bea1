//! The second look at a find: is it a secret indeed?

pub(super) fn always(_: &str) -> bool {
    true
}

/// A hash or UUID after a number and a colon is no bot token.
pub(super) fn not_a_hash(found: &str) -> bool {
    let tail = found.split_once(':').map_or(found, |(_, tail)| tail);
    let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-');
    !(matches!(tail.len(), 32 | 36 | 40 | 64 | 128) && has_digit(tail) && tail.bytes().all(hex))
}

pub(super) fn has_digit(found: &str) -> bool {
    found.bytes().any(|b| b.is_ascii_digit())
}

pub(super) fn has_all_classes(found: &str) -> bool {
    let any = |test: fn(&u8) -> bool| found.as_bytes().iter().any(test);
    any(u8::is_ascii_digit) && any(u8::is_ascii_lowercase) && any(u8::is_ascii_uppercase)
}

/// Neither a variable that stands for the value, nor a mask.
pub(super) fn not_a_variable(found: &str) -> bool {
    !found.starts_with(['$', '<', '{', '[', '%'])
        && !found.bytes().all(|b| matches!(b, b'*' | b'.'))
}

/// `"password": "Enter your password"` names a field.
pub(super) fn not_a_label(found: &str) -> bool {
    not_a_variable(found) && !found.to_ascii_lowercase().contains("pass")
}

/// A quotation, as opposed to what stands between two of them: that may be a command, and a mask must not hide one.
pub(super) fn runs_nothing(found: &str) -> bool {
    let blank = |c: char| c.is_whitespace();
    not_a_label(found)
        && !found.starts_with(blank)
        && !found.ends_with(blank)
        && !found.contains(['&', ';', '|', '`', '<', '>'])
        && !found.contains("$(")
}

/// A value, as opposed to a variable, a type, a path or a call.
pub(super) fn not_code(found: &str) -> bool {
    let member = found.contains('.') && !has_digit(found);
    not_a_label(found)
        && !member
        && !found.starts_with(['(', '&', '|', '=', '/', '~'])
        && !found.contains(['(', '<'])
        && !found.contains("::")
}

/// As [`not_code`], and more than a word of prose or the name of a type.
pub(super) fn not_a_word(found: &str) -> bool {
    let core = found.trim_end_matches(['!', '?', '.', ')', ']', '}']);
    not_code(found)
        && (has_digit(core) || core.contains(['!', '@', '#', '%', '^', '*', '~', '+', '$']))
}

/// Letters and digits mixed as no word, number or path is.
pub(super) fn looks_random(found: &str) -> bool {
    let digits = found.bytes().filter(u8::is_ascii_digit).count();
    let letters = found.bytes().filter(u8::is_ascii_alphabetic).count();
    let mixed = digits >= 2 || found.len() >= 20 && has_all_classes(found);
    mixed && letters >= 2 && !found.contains("::") && !found.contains("//")
}
