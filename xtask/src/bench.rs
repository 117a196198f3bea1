//! `cargo xtask bench`: builds the program and the harness, measures, and writes the page.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use anyhow::Context;
use anyhow::Result;
use anyhow::ensure;

use crate::ci;

const PAGE: &str = "docs/BENCHMARKS.md";

/// Measures the release build and writes the page.
pub(crate) fn write(root: &Path) -> Result<()> {
    let page = measured(root, &["--release"], "release", &[])?;
    fs::write(root.join(PAGE), &page).with_context(|| format!("write {PAGE}"))?;
    println!("wrote {PAGE}");
    for missed in page.lines().filter(|line| line.contains("**missed**")) {
        println!("{missed}");
    }
    Ok(())
}

/// Shows on tiny numbers and a debug build that the harness works; prints the page and keeps nothing.
pub(crate) fn smoke(root: &Path) -> Result<()> {
    print!("{}", measured(root, &[], "debug", &["--quick"])?);
    Ok(())
}

/// Builds both in one profile and runs the harness; answers the page.
fn measured(root: &Path, profile: &[&str], folder: &str, options: &[&str]) -> Result<String> {
    // One after the other: built together, the program would get what the harness asks of the crates that both use.
    for package in ["cctelegram", "cctelegram-bench"] {
        let mut build = Command::new("cargo");
        build
            .args(["build", "--quiet", "--package", package])
            .args(profile);
        let status = build.current_dir(root).status().context("start cargo")?;
        ensure!(status.success(), "cargo build of {package}: {status}");
    }
    let built = target(root)?.join(folder);
    let crates = ci::count_crates(root)?;
    let output = Command::new(built.join("cctelegram-bench"))
        .args(options)
        .arg(built.join("cctelegram"))
        .arg(crates.to_string())
        .stderr(Stdio::inherit())
        .output()
        .context("start the harness")?;
    ensure!(output.status.success(), "the harness: {}", output.status);
    let page = String::from_utf8(output.stdout).context("read the page")?;
    ensure!(!page.trim().is_empty(), "the harness printed nothing");
    Ok(page)
}

/// Where cargo puts what it builds: two folders above this program, `<target>/<profile>/xtask`.
fn target(root: &Path) -> Result<std::path::PathBuf> {
    let here = std::env::current_exe().context("find the target folder")?;
    let target = here.parent().and_then(Path::parent);
    Ok(target.map_or_else(|| root.join("target"), Path::to_path_buf))
}
