//! What staff do to settings is an event of the tenant, whichever way it is done.

use schemas::settings::Role;
use serde_json::json;

use crate::support::with_world;

/// A1, L1, L2: every change of a setting says what it was and what it became.
#[test]
fn changed_settings_are_events() {
    with_world("staff_settings", async |world| {
        let platform = world.key(None, Role::Platform).await;
        let new = json!({ "id": "acme", "name": "Acme", "logging": true });
        assert_eq!(world.send("POST", "/v1/tenants", &platform, Some(new)).await.status, 201);
        let admin = world.key(Some("acme"), Role::Admin).await;
        let retention = json!({ "sign_ins": 90, "changes": 365, "views": 90, "configuration": 730, "other": 180 });
        for (method, path, body) in [
            ("PUT", "/v1/settings/retention", retention),
            ("PUT", "/v1/settings/logging", json!({ "enabled": true })),
            ("PUT", "/v1/settings/logging", json!({ "enabled": false })),
            ("PATCH", "/v1/tenants/acme", json!({ "week_start": "sunday", "logging": true })),
        ] {
            let answer = world.send(method, path, &admin, Some(body)).await;
            assert_eq!(answer.status, 200, "{}", answer.json);
        }
        assert_eq!(
            world.staff_events("acme"),
            [
                "logging.enabled logging; logging: false → true",
                r#"setting.changed name; name: "" → "Acme""#,
                "retention.changed retention; sign_ins: 365 → 90",
                "logging.disabled logging; logging: true → false",
                "logging.enabled logging; logging: false → true",
                r#"setting.changed week_start; week_start: "monday" → "sunday""#,
            ]
        );
        let actors: Vec<_> = world.audit.recorded("acme").iter().map(|event| event["actor"]["id"].clone()).collect();
        assert_eq!((&actors[0], &actors[2]), (&json!(&platform[3..15]), &json!(&admin[3..15])));
    });
}

/// P11: keys made and revoked are events, without their secrets.
#[test]
fn keys_are_events_without_their_secrets() {
    with_world("staff_keys", async |world| {
        world.tenant("acme", |_| {}).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let wanted = json!({ "role": "ingest", "name": "CRM" });
        let made = world.send("POST", "/v1/tenants/acme/keys", &admin, Some(wanted)).await.json;
        let id = made["id"].as_str().unwrap();
        for _ in 0..2 {
            assert_eq!(world.send("DELETE", &format!("/v1/tenants/acme/keys/{id}"), &admin, None).await.status, 200);
        }
        let events = world.staff_events("acme");
        assert_eq!(events[0], format!(r#"api_key.created {id}; role: null → "ingest""#));
        assert!(events[1].starts_with(&format!("api_key.revoked {id}; revoked_at: null → ")), "{events:?}");
        assert_eq!(events.len(), 2);
        let key = world.settings.snapshot().key(id).cloned().unwrap();
        let text = format!("{:?}", world.audit.recorded("acme"));
        let secret = &made["secret"].as_str().unwrap()[16..];
        assert!(!text.contains(secret) && !text.contains(&key.hash), "{text}");
    });
}
