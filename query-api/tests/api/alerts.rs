//! Endpoints, silences and the log of deliveries (P5).

use schemas::settings::Role;
use serde_json::{Value, json};

use crate::support::{World, with_world};

const ENDPOINTS: &str = "/v1/alerts/endpoints";

async fn create(world: &World, key: &str, id: &str, format: &str) -> Value {
    let wanted = json!({ "id": id, "url": "https://8.8.8.8/hook", "format": format });
    let made = world.send("POST", ENDPOINTS, key, Some(wanted)).await;
    assert_eq!(made.status, 201, "{}", made.json);
    made.json
}

/// P5: a secret is shown when it is made and never again; after a rotation there are two.
#[test]
fn secrets_are_shown_once() {
    with_world("alerts_secrets", async |world| {
        world.tenant("acme", |_| {}).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let made = create(&world, &admin, "pager", "standard").await;
        let first = made["secret"].as_str().unwrap().to_owned();
        assert!(first.starts_with("whsec_") && first.len() == 6 + 32, "{first}");
        let rotated = world.send("POST", "/v1/alerts/endpoints/pager/rotate-secret", &admin, None).await;
        assert_eq!((rotated.status, &rotated.json["secrets"]), (200, &json!(2)));
        assert_ne!(rotated.json["secret"], made["secret"]);
        let shown = [
            world.ok(ENDPOINTS, &admin).await,
            world.ok("/v1/alerts/endpoints/pager", &admin).await,
            world.send("PATCH", "/v1/alerts/endpoints/pager", &admin, Some(json!({ "min_level": 2 }))).await.json,
        ];
        for answer in shown {
            assert!(!answer.to_string().contains("whsec_"), "{answer}");
        }
        let slack = create(&world, &admin, "slack", "slack").await;
        assert_eq!((&slack["secret"], &slack["url"]), (&Value::Null, &json!("https://8.8.8.8/…")));
        let rotated = world.send("POST", "/v1/alerts/endpoints/slack/rotate-secret", &admin, None).await;
        assert_eq!((rotated.status, &rotated.json["pointer"]), (422, &json!("/format")));
    });
}

/// K6, P13: what staff change about alerts is an event of the tenant, without any secret in it.
#[test]
fn changes_are_events() {
    with_world("alerts_events", async |world| {
        world.tenant("acme", |_| {}).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        create(&world, &admin, "pager", "standard").await;
        let path = "/v1/alerts/endpoints/pager";
        world.send("PATCH", path, &admin, Some(json!({ "min_level": 2 }))).await;
        world.send("POST", &format!("{path}/rotate-secret"), &admin, None).await;
        let silence =
            json!({"rule": "mass-export", "owner": "jana", "reason": "inventory", "ends_at": "2999-01-01T00:00:00Z"});
        let made = world.send("POST", "/v1/alerts/silences", &admin, Some(silence)).await;
        let id = made.json["id"].as_str().unwrap();
        assert_eq!(world.send("DELETE", &format!("/v1/alerts/silences/{id}"), &admin, None).await.status, 200);
        assert_eq!(world.send("DELETE", path, &admin, None).await.status, 200);
        let events = world.staff_events("acme");
        let heads: Vec<_> = events.iter().map(|event| event.split(';').next().unwrap().to_owned()).collect();
        assert_eq!(
            heads,
            [
                "alert_endpoint.created pager".to_owned(),
                "alert_endpoint.updated pager".to_owned(),
                "alert_endpoint.updated pager".to_owned(),
                format!("alert_silence.created {id}"),
                format!("alert_silence.deleted {id}"),
                "alert_endpoint.deleted pager".to_owned(),
            ]
        );
        assert!(events[1].ends_with("min_level: 0 → 2"), "{}", events[1]);
        assert!(events[2].ends_with("secrets: 1 → 2"), "{}", events[2]);
        assert!(!events.concat().contains("whsec_"));
    });
}

/// P5: what is wrong is named; private addresses are refused in every spelling; nothing is left behind.
#[test]
fn bad_endpoints_are_refused() {
    with_world("alerts_bad", async |world| {
        world.tenant("acme", |_| {}).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let good = json!({ "id": "pager", "url": "https://8.8.8.8/hook" });
        for (field, value) in [
            ("id", json!("Not an id")),
            ("url", json!("http://127.0.0.1/")),
            ("url", json!("http://[::ffff:10.0.0.1]/")),
            ("url", json!("http://2130706433/")),
            ("url", json!("http://localhost/")),
            ("url", json!("https://user:secret@8.8.8.8/")),
            ("url", json!("ftp://8.8.8.8/")),
            ("min_level", json!(5)),
            ("repeat_seconds", json!(0)),
            ("rules", json!([""])),
            ("colour", json!("red")),
        ] {
            let mut wanted = good.clone();
            wanted[field] = value;
            let answer = world.send("POST", ENDPOINTS, &admin, Some(wanted)).await;
            assert_eq!((answer.status, &answer.json["pointer"]), (422, &json!(format!("/{field}"))), "{}", answer.json);
        }
        assert_eq!(world.ok(ENDPOINTS, &admin).await["data"], json!([]));
        create(&world, &admin, "pager", "standard").await;
        assert_eq!(world.send("POST", ENDPOINTS, &admin, Some(good)).await.status, 409);
        let inside = json!({ "url": "http://169.254.169.254/latest" });
        let patched = world.send("PATCH", "/v1/alerts/endpoints/pager", &admin, Some(inside)).await;
        assert_eq!((patched.status, &patched.json["pointer"]), (422, &json!("/url")));
        let other_form = json!({ "format": "slack" });
        assert_eq!(world.send("PATCH", "/v1/alerts/endpoints/pager", &admin, Some(other_form)).await.status, 422);
        for number in 1..20 {
            create(&world, &admin, &format!("e{number}"), "standard").await;
        }
        let one_more = json!({ "id": "e20", "url": "https://8.8.8.8/hook" });
        assert_eq!(world.send("POST", ENDPOINTS, &admin, Some(one_more)).await.status, 422);
    });
}

