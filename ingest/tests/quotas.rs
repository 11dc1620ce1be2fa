//! P12: quotas by day and month, at `POST /v1/events`, on the embedded broker and engine.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, dead_code)]

mod common;

use chrono::{DateTime, Utc};
use clickhouse::Client;
use common::{Answer, World, event};
use embedded::cache::engine_library;
use embedded::engine::{Engine, EngineConfig};
use ingest::Ingest;
use runtime::freshness::Freshness;
use runtime::metrics::Metrics;
use runtime::settings::Bounds;
use schemas::catalogue::Lang;
use schemas::settings::{NamedQuota, Plan, Plans, QuotaOf, QuotaPeriod, Quotas, Role};

/// A process of its own, as far as quotas go.
fn process(world: &World, freshness: &Freshness) -> Ingest {
    Ingest::new(&world.config, world.settings.clone(), freshness.clone(), &Metrics::default()).unwrap()
}

fn quotas(day: Option<u64>, month: Option<u64>) -> Quotas {
    Quotas { events_per_day: day, events_per_month: month }
}

/// As many different events.
fn batch(name: &str, count: usize) -> String {
    let events: Vec<String> = (0..count).map(|number| event(&format!("{name}-{number}"))).collect();
    format!("[{}]", events.join(","))
}

/// The sender's events in the topic, and ids of the warnings there.
fn written(world: &World) -> (usize, Vec<String>) {
    let records = world.records();
    let is_own = |record: &&common::Record| record.headers.contains(&("key-id".to_owned(), "usertrail".to_owned()));
    let own: Vec<_> = records.iter().filter(is_own).collect();
    let ids = own.iter().map(|record| {
        let event: serde_json::Value = serde_json::from_str(&record.value).unwrap();
        assert_eq!((&*record.key, &event["actor"]), ("acme/", &serde_json::json!({ "kind": "system" })));
        let kind = if event["payload"]["percent"] == 80 { "quota.nearly_used" } else { "quota.used_up" };
        assert_eq!(event["type"], kind);
        // Which quota it is, by itself and in words.
        let named: NamedQuota = serde_json::from_value(event["payload"].clone()).unwrap();
        assert_eq!(event["object"]["name"], named.in_words(Lang::En));
        let id = event["object"]["id"].as_str().unwrap();
        let of = match &named.of {
            QuotaOf::Key { key_id } => format!("key-{{}}/{key_id}"),
            // Plans give quotas of a month here, and tenants of a day.
            QuotaOf::Plan { plan } => {
                assert_eq!((plan.as_str(), named.period), (Plan::default().as_str(), QuotaPeriod::Month));
                "tenant-{}".to_owned()
            }
            QuotaOf::Tenant => "tenant-{}".to_owned(),
        };
        assert_eq!(id, of.replace("{}", if named.period == QuotaPeriod::Day { "day" } else { "month" }));
        event["id"].as_str().unwrap().to_owned()
    });
    (records.len() - own.len(), ids.collect())
}

/// Ids of the warnings in the topic once all that are expected are there; `{day}` and `{month}` stand for where those begin.
async fn warned(world: &World, expected: &[&str]) {
    let [day, month] = QuotaPeriod::ALL.map(|period| period.begins(Utc::now()).to_string());
    let mut expected: Vec<_> =
        expected.iter().map(|id| format!("quota/{}", id.replace("{day}", &day).replace("{month}", &month))).collect();
    expected.sort_unstable();
    for _ in 0..10_000 {
        let mut ids = written(world).1;
        ids.sort_unstable();
        if ids == expected {
            return;
        }
        assert!(ids.len() <= expected.len(), "{ids:?}");
        tokio::task::yield_now().await;
    }
    panic!("{:?} instead of {expected:?}", written(world).1);
}

fn percent(answer: &Answer) -> Option<&str> {
    answer.headers.get("quota-warning").map(|header| header.to_str().unwrap())
}

/// What the enricher's inserts leave in the rollup.
async fn store(client: &Client, key: &str, events: u64) {
    let today = QuotaPeriod::Day.begins(Utc::now());
    let insert = format!("INSERT INTO tenant_usage VALUES ('acme', '{today}', '{key}', {events})");
    client.query(&insert).execute().await.unwrap();
}

fn refused(answer: &Answer, quota: &str, used: u64, limit: u64) {
    assert_eq!((answer.status.as_u16(), &answer.json["code"]), (429, &"quota_exceeded".into()), "{answer:?}");
    assert_eq!((&answer.json["quota"], &answer.json["accepted"]), (&quota.into(), &0.into()), "{answer:?}");
    assert_eq!((&answer.json["used"], &answer.json["limit"]), (&used.into(), &limit.into()), "{answer:?}");
    assert_eq!(answer.json["remaining"], limit - used.min(limit), "{answer:?}");
    let resets_at: DateTime<Utc> = answer.json["resets_at"].as_str().unwrap().parse().unwrap();
    assert!(resets_at > Utc::now());
    // A client that waits as long as `Retry-After` says doesn't wait for the month to end.
    let wait: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=300).contains(&wait), "{wait}");
    let told = answer.headers["ratelimit"].to_str().unwrap();
    assert!(told.contains(&format!("\"{quota}\";r={};", limit - used.min(limit))), "{told}");
}

