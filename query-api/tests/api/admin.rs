//! Tenants, keys and settings: in force once answered, and nothing gets by that is not understood.

use axum::body::Body;
use axum::http::Request;
use schemas::settings::Role;
use serde_json::{Value, json};

use crate::support::with_world;

/// L1, L2, P11: a tenant from its creation to its first key, everything in force at once.
#[test]
fn a_tenant_s_life() {
    with_world("admin_life", async |world| {
        let platform = world.key(None, Role::Platform).await;
        let new = json!({ "id": "acme", "name": "Acme", "time_zone": "Europe/Prague" });
        let made = world.send("POST", "/v1/tenants", &platform, Some(new.clone())).await;
        assert_eq!((made.status, &made.json["logging"], &made.json["version"]), (201, &json!(false), &json!(1)));
        assert_eq!(world.send("POST", "/v1/tenants", &platform, Some(new)).await.status, 409);

        let wanted = json!({ "role": "admin", "name": "console" });
        let made = world.send("POST", "/v1/tenants/acme/keys", &platform, Some(wanted)).await;
        assert_eq!(made.status, 201);
        let admin = made.json["secret"].as_str().unwrap().to_owned();
        let listed = world.ok("/v1/tenants/acme/keys", &admin).await;
        assert_eq!(listed["data"][0]["id"], made.json["id"]);
        assert!(!listed.to_string().contains(&admin[16..]), "a secret is shown twice");

        for (subject, body) in [
            ("logging", json!({ "enabled": true })),
            ("retention", json!({ "sign_ins": 90, "changes": 365, "views": 30, "configuration": 730, "other": 30 })),
            ("time-zone", json!({ "time_zone": "America/Sao_Paulo", "week_start": "sunday" })),
            ("trusted-proxies", json!({ "trusted_proxies": ["192.0.2.0/24", "2001:db8::/32"] })),
            ("event-types", json!({ "event_types": [own_type("lead.qualified")] })),
        ] {
            let path = format!("/v1/settings/{subject}");
            let put = world.send("PUT", &path, &admin, Some(body.clone())).await;
            assert_eq!(put.status, 200, "{subject}: {}", put.json);
            let read = world.ok(&path, &admin).await;
            for (name, value) in body.as_object().unwrap() {
                if subject != "event-types" {
                    assert_eq!(read[name], *value);
                }
            }
            assert_eq!(world.ok(&format!("{path}?tenant=acme"), &platform).await, read);
        }
        let off = json!({ "enabled": false });
        let days = json!({ "sign_ins": 30, "changes": 730, "views": 90, "configuration": 1825, "other": 90 });
        // Both in one request, or neither (L2).
        let on = json!({ "enabled": true, "retention": days });
        let mut wrong = on.clone();
        wrong["retention"]["views"] = 31.into();
        for (body, status, logging) in [(off, 200, false), (wrong, 422, false), (on, 200, true)] {
            assert_eq!(world.send("PUT", "/v1/settings/logging", &admin, Some(body)).await.status, status);
            assert_eq!(world.settings.tenant("acme").unwrap().logging, logging);
        }
        assert_eq!(world.ok("/v1/settings/retention", &admin).await, days);
        assert_eq!(world.ok("/v1/settings/logging", &admin).await["retention"], days);
        let both = json!({ "logging": true, "retention": { "views": 30 } });
        let patched = world.send("PATCH", "/v1/tenants/acme", &admin, Some(both)).await;
        assert_eq!((&patched.json["logging"], &patched.json["retention"]["views"]), (&json!(true), &json!(30)));
        assert_eq!(patched.json["retention"]["sign_ins"], 30);
        let tenant = world.ok("/v1/tenants/acme", &admin).await;
        assert_eq!((&tenant["logging"], &tenant["version"]), (&json!(true), &json!(9)));
        assert!(world.settings.tenant("acme").unwrap().logging);

        // J10: the tenant's own type is in its catalogue, and in nobody else's.
        let catalogue = world.ok("/v1/catalogue?lang=ru", &admin).await;
        let own =
            catalogue["types"].as_array().unwrap().iter().find(|entry| entry["type"] == "lead.qualified").unwrap();
        assert_eq!((&own["own"], &own["name"]), (&json!(true), &json!("Lead qualified")));
    });
}