/// P11: another tenant's endpoints and silences look as if they did not exist.
#[test]
fn tenants_are_apart() {
    with_world("alerts_tenants", async |world| {
        world.tenant("acme", |_| {}).await;
        world.tenant("other", |_| {}).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let other = world.key(Some("other"), Role::Admin).await;
        create(&world, &admin, "pager", "standard").await;
        let silence = json!({ "owner": "ann", "reason": "night", "ends_at": "2099-01-01T00:00:00Z" });
        let silence = world.send("POST", "/v1/alerts/silences", &admin, Some(silence)).await;
        assert_eq!(silence.status, 201, "{}", silence.json);
        let silence = format!("/v1/alerts/silences/{}", silence.json["id"].as_str().unwrap());
        for (method, path) in [
            ("GET", "/v1/alerts/endpoints/pager"),
            ("DELETE", "/v1/alerts/endpoints/pager"),
            ("POST", "/v1/alerts/endpoints/pager/test"),
            ("POST", "/v1/alerts/endpoints/pager/rotate-secret"),
            ("DELETE", silence.as_str()),
        ] {
            assert_eq!(world.send(method, path, &other, None).await.status, 404, "{method} {path}");
        }
        assert_eq!(world.ok("/v1/alerts/silences", &other).await["data"], json!([]));
        assert_eq!(world.send("DELETE", &silence, &admin, None).await.status, 200);
        assert_eq!(world.send("DELETE", "/v1/alerts/endpoints/pager", &admin, None).await.status, 200);
        assert_eq!(world.get("/v1/alerts/endpoints/pager", &admin).await.status, 404);
        let backwards = json!({ "owner": "a", "reason": "b", "ends_at": "2000-01-01T00:00:00Z" });
        let refused = world.send("POST", "/v1/alerts/silences", &admin, Some(backwards)).await;
        assert_eq!((refused.status, &refused.json["pointer"]), (422, &json!("/ends_at")));
    });
}

