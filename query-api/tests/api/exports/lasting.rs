//! Exports that last: places, clients that go away, files that break off, memory.

use axum::body::Body;
use axum::http::Request;
use futures::StreamExt as _;
use schemas::settings::Role;
use tower::ServiceExt as _;

use crate::export_files::peak_kib;
use crate::exports::{file, many, recorded};
use crate::support::{World, with_configured, with_world};

/// Pitfall 23, P13: who stops reading ends the export, which is recorded as the failure that it is.
#[test]
fn a_client_that_goes_away_ends_the_export() {
    with_world("exports_broken", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        many(&world, 20_000).await;
        let request = Request::get("/v1/events?format=ndjson").header("authorization", format!("Bearer {key}"));
        let response = world.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let mut body = response.into_body().into_data_stream();
        assert!(body.next().await.unwrap().is_ok());
        drop(body);
        let event = recorded(&world, "acme", "event_log.exported", 1).await.remove(0);
        assert_eq!(event["outcome"], "failure");
        assert!(event["records"].as_u64().unwrap() < 20_000, "{event}");
    });
}

/// P12: one tenant's exports don't take all places.
#[test]
fn one_tenants_exports_leave_places() {
    let two = |config: &mut runtime::config::Config| {
        config.query.export_max_concurrent = 2;
        config.query.max_waiting_per_tenant = 0;
    };
    with_configured("exports_fair", two, async |world| {
        world.tenant("acme", |_| {}).await;
        world.tenant("globex", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let other = world.key(Some("globex"), Role::Viewer).await;
        many(&world, 20_000).await;
        let held = begun(&world, "/v1/events?format=ndjson", &key).await;
        assert_eq!(held.status(), 200);
        let second = world.get("/v1/events?format=csv", &key).await;
        assert_eq!((second.status, &second.json["code"]), (503, &"busy".into()), "{}", second.json);
        let elsewhere = begun(&world, "/v1/events?format=csv", &other).await;
        assert_eq!(elsewhere.status(), 200);
        drop(held);
        recorded(&world, "acme", "event_log.exported", 1).await;
        assert_eq!(begun(&world, "/v1/events?format=csv", &key).await.status(), 200);
    });
}

/// P9, P13: a HEAD is answered with the headers of the file that a GET would begin; it begins none, and is no event.
#[test]
fn a_head_begins_no_export() {
    let one = |config: &mut runtime::config::Config| {
        config.query.export_max_concurrent = 1;
        config.query.max_waiting_per_tenant = 0;
    };
    with_configured("exports_head", one, async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        many(&world, 20_000).await;
        world.freshness.set("2026-11-22T10:00:04.120Z".parse().unwrap());
        // The only place is taken.
        let held = begun(&world, "/v1/events?format=ndjson", &key).await;
        for path in ["/v1/events", "/v1/users/u1/statistics", "/v1/violations", "/v1/users/u1/activities"] {
            for accept in ["text/csv", "application/pdf"] {
                let head = Request::head(path).header("authorization", format!("Bearer {key}"));
                let head = world.answer(head.header("accept", accept).body(Body::empty()).unwrap()).await;
                assert_eq!(head.status, 200, "{path}");
                assert!(head.headers["content-type"].to_str().unwrap().starts_with(accept), "{path}");
                let disposition = head.headers["content-disposition"].to_str().unwrap();
                assert!(disposition.starts_with("attachment; filename=\"acme-"), "{path}: {disposition}");
                assert!(head.headers.contains_key("ratelimit"));
                assert!(["complete-until", "content-length"].iter().all(|name| !head.headers.contains_key(*name)));
            }
        }
        let viewer = world.key(Some("acme"), Role::Viewer).await;
        for (path, key, status) in [
            ("/v1/events?format=docx", &key, 400),
            ("/v1/events?format=csv&limit=10", &key, 400),
            ("/v1/violations?format=csv", &viewer, 403),
            ("/v1/events?format=csv&tenant=globex", &key, 403),
            ("/v1/objects/task/none/history?format=csv", &key, 404),
        ] {
            assert_eq!(world.send("HEAD", path, key, None).await.status, status, "{path}");
        }
        drop(held);
        recorded(&world, "acme", "event_log.exported", 1).await;
        let get = file(&world, "/v1/events?format=csv", &key, "*/*").await;
        let head = world.send("HEAD", "/v1/events?format=csv", &key, None).await;
        assert_eq!(head.headers["content-type"], get.content_type.as_str());
        assert_eq!(head.headers["content-disposition"], get.disposition.as_str());
        assert_eq!(recorded(&world, "acme", "event_log.exported", 2).await.len(), 2, "the GETs alone");
    });
}

/// The answer to a request for an export, whose body nobody has read.
async fn begun(world: &World, path: &str, key: &str) -> axum::response::Response {
    let request = Request::get(path).header("authorization", format!("Bearer {key}"));
    world.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

/// Pitfall 15: a file that could not be written whole does not end in good order.
#[test]
fn an_export_that_breaks_off_is_noticed() {
    let short = |config: &mut runtime::config::Config| config.query.export_timeout_ms = 1500;
    with_configured("exports_cut", short, async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        many(&world, 20_000).await;
        let request = Request::get("/v1/events?format=ndjson").header("authorization", format!("Bearer {key}"));
        let response = world.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        // Nobody reads until the time for the export is over.
        let event = recorded(&world, "acme", "event_log.exported", 1).await.remove(0);
        assert_eq!(event["outcome"], "failure");
        let pieces: Vec<bool> = response.into_body().into_data_stream().map(|piece| piece.is_ok()).collect().await;
        assert_eq!(pieces.last(), Some(&false));
    });
}

/// Pitfall 23: a list that is larger than the memory of a query is sorted on disk, and leaves whole.
#[test]
fn an_export_may_be_larger_than_memory() {
    const ROWS: u32 = 250_000;
    let small = |config: &mut runtime::config::Config| config.query.max_memory_bytes = 64 << 20;
    with_configured("exports_memory", small, async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        many(&world, ROWS).await;
        let file = file(&world, "/v1/events?format=csv", &key, "*/*").await;
        let lines = file.bytes.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(lines, 1 + ROWS as usize, "a heading, and the rows");
    });
}

/// Pitfall 23: what a large export takes from the table to the client, in time and in memory, the engine's included; rows by
/// `USERTRAIL_EXPORT_ROWS`.
#[test]
#[ignore = "takes minutes"]
#[allow(clippy::print_stdout, reason = "what it measures")]
fn a_large_table_is_exported() {
    let rows = std::env::var("USERTRAIL_EXPORT_ROWS").map_or(1_000_000, |rows| rows.parse().unwrap());
    with_world("exports_large", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        many(&world, rows).await;
        println!("{rows} rows are stored: peak {} MiB", peak_kib() >> 10);
        for format in ["csv", "ndjson", "xlsx", "parquet"] {
            let path = format!("/v1/events?format={format}");
            let request = Request::get(path).header("authorization", format!("Bearer {key}"));
            let begun = std::time::Instant::now();
            let response = world.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            let mut body = response.into_body().into_data_stream();
            let mut bytes = 0;
            while let Some(chunk) = body.next().await {
                bytes += chunk.unwrap().len();
            }
            let seconds = begun.elapsed().as_secs_f64();
            let rate = f64::from(rows) / seconds;
            let peak = peak_kib() >> 10;
            println!("{format:8} {} MiB in {seconds:.1} s ({rate:.0} rows/s); peak {peak} MiB", bytes >> 20);
        }
    });
}