/// L2: one category's retention changes alone, or all of them by one number, however it is sent; what is wrong is pointed at where
/// it was sent.
#[test]
fn a_category_is_kept_longer_alone() {
    with_world("admin_retention", async |world| {
        world.tenant("acme", |tenant| tenant.retention.sign_ins = 1825).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let mut days = json!({ "sign_ins": 1825, "changes": 365, "views": 90, "configuration": 730, "other": 180 });
        let whole = async || world.ok("/v1/tenants/acme", &admin).await;
        let mut put = whole().await;
        put["retention"] = json!({ "other": 365 });
        let mut silent = put.clone();
        silent.as_object_mut().unwrap().remove("retention");
        let (logging, retention, tenant) = ("/v1/settings/logging", "/v1/settings/retention", "/v1/tenants/acme");
        for (method, path, body, changed) in [
            ("PUT", retention, json!({ "views": 30 }), json!({ "views": 30 })),
            ("PUT", retention, json!({}), json!({})),
            ("PUT", retention, json!({ "changes": 90, "other": null }), json!({ "changes": 90 })),
            (
                "PUT",
                logging,
                json!({ "enabled": true, "retention": { "configuration": 1825 } }),
                json!({ "configuration": 1825 }),
            ),
            ("PATCH", tenant, json!({ "retention": { "views": 180 } }), json!({ "views": 180 })),
            // Nothing is deleted that nobody spoke of: null takes no category's days away.
            ("PATCH", tenant, json!({ "retention": null }), json!({})),
            ("PATCH", tenant, json!({ "retention": { "views": null } }), json!({})),
            ("PUT", tenant, put, json!({ "other": 365 })),
            ("PUT", tenant, silent, json!({})),
            (
                "PATCH",
                tenant,
                json!({ "retention": { "all": 90, "views": 30 } }),
                json!({ "sign_ins": 90, "changes": 90, "views": 30, "configuration": 90, "other": 90 }),
            ),
            (
                "PUT",
                logging,
                json!({ "enabled": true, "retention": { "all": 730 } }),
                json!({ "sign_ins": 730, "changes": 730, "views": 730, "configuration": 730, "other": 730 }),
            ),
            (
                "PUT",
                retention,
                json!({ "sign_ins": 365, "all": 180 }),
                json!({ "sign_ins": 365, "changes": 180, "views": 180, "configuration": 180, "other": 180 }),
            ),
        ] {
            let mut body = body;
            if method == "PUT" && path == tenant {
                body["version"] = whole().await["version"].clone();
            }
            days.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
            // The preview says what comes of it.
            if path == retention {
                let named = body.as_object().unwrap().iter().filter(|(_, days)| !days.is_null());
                let query: Vec<_> = named.map(|(name, days)| format!("{name}={days}")).collect();
                let preview = world.ok(&format!("{retention}/preview?{}", query.join("&")), &admin).await;
                for one in preview["data"].as_array().unwrap() {
                    assert_eq!(one["proposed_days"], days[one["category"].as_str().unwrap()], "{one}");
                }
            }
            let answer = world.send(method, path, &admin, Some(body.clone())).await;
            assert_eq!(answer.status, 200, "{method} {path} {body}: {}", answer.json);
            let answered = if path == retention { &answer.json } else { &answer.json["retention"] };
            assert_eq!(*answered, days, "{method} {path} {body}");
            assert_eq!(world.ok(retention, &admin).await, days);
        }
        for (method, path, body, pointer) in [
            ("PUT", retention, json!({ "views": 31 }), "/views"),
            ("PUT", retention, json!({ "all": 0 }), "/all"),
            ("PUT", retention, json!({ "dreams": 30 }), "/dreams"),
            ("PUT", retention, json!({ "views": -30 }), "/views"),
            ("PUT", logging, json!({ "enabled": true, "retention": { "other": 7 } }), "/retention/other"),
            ("PUT", logging, json!({ "enabled": true, "retention": 90 }), "/retention"),
            ("PATCH", tenant, json!({ "retention": { "all": 7 } }), "/retention/all"),
            ("PATCH", tenant, json!({ "retention": { "views": 7 } }), "/retention/views"),
            ("PATCH", tenant, json!({ "retention": { "dreams": 30 } }), "/retention/dreams"),
            ("PATCH", tenant, json!({ "retention": [30] }), "/retention"),
        ] {
            let answer = world.send(method, path, &admin, Some(body.clone())).await;
            assert_eq!((answer.status, &answer.json["pointer"]), (422, &json!(pointer)), "{body}: {}", answer.json);
        }
        assert_eq!(world.get(&format!("{retention}/preview?all=31"), &admin).await.json["pointer"], "all");
        assert_eq!(world.ok(retention, &admin).await, days);
    });
}

