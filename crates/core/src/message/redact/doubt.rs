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
    let path = found.starts_with(':') && !has_digit(found);
    not_a_label(found)
        && !member
        && !path
        && !matches!(found, "*const" | "*mut")
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

/// Letters and digits mixed as no word or path is, or more digits than a count or a time has.
pub(super) fn looks_random(found: &str) -> bool {
    let digits = found.bytes().filter(u8::is_ascii_digit).count();
    let letters = found.bytes().filter(u8::is_ascii_alphabetic).count();
    let mixed = digits >= 2 || found.len() >= 20 && has_all_classes(found);
    let number = digits == found.len() && digits >= 15;
    number || mixed && letters >= 2 && !found.contains("::") && !found.contains("//")
}

/// Random beyond doubt: letters and digits change all the time, as in no name, number, date or path. A UUID names a thing.
pub(super) fn is_mixed(found: &str) -> bool {
    let digits = found.bytes().filter(u8::is_ascii_digit).count();
    let pairs = found.bytes().zip(found.bytes().skip(1));
    let changes = pairs.filter(|pair| class(pair.0) != class(pair.1)).count();
    let groups = found.split(|c: char| !c.is_ascii_digit());
    let groups = groups.filter(|digits| !digits.is_empty()).count();
    found.len() >= 15
        && digits >= 3
        && groups >= 3
        && changes.saturating_mul(5) >= found.len()
        && looks_random(found)
        && entropy(found) >= LEAST_ENTROPY
        && !is_uuid(found)
}

/// What stands under the name of a service: one digit among letters of both cases is enough, and a UUID is a key there.
pub(super) fn is_key(found: &str) -> bool {
    let pairs = found.bytes().zip(found.bytes().skip(1));
    let changes = pairs.filter(|pair| class(pair.0) != class(pair.1)).count();
    let path = found.contains("://") || found.starts_with(['/', '.', '~']);
    let mixed = found.len() >= 14 && has_digit(found) && changes.saturating_mul(5) >= found.len();
    !path && (is_uuid(found) || mixed && entropy(found) >= LEAST_ENTROPY)
}

#[derive(PartialEq, Eq)]
enum Class {
    Digit,
    Upper,
    Other,
}

const fn class(byte: u8) -> Class {
    match byte {
        b'0'..=b'9' => Class::Digit,
        b'A'..=b'Z' => Class::Upper,
        _ => Class::Other,
    }
}

/// Bits in each character, by how often the characters occur (Shannon).
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count = count.saturating_add(1);
        }
    }
    let length: u32 = counts.iter().sum();
    let share = |count: &u32| f64::from(*count) / f64::from(length);
    let used = counts.iter().filter(|count| **count > 0).map(share);
    used.map(|share| -share * share.log2()).sum()
}

/// Random hexadecimal digits of 15 characters have about that much.
const LEAST_ENTROPY: f64 = 2.8;

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    let hex = |b: u8| b.is_ascii_hexdigit() || b == b'-';
    text.bytes().all(hex) && lengths.eq([8, 4, 4, 4, 12])
}
