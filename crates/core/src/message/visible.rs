//! Makes characters visible that deceive the eye: what reorders, hides, imitates or piles up is shown as `<U+202E>`.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation as _;

/// How many combining marks one character may carry. Real scripts need fewer; more of them cover other lines.
const MARKS: usize = 8;

/// The text with nothing hidden in it. A line ends with `\n`; tabs stay.
#[must_use]
pub fn visible(text: &str) -> String {
    if text
        .bytes()
        .all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t'))
    {
        return text.to_owned();
    }
    let text = unix_lines(text);
    let mut out = String::with_capacity(text.len());
    let mut marks = 0;
    let mut at = 0;
    for run in text.split_inclusive(|c: char| !in_word(c)) {
        let mixed = mixes_scripts(run);
        for c in run.chars() {
            let after = text.get(at..).unwrap_or_default().chars();
            at = at.saturating_add(c.len_utf8());
            let before = text.get(..at).unwrap_or_default().chars();
            marks = if is_mark(c) { marks + 1 } else { 0 };
            if marks > MARKS || (is_hidden(c) || is_blank(c)) && !belongs_to_emoji(before, after) {
                show(c, &mut out);
            } else {
                out.push(c);
                if mixed && is_foreign(c) && !is_shown(c, text.get(at..).unwrap_or_default()) {
                    show(c, &mut out);
                }
            }
        }
    }
    out
}

/// A name that somebody chose, to stand between quotation marks: in one line, cut to `longest` characters, without
/// what is hidden, changes the direction, or looks like a quotation mark.
#[must_use]
pub fn quotable(name: &str, longest: usize) -> String {
    let spaced = name.chars().map(|c| if is_blank(c) { ' ' } else { c });
    let plain: String = spaced
        .filter(|c| c.is_whitespace() || !is_hidden(*c))
        .filter(|c| !is_quote(*c))
        .collect();
    let line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(longest).collect()
}

fn is_quote(c: char) -> bool {
    matches!(
        c,
        '"' | '\'' | '`' | '\u{AB}' | '\u{B4}' | '\u{BB}' | '\u{2B9}'..='\u{2BF}' | '\u{2C8}' | '\u{2CA}'..='\u{2CB}'
            | '\u{2DD}' | '\u{2EE}' | '\u{5F3}'..='\u{5F4}' | '\u{2018}'..='\u{201F}' | '\u{2032}'..='\u{2037}'
            | '\u{2039}'..='\u{203A}' | '\u{2057}' | '\u{275B}'..='\u{2760}' | '\u{276E}'..='\u{276F}'
            | '\u{300C}'..='\u{300F}' | '\u{301D}'..='\u{301F}' | '\u{3003}' | '\u{FF02}' | '\u{FF07}' | '\u{FF40}'
    )
}

/// Is this a character that a reader does not see, or that moves or changes others?
pub(super) fn is_hidden(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        // Control characters.
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}'
        // Soft hyphen, joiners and fillers.
        | '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{3164}' | '\u{FFA0}'
        // Zero-width characters, marks and overrides of direction, line and paragraph separators.
        | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        // Variation selectors, byte order mark, annotations, replacement of an object.
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFC}'
        // Other format controls: Arabic, Kaithi, Egyptian, shorthand, musical.
        | '\u{600}'..='\u{605}' | '\u{6DD}' | '\u{70F}' | '\u{890}'..='\u{891}' | '\u{8E2}'
        | '\u{110BD}' | '\u{110CD}' | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}'
        // Private use, non-characters, planes without characters, tags.
        | '\u{E000}'..='\u{F8FF}' | '\u{FDD0}'..='\u{FDEF}' | '\u{40000}'..='\u{10FFFF}' => true,
        _ => u32::from(c) & 0xFFFE == 0xFFFE,
    }
}

/// A blank that is no space: a shell takes it for a part of a word.
fn is_blank(c: char) -> bool {
    matches!(
        c,
        '\u{A0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{2800}' | '\u{3000}'
    )
}

fn show(c: char, out: &mut String) {
    // Writing into a String cannot fail.
    write!(out, "<U+{:04X}>", u32::from(c)).unwrap_or_default();
}

/// Is this character followed by its own number already? Then it was shown before.
fn is_shown(c: char, after: &str) -> bool {
    let mut shown = String::new();
    show(c, &mut shown);
    after.starts_with(&shown)
}

/// `\r\n` ends a line as `\n` does; a lone `\r` would overwrite one.
fn unix_lines(text: &str) -> Cow<'_, str> {
    if text.contains("\r\n") {
        text.replace("\r\n", "\n").into()
    } else {
        text.into()
    }
}

