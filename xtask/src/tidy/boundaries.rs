//! What only one place may do: speak SQL, read the environment, start tasks; and that `core` never
//! waits.

use super::Finding;
use super::Rule;
use super::source::Source;
use super::source::numbered;

/// Something that production code may do in its home only.
struct Boundary {
    rule: Rule,
    layer: fn(&Source) -> &str,
    crossed_by: fn(&str) -> bool,
    homes: &'static [&'static str],
    what: &'static str,
    remedy: &'static str,
}

const BOUNDARIES: [Boundary; 3] = [
    Boundary {
        rule: Rule::Sql,
        layer: |source| &source.layers.strings,
        crossed_by: holds_sql,
        homes: &["crates/store/"],
        what: "SQL outside the store",
        remedy: "give the store a method that is named for what you need",
    },
    Boundary {
        rule: Rule::Environment,
        layer: |source| &source.layers.code,
        crossed_by: reads_environment,
        homes: &["crates/bridge/src/config/", "crates/bridge/src/config.rs"],
        what: "the environment is used outside `bridge::config`",
        remedy: "take the value as an argument",
    },
    Boundary {
        rule: Rule::Spawn,
        layer: |source| &source.layers.code,
        crossed_by: spawns_task,
        homes: &["crates/bridge/src/supervise.rs", "crates/emulator/"],
        what: "a task without a supervisor",
        remedy: "`supervisor.spawn(name, task)`",
    },
];

pub(super) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(owner) = source.crate_name() else {
        return findings;
    };
    if owner == "core" {
        let asleep = numbered(&source.layers.code).filter(|(_, code)| waits(code));
        findings.extend(asleep.map(|(line, _)| {
            let what = "`async` in core".to_owned();
            source.finding(Rule::Async, line, what, "compute here, wait in bridge")
        }));
    }
    if owner == "testkit" {
        return findings;
    }
    for boundary in &BOUNDARIES {
        if boundary
            .homes
            .iter()
            .any(|home| source.path.starts_with(home))
        {
            continue;
        }
        let crossed = source
            .production((boundary.layer)(source))
            .filter(|(_, line)| (boundary.crossed_by)(line));
        findings.extend(crossed.map(|(line, _)| {
            source.finding(
                boundary.rule,
                line,
                boundary.what.to_owned(),
                boundary.remedy,
            )
        }));
    }
    findings
}

fn waits(code: &str) -> bool {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|word| word == "async")
}

fn holds_sql(string: &str) -> bool {
    let string = format!("{string} ");
    ["SELECT ", "INSERT ", "UPDATE ", "DELETE FROM "]
        .iter()
        .any(|statement| {
            string.match_indices(statement).any(|(at, _)| {
                let before = string
                    .get(..at)
                    .and_then(|before| before.chars().next_back());
                !before.is_some_and(char::is_alphanumeric)
            })
        })
}

/// Parts of `std::env` that say where the program runs, not what its environment holds.
const NOT_ENVIRONMENT: [&str; 10] = [
    "Args",
    "VarError",
    "args",
    "args_os",
    "consts",
    "current_dir",
    "current_exe",
    "join_paths",
    "self",
    "temp_dir",
];

fn reads_environment(code: &str) -> bool {
    code.match_indices("env::").any(|(at, found)| {
        let before = code.get(..at).unwrap_or_default();
        let after = code.get(at + found.len()..).unwrap_or_default();
        let is_std = before.ends_with("std::")
            || !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        is_std && imported(after).any(|name| !NOT_ENVIRONMENT.contains(&name))
    })
}

/// The names behind `env::`: one, or those in braces.
fn imported(path: &str) -> impl Iterator<Item = &str> {
    let list = path
        .strip_prefix('{')
        .map_or(path, |rest| rest.split('}').next().unwrap_or(rest));
    let many = path.starts_with('{');
    list.split(',')
        .take(if many { usize::MAX } else { 1 })
        .map(|name| {
            let name = name.trim_start();
            let end = name
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(name.len());
            name.get(..end).unwrap_or_default()
        })
}

