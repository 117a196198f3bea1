//! The list of settings is complete, and what is made from it is right.

use super::*;

#[test]
fn every_name_of_the_published_settings_is_known() {
    let names = "TELEGRAM_BOT_TOKEN TELEGRAM_ALLOWED_USERS CC_TELEGRAM_ALLOWED_USERS CC_TELEGRAM_MODE MAX_QUEUE_SIZE \
        RATE_LIMIT_PER_MINUTE CC_TELEGRAM_RATE_LIMIT_STRICT MEMORY_LIMIT_MB CONNECTION_POOL_SIZE HEALTH_PORT EVENT_TTL_HOURS \
        CC_TELEGRAM_VALIDATE_EVENTS CC_TELEGRAM_ENCRYPT_MESSAGES CC_TELEGRAM_SECURITY_LOG EMERGENCY_LOCKDOWN RUST_LOG";
    let keys = "security.rate_limit_requests security.rate_limit_window security.audit_log security.max_concurrent_connections \
        security.enable_ip_whitelist security.ip_whitelist security.security_headers monitoring.security.failed_auth_threshold \
        monitoring.security.rate_limit_threshold monitoring.security.resource_usage_threshold monitoring.security.anomaly_detection";
    let reference = crate::config::reference::markdown();
    for name in names.split_whitespace() {
        assert!(
            settings::ALL
                .iter()
                .any(|setting| setting.variables.contains(&name)),
            "{name}"
        );
        assert!(reference.contains(&format!("`{name}`")), "{name}");
    }
    for key in keys.split_whitespace() {
        assert!(
            settings::ALL.iter().any(|setting| setting.key == Some(key)),
            "{key}"
        );
    }
}

#[test]
fn every_default_is_a_value_that_could_be_set() {
    for setting in settings::ALL
        .iter()
        .filter(|setting| !setting.default.is_empty())
    {
        assert!(
            raw::read(setting.shape, setting.default).is_ok(),
            "{}",
            setting.name()
        );
    }
}

#[test]
fn the_example_document_is_good_and_so_is_every_line_of_it() {
    assert!(
        good(&[], "", &crate::config::reference::example())
            .not_in_effect
            .is_empty()
    );
    let uncommented = |line: &str| {
        let bare = line
            .strip_prefix("# ")
            .filter(|rest| rest.contains(" = ") || rest.starts_with("[["));
        let bare = bare.filter(|rest| !rest.contains("CCTelegram") && !rest.ends_with("\"\""));
        format!("{}\n", bare.unwrap_or(line))
    };
    let document: String = crate::config::reference::example()
        .lines()
        .map(uncommented)
        .collect();
    let document = document.replace("~/", "/root/");
    assert_eq!(
        good(&[("TELEGRAM_BOT_TOKEN", OTHER_TOKEN)], "", &document)
            .people
            .users()
            .len(),
        1
    );
}
