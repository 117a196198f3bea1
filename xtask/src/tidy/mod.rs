//! `cargo xtask tidy`: the rules of `CONTRIBUTING.md` that neither the compiler nor clippy can hold.

mod allowed;
mod boundaries;
mod comments;
mod crates;
mod docs;
mod host_paths;
mod layers;
mod lines;
mod names;
mod source;
mod tree;
mod twins;
mod words;

use std::fmt;
use std::path::Path;

use anyhow::Result;
use anyhow::bail;

use self::tree::Tree;

/// What a finding breaks; an allowance names the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Size,
    Docs,
    Word,
    Comment,
    Name,
    Direction,
    Twin,
    Async,
    Sql,
    Environment,
    Spawn,
    HostPath,
    Allowance,
}

/// One broken rule at one place, with the way out.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    rule: Rule,
    path: String,
    line: usize,
    what: String,
    remedy: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{}:{}: {} ({})",
            self.path, self.line, self.what, self.remedy
        )
    }
}

/// Checks the repository at `root` and prints every finding.
pub(crate) fn run(root: &Path) -> Result<()> {
    let tree = Tree::load(root)?;
    let findings = check(&tree, allowed::LIST);
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        return Ok(());
    }
    bail!("tidy: {} finding(s)", findings.len())
}

fn check(tree: &Tree, allowed: &[allowed::Allowance]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &tree.sources {
        findings.extend(lines::check(source));
        findings.extend(docs::check(source));
        findings.extend(words::check(source));
        findings.extend(comments::check(source));
        findings.extend(names::check(source));
        findings.extend(boundaries::check(source));
    }
    for manifest in &tree.manifests {
        findings.extend(crates::check(manifest));
    }
    for text in &tree.texts {
        findings.extend(host_paths::check(text));
    }
    findings.extend(twins::check(&tree.sources));
    findings = allowed::apply(findings, allowed);
    findings.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        Tree::from_files(
            files
                .iter()
                .map(|(path, text)| ((*path).to_owned(), (*text).to_owned())),
        )
    }

    #[test]
    fn a_clean_tree_has_no_findings() {
        let clean = tree(&[
            (
                "crates/core/Cargo.toml",
                "[dependencies]\nserde.workspace = true\n",
            ),
            (
                "crates/core/src/lib.rs",
                "//! Events.\n\npub struct Event;\n",
            ),
        ]);
        assert_eq!(check(&clean, &[]), []);
    }

    #[test]
    fn findings_come_in_reading_order_with_a_remedy() {
        let dirty = tree(&[
            (
                "crates/core/src/zone.rs",
                "//! Zone.\nasync fn late() {}\n// FIXME\n",
            ),
            ("crates/core/src/age.rs", "pub struct Age;\n"),
        ]);
        let printed: Vec<String> = check(&dirty, &[]).iter().map(ToString::to_string).collect();
        let places: Vec<&str> = printed
            .iter()
            .filter_map(|line| line.split(": ").next())
            .collect();
        assert_eq!(
            places,
            [
                "crates/core/src/age.rs:1",
                "crates/core/src/zone.rs:2",
                "crates/core/src/zone.rs:3"
            ]
        );
        assert!(
            printed.iter().all(|line| line.ends_with(')')),
            "{printed:?}"
        );
    }
}
