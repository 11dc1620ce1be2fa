//! Which devices may in: what staff decide, and what an application is told.

use runtime::access::AccessList;
use schemas::access::{Access, AccessDecision};
use schemas::settings::{Limits, Role};
use serde_json::{Value, json};

use crate::support::{World, encoded, with_world};

async fn check(world: &World, key: &str, user: &str, device: &str) -> Value {
    let query = format!("user_id={}&device_id={}", encoded(user), encoded(device));
    world.ok(&format!("/v1/access/check?{query}"), key).await
}

/// K11: from the decision on, the application is told; each decision is an event of the tenant; taken back, nothing holds.
#[test]
fn a_device_is_blocked_allowed_and_forgotten() {
    with_world("devices_access", async |world| {
        world.tenant("acme", |_| {}).await;
        world.tenant("other", |_| {}).await;
        let staff = world.key(Some("acme"), Role::Security).await;
        let app = world.key(Some("acme"), Role::Ingest).await;
        let foreign = world.key(Some("other"), Role::Ingest).await;
        let (user, device) = ("jana/1@acme.example", "d č");
        let path = format!("/v1/users/{}/devices/{}/access", encoded(user), encoded(device));

        let nothing = check(&world, &app, user, device).await;
        assert_eq!((&nothing["access"], &nothing["reason"]), (&json!("allow"), &json!("no decision")));
        assert_eq!(world.send("DELETE", &path, &staff, None).await.status, 404);

        let block = json!({ "access": "block", "reason": "stolen" });
        let put = world.send("PUT", &path, &staff, Some(block)).await;
        assert_eq!((put.status, &put.json["access"]), (200, &json!("block")), "{}", put.json);
        let told = check(&world, &app, user, device).await;
        assert_eq!(told, put.json);
        assert_eq!((&told["reason"], &told["decided_by"]), (&json!("stolen"), &json!(&staff[3..15])));
        assert_eq!(check(&world, &foreign, user, device).await["access"], "allow");
        assert_eq!(check(&world, &app, user, "another").await["access"], "allow");
        assert_eq!(world.ok(&path, &staff).await, told);

        for access in ["ask", "allow"] {
            assert_eq!(world.send("PUT", &path, &staff, Some(json!({ "access": access }))).await.status, 200);
            assert_eq!(check(&world, &app, user, device).await["access"], access);
        }
        let reset = world.send("DELETE", &path, &staff, None).await;
        assert_eq!((reset.status, &reset.json["reason"]), (200, &json!("no decision")));
        assert!(world.access.is_empty());

        let expected = [
            r#"device.blocked d č; access: null → "block""#,
            r#"device.access_asked d č; access: "block" → "ask""#,
            r#"device.allowed d č; access: "ask" → "allow""#,
            r#"device.access_reset d č; access: "allow" → null"#,
        ];
        assert_eq!(world.staff_events("acme"), expected);
        let first = &world.audit.recorded("acme")[0];
        assert_eq!((&first["reason"], &first["object"]["name"]), (&json!("stolen"), &json!("jana/1@acme.example/d č")));
        assert_eq!(world.staff_events("other"), [""; 0]);
    });
}

/// K11: what a rule decided is told with the violation that led to it.
#[test]
fn a_rules_decision_is_told_with_its_violation() {
    with_world("devices_rule", async |world| {
        world.tenant("acme", |_| {}).await;
        let app = world.key(Some("acme"), Role::Ingest).await;
        decided(&world.access, "rule:impossible-travel", Some("5f2b")).await;
        let told = check(&world, &app, "u", "d").await;
        assert_eq!((&told["decided_by"], &told["violation_id"]), (&json!("rule:impossible-travel"), &json!("5f2b")));
    });
}

async fn decided(access: &AccessList, by: &str, violation: Option<&str>) {
    let decision = AccessDecision {
        tenant: "acme".to_owned(),
        user_id: "u".to_owned(),
        device_id: "d".to_owned(),
        device_confidence: None,
        access: Access::Block,
        decided_by: by.to_owned(),
        reason: String::new(),
        violation_id: violation.map(str::to_owned),
        decided_at: chrono::Utc::now(),
    };
    access.put(decision).await.unwrap();
}

/// K11, P12: checks are counted apart from queries, so that reading keeps nobody from signing in.
#[test]
fn checks_have_limits_of_their_own() {
    with_world("devices_limits", async |world| {
        let slow = Limits { events_per_second: 1, burst: 3, queries_per_second: 1, query_burst: 1 };
        world.tenant("slow", |tenant| tenant.limits = Some(slow)).await;
        let app = world.key(Some("slow"), Role::Ingest).await;
        let viewer = world.key(Some("slow"), Role::Viewer).await;
        assert_eq!(world.get("/v1/catalogue", &viewer).await.status, 200);
        let path = "/v1/access/check?user_id=u&device_id=d";
        let first = world.get(path, &app).await;
        assert_eq!((first.status, &first.headers["ratelimit-policy"]), (200, &"\"checks\";q=3;w=3".parse().unwrap()));
        let mut last = first;
        for _ in 0..100 {
            last = world.get(path, &app).await;
            if last.status == 429 {
                break;
            }
        }
        assert_eq!((last.status, &last.json["code"]), (429, &json!("rate_limited")));
    });
}

/// Nothing is guessed: ids are bounded, both are required, a body is read strictly.
#[test]
fn what_is_no_device_is_refused() {
    with_world("devices_bad", async |world| {
        world.tenant("acme", |_| {}).await;
        let staff = world.key(Some("acme"), Role::Security).await;
        let platform = world.key(None, Role::Platform).await;
        for (query, pointer) in [
            ("user_id=u", "device_id"),
            ("device_id=d", "user_id"),
            ("user_id=u&device_id=d&x=1", "x"),
            ("", "user_id"),
        ] {
            let answer = world.get(&format!("/v1/access/check?{query}"), &staff).await;
            assert_eq!((answer.status, &answer.json["pointer"]), (400, &json!(pointer)), "{query}");
        }
        let long = "d".repeat(257);
        let block = json!({ "access": "block" });
        for (device, body, status) in [
            (long.as_str(), block.clone(), 400),
            ("%00", block.clone(), 400),
            ("d", json!({ "access": "perhaps" }), 422),
            ("d", json!({ "access": "block", "reason": "r".repeat(1025) }), 422),
            ("d", json!({ "access": "block", "colour": "red" }), 422),
        ] {
            let path = format!("/v1/users/u/devices/{device}/access");
            let answer = world.send("PUT", &path, &staff, Some(body)).await;
            assert_eq!(answer.status, status, "{}", answer.json);
        }
        let put = world.send("PUT", "/v1/users/u/devices/d/access", &platform, Some(block)).await;
        assert_eq!((put.status, &put.json["code"]), (400, &json!("tenant_required")));
        assert!(world.access.is_empty());
        assert_eq!(world.staff_events("acme"), [""; 0]);
    });
}
