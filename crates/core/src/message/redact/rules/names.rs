//! Secrets that are found by the words before them: a name and what assigns to it.

use super::Pattern;
use crate::message::redact::doubt::always;
use crate::message::redact::doubt::has_all_classes;
use crate::message::redact::doubt::has_digit;
use crate::message::redact::doubt::is_key;
use crate::message::redact::doubt::is_mixed;
use crate::message::redact::doubt::looks_random;
use crate::message::redact::doubt::not_a_variable;
use crate::message::redact::doubt::not_a_word;
use crate::message::redact::doubt::not_code;
use crate::message::redact::doubt::runs_nothing;

/// What assigns, with the blanks after it. After `NAME=` none may follow: in a shell, what comes then is a command.
macro_rules! assigns {
    () => {
        r#"["'\\]{0,2}(?:[ \t]*(?:=>|:=|:)[ \t]*|[ \t]+=[ \t]*|=)"#
    };
}

/// A name for a password.
macro_rules! password {
    () => {
        r"(?i)(?:password|passwd|passphrase|passwort|pwd)"
    };
}

/// A name for any other secret.
macro_rules! secret {
    () => {
        concat!(
            r"(?i)(?:secret|token|credentials?|",
            r"(?:api|access|auth|client|private|encryption|signing|account|master)[ _-]?key)",
        )
    };
}

/// What may be a secret after such a name.
macro_rules! random {
    () => {
        r"(?P<s>[A-Za-z0-9_./+=~:@%-]{12,200})"
    };
}

/// Services whose keys are plain letters and digits.
macro_rules! services {
    () => {
        concat!(
            r"(?i)(?:",
            r"adafruit|adobe|airtable|algolia|alibaba|asana|atlassian|beamer|",
            r"bitbucket|bittrex|cloudflare|codecov|cohere|coinbase|confluence|",
            r"confluent|contentful|contribsys|datadog|discord|dnkey|droneci|dropbox|",
            r"etsy|facebook|fastly|finicity|finnhub|flickr|freshbooks|gitter|",
            r"gocardless|heroku|hubspot|intercom|jfrog|jira|kraken|kucoin|",
            r"launchdarkly|linear|linkedin|lob|looker|mailchimp|mailgun|mapbox|",
            r"mattermost|meraki|messagebird|netlify|newrelic|new-relic|new_relic|",
            r"nytimes|okta|openai|plaid|rapidapi|sendbird|sentry|snyk|sonar|",
            r"squarespace|sumo|telegram|travis|twilio|twitch|twitter|typeform|",
            r"yandex|zendesk|artifactory|bintray|xray|private-ai|privateai|sourcegraph",
            r")",
        )
    };
}

