//! What is known of single programs: which run others, and by which of their words.

use super::Invocation;
use super::Word;

/// Programs that start the program named in their arguments, with nothing of their own that matters here.
pub(super) const WRAPPERS: &[&str] = &[
    "-",
    "arch",
    "builtin",
    "busybox",
    "caffeinate",
    "catchsegv",
    "chroot",
    "chronic",
    "chrt",
    "command",
    "coproc",
    "cpulimit",
    "dbus-run-session",
    "doas",
    "dumb-init",
    "eatmydata",
    "env",
    "exec",
    "faketime",
    "fakeroot",
    "firejail",
    "flock",
    "gosu",
    "ionice",
    "linux32",
    "linux64",
    "ltrace",
    "nice",
    "nocorrect",
    "noglob",
    "nohup",
    "numactl",
    "perf",
    "pkexec",
    "prlimit",
    "proxychains",
    "proxychains4",
    "repeat",
    "rlwrap",
    "runcon",
    "setarch",
    "setpriv",
    "setsid",
    "start-stop-daemon",
    "stdbuf",
    "strace",
    "sudo",
    "taskset",
    "time",
    "timeout",
    "tini",
    "torsocks",
    "toybox",
    "unbuffer",
    "unshare",
    "valgrind",
    "xvfb-run",
];
/// Programs that make commands of what they read or are told, in ways that are not followed here.
pub(super) const RUN_THEIR_INPUT: &[&str] = &[
    ".",
    "at",
    "awk",
    "batch",
    "bwrap",
    "crontab",
    "ed",
    "emacs",
    "entr",
    "eval",
    "ex",
    "expect",
    "fc",
    "gawk",
    "gdb",
    "hyperfine",
    "lldb",
    "mawk",
    "mosh",
    "nawk",
    "nsenter",
    "nvim",
    "parallel",
    "rsh",
    "runuser",
    "screen",
    "script",
    "sg",
    "source",
    "ssh",
    "su",
    "systemd-run",
    "tmux",
    "vi",
    "view",
    "vim",
    "vimdiff",
    "watch",
    "xargs",
];
/// Programs whose own commands are many, one of which starts a program: what follows is only compared with denies.
pub(super) const LAUNCHERS: &[&str] = &[
    "bundle",
    "bunx",
    "direnv",
    "docker",
    "kubectl",
    "machinectl",
    "mise",
    "nerdctl",
    "nix",
    "nix-shell",
    "npm",
    "npx",
    "pipenv",
    "pipx",
    "pnpm",
    "pnpx",
    "podman",
    "poetry",
    "uv",
    "uvx",
    "yarn",
];
/// Interpreters, and what gives them a program in their arguments.
const INTERPRETERS: &[(&str, &[&str])] = &[
    ("bun", &["-e", "--eval", "-p", "--print"]),
    ("deno", &["eval", "repl"]),
    ("elixir", &["-e", "--eval", "--rpc-eval"]),
    ("elvish", &["-c"]),
    ("erl", &["-eval", "-run", "-s"]),
    ("ghc", &["-e"]),
    ("groovy", &["-e"]),
    ("guile", &["-c", "-e", "-l"]),
    ("ipython", &["-c"]),
    ("julia", &["-e", "--eval", "-E", "--print", "-L", "--load"]),
    ("lua", &["-e"]),
    ("luajit", &["-e"]),
    ("node", NODE),
    ("nodejs", NODE),
    ("nu", &["-c", "--commands", "-e", "--execute"]),
    ("osascript", &["-e"]),
    ("perl", &["-e", "-E"]),
    ("php", &["-r", "-B", "-R", "-E"]),
    ("pwsh", &["-c", "-C", "-e", "-E"]),
    ("pypy", &["-c"]),
    ("python", &["-c"]),
    ("R", &["-e"]),
    ("Rscript", &["-e"]),
    ("ruby", &["-e"]),
    ("scala", &["-e"]),
    ("swift", &["-e"]),
    ("tclsh", &[]),
    ("ts-node", NODE),
    ("tsx", NODE),
    ("xonsh", &["-c"]),
];
const NODE: &[&str] = &[
    "-e",
    "--eval",
    "-p",
    "--print",
    "-r",
    "--require",
    "--import",
    "--loader",
    "--experimental-loader",
];
/// Options with which an interpreter only says something, or finds its programs itself.
const NEEDS_NO_FILE: &[&str] = &["--help", "--test", "--version", "-V", "-h", "-m", "-v"];
/// Options of interpreters that take the next word for themselves.
const TAKES_NEXT: &[&str] = &["-W", "-X", "-I", "-C", "-d", "--conditions"];
/// Options with which a program runs another one.
const RUNS_BY_OPTION: &[(&str, &[&str])] = &[
    ("env", &["-S", "--split-string"]),
    (
        "fd",
        &["-x", "-X", "--exec", "--exec-batch", "--list-details"],
    ),
    ("fdfind", &["-x", "-X", "--exec", "--exec-batch"]),
    ("flock", &["-c", "--command"]),
    ("gcc", &["-wrapper"]),
    ("man", &["-P", "--pager", "-H", "--html", "--browser"]),
    ("rg", &["--pre", "--hostname-bin"]),
    ("rsync", &["-e", "--rsh", "--rsync-path"]),
    ("scp", &["-S", "-o", "-F"]),
    ("sftp", &["-S", "-o", "-F", "-D"]),
    ("sort", &["--compress-program"]),
    ("split", &["--filter"]),
    ("sudo", &["-s", "-i", "--shell", "--login"]),
    ("doas", &["-s"]),
    (
        "tar",
        &[
            "-I",
            "-F",
            "--checkpoint-action",
            "--info-script",
            "--new-volume-script",
            "--rsh-command",
            "--to-command",
            "--use-compress-program",
        ],
    ),
    ("zip", &["-TT", "--unzip-command"]),
];
const SHELLS: &[&str] = &[
    "ash", "bash", "csh", "dash", "fish", "ksh", "mksh", "oksh", "osh", "rbash", "sh", "tcsh",
    "yash", "zsh",
];
/// Commands of the shell that change what later ones mean: variables, functions, options.
const CHANGE_THE_SHELL: &[&str] = &[
    "alias",
    "autoload",
    "bind",
    "declare",
    "emulate",
    "enable",
    "export",
    "functions",
    "getopts",
    "hash",
    "let",
    "local",
    "mapfile",
    "read",
    "readarray",
    "readonly",
    "set",
    "setopt",
    "shopt",
    "trap",
    "typeset",
    "unalias",
    "unset",
    "unsetopt",
    "zmodload",
];
/// Commands of the shell that look into the subscripts of the variables that they are told: `test -v 'a[$(x)]'`.
const LOOK_INTO_SUBSCRIPTS: &[&str] = &["[", "test", "wait"];
/// Options of `find` that run programs.
pub(super) const FIND_RUNS: &[&str] = &["-exec", "-execdir", "-ok", "-okdir"];

