//! Which devices may in: what staff decide, and what an application is answered.

use chrono::TimeDelta;
use runtime::access::AccessList;
use schemas::access::{Access, AccessDecision, device_of_cookie};
use schemas::settings::{Limits, Role};
use serde_json::{Value, json};

use crate::support::{Event, World, encoded, with_world};

async fn check(world: &World, key: &str, user: &str, device: &str) -> Value {
    let query = format!("user_id={}&device_id={}", encoded(user), encoded(device));
    world.ok(&format!("/v1/access/check?{query}"), key).await
}

/// K11: from the decision on, the application is answered by it; each decision is an event of the tenant; taken back, nothing holds.
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

        let id = device_of_cookie("acme", device);
        let expected = [
            r#"device.blocked ID; access: null → "block""#,
            r#"device.access_asked ID; access: "block" → "ask""#,
            r#"device.allowed ID; access: "ask" → "allow""#,
            r#"device.access_reset ID; access: "allow" → null"#,
        ];
        assert_eq!(world.staff_events("acme"), expected.map(|event| event.replace("ID", &id)));
        let first = &world.audit.recorded("acme")[0];
        assert_eq!(
            (&first["reason"], &first["object"]["name"]),
            (&json!("stolen"), &json!(format!("jana/1@acme.example/{id}")))
        );
        assert_eq!(world.staff_events("other"), [""; 0]);
    });
}

/// K11: a decision is about one device, whether it is named by its id or by its cookie, with white space around it or without:
/// check, list and decision agree, and what one takes back, all have lost. A cookie may look like an id.
#[test]
fn a_device_is_one_by_id_and_by_cookie() {
    with_world("devices_one", async |world| {
        world.tenant("acme", |_| {}).await;
        let staff = world.key(Some("acme"), Role::Security).await;
        let app = world.key(Some("acme"), Role::Ingest).await;
        for (user, cookie) in [("z", "ckz"), ("y", "00000000deadbeef")] {
            let id = device_of_cookie("acme", cookie);
            let seen = Event { device_id: id.clone(), ..Event::sign_in(user, user, TimeDelta::hours(1)) };
            world.insert(&[seen]).await;
            let (spaced, padded) = (format!(" {cookie}\t"), format!("\u{a0}{user} "));
            let spellings = [id.as_str(), cookie, &spaced];
            let path =
                |user: &str, device: &str| format!("/v1/users/{}/devices/{}/access", encoded(user), encoded(device));
            let agree = async |access: &str| {
                let listed = world.ok(&format!("/v1/users/{user}/devices"), &staff).await;
                assert_eq!((&listed["data"][0]["id"], &listed["data"][0]["access"]), (&json!(id), &json!(access)));
                for user in [user, &padded] {
                    for device in spellings {
                        let told = check(&world, &app, user, device).await;
                        let one = (&told["user_id"], &told["device_id"], &told["access"]);
                        assert_eq!(one, (&json!(user.trim()), &json!(id), &json!(access)), "{user:?} {device:?}");
                        let read = world.ok(&path(user, device), &staff).await;
                        assert_eq!((&read["device_id"], &read["access"]), (&json!(id), &json!(access)), "{device:?}");
                    }
                }
            };
            for by in spellings {
                for (access, of) in [("block", user), ("allow", &padded), ("ask", user)] {
                    let put = world.send("PUT", &path(of, by), &staff, Some(json!({ "access": access }))).await;
                    assert_eq!((put.status, &put.json["device_id"]), (200, &json!(id)), "{by:?}: {}", put.json);
                    agree(access).await;
                }
                assert_eq!(world.access.len(), 1, "{by:?}");
                assert_eq!(world.send("DELETE", &path(&padded, by), &staff, None).await.status, 200, "{by:?}");
                assert!(world.access.is_empty(), "{by:?}");
                let why = json!({ "owner": "ann", "reason": "travels" });
                let exemption = format!("/v1/users/{}/exemption", encoded(&padded));
                let granted = world.send("PUT", &exemption, &staff, Some(why)).await;
                assert_eq!((granted.status, &granted.json["user_id"]), (200, &json!(user)));
                assert_eq!(world.send("DELETE", &exemption, &staff, None).await.status, 200);
            }
        }
        for blank in ["user_id=%20&device_id=d", "user_id=u&device_id=%09"] {
            assert_eq!(world.get(&format!("/v1/access/check?{blank}"), &app).await.status, 400, "{blank}");
        }
        assert_eq!(world.get("/v1/users/%20/devices", &staff).await.status, 400);
    });
}

/// K11: what a rule decided is shown with the violation that led to it.
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
        device_id: device_of_cookie("acme", "d"),
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