/// Does the joiner or selector that ends `before` and begins `after` only shape an emoji?
fn belongs_to_emoji(
    before: impl DoubleEndedIterator<Item = char>,
    after: impl Iterator<Item = char>,
) -> bool {
    let mut before = before.rev();
    let mut after = after;
    let (c, left, right) = (after.next(), before.nth(1), after.next());
    let is = |c: Option<char>, test: fn(char) -> bool| c.is_some_and(test);
    match c {
        Some('\u{200D}') => {
            let joins =
                is(left, is_emoji) || left == Some('\u{FE0F}') && is(before.next(), is_emoji);
            joins && is(right, is_emoji)
        }
        Some('\u{FE0F}') => {
            let keycap = |c: char| matches!(c, '0'..='9' | '#' | '*');
            is(left, is_emoji) || is(left, keycap) && right == Some('\u{20E3}')
        }
        _ => false,
    }
}

fn is_emoji(c: char) -> bool {
    matches!(c,
        '©' | '®' | '\u{203C}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2190}'..='\u{21FF}'
        | '\u{2300}'..='\u{23FF}' | '\u{24C2}' | '\u{25A0}'..='\u{27BF}' | '\u{2934}'..='\u{2935}'
        | '\u{2B00}'..='\u{2BFF}' | '\u{3030}' | '\u{303D}' | '\u{3297}' | '\u{3299}'
        | '\u{1F000}'..='\u{1FAFF}')
}

/// Does it combine with what stands before it? The segmentation tables know: it makes one cluster with a letter.
fn is_mark(c: char) -> bool {
    if c < '\u{300}' {
        return false;
    }
    let mut pair = [b'a'; 5];
    let length = c.encode_utf8(pair.split_at_mut(1).1).len();
    let pair = pair
        .get(..=length)
        .and_then(|bytes| std::str::from_utf8(bytes).ok());
    pair.is_some_and(|pair| pair.graphemes(true).count() == 1)
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || is_mark(c) || is_hidden(c)
}

/// Does a word use Latin letters together with such that look like them?
fn mixes_scripts(word: &str) -> bool {
    word.chars().any(is_latin) && word.chars().any(is_foreign)
}

fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic()
        || matches!(c, 'À'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}') && c.is_alphabetic()
}

