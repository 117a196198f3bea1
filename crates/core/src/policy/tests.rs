//! Rules against uses of tools.

use proptest::prelude::*;

use super::*;

fn policy(text: &str) -> Policy {
    read(text).unwrap()
}

fn bash(command: &str) -> ToolUse {
    ToolUse::new("claude-code", "Bash").running(command)
}

fn on(policy: &Policy, command: &str) -> &'static str {
    word(&policy.rule_on(&bash(command)))
}

fn word(ruling: &Ruling) -> &'static str {
    match ruling {
        Ruling::Denied { .. } => "deny",
        Ruling::Allowed { .. } => "allow",
        Ruling::Undecided { .. } => "ask",
    }
}

const RULES: &str = r#"
[[rule]]
name = "no force push"
match = { command = "git push --force" }
outcome = "deny"
reason = "History is shared."

[[rule]]
match = { command = "git push -f" }
outcome = "deny"

[[rule]]
match = { command = "rm -rf" }
outcome = "deny"

[[rule]]
match = { command = "find -delete" }
outcome = "deny"

[[rule]]
name = "git"
match = { command = "git *" }
outcome = "allow"

[[rule]]
match = { tool = "Bash", command = "cargo test *" }
outcome = "allow"

[[rule]]
match = { command = "ls" }
outcome = "allow"
"#;

#[test]
fn an_allow_counts_only_when_it_covers_every_part() {
    let policy = policy(RULES);
    for (command, expected) in [
        ("git status", "allow"),
        ("git", "allow"),
        ("git log | git x", "allow"),
        ("cargo test -p x", "allow"),
        ("ls", "allow"),
        ("ls -la", "ask"),
        ("git status && make", "ask"),
        ("git status > x", "ask"),
        ("A=b git status", "ask"),
        ("git log $(make)", "ask"),
        ("/usr/bin/git status", "ask"),
        ("./git status", "ask"),
        ("cargo build", "ask"),
        ("git log > /dev/null 2>&1", "allow"),
        ("git commit -m \"$(git log)\"", "allow"),
        ("cargo \"$x\"", "ask"),
        ("cargo test $x", "allow"),
        ("cargo", "ask"),
        ("", "ask"),
    ] {
        assert_eq!(on(&policy, command), expected, "{command}");
    }
}

#[test]
fn security_a_deny_sees_through_every_disguise() {
    let policy = policy(RULES);
    for command in [
        "git push --force",
        "git push origin main --force",
        "git push -f",
        "git push -uf origin",
        "git -C x push --force=1",
        "git push --forc",
        "git status; git push -f",
        "echo $(git push -f)",
        "A=b git push -f",
        "/usr/bin/git push -f",
        "g''it pu\"sh\" -f",
        "sudo git push -f",
        "bash -c 'git push -f'",
        "cat <<E\n`git push -f`\nE\n",
        "env X=1 git push -f",
        "rm -rf ~",
        "rm -r -f x",
        "rm -fr x",
        "rm -vrf x",
        "find . -delete",
        "find . -name x -delete",
        "find . -exec rm -rf {} +",
        "xargs rm -rf",
        "echo x | xargs -n1 rm -rf",
        "eval 'rm -rf x'",
        "eval \"rm -rf $x\"",
        "f() { rm -rf x; }; f",
        "$(echo rm) -rf x; rm x",
        "ssh host 'rm -rf x'",
        "python3 -c 'import os; os.system(\"rm -rf x\")'",
        "git >x push -f",
        "git 2>x push origin -f",
        "rm -rf 'x",
    ] {
        assert_eq!(
            on(&policy, command),
            "deny",
            "{command}: {}",
            policy.rule_on(&bash(command))
        );
    }
    for command in [
        "git push",
        "git push --force-with-lease",
        "rm x",
        "rm -r x",
        "find . -name delete",
    ] {
        assert_ne!(on(&policy, command), "deny", "{command}");
    }
}

#[test]
fn security_what_is_in_doubt_is_never_allowed() {
    let everything = policy("[[rule]]\nmatch = { command = \"* *\" }\noutcome = \"allow\"\n");
    assert_eq!(on(&everything, "make x"), "allow");
    for command in [
        "eval x",
        "$x",
        "ssh a b",
        "xargs make",
        "python3 -c x",
        "sh -c \"$x\"",
        "make 'x",
        "PATH=x; make",
    ] {
        assert_eq!(on(&everything, command), "ask", "{command}");
    }
}

