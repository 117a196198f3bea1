//! The patterns of rules: for names and paths, and for commands.

use std::collections::BTreeSet;

use globset::Glob;
use globset::GlobBuilder;
use globset::GlobMatcher;

use crate::shell::Guess;
use crate::shell::Invocation;
use crate::shell::Word;

/// Text with wildcards: `*` any characters but `/`, `**` any at all, `?` one, `[ab]` one of these, `{a,b}` either.
#[derive(Clone, Debug)]
pub(super) struct TextPattern(GlobMatcher);

impl TextPattern {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let glob = GlobBuilder::new(text)
            .literal_separator(true)
            .backslash_escape(true)
            .build();
        glob.map(|glob| Self(glob.compile_matcher()))
            .map_err(|error| error.kind().to_string())
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// Words of a command line. As a deny it matches whatever contains them; as an allow only what is exactly like it.
#[derive(Clone, Debug)]
pub(super) struct CommandPattern {
    program: Piece,
    arguments: Vec<Piece>,
    /// It ends in ` *`: any further arguments.
    open: bool,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Wild(GlobMatcher),
}

impl CommandPattern {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut words: Vec<&str> = text.split_whitespace().collect();
        let open = words.len() > 1 && words.last() == Some(&"*");
        if open {
            words.pop();
        }
        let mut pieces = words.into_iter().map(Piece::read);
        let program = pieces.next().ok_or("it is empty")??;
        Ok(Self {
            program,
            arguments: pieces.collect::<Result<_, _>>()?,
            open,
        })
    }

    /// Without wildcards.
    pub(super) fn of_words(program: &str, arguments: &[&str]) -> Self {
        let piece = |word: &str| Piece::Text(word.to_owned());
        Self {
            program: piece(program),
            arguments: arguments.iter().map(|word| piece(word)).collect(),
            open: true,
        }
    }

    /// Is the command what the pattern says, word for word? A trailing `*` stands for any arguments, none included.
    pub(super) fn is_exactly(&self, invocation: &Invocation) -> bool {
        let mut words = invocation.words.iter();
        let fits = |piece: &Piece, word: Option<&Word>| {
            word.and_then(Word::literal)
                .is_some_and(|text| piece.matches(text))
        };
        fits(&self.program, words.next())
            && self.arguments.iter().all(|piece| fits(piece, words.next()))
            && (self.open || words.next().is_none())
    }

    /// Does the command run this program, wherever it lies, with all these arguments, in whatever order? Words that are
    /// only known when it runs count for what they may become; `values` is what variables are given.
    pub(super) fn is_within(&self, invocation: &Invocation, values: &[String]) -> bool {
        let mut words = invocation.words.iter();
        let Some(name) = words.next() else {
            return false;
        };
        let known = |name: &str| {
            let base = name.rsplit('/').next().unwrap_or(name);
            self.program.matches(base) || self.program.matches(name)
        };
        let name = Argument::of(name, values);
        let is_it = name.texts.iter().any(|text| known(text))
            || name
                .guess
                .as_ref()
                .is_some_and(|guess| self.program.may_be(guess));
        // A name that becomes several words brings arguments with it.
        let own = name.guess.is_some().then_some(name);
        let arguments: Vec<Argument> = own
            .into_iter()
            .chain(words.map(|word| Argument::of(word, values)))
            .collect();
        is_it
            && self
                .arguments
                .iter()
                .all(|piece| piece.is_among(&arguments))
    }

    /// Do all words stand somewhere in a text that could not be taken apart?
    pub(super) fn is_in_text(&self, text: &str) -> bool {
        let between = |c: char| !(c.is_alphanumeric() || "-_./=+:@~".contains(c));
        let bare: String = text.chars().filter(|c| !"'\"\\".contains(*c)).collect();
        let whole = bare.split(between).filter(|word| !word.is_empty());
        // `x=-f` and `${x:--f}` contain `-f`.
        let words: Vec<&str> = whole
            .flat_map(|word| {
                let signs = word.match_indices(['=', ':']);
                let behind = signs.filter_map(|(at, _)| word.get(at.saturating_add(1)..));
                let behind: Vec<&str> = behind.collect();
                let bare = behind
                    .iter()
                    .filter_map(|word| word.strip_prefix('-'))
                    .collect::<Vec<_>>();
                [word].into_iter().chain(behind).chain(bare)
            })
            .filter(|word| !word.is_empty())
            .collect();
        let program = words.iter().any(|word| {
            self.program
                .matches(word.rsplit('/').next().unwrap_or(word))
        });
        let arguments: Vec<Argument> = words.into_iter().map(Argument::known).collect();
        program
            && self
                .arguments
                .iter()
                .all(|piece| piece.is_among(&arguments))
    }
}

