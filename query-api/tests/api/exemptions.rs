//! The checks switched off for one user.

use chrono::{TimeDelta, Utc};
use schemas::access::{Access, AccessDecision};
use schemas::detection::Exemption;
use schemas::settings::Role;
use schemas::topics::SettingsKey;
use serde_json::json;

use crate::support::with_world;

/// K6: granted with an owner and a reason, changed, ended; in force at once and audited each time.
#[test]
fn an_exemption_from_its_grant_to_its_end() {
    with_world("exemptions", async |world| {
        world.tenant("acme", |_| {}).await;
        let staff = world.key(Some("acme"), Role::Security).await;
        let path = "/v1/users/u-17/exemption";
        assert_eq!(world.get(path, &staff).await.status, 404);
        let grant = json!({ "owner": "Jana", "reason": "travels" });
        let granted = world.send("PUT", path, &staff, Some(grant)).await;
        assert_eq!((granted.status, &granted.json["holds"]), (200, &json!(true)), "{}", granted.json);
        let known = world.settings.snapshot().exemption("acme", "u-17").cloned().unwrap();
        assert!(known.holds_at(Utc::now().timestamp_millis()));

        let end = (Utc::now() + TimeDelta::days(1)).to_rfc3339();
        let shorter = json!({ "owner": "Jana", "reason": "travels", "expires_at": end });
        let changed = world.send("PUT", path, &staff, Some(shorter)).await;
        assert_eq!(changed.json["granted_at"], granted.json["granted_at"]);
        assert_eq!(world.ok(path, &staff).await, changed.json);
        assert_eq!(world.ok("/v1/exemptions", &staff).await["data"], json!([changed.json]));

        let ended = world.send("DELETE", path, &staff, None).await;
        assert_eq!((ended.status, &ended.json["holds"]), (200, &json!(false)));
        assert!(world.settings.snapshot().exemption("acme", "u-17").is_none());
        assert_eq!(world.send("DELETE", path, &staff, None).await.status, 404);

        let events = world.staff_events("acme");
        assert_eq!(events[0], r#"exemption.granted u-17; owner: null → "Jana", reason: null → "travels""#);
        assert!(events[1].starts_with("exemption.granted u-17; expires_at: null → "), "{events:?}");
        assert!(events[2].starts_with(r#"exemption.ended u-17; owner: "Jana" → null"#), "{events:?}");
        assert_eq!(events.len(), 3);
    });
}

/// K6, K11: what rules decided about a user's devices ends with the exemption, if that is asked for; what staff decided stays. Each end
/// is an event.
#[test]
fn an_exemption_ends_what_rules_decided() {
    with_world("exemptions_devices", async |world| {
        world.tenant("acme", |_| {}).await;
        let staff = world.key(Some("acme"), Role::Security).await;
        let decide = async |user: &str, device: &str, by: &str| {
            let decision = AccessDecision {
                tenant: "acme".to_owned(),
                user_id: user.to_owned(),
                device_id: device.to_owned(),
                device_confidence: None,
                access: Access::Block,
                decided_by: by.to_owned(),
                reason: String::new(),
                violation_id: None,
                decided_at: Utc::now(),
            };
            world.access.put(decision).await.unwrap();
        };
        for (user, device, by) in
            [("u-17", "d1", "rule:mass-export"), ("u-17", "d2", "k3jq7xw2m5ab"), ("u-18", "d1", "rule:x")]
        {
            decide(user, device, by).await;
        }
        let devices =
            |user: &str| world.access.of_user("acme", user).iter().map(|one| one.device_id.clone()).collect::<Vec<_>>();
        let path = "/v1/users/u-17/exemption";
        let mut grant = json!({ "owner": "Jana", "reason": "travels" });
        assert_eq!(world.send("PUT", path, &staff, Some(grant.clone())).await.status, 200);
        assert_eq!(devices("u-17"), ["d1", "d2"]);
        grant["end_rule_decisions"] = json!(true);
        assert_eq!(world.send("PUT", path, &staff, Some(grant)).await.status, 200);
        assert_eq!((devices("u-17"), devices("u-18")), (vec!["d2".to_owned()], vec!["d1".to_owned()]));
        let events = world.staff_events("acme");
        assert_eq!(events.last().unwrap(), r#"device.access_reset d1; access: "block" → null"#, "{events:?}");
    });
}

/// K6: it ends by itself; what has run out is shown as such.
#[test]
fn an_exemption_ends_by_itself() {
    with_world("exemptions_end", async |world| {
        world.tenant("acme", |_| {}).await;
        let staff = world.key(Some("acme"), Role::Security).await;
        let ended = Exemption {
            tenant: "acme".to_owned(),
            user_id: "u-17".to_owned(),
            owner: "Jana".to_owned(),
            reason: "travelled".to_owned(),
            granted_at: Utc::now() - TimeDelta::hours(2),
            expires_at: Some(Utc::now() - TimeDelta::hours(1)),
        };
        let value = serde_json::to_vec(&ended).unwrap();
        world.settings.put(SettingsKey::Exemption("acme", "u-17"), 0, Some(&value)).await.unwrap();
        assert_eq!(world.ok("/v1/users/u-17/exemption", &staff).await["holds"], false);
        let again = json!({ "owner": "Jana", "reason": "travels again" });
        let again = world.send("PUT", "/v1/users/u-17/exemption", &staff, Some(again)).await;
        assert_eq!(again.json["holds"], true);
        assert_ne!(again.json["granted_at"], json!(ended.granted_at));
    });
}

/// K6: without an owner and a reason there is none, and none for what is over.
#[test]
fn what_is_no_exemption_is_refused() {
    with_world("exemptions_bad", async |world| {
        world.tenant("acme", |_| {}).await;
        let staff = world.key(Some("acme"), Role::Security).await;
        for (body, pointer) in [
            (json!({ "owner": "", "reason": "r" }), "/owner"),
            (json!({ "owner": "o", "reason": " " }), "/reason"),
            (json!({ "owner": "o", "reason": "r".repeat(2001) }), "/reason"),
            (json!({ "owner": "o", "reason": "r", "expires_at": "2020-01-01T00:00:00Z" }), "/expires_at"),
            (json!({ "owner": "o", "reason": "r", "until": "2020-01-01T00:00:00Z" }), "/until"),
        ] {
            let answer = world.send("PUT", "/v1/users/u/exemption", &staff, Some(body)).await;
            assert_eq!((answer.status, &answer.json["pointer"]), (422, &json!(pointer)), "{}", answer.json);
        }
        assert_eq!(world.ok("/v1/exemptions", &staff).await["data"], json!([]));
        assert_eq!(world.staff_events("acme"), [""; 0]);
    });
}
