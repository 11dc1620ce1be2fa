//! What tenants see by their plans (J3, J4).

use chrono::{SecondsFormat, TimeDelta, Utc};
use schemas::settings::{Plan, QuotaPeriod, Quotas, Role};
use serde_json::{Value, json};

use crate::support::{Event, World, encoded, ids, millis, with_world};

async fn limited(world: &World, path: &str, key: &str) -> Value {
    let answer = world.get(path, key).await;
    assert_eq!((answer.status, &answer.json["code"]), (403, &json!("plan_limit")), "{path}: {}", answer.json);
    answer.json
}

fn edit(id: &str, days_ago: i64) -> Event {
    Event {
        event_type: "task.completed".to_owned(),
        class: "change",
        category: "changes",
        object_type: "task",
        object_id: "7".to_owned(),
        ..Event::sign_in(id, "u1", TimeDelta::days(days_ago))
    }
}

/// J4: the smallest plan shows the last 30 days, by named periods alone; asking beyond says what it allows.
#[test]
fn the_smallest_plan_looks_back_a_month() {
    with_world("plans_free", async |world| {
        world.tenant("acme", |tenant| tenant.plan = Plan::FREE).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        world.insert(&[edit("recent", 20), edit("long_ago", 40)]).await;
        let history = "/v1/objects/task/7/history";
        for path in ["/v1/events", history] {
            // Without a period the answer is bounded, and says so.
            let all = world.ok(path, &key).await;
            assert_eq!(ids(all["data"].as_array().unwrap()), ["recent"]);
            let from = &all["period"]["from"];
            // Today and the 29 days before it, wherever it is said.
            for named in [&format!("{path}?period=last_30_days"), "/v1/statistics?period=last_30_days"] {
                assert_eq!(&world.ok(named, &key).await["period"]["from"], from, "{named}");
            }
            assert_eq!(&world.ok("/v1/plan", &key).await["look_back_from"], from);
            let from: chrono::DateTime<Utc> = from.as_str().unwrap().parse().unwrap();
            assert_eq!(Utc::now().date_naive() - from.date_naive(), TimeDelta::days(29));
            for query in [
                "from=2026-01-01",
                "to=2026-01-01",
                "period=custom&from=2026-01-01",
                "period=last_90_days",
                "period=today",
                "period=this_month",
            ] {
                let problem = limited(&world, &format!("{path}?{query}"), &key).await;
                assert_eq!((&problem["plan"], &problem["look_back_days"]), (&json!("free"), &json!(30)));
                assert_eq!(problem["periods"], json!(["last_30_days"]));
                let detail = problem["detail"].as_str().unwrap();
                assert!(
                    detail.contains("the last 30 days") && detail.contains("named periods: last_30_days"),
                    "{detail}"
                );
            }
        }
        assert_eq!(world.get("/v1/events/recent", &key).await.status, 200);
        limited(&world, "/v1/events/long_ago", &key).await;
        let problem = limited(&world, "/v1/configuration", &key).await;
        let detail = "the plan free doesn't include the log of configuration changes; the plan standard does";
        assert_eq!((&problem["detail"], &problem["feature"]), (&json!(detail), &json!("configuration_audit")));
        for (path, lang, detail) in [
            (
                "/v1/configuration",
                "ru",
                "тарифный план free не включает журнал изменений настроек; это есть в тарифном плане standard",
            ),
            ("/v1/configuration", "cs", "tarif free neobsahuje záznam změn nastavení; obsahuje to tarif standard"),
            ("/v1/events?format=csv", "en", "the plan free doesn't include exports to files; the plan standard does"),
            (
                "/v1/events?format=csv",
                "ru",
                "тарифный план free не включает выгрузку в файлы; это есть в тарифном плане standard",
            ),
            (
                "/v1/users/u1/timeline",
                "cs",
                "tarif free neobsahuje zobrazení aktivity uživatelů; obsahuje to tarif standard",
            ),
        ] {
            let path = format!("{path}{}lang={lang}", if path.contains('?') { '&' } else { '?' });
            assert_eq!(limited(&world, &path, &key).await["detail"], detail);
        }
    });
}

