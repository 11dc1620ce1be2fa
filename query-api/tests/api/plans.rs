//! What the store does for a query: indexes are used (P8), so the cost follows the answer and not the table.

use chrono::{TimeDelta, Utc};
use query_api::filter::EventFilter;
use query_api::params::Params;
use query_api::sql::{Clauses, EVENTS_NEWEST, NamedQuery};

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