fn accepted(answer: &Answer, events: u64) {
    assert_eq!((answer.status.as_u16(), &answer.json["accepted"]), (202, &events.into()), "{answer:?}");
}

/// P12: one program, one engine: stories in a row, each with tenants' settings of its own.
#[tokio::test(flavor = "multi_thread")]
async fn quotas_hold() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::start(EngineConfig::new(engine_library(), dir.path())).await.unwrap();
    for (database, story) in ["one", "processes", "keys", "away"].iter().zip(0..) {
        let mut world = World::with(|config| {
            config.clickhouse.url = engine.url();
            config.clickhouse.database = (*database).to_owned();
        })
        .await;
        storage::migrate(&world.config).await.unwrap();
        let client = runtime::clickhouse::client(&world.config.clickhouse);
        match story {
            0 => one_process(&mut world, &client).await,
            1 => several_processes(&mut world, &client).await,
            2 => keys_and_plans(&mut world, &client).await,
            _ => store_away(&mut world).await,
        }
    }
    engine.stop().await.unwrap();
}

/// What is stored counts from the first request; a request is taken whole or refused whole; what is wrong with it comes first.
async fn one_process(world: &mut World, client: &Client) {
    store(client, "before", 4).await;
    world.change_tenant(|tenant| tenant.quotas = Some(quotas(Some(10), Some(1000)))).await;
    let ingest = process(world, &Freshness::unknown());
    world.router = common::router(ingest);

    let first = world.send(&[], batch("a", 5)).await;
    accepted(&first, 5);
    assert_eq!(percent(&first), Some("\"tenant-day\";percent=80"));
    let told = first.headers["ratelimit"].to_str().unwrap();
    assert!(told.contains("\"tenant-day\";r=1;") && told.contains("\"tenant-month\";r=991;"), "{told}");
    let policy = first.headers["ratelimit-policy"].to_str().unwrap();
    assert!(policy.contains("\"tenant-day\";q=10;w=86400"), "{policy}");

    refused(&world.send(&[], batch("b", 2)).await, "tenant-day", 9, 10);
    assert_eq!(written(world).0, 5, "nothing of a refused request is sent");
    // Only what would be accepted counts: what the request has twice, and what is wrong, does not.
    let mixed = format!("[{0},{0},{{}}]", event("c"));
    let mixed = world.send(&[], mixed).await;
    assert_eq!((mixed.status.as_u16(), &mixed.json["rejected"]), (202, &1.into()), "{mixed:?}");
    refused(&world.send(&[], event("d")).await, "tenant-day", 10, 10);
    let wrong = world.send(&[], "{}").await;
    assert_eq!((wrong.status.as_u16(), &wrong.json["code"]), (422, &"all_rejected".into()));
    for (lang, words) in
        [("ru", "из 10 событий на эти сутки (UTC) осталось 0"), ("cs", "z 10 událostí na tento den (UTC) zbývá 0")]
    {
        let answer = world.send(&[("accept-language", lang)], event("d")).await;
        refused(&answer, "tenant-day", 10, 10);
        assert!(answer.json["detail"].as_str().unwrap().contains(words), "{answer:?}");
    }
    // What never fits is distinguished from what has to wait.
    let never = world.send(&[], batch("e", 11)).await;
    assert_eq!((never.status.as_u16(), &never.json["code"]), (413, &"batch_over_limit".into()), "{never:?}");
    assert_eq!(never.json["limit"], 10);

    // A change holds at once.
    world.change_tenant(|tenant| tenant.quotas = Some(quotas(Some(12), Some(10)))).await;
    refused(&world.send(&[], event("f")).await, "tenant-month", 10, 10);
    world.change_tenant(|tenant| tenant.quotas = Some(quotas(Some(12), None))).await;
    accepted(&world.send(&[], batch("g", 2)).await, 2);
    world.change_tenant(|tenant| tenant.quotas = Some(quotas(None, None))).await;
    let free = world.send(&[], batch("h", 20)).await;
    accepted(&free, 20);
    assert_eq!(percent(&free), None);
    // The tenant was warned once of each share of each quota that there was.
    let told = [
        "tenant-day/{day}/10/80",
        "tenant-day/{day}/10/100",
        "tenant-month/{month}/10/80",
        "tenant-month/{month}/10/100",
        "tenant-day/{day}/12/80",
        "tenant-day/{day}/12/100",
    ];
    warned(world, &told).await;
}

