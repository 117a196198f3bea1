//! Secrets of clouds and of what runs there, found by their own form.

use super::Pattern;
use super::apart;
use crate::message::redact::doubt::always;
use crate::message::redact::doubt::has_all_classes;
use crate::message::redact::doubt::has_digit;
use crate::message::redact::doubt::is_mixed;

pub(super) const PATTERNS: &[Pattern] = &[
    (
        "aws access key",
        &["akia", "asia", "abia", "acca", "a3t"],
        r"(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{16,}",
        always,
    ),
    (
        "aws bedrock key",
        &["absk"],
        r"ABSK[A-Za-z0-9+/]{100,}={0,2}",
        always,
    ),
    (
        "aws bedrock key",
        &["bedrock-api-key-"],
        r"bedrock-api-key-[A-Za-z0-9+/=]{20,}",
        always,
    ),
    (
        "aws signature",
        &["x-amz-"],
        r"(?i)x-amz-(?:signature|security-token)=(?P<s>[a-z0-9%+/=_-]{32,})",
        always,
    ),
    (
        "google api key",
        &["aiza"],
        r"AIza[A-Za-z0-9_-]{35,}",
        always,
    ),
    (
        "google secret",
        &["gocspx-"],
        r"GOCSPX-[A-Za-z0-9_-]{20,}",
        always,
    ),
    (
        "google token",
        &["ya29."],
        r"ya29\.[A-Za-z0-9_-]{20,}",
        always,
    ),
    ("google token", &["1//0"], r"1//0[A-Za-z0-9_-]{30,}", always),
    (
        "google access key",
        &["goog"],
        apart!(r"GOOG[A-Z0-9]{20,80}"),
        has_digit,
    ),
    (
        "azure secret",
        &["q~"],
        r"[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,}",
        always,
    ),
    (
        "azure signature",
        &["sig="],
        r"[?&]sig=(?P<s>[A-Za-z0-9%+/=_-]{40,})",
        always,
    ),
    (
        "alibaba key",
        &["ltai"],
        apart!(r"LTAI[A-Za-z0-9]{12,30}"),
        has_digit,
    ),
    (
        "yandex key",
        &["aqvn"],
        apart!(r"AQVN[A-Za-z0-9_-]{30,60}"),
        has_digit,
    ),
    (
        "digitalocean token",
        &["doo_v1_", "dop_v1_", "dor_v1_"],
        r"(?i)do[opr]_v1_[a-f0-9]{64}",
        always,
    ),
    ("heroku key", &["hrku-"], r"HRKU-[A-Za-z0-9_-]{30,}", always),
    (
        "fly token",
        &["fo1_", "fm1a_", "fm1r_", "fm2_"],
        r"(?:fo1_|fm1[ar]_|fm2_)[A-Za-z0-9_+/=-]{40,}",
        always,
    ),
    (
        "scalingo token",
        &["tk-us-"],
        r"tk-us-[A-Za-z0-9_-]{40,}",
        always,
    ),
    ("supabase token", &["sbp_"], r"sbp_[a-f0-9]{40,}", always),
    ("netlify token", &["nfp_"], r"nfp_[A-Za-z0-9]{36,}", always),
    (
        "tailscale key",
        &["tskey-"],
        r"tskey-[a-z]{2,12}-[A-Za-z0-9-]{16,}",
        always,
    ),
    (
        "cloudflare key",
        &["v1.0-"],
        r"v1\.0-[a-f0-9]{24}-[a-f0-9]{100,}",
        always,
    ),
    ("pulumi token", &["pul-"], r"pul-[a-f0-9]{40}", always),
    (
        "terraform token",
        &["atlasv1"],
        r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{40,}",
        always,
    ),
    (
        "vault token",
        &["hvs.", "hvb.", "hvr."],
        r"hv[sbr]\.[A-Za-z0-9_-]{24,}",
        always,
    ),
    (
        "vault token",
        &["s."],
        r"(?:^|[^A-Za-z0-9_.)\]])(?P<s>s\.[A-Za-z0-9]{24,60})",
        is_mixed,
    ),
    (
        "openshift token",
        &["sha256~"],
        r"sha256~[A-Za-z0-9_-]{43}",
        always,
    ),
    (
        "doppler token",
        &["dp."],
        r"dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9_.-]{40,}",
        always,
    ),
    (
        "planetscale token",
        &["pscale_"],
        r"(?i)pscale_(?:tkn|oauth|pw)_[a-z0-9_=.-]{32,}",
        always,
    ),
    (
        "databricks token",
        &["dapi"],
        apart!(r"dapi[a-f0-9]{32}(?:-[0-9])?"),
        has_digit,
    ),
    (
        "clickhouse key",
        &["4b1d"],
        apart!(r"4b1d[A-Za-z0-9]{38}"),
        has_all_classes,
    ),
    (
        "dynatrace token",
        &["dt0"],
        r"dt0[a-z][0-9]{2}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{64}",
        always,
    ),
    (
        "grafana token",
        &["glc_"],
        r"(?i)glc_[a-z0-9+/]{32,}={0,3}",
        always,
    ),
    (
        "grafana token",
        &["glsa_"],
        r"(?i)glsa_[a-z0-9]{32}_[a-f0-9]{8}",
        always,
    ),
    (
        "grafana token",
        &["eyjrijoi"],
        r"(?i)eyJrIjoi[a-z0-9]{40,}={0,3}",
        always,
    ),
    (
        "new relic key",
        &["nrak-", "nrii-", "nrjs-", "nrra-"],
        r"(?i)(?:NRAK|NRII|NRJS|NRRA)-[a-z0-9-]{19,}",
        always,
    ),
    (
        "sentry token",
        &["sntrys_", "sntryu_"],
        r"sntry[su]_[A-Za-z0-9+/=_]{40,}",
        always,
    ),
];
