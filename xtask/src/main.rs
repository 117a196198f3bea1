//! The project's own commands: `tidy` checks what a compiler cannot see, `gen` writes the generated
//! documents, `bench` measures, `ci` runs everything in the order in which continuous integration does.

#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "reporting to the terminal is the whole job of this program"
)]

mod bench;
mod ci;
mod generate;
mod tidy;

use std::env;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  tidy           check sizes, names, words, crate directions and boundaries
  gen [--check]  write the generated documents, or only say which are stale
  bench          measure the release build and write docs/BENCHMARKS.md
  bench --quick  try the measurements on tiny numbers and a debug build; prints the page
  ci             everything that continuous integration runs, in its order";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = root();
    let result = match words.as_slice() {
        ["tidy"] => tidy::run(&root),
        ["gen"] => generate::write(&root),
        ["gen", "--check"] => generate::check(&root),
        ["bench"] => bench::write(&root),
        ["bench", "--quick"] => bench::smoke(&root),
        ["ci"] => return ci::run(&root),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The repository: this crate lies one folder below it.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
