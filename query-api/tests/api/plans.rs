//! What the store does for a query: indexes are used (P8), so the cost follows the answer and not the table.

use chrono::{TimeDelta, Utc};
use query_api::http::params::Params;
use query_api::log::filter::EventFilter;
use query_api::log::rows::EVENTS_NEWEST;
use query_api::statistics::rows::USER_COUNTS;
use query_api::store::sql::{Clauses, NamedQuery};
use query_api::trace::rows::USER_ACTIVITIES;
use query_api::violations::rows::VIOLATIONS;

use crate::support::{Event, World, rng, with_world};

async fn plan(world: &World, filter: &str) -> String {
    let mut clauses = Clauses::default();
    clauses.bind_text("tenant", "acme");
    clauses.bind_number("rows", 101);
    clauses.bind_time("oldest", Utc::now() - TimeDelta::days(30));
    EventFilter::take(&mut Params::parse(Some(filter)).unwrap()).unwrap().add_to(&mut clauses);
    clauses.time("occurred_at >= {from:DateTime64(3, 'UTC')}", "from", Utc::now() - TimeDelta::days(2));
    let text: &'static str = format!("EXPLAIN indexes = 1 {}", EVENTS_NEWEST.text.replace("?fields", "*")).leak();
    let query = NamedQuery { name: "explain", text };
    let lines: Vec<String> = clauses.build(&world.client, query).fetch_all().await.unwrap();
    lines.join("\n")
}

/// The keys listed under an index.
fn section<'a>(plan: &'a str, name: &str) -> &'a str {
    let start = plan.find(name).unwrap_or_else(|| panic!("no {name} in\n{plan}"));
    let rest = &plan[start..];
    rest.find("Granules").map_or(rest, |end| &rest[..end])
}

#[test]
fn indexes_are_used() {
    with_world("plans", async |world| {
        let mut rng = rng(50);
        let events: Vec<Event> =
            (0..500).map(|number| Event::random(&mut rng, "acme", number, TimeDelta::days(3))).collect();
        world.insert(&events).await;
        let one = plan(&world, "actor_id=u1").await;
        let key = section(&one, "PrimaryKey");
        assert!(["tenant", "actor_id", "occurred_at"].iter().all(|column| key.contains(column)), "{one}");
        assert!(one.contains("InReverseOrder"), "one actor's page is not read in order:\n{one}");
        let several = plan(&world, "actor_id=u1,u2").await;
        assert!(section(&several, "PrimaryKey").contains("actor_id"), "{several}");
        let object = plan(&world, "object_type=task&object_id=7").await;
        assert!(object.contains("by_object"), "{object}");
        assert!(section(&object, "Min-Max").contains("received_at"), "{object}");
        assert!(plan(&world, "").await.contains("by_time"));
    });
}

/// P8: of the events themselves, statistics read the hours that a boundary cuts, and no others.
#[test]
fn statistics_read_cut_hours_alone() {
    with_world("plans_statistics", async |world| {
        let now = Utc::now();
        let mut clauses = Clauses::default();
        clauses.bind_text("tenant", "acme");
        clauses.bind_text("actor_id", "u1");
        clauses.bind_time("oldest", now - TimeDelta::days(30));
        clauses.bind_time("from", now - TimeDelta::days(20));
        clauses.bind_time("whole_from", now - TimeDelta::days(20));
        clauses.bind_time("to", now);
        clauses.bind_texts("cut_hours", vec!["2026-03-02 18:00:00".to_owned()]);
        clauses.bind_numbers("edges", vec![0]);
        clauses.bind_number("hidden", 3);
        let event = Event::random(&mut rng(51), "acme", 1, TimeDelta::days(3));
        world.insert(&[event]).await;
        let text: &'static str = format!("EXPLAIN indexes = 1 {}", USER_COUNTS.text).leak();
        let query = NamedQuery { name: "explain", text };
        let lines: Vec<String> = clauses.build(&world.client, query).fetch_all().await.unwrap();
        let plan = lines.join("\n");
        let keys = plan.split("PrimaryKey").skip(1);
        assert!(keys.into_iter().any(|key| key.contains("toStartOfHour(occurred_at) in 1-element set")), "{plan}");
    });
}

/// P8: of what a user did, a trace reads the period with its margins, in the order of the sort key.
#[test]
fn a_trace_reads_its_period_alone() {
    with_world("plans_trace", async |world| {
        let now = Utc::now();
        let mut clauses = Clauses::default();
        clauses.bind_text("tenant", "acme");
        clauses.bind_text("user_id", "u1");
        clauses.bind_number("rows", 101);
        for name in ["oldest", "received_from", "read_from"] {
            clauses.bind_time(name, now - TimeDelta::days(3));
        }
        clauses.bind_time("read_to", now);
        world.insert(&[Event::random(&mut rng(53), "acme", 1, TimeDelta::days(2))]).await;
        let text: &'static str = format!("EXPLAIN indexes = 1 {}", USER_ACTIVITIES.text.replace("?fields", "*")).leak();
        let query = NamedQuery { name: "explain", text };
        let lines: Vec<String> = clauses.build(&world.client, query).fetch_all().await.unwrap();
        let plan = lines.join("\n");
        let key = section(&plan, "PrimaryKey");
        assert!(["tenant", "actor_id", "occurred_at"].iter().all(|column| key.contains(column)), "{plan}");
        assert!(section(&plan, "Min-Max").contains("received_at"), "{plan}");
        assert!(plan.contains("Read type: InOrder"), "{plan}");
    });
}

/// P8: violations of one user, and the page after another, are found by the sort key, though parts are brought together first.
#[test]
fn violations_are_found_by_the_sort_key() {
    with_world("plans_violations", async |world| {
        let mut rng = rng(52);
        let events: Vec<Event> =
            (0..200).map(|number| Event::random(&mut rng, "acme", number, TimeDelta::days(3))).collect();
        world.insert(&events).await;
        let mut clauses = Clauses::default();
        clauses.bind_text("tenant", "acme");
        clauses.bind_number("rows", 101);
        clauses.bind_time("oldest", Utc::now() - TimeDelta::days(30));
        clauses.bind_number("hidden", 3);
        clauses.order("window_at DESC, violation_id DESC");
        clauses.texts("actor_id IN {user_id:Array(String)}", "user_id", &["u1".to_owned()]);
        clauses.time("window_at <= {after:DateTime64(3, 'UTC')}", "after", Utc::now() - TimeDelta::days(1));
        let text: &'static str = format!("EXPLAIN indexes = 1 {}", VIOLATIONS.text.replace("?fields", "*")).leak();
        let query = NamedQuery { name: "explain", text };
        let lines: Vec<String> = clauses.build(&world.client, query).fetch_all().await.unwrap();
        let plan = lines.join("\n");
        let keys: Vec<&str> = plan.split("PrimaryKey").skip(1).collect();
        let found =
            keys.iter().any(|key| ["tenant", "window_at", "actor_id"].iter().all(|column| key.contains(column)));
        assert!(found, "{plan}");
    });
}