pub(super) const PATTERNS: &[Pattern] = &[
    (
        "aws secret key",
        &["aws"],
        concat!(
            r"(?i)aws[^\n;&|<>$`()]{0,30}?(?:secret|sk)[^\n;&|<>$`()]{0,30}?",
            r#"(?:(?:[:>]|[ \t]=)[ \t]*|[= \t])["'\\]{0,2}(?P<s>[A-Za-z0-9/+]{40,})"#
        ),
        has_all_classes,
    ),
    (
        "password",
        &["://"],
        r#"://[^\s/:@]*:(?P<s>[^\s/;&|<>`"'(){}\\]+)@"#,
        not_a_variable,
    ),
    (
        "authorization",
        &["authorization"],
        concat!(
            r"(?i)authorization",
            assigns!(),
            r"[\x22'\\]{0,2}",
            r"(?:bearer|basic|digest|token|apikey|bot)[ \t]+(?P<s>[A-Za-z0-9._~+/=:-]{8,})",
        ),
        always,
    ),
    (
        "authorization",
        &["authorization"],
        concat!(
            r"(?i)authorization",
            assigns!(),
            r"[\x22'\\]{0,2}(?P<s>[A-Za-z0-9._~+/=:-]{8,200})"
        ),
        has_digit,
    ),
    (
        "authorization",
        &["bearer"],
        r"(?i)(?:^|[^a-z])bearer[ \t]+(?P<s>[A-Za-z0-9._~+/-]{16,}=*)",
        has_digit,
    ),
    (
        "password",
        PASSWORD,
        concat!(password!(), assigns!(), r#"\\?"(?P<s>[^"\n\\]{3,200})"#),
        runs_nothing,
    ),
    (
        "password",
        PASSWORD,
        concat!(password!(), assigns!(), r"\\?'(?P<s>[^'\n\\]{3,200})"),
        runs_nothing,
    ),
    (
        "password",
        PASSWORD,
        concat!(
            password!(),
            r#"["'\\]{0,2}(?:[ \t]*(?:=>|:=|:)|[ \t]+=)[ \t]+"#,
            r#"(?P<s>[^\s"'`,;&|<>$)\\]{4,200})"#
        ),
        not_a_word,
    ),
    (
        "password",
        PASSWORD,
        concat!(
            password!(),
            r#"["'\\]{0,2}[ \t]*(?:=>|:=|=|:)(?P<s>[^\s"'`,;&|<>$)\\]{4,200})"#
        ),
        not_code,
    ),
    (
        "password",
        &["pass"],
        r#"(?i)(?:^|\s)--?[a-z-]*pass(?:word|wd|phrase)?[ \t]+["']?(?P<s>[^\s"'`;&|<>$)\\]{4,200})"#,
        not_code,
    ),
    (
        "secret",
        SECRET,
        concat!(secret!(), assigns!(), r#"\\?["']?"#, random!()),
        looks_random,
    ),
    (
        "secret",
        SECRET,
        concat!(
            r"(?i)(?:^|\s)--?[a-z-]*",
            secret!(),
            r#"[ \t]+["']?"#,
            random!()
        ),
        looks_random,
    ),
    // A part of the name may follow the telling word: `TOKEN_PROD=`, `secretForTests:`.
    (
        "secret",
        SECRET,
        concat!(
            secret!(),
            r"[A-Za-z0-9_.-]{1,20}",
            assigns!(),
            r#"\\?["']?"#,
            random!()
        ),
        is_mixed,
    ),
    // Names that tell less, and names of services whose keys have no form of their own: the value has to be random.
    (
        "secret",
        &[
            "key",
            "auth",
            "access",
            "api",
            "cred",
            "client",
            "session",
            "cookie",
            "signature",
        ],
        concat!(
            r"(?i)(?:key|auth|access|api|creds?|client|session|cookie|signature)[a-z0-9_.-]{0,20}",
            assigns!(),
            r#"\\?["']?"#,
            random!()
        ),
        is_mixed,
    ),
    (
        "secret",
        SERVICES,
        concat!(
            services!(),
            r"[a-z0-9_.-]{0,20}",
            assigns!(),
            r#"\\?["']?"#,
            random!()
        ),
        is_key,
    ),
    (
        "password",
        &["curl"],
        r#"curl[^\n;&|<>$`()]{0,200}?[ \t](?:-u|--user)[ \t=]{1,5}["']?[^\s"'`,;&|<>$()\\:]{1,80}:(?P<s>[^\s"'`,;&|<>$()\\]{3,200})"#,
        not_a_variable,
    ),
    (
        "password",
        &["password\""],
        r#"(?i)key="[a-z]{0,40}password"\s{1,20}value="(?P<s>[^"\n\\]{3,200})""#,
        runs_nothing,
    ),
];

/// The words in [`password`].
const PASSWORD: &[&str] = &["password", "passwd", "passphrase", "passwort", "pwd"];

/// The words in [`secret`].
const SECRET: &[&str] = &["secret", "token", "credential", "key"];

/// The words in [`services`].
const SERVICES: &[&str] = &[
    "adafruit",
    "adobe",
    "airtable",
    "algolia",
    "alibaba",
    "asana",
    "atlassian",
    "beamer",
    "bitbucket",
    "bittrex",
    "cloudflare",
    "codecov",
    "cohere",
    "coinbase",
    "confluence",
    "confluent",
    "contentful",
    "contribsys",
    "datadog",
    "discord",
    "dnkey",
    "droneci",
    "dropbox",
    "etsy",
    "facebook",
    "fastly",
    "finicity",
    "finnhub",
    "flickr",
    "freshbooks",
    "gitter",
    "gocardless",
    "heroku",
    "hubspot",
    "intercom",
    "jfrog",
    "jira",
    "kraken",
    "kucoin",
    "launchdarkly",
    "linear",
    "linkedin",
    "lob",
    "looker",
    "mailchimp",
    "mailgun",
    "mapbox",
    "mattermost",
    "meraki",
    "messagebird",
    "netlify",
    "newrelic",
    "new-relic",
    "new_relic",
    "nytimes",
    "okta",
    "openai",
    "plaid",
    "rapidapi",
    "sendbird",
    "sentry",
    "snyk",
    "sonar",
    "squarespace",
    "sumo",
    "telegram",
    "travis",
    "twilio",
    "twitch",
    "twitter",
    "typeform",
    "yandex",
    "zendesk",
    "artifactory",
    "bintray",
    "xray",
    "private-ai",
    "privateai",
    "sourcegraph",
];