/// J10: a tenant that declared a type before the catalogue had it goes on: its settings load, events are rendered in the catalogue's
/// words, and every setting can be changed; the type itself can be kept or left out, and no more be changed or declared by others.
#[test]
fn a_type_that_is_shipped_by_now_stands_in_nobody_s_way() {
    with_world("admin_shipped_types", async |world| {
        let old = |name: &str| serde_json::from_value(own_type(name)).unwrap();
        world.tenant("acme", |tenant| tenant.event_types = vec![old("lesson.viewed"), old("lead.scored")]).await;
        world.tenant("other", |_| {}).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let other = world.key(Some("other"), Role::Admin).await;
        let shipped = world.ok("/v1/catalogue", &other).await;
        let of = |catalogue: &Value, name: &str| {
            catalogue["types"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|entry| entry["type"] == name)
                .cloned()
                .collect::<Vec<_>>()
        };
        let lesson = of(&shipped, "lesson.viewed");
        assert_eq!((lesson.len(), of(&shipped, "lead.scored").len()), (1, 0));
        let event = crate::support::Event {
            event_type: "lesson.viewed".to_owned(),
            ..crate::support::Event::sign_in("e1", "u1", chrono::TimeDelta::minutes(1))
        };
        world.insert(&[event]).await;
        for (method, path, body) in [
            ("PATCH", "/v1/tenants/acme", json!({ "logging": true })),
            ("PUT", "/v1/settings/logging", json!({ "enabled": false })),
            (
                "PATCH",
                "/v1/tenants/acme",
                json!({ "event_types": [own_type("lesson.viewed"), own_type("lead.scored"), own_type("lead.cooled")] }),
            ),
            (
                "PUT",
                "/v1/settings/event-types",
                json!({ "event_types": [own_type("lesson.viewed"), own_type("lead.scored")] }),
            ),
        ] {
            let answer = world.send(method, path, &admin, Some(body)).await;
            assert_eq!(answer.status, 200, "{method} {path}: {}", answer.json);
        }
        let whole = world.ok("/v1/tenants/acme", &admin).await;
        assert_eq!(world.send("PUT", "/v1/tenants/acme", &admin, Some(whole)).await.status, 200);
        let catalogue = world.ok("/v1/catalogue", &admin).await;
        assert_eq!(of(&catalogue, "lesson.viewed"), lesson, "the shipped one holds, once");
        assert_eq!(of(&catalogue, "lead.scored")[0]["own"], true);
        let told = world.ok("/v1/events/e1", &admin).await;
        assert_eq!(told["data"]["name"], lesson[0]["name"], "{told}");

        let mut changed = own_type("lesson.viewed");
        changed["name"]["en"] = json!("Lesson begun");
        let twice = json!({ "event_types": [own_type("lesson.viewed"), own_type("lesson.viewed")] });
        for (key, body) in [
            (&admin, json!({ "event_types": [changed] })),
            (&admin, twice),
            (&other, json!({ "event_types": [own_type("lesson.viewed")] })),
        ] {
            let refused = world.send("PUT", "/v1/settings/event-types", key, Some(body)).await;
            assert_eq!((refused.status, &refused.json["pointer"]), (422, &json!("/event_types")), "{}", refused.json);
        }
        let without = json!({ "event_types": [own_type("lead.scored")] });
        assert_eq!(world.send("PUT", "/v1/settings/event-types", &admin, Some(without)).await.status, 200);
        let again = json!({ "event_types": [own_type("lesson.viewed")] });
        assert_eq!(world.send("PUT", "/v1/settings/event-types", &admin, Some(again)).await.status, 422);
    });
}

fn own_type(name: &str) -> Value {
    json!({
        "type": name, "name": { "en": "Lead qualified" }, "class": "change", "category": "changes", "action": "qualify",
        "sentence": { "en": "{actor} qualified {object}" }
    })
}

