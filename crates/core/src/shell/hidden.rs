//! Programs that run other programs: what they run is taken out where it is written, and a doubt where it is not.

use std::collections::BTreeSet;

use super::Doubt;
use super::Invocation;
use super::Script;
use super::Word;

/// Programs that start the program named in their arguments, with nothing of their own that matters here.
const WRAPPERS: &[&str] = &[
    "builtin", "chronic", "chrt", "command", "coproc", "doas", "env", "exec", "flock", "ionice",
    "nice", "nohup", "setsid", "stdbuf", "sudo", "taskset", "time", "timeout", "unbuffer", "watch",
];
/// Programs that make commands of what they read or are told, in ways that are not followed here.
const RUN_THEIR_INPUT: &[&str] = &[
    ".",
    "at",
    "awk",
    "batch",
    "crontab",
    "ed",
    "eval",
    "expect",
    "fc",
    "gawk",
    "mawk",
    "nawk",
    "nsenter",
    "parallel",
    "screen",
    "script",
    "source",
    "ssh",
    "su",
    "systemd-run",
    "tmux",
    "xargs",
];
/// Interpreters, and what gives them a program in their arguments.
const INTERPRETERS: &[(&str, &[&str])] = &[
    ("bun", &["-e", "--eval", "-p", "--print"]),
    ("deno", &["eval", "repl"]),
    ("lua", &["-e"]),
    (
        "node",
        &[
            "-e",
            "--eval",
            "-p",
            "--print",
            "-r",
            "--require",
            "--import",
        ],
    ),
    (
        "nodejs",
        &[
            "-e",
            "--eval",
            "-p",
            "--print",
            "-r",
            "--require",
            "--import",
        ],
    ),
    ("osascript", &["-e"]),
    ("perl", &["-e", "-E"]),
    ("php", &["-r", "-B", "-R", "-E"]),
    ("python", &["-c"]),
    ("python2", &["-c"]),
    ("python3", &["-c"]),
    ("ruby", &["-e"]),
];
const SHELLS: &[&str] = &["ash", "bash", "dash", "fish", "ksh", "sh", "zsh"];
/// Commands of the shell that change what later ones mean: variables, functions, options.
const CHANGE_THE_SHELL: &[&str] = &[
    "alias",
    "bind",
    "declare",
    "enable",
    "export",
    "getopts",
    "hash",
    "let",
    "local",
    "mapfile",
    "read",
    "readarray",
    "readonly",
    "set",
    "shopt",
    "trap",
    "typeset",
    "unalias",
    "unset",
];
/// Options of `find` that run programs.
const FIND_RUNS: &[&str] = &["-exec", "-execdir", "-ok", "-okdir"];

/// Adds what the invocations of a script run by themselves.
pub(super) fn look(script: &mut Script, depth: usize) {
    // What a wrapper may start is among its own rests already, so a rest is not unwrapped again.
    let mut rests = BTreeSet::new();
    let mut next = 0;
    while let Some(invocation) = script.invocations.get(next).cloned() {
        let is_rest = rests.contains(&next);
        next += 1;
        let name = invocation.base_name();
        if !is_rest && (WRAPPERS.contains(&name) || RUN_THEIR_INPUT.contains(&name)) {
            // Which of its words is the program is not followed here, so each has to be known.
            let unknown = invocation
                .words
                .iter()
                .find(|word| word.literal().is_none());
            let unknown = unknown.map(|word| Doubt::UnknownName(word.text().to_owned()));
            script.doubts.extend(unknown);
            let first = script.invocations.len();
            script.invocations.extend(wrapped(&invocation));
            rests.extend(first..script.invocations.len());
        }
        if let Some(input) = shell_input(&invocation) {
            match input {
                ShellInput::Script(text) => {
                    let inside = Script::read_at(&text, depth.saturating_add(1));
                    script.invocations.extend(inside.invocations);
                    script.doubts.extend(inside.doubts);
                }
                ShellInput::File => {}
                ShellInput::Unknown => doubt(script, &invocation),
            }
        } else if RUN_THEIR_INPUT.contains(&name) {
            doubt(script, &invocation);
        } else if name == "find" {
            find(&invocation, script);
        } else if has_program(&invocation) {
            doubt(script, &invocation);
        } else if CHANGE_THE_SHELL.contains(&name)
            || (name == "printf" && has_option(&invocation, "-v"))
        {
            let name = name.to_owned();
            script.doubts.push(Doubt::ChangesTheShell(name));
        }
    }
}

fn doubt(script: &mut Script, invocation: &Invocation) {
    let name = invocation.base_name().to_owned();
    script.doubts.push(Doubt::RunsItsInput(name));
}

/// What a wrapper may start: every rest of its words counts, so that no option of the wrapper can hide the program.
/// Words without a program in them do no harm: they are only ever compared with rules.
fn wrapped(invocation: &Invocation) -> Vec<Invocation> {
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

/// What a shell is told to run.
enum ShellInput {
    /// `sh -c` with a script that is written there.
    Script(String),
    /// A file: a program like any other.
    File,
    /// Known only when it runs, or read from somewhere else.
    Unknown,
}

fn shell_input(invocation: &Invocation) -> Option<ShellInput> {
    if !SHELLS.contains(&invocation.base_name()) {
        return None;
    }
    let mut words = invocation.words.iter().skip(1);
    while let Some(word) = words.next() {
        let Some(text) = word.literal() else {
            return Some(ShellInput::Unknown);
        };
        let is_option = text.starts_with('-') || text.starts_with('+');
        if is_option && !text.starts_with("--") && text.contains('c') {
            let script = words.next().and_then(Word::literal);
            return Some(script.map_or(ShellInput::Unknown, |script| {
                ShellInput::Script(script.to_owned())
            }));
        }
        if !is_option {
            return Some(ShellInput::File);
        }
    }
    Some(ShellInput::Unknown)
}

fn find(invocation: &Invocation, script: &mut Script) {
    let at = invocation
        .words
        .iter()
        .position(|word| FIND_RUNS.contains(&word.text()));
    if let Some(at) = at {
        let inner = Invocation {
            words: invocation
                .words
                .iter()
                .skip(at.saturating_add(1))
                .cloned()
                .collect(),
            ..Invocation::default()
        };
        script.invocations.push(inner);
        doubt(script, invocation);
    }
}

fn has_program(invocation: &Invocation) -> bool {
    let name = invocation.base_name();
    let versioned = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let known = INTERPRETERS
        .iter()
        .find(|(interpreter, _)| *interpreter == name || *interpreter == versioned);
    known.is_some_and(|(_, options)| {
        let bare = invocation.words.len() == 1;
        bare || invocation.words.iter().skip(1).any(|word| {
            word.literal().is_none()
                || word.text() == "-"
                || options.iter().any(|option| gives(word.text(), option))
        })
    })
}

/// Is `option` among these? Short options may stand together: `perl -lne`.
fn gives(word: &str, option: &str) -> bool {
    let letter = option.strip_prefix('-').filter(|rest| rest.len() == 1);
    match letter {
        Some(letter) => word.starts_with('-') && !word.starts_with("--") && word.contains(letter),
        None => {
            word == option
                || word
                    .strip_prefix(option)
                    .is_some_and(|rest| rest.starts_with('='))
        }
    }
}

fn has_option(invocation: &Invocation, option: &str) -> bool {
    invocation
        .words
        .iter()
        .skip(1)
        .any(|word| word.text().starts_with(option))
}
