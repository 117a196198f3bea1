//! Secrets, put together when the tests run, so that none stands in the repository.

pub(super) fn bot_token() -> String {
    format!(
        "{}:{}{}",
        987_654_321, "AAH", "dqTcvCH1vGWJxfSeofSAs0K5PALDsaw-"
    )
}

pub(super) fn aws_id() -> String {
    format!("{}{}", "AKIA", "IOSFODNN7EXAMPLE")
}

pub(super) fn aws_secret() -> String {
    ["wJalrXUtnFEMI/", "K7MDENG/", "bPxRfiCYEXAMPLEKEY"].concat()
}

pub(super) fn letters(length: usize) -> String {
    "a1B2c3D4e5F6g7H8".chars().cycle().take(length).collect()
}

pub(super) fn pem(kind: &str, end: bool) -> String {
    let line = letters(64);
    let begin = format!("-----{} {kind}-----\n{line}\n{line}\nabcd==", "BEGIN");
    if end {
        format!("{begin}\n-----{} {kind}-----", "END")
    } else {
        begin
    }
}

/// Secrets that are found by their own form.
pub(super) fn secrets_alone() -> Vec<(String, &'static str)> {
    let jwt = format!(
        "{}.{}.{}",
        ["eyJ", "hbGciOiJIUzI1NiJ9"].concat(),
        ["eyJ", "zdWIiOiIxIn0"].concat(),
        letters(20)
    );
    vec![
        (bot_token(), "telegram bot token"),
        (aws_id(), "aws access key"),
        (
            aws_id().replace("AKIA", &["AS", "IA"].concat()),
            "aws access key",
        ),
        (format!("{}_{}", "ghp", letters(36)), "github token"),
        (format!("{}_{}", "gho", letters(36)), "github token"),
        (format!("{}_{}", "ghu", letters(36)), "github token"),
        (format!("{}_{}", "ghs", letters(36)), "github token"),
        (format!("{}_{}", "ghr", letters(36)), "github token"),
        (format!("github_{}_{}", "pat", letters(82)), "github token"),
        (format!("{}-{}", "glpat", letters(20)), "gitlab token"),
        (format!("{}-{}", "xoxb", letters(24)), "slack token"),
        (
            format!("hooks.slack.com/{}/{}", "services", letters(40)),
            "slack webhook",
        ),
        (format!("{}-{}", "sk-ant-api03", letters(40)), "api key"),
        (format!("{}-{}", "sk", letters(48)), "api key"),
        (format!("{}_{}", "sk_live", letters(24)), "api key"),
        (format!("{}{}", "AIza", letters(35)), "api key"),
        (format!("{}_{}", "npm", letters(36)), "api key"),
        (
            format!("{}.{}.{}", "SG", letters(22), letters(43)),
            "api key",
        ),
        (format!("{}.{}", "hvs", letters(24)), "api key"),
        (jwt, "web token"),
        (pem("PRIVATE KEY", true), "private key"),
        (pem("RSA PRIVATE KEY", true), "private key"),
        (pem("OPENSSH PRIVATE KEY", true), "private key"),
        (pem("PGP PRIVATE KEY BLOCK", true), "private key"),
    ]
}