/// Two administrators: the one who did not see the other's change is refused; a patch leaves the rest alone.
#[test]
fn versions_and_patches() {
    with_world("admin_versions", async |world| {
        world.tenant("acme", |_| {}).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let read = world.ok("/v1/tenants/acme", &admin).await;
        let patched = world.send("PATCH", "/v1/tenants/acme", &admin, Some(json!({ "logging": true }))).await;
        assert_eq!((patched.status, &patched.json["logging"]), (200, &json!(true)));
        let stale = world.send("PUT", "/v1/tenants/acme", &admin, Some(read)).await;
        assert_eq!((stale.status, &stale.json["code"]), (409, &json!("version_conflict")));
        let fresh = world.ok("/v1/tenants/acme", &admin).await;
        assert_eq!(world.send("PUT", "/v1/tenants/acme", &admin, Some(fresh)).await.status, 200);
    });
}

/// An error in a patch is reported where it stands in what was sent: malformed JSON by its line and column, a value by its pointer
/// alone, for it stands in no document that the caller has.
#[test]
fn a_patch_is_told_what_is_wrong_with_itself() {
    with_world("admin_patches", async |world| {
        world.tenant("acme", |_| {}).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let pager = json!({ "id": "pager", "url": "https://8.8.8.8/", "min_level": 3 });
        world.send("POST", "/v1/alerts/endpoints", &admin, Some(pager)).await;
        let patch = async |path: &str, body: &str| {
            let request = Request::patch(path).header("content-type", "application/merge-patch+json");
            let request = request.header("authorization", format!("Bearer {admin}"));
            let answer = world.answer(request.body(Body::from(body.to_owned())).unwrap()).await;
            (
                answer.status,
                answer.json["pointer"].clone(),
                answer.json["detail"].as_str().unwrap_or_default().to_owned(),
            )
        };
        let (tenant, endpoint) = ("/v1/tenants/acme", "/v1/alerts/endpoints/pager");
        for path in [tenant, endpoint] {
            let (status, _, detail) = patch(path, "{\n  \"enabled\": tru }").await;
            assert_eq!(status, 400, "{detail}");
            assert!(detail.ends_with("at line 2 column 17"), "{detail}");
        }
        for (path, body, pointer) in [
            (tenant, "{\"logging\": \"yes\"}", "/logging"),
            (tenant, "{\"retention\": {\"views\": \"x\"}}", "/retention/views"),
            (tenant, "{\"detection\": 7}", "/detection"),
            (tenant, "[]", ""),
            (endpoint, "{\"enabled\": 1}", "/enabled"),
            (endpoint, "{\"url\": null}", ""),
        ] {
            let (status, told, detail) = patch(path, body).await;
            assert_eq!((status, &told), (422, &json!(pointer)), "{body}: {detail}");
            assert!(!detail.contains("line"), "{body}: {detail}");
        }
    });
}

/// What an admin may not do: change the plan or the limits, the id, make keys of the platform, touch others' keys.
#[test]
fn an_admin_s_bounds() {
    with_world("admin_bounds", async |world| {
        world.tenant("acme", |_| {}).await;
        world.tenant("other", |_| {}).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let foreign = world.key(Some("other"), Role::Viewer).await;
        let patch = async |body: Value| world.send("PATCH", "/v1/tenants/acme", &admin, Some(body)).await;
        let limits = json!({ "events_per_second": 9, "burst": 9, "queries_per_second": 9, "query_burst": 9 });
        for (body, status, pointer) in [
            (json!({ "plan": "standard" }), 403, "/plan"),
            (json!({ "limits": limits }), 403, "/limits"),
            (json!({ "id": "other" }), 422, "/id"),
        ] {
            let answer = patch(body).await;
            assert_eq!((answer.status, &answer.json["pointer"]), (status, &json!(pointer)), "{}", answer.json);
        }
        let key = world.send("POST", "/v1/tenants/acme/keys", &admin, Some(json!({ "role": "platform" }))).await;
        assert_eq!((key.status, &key.json["pointer"]), (422, &json!("/role")));
        let id = &foreign[3..15];
        assert_eq!(world.send("DELETE", &format!("/v1/tenants/acme/keys/{id}"), &admin, None).await.status, 404);
        assert_eq!(world.send("DELETE", &format!("/v1/tenants/other/keys/{id}"), &admin, None).await.status, 404);
        assert_eq!(world.get("/v1/events", &foreign).await.status, 200);
        let platform = world.key(None, Role::Platform).await;
        let put = world.send("PUT", "/v1/settings/logging", &platform, Some(json!({ "enabled": true }))).await;
        assert_eq!((put.status, &put.json["code"]), (400, &json!("tenant_required")));
    });
}