/// J4: with free dates, still no further back than the plan goes; and a plan without bounds has none.
#[test]
fn larger_plans_look_back_further() {
    with_world("plans_larger", async |world| {
        for (tenant, plan) in [("acme", Plan::STANDARD), ("other", Plan::UNLIMITED)] {
            world.tenant(tenant, |tenant| (tenant.plan, tenant.retention.changes) = (plan, 1825)).await;
        }
        let other = |event: Event| Event { tenant: "other".to_owned(), ..event };
        world.insert(&[edit("a", 300), edit("b", 500), other(edit("a", 300)), other(edit("b", 500))]).await;
        let date =
            |days: i64| encoded(&(Utc::now() - TimeDelta::days(days)).to_rfc3339_opts(SecondsFormat::Secs, true));
        let (year, longer) = (format!("/v1/events?from={}", date(350)), format!("/v1/events?from={}", date(400)));
        let standard = world.key(Some("acme"), Role::Admin).await;
        for path in ["/v1/events", &year] {
            assert_eq!(ids(&world.pages(path, &standard).await), ["a"], "{path}");
        }
        limited(&world, &longer, &standard).await;
        limited(&world, &format!("/v1/events?to={}", date(400)), &standard).await;
        assert_eq!(world.get("/v1/configuration", &standard).await.status, 200);
        let unlimited = world.key(Some("other"), Role::Admin).await;
        let all = world.ok("/v1/events", &unlimited).await;
        assert_eq!((ids(all["data"].as_array().unwrap()).len(), &all["period"]["from"]), (2, &Value::Null));
        assert_eq!(world.pages("/v1/events?from=2020-01-01", &unlimited).await.len(), 2);
    });
}

/// J3: tracing and files are no part of the smallest plan, of lists and reports alike.
#[test]
fn the_smallest_plan_has_no_traces_and_no_files() {
    with_world("plans_features", async |world| {
        world.tenant("acme", |tenant| tenant.plan = Plan::FREE).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        for path in [
            "/v1/users/u1/timeline",
            "/v1/users/u1/activities",
            "/v1/events?format=csv",
            "/v1/users/u1/statistics",
            "/v1/statistics?by=user",
            "/v1/statistics?user=u1",
            "/v1/events?category=configuration",
            "/v1/statistics?format=xlsx",
        ] {
            limited(&world, path, &key).await;
        }
        // What the plan doesn't include is not read, nor counted, by any other way.
        let workflow = Event { category: "configuration", object_type: "workflow", ..edit("w", 3) };
        world.insert(&[edit("a", 2), workflow]).await;
        assert_eq!(ids(&world.pages("/v1/events?period=last_30_days", &key).await), ["a"]);
        for path in ["/v1/events/w", "/v1/objects/workflow/7/history"] {
            assert_eq!(world.get(path, &key).await.status, 404, "{path}");
        }
        for query in ["", "&category=configuration"] {
            let told = world.ok(&format!("/v1/statistics?period=last_30_days{query}"), &key).await;
            assert_eq!(told["totals"]["events"], u8::from(query.is_empty()), "{query}");
        }
        let mut tenant = (*world.settings.tenant("acme").unwrap()).clone();
        tenant.plan = Plan::STANDARD;
        world.settings.put_tenant(tenant).await.unwrap();
        assert_eq!(ids(&world.pages("/v1/events", &key).await), ["a", "w"]);
        assert_eq!(world.get("/v1/users/u1/statistics", &key).await.status, 200);
    });
}

/// J3: a tenant is shown its plan, and a plan that shrinks while somebody pages shows no more than it allows.
#[test]
fn the_plan_is_told_and_holds_at_once() {
    with_world("plans_told", async |world| {
        world.tenant("acme", |tenant| tenant.plan = Plan::STANDARD).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        world.insert(&[edit("a", 10), edit("b", 20), edit("c", 40), edit("d", 50)]).await;
        let told = world.ok("/v1/plan", &key).await;
        assert_eq!((&told["plan"], &told["features"]["free_dates"]), (&json!("standard"), &json!(true)));
        let first = world.ok("/v1/events?limit=1", &key).await;
        assert_eq!(ids(first["data"].as_array().unwrap()), ["a"]);

        let mut tenant = (*world.settings.tenant("acme").unwrap()).clone();
        tenant.plan = Plan::FREE;
        world.settings.put_tenant(tenant).await.unwrap();
        let told = world.ok("/v1/plan", &key).await;
        assert_eq!((&told["plan"], &told["features"]["look_back_days"]), (&json!("free"), &json!(30)));
        assert!(told["look_back_from"].is_string());
        let cursor = first["next_cursor"].as_str().unwrap();
        let rest = world.ok(&format!("/v1/events?limit=10&cursor={cursor}"), &key).await;
        // The limit of a page may change, so the cursor is still good; what lies beyond the plan is not shown.
        assert_eq!(ids(rest["data"].as_array().unwrap()), ["b"]);
    });
}

