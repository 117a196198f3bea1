//! Folders of the machine on which something was written. They exist nowhere else.

use super::Finding;
use super::Rule;
use super::source::numbered;
use super::tree::Text;

const PATHS: [&str; 6] = [
    "/work/",
    "/farm/",
    "../shared",
    "/opt/wheels",
    "/root/.cargo",
    "/root/.pyenv",
];

pub(super) fn check(text: &Text) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, content) in numbered(&text.text) {
        for path in PATHS.iter().filter(|path| mentions(content, path)) {
            findings.push(Finding {
                rule: Rule::HostPath,
                path: text.path.clone(),
                line,
                what: format!("`{path}` is a folder of one machine"),
                remedy: "write a path relative to the repository",
            });
        }
    }
    findings
}

/// Whether the path stands at its beginning: `~/work/` and `https://host/work/` are something else.
fn mentions(content: &str, path: &str) -> bool {
    content.match_indices(path).any(|(at, _)| {
        let before = content
            .get(..at)
            .and_then(|before| before.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || "_-.~$})]*".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_a_machine_are_found_in_any_text() {
        let cases = [
            ("cd /work/main", 1),
            ("path = \"/farm/a\"", 1),
            ("see ../shared/plan.md", 1),
            ("(/root/.cargo/bin)", 1),
            ("~/work/a and /home/ann/work/b", 0),
            ("https://example.org/work/", 0),
            ("the /workshop", 0),
        ];
        for (text, expected) in cases {
            let text = Text {
                path: "docs/A.md".to_owned(),
                text: text.to_owned(),
            };
            assert_eq!(check(&text).len(), expected, "{}", text.text);
        }
    }
}