/// Bad bodies, each refused with a pointer or a code, and without a trace in the settings.
#[test]
fn bad_bodies_are_refused() {
    with_world("admin_bodies", async |world| {
        world.tenant("acme", |_| {}).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let platform = world.key(None, Role::Platform).await;
        let retention =
            |views: Value| json!({ "sign_ins": 90, "changes": 90, "views": views, "configuration": 90, "other": 90 });
        for (method, path, body) in [
            ("PUT", "/v1/settings/logging", json!({ "enabled": "yes" })),
            ("PUT", "/v1/settings/logging", json!({ "enabled": true, "colour": "red" })),
            ("PUT", "/v1/settings/logging", json!([])),
            ("PUT", "/v1/settings/retention", retention(json!(31))),
            ("PUT", "/v1/settings/retention", retention(json!(-1))),
            ("PUT", "/v1/settings/retention", json!({ "views": "30" })),
            ("PUT", "/v1/settings/retention", json!({ "view": 30 })),
            ("PUT", "/v1/settings/time-zone", json!({ "time_zone": "Mars/Olympus", "week_start": "monday" })),
            ("PUT", "/v1/settings/time-zone", json!({ "time_zone": "UTC", "week_start": "friday" })),
            ("PUT", "/v1/settings/trusted-proxies", json!({ "trusted_proxies": ["192.0.2.0/99"] })),
            ("PUT", "/v1/settings/event-types", json!({ "event_types": [own_type("task.created")] })),
            ("PUT", "/v1/settings/event-types", json!({ "event_types": [own_type("a.b"), own_type("a.b")] })),
            ("PUT", "/v1/settings/event-types", json!({ "event_types": [own_type("NOT A NAME")] })),
            ("PATCH", "/v1/tenants/acme", json!({ "retention": { "views": 7 } })),
            ("PATCH", "/v1/tenants/acme", json!({ "url_templates": { "task": "javascript:alert(1)" } })),
            ("PATCH", "/v1/tenants/acme", json!({ "unknown": 1 })),
            ("POST", "/v1/tenants", json!({ "id": "Not/An/Id" })),
            ("POST", "/v1/tenants", json!({ "name": "no id" })),
        ] {
            let key = if path == "/v1/tenants" { &platform } else { &admin };
            let answer = world.send(method, path, key, Some(body.clone())).await;
            assert_eq!(answer.status, 422, "{method} {path} {body}: {}", answer.json);
            assert_eq!(answer.headers["content-type"], "application/problem+json");
        }
        assert_eq!(world.settings.tenant("acme").unwrap().version, 1);
        let proxies = json!({ "trusted_proxies": ["192.0.2.0/24", "localhost"] });
        let answer = world.send("PUT", "/v1/settings/trusted-proxies", &admin, Some(proxies)).await;
        assert_eq!(answer.json["pointer"], "/trusted_proxies/1", "{}", answer.json);
        let detail = answer.json["detail_en"].as_str().or(answer.json["detail"].as_str()).unwrap();
        assert!(detail.contains("expected a network"), "{detail}");

        let raw = async |media: &str, body: Vec<u8>| {
            let request = Request::put("/v1/settings/logging").header("content-type", media);
            let request = request.header("authorization", format!("Bearer {admin}")).body(Body::from(body)).unwrap();
            world.answer(request).await.status
        };
        assert_eq!(raw("text/plain", b"{\"enabled\":true}".to_vec()).await, 415);
        assert_eq!(raw("application/json", vec![b' '; 2 << 20]).await, 413);
        assert_eq!(raw("application/json", b"{\"enabled\":\xff}".to_vec()).await, 422);
        assert_eq!(raw("application/json", "[".repeat(100_000).into_bytes()).await, 422);
        // An address is the network of it alone.
        let proxies = json!({ "trusted_proxies": ["127.0.0.1", "::1"] });
        let answer = world.send("PUT", "/v1/settings/trusted-proxies", &admin, Some(proxies)).await;
        assert_eq!(answer.json["trusted_proxies"], json!(["127.0.0.1/32", "::1/128"]), "{}", answer.json);
        assert_eq!(raw("application/json; charset=utf-8", b"{\"enabled\":true}".to_vec()).await, 200);
    });
}