/// J4: the look-back holds in every answer that shows what was: nothing that was before it is listed, counted, traced, explained or
/// tried, and asking for it is refused.
#[test]
fn no_answer_looks_back_further() {
    with_world("plans_look_back", async |world| {
        world.tenant("acme", |tenant| (tenant.plan, tenant.retention.sign_ins) = (Plan::STANDARD, 1825)).await;
        world.tenant("other", |tenant| tenant.retention.sign_ins = 1825).await;
        let sign_in = |id: &str, user: &str, days: i64| Event {
            violations: vec!["mass-export"],
            device_id: format!("d-{}", if days > 365 { "old" } else { "new" }),
            session_id: "s1".to_owned(),
            ..Event::sign_in(id, user, TimeDelta::days(days))
        };
        let mut events = vec![
            sign_in("old", "u1", 500),
            Event { device_id: "d-new".to_owned(), ..sign_in("older", "u1", 400) },
            sign_in("new", "u1", 100),
            sign_in("gone", "u2", 450),
        ];
        events.extend(events.clone().into_iter().map(|event| Event { tenant: "other".to_owned(), ..event }));
        world.insert(&events).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let unlimited = world.key(Some("other"), Role::Admin).await;
        let count = async |path: &str, key: &str| world.pages(path, key).await.len();
        for (path, all, shown) in [
            ("/v1/events", 4, 1),
            ("/v1/sign-ins", 4, 1),
            ("/v1/devices", 2, 1),
            ("/v1/users/u1/sign-ins", 3, 1),
            ("/v1/users/u1/devices", 2, 1),
            ("/v1/users/u1/violations", 3, 1),
            ("/v1/violations", 4, 1),
            ("/v1/users/u1/sessions", 1, 1),
            // Who there is is known all the same.
            ("/v1/users", 2, 2),
            ("/v1/users?marked=true", 2, 1),
            ("/v1/users?sort=unreviewed&marked=true", 2, 1),
            ("/v1/users?sort=name", 2, 2),
        ] {
            assert_eq!((count(path, &unlimited).await, count(path, &key).await), (all, shown), "{path}");
            let separator = if path.contains('?') { '&' } else { '?' };
            for query in ["from=2020-01-01", "to=2020-01-01"] {
                limited(&world, &format!("{path}{separator}{query}"), &key).await;
            }
        }
        // What lasts counts no more than was since the look-back begins, and says of no later time that it was the first.
        let device = &world.ok("/v1/users/u1/devices", &key).await["data"][0];
        assert_eq!((&device["id"], &device["sign_ins"]), (&json!("d-new"), &json!(1)), "{device}");
        assert_eq!(device.get("first_seen_at"), Some(&Value::Null), "{device}");
        assert!(device["last_sign_in_at"].is_string() && device["first_sign_in_at"].is_null(), "{device}");
        let of_all = &world.ok("/v1/devices", &key).await["data"][0];
        assert_eq!((&of_all["id"], &of_all["sign_ins"], &of_all["users"]), (&json!("d-new"), &json!(1), &json!(1)));
        assert_eq!(of_all.get("first_seen_at"), Some(&Value::Null), "{of_all}");
        assert!(of_all["last_sign_in_at"].is_string() && of_all["first_sign_in_at"].is_null(), "{of_all}");
        let session = &world.ok("/v1/users/u1/sessions", &key).await["data"][0];
        assert_eq!((&session["events"], session.get("started_at")), (&json!(1), Some(&Value::Null)));
        let user = world.ok("/v1/users/u1", &key).await["data"].clone();
        assert_eq!((&user["sign_ins"], &user["unreviewed_violations"]), (&json!(1), &json!(1)));
        assert_eq!(user.get("first_seen_at"), Some(&Value::Null), "{user}");
        let gone = world.ok("/v1/users/u2", &key).await["data"].clone();
        assert_eq!((&gone["sign_ins"], &gone["last_activity_at"]), (&json!(0), &Value::Null), "{gone}");
        for path in ["/v1/events/summary", "/v1/violations/summary"] {
            let count = async |key: &str| world.ok(path, key).await["total"]["value"].clone();
            assert_eq!((count(&unlimited).await, count(&key).await), (json!(4), json!(1)), "{path}");
            limited(&world, &format!("{path}?from=2020-01-01"), &key).await;
        }
        assert_eq!(world.ok("/v1/me", &key).await["data"]["unreviewed_violations"], 1);
        // Statistics: by default, and asked for.
        for path in ["/v1/statistics", "/v1/users/u1/statistics"] {
            assert_eq!(world.ok(path, &key).await["totals"]["events"], 0);
            let year = encoded(&(Utc::now() - TimeDelta::days(360)).to_rfc3339_opts(SecondsFormat::Secs, true));
            assert_eq!(world.ok(&format!("{path}?from={year}"), &key).await["totals"]["events"], 1);
            limited(&world, &format!("{path}?from=2020-01-01"), &key).await;
            limited(&world, &format!("{path}?from=2020-01-01&format=csv"), &key).await;
            limited(&world, &format!("{path}?to=2020-01-01"), &key).await;
        }
        limited(
            &world,
            &format!("/v1/statistics?compare=previous&from={}", Utc::now().date_naive() - TimeDelta::days(300)),
            &key,
        )
        .await;
        // Traces, explanations, restores, single things.
        for path in [
            "/v1/users/u1/timeline?date=2020-01-01",
            "/v1/users/u1/activities?from=2020-01-01&to=2020-01-03",
            "/v1/events/old",
            "/v1/events/old/explain?rule=mass-export",
            "/v1/events?from=2020-01-01&format=csv",
        ] {
            limited(&world, path, &key).await;
        }
        for event in &events[..2] {
            let id = event.violation_id("mass-export");
            limited(&world, &format!("/v1/violations/{id}"), &key).await;
            limited(&world, &format!("/v1/violations/{id}/explain"), &key).await;
        }
        let trial = |days: i64| json!({ "name": "mass-export", "from": Utc::now() - TimeDelta::days(days) });
        let refused = world.send("POST", "/v1/rules/test", &key, Some(trial(400))).await;
        assert_eq!((refused.status, &refused.json["code"]), (403, &json!("plan_limit")), "{}", refused.json);
        let tried = world.send("POST", "/v1/rules/test", &key, Some(trial(360))).await;
        assert_eq!((tried.status, &tried.json["events"]), (200, &json!(1)), "{}", tried.json);
        // What began since has its beginning.
        world.insert(&[sign_in("newer", "u3", 50)]).await;
        let newest = world.ok("/v1/events/newer", &key).await["data"]["occurred_at"].clone();
        for path in ["/v1/users?q=u3", "/v1/users/u3/devices"] {
            assert_eq!(world.ok(path, &key).await["data"][0]["first_seen_at"], newest, "{path}");
        }
        assert_eq!(world.ok("/v1/users/u3/sessions", &key).await["data"][0]["started_at"], newest);
    });
}

