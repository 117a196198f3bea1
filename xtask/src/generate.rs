//! Documents that the program writes about itself, so that they cannot say what it does not do.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use anyhow::Context;
use anyhow::Result;
use anyhow::bail;
use anyhow::ensure;

/// A file and the command line of `cctelegram` that prints it.
struct Document {
    path: &'static str,
    arguments: &'static [&'static str],
}

const DOCUMENTS: [Document; 8] = [
    Document {
        path: "docs/schemas/event.schema.json",
        arguments: &["schema", "event"],
    },
    Document {
        path: "docs/CONFIG.md",
        arguments: &["reference", "config"],
    },
    Document {
        path: "docs/config.example.toml",
        arguments: &["reference", "config-example"],
    },
    Document {
        path: "docs/CLI.md",
        arguments: &["reference", "cli"],
    },
    Document {
        path: "docs/EVENTS.md",
        arguments: &["reference", "events"],
    },
    Document {
        path: "docs/MESSAGES.md",
        arguments: &["reference", "messages"],
    },
    Document {
        path: "docs/METRICS.md",
        arguments: &["reference", "metrics"],
    },
    Document {
        path: "plugin/hooks/hooks.json",
        arguments: &["reference", "plugin-hooks"],
    },
];

/// Writes every document that is not up to date.
pub(crate) fn write(root: &Path) -> Result<()> {
    for document in &DOCUMENTS {
        let text = printed(root, document)?;
        let path = root.join(document.path);
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
        }
        fs::write(&path, text).with_context(|| format!("write {}", document.path))?;
        println!("wrote {}", document.path);
    }
    Ok(())
}

/// Names every document that is not up to date.
pub(crate) fn check(root: &Path) -> Result<()> {
    let mut stale = Vec::new();
    for document in &DOCUMENTS {
        let text = printed(root, document)?;
        if !fs::read_to_string(root.join(document.path)).is_ok_and(|old| old == text) {
            stale.push(document.path);
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    bail!(
        "stale: {} (run `cargo xtask gen` and commit what it writes)",
        stale.join(", ")
    )
}

fn printed(root: &Path, document: &Document) -> Result<String> {
    let line = format!("cctelegram {}", document.arguments.join(" "));
    let output = Command::new("cargo")
        .args(["run", "--quiet", "--package", "cctelegram", "--"])
        .args(document.arguments)
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("run `{line}`"))?;
    ensure!(
        output.status.success(),
        "`{line}`, which writes {}: {}",
        document.path,
        output.status
    );
    let text = String::from_utf8(output.stdout).with_context(|| format!("read from `{line}`"))?;
    ensure!(
        !text.trim().is_empty(),
        "`{line}` printed nothing for {}",
        document.path
    );
    Ok(text)
}