/// What a shell is told to run.
pub(super) enum ShellInput {
    /// `sh -c` with a script that is written there.
    Script(String),
    /// The same, and words that the script may use.
    ScriptWithWords(String),
    /// A file: a program like any other.
    File,
    /// Known only when it runs, or read from somewhere else.
    Unknown,
}

/// Reads the arguments of a shell as shells do: options first, and `-c` says what the first word behind them is.
pub(super) fn shell_input(invocation: &Invocation) -> Option<ShellInput> {
    if !SHELLS.contains(&invocation.base_name()) {
        return None;
    }
    let mut words = invocation.words.iter().skip(1);
    let (mut is_script, mut reads_input, mut options_ended) = (false, false, false);
    while let Some(word) = words.next() {
        let Some(text) = word.literal() else {
            return Some(ShellInput::Unknown);
        };
        if options_ended || !text.starts_with(['-', '+']) {
            let text = text.to_owned();
            return Some(match (is_script, words.next().is_some()) {
                (true, false) => ShellInput::Script(text),
                (true, true) => ShellInput::ScriptWithWords(text),
                (false, _) if reads_input || is_stream(&text) => ShellInput::Unknown,
                (false, _) => ShellInput::File,
            });
        }
        if text == "--" || text == "-" {
            options_ended = true;
        } else if text.starts_with("--") {
            // These name a file that is run first, or a script of their own.
            if ["--rcfile", "--init", "--command"]
                .iter()
                .any(|option| text.starts_with(option))
            {
                return Some(ShellInput::Unknown);
            }
        } else {
            is_script |= text.starts_with('-') && text.contains('c');
            reads_input |= text.contains('s');
            if text.contains('C') {
                return Some(ShellInput::Unknown);
            }
            // `-o pipefail`, `-O extglob`.
            for _ in text.matches(['o', 'O']) {
                words.next();
            }
        }
    }
    Some(ShellInput::Unknown)
}

