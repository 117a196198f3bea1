//! Rules against uses of tools.

use proptest::prelude::*;

use super::*;
use crate::shell::Script;
use crate::shell::Word;

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
fn security_a_deny_sees_words_that_are_only_known_when_they_run() {
    let policy = policy(RULES);
    for command in [
        "git push $'\\055f'",
        "git push $'\\u002df'",
        "git pu$@sh -f",
        "git $\"push\" -f",
        "g$@it push -f",
        "git p?sh -f",
        "git pus[h] -f",
        "git {push,-f}",
        "{git,push,-f}",
        "git push -{u,f}",
        "git push -$x",
        "git push \"$y\"-f",
        "git push ${y:--f}",
        "git push --for$@ce",
        "git $(echo push) -f",
        "git `echo push` -f",
        "$(echo git) push -f",
        "x=-f; git push $x",
        "x='git push -f'; $x",
        "x=(push -f); git \"${x[@]}\"",
        "for i in -f; do git push $i; done",
        "f() { git push \"$@\"; }; f -f",
        "set -- -rf; rm \"$@\"",
        "~/../../bin/git push -f",
        "=git push -f",
        "git <<E push -f\nx\nE\n",
        "git push -f2>&1",
    ] {
        assert_eq!(on(&policy, command), "deny", "{command}");
    }
    for command in [
        "git commit -m \"$(cat <<'EOF'\nSay why `git push --force` and -f are wrong\nEOF\n)\"",
        "rm -f x && git add . && git commit -m \"$(cat <<'EOF'\nx\nEOF\n)\" && git push",
        "git push origin \"$branch\"",
        "rm \"$file\" && git log -p",
        "find . -maxdepth 2 -type l -ls -newer x",
        "git add -- *.rs",
    ] {
        assert_ne!(on(&policy, command), "deny", "{command}");
    }
}

#[test]
fn security_a_deny_sees_through_programs_that_run_others() {
    let policy = policy(RULES);
    for command in [
        "bash -o pipefail -c 'git push -f'",
        "bash -c -e 'git push -f'",
        "bash -O extglob -c 'git push -f'",
        "bash +e -c 'git push -f'",
        "bash --norc -c 'git push -f'",
        "bash -c -- 'git push -f'",
        "bash /dev/stdin <<E\ngit push -f\nE\n",
        "bash -s <<< 'git push -f'",
        "sh -c 'git push $1' sh -f",
        "sh -c '\"$0\" \"$@\"' git push -f",
        "busybox rm -rf x",
        "strace -f rm -rf x",
        "unshare -r rm -rf x",
        "chroot /srv rm -rf x",
        "xvfb-run rm -rf x",
        "setarch -R rm -rf x",
        "noglob rm -rf x",
        "- rm -rf x",
        "env -S 'git push -f'",
        "env '-Sgit push -f'",
        "env --split-string='git push -f'",
        "watch 'git push -f'",
        "flock x -c 'git push -f'",
        "su -c 'git push -f'",
        "sg users 'git push -f'",
        "hyperfine 'rm -rf x'",
        "eval $'\\x72m -rf x'",
        "eval r'm' -r'f' x",
        "docker exec c rm -rf x",
        "docker exec c sh -c 'rm -rf x'",
        "npx rm -rf x",
        "uv run git push -f",
        "nix-shell --run 'rm -rf x'",
        "fd . -x rm -rf",
        "find . -exec true ';' -exec rm -rf {} +",
        "git-push -f",
        "/usr/lib/git-core/git-push --force",
        "git -c alias.x='!git push -f' x",
        "git -c alias.x='push -f' x",
        "git rebase -x 'git push -f' main",
        "git submodule foreach 'git push -f'",
        "git bisect run rm -rf x",
        "tar cf x . --checkpoint=1 --checkpoint-action=exec='rm -rf x'",
        "rsync -e 'rm -rf x' a b:",
        "sed '1e rm -rf x' y",
        "sed 's/x/rm -rf x/e' y",
        "vim -c '!rm -rf x'",
        "python3 -u <<E\nos.system('rm -rf x')\nE\n",
        "python3 -W ignore <<E\nos.system('rm -rf x')\nE\n",
        "python3 /dev/stdin <<E\nos.system('rm -rf x')\nE\n",
        "julia -e 'run(`rm -rf x`)'",
        "pwsh -c 'rm -rf x'",
    ] {
        assert_eq!(on(&policy, command), "deny", "{command}");
    }
}