/// `tokio::spawn(…)`, `task::spawn(…)` and an imported `spawn(…)`, but not a method, a process, a
/// thread or `spawn_blocking`.
fn spawns_task(code: &str) -> bool {
    code.match_indices("spawn").any(|(at, found)| {
        let before = code.get(..at).unwrap_or_default();
        let after = code.get(at + found.len()..).unwrap_or_default();
        let named = !after.starts_with(|c: char| c.is_alphanumeric() || c == '_')
            || after.starts_with("_local");
        let of_tokio = before.ends_with("tokio::") || before.ends_with("task::");
        let bare = !before.ends_with(|c: char| c.is_alphanumeric() || "_.:".contains(c))
            && !before.trim_end().ends_with("fn")
            && after.starts_with('(');
        named && (of_tokio || bare)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<Rule> {
        let source = Source::new(path.to_owned(), text.to_owned());
        check(&source)
            .into_iter()
            .map(|finding| finding.rule)
            .collect()
    }

    #[test]
    fn each_boundary_fires_outside_its_home_and_outside_tests() {
        let crossings = [
            (
                Rule::Sql,
                "let a = \"SELECT b FROM c\";",
                "crates/store/src/a.rs",
            ),
            (
                Rule::Sql,
                "let a = \"DELETE FROM c\";",
                "crates/store/src/a.rs",
            ),
            (
                Rule::Environment,
                "let a = env::var(\"B\");",
                "crates/bridge/src/config/a.rs",
            ),
            (
                Rule::Environment,
                "use std::env::vars_os;",
                "crates/bridge/src/config.rs",
            ),
            (
                Rule::Spawn,
                "tokio::spawn(a);",
                "crates/bridge/src/supervise.rs",
            ),
            (
                Rule::Spawn,
                "tokio::task::spawn_local(a);",
                "crates/emulator/src/lib.rs",
            ),
        ];
        for (rule, text, home) in crossings {
            assert_eq!(rules("crates/telegram/src/a.rs", text), [rule], "{text}");
            assert_eq!(rules(home, text), [], "{text} at home");
            assert_eq!(
                rules("crates/telegram/tests/a.rs", text),
                [],
                "{text} in a test"
            );
            assert_eq!(
                rules("crates/testkit/src/a.rs", text),
                [],
                "{text} in the testkit"
            );
        }
    }

    #[test]
    fn core_has_no_async_even_in_tests() {
        let text = "#[cfg(test)]\nmod tests { async fn a() {} }\n// async is fine to name\n";
        assert_eq!(rules("crates/core/src/a.rs", text), [Rule::Async]);
        assert_eq!(rules("crates/store/src/a.rs", text), []);
    }

    #[test]
    fn sql_is_a_statement_not_a_word() {
        let cases = [
            ("SELECT", true),
            ("  UPDATE a SET b", true),
            ("(INSERT INTO a", true),
            ("Select a reply", false),
            ("DELETE this FROM that", false),
            ("RESELECT a", false),
        ];
        for (string, expected) in cases {
            assert_eq!(holds_sql(string), expected, "{string}");
        }
    }

    #[test]
    fn the_environment_is_more_than_var_and_less_than_env() {
        let cases = [
            ("std::env::var_os(a)", true),
            ("env::home_dir()", true),
            ("use std::env::{self, var};", true),
            ("use std::env::{temp_dir, args};", false),
            ("use std::env;", false),
            ("env::current_exe()", false),
            ("env!(\"CARGO_PKG_VERSION\")", false),
            ("crate::config::env::read(a)", false),
            ("my_env::var(a)", false),
        ];
        for (code, expected) in cases {
            assert_eq!(reads_environment(code), expected, "{code}");
        }
    }

    #[test]
    fn only_tasks_of_the_runtime_need_the_supervisor() {
        let cases = [
            ("use tokio::spawn;", true),
            ("task::spawn(a)", true),
            ("let b = spawn(a);", true),
            ("supervisor.spawn(\"a\", b)", false),
            ("Command::new(a).spawn()", false),
            ("thread::spawn(a)", false),
            ("task::spawn_blocking(a)", false),
            ("pub fn spawn(a: B)", false),
            ("respawn(a)", false),
        ];
        for (code, expected) in cases {
            assert_eq!(spawns_task(code), expected, "{code}");
        }
    }
}
