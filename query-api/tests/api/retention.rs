//! Retention: what a shorter one would delete, and what it deletes (L2, P7).

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use rand::RngExt as _;
use schemas::settings::{Retention, Role, Tenant};
use storage::retention::{Deleted, Extended, Retention as OnDisk};

use crate::support::{CATEGORIES, Event, World, millis, rng, with_world};

const LONG: Retention = Retention { sign_ins: 365, changes: 365, views: 365, configuration: 365, other: 365 };

fn days(retention: &Retention, category: &str) -> i64 {
    i64::from(match category {
        "sign_ins" => retention.sign_ins,
        "changes" => retention.changes,
        "views" => retention.views,
        "configuration" => retention.configuration,
        _ => retention.other,
    })
}

/// Events of a year, as many on the days on which some retention ends as on all others.
fn history(seed: u64, tenant: &str) -> Vec<Event> {
    let mut rng = rng(seed);
    let now = millis(Utc::now());
    let one = |number: usize| {
        let mut event = Event::random(&mut rng, tenant, number, TimeDelta::days(360));
        if number.is_multiple_of(2) {
            let days = [30, 90, 180][rng.random_range(0..3)];
            // An hour is longer than this test takes.
            event.received = now - TimeDelta::days(days) + TimeDelta::hours([-26, -5, -1, 1, 4, 22][number / 2 % 6]);
            event.occurred = event.received;
        }
        event.retention_days = 365;
        event
    };
    (0..400).map(one).collect()
}

/// Tables whose rows end with their events'.
const TABLES: [&str; 8] = [
    "events",
    "tenant_quarters",
    "violations",
    "user_hours",
    "user_hours_distinct",
    "users",
    "user_devices",
    "user_sessions",
];

/// Gives a tenant another retention.
async fn retention(world: &World, tenant: &str, retention: Retention) -> Arc<Tenant> {
    let tenant = Tenant::clone(&world.settings.tenant(tenant).unwrap());
    world.settings.put_tenant(Tenant { retention, ..tenant }).await.unwrap()
}

async fn physical(world: &World, table: &str) -> u64 {
    let sql = "SELECT sum(rows) FROM system.parts WHERE database = currentDatabase() AND active AND table = ";
    world.client.query(&format!("{sql}'{table}'")).fetch_one().await.unwrap()
}

/// L2, P7: the preview says how many events of which category would go, and from when; no other tenant's are among them.
#[test]
fn a_preview_counts_what_would_go() {
    with_world("retention_preview", async |world| {
        world.tenant("acme", |tenant| tenant.retention = LONG).await;
        world.tenant("other", |tenant| tenant.retention = LONG).await;
        let events = history(70, "acme");
        world.insert(&events).await;
        world.insert(&history(71, "other")).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let proposals = [
            ("", LONG),
            ("views=30", Retention { views: 30, ..LONG }),
            (
                "sign_ins=90&changes=180&views=30&configuration=30&other=90",
                Retention { sign_ins: 90, changes: 180, views: 30, configuration: 30, other: 90 },
            ),
            ("views=1825", Retention { views: 1825, ..LONG }),
        ];
        for (query, proposed) in proposals {
            let now = Utc::now();
            let answer = world.ok(&format!("/v1/settings/retention/preview?{query}"), &admin).await;
            let mut gone: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
            for event in &events {
                if event.received < now - TimeDelta::days(days(&proposed, event.category)) {
                    gone.entry(event.category).or_default().push(event);
                }
            }
            assert_eq!(answer["events"], gone.values().map(Vec::len).sum::<usize>(), "{query}");
            for one in answer["data"].as_array().unwrap() {
                let category = one["category"].as_str().unwrap();
                let gone = gone.remove(category).unwrap_or_default();
                assert_eq!(one["events"], gone.len(), "{query} {category}");
                assert_eq!(one["proposed_days"], days(&proposed, category));
                let day = |event: Option<&&Event>| event.map(|event| event.received.date_naive().to_string());
                let first = day(gone.iter().min_by_key(|event| event.received));
                let last = day(gone.iter().max_by_key(|event| event.received));
                assert_eq!((one["first_day"].as_str(), one["last_day"].as_str()), (first.as_deref(), last.as_deref()));
            }
        }
        assert_eq!(world.get("/v1/settings/retention/preview?views=31", &admin).await.json["pointer"], "views");
    });
}

