//! What tenants see by their plans (J3, J4).

use chrono::{SecondsFormat, TimeDelta, Utc};
use schemas::settings::{Plan, Role};
use serde_json::{Value, json};

use crate::support::{Event, World, encoded, ids, with_world};

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
        world.tenant("acme", |tenant| tenant.plan = Plan::Free).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        world.insert(&[edit("recent", 20), edit("long_ago", 40)]).await;
        let history = "/v1/objects/task/7/history";
        for path in ["/v1/events", history] {
            // Without a period the answer is bounded, and says so.
            let all = world.ok(path, &key).await;
            assert_eq!(ids(all["data"].as_array().unwrap()), ["recent"]);
            let from: chrono::DateTime<Utc> = all["period"]["from"].as_str().unwrap().parse().unwrap();
            assert!(Utc::now() - from >= TimeDelta::days(30) && Utc::now() - from < TimeDelta::days(31), "{from}");
            for period in ["today", "yesterday", "this_week", "this_month", "last_week", "last_30_days"] {
                world.ok(&format!("{path}?period={period}"), &key).await;
            }
            for query in ["from=2026-01-01", "to=2026-01-01", "period=custom&from=2026-01-01", "period=last_90_days"] {
                let problem = limited(&world, &format!("{path}?{query}"), &key).await;
                assert_eq!(problem["plan"], "free");
                let detail = problem["detail"].as_str().unwrap();
                assert!(detail.contains("the last 30 days") && detail.contains("named periods"), "{detail}");
            }
        }
        assert_eq!(world.get("/v1/events/recent", &key).await.status, 200);
        limited(&world, "/v1/events/long_ago", &key).await;
        let problem = limited(&world, "/v1/configuration", &key).await;
        let detail = "configuration_audit is no part of the plan free; the plan standard has it";
        assert_eq!(problem["detail"], detail);
    });
}

/// J4: with free dates, still no further back than the plan goes; and a plan without bounds has none.
#[test]
fn larger_plans_look_back_further() {
    with_world("plans_larger", async |world| {
        for (tenant, plan) in [("acme", Plan::Standard), ("other", Plan::Unlimited)] {
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
        world.tenant("acme", |tenant| tenant.plan = Plan::Free).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        for path in [
            "/v1/users/u1/timeline",
            "/v1/users/u1/activities",
            "/v1/events?format=csv",
            "/v1/users/u1/statistics?format=pdf",
            "/v1/statistics?format=xlsx",
        ] {
            limited(&world, path, &key).await;
        }
        assert_eq!(world.get("/v1/users/u1/statistics", &key).await.status, 200);
    });
}

/// J3: a tenant is told its plan, and a plan that shrinks while somebody pages shows no more than it allows.
#[test]
fn the_plan_is_told_and_holds_at_once() {
    with_world("plans_told", async |world| {
        world.tenant("acme", |tenant| tenant.plan = Plan::Standard).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        world.insert(&[edit("a", 10), edit("b", 20), edit("c", 40), edit("d", 50)]).await;
        let told = world.ok("/v1/plan", &key).await;
        assert_eq!((&told["plan"], &told["features"]["free_dates"]), (&json!("standard"), &json!(true)));
        let first = world.ok("/v1/events?limit=1", &key).await;
        assert_eq!(ids(first["data"].as_array().unwrap()), ["a"]);

        let mut tenant = (*world.settings.tenant("acme").unwrap()).clone();
        tenant.plan = Plan::Free;
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