/// J4: an object's history and the state that it is rebuilt to are those of the look-back.
#[test]
fn an_object_s_state_is_of_the_look_back() {
    with_world("plans_object", async |world| {
        world.tenant("acme", |tenant| (tenant.plan, tenant.retention.changes) = (Plan::STANDARD, 1825)).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let change = |path: &str| [path, "replace", "\"a\"", "\"b\""].map(str::to_owned);
        let mut before = edit("before", 400);
        before.changes = vec![change("secret")];
        let mut since = edit("since", 10);
        since.changes = vec![change("title")];
        world.insert(&[before, since]).await;
        let history = world.ok("/v1/objects/task/7/history", &key).await;
        assert_eq!(ids(history["data"].as_array().unwrap()), ["since"]);
        assert!(!history.to_string().contains("secret"), "{history}");
    });
}

/// J3: plans are the platform's: it defines and changes them, what they allow holds at once, and a plan in use can't go.
#[test]
fn plans_are_the_platform_s() {
    with_world("plans_defined", async |world| {
        let platform = world.key(None, Role::Platform).await;
        world.tenant("acme", |tenant| tenant.plan = Plan::NONE).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        world.insert(&[edit("recent", 2), edit("earlier", 9)]).await;
        // A plan without the log has none.
        for path in [
            "/v1/events",
            "/v1/events/recent",
            "/v1/events/recent/explain?rule=mass-export",
            "/v1/objects/task/7/history",
            "/v1/catalogue/unknown",
        ] {
            let problem = limited(&world, path, &key).await;
            assert!(problem["detail"].as_str().unwrap().ends_with("; the plan free does"), "{problem}");
        }
        let trial = json!({ "name": "mass-export", "from": Utc::now() - TimeDelta::hours(1) });
        let tried = world.send("POST", "/v1/rules/test", &key, Some(trial)).await;
        assert_eq!((tried.status, &tried.json["code"]), (403, &json!("plan_limit")), "{}", tried.json);
        let mut plans = world.ok("/v1/plans", &platform).await;
        assert_eq!(plans["version"], 0);
        let week = json!({ "name": "week", "features": {
            "log": true, "look_back_days": 7, "free_dates": false, "periods": ["this_week", "today"], "exports": false,
            "configuration_audit": false, "tracing": false, "restore": false, "sql": false
        }});
        plans["plans"].as_array_mut().unwrap().insert(1, week);
        let changed = world.send("PUT", "/v1/plans", &platform, Some(plans.clone())).await;
        assert_eq!((changed.status, &changed.json["version"]), (200, &json!(1)), "{}", changed.json);
        // From the version that was.
        assert_eq!(world.send("PUT", "/v1/plans", &platform, Some(plans)).await.status, 409);
        assert_eq!(world.send("PUT", "/v1/plans", &key, Some(changed.json.clone())).await.status, 403);
        let patched = world.send("PATCH", "/v1/tenants/acme", &platform, Some(json!({ "plan": "week" }))).await;
        assert_eq!(patched.status, 200, "{}", patched.json);
        assert_eq!(ids(&world.pages("/v1/events", &key).await), ["recent"]);
        world.ok("/v1/events?period=today", &key).await;
        limited(&world, "/v1/events?period=last_30_days", &key).await;
        // Where statistics are of this month by default, they are of the first period that the plan has.
        let statistics = world.ok("/v1/statistics", &key).await;
        assert_eq!(statistics["period"], world.ok("/v1/statistics?period=this_week", &key).await["period"]);
        assert_eq!(world.ok("/v1/plan", &key).await["features"]["look_back_days"], 7);

        let mut plans = changed.json;
        plans["plans"].as_array_mut().unwrap().remove(1);
        let refused = world.send("PUT", "/v1/plans", &platform, Some(plans.clone())).await;
        assert_eq!((refused.status, &refused.json["pointer"]), (422, &json!("/plans")), "{}", refused.json);
        let unknown = world.send("PATCH", "/v1/tenants/acme", &platform, Some(json!({ "plan": "gold" }))).await;
        assert_eq!((unknown.status, &unknown.json["pointer"]), (422, &json!("/plan")), "{}", unknown.json);
    });
}

