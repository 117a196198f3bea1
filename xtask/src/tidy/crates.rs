//! Which way the crates may depend on one another, read from their manifests.

use toml::Table;
use toml::Value;

use super::Finding;
use super::Rule;
use super::source::numbered;
use super::tree::Text;

/// The crates of ours that a crate may use in production. Development dependencies are free.
const MAY_USE: [(&str, &[&str]); 8] = [
    ("crypto", &[]),
    ("core", &["crypto"]),
    ("store", &["core", "crypto"]),
    ("telegram", &["core", "crypto"]),
    ("mcp", &["core", "crypto"]),
    (
        "bridge",
        &["core", "crypto", "emulator", "mcp", "store", "telegram"],
    ),
    ("emulator", &[]),
    ("testkit", &["core", "emulator"]),
];

/// Foreign crates that have one home.
const KEPT_TO: [(&str, &str); 3] = [
    ("aws-lc-rs", "crypto"),
    ("libsqlite3-sys", "store"),
    ("sqlx", "store"),
];

/// What the pure crates must not even be able to name.
const IMPURE: [&str; 7] = [
    "axum",
    "futures-util",
    "hyper",
    "notify",
    "reqwest",
    "tokio",
    "tokio-util",
];
const PURE: [&str; 2] = ["crypto", "core"];

pub(super) fn check(manifest: &Text) -> Vec<Finding> {
    let Some(owner) = manifest.path.split('/').nth(1) else {
        return Vec::new();
    };
    let finding = |name: &str, what: String, remedy| {
        let named = numbered(&manifest.text).find(|(_, line)| line.contains(name));
        let line = named.map_or(1, |(line, _)| line);
        Finding {
            rule: Rule::Direction,
            path: manifest.path.clone(),
            line,
            what,
            remedy,
        }
    };
    let Ok(table) = manifest.text.parse::<Table>() else {
        return vec![finding(
            "",
            "not a manifest".to_owned(),
            "see what cargo says",
        )];
    };
    let Some((_, may_use)) = MAY_USE.iter().find(|(name, _)| *name == owner) else {
        let what = format!("nobody says what `{owner}` may depend on");
        return vec![finding(
            "",
            what,
            "add it to the table in xtask/src/tidy/crates.rs",
        )];
    };
    let mut findings = Vec::new();
    for name in dependencies(&table) {
        if let Some(ours) = our_crate(&name).filter(|ours| !may_use.contains(ours)) {
            let what = format!("`{owner}` must not depend on `{ours}`");
            findings.push(finding(
                &name,
                what,
                "move the shared part down, or the caller up",
            ));
        }
        if let Some((_, home)) = KEPT_TO
            .iter()
            .find(|(kept, home)| *kept == name && *home != owner)
        {
            let what = format!("only `{home}` uses `{name}`");
            findings.push(finding(&name, what, "ask that crate for what you need"));
        }
        if PURE.contains(&owner) && IMPURE.contains(&name.as_str()) {
            let what = format!("`{owner}` computes and does nothing else, so not with `{name}`");
            findings.push(finding(&name, what, "do it in bridge"));
        }
    }
    findings
}

fn our_crate(package: &str) -> Option<&str> {
    if package == "cctelegram" {
        Some("bridge")
    } else {
        package.strip_prefix("cctelegram-")
    }
}

/// The packages behind all `dependencies` and `build-dependencies`, also those of a target.
fn dependencies(manifest: &Table) -> Vec<String> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let tables = targets
        .into_iter()
        .flat_map(Table::values)
        .filter_map(Value::as_table);
    tables
        .chain([manifest])
        .flat_map(|table| ["dependencies", "build-dependencies"].map(|kind| table.get(kind)))
        .flatten()
        .filter_map(Value::as_table)
        .flatten()
        .map(|(name, value)| {
            value
                .get("package")
                .and_then(Value::as_str)
                .unwrap_or(name)
                .to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(owner: &str, text: &str) -> Vec<(usize, String)> {
        let manifest = Text {
            path: format!("crates/{owner}/Cargo.toml"),
            text: text.to_owned(),
        };
        check(&manifest)
            .into_iter()
            .map(|finding| (finding.line, finding.what))
            .collect()
    }

    #[test]
    fn wrong_directions_are_found() {
        let cases = [
            (
                "core",
                "cctelegram-store.workspace = true",
                "`core` must not depend on `store`",
            ),
            (
                "store",
                "cctelegram-telegram.workspace = true",
                "`store` must not depend on `telegram`",
            ),
            (
                "telegram",
                "cctelegram-store.workspace = true",
                "`telegram` must not depend on `store`",
            ),
            (
                "emulator",
                "cctelegram-core.workspace = true",
                "`emulator` must not depend on `core`",
            ),
            (
                "testkit",
                "cctelegram-store.workspace = true",
                "`testkit` must not depend on `store`",
            ),
            (
                "mcp",
                "cctelegram.workspace = true",
                "`mcp` must not depend on `bridge`",
            ),
            (
                "bridge",
                "cctelegram-testkit.workspace = true",
                "`bridge` must not depend on `testkit`",
            ),
            (
                "bridge",
                "sqlx.workspace = true",
                "only `store` uses `sqlx`",
            ),
            (
                "bridge",
                "a = { package = \"sqlx\", version = \"1\" }",
                "only `store` uses `sqlx`",
            ),
            (
                "crypto",
                "tokio = \"1\"",
                "`crypto` computes and does nothing else, so not with `tokio`",
            ),
            (
                "shop",
                "serde = \"1\"",
                "nobody says what `shop` may depend on",
            ),
        ];
        for (owner, line, expected) in cases {
            let findings = found(owner, &format!("[dependencies]\n{line}\n"));
            let whats: Vec<&str> = findings.iter().map(|(_, what)| what.as_str()).collect();
            assert_eq!(whats, [expected], "{owner}: {line}");
        }
    }

    #[test]
    fn target_and_build_dependencies_count() {
        for section in ["build-dependencies", "target.'cfg(unix)'.dependencies"] {
            let findings = found("core", &format!("[{section}]\ntokio.workspace = true\n"));
            assert_eq!(
                findings.first().map(|(line, _)| *line),
                Some(2),
                "{section}"
            );
        }
    }

    #[test]
    fn right_directions_and_development_dependencies_are_free() {
        let cases = [
            (
                "bridge",
                "[dependencies]\ncctelegram-emulator.workspace = true",
            ),
            (
                "store",
                "[dependencies]\ncctelegram-core.workspace = true\nsqlx.workspace = true",
            ),
            (
                "telegram",
                "[dev-dependencies]\ncctelegram-emulator.workspace = true",
            ),
            ("core", "[dev-dependencies]\ntokio.workspace = true"),
        ];
        for (owner, text) in cases {
            assert_eq!(found(owner, text), [], "{owner}: {text}");
        }
    }
}
