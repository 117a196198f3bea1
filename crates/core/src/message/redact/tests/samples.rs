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

/// Secrets that are found wherever they stand.
pub(super) fn secrets_alone() -> Vec<(String, &'static str)> {
    let mut all = by_form();
    all.extend(numbers());
    all
}

/// Numbers that issuers publish for tests. They are found where no digit or letter is next to them.
fn numbers() -> Vec<(String, &'static str)> {
    vec![
        (["4111", "1111", "1111", "1111"].join(" "), "card number"),
        (["5555", "5555", "5555", "4444"].join("-"), "card number"),
        (["378282", "246310005"].concat(), "card number"),
        (["DE8937040044", "0532013000"].concat(), "iban"),
        (["GB82 WEST 1234", "5698 7654 32"].join(" "), "iban"),
    ]
}

/// Secrets that are found by their own form.
pub(super) fn by_form() -> Vec<(String, &'static str)> {
    let jwt = format!(
        "{}.{}.{}",
        ["eyJ", "hbGciOiJIUzI1NiJ9"].concat(),
        ["eyJ", "zdWIiOiIxIn0"].concat(),
        letters(20)
    );
    let written = ISSUED.iter().map(|(form, name)| (written(form), *name));
    let mut all: Vec<(String, &'static str)> = written.collect();
    all.extend(vec![
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
        (
            format!("{}-{}", "sk-ant-api03", letters(40)),
            "anthropic key",
        ),
        (format!("{}-{}", "sk", letters(48)), "api key"),
        (format!("{}_{}", "sk_live", letters(24)), "stripe key"),
        (format!("{}{}", "AIza", letters(35)), "google api key"),
        (format!("{}_{}", "npm", letters(36)), "npm token"),
        (
            format!("{}.{}.{}", "SG", letters(22), letters(43)),
            "sendgrid key",
        ),
        (format!("{}.{}", "hvs", letters(24)), "vault token"),
        (jwt, "web token"),
        (pem("PRIVATE KEY", true), "private key"),
        (pem("RSA PRIVATE KEY", true), "private key"),
        (pem("OPENSSH PRIVATE KEY", true), "private key"),
        (pem("PGP PRIVATE KEY BLOCK", true), "private key"),
    ]);
    all
}

/// Forms that are written out by [`written`]: `{A9}` stands for nine letters and digits, `{U9}` and `{L9}` for capital and
/// small ones, `{h9}` for hexadecimal and `{d9}` for decimal digits.
const ISSUED: &[(&str, &str)] = &[
    ("ABSK{A110}", "aws bedrock key"),
    ("bedrock-api-key-{A40}", "aws bedrock key"),
    ("GOCSPX-{A28}", "google secret"),
    ("ya29.{A60}", "google token"),
    ("1//0{A40}", "google token"),
    ("GOOG{U20}", "google access key"),
    ("{A3}8Q~{A34}", "azure secret"),
    ("LTAI{A20}", "alibaba key"),
    ("AQVN{A36}", "yandex key"),
    ("dop_v1_{h64}", "digitalocean token"),
    ("HRKU-AA{A58}", "heroku key"),
    ("fo1_{A43}", "fly token"),
    ("tk-us-{A48}", "scalingo token"),
    ("sbp_{h40}", "supabase token"),
    ("nfp_{A36}", "netlify token"),
    ("tskey-auth-{A17}-{A30}", "tailscale key"),
    ("v1.0-{h24}-{h146}", "cloudflare key"),
    ("pul-{h40}", "pulumi token"),
    ("{A14}.atlasv1.{A64}", "terraform token"),
    ("s.{A24}", "vault token"),
    ("sha256~{A43}", "openshift token"),
    ("dp.pt.{A43}", "doppler token"),
    ("pscale_pw_{A43}", "planetscale token"),
    ("dapi{h32}", "databricks token"),
    ("4b1d{A38}", "clickhouse key"),
    ("dt0c01.{U24}.{U64}", "dynatrace token"),
    ("glc_{A60}", "grafana token"),
    ("glsa_{A32}_{h8}", "grafana token"),
    ("eyJrIjoi{A80}", "grafana token"),
    ("NRAK-{U27}", "new relic key"),
    ("sntryu_{h64}", "sentry token"),
    ("GR1348941{A20}", "gitlab token"),
    ("gloas-{h64}", "gitlab token"),
    ("ATATT3{A186}", "atlassian token"),
    ("pypi-AgEIcHlwaS5vcmc{A60}", "pypi token"),
    ("cio{A32}", "crates.io token"),
    ("rubygems_{h48}", "rubygems key"),
    ("oy2{L43}", "nuget key"),
    ("CLOJARS_{L60}", "clojars token"),
    ("dckr_pat_{A27}", "docker token"),
    ("AKCp{A69}", "artifactory token"),
    ("CCIPAT_{A22}_{h40}", "circleci token"),
    ("bkua_{h40}", "buildkite token"),
    ("pat.{A22}.{A24}.{A20}", "harness key"),
    ("API-{U26}", "octopus key"),
    ("sgp_{h16}_{h40}", "sourcegraph token"),
    ("PMAK-{h24}-{h34}", "postman key"),
    ("pnu_{A36}", "prefect token"),
    ("ico-{A32}", "infracost key"),
    ("rdme_{L70}", "readme key"),
    ("whsec_{A32}", "webhook secret"),
    ("sq0atp-{A22}", "square token"),
    ("shpat_{h32}", "shopify token"),
    ("FLWSECK_TEST-{h32}-X", "flutterwave key"),
    ("rzp_live_{A14}", "razorpay key"),
    ("access-sandbox-{h8}-{h4}-{h4}-{h4}-{h12}", "plaid token"),
    ("duffel_live_{A43}", "duffel token"),
    ("EZAK{A54}", "easypost key"),
    ("shippo_live_{h40}", "shippo token"),
    (
        "webhook.office.com/webhookb2/{h36}@{h36}/IncomingWebhook/{h32}/{h36}",
        "teams webhook",
    ),
    ("discord.com/api/webhooks/{d18}/{A68}", "discord webhook"),
    ("key-{h32}", "mailgun key"),
    ("{h32}-us12", "mailchimp key"),
    ("xkeysib-{h64}-{A16}", "brevo key"),
    ("SK{h32}", "twilio key"),
    ("EAAM{A110}", "facebook token"),
    ("hf_{A34}", "hugging face token"),
    ("pplx-{A48}", "perplexity key"),
    ("gsk_{A52}", "groq key"),
    ("xai-{A80}", "xai key"),
    ("r8_{A37}", "replicate token"),
    ("A3-{U6}-{U11}-{U5}-{U5}-{U5}", "1password key"),
    ("ops_eyJ{A250}", "1password token"),
    ("AGE-SECRET-KEY-1{U58}", "age key"),
    ("p8e-{A32}", "adobe secret"),
    ("pat{A14}.{h64}", "airtable token"),
    ("sc_{L10}.{L4}.acc_{L12}.{A40}", "authress key"),
    ("CFPAT-{A43}", "contentful token"),
    ("sl.{A135}", "dropbox token"),
    ("figd_{A40}", "figma token"),
    ("fio-u-{A64}", "frame.io token"),
    ("s-s4t2ud-{h64}", "intra42 secret"),
    ("lin_api_{A40}", "linear key"),
    ("pk.eyJ{A57}.{A22}", "mapbox token"),
    ("{A6}_{A29}_mmk", "maxmind key"),
    ("ntn_{d11}{A35}", "notion token"),
    ("sm_pat_{A16}", "settlemint token"),
    ("tfp_{A59}", "typeform token"),
    ("ey{A20}.ey{A20}.{A30}", "web token"),
    ("ZXlK{A60}", "web token"),
];

fn written(form: &str) -> String {
    let mut text = String::new();
    let mut rest = form;
    while let Some((before, after)) = rest.split_once('{') {
        let (field, after) = after.split_once('}').unwrap();
        let length = field[1..].parse().unwrap();
        let filler = match &field[..1] {
            "A" => letters(length),
            "U" => letters(length).to_uppercase(),
            "L" => letters(length).to_lowercase(),
            "h" => "9f3b0c7e5a1d2846".chars().cycle().take(length).collect(),
            _ => "918273645".chars().cycle().take(length).collect(),
        };
        text.push_str(before);
        text.push_str(&filler);
        rest = after;
    }
    text + rest
}