/// L2, P7: a shorter retention holds at once in answers, and on disk after `retain`: rows are gone, not only hidden, whole
/// days at a time; the rollups follow, other tenants' rows stay, a second run finds nothing, and a repeated insert doubles
/// nothing.
#[test]
fn a_shorter_retention_reaches_the_disk() {
    with_world("retention_disk", async |world| {
        world.tenant("acme", |tenant| tenant.retention = LONG).await;
        let (events, others) = (history(72, "acme"), history(73, "other"));
        let repeated = world.client.clone().with_setting("insert_deduplication_token", "batch-1");
        world.insert_by(&repeated, &events).await;
        world.insert(&others).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let proposed = Retention { sign_ins: 90, changes: 180, views: 30, configuration: 30, other: 90 };
        let shorter = retention(&world, "acme", proposed).await;

        let now = Utc::now();
        let kept =
            events.iter().filter(|event| event.received >= now - TimeDelta::days(days(&proposed, event.category)));
        assert_eq!(world.pages("/v1/events?limit=1000", &admin).await.len(), kept.count());
        assert_eq!(physical(&world, "events").await, 800);

        let job = OnDisk::new(world.client.clone());
        let deleted = job.tenant(&shorter, now).await.unwrap();
        let stay = |event: &&Event| {
            event.received.date_naive() >= (now - TimeDelta::days(days(&proposed, event.category))).date_naive()
        };
        let staying = events.iter().filter(stay).count() as u64;
        assert_eq!(deleted[0], Deleted { table: "events", rows: 400 - staying });
        assert_eq!(physical(&world, "events").await, 400 + staying);
        let counted = |tenant: &str| format!("SELECT sum(events) FROM tenant_quarters WHERE tenant = '{tenant}'");
        let number = async |sql: String| world.client.query(&sql).fetch_one::<u64>().await.unwrap();
        assert_eq!(number(counted("acme")).await, staying);
        assert_eq!(number(counted("other")).await, 400);
        let longest = (now - TimeDelta::days(180)).date_naive();
        let sql = format!("SELECT count() FROM user_hours WHERE tenant = 'acme' AND received_on < '{longest}'");
        assert_eq!(number(sql).await, 0);
        let tables = ["events", "tenant_quarters", "user_hours", "user_hours_distinct", "users"];
        assert!(tables.iter().all(|table| deleted.iter().any(|one| one.table == *table)), "{deleted:?}");

        // Parts that were rewritten still leave by TTL.
        let lasting = "SELECT count() FROM system.parts WHERE database = currentDatabase() AND active AND table = 'events' \
                       AND rows > 0 AND delete_ttl_info_max < now()";
        assert_eq!(number(lasting.to_owned()).await, 0);
        assert_eq!(job.tenant(&shorter, now).await.unwrap(), []);
        // What is kept is known from before. What was the last of its part may come back, but not twice, and goes again.
        world.insert_by(&repeated, &events).await;
        let doubled = "SELECT toUInt64(count() - uniqExact(event_id)) FROM events WHERE tenant = 'acme'".to_owned();
        assert_eq!(number(doubled).await, 0, "a repeated insert was not dropped");
        job.tenant(&shorter, now).await.unwrap();
        assert_eq!(physical(&world, "events").await, 400 + staying);
        assert!(CATEGORIES.iter().all(|category| events.iter().any(|event| event.category == *category)));
    });
}

