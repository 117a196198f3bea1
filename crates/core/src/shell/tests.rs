//! Commands as agents write them, and as somebody writes them who wants to hide something.

use super::*;

/// The programs with their arguments, as one line each.
fn runs(text: &str) -> Vec<String> {
    let script = Script::read(text);
    let line = |invocation: &Invocation| {
        let words: Vec<&str> = invocation.words.iter().map(Word::text).collect();
        words.join(" ")
    };
    script.invocations.iter().map(line).collect()
}

fn doubts(text: &str) -> usize {
    Script::read(text).doubts.len()
}

#[test]
fn every_program_is_found_wherever_it_stands() {
    let cases: &[(&str, &[&str])] = &[
        ("ls", &["ls"]),
        ("echo x; rm -rf ~", &["echo x", "rm -rf ~"]),
        ("a && b || c & d", &["a", "b", "c", "d"]),
        ("a | b |& c", &["a", "b", "c"]),
        ("echo $(rm x)", &["echo $(rm x)", "rm x"]),
        ("echo `rm x`", &["echo `rm x`", "rm x"]),
        ("echo \"a $(rm x)\"", &["echo \"a $(rm x)\"", "rm x"]),
        ("diff <(a) >(b)", &["diff <(a) >(b)", "a", "b"]),
        ("A=b git push -f", &["git push -f"]),
        ("cat <<E\n$(git push -f)\nE\n", &["cat", "git push -f"]),
        ("cat <<< \"$(rm x)\"", &["cat", "rm x"]),
        ("if a; then b; else c; fi", &["a", "b", "c"]),
        ("for x in a; do b; done", &["b"]),
        ("while a; do b; done", &["a", "b"]),
        ("case x in a) b;; esac", &["b"]),
        ("f() { rm x; }; f", &["rm x", "f"]),
        ("! (a; { b; })", &["a", "b"]),
        ("[ -f a ] && b", &["b"]),
        ("[[ $(a) ]]", &["a"]),
        ("x=$(rm y)", &["rm y"]),
        ("x=(a $(b))", &["b"]),
        ("echo ${x:-$(rm y)}", &["echo ${x:-$(rm y)}", "rm y"]),
        ("echo $(( $(rm y) ))", &["echo $(( $(rm y) ))", "rm y"]),
    ];
    for (text, expected) in cases {
        assert_eq!(&runs(text), expected, "{text}");
    }
}

#[test]
fn security_quoting_hides_no_name() {
    for text in [
        "g\"i\"t push",
        "'git' push",
        "g\\it push",
        "git\\\n push",
        "$'git' push",
        "$'\\x67it' push",
        "\"git\" 'push'",
        "g''it pu''sh",
    ] {
        assert_eq!(runs(text), ["git push"], "{text}");
        assert_eq!(doubts(text), 0, "{text}");
    }
}

#[test]
fn security_words_begin_and_end_where_they_do_for_the_shell() {
    for text in [
        "git p'u''s'\\h",
        "'gi't push",
        "git 'pu'\\sh",
        "git pu\\\nsh",
        "git $'\\x70ush'",
        "git $'\\160u\\u0073h'",
        "'g'\\it push",
    ] {
        assert_eq!(runs(text), ["git push"], "{text}");
        assert_eq!(doubts(text), 0, "{text}");
    }
    for text in [
        "a \\ b",
        "a ] ]]",
        "a $ b",
        "a$ b",
        "A='x'\\y b",
        "a -f2>x",
        "a <<E b\nE\n",
        "a\rb",
        "a\u{b}b",
    ] {
        assert!(doubts(text) > 0, "{text}: {:?}", runs(text));
    }
}

#[test]
fn security_scripts_within_scripts_are_bounded() {
    let mut text = "make".to_owned();
    for _ in 0..3 {
        let inner = text.replace('\'', "'\\''");
        text = format!("env {}", format!("sh -c '{inner}' ").repeat(12));
        text.truncate(LONGEST);
    }
    let script = Script::read(&text);
    assert!(!script.doubts.is_empty());
    assert!(
        script.invocations.len() < 60_000,
        "{}",
        script.invocations.len()
    );
}

#[test]
fn security_programs_that_run_programs_are_seen_through() {
    let rm = "rm -rf /".to_owned();
    for text in [
        "sudo rm -rf /",
        "sudo -u root -- rm -rf /",
        "env A=b -i rm -rf /",
        "time -p rm -rf /",
        "nohup nice -n 5 rm -rf /",
        "timeout -k 1 5 rm -rf /",
        "exec rm -rf /",
        "command rm -rf /",
        "builtin command rm -rf /",
        "xargs rm -rf /",
        "sh -c 'rm -rf /'",
        "bash -lc \"rm -rf /\"",
        "sudo bash -c 'echo x; rm -rf /'",
        "bash -c \"bash -c 'rm -rf /'\"",
        "find . -exec rm -rf / \\;",
        "eval rm -rf /",
        "ssh host rm -rf /",
        "coproc rm -rf /",
        "time ! rm -rf /",
        "env env env env rm -rf /",
    ] {
        assert!(
            runs(text).iter().any(|run| run.starts_with(&rm)),
            "{text}: {:?}",
            runs(text)
        );
    }
}