/// P5: the log by endpoint, violation and outcome, page by page without gaps among rows of one time; for its tenant alone.
#[test]
fn the_log_of_deliveries() {
    with_world("alerts_log", async |world| {
        world.tenant("acme", |_| {}).await;
        world.tenant("other", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        let insert = "INSERT INTO alert_deliveries SELECT \
             if(number % 7 = 0, 'other', 'acme'), now64(3) - intDiv(number, 4), concat('msg_', toString(number)), 1, \
             if(number % 2 = 0, 'pager', 'slack'), concat('v', toString(number)), \
             if(number % 3 = 0, 'failed', 'delivered'), if(number % 3 = 0, 500, 200), '', 5 FROM numbers(70)";
        world.client.query_raw(insert).execute().await.unwrap();
        let ids = async |query: &str| -> Vec<String> {
            let rows = world.pages(&format!("/v1/alerts/deliveries?limit=7{query}"), &key).await;
            rows.iter().map(|row| row["violation_id"].as_str().unwrap().to_owned()).collect()
        };
        let expected = |picked: fn(u32) -> bool| -> std::collections::BTreeSet<String> {
            (0..70).filter(|number| number % 7 != 0 && picked(*number)).map(|number| format!("v{number}")).collect()
        };
        let all = ids("").await;
        assert_eq!(all.len(), 60);
        assert_eq!(all.into_iter().collect::<std::collections::BTreeSet<_>>(), expected(|_| true));
        let failed = ids("&outcome=failed").await.into_iter().collect();
        assert_eq!(expected(|number| number % 3 == 0), failed);
        let pager = ids("&endpoint=pager&outcome=delivered").await.into_iter().collect();
        assert_eq!(expected(|number| number % 2 == 0 && number % 3 != 0), pager);
        assert_eq!(ids("&violation=v5").await, ["v5"]);
        assert_eq!(world.get("/v1/alerts/deliveries?outcome=lost", &key).await.status, 400);
        assert_eq!(world.get("/v1/alerts/deliveries?colour=red", &key).await.status, 400);
    });
}

/// P5, K16: rules that settings name are rules that there are, shipped or the tenant's own; what is wrong is named. A rule that is
/// deleted later breaks nothing that names it.
#[test]
fn rules_that_are_named_exist() {
    const RULE: &str = "title: Mine\nid: 00000000-0000-4000-8000-000000000077\nversion: 1\nstatus: stable\nlogsource:\n  \
                        product: usertrail\ndetection:\n  it:\n    action: view\n  condition: it\nlevel: high\n";
    with_world("alerts_rules", async |world| {
        for tenant in ["acme", "other"] {
            world.tenant(tenant, |_| {}).await;
        }
        let (admin, other) = (world.key(Some("acme"), Role::Admin).await, world.key(Some("other"), Role::Admin).await);
        let platform = world.key(None, Role::Platform).await;
        let made = world.send("POST", "/v1/rules", &admin, Some(json!({ "name": "mine", "yaml": RULE }))).await;
        assert_eq!(made.status, 201, "{}", made.json);
        let endpoint = |id: &str, rules: Value| json!({ "id": id, "url": "https://8.8.8.8/hook", "rules": rules });
        let silence =
            |rule: &str| json!({ "rule": rule, "owner": "ann", "reason": "x", "ends_at": "2099-01-01T00:00:00Z" });
        let tenant = |id: &str, detection: Value| json!({ "id": id, "detection": detection });
        let refused = async |method: &str, path: &str, key: &str, body: Value, pointer: &str| {
            let answer = world.send(method, path, key, Some(body)).await;
            let told = (answer.status, answer.json["code"].as_str(), answer.json["pointer"].as_str());
            assert_eq!(told, (422, Some("invalid_setting"), Some(pointer)), "{method} {path}: {}", answer.json);
        };
        for (key, unknown) in [(&admin, "nope"), (&other, "mine")] {
            refused("POST", ENDPOINTS, key, endpoint("pager", json!(["mass-export", unknown])), "/rules/1").await;
            refused("POST", "/v1/alerts/silences", key, silence(unknown), "/rule").await;
        }
        let current = world.ok("/v1/tenants/acme", &admin).await;
        for (detection, pointer) in [
            (json!({ "disabled": ["mass-export", "nope"] }), "/detection/disabled/1"),
            (json!({ "enabled": ["nope"] }), "/detection/enabled/0"),
            (json!({ "actions": { "nope": "block" } }), "/detection/actions/nope"),
            (json!({ "limits": { "nope": 1 } }), "/detection/limits/nope"),
            (json!({ "limits": { "devices_per_day": 1.5 } }), "/detection/limits/devices_per_day"),
        ] {
            refused("POST", "/v1/tenants", &platform, tenant("new", detection.clone()), pointer).await;
            refused("PATCH", "/v1/tenants/acme", &admin, json!({ "detection": detection }), pointer).await;
            let mut whole = current.clone();
            whole["detection"] = detection;
            refused("PUT", "/v1/tenants/acme", &admin, whole, pointer).await;
        }
        let shipped = tenant("new", json!({ "disabled": ["mass-export"], "actions": { "brute-force": "block" } }));
        let made = world.send("POST", "/v1/tenants", &platform, Some(shipped)).await;
        assert_eq!(made.status, 201, "{}", made.json);

        // The own one is one, and stays where it is named when it is gone.
        let detection = json!({ "detection": { "disabled": ["mine"], "actions": { "mine": "flag" } } });
        for (method, path, body) in [
            ("POST", ENDPOINTS, endpoint("pager", json!(["mine", "mass-export"]))),
            ("POST", "/v1/alerts/silences", silence("mine")),
            ("PATCH", "/v1/tenants/acme", detection),
        ] {
            let answer = world.send(method, path, &admin, Some(body)).await;
            assert!([200, 201].contains(&answer.status), "{method} {path}: {}", answer.json);
        }
        assert_eq!(world.send("DELETE", "/v1/rules/mine", &admin, None).await.status, 200);
        let pager = "/v1/alerts/endpoints/pager";
        for body in [json!({ "min_level": 3 }), json!({ "rules": ["mine"] })] {
            let changed = world.send("PATCH", pager, &admin, Some(body)).await;
            assert_eq!(changed.status, 200, "{}", changed.json);
        }
        let mut whole = world.ok("/v1/tenants/acme", &admin).await;
        whole["name"] = "Acme".into();
        let replaced = world.send("PUT", "/v1/tenants/acme", &admin, Some(whole)).await;
        assert_eq!(replaced.status, 200, "{}", replaced.json);
        for path in [ENDPOINTS, "/v1/alerts/silences", "/v1/settings/detection", "/v1/rules"] {
            world.ok(path, &admin).await;
        }
        refused("POST", ENDPOINTS, &admin, endpoint("second", json!(["mine"])), "/rules/0").await;
        assert_eq!(world.send("PATCH", pager, &admin, Some(json!({ "rules": [] }))).await.status, 200);
        refused("PATCH", pager, &admin, json!({ "rules": ["mine"] }), "/rules/0").await;
    });
}