/// Cyrillic and Greek, but for the letters of units and formulas that no Latin letter looks like: `μs`, `Δt`, `kΩ`.
fn is_foreign(c: char) -> bool {
    let letter = matches!(c, '\u{370}'..='\u{52F}' | '\u{1C80}'..='\u{1C8F}' | '\u{1F00}'..='\u{1FFF}'
        | '\u{2DE0}'..='\u{2DFF}' | '\u{A640}'..='\u{A69F}');
    letter
        && c.is_alphabetic()
        && !matches!(c, 'Δ' | 'Σ' | 'Ω' | 'Π' | 'λ' | 'μ' | 'π' | 'σ' | 'θ' | 'φ')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn security_a_quoted_name_cannot_end_its_quotation() {
        for (name, quoted) in [
            ("Team", "Team"),
            ("a” (asked by Ada (1001))? “b", "a (asked by Ada (1001))? b"),
            ("a\u{202e}b\u{200b}c\u{7}", "abc"),
            ("a\n\n b\u{2028}c\u{a0}d", "a b c d"),
            ("«\u{201d}\u{ff02}''\u{301e}x", "x"),
            ("Ünïcode 名", "Ünïcode 名"),
            (
                "abcdefghijklmnopqrstuvwxyz 0123456789",
                "abcdefghijklmnopqrstuvwxyz 012",
            ),
        ] {
            assert_eq!(quotable(name, 30), quoted, "{name:?}");
        }
    }

    #[test]
    fn security_what_deceives_is_shown() {
        let cases = [
            ("a\u{202e}b", "a<U+202E>b"),
            (
                "\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}",
                "<U+2066><U+2069><U+200E><U+200F><U+061C>",
            ),
            (
                "a\u{200b}b\u{200c}c\u{200d}d",
                "a<U+200B>b<U+200C>c<U+200D>d",
            ),
            ("\u{feff}a\u{ad}b\u{fe0f}", "<U+FEFF>a<U+00AD>b<U+FE0F>"),
            ("a\0b\u{7f}\u{85}", "a<U+0000>b<U+007F><U+0085>"),
            ("\u{1b}[31mred", "<U+001B>[31mred"),
            ("safe\rrm", "safe<U+000D>rm"),
            ("a\u{2028}b\u{2029}", "a<U+2028>b<U+2029>"),
            ("a\u{e0041}\u{e007f}", "a<U+E0041><U+E007F>"),
            (
                "\u{e000}\u{f0000}\u{10ffff}\u{fffe}",
                "<U+E000><U+F0000><U+10FFFF><U+FFFE>",
            ),
            (
                "rm\u{a0}-rf\u{2009}\u{202f}\u{3000}\u{2800}x",
                "rm<U+00A0>-rf<U+2009><U+202F><U+3000><U+2800>x",
            ),
            ("\u{3164}\u{115f}\u{2060}", "<U+3164><U+115F><U+2060>"),
        ];
        for (text, shown) in cases {
            assert_eq!(visible(text), shown, "{text:?}");
        }
    }

    #[test]
    fn honest_text_stays() {
        let cases = [
            "",
            "plain text\n\twith lines",
            "Müller, naïve, Łódź",
            "Привет, мир",
            "Καλημέρα κόσμε",
            "日本語 한국어 ไทย हिन्दी",
            "שלום مرحبا",
            "5 μs, Δt, kΩ",
            "1 – “two” … → ✓",
            "café\u{301}",
            "👩\u{200d}💻 ❤\u{fe0f} 👍🏽 🇩🇪 1\u{fe0f}\u{20e3} 🏳\u{fe0f}\u{200d}🌈 🤷🏽\u{200d}♂\u{fe0f}",
            "👨\u{200d}👩\u{200d}👧\u{200d}👦",
            "API-запрос",
        ];
        for text in cases {
            assert_eq!(visible(text), text);
        }
        assert_eq!(visible("one\r\ntwo\r\n"), "one\ntwo\n");
    }

    #[test]
    fn security_letters_that_imitate_latin_ones_are_marked() {
        let cases = [
            ("p\u{430}ypal.com", "p\u{430}<U+0430>ypal.com"),
            ("g\u{3bf}\u{3bf}gle", "g\u{3bf}<U+03BF>\u{3bf}<U+03BF>gle"),
            ("\u{441}url x", "\u{441}<U+0441>url x"),
            ("\u{430}_b", "\u{430}<U+0430>_b"),
            ("a\u{200b}\u{430}", "a<U+200B>\u{430}<U+0430>"),
            ("a\u{301}\u{430}", "a\u{301}\u{430}<U+0430>"),
        ];
        for (text, shown) in cases {
            assert_eq!(visible(text), shown, "{text:?}");
        }
    }

    #[test]
    fn security_marks_do_not_pile_up() {
        let storm = format!("a{}b", "\u{301}".repeat(10));
        assert_eq!(
            visible(&storm),
            format!("a{}<U+0301><U+0301>b", "\u{301}".repeat(8))
        );
        let alone = "\u{200b}".to_owned() + &"\u{301}".repeat(9);
        assert_eq!(visible(&alone).matches("<U+0301>").count(), 1);
    }

    #[test]
    fn security_a_joiner_hides_only_inside_an_emoji() {
        let cases = [
            ("👩\u{200d}", "👩<U+200D>"),
            ("👩\u{200d}\u{200d}💻", "👩<U+200D><U+200D>💻"),
            ("a\u{200d}💻", "a<U+200D>💻"),
            ("1\u{fe0f}2", "1<U+FE0F>2"),
            ("❤\u{fe0f}\u{fe0f}", "❤\u{fe0f}<U+FE0F>"),
        ];
        for (text, shown) in cases {
            assert_eq!(visible(text), shown, "{text:?}");
        }
    }

    fn hostile() -> impl Strategy<Value = String> {
        let c = prop_oneof![
            any::<char>(),
            prop::sample::select(vec![
                'a', '\u{430}', '\u{3bf}', '_', '<', '>', '1', ' ', '\n', '\r', '👩', '❤'
            ]),
            prop::sample::select(vec![
                '\u{200d}',
                '\u{fe0f}',
                '\u{20e3}',
                '\u{202e}',
                '\u{301}',
                '\u{e0041}'
            ]),
        ];
        prop::collection::vec(c, 0..60).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn what_was_shown_stays_as_it_is(text in hostile()) {
            let shown = visible(&text);
            prop_assert_eq!(visible(&shown), shown);
        }

        #[test]
        fn security_nothing_hidden_is_left(text in hostile()) {
            let shape = |c: char| matches!(c, '\u{200d}' | '\u{fe0f}');
            prop_assert!(visible(&text).chars().all(|c| shape(c) || !is_hidden(c)));
        }
    }
}
