//! What continuous integration runs, in its order, up to the first step that fails.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::io::BufReader;
use std::ops::AddAssign;
use std::path::Path;
use std::process::Command;
use std::process::ExitCode;
use std::process::Stdio;
use std::time::Instant;

use anyhow::Context;
use anyhow::Result;
use anyhow::bail;
use anyhow::ensure;

use crate::generate;
use crate::tidy;

/// Crates in the product, build tools of the tree included. Each one is code to trust.
const CRATE_BUDGET: usize = 300;

/// How many tests ran, over all test programs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// A step: its name and what it does.
type Step = (&'static str, fn(&Path, &mut Tally) -> Result<()>);

const STEPS: [Step; 10] = [
    ("fetch", |root, _| cargo(root, &["fetch", "--locked"])),
    ("fmt", |root, _| {
        cargo(root, &["fmt", "--all", "--check"]).context("run `cargo fmt --all`")
    }),
    ("tidy", |root, _| tidy::run(root)),
    ("clippy", |root, _| {
        cargo(
            root,
            &[
                "clippy",
                "--workspace",
                "--all-targets",
                // The tests of the real agents are compiled here; scripts/test-agents.sh runs them.
                "--features",
                "cctelegram/real-agents",
                "--",
                "-D",
                "warnings",
            ],
        )
    }),
    ("test", |root, tally| test(root, tally, &["--workspace"])),
    ("fuzz", |root, tally| {
        test(
            root,
            tally,
            &["--locked", "--manifest-path", "fuzz/Cargo.toml"],
        )
    }),
    ("doc", |root, _| {
        let mut doc = command(root, &["doc", "--workspace", "--no-deps"]);
        run_to_success(doc.env("RUSTDOCFLAGS", "-D warnings"))
    }),
    ("gen", |root, _| generate::check(root)),
    ("deny", deny),
    ("budget", |root, _| budget(root)),
];

/// Runs all steps. The last line printed is the tally of the tests.
pub(crate) fn run(root: &Path) -> ExitCode {
    let mut tally = Tally::default();
    let failure = STEPS.iter().find_map(|(name, step)| {
        println!("==> {name}");
        let start = Instant::now();
        let result = step(root, &mut tally);
        println!("<== {name}: {:.1} s", start.elapsed().as_secs_f64());
        result.err().map(|error| (name, error))
    });
    if let Some((name, error)) = &failure {
        eprintln!("error: {name}: {error:#}");
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    if failure.is_some() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn command(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(root);
    command
}

fn cargo(root: &Path, arguments: &[&str]) -> Result<()> {
    run_to_success(&mut command(root, arguments))
}

fn run_to_success(command: &mut Command) -> Result<()> {
    let status = command.status().context("start cargo")?;
    ensure!(status.success(), "{status}");
    Ok(())
}

/// Passes the output on line by line while it counts.
fn test(root: &Path, tally: &mut Tally, which: &[&str]) -> Result<()> {
    // A snapshot that differs is a failure here, never a file to be accepted.
    let mut child = command(root, &["test"])
        .args(which)
        .env("INSTA_UPDATE", "no")
        .stdout(Stdio::piped())
        .spawn()
        .context("start cargo test")?;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = line.context("read from cargo test")?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            *tally += counted(&line).unwrap_or_default();
        }
    }
    let status = child.wait().context("wait for cargo test")?;
    ensure!(status.success(), "{status}");
    ensure!(tally.passed > 0, "no test ran");
    Ok(())
}

/// What a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; …` counts.
fn counted(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |name: &str| {
        let mut parts = counts.split(';').map(str::trim);
        parts.find_map(|part| part.strip_suffix(name)?.trim().parse().ok())
    };
    Some(Tally {
        passed: count("passed")?,
        failed: count("failed")?,
    })
}

fn deny(root: &Path, _: &mut Tally) -> Result<()> {
    let installed = Command::new("cargo-deny")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if installed.is_err() {
        bail!("cargo-deny is not installed (scripts/test.sh installs it and runs these steps)");
    }
    cargo(
        root,
        &["deny", "--offline", "check", "bans", "licenses", "sources"],
    )
}

fn budget(root: &Path) -> Result<()> {
    let count = count_crates(root)?;
    println!("{count} of {CRATE_BUDGET} crates");
    ensure!(
        count <= CRATE_BUDGET,
        "{count} crates, {CRATE_BUDGET} are allowed (`cargo tree -e normal -p cctelegram` shows who brings them)"
    );
    Ok(())
}

/// The crates that the product is built from.
pub(crate) fn count_crates(root: &Path) -> Result<usize> {
    let tree = command(
        root,
        &[
            "tree",
            "-e",
            "normal",
            "-p",
            "cctelegram",
            "--prefix",
            "none",
        ],
    )
    .stderr(Stdio::inherit())
    .output()
    .context("start cargo tree")?;
    ensure!(tree.status.success(), "{}", tree.status);
    Ok(unique_crates(&String::from_utf8_lossy(&tree.stdout)))
}

/// `cargo tree` marks the repetitions of a crate with `(*)`.
fn unique_crates(tree: &str) -> usize {
    let lines = tree
        .lines()
        .map(|line| line.trim_end_matches(" (*)").trim());
    lines
        .filter(|line| !line.is_empty())
        .collect::<BTreeSet<_>>()
        .len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_result_lines_count() {
        let cases = [
            (
                "test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 1 filtered out; finished in 0.1s",
                Some((12, 0)),
            ),
            (
                "test result: FAILED. 1 passed; 2 failed; 0 ignored",
                Some((1, 2)),
            ),
            ("test a ... ok", None),
            ("running 3 tests", None),
            ("12 passed; 0 failed", None),
        ];
        for (line, expected) in cases {
            let expected = expected.map(|(passed, failed)| Tally { passed, failed });
            assert_eq!(counted(line), expected, "{line}");
        }
    }

    #[test]
    fn a_crate_counts_once() {
        assert_eq!(
            unique_crates("a v1\nb v1 (proc-macro)\na v1 (*)\nb v1 (proc-macro) (*)\n\n"),
            2
        );
    }
}