/// J3: what the log holds can be had by no other door where the plan has no log, whatever else the plan has: not counted, not listed,
/// traced, found to break a rule, put into a file or reviewed, by the platform's keys neither.
#[test]
fn a_plan_without_the_log_has_no_other_door() {
    with_world("plans_no_log", async |world| {
        world.tenant("acme", |tenant| tenant.plan = Plan::NONE).await;
        let (key, platform) = (world.key(Some("acme"), Role::Admin).await, world.key(None, Role::Platform).await);
        let mut plans = world.ok("/v1/plans", &platform).await;
        for feature in ["exports", "configuration_audit", "tracing", "restore", "sql", "free_dates"] {
            plans["plans"][0]["features"][feature] = true.into();
        }
        let replaced = world.send("PUT", "/v1/plans", &platform, Some(plans)).await;
        assert_eq!(replaced.status, 200, "{}", replaced.json);
        let event = Event { violations: vec!["mass-export"], ..Event::sign_in("e1", "u1", TimeDelta::minutes(5)) };
        let violation = event.violation_id("mass-export");
        world.insert(&[event]).await;
        let (of_violation, review) =
            (format!("/v1/violations/{violation}"), format!("/v1/violations/{violation}/review"));
        for path in [
            "/v1/events",
            "/v1/statistics",
            "/v1/statistics?by=user",
            "/v1/statistics?format=csv",
            "/v1/users/u1/statistics",
            "/v1/users",
            "/v1/users?format=xlsx",
            "/v1/users/u1",
            "/v1/sign-ins",
            "/v1/users/u1/sign-ins",
            "/v1/devices",
            "/v1/users/u1/devices",
            "/v1/users/u1/sessions",
            "/v1/users/u1/timeline",
            "/v1/users/u1/activities",
            "/v1/users/u1/violations",
            "/v1/violations",
            "/v1/violations?period=today",
            "/v1/violations/summary",
            "/v1/events/summary",
            &of_violation,
            &format!("{of_violation}/explain"),
            "/v1/configuration",
            "/v1/catalogue/used",
            "/v1/alerts/deliveries",
            "/v1/events/e1/restore",
        ] {
            let separator = if path.contains('?') { '&' } else { '?' };
            for (path, key) in [(path, &key), (&format!("{path}{separator}tenant=acme"), &platform)] {
                assert_eq!(limited(&world, path, key).await["feature"], "log", "{path}");
            }
        }
        let reviewed = world.send("POST", &review, &key, Some(json!({ "note": "" }))).await;
        assert_eq!((reviewed.status, &reviewed.json["feature"]), (403, &json!("log")), "{}", reviewed.json);
        let body = json!({ "ids": [violation] });
        let reviewed = world.send("POST", "/v1/violations/reviews", &key, Some(body)).await;
        assert_eq!((reviewed.status, &reviewed.json["feature"]), (403, &json!("log")), "{}", reviewed.json);
        // Nothing is counted of what would be deleted.
        let preview = world.ok("/v1/settings/retention/preview?all=30", &key).await;
        assert_eq!(preview["events"], 0, "{preview}");
        assert!(preview["data"].as_array().unwrap().iter().all(|one| one["events"].is_null()), "{preview}");
        // What the tenant decides is its own all the same.
        for path in ["/v1/plan", "/v1/rules", "/v1/catalogue", "/v1/settings/detection", "/v1/alerts/endpoints"] {
            world.ok(path, &key).await;
        }
    });
}

