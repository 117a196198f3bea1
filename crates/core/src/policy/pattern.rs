//! The patterns of rules: for names and paths, and for commands.

use globset::Glob;
use globset::GlobBuilder;
use globset::GlobMatcher;

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

    /// Does the command run this program, wherever it lies, with all these arguments, in whatever order?
    pub(super) fn is_within(&self, invocation: &Invocation) -> bool {
        let program =
            self.program.matches(invocation.base_name()) || self.program.matches(invocation.name());
        let arguments: Vec<&str> = invocation.words.iter().skip(1).map(Word::text).collect();
        program
            && self
                .arguments
                .iter()
                .all(|piece| piece.is_among(&arguments))
    }

    /// Do all words stand somewhere in a text that could not be taken apart?
    pub(super) fn is_in_text(&self, text: &str) -> bool {
        let between = |c: char| !(c.is_alphanumeric() || "-_./=+:@~".contains(c));
        let bare: String = text.chars().filter(|c| !"'\"\\".contains(*c)).collect();
        let words: Vec<&str> = bare
            .split(between)
            .filter(|word| !word.is_empty())
            .collect();
        let program = words.iter().any(|word| {
            self.program
                .matches(word.rsplit('/').next().unwrap_or(word))
        });
        program && self.arguments.iter().all(|piece| piece.is_among(&words))
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

    /// Is this argument there, in any of the ways in which programs take it?
    fn is_among(&self, arguments: &[&str]) -> bool {
        let Self::Text(text) = self else {
            return arguments.iter().any(|argument| self.matches(argument));
        };
        if let Some(name) = text.strip_prefix("--").filter(|name| !name.is_empty()) {
            return arguments
                .iter()
                .any(|argument| is_long_option(argument, name));
        }
        match text.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            // Letters may stand together or apart, in any order: `-rf`, `-f -r`.
            Some(letters) => letters.chars().all(|letter| {
                let cluster =
                    |argument: &&&str| argument.starts_with('-') && !argument.starts_with("--");
                arguments
                    .iter()
                    .filter(cluster)
                    .any(|argument| argument.contains(letter))
            }),
            None => arguments.contains(&text.as_str()),
        }
    }
}

/// `--force`, `--force=x`, and what programs accept as its abbreviation: `--forc`.
fn is_long_option(argument: &str, name: &str) -> bool {
    let Some(given) = argument.strip_prefix("--") else {
        return false;
    };
    let given = given.split('=').next().unwrap_or(given);
    !given.is_empty() && name.starts_with(given)
}
