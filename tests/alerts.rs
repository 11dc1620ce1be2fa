//! Violations reach people (P5): the real program, Kafka and ClickHouse, and a receiver that fails in every way it can.
#![allow(clippy::unwrap_used, clippy::panic)]

mod receiver;
mod support;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord};
use receiver::{Answer, Receiver};
use reqwest::StatusCode;
use schemas::violation::{Action, Violation};
use serde_json::{Value, json};
use support::process::Process;
use support::{Installation, Kind, until};

/// An installation with a tenant, and its administrator's key.
struct World {
    installation: Installation,
    producer: FutureProducer,
    receiver: Receiver,
    admin: String,
}

impl World {
    async fn start() -> Self {
        let installation = Installation::start(Kind::Embedded, 0).await;
        installation.admin("POST", "/v1/tenants", &json!({"id": "acme", "name": "Acme", "logging": true})).await;
        let admin = installation.key("acme", "admin").await;
        let producer = ClientConfig::new().set("bootstrap.servers", installation.brokers()).create().unwrap();
        Self { installation, producer, receiver: Receiver::start().await, admin }
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
        let url = self.installation.query.url(path);
        let request = self.installation.http.request(method.parse().unwrap(), url).bearer_auth(&self.admin);
        let answer = request.json(body).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> Value {
        self.installation.get(&self.admin, path).await
    }

    /// Makes an endpoint at the receiver's path of the same name; returns its secret once it is in force at the sender.
    async fn endpoint(&self, id: &str, more: &Value) -> String {
        self.endpoint_at(&self.receiver, id, more).await
    }

    async fn endpoint_at(&self, receiver: &Receiver, id: &str, more: &Value) -> String {
        let mut wanted = json!({"id": id, "url": receiver.url(id)});
        wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (status, made) = self.send("POST", "/v1/alerts/endpoints", &wanted).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        until("the endpoint to be in force at the sender", async || match self.test(id).await.as_str() {
            "delivered" => Ok(()),
            other => Err(other.to_owned()),
        })
        .await;
        receiver.forget(id);
        made["secret"].as_str().unwrap_or_default().to_owned()
    }

    /// Presses the test button; returns how that ended.
    async fn test(&self, endpoint: &str) -> String {
        let (status, queued) = self.send("POST", &format!("/v1/alerts/endpoints/{endpoint}/test"), &json!({})).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{queued}");
        let path = format!("/v1/alerts/deliveries?violation={}", queued["violation_id"].as_str().unwrap());
        let mut outcome = String::new();
        until("the test to be logged", async || match self.get(&path).await["data"][0]["outcome"].as_str() {
            Some(logged) => {
                logged.clone_into(&mut outcome);
                Ok(())
            }
            None => Err(String::new()),
        })
        .await;
        outcome
    }

    async fn delete(&self, id: &str) {
        let (status, answer) = self.send("DELETE", &format!("/v1/alerts/endpoints/{id}"), &json!({})).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }

    async fn find(&self, id: &str, rule: &str, level: u8) {
        let found = violation(id, rule, level);
        let value = serde_json::to_string(&found).unwrap();
        // As if each were another user's, so that they spread over the partitions.
        let key = format!("acme/{id}");
        let record = FutureRecord::to("violations").key(&key).payload(&value);
        self.producer.send(record, Duration::from_secs(30)).await.unwrap();
    }

    async fn until_requests(&self, name: &str, count: usize) -> Vec<receiver::Request> {
        until(&format!("{count} requests at {name}"), async || {
            let there = self.receiver.requests(name).len();
            if there >= count { Ok(()) } else { Err(there.to_string()) }
        })
        .await;
        self.receiver.requests(name)
    }

    /// Waits until the log of an endpoint has these outcomes, oldest first, tests left out; returns its rows.
    async fn until_logged(&self, endpoint: &str, outcomes: &[&str]) -> Vec<Value> {
        let mut rows = Vec::new();
        until(&format!("{outcomes:?} in the log of {endpoint}"), async || {
            let page = self.get(&format!("/v1/alerts/deliveries?endpoint={endpoint}")).await;
            rows = page["data"].as_array().unwrap().iter().rev().cloned().collect();
            rows.retain(|row| !row["violation_id"].as_str().unwrap().starts_with("test-"));
            let found: Vec<&str> = rows.iter().map(|row| row["outcome"].as_str().unwrap()).collect();
            if found.starts_with(outcomes) { Ok(()) } else { Err(format!("{found:?}")) }
        })
        .await;
        rows
    }
}

fn violation(id: &str, rule: &str, level: u8) -> Violation {
    Violation {
        id: id.to_owned(),
        tenant: "acme".into(),
        rule: rule.to_owned(),
        title: "Impossible travel".into(),
        rule_version: 1,
        level,
        action: Action::Flag,
        user_id: "ann".into(),
        user_name: "Ann".into(),
        device_id: String::new(),
        device_confidence: None,
        session_id: String::new(),
        ip: "203.0.113.9".into(),
        country: "NZ".into(),
        city: String::new(),
        event_id: "e1".into(),
        event_type: "user.signed_in".into(),
        occurred_at: Utc::now(),
        seen: Some(1800.0),
        limit: Some(900.0),
        group: Default::default(),
    }
}

/// P5, whole: each part of the story uses endpoints of its own.
#[tokio::test(flavor = "multi_thread")]
async fn violations_reach_people() {
    let world = World::start().await;
    let mut alert = world.installation.role("alert", "alert", &[]).await;
    failures_are_repeated(&world, &alert).await;
    one_that_hangs_delays_no_other(&world).await;
    redirects_are_not_followed(&world).await;
    one_that_was_away_gets_it_later(&world).await;
    gone_is_gone(&world).await;
    levels_rules_and_silences(&world).await;
    a_violation_that_grows(&world).await;
    secrets_are_rotated(&world).await;
    other_forms_and_the_test_button(&world).await;
    a_killed_sender_loses_nothing(&world, &mut alert).await;
    another_takes_over(&world).await;
    world.endpoint("private", &json!({})).await;
    alert.signal("TERM");
    assert_eq!(alert.wait(), Some(0), "{}", alert.log_tail());
    private_addresses_are_refused(&world).await;
}

/// Fails twice, then works: three attempts with one id and one body, each signed; the log has all three. Secrets are not shown.
async fn failures_are_repeated(world: &World, alert: &Process) {
    let secret = world.endpoint("flaky", &json!({})).await;
    world.receiver.answers("flaky", &[Answer::Status(500), Answer::Status(500), Answer::Status(200)]);
    world.find("v-flaky", "impossible-travel", 3).await;
    let requests = world.until_requests("flaky", 3).await;
    for request in &requests {
        assert!(request.is_signed_by(&secret) && !request.is_signed_by("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        assert_eq!(
            (request.header("webhook-id"), &request.text),
            (requests[0].header("webhook-id"), &requests[0].text)
        );
    }
    let body = requests[0].json();
    assert_eq!((&body["type"], &body["data"]["count"]), (&json!("violation.raised"), &json!(1)));
    let rows = world.until_logged("flaky", &["failed", "failed", "delivered"]).await;
    assert_eq!(rows.iter().map(|row| row["attempt"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((&rows[0]["status"], &rows[2]["status"]), (&json!(500), &json!(200)));
    let shown = world.get("/v1/alerts/endpoints").await.to_string();
    assert!(shown.contains("flaky") && !shown.contains("whsec_"), "{shown}");
    let delivered = world.get("/v1/alerts/deliveries?outcome=delivered&violation=v-flaky").await;
    assert_eq!(delivered["data"].as_array().unwrap().len(), 1);
    let log = "/v1/alerts/deliveries?violation=v-flaky&limit=2";
    for (metric, least) in [
        ("usertrail_alert_deliveries_total{outcome=\"failed\"}", 2.0),
        ("usertrail_alert_deliveries_total{outcome=\"delivered\"}", 1.0),
        ("usertrail_alert_delivery_seconds_count", 1.0),
    ] {
        let value = world.installation.metric(alert, metric).await;
        assert!(value >= least, "{metric} {value}");
    }
    let first = world.get(log).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = world.get(&format!("{log}&cursor={cursor}")).await;
    assert_eq!((second["data"][0]["attempt"].as_u64(), second["has_more"].as_bool()), (Some(1), Some(false)));
    world.delete("flaky").await;
}

/// While one receiver never answers, another gets everything.
async fn one_that_hangs_delays_no_other(world: &World) {
    world.endpoint("hangs", &json!({})).await;
    world.endpoint("quick", &json!({})).await;
    world.receiver.answers("hangs", &[Answer::Never]);
    for number in 0..40 {
        world.find(&format!("v-hang-{number}"), "impossible-travel", 3).await;
    }
    let all: HashSet<String> = world.until_requests("quick", 40).await.iter().map(|one| one.violation()).collect();
    assert_eq!(all.len(), 40);
    let rows = world.until_logged("hangs", &["failed"]).await;
    assert_eq!((&rows[0]["reason"], &rows[0]["status"]), (&json!("no answer in time"), &Value::Null));
    world.delete("hangs").await;
    world.delete("quick").await;
}

async fn redirects_are_not_followed(world: &World) {
    world.endpoint("moved", &json!({})).await;
    world.receiver.answers("moved", &[Answer::Redirect]);
    world.find("v-moved", "impossible-travel", 3).await;
    let rows = world.until_logged("moved", &["failed", "failed"]).await;
    assert_eq!(rows[0]["status"], 302);
    assert!(rows[0]["reason"].as_str().unwrap().contains("redirects are not followed"), "{}", rows[0]);
    assert!(world.receiver.requests("target").is_empty());
    world.delete("moved").await;
}

async fn one_that_was_away_gets_it_later(world: &World) {
    let receiver = Receiver::start().await;
    world.endpoint_at(&receiver, "away", &json!({})).await;
    let port = receiver.leave().await;
    world.find("v-away", "impossible-travel", 3).await;
    let rows = world.until_logged("away", &["failed", "failed"]).await;
    assert!(rows[0]["reason"].as_str().unwrap().starts_with("can't connect"), "{}", rows[0]);
    let back = Receiver::at(port).await;
    until("the report", async || if back.requests("away").is_empty() { Err(String::new()) } else { Ok(()) }).await;
    assert_eq!(back.requests("away")[0].violation(), "v-away");
    world.delete("away").await;
}

/// 410 switches the endpoint off, with the reason; what waits for it is dropped.
async fn gone_is_gone(world: &World) {
    world.endpoint("gone", &json!({})).await;
    world.receiver.answers("gone", &[Answer::Status(410)]);
    world.find("v-gone", "impossible-travel", 3).await;
    until("the endpoint to be off", async || {
        let endpoint = world.get("/v1/alerts/endpoints/gone").await;
        if endpoint["enabled"] == false { Ok(()) } else { Err(endpoint.to_string()) }
    })
    .await;
    let endpoint = world.get("/v1/alerts/endpoints/gone").await;
    assert!(endpoint["disabled_reason"].as_str().unwrap().contains("410"), "{endpoint}");
    world.until_logged("gone", &["gone"]).await;
    let (status, problem) = world.send("POST", "/v1/alerts/endpoints/gone/test", &json!({})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("endpoint_disabled")));
    world.delete("gone").await;
}

async fn levels_rules_and_silences(world: &World) {
    world.endpoint("critical", &json!({"min_level": 4})).await;
    world.endpoint("one-rule", &json!({"rules": ["brute-force"]})).await;
    let ends_at = Utc::now() + TimeDelta::hours(1);
    let starts_at = Utc::now() - TimeDelta::hours(1);
    let silence = json!({"rule": "dormant-account", "owner": "ann", "reason": "known", "starts_at": starts_at, "ends_at": ends_at});
    let (status, silence) = world.send("POST", "/v1/alerts/silences", &silence).await;
    assert_eq!(status, StatusCode::CREATED, "{silence}");
    assert_eq!(world.get("/v1/alerts/silences").await["data"], json!([silence]));
    until("the silence to be in force at the sender", async || {
        let marker = format!("v-noisy-{}", Utc::now().timestamp_millis());
        world.find(&marker, "dormant-account", 4).await;
        world.find(&format!("{marker}-loud"), "impossible-travel", 4).await;
        let of = |id: String| async move {
            let requests = world.receiver.requests("critical");
            requests.iter().any(|request| request.violation() == id)
        };
        until(
            "what is not silenced",
            async || {
                if of(format!("{marker}-loud")).await { Ok(()) } else { Err(String::new()) }
            },
        )
        .await;
        if of(marker).await { Err("not yet".to_owned()) } else { Ok(()) }
    })
    .await;
    world.find("v-low", "brute-force", 3).await;
    world.find("v-high", "brute-force", 4).await;
    let ids = |name: &str| -> Vec<String> { world.receiver.requests(name).iter().map(|one| one.violation()).collect() };
    until("both", async || {
        let (critical, rule) = (ids("critical"), ids("one-rule"));
        if critical.contains(&"v-high".to_owned()) && rule.len() >= 2 { Ok(()) } else { Err(format!("{critical:?}")) }
    })
    .await;
    assert!(!ids("critical").contains(&"v-low".to_owned()));
    assert_eq!(ids("one-rule").into_iter().collect::<HashSet<_>>(), ["v-low".to_owned(), "v-high".to_owned()].into());
    let path = format!("/v1/alerts/silences/{}", silence["id"].as_str().unwrap());
    assert_eq!(world.send("DELETE", &path, &json!({})).await.0, StatusCode::OK);
    world.delete("critical").await;
    world.delete("one-rule").await;
}

/// Findings of one violation are one report, and later one more, with the count so far.
async fn a_violation_that_grows(world: &World) {
    world.endpoint("grows", &json!({"repeat_seconds": 2})).await;
    world.find("v-grows", "impossible-travel", 3).await;
    world.until_requests("grows", 1).await;
    for _ in 0..4 {
        world.find("v-grows", "impossible-travel", 3).await;
    }
    let mut told = Vec::new();
    until("all to be told", async || {
        told = world.receiver.requests("grows");
        let last = told.last().unwrap().json()["data"]["count"].as_u64();
        if last == Some(5) { Ok(()) } else { Err(format!("{last:?}")) }
    })
    .await;
    assert!(told.len() < 5, "{} reports", told.len());
    let ids: HashSet<&str> = told.iter().map(|request| request.header("webhook-id")).collect();
    assert_eq!(ids.len(), told.len(), "each report has its own id");
    world.delete("grows").await;
}

/// After a rotation, both secrets are valid; after another, the first is not.
async fn secrets_are_rotated(world: &World) {
    let first = world.endpoint("rotates", &json!({})).await;
    let rotate = async || {
        let (status, made) = world.send("POST", "/v1/alerts/endpoints/rotates/rotate-secret", &json!({})).await;
        assert_eq!(status, StatusCode::OK, "{made}");
        made["secret"].as_str().unwrap().to_owned()
    };
    let signed = async |wanted: &[&str]| {
        until("the secrets to be in force at the sender", async || {
            let seen = world.receiver.requests("rotates").len();
            let (status, queued) = world.send("POST", "/v1/alerts/endpoints/rotates/test", &json!({})).await;
            assert_eq!(status, StatusCode::ACCEPTED, "{queued}");
            let requests = world.until_requests("rotates", seen + 1).await;
            let last = &requests[seen];
            let count = last.header("webhook-signature").split(' ').count();
            let all = wanted.iter().all(|secret| last.is_signed_by(secret));
            if all && count == wanted.len() { Ok(()) } else { Err(format!("{count} signatures")) }
        })
        .await;
    };
    signed(&[&first]).await;
    let second = rotate().await;
    signed(&[&second, &first]).await;
    let third = rotate().await;
    signed(&[&third, &second]).await;
    world.delete("rotates").await;
}

async fn other_forms_and_the_test_button(world: &World) {
    assert_eq!(world.endpoint("slack", &json!({"format": "slack"})).await, "", "nothing is signed");
    world.endpoint("alertmanager", &json!({"format": "alertmanager"})).await;
    world.endpoint("tested", &json!({"min_level": 4})).await;
    world.find("v-forms", "impossible-travel", 3).await;
    let slack = world.until_requests("slack", 1).await[0].json();
    assert!(slack["text"].as_str().unwrap().contains("Impossible travel"), "{slack}");
    let alert = world.until_requests("alertmanager", 1).await[0].json();
    let labels = json!({"alertname": "impossible-travel", "tenant": "acme", "severity": "high", "user": "ann"});
    assert_eq!(alert[0]["labels"], labels);
    assert_eq!(world.test("tested").await, "delivered");
    let test = world.until_requests("tested", 1).await[0].json();
    assert_eq!((&test["type"], &test["data"]["rule"]), (&json!("test"), &json!("test")));
    for id in ["slack", "alertmanager", "tested"] {
        world.delete(id).await;
    }
}

/// Killed twice in the middle: each violation is reported at least once, with one id however often.
async fn a_killed_sender_loses_nothing(world: &World, alert: &mut Process) {
    const ALL: usize = 150;
    world.endpoint("killed", &json!({})).await;
    // None gets through before the first kill, so all of the first part is pending then.
    world.receiver.answers("killed", &[Answer::Never]);
    let find = async |numbers: std::ops::Range<usize>| {
        for number in numbers {
            world.find(&format!("v-kill-{number}"), "impossible-travel", 3).await;
        }
    };
    find(0..ALL / 2).await;
    world.until_requests("killed", 4).await;
    alert.kill9_and_restart();
    world.receiver.answers("killed", &[Answer::Slowly(Duration::from_millis(50))]);
    let seen = world.receiver.requests("killed").len();
    world.until_requests("killed", seen + 10).await;
    alert.kill9_and_restart();
    find(ALL / 2..ALL).await;
    until_all_told(world, "killed", ALL).await;
    alert.until_ready(&world.installation.http).await;
    world.delete("killed").await;
}

/// Two share the partitions; one is killed in the middle and does not come back: the other reports what it left.
async fn another_takes_over(world: &World) {
    world.endpoint("shared", &json!({})).await;
    world.receiver.answers("shared", &[Answer::Slowly(Duration::from_millis(100))]);
    let mut second = world.installation.role("alert", "alert-2", &[]).await;
    let mut all = 0;
    until("the second to have something to send", async || {
        // One at a time, slower than they are reported: however long the second takes to join, little piles up.
        world.find(&format!("v-share-{all}"), "impossible-travel", 3).await;
        all += 1;
        let pending = world.installation.metric(&second, "usertrail_alert_pending").await;
        if pending > 0.0 { Ok(()) } else { Err(pending.to_string()) }
    })
    .await;
    second.kill9();
    until_all_told(world, "shared", all).await;
    world.delete("shared").await;
}

/// Waits until so many violations were reported to an endpoint, each under one id.
async fn until_all_told(world: &World, name: &str, count: usize) {
    let mut told: HashMap<String, HashSet<String>> = HashMap::new();
    until("every violation", async || {
        for request in world.receiver.requests(name) {
            told.entry(request.violation()).or_default().insert(request.header("webhook-id").to_owned());
        }
        if told.len() == count { Ok(()) } else { Err(told.len().to_string()) }
    })
    .await;
    assert!(told.values().all(|ids| ids.len() == 1), "{told:?}");
}

/// Without `alert.allow_private`, an address of this machine is neither taken nor asked.
async fn private_addresses_are_refused(world: &World) {
    let closed = ["alert.allow_private=false"];
    let _alert = world.installation.role("alert", "alert-closed", &closed).await;
    let query = world.installation.role("query-api", "query-closed", &closed).await;
    world.find("v-private", "impossible-travel", 3).await;
    let rows = world.until_logged("private", &["failed"]).await;
    assert_eq!(rows[0]["reason"], "127.0.0.1 is not a public address");
    assert!(world.receiver.requests("private").is_empty());
    for url in ["http://127.0.0.1:9000/", "http://localhost:9000/", "http://[::1]/", "http://169.254.169.254/latest"] {
        let request = world.installation.http.post(query.url("/v1/alerts/endpoints")).bearer_auth(&world.admin);
        let answer = request.json(&json!({"id": "inside", "url": url})).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{url}");
    }
}
