//! Secrets, put together when the program runs, so that none stands in the repository.

/// As many letters and digits, mixed as in a key.
#[must_use]
pub fn letters(length: usize) -> String {
    "a1B2c3D4e5F6g7H8".chars().cycle().take(length).collect()
}

/// One secret of each form that is masked wherever it stands.
#[must_use]
pub fn anywhere() -> Vec<String> {
    let pair =
        |prefix: &str, joint: &str, length: usize| format!("{prefix}{joint}{}", letters(length));
    vec![
        format!("{}{}", "AKIA", "IOSFODNN7EXAMPLE"),
        format!("{}{}", "ASIA", "IOSFODNN7EXAMPLE"),
        pair("ghp", "_", 36),
        pair("github_pat", "_", 82),
        pair("glpat", "-", 20),
        pair("xoxb", "-", 24),
        pair("xapp", "-1-", 24),
        pair("hooks.slack.com", "/services/", 40),
        pair("sk-ant", "-", 40),
        pair("sk_live", "_", 24),
        pair("whsec", "_", 32),
        pair("AIza", "", 35),
        pair("GOCSPX", "-", 28),
        pair("npm", "_", 36),
        pair("hf", "_", 34),
        format!("{}.{}.{}", "SG", letters(22), letters(43)),
        format!("{}_{}", "dop_v1", "0123456789abcdef".repeat(4)),
        pair("hvs", ".", 24),
        format!("{}1{}", "AGE-SECRET-KEY-", letters(58).to_uppercase()),
        format!(
            "{}eXAiOiJKV1QifQ.{}zdWIiOiIxIn0.{}",
            "eyJ",
            "eyJ",
            letters(20)
        ),
    ]
}

/// One secret of each form that is masked where no letter or digit stands before it.
#[must_use]
pub fn apart() -> Vec<String> {
    vec![
        format!("{}:{}{}", 987_654_321, "AAH", letters(32)),
        format!("{}-{}", "sk", letters(48)),
    ]
}

/// Text before a secret that says what it is, and the secret.
#[must_use]
pub fn named() -> Vec<(&'static str, String)> {
    vec![
        ("Authorization: Bearer ", letters(24)),
        ("authorization: Basic ", letters(24)),
        ("bearer ", letters(24)),
        ("DB_PASSWORD=", "sw0rdfish".to_owned()),
        ("--password ", "sw0rdfish".to_owned()),
        ("\"password\": \"", "sw0rdfish".to_owned()),
        ("api_key: ", letters(24)),
        ("export SERVICE_TOKEN=", letters(24)),
        ("--token ", letters(24)),
        ("postgres://app:", "sw0rdfish@db.local/shop".to_owned()),
    ]
}
