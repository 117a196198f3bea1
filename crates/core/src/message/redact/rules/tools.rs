//! Secrets of language models and of tools for work, found by their own form.

use super::Pattern;
use super::apart;
use crate::message::redact::doubt::always;
use crate::message::redact::doubt::has_digit;

pub(super) const PATTERNS: &[Pattern] = &[
    // Models.
    (
        "anthropic key",
        &["sk-ant-"],
        r"sk-ant-[A-Za-z0-9_-]{10,}",
        always,
    ),
    (
        "api key",
        &["sk-"],
        apart!(r"sk-[A-Za-z0-9_-]{20,200}"),
        has_digit,
    ),
    (
        "hugging face token",
        &["hf_", "api_org_"],
        r"(?:hf_|api_org_)[A-Za-z0-9]{30,}",
        always,
    ),
    (
        "perplexity key",
        &["pplx-"],
        r"pplx-[A-Za-z0-9]{40,}",
        always,
    ),
    ("groq key", &["gsk_"], r"gsk_[A-Za-z0-9]{40,}", always),
    ("xai key", &["xai-"], r"xai-[A-Za-z0-9]{60,}", always),
    (
        "replicate token",
        &["r8_"],
        apart!(r"r8_[A-Za-z0-9]{36,60}"),
        has_digit,
    ),
    // Tools of work.
    (
        "1password key",
        &["a3-"],
        apart!(r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}"),
        always,
    ),
    (
        "1password token",
        &["ops_eyj"],
        r"ops_eyJ[A-Za-z0-9+/]{80,}={0,3}",
        always,
    ),
    (
        "age key",
        &["age-secret-key-1"],
        r"(?i)AGE-SECRET-KEY-1[a-z0-9]{20,}",
        always,
    ),
    (
        "adobe secret",
        &["p8e-"],
        apart!(r"p8e-[A-Za-z0-9]{32}"),
        has_digit,
    ),
    (
        "airtable token",
        &["pat"],
        r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}",
        always,
    ),
    (
        "authress key",
        &[".acc_", ".acc-"],
        r"(?i)(?:sc|ext|scauth|authress)_[a-z0-9]{5,30}\.[a-z0-9]{4,6}\.acc[_-][a-z0-9-]{10,32}\.[a-z0-9+/_=-]{30,}",
        always,
    ),
    (
        "contentful token",
        &["cfpat-"],
        r"CFPAT-[A-Za-z0-9_-]{40,}",
        always,
    ),
    (
        "dropbox token",
        &["sl."],
        apart!(r"sl\.[A-Za-z0-9_=-]{120,200}"),
        has_digit,
    ),
    (
        "figma token",
        &["figd_"],
        r"figd_[A-Za-z0-9_-]{40,}",
        always,
    ),
    (
        "frame.io token",
        &["fio-u-"],
        r"fio-u-[A-Za-z0-9_=-]{60,}",
        always,
    ),
    (
        "intra42 secret",
        &["s-s4t2"],
        r"s-s4t2(?:ud|af)-[A-Fa-f0-9]{64}",
        always,
    ),
    (
        "linear key",
        &["lin_api_", "lin_oauth_"],
        r"lin_(?:api|oauth)_[A-Za-z0-9]{40,}",
        always,
    ),
    (
        "mapbox token",
        &["pk.eyj", "sk.eyj", "tk.eyj"],
        r"[pst]k\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}",
        always,
    ),
    (
        "maxmind key",
        &["_mmk"],
        r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk",
        always,
    ),
    (
        "notion token",
        &["ntn_"],
        apart!(r"ntn_[0-9]{11}[A-Za-z0-9]{35}"),
        always,
    ),
    (
        "settlemint token",
        &["sm_aat_", "sm_pat_", "sm_sat_"],
        r"sm_[aps]at_[A-Za-z0-9]{16,}",
        always,
    ),
    (
        "typeform token",
        &["tfp_"],
        r"tfp_[A-Za-z0-9_.=-]{40,}",
        always,
    ),
];