#[test]
fn files_are_matched_however_they_are_reached() {
    let policy = policy(
        "[[rule]]\nname = \"own\"\nmatch = { path = \"/home/me/.cc_telegram/**\" }\noutcome = \"deny\"\n\
         [[rule]]\nmatch = { tool = \"{Edit,Write}\", path = \"/home/me/src/**\" }\noutcome = \"allow\"\n",
    );
    let write = |paths: &[&str]| {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        word(&policy.rule_on(&ToolUse::new("codex", "Write").touching(paths)))
    };
    assert_eq!(write(&["/home/me/src/a.rs"]), "allow");
    assert_eq!(write(&["/home/me/Cargo.toml"]), "ask");
    assert_eq!(write(&["/home/me/src/link", "/etc/passwd"]), "ask");
    assert_eq!(
        write(&["/home/me/src/link", "/home/me/.cc_telegram/.env"]),
        "deny"
    );
    assert_eq!(
        on(&policy, "echo x >> /home/me/.cc_telegram/policy.toml"),
        "deny"
    );
}

#[test]
fn rules_are_for_agents_projects_and_tools() {
    let policy = policy(
        "[[rule]]\nmatch = { tool = \"mcp__shop__*\", agent = \"codex\", project = \"shop\" }\noutcome = \"deny\"\n\
         [[rule]]\nmatch = { tool = \"WebFetch\" }\noutcome = \"allow\"\n",
    );
    let of = |agent: &str, tool: &str, project: Option<&str>| {
        let tool_use = ToolUse::new(agent, tool).within(project.map(str::to_owned));
        word(&policy.rule_on(&tool_use))
    };
    assert_eq!(of("codex", "mcp__shop__buy", Some("shop")), "deny");
    assert_eq!(of("codex", "mcp__shop__buy", None), "ask");
    assert_eq!(of("claude-code", "mcp__shop__buy", Some("shop")), "ask");
    assert_eq!(of("claude-code", "WebFetch", None), "allow");
}

#[test]
fn every_mistake_is_named_and_one_refuses_the_file() {
    let text = "extra = 1\n[[rule]]\nname = \"one\"\noutcome = \"maybe\"\nmatch = { tool = \"x\" }\n\
                [[rule]]\noutcome = \"deny\"\n[[rule]]\noutcome = \"deny\"\nmatch = { agent = \"x\", tol = \"y\" }\n\
                [[rule]]\noutcome = \"deny\"\nmatch = { path = \"[\" }\n[[rule]]\noutcome = \"allow\"\nmatch = { command = 1 }\n";
    let mistakes: Vec<String> = read(text)
        .unwrap_err()
        .iter()
        .map(BadRule::to_string)
        .collect();
    assert_eq!(mistakes.len(), 9, "{mistakes:#?}");
    assert!(
        mistakes
            .iter()
            .any(|mistake| mistake.starts_with("rule 1 (one): it has no outcome"))
    );
    assert!(
        read("[[rule]\n")
            .unwrap_err()
            .iter()
            .any(|mistake| mistake.place == "line 1")
    );
    assert!(read("").unwrap().is_empty());
}

proptest! {
    #[test]
    fn security_a_further_deny_never_allows_more(
        command in "[a-z$;|& '\"()<>-]{0,40}",
        deny in prop_oneof!["[a-z]{1,3}( -?-?[a-z]{1,3}){0,2}", Just("git push -f".to_owned())],
    ) {
        let without = policy(RULES);
        let with = policy(&format!("{RULES}\n[[rule]]\nmatch = {{ command = \"{deny}\" }}\noutcome = \"deny\"\n"));
        let (before, after) = (on(&without, &command), on(&with, &command));
        prop_assert!(after == before || after == "deny", "{}: {} became {}", command, before, after);
    }

    #[test]
    fn any_text_gets_a_ruling(command in "\\PC{0,200}") {
        let ruling = policy(RULES).rule_on(&bash(&command));
        prop_assert!(!ruling.to_string().is_empty());
    }
}

#[test]
fn security_when_nobody_answers_nothing_is_ever_allowed() {
    let of = |text: &str| policy(text).unanswered;
    assert_eq!(of(""), Unanswered::Terminal);
    assert_eq!(of("nobody_answers = \"terminal\""), Unanswered::Terminal);
    assert_eq!(of("nobody_answers = \"deny\""), Unanswered::Deny);
    for wrong in ["\"allow\"", "\"Deny\"", "true", "[]"] {
        let mistakes = read(&format!("nobody_answers = {wrong}")).unwrap_err();
        assert_eq!(mistakes.len(), 1, "{wrong}");
        assert_eq!(mistakes[0].place, "nobody_answers");
    }
}
