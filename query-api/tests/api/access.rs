//! Who is let in, and how often (P11, P12, K16). Who may do what, one by one, is in `matrix.rs`.

use axum::body::Body;
use axum::http::Request;
use runtime::principal::bearer;
use schemas::settings::{Limits, Role};
use serde_json::json;

use crate::matrix::operations;
use crate::support::{Event, rng, with_world};

/// P11: no key, a wrong one, a revoked one, one of a deleted tenant: 401 with a challenge, and nothing more is disclosed.
#[test]
fn without_a_valid_key_nothing_is_told() {
    with_world("access_keys", async |world| {
        world.tenant("acme", |_| {}).await;
        world.tenant("gone", |_| {}).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let orphan = world.key(Some("gone"), Role::Admin).await;
        world.settings.delete_tenant("gone").await.unwrap();
        let revoked = world.key(Some("acme"), Role::Viewer).await;
        let id = &revoked[3..15];
        assert_eq!(world.get("/v1/events", &revoked).await.status, 200);
        assert_eq!(world.send("DELETE", &format!("/v1/tenants/acme/keys/{id}"), &admin, None).await.status, 200);
        let wrong_secret = format!("{}x", &admin[..admin.len() - 1]);
        let (operations, mut bodies) = (operations(), Vec::new());
        for key in ["", "x", "ut_aaaaaaaaaaaa_short", &wrong_secret, &revoked, &orphan] {
            for (path, method) in &operations {
                let answer = world.send(method, &path.replace("{id}", "acme"), key, None).await;
                assert_eq!(answer.status, 401, "{key} {method} {path}");
                assert!(answer.headers.contains_key("www-authenticate"));
                bodies.push(answer.json.to_string());
            }
        }
        let bare = Request::get("/v1/events").body(Body::empty()).unwrap();
        assert_eq!(bearer(bare.headers()), None);
        bodies.push(world.answer(bare).await.json.to_string());
        bodies.dedup();
        assert_eq!(bodies.len(), 1);
    });
}

/// P11: an operator's own administrator's key may look like anything, even like a token.
#[test]
fn an_operators_own_key_is_a_key() {
    with_world("access_own_key", async |world| {
        for own in ["an-operators-own-key", "an.operators.own-key-of-three-parts"] {
            world.settings.ensure_admin_key(Some(own)).await.unwrap();
            assert_eq!(world.get("/v1/tenants", own).await.status, 200, "{own}");
        }
        assert_eq!(world.get("/v1/tenants", "a.guess.at-somebodys-key").await.status, 401);
    });
}

/// K16, P4: violations and signals on events are shown, and can be asked for, from the role security on.
#[test]
fn violations_are_for_security() {
    with_world("access_violations", async |world| {
        world.tenant("acme", |_| {}).await;
        let mut event = Event::random(&mut rng(30), "acme", 1, chrono::TimeDelta::days(1));
        event.violations = vec!["dormant"];
        event.measured = (120.0, 90.0);
        event.signals = vec![("new_device", 1.0), ("travel_confidence", 2.0), ("days_since_seen", 120.0)];
        let id = event.violation_id("dormant");
        let review = Event::review(&id, "violation.reviewed", chrono::TimeDelta::minutes(5));
        world.insert(&[event, review.clone()]).await;
        let viewer = world.key(Some("acme"), Role::Viewer).await;
        let security = world.key(Some("acme"), Role::Security).await;
        for path in ["/v1/events", "/v1/events?order=asc"] {
            let shown = &world.ok(path, &viewer).await["data"][0];
            assert!(shown.get("violations").is_none() && shown.get("signals").is_none(), "{shown}");
        }
        let log = world.pages("/v1/events", &viewer).await;
        assert!(log.len() == 1 && log[0]["id"] != review.id, "what staff said of violations: {log:?}");
        assert_eq!(world.pages("/v1/events", &security).await.len(), 2);
        let one = format!("/v1/events/{}", review.id);
        assert_eq!(world.get(&one, &viewer).await.status, 404);
        assert_eq!(world.get(&one, &security).await.status, 200);
        let seen = &world.ok("/v1/events?violations=dormant", &security).await["data"][0];
        let flag = json!({ "id": id, "rule": "dormant", "version": 2, "level": "high", "seen": 120.0, "limit": 90.0 });
        assert_eq!(seen["violations"], json!([flag]));
        let signals = json!({ "new_device": true, "travel_confidence": "high", "days_since_seen": 120 });
        assert_eq!(seen["signals"], signals);
        assert_eq!(world.get("/v1/events?violations=true", &viewer).await.status, 403);
    });
}

/// P12: limits by key and tenant, said in headers; one tenant's use leaves the other's.
#[test]
fn limits_are_said_and_kept() {
    with_world("access_limits", async |world| {
        let slow = Limits { events_per_second: 1, burst: 1, queries_per_second: 1, query_burst: 3 };
        world.tenant("slow", |tenant| tenant.limits = Some(slow)).await;
        world.tenant("quick", |_| {}).await;
        let one = world.key(Some("slow"), Role::Viewer).await;
        let two = world.key(Some("slow"), Role::Viewer).await;
        let other = world.key(Some("quick"), Role::Viewer).await;
        let first = world.get("/v1/catalogue", &one).await;
        assert_eq!(first.headers["ratelimit"], "\"queries\";r=2;t=1");
        assert_eq!(first.headers["ratelimit-policy"], "\"queries\";q=3;w=3");
        let mut last = first;
        for _ in 0..100 {
            last = world.get("/v1/catalogue", &two).await;
            if last.status == 429 {
                break;
            }
        }
        assert_eq!((last.status, &last.json["code"]), (429, &"rate_limited".into()));
        assert!(last.headers.contains_key("retry-after") && last.headers.contains_key("ratelimit"));
        assert_eq!(world.get("/v1/catalogue", &other).await.status, 200);
    });
}