/// What other processes took counts once it is stored, and what was taken before a restart at once; what is stored of one's own doesn't
/// count twice.
async fn several_processes(world: &mut World, client: &Client) {
    world.change_tenant(|tenant| tenant.quotas = Some(quotas(None, Some(100)))).await;
    let freshness = Freshness::unknown();
    let (one, other) = (process(world, &freshness), process(world, &freshness));
    let (first, second) = (common::router(one.clone()), common::router(other.clone()));
    world.router = first.clone();
    accepted(&world.send(&[], batch("one", 60)).await, 60);
    world.router = second.clone();
    // It can't know yet: the quota is exceeded by what was taken elsewhere and isn't stored, and by no more.
    accepted(&world.send(&[], batch("other", 50)).await, 50);

    // The first one's are stored.
    store(client, "k", 60).await;
    other.read_usage().await;
    one.read_usage().await;
    refused(&world.send(&[], batch("more", 60)).await, "tenant-month", 60, 100);
    world.router = first.clone();
    refused(&world.send(&[], batch("more", 41)).await, "tenant-month", 60, 100);
    // All are: everybody knows.
    store(client, "k", 50).await;
    freshness.set(Utc::now());
    for (process, router) in [(&one, &first), (&other, &second)] {
        process.read_usage().await;
        world.router = router.clone();
        refused(&world.send(&[], event("more")).await, "tenant-month", 110, 100);
    }
    // Somebody who starts knows, too.
    world.router = common::router(process(world, &freshness));
    refused(&world.send(&[], event("more")).await, "tenant-month", 110, 100);
    // Each process that noticed has written a warning; the enricher stores one of those with the same id. What is stored is not
    // written again.
    let told = ["tenant-month/{month}/100/80", "tenant-month/{month}/100/100"];
    warned(world, &[told, told, told].concat()).await;
    let month = QuotaPeriod::Month.begins(Utc::now());
    let stored = format!(
        "INSERT INTO events (tenant, event_id, key_id, occurred_at, received_at, retention_days) \
         VALUES ('acme', 'quota/tenant-month/{month}/111/80', 'usertrail', now64(3), now64(3), 365)"
    );
    client.query(&stored).execute().await.unwrap();
    world.change_tenant(|tenant| tenant.quotas = Some(quotas(None, Some(111)))).await;
    let last = world.send(&[], event("more")).await;
    accepted(&last, 1);
    assert_eq!(percent(&last), Some("\"tenant-month\";percent=100"));
    warned(world, &[&told[..], &told, &told, &["tenant-month/{month}/111/100"]].concat()).await;
}

/// A key's quota is its own; a plan's is that of a tenant that has none.
async fn keys_and_plans(world: &mut World, client: &Client) {
    let bounds = Bounds { limits: None, quotas: Some(quotas(Some(3), None)) };
    let id = world.key.split('_').nth(1).unwrap().to_owned();
    world.settings.limit_key(&world.settings.snapshot(), "acme", &id, bounds).await.unwrap();
    store(client, &id, 1).await;
    store(client, "another", 50).await;
    let freshness = Freshness::unknown();
    world.router = common::router(process(world, &freshness));
    let last = world.send(&[], batch("a", 2)).await;
    accepted(&last, 2);
    assert!(last.headers["ratelimit"].to_str().unwrap().contains("\"key-day\";r=0;"), "{last:?}");
    refused(&world.send(&[], event("b")).await, "key-day", 3, 3);
    let (limited, free) = (world.key.clone(), world.new_key(Role::Ingest).await);
    world.key = free;
    accepted(&world.send(&[], batch("c", 5)).await, 5);

    let mut plans = Plans::shipped();
    plans.plans.iter_mut().for_each(|plan| plan.features.quotas = quotas(None, Some(60)));
    world.settings.put_plans(plans).await.unwrap();
    // 51 are stored, 2 were taken while a quota asked for them; what was taken while none did, counts once it is stored.
    refused(&world.send(&[], batch("d", 8)).await, "tenant-month", 53, 60);
    accepted(&world.send(&[], batch("d", 7)).await, 7);
    refused(&world.send(&[], event("e")).await, "tenant-month", 60, 60);
    world.change_tenant(|tenant| tenant.quotas = Some(quotas(None, None))).await;
    accepted(&world.send(&[], event("e")).await, 1);
    world.key = limited;
    refused(&world.send(&[], event("f")).await, "key-day", 3, 3);
    let of_key = [80, 100].map(|percent| format!("key-day/{id}/{{day}}/3/{percent}"));
    let of_tenant = ["tenant-month/{month}/60/80", "tenant-month/{month}/60/100"];
    warned(world, &[&of_key[0], &of_key[1], of_tenant[0], of_tenant[1]]).await;
}

/// Without the store, what this process took counts, and nobody is refused for what isn't known.
async fn store_away(world: &mut World) {
    world.config.clickhouse.url = "http://127.0.0.1:1".to_owned();
    world.change_tenant(|tenant| tenant.quotas = Some(quotas(Some(3), None))).await;
    world.router = common::router(process(world, &Freshness::unknown()));
    accepted(&world.send(&[], batch("a", 3)).await, 3);
    refused(&world.send(&[], event("b")).await, "tenant-day", 3, 3);
}
