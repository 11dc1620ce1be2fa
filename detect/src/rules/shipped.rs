//! The rules that come with the program, compiled in. A test holds this list against the directory.

macro_rules! rules {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!("../../rules/", $name, ".yml"))),)*]
    };
}

/// Names and texts.
pub(super) const SOURCES: &[(&str, &str)] = rules![
    "admin-granted",
    "api-key-created",
    "bulk-delete",
    "exemption-granted",
    "export-by-api-key",
    "impersonation",
    "insecure-webhook",
    "log-exported",
    "logging-switched-off",
    "mass-export",
    "own-rights-changed",
    "password-changed",
    "payroll-bonus-automated",
    "payroll-bonus-own",
    "plan-downgraded",
    "retention-changed",
    "rule-switched-off",
    "second-factor-disabled",
    "sign-in-anonymiser",
    "sign-in-automated",
    "sign-in-deactivated-user",
    "sign-in-denied-country",
    "sign-in-failed",
    "sign-in-internal-address",
    "sign-in-legacy-software",
    "sign-in-second-factor-failed",
    "sign-in-tor",
    "sign-in-unknown-device",
    "single-sign-on-changed",
    "user-deleted",
];
