//! Programs that run other programs: what they run is taken out where it is written, and a doubt where it is not.

use std::collections::BTreeSet;

use super::Doubt;
use super::Invocation;
use super::Script;
use super::Word;
use super::git;
use super::programs;
use super::programs::FIND_RUNS;
use super::programs::LAUNCHERS;
use super::programs::RUN_THEIR_INPUT;
use super::programs::ShellInput;
use super::programs::WRAPPERS;
use super::sed;

/// Adds what the invocations of a script run by themselves.
pub(super) fn look(script: &mut Script, depth: usize, left: &mut usize) {
    // What a wrapper may start is among its own rests already, so a rest is not unwrapped again.
    let mut rests = BTreeSet::new();
    let mut next = 0;
    while let Some(mut invocation) = script.invocations.get(next).cloned() {
        let is_rest = rests.contains(&next);
        if let Some(git) = git::look(&invocation) {
            if git.runs_others {
                doubt(script, &invocation);
            }
            invocation.writes.extend(git.writes);
            if let Some(place) = script.invocations.get_mut(next) {
                place.writes.clone_from(&invocation.writes);
            }
        }
        next += 1;
        let mut inner = InnerRuns {
            script,
            depth,
            left,
        };
        if !is_rest {
            let first = inner.script.invocations.len();
            inner.unwrap(&invocation);
            rests.extend(first..inner.script.invocations.len());
        }
        inner.by_itself(&invocation);
    }
}

/// What is found within one invocation goes to the script that it is in.
struct InnerRuns<'a> {
    script: &'a mut Script,
    depth: usize,
    left: &'a mut usize,
}

impl InnerRuns<'_> {
    /// The program that is named in the arguments of this one.
    fn unwrap(&mut self, invocation: &Invocation) {
        let name = invocation.base_name();
        let runs_input = RUN_THEIR_INPUT.contains(&name);
        if WRAPPERS.contains(&name) || runs_input {
            // Which of its words is the program is not followed here, so each has to be known.
            let mut words = invocation.words.iter();
            let unknown = words.find(|word| word.literal().is_none());
            let unknown = unknown.map(|word| Doubt::UnknownName(word.text().to_owned()));
            self.script.doubts.extend(unknown);
            self.script.invocations.extend(rests(invocation));
            self.possible_in_words(invocation);
        } else if LAUNCHERS.contains(&name) {
            for rest in rests(invocation) {
                self.possible_in_shell(&rest);
                self.script.possible.push(rest);
            }
            self.possible_in_words(invocation);
        } else if let Some(command) = name.strip_prefix("git-").filter(|name| !name.is_empty()) {
            // The commands of git are programs, too.
            let mut words = vec![
                Word::Literal("git".to_owned()),
                Word::Literal(command.to_owned()),
            ];
            words.extend(invocation.words.iter().skip(1).cloned());
            self.script.invocations.push(Invocation {
                words,
                ..invocation.clone()
            });
        }
    }

    /// What the invocation does to others, whoever started it.
    fn by_itself(&mut self, invocation: &Invocation) {
        let name = invocation.base_name();
        if let Some(input) = programs::shell_input(invocation) {
            let (text, is_known) = match input {
                ShellInput::Script(text) => (text, true),
                ShellInput::ScriptWithWords(text) => (text, false),
                ShellInput::File => return,
                ShellInput::Unknown => {
                    doubt(self.script, invocation);
                    return;
                }
            };
            let inside = self.read(&text);
            let script = &mut *self.script;
            script.invocations.extend(inside.invocations);
            script.possible.extend(inside.possible);
            script.doubts.extend(inside.doubts);
            script.values.extend(inside.values);
            script.redirected.extend(inside.redirected);
            if !is_known {
                let words = invocation.words.iter().map(|word| word.text().to_owned());
                script.values.extend(words);
                doubt(script, invocation);
            }
        } else if RUN_THEIR_INPUT.contains(&name)
            || programs::has_program(invocation)
            || programs::runs_by_option(invocation)
            || programs::runs_a_subscript(invocation)
            || sed::is_more_than_plain(invocation)
        {
            doubt(self.script, invocation);
            self.possible_in_words(invocation);
        } else if name == "find" {
            find(invocation, self.script);
        } else if programs::changes_the_shell(invocation) {
            let name = name.to_owned();
            self.script.doubts.push(Doubt::ChangesTheShell(name));
        }
    }

    /// Words that are commands by themselves: `env -S 'rm x'`, `watch 'rm x'`, `eval rm x`.
    fn possible_in_words(&mut self, invocation: &Invocation) {
        let words = invocation.words.iter().skip(1).filter_map(Word::literal);
        let is_command = |word: &&str| word.contains([' ', '\t', '\n', ';', '|', '&', '<', '$']);
        let mut texts: Vec<String> = words.filter(is_command).map(str::to_owned).collect();
        if invocation.base_name() == "eval" {
            let words = invocation.words.iter().skip(1).map(Word::text);
            texts.push(words.collect::<Vec<_>>().join(" "));
        }
        for text in texts {
            // Behind a dash and a letter, as in `-S'rm x'`.
            let attached = text.strip_prefix('-').and_then(|text| text.get(1..));
            let inside = self.read(attached.unwrap_or(&text));
            self.script.possible.extend(inside.invocations);
            self.script.possible.extend(inside.possible);
            self.script.values.extend(inside.values);
        }
    }

    fn possible_in_shell(&mut self, rest: &Invocation) {
        match programs::shell_input(rest) {
            Some(ShellInput::Script(text) | ShellInput::ScriptWithWords(text)) => {
                let inside = self.read(&text);
                self.script.possible.extend(inside.invocations);
                self.script.possible.extend(inside.possible);
                self.script.doubts.extend(inside.doubts);
            }
            Some(ShellInput::File) => {}
            Some(ShellInput::Unknown) => doubt(self.script, rest),
            None => {
                if programs::has_program(rest) {
                    doubt(self.script, rest);
                }
            }
        }
    }

    fn read(&mut self, text: &str) -> Script {
        if *self.left == 0 {
            self.script.doubts.push(Doubt::TooLong);
        }
        Script::read_at(text, self.depth.saturating_add(1), self.left)
    }
}

fn doubt(script: &mut Script, invocation: &Invocation) {
    let name = invocation.base_name().to_owned();
    script.doubts.push(Doubt::RunsItsInput(name));
}

/// What a wrapper may start: every rest of its words counts, so that no option of the wrapper can hide the program.
/// Words without a program in them do no harm: they are only ever compared with rules.
fn rests(invocation: &Invocation) -> Vec<Invocation> {
    let rest = |start| Invocation {
        words: invocation.words.iter().skip(start).cloned().collect(),
        writes: Vec::new(),
        assigns: invocation.assigns,
    };
    let most = invocation.words.len().min(64);
    (1..most)
        .map(rest)
        .filter(|inner| !inner.name().is_empty() && !inner.name().starts_with('-'))
        .collect()
}

fn find(invocation: &Invocation, script: &mut Script) {
    let words = invocation.words.iter().enumerate();
    let runs = words.filter(|(_, word)| FIND_RUNS.contains(&word.text()));
    let inner = runs.map(|(at, _)| Invocation {
        words: invocation
            .words
            .iter()
            .skip(at.saturating_add(1))
            .cloned()
            .collect(),
        ..Invocation::default()
    });
    let inner: Vec<Invocation> = inner.filter(|inner| !inner.words.is_empty()).collect();
    if !inner.is_empty() {
        script.invocations.extend(inner);
        doubt(script, invocation);
    }
}
