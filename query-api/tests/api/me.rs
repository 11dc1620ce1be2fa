//! Who asks (P11, J4, K16).

use chrono::TimeDelta;
use schemas::catalogue::Lang;
use schemas::settings::{Permission, Plan, Role};
use serde_json::{Value, json};

use crate::support::{Event, with_world};

/// P11, K16: everybody who reads anything learns who they are, what they may, and how their tenant reads a calendar; the marks are
/// for those who may see them.
#[test]
fn everybody_learns_who_they_are() {
    with_world("me", async |world| {
        let set = |tenant: &mut schemas::settings::Tenant| {
            (tenant.name, tenant.logging, tenant.languages) = ("Acme s.r.o.".to_owned(), true, vec![Lang::Cs]);
            tenant.time_zone = "Europe/Prague".parse().unwrap();
        };
        world.tenant("acme", set).await;
        world.tenant("other", |_| {}).await;
        let broken = |id: &str, tenant: &str| Event {
            tenant: tenant.to_owned(),
            violations: vec!["mass-export", "dormant"],
            ..Event::sign_in(id, "u1", TimeDelta::minutes(5))
        };
        let event = broken("e1", "acme");
        let review = Event::review(&event.violation_id("dormant"), "violation.reviewed", TimeDelta::minutes(1));
        world.insert(&[event, review, broken("e2", "other")]).await;

        let viewer = world.key(Some("acme"), Role::Viewer).await;
        let me = world.ok("/v1/me", &viewer).await["data"].clone();
        assert_eq!(me["who"], json!({ "kind": "key", "id": viewer[3..15], "name": "test" }));
        assert_eq!((&me["permissions"], me.get("unreviewed_violations")), (&json!(["read_log"]), None));
        let tenant = &me["tenant"];
        assert_eq!(
            (&tenant["id"], &tenant["name"], &tenant["logging"]),
            (&json!("acme"), &json!("Acme s.r.o."), &json!(true))
        );
        let calendar = [&tenant["time_zone"], &tenant["week_start"], &tenant["languages"], &tenant["look_back_from"]];
        assert_eq!(calendar, [&json!("Europe/Prague"), &json!("monday"), &json!(["cs"]), &Value::Null]);
        assert_eq!(tenant["plan"], world.ok("/v1/plan", &viewer).await);
        assert!(me["version"].is_string());

        let security = world.key(Some("acme"), Role::Security).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let platform = world.key(None, Role::Platform).await;
        let listed = world.pages("/v1/violations?reviewed=false", &security).await.len();
        for (path, key) in [("/v1/me", &security), ("/v1/me", &admin), ("/v1/me?tenant=acme", &platform)] {
            let me = world.ok(path, key).await["data"].clone();
            assert_eq!((&me["unreviewed_violations"], &me["tenant"]["id"]), (&json!(listed), &json!("acme")), "{me}");
        }
        assert_eq!(listed, 1);
        // What is used is shown as with the plan.
        let used = world.ok("/v1/me", &admin).await["data"]["tenant"]["plan"]["usage"].clone();
        assert!(used["day"]["used"].is_number(), "{used}");

        let nowhere = world.ok("/v1/me", &platform).await["data"].clone();
        assert_eq!((&nowhere["tenant"], nowhere.get("unreviewed_violations")), (&Value::Null, None));
        assert!(nowhere["permissions"].as_array().unwrap().contains(&json!("run_installation")));
        let ingest = world.key(Some("acme"), Role::Ingest).await;
        for (path, key, status) in [
            ("/v1/me", &ingest, 403),
            ("/v1/me?tenant=other", &viewer, 403),
            ("/v1/me?tenant=nobody", &platform, 404),
            ("/v1/me?limit=1", &viewer, 400),
        ] {
            assert_eq!(world.get(path, key).await.status, status, "{path}");
        }
        // It shows nothing of others, and is no event.
        assert!(world.audit.recorded("acme").iter().all(|event| event["payload"]["path"] != "/v1/me"));
    });
}

/// J3, J4: what the plan doesn't have, nobody may; where it begins to show is said, whether or not the log is a part of it.
#[test]
fn what_may_be_done_is_within_the_plan() {
    with_world("me_plan", async |world| {
        world.tenant("acme", |tenant| tenant.plan = Plan::FREE).await;
        world.tenant("other", |tenant| tenant.plan = Plan::NONE).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let me = world.ok("/v1/me", &admin).await["data"].clone();
        let may = |permission: Permission| me["permissions"].as_array().unwrap().contains(&json!(permission.as_str()));
        assert!(may(Permission::Administer) && may(Permission::ReadLog));
        assert!(!may(Permission::TraceUsers) && !may(Permission::ReadConfiguration));
        let from = world.ok("/v1/events", &admin).await["period"]["from"].clone();
        assert_eq!((&me["tenant"]["look_back_from"], &me["tenant"]["plan"]["look_back_from"]), (&from, &from));
        let none = world.key(Some("other"), Role::Admin).await;
        let me = world.ok("/v1/me", &none).await["data"].clone();
        assert_eq!((&me["tenant"]["plan"]["plan"], me.get("unreviewed_violations")), (&json!("none"), None));
    });
}

/// C7: who asks is answered while the store can't be; what only it knows is left out.
#[test]
fn who_asks_is_known_without_the_store() {
    with_world("me_store", async |world| {
        world.tenant("acme", |_| {}).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        for table in ["violations", "tenant_usage"] {
            world.client.query_raw(&format!("DROP TABLE {table}")).execute().await.unwrap();
        }
        let me = world.ok("/v1/me", &admin).await["data"].clone();
        assert_eq!((me.get("unreviewed_violations"), &me["tenant"]["plan"]["usage"]), (None, &Value::Null));
        assert_eq!(me["tenant"]["id"], "acme");
    });
}
