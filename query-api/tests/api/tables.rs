//! The row types against the live tables: a column that comes, goes or changes fails here first.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use clickhouse::Row;
use query_api::export::table::{Cell, Kind, Tabular};
use query_api::log::configuration::view::ConfigurationChange;
use query_api::log::rows::EventRow;
use query_api::log::wording::EventRenderer;
use schemas::catalogue::{Catalogue, Lang};
use schemas::settings::Tenant;
use serde::Deserialize;

use crate::support::{Event, World, rng, with_world};

#[derive(Row, Deserialize)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    _type: String,
}

async fn compare<T: Row>(world: &World, table: &str, hidden: &[&str]) {
    let sql = format!("SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = '{table}'");
    let live: Vec<Column> = world.client.query(&sql).fetch_all().await.unwrap();
    let live: BTreeSet<&str> = live.iter().map(|column| column.name.as_str()).collect();
    let mut known: BTreeSet<&str> = T::COLUMN_NAMES.iter().copied().collect();
    assert!(hidden.iter().all(|name| known.insert(name)), "a hidden column is read");
    assert_eq!(live, known, "{table}");
}

#[test]
fn row_types_are_the_tables() {
    with_world("tables", async |world| {
        let hidden = [
            "tenant",
            "content_hash",
            "ip_prefix",
            "session_started_at",
            "last_activity_at",
            "violation_windows",
            "violation_groups",
            "retention_days",
            "actor_standing",
            "object_standing",
            "reserved",
        ];
        compare::<EventRow>(&world, "events", &hidden).await;
        // Types are compared by the client when it reads a row; those of other rows by the tests of what shows them.
        let mut event = Event::random(&mut rng(40), "acme", 1, TimeDelta::days(1));
        event.violations = vec!["dormant"];
        world.insert(&[event]).await;
        let events: Vec<EventRow> = world.client.query("SELECT ?fields FROM events").fetch_all().await.unwrap();
        assert_eq!(events.len(), 1);
        // A table has a cell for each column, whatever the row lacks.
        let tenant = Arc::new(Tenant::new("acme", "Acme"));
        let renderer = EventRenderer::new(&Catalogue::shipped().unwrap(), &tenant, Lang::En, true);
        let change = ConfigurationChange::new(events[0].clone(), &renderer);
        let shown = query_api::log::view::Event::new(events[0].clone(), &renderer);
        whole(&change);
        whole(&shown);
    });
}

/// P2: an address of a private network has flags and no place; what is not known is absent, as the document says.
#[test]
fn a_place_without_coordinates_has_none() {
    with_world("tables_geo", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), schemas::settings::Role::Viewer).await;
        let insert = "INSERT INTO events (tenant, event_id, occurred_at, received_at, ip_flags, latitude, longitude, \
             retention_days) VALUES ('acme', 'e1', now64(3), now64(3), 'loopback', nan, nan, 365)";
        world.client.query_raw(insert).execute().await.unwrap();
        let geo = &world.ok("/v1/events/e1", &key).await["data"]["geo"];
        assert_eq!(*geo, serde_json::json!({ "country": "", "accuracy_km": 0, "flags": "loopback" }));
    });
}

fn whole<T: Tabular>(row: &T) {
    let mut cells = Vec::new();
    row.cells(&mut cells);
    assert_eq!(cells.len(), T::COLUMNS.len());
    for (cell, column) in cells.iter().zip(T::COLUMNS) {
        let fits = match column.kind {
            Kind::Text => matches!(cell, Cell::Text(_) | Cell::Code(..) | Cell::Signals(_) | Cell::Empty),
            Kind::Time => matches!(cell, Cell::Time(_) | Cell::Empty),
            Kind::Whole | Kind::Duration => matches!(cell, Cell::Whole(_) | Cell::Empty),
            Kind::Number => matches!(cell, Cell::Number(_) | Cell::Empty),
            Kind::Flag => matches!(cell, Cell::Flag(_) | Cell::Empty),
        };
        assert!(fits, "{}: {cell:?}", column.name);
    }
}
