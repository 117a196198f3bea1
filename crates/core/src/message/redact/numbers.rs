//! Numbers of payment cards and bank accounts: their check digits tell them from other numbers.

use std::ops::Range;

/// What a mask calls them.
pub(super) const CARD: &str = "card number";
pub(super) const IBAN: &str = "iban";

/// Card numbers (ISO/IEC 7812: 13 to 19 digits, Luhn) and account numbers (ISO 13616: the length of the country, mod 97).
pub(super) fn find(text: &str, found: &mut Vec<(Range<usize>, &'static str)>) {
    let bytes = text.as_bytes();
    if bytes.iter().filter(|byte| byte.is_ascii_digit()).count() < FEWEST_DIGITS {
        return;
    }
    let mut at = 0;
    while at < bytes.len() {
        let starts = at == 0
            || bytes
                .get(at.saturating_sub(1))
                .is_some_and(|b| !continues(*b));
        let end = match bytes.get(at) {
            Some(b'2'..=b'6') if starts => card(bytes, at).map(|end| (end, CARD)),
            Some(b'A'..=b'Z') if starts => iban(bytes, at).map(|end| (end, IBAN)),
            _ => None,
        };
        if let Some((end, name)) = end {
            found.push((at..end, name));
            at = end;
        } else {
            at = at.saturating_add(1);
        }
    }
}

/// A number does not begin behind this: it would be a part of a word, of a fraction, or of a longer number.
const fn continues(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+')
}

/// Where the card number ends that begins here. Between its groups stands nothing, or one blank or hyphen, always the same.
fn card(bytes: &[u8], start: usize) -> Option<usize> {
    let mut digits = Vec::with_capacity(LONGEST_CARD);
    let (mut at, mut gap) = (start, None);
    let mut groups = 1_usize;
    while let Some(byte) = bytes.get(at) {
        let next = bytes.get(at.saturating_add(1));
        match byte {
            b'0'..=b'9' => digits.push(*byte),
            b' ' | b'-'
                if gap.is_none_or(|gap| gap == *byte) && next.is_some_and(u8::is_ascii_digit) =>
            {
                // Cards are printed in groups of four, or of four, six and five.
                if digits.len() < 4 {
                    return None;
                }
                gap = Some(*byte);
                groups = groups.saturating_add(1);
            }
            _ => break,
        }
        if digits.len() > LONGEST_CARD {
            return None;
        }
        at = at.saturating_add(1);
    }
    let ends = bytes.get(at).is_none_or(|byte| !in_number(*byte)) && groups <= 5;
    (ends && is_issued(&digits) && luhn(&digits)).then_some(at)
}

const fn in_number(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// The ranges of the large issuers, each with its lengths.
fn is_issued(digits: &[u8]) -> bool {
    let first = |count: usize| {
        let digits = digits.iter().take(count);
        digits.fold(0_u32, |sum, digit| {
            sum * 10 + u32::from(digit.saturating_sub(b'0'))
        })
    };
    match digits.len() {
        13 => first(1) == 4,
        14 => matches!(first(3), 300..=305) || matches!(first(2), 36 | 38 | 39),
        15 => matches!(first(2), 34 | 37),
        16 => {
            first(1) == 4
                || matches!(first(2), 51..=55 | 65 | 62)
                || matches!(first(4), 2221..=2720 | 3528..=3589 | 6011)
                || matches!(first(3), 644..=649)
        }
        19 => first(1) == 4 || matches!(first(2), 62 | 65),
        _ => false,
    }
}

/// The check of ISO/IEC 7812-1, annex B.
fn luhn(digits: &[u8]) -> bool {
    let values = digits.iter().rev().enumerate().map(|(place, digit)| {
        let digit = u32::from(digit.saturating_sub(b'0'));
        match (place % 2, digit) {
            (0, digit) => digit,
            (_, digit @ 0..=4) => digit * 2,
            (_, digit) => digit * 2 - 9,
        }
    });
    let varied = digits.iter().any(|digit| Some(digit) != digits.first());
    varied && values.sum::<u32>() % 10 == 0
}

/// Where the account number ends that begins here, written in one or in groups of four.
fn iban(bytes: &[u8], start: usize) -> Option<usize> {
    let country = bytes.get(start..start.saturating_add(2))?;
    let checks = bytes.get(start.saturating_add(2)..start.saturating_add(4))?;
    let (_, length) = LENGTHS
        .iter()
        .find(|(code, _)| code.as_bytes() == country)?;
    if !checks.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut read = Vec::with_capacity(*length);
    let mut at = start;
    while read.len() < *length {
        match bytes.get(at)? {
            byte @ (b'0'..=b'9' | b'A'..=b'Z') => read.push(*byte),
            b' ' if read.len() % 4 == 0 && bytes.get(at.saturating_sub(1)) != Some(&b' ') => {}
            _ => return None,
        }
        at = at.saturating_add(1);
    }
    let ends = bytes
        .get(at)
        .is_none_or(|byte| !byte.is_ascii_alphanumeric());
    (ends && mod_97(&read) == 1).then_some(at)
}

/// The check of ISO/IEC 7064: the first four characters last, letters as 10 to 35.
fn mod_97(read: &[u8]) -> u32 {
    let turned = read.iter().skip(4).chain(read.iter().take(4));
    turned.fold(0, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte.saturating_sub(b'0'))) % 97,
        _ => (rest * 100 + u32::from(byte.saturating_sub(b'A')) + 10) % 97,
    })
}

/// A card has 13 digits at least, the shortest account number 15 characters, most of them digits.
const FEWEST_DIGITS: usize = 10;
const LONGEST_CARD: usize = 19;

/// How long the account numbers of a country are (the registry of ISO 13616).
const LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NL", 18),
    ("NO", 15),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let mut ranges = Vec::new();
        find(text, &mut ranges);
        ranges.into_iter().map(|(range, _)| &text[range]).collect()
    }

    /// Numbers that issuers publish for tests.
    #[test]
    fn security_numbers_with_right_check_digits_are_found() {
        for number in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "5555555555554444",
            "2223003122003222",
            "3782 822463 10005",
            "30569309025904",
            "6011111111111117",
            "3530111333300000",
            "6200000000000005",
            "DE89370400440532013000",
            "DE89 3704 0044 0532 0130 00",
            "GB82WEST12345698765432",
            "FR1420041010050500013M02606",
            "NO9386011117947",
        ] {
            for text in [
                number.to_owned(),
                format!("card {number}, please"),
                format!("\"{number}\""),
                format!("a={number};"),
            ] {
                assert_eq!(found(&text), [number], "{text}");
            }
        }
    }

    #[test]
    fn other_numbers_stay() {
        for text in [
            "4111111111111112",
            "DE88370400440532013000",
            "1763733727123456",
            "0.4111111111111111",
            "x4111111111111111",
            "4111111111111111a",
            "41111111 11111111 1",
            "4111-1111 1111-1111",
            "0000000000000000",
            "4444444444444444",
            "2026-11-21 14:02:07.123456789",
            "9007199254740993 4503599627370496",
            "550e8400-e29b-41d4-a716-446655440000",
            "4111111111111111_4111111111111111",
            "FR 12345678901234567890",
        ] {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }
}