/// L2, P7: a longer retention keeps what is still there, though it was written under a shorter one: in answers, on disk
/// when TTL has run, and in the rollups. What others have ended leaves the parts that stay. A change that was broken off is
/// finished by the next run, and a retention that is shortened again ends what was held.
#[test]
fn a_longer_retention_keeps_what_is_there() {
    with_world("retention_longer", async |world| {
        const SHORT: Retention = Retention { sign_ins: 30, changes: 30, views: 30, configuration: 30, other: 30 };
        let run = async |sql: String| world.client.query_raw(&sql).execute().await.unwrap();
        for table in TABLES {
            run(format!("SYSTEM STOP TTL MERGES {table}")).await;
        }
        let now = millis(Utc::now());
        let mut rng = rng(74);
        let mut written = |tenant: &str, days: &[i64]| -> Vec<Event> {
            let one = |number: usize| {
                let mut event = Event::random(&mut rng, tenant, number, TimeDelta::days(1));
                event.received = now - TimeDelta::days(days[number % days.len()]);
                event.occurred = event.received;
                event.retention_days = 30;
                event
            };
            (0..200).map(one).collect()
        };
        // Days of receipt that both have, of which 40 and 45 ended by their class; 50 is the other's alone.
        let (events, others) = (written("acme", &[5, 20, 40, 45]), written("other", &[5, 40, 45, 50]));
        for tenant in ["acme", "other"] {
            world.tenant(tenant, |tenant| tenant.retention = SHORT).await;
        }
        world.insert(&events).await;
        world.insert(&others).await;
        let count = async |sql: &str| world.client.query(sql).fetch_one::<u64>().await.unwrap();
        let of_users = count("SELECT sum(events) FROM users WHERE tenant = 'acme'").await;
        let job = OnDisk::new(world.client.clone());
        assert_eq!(
            job.extend_ttl(&world.settings.tenants()).await.unwrap(),
            [],
            "the TTLs are those of the migrations"
        );

        let longer = Retention { views: 365, changes: 90, ..SHORT };
        retention(&world, "acme", longer).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let kept = |event: &&Event| event.received >= now - TimeDelta::days(days(&longer, event.category));
        let keeping = events.iter().filter(kept).count();
        assert_eq!(world.pages("/v1/events?limit=1000", &admin).await.len(), keeping);

        let done = job.extend_ttl(&world.settings.tenants()).await.unwrap();
        assert_eq!(done.iter().map(|one| one.table).collect::<Vec<_>>(), TABLES);
        assert!(done.iter().all(|one| one.is_altered && one.recalculated == 0), "{done:?}");
        let staying =
            |events: &[Event]| events.iter().filter(|event| event.received >= now - TimeDelta::days(30)).count();
        let ended_beside =
            others.iter().filter(|event| event.received >= now - TimeDelta::days(45)).count() - staying(&others);
        assert_eq!(done[0].rows, (events.len() - keeping + ended_beside) as u64, "ended rows in parts that stay");
        assert_eq!(job.extend_ttl(&world.settings.tenants()).await.unwrap(), []);

        let start_ttl = async || {
            for table in TABLES {
                run(format!("SYSTEM START TTL MERGES {table}")).await;
            }
        };
        start_ttl().await;
        let on_disk = async |events: usize| {
            // Each looks for parts to drop.
            for _ in 0..100 {
                run("OPTIMIZE TABLE events".to_owned()).await;
                if physical(&world, "events").await == events as u64 {
                    break;
                }
            }
            assert_eq!(physical(&world, "events").await, events as u64);
        };
        on_disk(keeping + staying(&others)).await;
        for table in TABLES {
            run(format!("OPTIMIZE TABLE {table} FINAL")).await;
        }
        assert_eq!(world.pages("/v1/events?limit=1000", &admin).await.len(), keeping);
        assert_eq!(count("SELECT sum(events) FROM tenant_quarters WHERE tenant = 'acme'").await, keeping as u64);
        // A user's categories are together there, and the longest holds.
        assert_eq!(count("SELECT sum(events) FROM users WHERE tenant = 'acme'").await, of_users);

        // Broken off between the new TTL and the parts' new ends.
        let old = "toDateTime(received_at, 'UTC') + toIntervalDay(retention_days)";
        let sql = "SELECT extract(create_table_query, ' TTL (.+) SETTINGS ') FROM system.tables \
                   WHERE database = currentDatabase() AND name = 'events'";
        let new: String = world.client.query(sql).fetch_one().await.unwrap();
        run("SYSTEM STOP TTL MERGES events".to_owned()).await;
        run(format!("ALTER TABLE events MODIFY TTL {old} SETTINGS mutations_sync = 2")).await;
        run(format!("ALTER TABLE events MODIFY TTL {new} SETTINGS materialize_ttl_after_modify = 0")).await;
        let done = job.extend_ttl(&world.settings.tenants()).await.unwrap();
        assert!(
            matches!(done[..], [Extended { table: "events", is_altered: false, recalculated: 4, rows: 0 }]),
            "{done:?}"
        );
        start_ttl().await;
        assert_eq!(job.extend_ttl(&world.settings.tenants()).await.unwrap(), []);

        retention(&world, "acme", SHORT).await;
        let done = job.extend_ttl(&world.settings.tenants()).await.unwrap();
        assert!(done.iter().all(|one| one.is_altered), "{done:?}");
        on_disk(staying(&events) + staying(&others)).await;
        assert_eq!(world.pages("/v1/events?limit=1000", &admin).await.len(), staying(&events));
    });
}
