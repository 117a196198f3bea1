//! The files of the repository, read once.

use std::fs;
use std::path::Path;

use anyhow::Context;
use anyhow::Result;

use super::source::Source;

/// A text file that is not looked at as Rust.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) path: String,
    pub(super) text: String,
}

/// Everything the rules look at.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) sources: Vec<Source>,
    /// The manifests of `crates/`.
    pub(super) manifests: Vec<Text>,
    /// Every text file, the Rust ones included.
    pub(super) texts: Vec<Text>,
}

const SKIPPED_FOLDERS: [&str; 3] = [".git", "target", "node_modules"];

impl Tree {
    pub(super) fn load(root: &Path) -> Result<Self> {
        let mut files = Vec::new();
        walk(root, "", &mut files)?;
        files.sort();
        Ok(Self::from_files(files.into_iter()))
    }

    pub(super) fn from_files(files: impl Iterator<Item = (String, String)>) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            if Path::new(&path).extension() == Some("rs".as_ref()) {
                tree.sources.push(Source::new(path.clone(), text.clone()));
            }
            if path.starts_with("crates/") && path.ends_with("/Cargo.toml") {
                tree.manifests.push(Text {
                    path: path.clone(),
                    text: text.clone(),
                });
            }
            tree.texts.push(Text { path, text });
        }
        tree
    }
}

/// Collects the text files below `folder`; what is not UTF-8 is not text.
fn walk(folder: &Path, prefix: &str, files: &mut Vec<(String, String)>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("list {}", folder.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry
            .file_type()
            .with_context(|| format!("look at {path}"))?;
        if kind.is_dir() && !SKIPPED_FOLDERS.contains(&name.as_str()) {
            walk(&entry.path(), &format!("{path}/"), files)?;
        }
        if kind.is_file() {
            let bytes = fs::read(entry.path()).with_context(|| format!("read {path}"))?;
            files.extend(String::from_utf8(bytes).ok().map(|text| (path, text)));
        }
    }
    Ok(())
}
