//! What the tests of this crate are about.

use chrono::DateTime;
use schemas::alerts::{AlertEndpoint, AlertFormat};
use schemas::violation::{Action, Violation};

pub(crate) fn violation(user: &str, level: u8) -> Violation {
    Violation {
        id: "5f2b7c0e9d1a4b3f8e6d2c1b0a998877".into(),
        tenant: "acme".into(),
        rule: "impossible-travel".into(),
        title: "Impossible <travel> & more".into(),
        rule_version: 2,
        level,
        action: Action::Flag,
        user_id: user.into(),
        user_name: "Jana <script>".into(),
        device_id: "d1".into(),
        device_confidence: Some("high".into()),
        session_id: "s1".into(),
        ip: "203.0.113.9".into(),
        country: "NZ".into(),
        city: "Wellington".into(),
        event_id: "e1".into(),
        event_type: "user.signed_in".into(),
        occurred_at: DateTime::from_timestamp_millis(1_763_631_000_125).unwrap(),
        seen: Some(1800.5),
        limit: Some(900.0),
        group: Default::default(),
    }
}

pub(crate) fn endpoint(url: &str) -> AlertEndpoint {
    AlertEndpoint {
        tenant: "acme".into(),
        id: "pager".into(),
        url: url.into(),
        format: AlertFormat::Standard,
        min_level: 0,
        rules: Vec::new(),
        secrets: vec!["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()],
        repeat_seconds: 3600,
        enabled: true,
        disabled_reason: String::new(),
        updated_at: DateTime::UNIX_EPOCH,
    }
}
