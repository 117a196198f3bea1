//! Bash itself as the judge: whatever it starts, our reading of the same text has seen, or was in doubt.
#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails, and says why; the number of cases comes from the environment"
)]

use std::cell::Cell;
use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use cctelegram_core::shell::Invocation;
use cctelegram_core::shell::Script;
use cctelegram_core::shell::Word;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// Programs that note that they were started, and do nothing else.
const PROGRAMS: [&str; 6] = ["a", "b", "c", "git", "rm", "u"];

/// What commands are put together from: no paths, nothing that runs for ever.
const TOKENS: &[&str] = &[
    "a",
    "b",
    "c",
    "git",
    "rm",
    "u",
    " ",
    " ",
    " ",
    " ",
    "\n",
    ";",
    "&&",
    "||",
    "|",
    "|&",
    "&",
    "(",
    ")",
    "{ ",
    "; }",
    "\"",
    "'",
    "\\",
    "$(",
    "`",
    "$x",
    "${x:-",
    "}",
    "x=",
    "x=a",
    "A=b ",
    "<<E\n",
    "<<'E'\n",
    "<<-E\n",
    "\nE\n",
    "<<<",
    "> f",
    ">>f",
    "2>&1",
    "< f",
    "<(",
    "$'",
    "$\"",
    "if ",
    "; then ",
    "; fi",
    "for i in ",
    "; do ",
    "; done",
    "case a in ",
    "a) ",
    ";; esac",
    "! ",
    "time ",
    "eval ",
    "coproc ",
    "f() { ",
    "f",
    "#",
    "$((",
    "))",
    "[[ ",
    " ]]",
    "[ ",
    " ]",
    "*",
    "?",
    "~",
    "{a,b}",
    "-f",
    "\u{e9}",
    "\u{1f087}",
    "\t",
    "\r",
    "\\\n",
    "declare ",
    "exec ",
    "command ",
    "builtin ",
    "trap ",
    " EXIT",
    "printf -v PATH ",
    "alias ",
    "shopt -s expand_aliases\n",
    "$",
    "@(",
    "%",
    ":",
    "=",
    "!",
    "1",
    "0<",
    "&>",
    "select ",
    "function ",
    "\\a",
    "'b'",
    "\"c\"",
    "$'\\x61'",
    "$'\\055f'",
    "git ",
    "push",
    "[[ -v ",
    "-eq",
    "test ",
    "[",
    "]",
    "repeat 2 ",
    "then",
    "do",
];

/// Puts the programs into their folder.
fn stage(folder: &Path) {
    for program in PROGRAMS {
        let path = folder.join(program);
        let script = format!(
            "#!/bin/sh\n{{ printf {program}; printf '\\001%s' \"$@\"; printf '\\002'; }} >> \"$STARTED\"\n"
        );
        fs::write(&path, script).expect("write a program");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("make it run");
    }
}

/// The programs that bash starts for this text, with their arguments. Some may end later than bash, so each text has a
/// list of its own.
fn started(folder: &Path, text: &str, number: u32) -> Vec<Vec<String>> {
    let list = folder.join(number.to_string());
    // `timeout` and bash are found as usual; inside, only our programs are.
    let text = format!("PATH='{}'\n{text}", folder.join("bin").display());
    let status = Command::new("timeout")
        .args([
            "--kill-after=1",
            "2",
            "bash",
            "--noprofile",
            "--norc",
            "-c",
            &text,
        ])
        .current_dir(folder.join("work"))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("STARTED", &list)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.expect("run bash");
    let told = fs::read(&list).unwrap_or_default();
    let told = String::from_utf8_lossy(&told);
    let runs = told.split_terminator('\u{2}');
    runs.map(|run| run.split('\u{1}').map(str::to_owned).collect())
        .collect()
}

/// Is this what bash started, as far as its words are known for sure?
fn is_same(seen: &Invocation, started: &[String]) -> bool {
    let Some((name, arguments)) = started.split_first() else {
        return false;
    };
    // Without arguments the program notes one that is empty.
    let arguments = if arguments == [""] { &[] } else { arguments };
    let known: Vec<Option<&str>> = seen.words.iter().skip(1).map(Word::literal).collect();
    let certain = known.iter().take_while(|word| word.is_some());
    let certain: Vec<&str> = certain.flatten().copied().collect();
    // A home, and an argument that is empty.
    let unclear = certain
        .iter()
        .any(|word| word.starts_with('~') || word.is_empty());
    let is_whole = certain.len() == known.len();
    seen.base_name() == name
        && (unclear
            || certain
                .iter()
                .zip(arguments)
                .all(|(seen, given)| seen == given)
                && certain.len() <= arguments.len()
                && (!is_whole || certain.len() == arguments.len()))
}

#[test]
fn security_whatever_bash_starts_was_seen_or_in_doubt() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["bin", "work"] {
        fs::create_dir(folder.path().join(name)).expect("a folder in it");
    }
    stage(&folder.path().join("bin"));
    let texts = prop::collection::vec(prop::sample::select(TOKENS), 1..14)
        .prop_map(|tokens| tokens.concat());
    let cases = env::var("BASH_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    let config = ProptestConfig {
        cases: cases.unwrap_or(400),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let (number, judged) = (Cell::new(0), Cell::new(0));
    let run = TestRunner::new(config).run(&texts, |text| {
        number.set(number.get() + 1);
        let script = Script::read(&text);
        if script.doubts.is_empty() {
            for run in started(folder.path(), &text, number.get()) {
                judged.set(judged.get() + 1);
                prop_assert!(
                    script.invocations.iter().any(|seen| is_same(seen, &run)),
                    "bash started {run:?} for {text:?}: {script:?}"
                );
            }
        }
        Ok(())
    });
    run.expect("nothing is started unseen");
    assert!(judged.get() > 0, "bash started nothing at all");
}
