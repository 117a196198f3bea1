//! Secrets that are found by their own form: who issues them has published a prefix, a length and an alphabet.

use super::KEY;
use super::Pattern;
use super::apart;
use crate::message::redact::doubt::always;
use crate::message::redact::doubt::has_digit;
use crate::message::redact::doubt::is_mixed;
use crate::message::redact::doubt::not_a_hash;

pub(super) const PATTERNS: &[Pattern] = &[
    // How a key begins. What belongs to it is found by `key::ranges`.
    (
        KEY,
        &["private key"],
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----",
        always,
    ),
    (
        "telegram bot token",
        &["0:", "1:", "2:", "3:", "4:", "5:", "6:", "7:", "8:", "9:"],
        r"(?:^|[^0-9])(?P<s>[1-9][0-9]{5,15}:[A-Za-z0-9_-]{30,})",
        not_a_hash,
    ),
    // Forges, builds, package registries.
    (
        "github token",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        r"gh[pousr]_[A-Za-z0-9_.-]{36,}|github_pat_[A-Za-z0-9_]{22,}",
        always,
    ),
    (
        "gitlab token",
        &[
            "glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glffct-",
            "glimt-", "glagent-", "gloas-",
        ],
        r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|ffct|imt|agent|oas)-[A-Za-z0-9_.-]{20,}",
        always,
    ),
    (
        "gitlab token",
        &["gr1348941"],
        r"GR1348941[A-Za-z0-9_-]{20,}",
        always,
    ),
    (
        "gitlab session",
        &["_gitlab_session="],
        r"_gitlab_session=(?P<s>[A-Za-z0-9]{32,})",
        always,
    ),
    (
        "atlassian token",
        &["atatt3", "atctt3", "atbb"],
        r"AT[AC]TT3[A-Za-z0-9_=-]{20,}|ATBB[A-Za-z0-9]{32,}",
        always,
    ),
    ("npm token", &["npm_"], r"(?i)npm_[a-z0-9]{36,}", always),
    (
        "pypi token",
        &["pypi-age"],
        r"pypi-AgE[A-Za-z0-9_-]{20,}",
        always,
    ),
    (
        "crates.io token",
        &["cio"],
        apart!(r"cio[A-Za-z0-9]{32}"),
        is_mixed,
    ),
    (
        "rubygems key",
        &["rubygems_"],
        r"rubygems_[a-f0-9]{48}",
        always,
    ),
    ("nuget key", &["oy2"], apart!(r"oy2[a-z0-9]{43}"), is_mixed),
    (
        "clojars token",
        &["clojars_"],
        r"(?i)clojars_[a-z0-9]{60}",
        always,
    ),
    (
        "docker token",
        &["dckr_pat_", "dckr_oat_"],
        r"dckr_[po]at_[A-Za-z0-9_-]{20,}",
        always,
    ),
    (
        "artifactory token",
        &["akcp", "cmvmd"],
        apart!(r"(?:AKCp[A-Za-z0-9]{69}|cmVmd[A-Za-z0-9]{59})"),
        always,
    ),
    (
        "circleci token",
        &["ccipat_"],
        r"CCIPAT_[A-Za-z0-9_]{40,}",
        always,
    ),
    ("buildkite token", &["bkua_"], r"bkua_[a-f0-9]{40}", always),
    (
        "harness key",
        &["pat.", "sat."],
        r"[ps]at\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}",
        always,
    ),
    (
        "octopus key",
        &["api-"],
        apart!(r"API-[A-Z0-9]{26}"),
        has_digit,
    ),
    (
        "sourcegraph token",
        &["sgp_"],
        r"(?i)sgp_(?:[a-f0-9]{16}_|local_)?[a-f0-9]{40}",
        always,
    ),
    (
        "postman key",
        &["pmak-"],
        r"(?i)PMAK-[a-f0-9]{24}-[a-f0-9]{34}",
        always,
    ),
    (
        "prefect token",
        &["pnu_"],
        apart!(r"pnu_[A-Za-z0-9]{36}"),
        has_digit,
    ),
    (
        "infracost key",
        &["ico-"],
        apart!(r"ico-[A-Za-z0-9]{32}"),
        has_digit,
    ),
    ("readme key", &["rdme_"], r"rdme_[a-z0-9]{70}", always),
    // Payment and shops.
    (
        "stripe key",
        &[
            "sk_live_", "sk_test_", "sk_prod_", "rk_live_", "rk_test_", "rk_prod_",
        ],
        r"[rs]k_(?:live|test|prod)_[A-Za-z0-9]{10,}",
        always,
    ),
    (
        "webhook secret",
        &["whsec_"],
        r"whsec_[A-Za-z0-9+/]{24,}",
        always,
    ),
    (
        "square token",
        &["eaaa", "sq0"],
        r"(?:^|[^A-Za-z0-9+/])(?P<s>(?:EAAA|sq0atp-|sq0csp-)[A-Za-z0-9_-]{22,60})",
        is_mixed,
    ),
    (
        "shopify token",
        &["shpat_", "shpca_", "shppa_", "shpss_"],
        r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32,}",
        always,
    ),
    (
        "flutterwave key",
        &["flwseck", "flwpubk"],
        r"(?i)FLW(?:SEC|PUB)K(?:_TEST)?-[a-z0-9]{12,}(?:-X)?",
        always,
    ),
    (
        "razorpay key",
        &["rzp_live_", "rzp_test_"],
        r"rzp_(?:live|test)_[A-Za-z0-9]{14,}",
        always,
    ),
    (
        "plaid token",
        &[
            "access-sandbox-",
            "access-development-",
            "access-production-",
        ],
        r"access-(?:sandbox|development|production)-[0-9a-f-]{32,}",
        always,
    ),
    (
        "duffel token",
        &["duffel_"],
        r"(?i)duffel_(?:test|live)_[a-z0-9_=-]{30,}",
        always,
    ),
    (
        "easypost key",
        &["ezak", "eztk"],
        apart!(r"EZ[AT]K[A-Za-z0-9]{54}"),
        always,
    ),
    (
        "shippo token",
        &["shippo_"],
        r"shippo_(?:live|test)_[A-Fa-f0-9]{40}",
        always,
    ),
    // Chat and mail.
    (
        "slack token",
        &["xox", "xapp-"],
        r"(?i)xox[a-z](?:[.-]xox[a-z])?-[a-z0-9-]{8,}|xapp-[0-9]-[a-z0-9-]{10,}",
        always,
    ),
    (
        "slack webhook",
        &["hooks.slack.com"],
        r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/+_-]{20,}",
        always,
    ),
    (
        "teams webhook",
        &["webhook.office.com"],
        r"webhook\.office\.com/webhookb2/[A-Za-z0-9@/_-]{60,}",
        always,
    ),
    (
        "discord webhook",
        &["/api/webhooks/"],
        r"(?:discord|discordapp)\.com/api/webhooks/[0-9]{15,}/[A-Za-z0-9_-]{40,}",
        always,
    ),
    (
        "sendgrid key",
        &["sg."],
        r"(?i)SG\.[a-z0-9_-]{16,}\.[a-z0-9_-]{16,}|SG\.[a-z0-9_.=-]{60,}",
        always,
    ),
    (
        "mailgun key",
        &["key-"],
        apart!(r"(?:pub)?key-[a-f0-9]{32}"),
        has_digit,
    ),
    (
        "mailchimp key",
        &["-us"],
        r"[a-f0-9]{32}-us[0-9]{1,2}",
        always,
    ),
    (
        "brevo key",
        &["xkeysib-", "xsmtpsib-"],
        r"x(?:key|smtp)sib-[a-f0-9]{64}-[A-Za-z0-9]{16}",
        always,
    ),
    (
        "twilio key",
        &["sk"],
        apart!(r"SK[0-9a-fA-F]{32}"),
        has_digit,
    ),
    (
        "facebook token",
        &["eaa"],
        apart!(r"EAA[A-Z][A-Za-z0-9]{80,200}"),
        has_digit,
    ),
    // Tokens of many issuers.
    (
        "web token",
        &["eyj"],
        r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_.-]*",
        always,
    ),
    (
        "web token",
        &["ey"],
        apart!(r"ey[A-Za-z0-9]{17,200}\.ey[A-Za-z0-9\x2F_-]{17,}\.[A-Za-z0-9/_-]{0,200}={0,2}"),
        always,
    ),
    (
        "web token",
        &["zxlk"],
        r"ZXlK[A-Za-z0-9+/_-]{40,}={0,2}",
        always,
    ),
];
