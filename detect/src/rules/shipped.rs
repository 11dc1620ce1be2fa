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
    "blocked-device",
    "brute-force",
    "brute-force-success",
    "bulk-delete",
    "dormant-account",
    "exemption-granted",
    "export-by-api-key",
    "impersonation",
    "impossible-travel",
    "insecure-webhook",
    "log-exported",
    "logging-switched-off",
    "mass-delete",
    "mass-export",
    "mass-export-window",
    "mass-view",
    "new-device-new-country",
    "own-rights-changed",
    "password-changed",
    "password-spraying",
    "payroll-bonus-automated",
    "payroll-bonus-own",
    "plan-downgraded",
    "privilege-change-then-export",
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
    "sign-in-outside-hours",
    "sign-in-second-factor-failed",
    "sign-in-tor",
    "sign-in-unknown-device",
    "single-sign-on-changed",
    "too-many-countries",
    "too-many-devices",
    "too-many-ips",
    "too-many-sessions",
    "unlikely-travel",
    "user-deleted",
];