/// A word of a command line as a deny looks at it.
struct Argument {
    /// What it is, or may become.
    texts: Vec<String>,
    guess: Option<Guess>,
}

impl Argument {
    fn known(text: &str) -> Self {
        Self {
            texts: vec![text.to_owned()],
            guess: None,
        }
    }

    fn of(word: &Word, values: &[String]) -> Self {
        let mut argument = Self::known(word.text());
        if let Some(guess) = Guess::of(word) {
            argument.texts.extend(guess.words.iter().cloned());
            if guess.takes_variables {
                argument.texts.extend(values.iter().cloned());
            }
            argument.guess = Some(guess);
        }
        argument
    }

    fn is_or_becomes(&self, is_it: impl Fn(&str) -> bool, whole: &str) -> bool {
        let becomes = |guess: &Guess| guess.may_be(whole);
        self.texts.iter().any(|text| is_it(text)) || self.guess.as_ref().is_some_and(becomes)
    }
}

impl Piece {
    fn read(word: &str) -> Result<Self, String> {
        if !word.contains(['*', '?', '[', '{']) {
            return Ok(Self::Text(word.to_owned()));
        }
        let glob = Glob::new(word).map_err(|error| error.kind().to_string())?;
        Ok(Self::Wild(glob.compile_matcher()))
    }

    fn matches(&self, word: &str) -> bool {
        match self {
            Self::Text(text) => text == word,
            Self::Wild(glob) => glob.is_match(word),
        }
    }

    /// May a word that is not known for sure become this?
    fn may_be(&self, guess: &Guess) -> bool {
        match self {
            Self::Text(text) => guess.may_be(text),
            Self::Wild(_) => false,
        }
    }

    /// Is this argument there, in any of the ways in which programs take it?
    fn is_among(&self, arguments: &[Argument]) -> bool {
        let Self::Text(text) = self else {
            let mut texts = arguments.iter().flat_map(|argument| &argument.texts);
            return texts.any(|text| self.matches(text));
        };
        let is_whole = |argument: &Argument| argument.is_or_becomes(|given| given == text, text);
        if arguments.iter().any(is_whole) {
            return true;
        }
        if let Some(name) = text.strip_prefix("--").filter(|name| !name.is_empty()) {
            let is_long = |given: &str| is_long_option(given, name);
            return arguments
                .iter()
                .any(|argument| argument.is_or_becomes(is_long, text));
        }
        let letters = text
            .strip_prefix('-')
            .filter(|letters| are_letters(letters));
        letters.is_some_and(|letters| {
            letters.chars().all(|letter| {
                let is_cluster = |given: &str| {
                    given.starts_with('-') && !given.starts_with("--") && given.contains(letter)
                };
                arguments.iter().any(|argument| {
                    let open = argument.guess.as_ref().is_some_and(Guess::is_any_option);
                    open || argument.texts.iter().any(|given| is_cluster(given))
                })
            })
        })
    }
}

/// Letters may stand together or apart, in any order: `-rf`, `-f -r`. A longer option is a word, like `-delete`, and so is
/// one in which a letter comes twice.
fn are_letters(option: &str) -> bool {
    let letters: BTreeSet<char> = option.chars().collect();
    !letters.is_empty() && letters.len() <= 5 && letters.len() == option.chars().count()
}

/// `--force`, `--force=x`, and what programs accept as its abbreviation: `--forc`.
fn is_long_option(argument: &str, name: &str) -> bool {
    let Some(given) = argument.strip_prefix("--") else {
        return false;
    };
    let given = given.split('=').next().unwrap_or(given);
    !given.is_empty() && name.starts_with(given)
}