#[test]
fn security_an_allow_is_not_widened_by_words_of_the_program() {
    let everything = policy("[[rule]]\nmatch = { command = \"* *\" }\noutcome = \"allow\"\n");
    for command in [
        "git -c core.pager=x log",
        "git -ccore.pager=x log",
        "git --config-env=core.pager=X log",
        "git --exec-path=/tmp/x status",
        "git config core.fsmonitor x",
        "git config --global alias.x y",
        "git clone -u x y",
        "git fetch --upload-pack=x",
        "git clone ext::x y",
        "git grep -Ox y",
        "git diff --output=x",
        "git log --outp x",
        "git archive -o x HEAD",
        "sed 'w x' y",
        "sed -n '1w x' y",
        "sed 's/a/b/w x' y",
        "sed -f x y",
        "sed -ne '1e x' y",
        "sed --expr='1e x' p",
        "[ -v 'a[$(x)]' ]",
        "test -v 'a[$(x)]'",
        "[[ 'a[$(x)]' -eq 0 ]] && make x",
        "[[ -v 'a[$(x)]' ]] && make x",
        "for x in 'a[$(x)]'; do [[ $x -eq 0 ]]; done",
        "wait -n -p 'a[$(x)]'",
        "for path in x; do make y; done",
        "make x\r",
        "make\u{b}x",
        "make x \u{1}",
        "sh -c 'make \"$@\"' sh x",
        "bash --rcfile x -c 'make x'",
        "tar -I x -cf y z",
        "rg --pre x y",
    ] {
        assert_eq!(on(&everything, command), "ask", "{command}");
    }
    for command in [
        "git status -s",
        "git -C x log",
        "git config --get user.name",
        "git config user.name x",
        "git push -u origin x",
        "git commit -c HEAD",
        "sed -n '1,50p' x",
        "sed -i 's/a/b/g' x",
        "sed -E -e 's|a|b|; s,c,d,gi' -e '/x/d;$!N' x y",
        "[ -n \"$x\" ] && make x",
        "bash -eu x.sh y",
        "bash -o pipefail x.sh",
        "python3 -m pytest -q",
        "python3 -u x.py",
        "python3 --version",
        "node --test x",
        "make $'x\\ty'",
    ] {
        let ruling = everything.rule_on(&bash(command));
        assert_eq!(word(&ruling), "allow", "{command}: {ruling}");
    }
}

#[test]
fn security_a_file_is_found_wherever_a_command_names_it() {
    let policy = policy(
        "[[rule]]\nmatch = { path = \"/home/me/.cc_telegram/**\" }\noutcome = \"deny\"\n\
         [[rule]]\nmatch = { command = \"* *\" }\noutcome = \"allow\"\n",
    );
    for command in [
        "cd /home/me/.cc_telegram && echo x > policy.toml",
        "cd /home/me; cd .cc_telegram; echo x > policy.toml",
        "git diff --output=/home/me/.cc_telegram/policy.toml",
    ] {
        assert_eq!(on(&policy, command), "deny", "{command}");
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
    fn security_an_allowed_line_has_every_part_allowed(
        parts in prop::collection::vec("(git|make|ls|cargo test|rm)( [a-z$'\"]{0,4}){0,2}", 1..4),
        between in prop::sample::select(vec![" && ", "; ", " | ", " || ", "\n", " & "]),
    ) {
        let policy = policy(RULES);
        if on(&policy, &parts.join(between)) == "allow" {
            let script = Script::read(&parts.join(between));
            for one in &script.invocations {
                let words: Vec<&str> = one.words.iter().map(Word::text).collect();
                prop_assert!(
                    words[0] == "git" || words == ["ls"] || words.starts_with(&["cargo", "test"]),
                    "{:?} in {:?}", words, parts
                );
            }
        }
    }

    #[test]
    fn security_what_is_denied_stays_denied_among_others(
        before in "[a-z]{0,3}( [a-z$]{0,4}){0,2}",
        between in prop::sample::select(vec![" && ", "; ", " | ", " || ", "\n", " & "]),
        denied in prop::sample::select(vec!["rm -rf x", "git push -f", "sudo git push --force"]),
        after in "[a-z]{0,3}( [a-z'\"$(]{0,4}){0,2}",
    ) {
        let command = [&before, denied, &after].map(str::to_owned).join(between);
        prop_assert_eq!(on(&policy(RULES), &command), "deny", "{}", command);
    }

    #[test]
    fn security_a_word_is_the_same_however_it_is_quoted(
        ways in prop::collection::vec(0_u8..6, 11),
    ) {
        // A letter as it is, in quotes of three kinds, behind a backslash, by its number.
        let mut ways = ways.into_iter();
        let mut disguise = |word: &str| -> String {
            word.chars()
                .zip(&mut ways)
                .map(|(c, way)| match way {
                    0 => c.to_string(),
                    1 => format!("'{c}'"),
                    2 => format!("\"{c}\""),
                    3 => format!("\\{c}"),
                    4 => format!("$'\\x{:02x}'", u32::from(c)),
                    _ => format!("$'\\{:03o}'\"\"", u32::from(c)),
                })
                .collect()
        };
        let command = ["git", "push", "-f"].map(&mut disguise).join(" ");
        prop_assert_eq!(on(&policy(RULES), &command), "deny", "{}", command);
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