/// A file that is no file of its own, but what somebody else writes.
fn is_stream(file: &str) -> bool {
    file.starts_with("/dev/") || file.starts_with("/proc/")
}

/// Is an interpreter given a program in its arguments, or does it read one?
pub(super) fn has_program(invocation: &Invocation) -> bool {
    let name = invocation.base_name();
    let versioned = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let known = INTERPRETERS
        .iter()
        .find(|(interpreter, _)| *interpreter == name || *interpreter == versioned);
    let Some((_, options)) = known else {
        return false;
    };
    let mut file = None;
    let mut words = invocation.words.iter().skip(1);
    while let Some(word) = words.next() {
        let Some(text) = word.literal() else {
            return true;
        };
        if text == "-" || options.iter().any(|option| gives(text, option)) {
            return true;
        }
        if file.is_none() && NEEDS_NO_FILE.contains(&text) {
            file = Some("");
        } else if TAKES_NEXT.contains(&text) {
            words.next();
        } else if file.is_none() && !text.starts_with('-') {
            file = Some(text);
        }
    }
    file.is_none_or(is_stream)
}

/// Does one of its options make the program run another one?
pub(super) fn runs_by_option(invocation: &Invocation) -> bool {
    let known = RUNS_BY_OPTION
        .iter()
        .find(|(program, _)| *program == invocation.base_name());
    let words = || invocation.words.iter().skip(1).map(Word::text);
    known.is_some_and(|(_, options)| {
        words().any(|word| options.iter().any(|option| gives(word, option)))
    })
}

pub(super) fn changes_the_shell(invocation: &Invocation) -> bool {
    let name = invocation.base_name();
    let mut words = invocation.words.iter().skip(1);
    CHANGE_THE_SHELL.contains(&name)
        || (name == "printf" && words.any(|word| word.text().starts_with("-v")))
}

/// A substitution in a subscript is carried out even where it is quoted (bash, "Arrays").
pub(super) fn runs_a_subscript(invocation: &Invocation) -> bool {
    let hides = |text: &str| text.contains('[') && (text.contains("$(") || text.contains('`'));
    LOOK_INTO_SUBSCRIPTS.contains(&invocation.base_name())
        && invocation.words.iter().any(|word| hides(word.text()))
}

/// Is `option` what this word gives? Short options may stand together, as in `perl -lne`, and long ones be cut short.
fn gives(word: &str, option: &str) -> bool {
    let Some(name) = option.strip_prefix("--") else {
        let letter = option.strip_prefix('-').filter(|rest| rest.len() == 1);
        return match letter {
            Some(letter) => {
                word.starts_with('-') && !word.starts_with("--") && word.contains(letter)
            }
            None => word == option,
        };
    };
    let given = word.strip_prefix("--").unwrap_or_default();
    let given = given.split('=').next().unwrap_or_default();
    given.len() > 1 && name.starts_with(given)
}
