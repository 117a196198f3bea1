//! Comments that say nothing: banners, ticket numbers, pictures.

use super::Finding;
use super::Rule;
use super::source::Source;
use super::source::numbered;

const REMEDY: &str = "write the reason as a sentence, or nothing";

pub(super) fn check(source: &Source) -> Vec<Finding> {
    numbered(&source.layers.comments)
        .filter_map(|(line, comment)| {
            let what = fault(comment.trim())?;
            Some(source.finding(Rule::Comment, line, what.to_owned(), REMEDY))
        })
        .collect()
}

fn fault(comment: &str) -> Option<&'static str> {
    if is_banner(comment) {
        Some("a banner")
    } else if names_a_ticket(comment) {
        Some("a ticket number")
    } else if comment.chars().any(is_picture) {
        Some("a picture character")
    } else {
        None
    }
}

/// Documentation is left out: a table in it is drawn with the same characters.
fn is_banner(comment: &str) -> bool {
    let Some(body) = comment.strip_prefix("//").map(str::trim_start) else {
        return false;
    };
    ["----", "====", "####", "****", "~~~~"]
        .iter()
        .any(|rule| body.starts_with(rule))
}

fn names_a_ticket(comment: &str) -> bool {
    comment.split([' ', '(', ',']).any(|word| {
        let number = word
            .strip_prefix('#')
            .map(|rest| rest.trim_end_matches([')', '.', ',', ':']));
        number.is_some_and(|digits| {
            !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_digit())
        })
    })
}

fn is_picture(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27BF}' | '\u{1F300}'..='\u{1FAFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_found_and_sentences_are_not() {
        let cases = [
            ("// ---- Helpers ----", Some("a banner")),
            ("//=====", Some("a banner")),
            ("/// |----|", None),
            ("// See #12.", Some("a ticket number")),
            ("// Works (#7).", Some("a ticket number")),
            ("// The colour #fff is white, C# a language.", None),
            ("// Done \u{1F680}", Some("a picture character")),
            ("// \u{2705} Done", Some("a picture character")),
            ("// An arrow → is a letter to us.", None),
            ("let a = \"\u{2705} Approved\";", None),
        ];
        for (text, expected) in cases {
            let source = Source::new("crates/core/src/a.rs".to_owned(), text.to_owned());
            let found: Vec<String> = check(&source)
                .into_iter()
                .map(|finding| finding.what)
                .collect();
            assert_eq!(
                found,
                expected.map(str::to_owned).into_iter().collect::<Vec<_>>(),
                "{text}"
            );
        }
    }
}
