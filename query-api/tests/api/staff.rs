//! What staff do to settings is an event of the tenant, whichever way it is done.

use schemas::settings::Role;
use serde_json::{Value, json};

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

/// P12: a key has limits of its own from its making on, or set later; they hold at once, and setting them is an event.
#[test]
fn limits_of_a_key_are_set() {
    with_world("staff_key_limits", async |world| {
        world.tenant("acme", |_| {}).await;
        world.tenant("other", |_| {}).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let limits = |queries: u32| json!({ "events_per_second": 5, "burst": 5, "queries_per_second": queries, "query_burst": queries });
        let wanted = json!({ "role": "viewer", "name": "BI", "limits": limits(1) });
        let made = world.send("POST", "/v1/tenants/acme/keys", &admin, Some(wanted)).await.json;
        assert_eq!(made["limits"], limits(1));
        let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
        let asked = async |times: usize| {
            for _ in 0..times {
                if world.get("/v1/plan", secret).await.status == 429 {
                    return true;
                }
            }
            false
        };
        assert!(asked(20).await);
        let path = format!("/v1/tenants/acme/keys/{id}/limits");
        let set = async |limits: Value| world.send("PUT", &path, &admin, Some(json!({ "limits": limits }))).await;
        assert_eq!(set(limits(1_000_000)).await.json["limits"], limits(1_000_000));
        assert!(!asked(20).await);
        assert_eq!(set(Value::Null).await.json["limits"], Value::Null);
        let mut none = limits(1);
        none["burst"] = json!(0);
        let refused = set(none).await;
        assert_eq!((refused.status, &refused.json["pointer"]), (422, &json!("/limits/burst")));
        let stranger = world.key(Some("other"), Role::Admin).await;
        let body = Some(json!({ "limits": null }));
        assert_eq!(world.send("PUT", &path, &stranger, body.clone()).await.status, 404);
        assert_eq!(world.send("PUT", &path, secret, body).await.status, 403);
        let told = world.staff_events("acme");
        assert!(told[1].starts_with(&format!("api_key.limits_changed {id}; limits: ")), "{told:?}");
        assert_eq!(told.len(), 3);
    });
}

/// P15: every list says up to when it is complete.
#[test]
fn every_list_says_up_to_when_it_is_complete() {
    with_world("staff_lists", async |world| {
        world.tenant("acme", |_| {}).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let platform = world.key(None, Role::Platform).await;
        for path in [
            "/v1/events",
            "/v1/users",
            "/v1/violations",
            "/v1/configuration",
            "/v1/catalogue",
            "/v1/catalogue/unknown",
            "/v1/rules",
            "/v1/rules/mass-export/versions",
            "/v1/exemptions",
            "/v1/tenants/acme/keys",
            "/v1/alerts/endpoints",
            "/v1/alerts/silences",
            "/v1/alerts/deliveries",
            "/v1/sign-ins",
            "/v1/devices",
            "/v1/users/u1/devices",
            "/v1/users/u1/sessions",
            "/v1/users/u1/sign-ins",
            "/v1/users/u1/violations",
            "/v1/users/u1/activities",
        ] {
            let answer = world.ok(path, &admin).await;
            assert_eq!(
                (answer.get("complete_until"), &answer["complete"]),
                (Some(&Value::Null), &json!(false)),
                "{path}"
            );
        }
        let tenants = world.ok("/v1/tenants", &platform).await;
        assert!(tenants.get("complete_until").is_some(), "{tenants}");
    });
}
