//! The files that may break a rule, each with its reason. One that breaks it no longer is reported.

use super::Finding;
use super::Rule;

/// A file that may break one rule.
pub(super) struct Allowance {
    pub(super) path: &'static str,
    pub(super) rule: Rule,
    pub(super) reason: &'static str,
}

pub(super) const LIST: &[Allowance] = &[
    Allowance {
        path: "xtask/src/tidy/words.rs",
        rule: Rule::Word,
        reason: "holds the list of the words",
    },
    Allowance {
        path: "xtask/src/tidy/names.rs",
        rule: Rule::Word,
        reason: "holds the list of the names",
    },
    Allowance {
        path: "xtask/src/tidy/host_paths.rs",
        rule: Rule::HostPath,
        reason: "holds the list of the paths",
    },
    Allowance {
        path: "crates/testkit/Cargo.toml",
        rule: Rule::Direction,
        reason: "reads a bridge's database from outside, as a peer that shares no code with the store",
    },
];

/// Takes the allowed findings out and adds one for each allowance that nothing needed.
pub(super) fn apply(findings: Vec<Finding>, list: &[Allowance]) -> Vec<Finding> {
    let covers = |allowance: &Allowance, finding: &Finding| {
        allowance.path == finding.path && allowance.rule == finding.rule
    };
    let idle = list
        .iter()
        .filter(|allowance| !findings.iter().any(|f| covers(allowance, f)));
    let mut kept: Vec<Finding> = idle
        .map(|allowance| Finding {
            rule: Rule::Allowance,
            path: allowance.path.to_owned(),
            line: 1,
            what: format!("the allowance is not needed: {}", allowance.reason),
            remedy: "take it out of xtask/src/tidy/allowed.rs",
        })
        .collect();
    kept.extend(
        findings
            .into_iter()
            .filter(|f| !list.iter().any(|allowance| covers(allowance, f))),
    );
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(path: &str, rule: Rule) -> Finding {
        Finding {
            rule,
            path: path.to_owned(),
            line: 3,
            what: String::new(),
            remedy: "",
        }
    }

    #[test]
    fn an_allowance_covers_one_rule_in_one_file() {
        let list = [Allowance {
            path: "a.rs",
            rule: Rule::Sql,
            reason: "a sample",
        }];
        let findings = ["a.rs", "b.rs"].map(|path| finding(path, Rule::Sql));
        let other = finding("a.rs", Rule::Word);
        let left = apply(findings.into_iter().chain([other]).collect(), &list);
        assert_eq!(
            left,
            [finding("b.rs", Rule::Sql), finding("a.rs", Rule::Word)]
        );
    }

    #[test]
    fn an_idle_allowance_is_a_finding() {
        let list = [Allowance {
            path: "a.rs",
            rule: Rule::Sql,
            reason: "a sample",
        }];
        let rules: Vec<Rule> = apply(Vec::new(), &list).iter().map(|f| f.rule).collect();
        assert_eq!(rules, [Rule::Allowance]);
    }
}
