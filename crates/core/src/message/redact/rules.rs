//! The rules: which words make one worth trying, what it looks for, and the second look at what it finds.

mod clouds;
mod forms;
mod names;
mod tools;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

/// One kind of secret.
pub(super) struct Rule {
    /// What the mask calls it.
    pub(super) name: &'static str,
    /// Without one of these, in upper or lower case, nothing can be found.
    words: &'static [&'static str],
    source: &'static str,
    /// Compiled when one of the words is seen for the first time: all of them together take seconds.
    compiled: OnceLock<Option<Regex>>,
    /// Whether what was found is a secret indeed, where the pattern alone cannot say.
    pub(super) confirms: fn(&str) -> bool,
}

/// A name, the words without which there is nothing to find, a pattern and a second look. The group `s` is what is masked,
/// where there is one; else it is the whole find.
type Pattern = (
    &'static str,
    &'static [&'static str],
    &'static str,
    fn(&str) -> bool,
);

/// First what is found by its own form, then what is found by the words before it. Where the second look can say no,
/// the length has a limit ([`LONGEST`]): the search goes on inside of what was refused, and that must not take long.
/// They are made of constants, so this is no state.
pub(super) static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let patterns = forms::PATTERNS
        .iter()
        .chain(clouds::PATTERNS)
        .chain(tools::PATTERNS)
        .chain(names::PATTERNS);
    let rules = patterns.map(|(name, words, source, confirms)| Rule {
        name,
        words,
        source,
        compiled: OnceLock::new(),
        confirms: *confirms,
    });
    rules.collect()
});

impl Rule {
    pub(super) fn pattern(&self) -> Option<&Regex> {
        let compile = || Regex::new(self.source).ok();
        self.compiled.get_or_init(compile).as_ref()
    }
}

/// What stands before a form that could be a part of a longer word.
macro_rules! apart {
    ($form:literal) => {
        concat!(r"(?:^|[^A-Za-z0-9])(?P<s>", $form, ")")
    };
}
use apart;

/// The words of all rules, searched for in one go.
struct Words {
    automaton: AhoCorasick,
    /// For each word the rules that wait for it.
    rules: Vec<Vec<usize>>,
}

static WORDS: LazyLock<Option<Words>> = LazyLock::new(|| {
    let mut rules: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, rule) in RULES.iter().enumerate() {
        for word in rule.words {
            rules.entry(word).or_default().push(index);
        }
    }
    let automaton = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(rules.keys())
        .ok()?;
    let rules = rules.into_values().collect();
    Some(Words { automaton, rules })
});

/// The rules that may find something in the text: those with a word in it.
pub(super) fn worth_trying(text: &str) -> Vec<&'static Rule> {
    let Some(words) = WORDS.as_ref() else {
        return RULES.iter().collect();
    };
    let mut wanted = vec![false; RULES.len()];
    for found in words.automaton.find_overlapping_iter(text) {
        let rules = words.rules.get(found.pattern().as_usize());
        for rule in rules.into_iter().flatten() {
            if let Some(wanted) = wanted.get_mut(*rule) {
                *wanted = true;
            }
        }
    }
    let pairs = RULES.iter().zip(wanted);
    pairs
        .filter_map(|(rule, wanted)| wanted.then_some(rule))
        .collect()
}

/// What a mask calls a private key.
pub(super) const KEY: &str = "private key";

/// The limit in the patterns. A find of this length is masked on to the end of its word.
pub(super) const LONGEST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_every_pattern_compiles_and_has_words_that_make_it_tried() {
        assert_eq!(
            RULES.len(),
            forms::PATTERNS.len()
                + clouds::PATTERNS.len()
                + tools::PATTERNS.len()
                + names::PATTERNS.len()
        );
        for rule in RULES.iter() {
            assert!(rule.pattern().is_some(), "{}", rule.source);
            assert!(!rule.words.is_empty(), "{}", rule.source);
            for word in rule.words {
                let tried = worth_trying(word);
                assert!(tried.iter().any(|one| std::ptr::eq(*one, rule)), "{word}");
            }
        }
    }
}