/// P12: what is used of quotas, by day and month, of the tenant and of each key: what was received, whenever it occurred, but for the
/// product's own; for nobody who may not read all that is counted.
#[test]
fn what_is_used_of_quotas_is_told() {
    with_world("plans_usage", async |world| {
        let quotas = |day, month| Quotas { events_per_day: day, events_per_month: month };
        world.tenant("acme", |tenant| tenant.quotas = Some(quotas(Some(4), Some(100)))).await;
        world.tenant("other", |_| {}).await;
        let (key, viewer) = (world.key(Some("acme"), Role::Admin).await, world.key(Some("acme"), Role::Viewer).await);
        let event = |id: &str, key_id, days_ago| Event { key_id, ..edit(id, days_ago) };
        let foreign = Event { tenant: "other".to_owned(), ..event("f", "k1", 0) };
        // What occurred long ago was received just now; straight to Kafka is under no key.
        let events = [
            event("a", "k1", 0),
            event("b", "k1", 300),
            event("c", "", 0),
            event("d", "usertrail", 0),
            event("e", "k2", 0),
        ];
        let received = |event: Event| Event { received: millis(Utc::now()), ..event };
        world.insert(&events.into_iter().chain([foreign]).map(received).collect::<Vec<_>>()).await;

        let plan = world.ok("/v1/plan", &key).await;
        let usage = &plan["usage"];
        assert_eq!(
            (&usage["day"]["used"], &usage["day"]["limit"], &usage["day"]["remaining"]),
            (&4.into(), &4.into(), &0.into()),
            "{plan}"
        );
        assert_eq!((&usage["month"]["used"], &usage["month"]["remaining"]), (&4.into(), &96.into()));
        for (name, period) in [("day", QuotaPeriod::Day), ("month", QuotaPeriod::Month)] {
            let resets_at: chrono::DateTime<Utc> = usage[name]["resets_at"].as_str().unwrap().parse().unwrap();
            assert_eq!(resets_at, period.resets_at(Utc::now()));
        }
        assert_eq!(world.ok("/v1/plan", &viewer).await["usage"], Value::Null);

        // A key that has a quota is listed before it used any of it; the quota is set and shown with the key, and recorded.
        let wanted = json!({"role": "ingest", "quotas": {"events_per_day": 2}});
        let made = world.send("POST", "/v1/tenants/acme/keys", &key, Some(wanted)).await;
        assert_eq!((made.status, &made.json["quotas"]), (201, &json!({"events_per_day": 2, "events_per_month": null})));
        let id = made.json["id"].as_str().unwrap();
        let all = world.ok("/v1/tenants/acme/usage", &key).await;
        assert_eq!(all["day"], usage["day"]);
        let of = |id: &str| {
            let mut keys = all["keys"].as_array().unwrap().iter();
            let found = keys.find(|key| key["key_id"] == id).unwrap_or_else(|| panic!("{id} in {all}"));
            (found["day"]["used"].clone(), found["day"]["remaining"].clone())
        };
        assert_eq!(all["keys"].as_array().unwrap().len(), 4);
        assert_eq!(
            [of(""), of("k1"), of("k2")],
            [(json!(1), Value::Null), (json!(2), Value::Null), (json!(1), Value::Null)]
        );
        assert_eq!(of(id), (json!(0), json!(2)));

        let path = format!("/v1/tenants/acme/keys/{id}/limits");
        let wanted = json!({"limits": null, "quotas": {"events_per_month": 7}});
        let changed = world.send("PUT", &path, &key, Some(wanted)).await;
        assert_eq!((changed.status, &changed.json["quotas"]["events_per_month"]), (200, &json!(7)), "{}", changed.json);
        for (wanted, pointer) in [
            (json!({"limits": null, "quotas": {"events_per_day": 0}}), "/quotas/events_per_day"),
            (json!({"limits": null, "quotas": {"events_per_week": 1}}), "/quotas/events_per_week"),
        ] {
            let refused = world.send("PUT", &path, &key, Some(wanted)).await;
            assert_eq!((refused.status, &refused.json["pointer"]), (422, &json!(pointer)), "{}", refused.json);
        }
        // A tenant's and a plan's are the platform's.
        let patch = json!({"quotas": {"events_per_day": 1_000_000}});
        let refused = world.send("PATCH", "/v1/tenants/acme", &key, Some(patch.clone())).await;
        assert_eq!((refused.status, &refused.json["pointer"]), (403, &json!("/quotas")), "{}", refused.json);
        let platform = world.key(None, Role::Platform).await;
        assert_eq!(world.send("PATCH", "/v1/tenants/acme", &platform, Some(patch)).await.status, 200);
        assert_eq!(world.ok("/v1/plan", &key).await["usage"]["day"]["remaining"], 1_000_000 - 4);
        let mut plans = world.ok("/v1/plans", &platform).await;
        plans["plans"][3]["features"]["quotas"] = json!({"events_per_day": 9, "events_per_month": null});
        let replaced = world.send("PUT", "/v1/plans", &platform, Some(plans)).await;
        assert_eq!(replaced.status, 200, "{}", replaced.json);
        let other = world.key(Some("other"), Role::Admin).await;
        let plan = world.ok("/v1/plan", &other).await;
        assert_eq!((&plan["usage"]["day"]["limit"], &plan["usage"]["day"]["used"]), (&json!(9), &json!(1)), "{plan}");
        let refused = world.get("/v1/tenants/other/usage", &key).await;
        assert!([403, 404].contains(&refused.status), "{}", refused.json);
    });
}
