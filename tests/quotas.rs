//! P12: quotas over several ingest processes, with an enricher beside them: what one took counts for the other once it is stored, and
//! the tenant is warned once, whoever noticed.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::StatusCode;
use serde_json::{Value, json};
use support::process::Process;
use support::{Installation, Kind, until};

/// The answer of one ingest process to as many new events.
async fn send(installation: &Installation, ingest: &Process, key: &str, count: usize) -> reqwest::Response {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let event = |_| {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        json!({
            "id": format!("e{number}"), "type": "task.created", "actor": {"id": format!("u{}", number % 7)},
            "object": {"type": "task", "id": "1"}
        })
    };
    send_all(installation, ingest, key, &(0..count).map(event).collect::<Vec<_>>()).await
}

async fn send_all(installation: &Installation, ingest: &Process, key: &str, batch: &[Value]) -> reqwest::Response {
    installation.http.post(ingest.url("/v1/events")).bearer_auth(key).json(batch).send().await.unwrap()
}

fn header<'a>(answer: &'a reqwest::Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// Waits until a process knows that so much is left of the day's quota; an event that is none takes nothing of it.
async fn knows(installation: &Installation, ingest: &Process, key: &str, left: u64) {
    until(&format!("{left} to be left"), async || {
        let answer = send_all(installation, ingest, key, &[json!({})]).await;
        let told = header(&answer, "ratelimit").to_owned();
        if told.contains(&format!("\"tenant-day\";r={left};")) { Ok(()) } else { Err(told) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_hold_one_quota_and_warn_once() {
    let installation = Installation::start(Kind::Embedded, 1).await;
    let mut other = installation.role("ingest", "ingest-1", &[]).await;
    let (sender, admin) = installation.tenant("acme").await;
    let quota = json!({"quotas": {"events_per_day": 1000, "events_per_month": null}});
    installation.admin("PATCH", "/v1/tenants/acme", &quota).await;
    let one = &installation.ingest;

    assert_eq!(send(&installation, one, &sender, 500).await.status(), StatusCode::ACCEPTED);
    knows(&installation, &other, &sender, 500).await;
    let warned = send(&installation, &other, &sender, 300).await;
    assert_eq!(
        (warned.status(), header(&warned, "quota-warning")),
        (StatusCode::ACCEPTED, "\"tenant-day\";percent=80")
    );
    knows(&installation, one, &sender, 200).await;
    assert_eq!(send(&installation, one, &sender, 201).await.status(), StatusCode::TOO_MANY_REQUESTS);
    let last = send(&installation, one, &sender, 200).await;
    assert_eq!((last.status(), header(&last, "quota-warning")), (StatusCode::ACCEPTED, "\"tenant-day\";percent=100"));
    knows(&installation, &other, &sender, 0).await;
    let refused = send(&installation, &other, &sender, 1).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&refused, "quota-warning"), "\"tenant-day\";percent=100");

    // Whoever starts knows, and doesn't warn again.
    other.kill9_and_restart();
    other.until_ready(&installation.http).await;
    assert_eq!(send(&installation, &other, &sender, 1).await.status(), StatusCode::TOO_MANY_REQUESTS);
    installation.until("SELECT count() FROM events WHERE type = 'task.created'", 1000).await;
    installation.until("SELECT sum(events) FROM tenant_usage WHERE tenant = 'acme'", 1000).await;
    for kind in ["quota.nearly_used", "quota.used_up"] {
        installation.until(&format!("SELECT count() FROM events WHERE type = '{kind}'"), 1).await;
    }
    let plan = installation.get(&admin, "/v1/plan").await;
    let day = &plan["usage"]["day"];
    assert_eq!((&day["used"], &day["remaining"], &day["warning"]), (&json!(1000), &json!(0), &json!(100)), "{plan}");
    for (lang, words) in [
        ("en", "System: 80 % of the quota “1000 events a day for the tenant” is used"),
        ("ru", "Система: использовано 80 % квоты «1000 событий в день для организации»"),
        ("cs", "Systém: využito 80 % kvóty „1000 událostí denně pro organizaci“"),
    ] {
        let told = installation.get(&admin, &format!("/v1/events?type=quota.nearly_used&lang={lang}")).await;
        assert_eq!(told["data"][0]["text"], words, "{told}");
    }

    // At once: until the other's is stored each goes by what it took itself, but for what is on its way as it reads what is stored.
    let (burst, _) = installation.tenant("burst").await;
    installation.admin("PATCH", "/v1/tenants/burst", &quota).await;
    let take = async |ingest: &Process| {
        let mut taken = 0;
        while send(&installation, ingest, &burst, 100).await.status() == StatusCode::ACCEPTED {
            taken += 100;
        }
        taken
    };
    let (by_one, by_other) = tokio::join!(take(one), take(&other));
    assert!((1000..=4000).contains(&(by_one + by_other)), "{by_one} + {by_other}");
    let all = by_one + by_other;
    installation.until("SELECT sum(events) FROM tenant_usage WHERE tenant = 'burst'", all).await;
    for kind in ["quota.nearly_used", "quota.used_up"] {
        let sql = format!("SELECT toUInt64(count() >= 1) FROM events WHERE tenant = 'burst' AND type = '{kind}'");
        installation.until(&sql, 1).await;
    }
    // Nothing is on its way any more.
    until("verify to find everything committed", async || {
        let (balanced, printed) = installation.verify();
        if balanced { Ok(()) } else { Err(printed) }
    })
    .await;
    for (tenant, kind) in [
        ("acme", "quota.nearly_used"),
        ("acme", "quota.used_up"),
        ("burst", "quota.nearly_used"),
        ("burst", "quota.used_up"),
    ] {
        let sql = format!("SELECT count() FROM events WHERE tenant = '{tenant}' AND type = '{kind}'");
        assert_eq!(installation.number(&sql).await.unwrap(), 1, "{tenant} {kind}");
    }
}
