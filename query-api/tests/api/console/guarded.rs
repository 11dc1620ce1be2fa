//! What a cookie may be used for, and by whom.

use std::collections::BTreeMap;

use schemas::settings::{Plan, Role};
use serde_json::json;

use super::browser::Browser;
use crate::matrix::{ask, filled, is_refused, operations};
use crate::support::{with_configured, with_world};

/// C2: by the cookie, only pages of the console are answered, reads included; by a credential, everybody is, as before.
#[test]
fn other_sites_are_refused() {
    with_world("console_sites", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let browser = Browser::signed_in(&world, &key).await;
        for (from, origin, read, change) in [
            ("same-origin", "", true, true),
            ("none", "", true, false),
            ("same-site", "http://localhost", false, false),
            ("cross-site", "", false, false),
            ("cross-site", "http://localhost", false, false),
            ("", "", false, false),
            ("", "http://localhost", true, true),
            ("", "http://localhost:3000", false, false),
            ("", "https://evil.example", false, false),
            ("", "null", false, false),
        ] {
            let mut browser = Browser { from, origin, ..browser.clone() };
            let reads = browser.get("/v1/catalogue").await;
            assert_eq!(reads.status, if read { 200 } else { 403 }, "{from} {origin}");
            let body = json!({ "access": "block", "reason": "lost" }).to_string();
            let path = "/v1/users/u-1/devices/d-1/access";
            let changes = browser.send("PUT", path, "application/json", body).await;
            assert_eq!(changes.status, if change { 200 } else { 403 }, "{from} {origin}: {}", changes.text);
            if !change {
                assert_eq!(changes.json()["code"], "forbidden");
                assert!(changes.set().is_empty(), "whoever is signed in stays so");
            }
            assert!(
                reads
                    .headers
                    .keys()
                    .chain(changes.headers.keys())
                    .all(|name| !name.as_str().starts_with("access-control"))
            );
        }
        let mut form = Browser { from: "same-origin", ..browser.clone() };
        let sent = form.send("POST", "/v1/tenants/acme/keys", "application/x-www-form-urlencoded", "name=x".to_owned());
        assert_eq!(sent.await.status, 415);
        // Nobody is signed in by another site, either.
        for (from, origin) in [("cross-site", ""), ("same-site", ""), ("", "https://evil.example"), ("none", "")] {
            let mut other = Browser { from, origin, peer: ([192, 0, 2, 77], 1).into(), ..Browser::new(&world) };
            assert_eq!(other.json(&key).await.status, 403, "{from} {origin}");
            let form = other.form(&[("key", &key)]).await;
            assert_eq!((form.status, form.header("location")), (303, "/sign-in?failed=elsewhere"));
        }
        let bearer = axum::http::Request::get("/v1/events")
            .header("authorization", format!("Bearer {key}"))
            .header("sec-fetch-site", "cross-site")
            .header("cookie", format!("usertrail={}", browser.cookies["usertrail"]));
        assert_eq!(world.answer(bearer.body(axum::body::Body::empty()).unwrap()).await.status, 200);
    });
}

/// C2, P11: for each operation and each role, the cookie opens what the key opens, and nothing else.
#[test]
fn a_session_may_what_its_key_may() {
    with_world("console_matrix", async |world| {
        world.tenant("acme", |tenant| tenant.plan = Plan::UNLIMITED).await;
        let nothing = BTreeMap::new();
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Ingest) {
            let key = world.key((role != Role::Platform).then_some("acme"), role).await;
            let mut browser = Browser::signed_in(&world, &key).await;
            for (path, method) in operations() {
                let at = filled(&path, &nothing);
                let by_key = ask(&world, (&at, &method), &key).await;
                let body = if method == "GET" || method == "DELETE" { "" } else { "{\"nonsense\":true}" };
                let kind = if body.is_empty() { "" } else { "application/json" };
                let by_cookie = browser.send(&method, &at, kind, body.to_owned()).await;
                assert_eq!(by_cookie.status, by_key.status, "{role:?} {method} {at}: {}", by_cookie.text);
                let refused =
                    by_cookie.json()["detail"].as_str().is_some_and(|detail| detail.starts_with("this takes "));
                assert_eq!(refused, is_refused(&by_key), "{role:?} {method} {at}");
                assert_eq!(by_cookie.header("cache-control"), "no-store", "{method} {at}");
            }
        }
    });
}

/// C2: whoever runs the installation names the tenant with each request, by cookie as by key.
#[test]
fn the_platform_names_its_tenant() {
    with_world("console_platform", async |world| {
        world.tenant("acme", |_| {}).await;
        let mut browser = Browser::signed_in(&world, &world.key(None, Role::Platform).await).await;
        assert_eq!(browser.get("/v1/events").await.json()["code"], "tenant_required");
        assert_eq!(browser.get("/v1/events?tenant=acme").await.status, 200);
        assert_eq!(browser.get("/v1/tenants").await.status, 200);
    });
}

/// C1, C2: switched off, there is no console and no cookie, and everything else stays as it was.
#[test]
fn the_console_can_be_switched_off() {
    with_configured(
        "console_off",
        |config| config.console.enabled = false,
        async |world| {
            world.tenant("acme", |_| {}).await;
            let key = world.key(Some("acme"), Role::Viewer).await;
            let mut browser = Browser::new(&world);
            browser.cookies.insert("usertrail".to_owned(), "x".to_owned());
            for path in ["/sign-in", "/sign-in/style.css", "/sign-in/callback", "/events", "/assets/index-1a2b.js"] {
                assert_eq!(browser.get(path).await.status, 404, "{path}");
            }
            assert_eq!(browser.json(&key).await.status, 404);
            let refused = browser.get("/v1/events").await;
            assert!(refused.status == 401 && refused.set().is_empty());
            assert_eq!(world.get("/v1/events", &key).await.status, 200);
        },
    );
}