#[test]
fn security_what_cannot_be_told_is_in_doubt() {
    for text in [
        "$cmd x",
        "\"$cmd\" x",
        "`a` x",
        "~/bin/x",
        "g*t x",
        "{git,push}",
        "eval x",
        "eval \"$x\"",
        "sh -c \"$x\"",
        "sh -c $x",
        "curl x | sh",
        "bash",
        "bash <<< x",
        "ssh host ls",
        "xargs rm",
        "ls | xargs",
        "python3 -c 'x'",
        "python3.12 -c x",
        "python - < x",
        "node -e x",
        "perl -lne x",
        "perl -pe x",
        "ruby -e x",
        "awk 'x'",
        ". ./x",
        "source x",
        "f() { x; }; f",
        "alias git=rm; git x",
        "export PATH=x",
        "PATH=x; git status",
        "set -e",
        "trap x EXIT",
        "printf -v PATH x",
        "read PATH",
        "find . -exec ls \\;",
        "x=1",
        "for PATH in a; do git; done",
        "echo 'unfinished",
        "cat <<A\nx",
        "if x",
        "echo $((a[$(b)]))",
        "a=b c=d",
        "cat < $x",
        "echo > /dev/tcp/1.2.3.4/80",
        "exec ?",
        "env $x",
        "sudo \"$x\"",
        "a <> x",
        "node",
    ] {
        assert!(doubts(text) > 0, "{text}");
    }
    assert_eq!(Script::read(&"a;".repeat(40_000)).doubts, [Doubt::TooLong]);
}

#[test]
fn security_a_substitution_that_the_parser_overlooks_is_a_doubt() {
    for text in [
        "cat <<E\n`rm x`\nE\n",
        "cat <<E\na $(b) `rm x`\nE\n",
        "cat <<-E\n\t`rm x` $(b)\n\tE\n",
        "echo ${x:-`rm x`}",
    ] {
        assert!(doubts(text) > 0, "{text}");
    }
    for text in ["cat <<'E'\n`rm x` $(y)\nE\n", "echo \"\\`x\\`\""] {
        assert_eq!(doubts(text), 0, "{text}");
    }
    for text in [
        "echo \"a `rm x`\"",
        "a `rm x` b",
        "[[ `rm x` == a ]]",
        "x=`rm x`",
        "cat <<< `rm x`",
    ] {
        assert!(runs(text).contains(&"rm x".to_owned()), "{text}");
    }
}

#[test]
fn what_is_plain_is_not_in_doubt() {
    for text in [
        "git status",
        "cargo test --workspace 2>&1 | tail -5",
        "ls -la && cat 'a b' \"c d\"",
        "cd x && make -j4",
        "grep -rn 'a.*b' src | sort | uniq -c",
        "for f in a b; do cat $f; done",
        "[ -f a ] && echo yes",
        "git commit -m \"$(cat <<'EOF'\nSay ) \" `x` $(y)\n\nEOF\n)\"",
        "bash scripts/x.sh",
        "python3 x.py",
        "echo *.rs",
        "find . -name '*.rs' -type f",
        "RUST_LOG=debug cargo run",
        "sh -c 'ls; pwd'",
        "# only a comment\nls",
    ] {
        let script = Script::read(text);
        assert_eq!(script.doubts, [], "{text}");
        assert!(!script.invocations.is_empty(), "{text}");
    }
}

#[test]
fn files_that_output_goes_to_are_named() {
    let writes = |text: &str| -> Vec<Option<String>> {
        let script = Script::read(text);
        script
            .invocations
            .into_iter()
            .flat_map(|one| one.writes)
            .collect()
    };
    let file = |name: &str| Some(name.to_owned());
    assert_eq!(writes("a > x"), [file("x")]);
    assert_eq!(writes("a >> 'x y' 2>z"), [file("x y"), file("z")]);
    assert_eq!(writes("a &> x"), [file("x")]);
    assert_eq!(writes("a >| x"), [file("x")]);
    assert_eq!(writes("> x"), [file("x")]);
    assert_eq!(writes("a > $x"), [None]);
    assert_eq!(writes("a 2>&1 > /dev/null < y"), []);
}

#[test]
fn security_depth_and_size_do_no_harm() {
    let deep = format!("{}x{}", "$(".repeat(5_000), ")".repeat(5_000));
    assert!(!Script::read(&deep).invocations.is_empty());
    let wrappers = "env ".repeat(10_000);
    assert!(Script::read(&wrappers).invocations.len() < 200);
    let nested = "sh -c \"sh -c \\\"sh -c 'sh -c x'\\\"\"";
    assert!(!Script::read(nested).invocations.is_empty());
}

#[test]
fn security_no_character_brings_the_parser_down() {
    for text in [
        "echo {\u{10ffff}",
        "{\u{1f087}..3}",
        "\u{3000}git\u{a0}push",
        "<<\u{e9}\nx\n\u{e9}\n",
    ] {
        let script = Script::read(text);
        assert!(
            !script.invocations.is_empty() || !script.doubts.is_empty(),
            "{text}"
        );
    }
    assert_eq!(runs("echo 'h\u{e9}' \u{1f087}"), ["echo h\u{e9} \u{1f087}"]);
}
