//! What security staff do, from a sign-in to the answer, over real processes (K6, K11–K16, P4–P6, L5).
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use support::{Installation, Kind, until};

/// An installation with one tenant, and its keys.
struct Story {
    at: Installation,
    sender: String,
    admin: String,
    security: String,
    begun: DateTime<Utc>,
}

impl Story {
    async fn begin(kind: Kind) -> Self {
        let at = Installation::start(kind, 2).await;
        let (sender, admin) = at.tenant("acme").await;
        let security = at.key("acme", "security").await;
        // At the beginning of an hour: windows of rules are whole hours, and what a test sends belongs into one.
        let now = Utc::now();
        let begun = now - TimeDelta::milliseconds(now.timestamp_millis() % 3_600_000) - TimeDelta::days(3);
        Self { at, sender, admin, security, begun }
    }

    async fn send(&self, events: &[Value]) {
        let answer = self.at.post(&self.sender).json(events).send().await.unwrap();
        let status = answer.status();
        let body = answer.text().await.unwrap();
        assert!(status == 202 && !body.contains("rejected\":[{"), "{status} {body}");
    }

    fn event(&self, id: &str, kind: &str, user: &str, minutes: i64, more: &Value) -> Value {
        let time = (self.begun + TimeDelta::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Millis, true);
        let mut event = json!({
            "id": id,
            "type": kind,
            "occurred_at": time,
            "actor": {"kind": "user", "id": user, "name": format!("User {user}")},
            "context": {"ip": "8.8.8.8", "device_id": format!("{user}-laptop"), "session_id": format!("{user}-s1")},
        });
        for (field, value) in more.as_object().into_iter().flatten() {
            event[field] = value.clone();
        }
        event
    }

    /// Violations by a filter, once there are as many as expected.
    async fn violations(&self, filter: &str, expected: usize) -> Vec<Value> {
        let mut found = Vec::new();
        until(&format!("{expected} violations {filter}"), async || {
            let page = self.at.get(&self.security, &format!("/v1/violations?limit=1000&{filter}")).await;
            found.clone_from(page["data"].as_array().unwrap());
            if found.len() == expected { Ok(()) } else { Err(format!("{found:#?}")) }
        })
        .await;
        found
    }

    async fn change(&self, key: &str, method: &str, path: &str, body: &Value) -> Value {
        let request = self.at.http.request(method.parse().unwrap(), self.at.query.url(path)).bearer_auth(key);
        let answer = request.json(body).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}

/// K11: a device is blocked by hand; the application hears of it at once, and what the device does later is a violation.
async fn devices_are_blocked(story: &Story) {
    let check = "/v1/access/check?user_id=anna&device_id=anna-laptop";
    story.send(&[story.event("a1", "user.signed_in", "anna", 0, &Value::Null)]).await;
    assert_eq!(story.at.get(&story.sender, check).await["access"], "allow");
    let block = json!({"access": "block", "reason": "stolen"});
    let mut device = String::new();
    until("the device to be listed", async || {
        let page = story.at.get(&story.security, "/v1/users/anna/devices").await;
        device = page["data"][0]["id"].as_str().unwrap_or_default().to_owned();
        if device.is_empty() { Err(page.to_string()) } else { Ok(()) }
    })
    .await;
    story.change(&story.security, "PUT", &format!("/v1/users/anna/devices/{device}/access"), &block).await;
    let listed = story.at.get(&story.security, "/v1/users/anna/devices").await;
    assert_eq!(listed["data"][0]["access"], "block", "{listed}");
    let checked = story.at.get(&story.sender, check).await;
    assert_eq!((&checked["access"], &checked["reason"]), (&json!("block"), &json!("stolen")), "{checked}");
    // In force with the answer: the next sign-in is one of a blocked device.
    story.send(&[story.event("a-blocked", "user.signed_in", "anna", 10, &Value::Null)]).await;
    until("a sign-in of the blocked device to be a violation", async || {
        let page = story.at.get(&story.security, "/v1/violations?rule=blocked-device&user_id=anna").await;
        if page["data"].as_array().unwrap().is_empty() { Err(page.to_string()) } else { Ok(()) }
    })
    .await;
    // What staff did is an event of the tenant.
    until("the block to be in the log", async || {
        let page = story.at.get(&story.admin, "/v1/events?type=device.blocked").await;
        let found = &page["data"][0];
        if found["reason"] == "stolen" && found["actor"]["kind"] == "api_key" { Ok(()) } else { Err(page.to_string()) }
    })
    .await;
}

/// P4: a rule that blocks does so by itself; K6: not for a user who is exempt.
async fn rules_block_unless_exempt(story: &Story) {
    let exemption = json!({"owner": "it@acme.example", "reason": "migration"});
    story.change(&story.security, "PUT", "/v1/users/cyril/exemption", &exemption).await;
    let detection = json!({"disabled": [], "limits": {}, "actions": {"mass-export": "block"}});
    story.change(&story.admin, "PUT", "/v1/settings/detection", &detection).await;
    let export = |user: &str| story.event(user, "contacts.exported", user, 30, &json!({"records": 5000}));
    story.send(&[export("boris"), export("cyril")]).await;
    until("the rule to block the device", async || {
        let of = |user: &str| format!("/v1/access/check?user_id={user}&device_id={user}-laptop");
        let checked = story.at.get(&story.sender, &of("boris")).await;
        if checked["access"] == "block" && checked["decided_by"] == "rule:mass-export" {
            assert_eq!(story.at.get(&story.sender, &of("cyril")).await["access"], "allow", "exempt");
            return Ok(());
        }
        Err(checked.to_string())
    })
    .await;
}

/// K3, K13–K15: a review clears the mark, and nothing else.
async fn violations_are_reviewed(story: &Story) {
    let found = story.violations("rule=blocked-device&user_id=anna", 1).await.remove(0);
    let id = found["id"].as_str().unwrap();
    let mark = async || story.at.get(&story.security, "/v1/users/anna").await["data"]["unreviewed_violations"].clone();
    let before = mark().await.as_u64().unwrap();
    assert!(before >= 1);
    let path = format!("/v1/violations/{id}/review");
    let answer = story.change(&story.security, "POST", &path, &json!({"note": "told her"})).await;
    assert_eq!((&answer["applied"], &answer["data"]["review"]["note"]), (&json!(true), &json!("told her")), "{answer}");
    assert_eq!(mark().await, before - 1);
    let check = "/v1/access/check?user_id=anna&device_id=anna-laptop";
    assert_eq!(story.at.get(&story.sender, check).await["access"], "block", "K14: the block stays");
    // K15: what comes after the review is unreviewed again.
    let again =
        story.event("anna-again", "user.signed_in", "anna", 1, &json!({"context": {"device_id": "anna-laptop"}}));
    story.send(&[again]).await;
    let more = format!("/v1/violations/{id}");
    until("the breach after the review", async || {
        let grown = story.at.get(&story.security, &more).await["data"].clone();
        if grown["count"].as_u64() > found["count"].as_u64() { Ok(()) } else { Err(grown.to_string()) }
    })
    .await;
    let grown = story.at.get(&story.security, &more).await["data"].clone();
    assert_eq!((&grown["review"], &grown["outgrown_review"]["note"]), (&Value::Null, &json!("told her")), "{grown}");
    assert_eq!(mark().await, before);
}

/// P4: one address, many users, on several partitions: the correlation sees them together, and once.
async fn spraying_is_seen_across_users(story: &Story) {
    let failed: Vec<Value> = (0..25)
        .map(|number| {
            let more = json!({"context": {"ip": "9.9.9.9"}});
            story.event(&format!("spray-{number}"), "user.sign_in_failed", &format!("victim-{number}"), 60, &more)
        })
        .collect();
    story.send(&failed).await;
    // Sent again: the same events.
    story.send(&failed).await;
    let found = story.violations("rule=password-spraying", 1).await.remove(0);
    assert_eq!(found["group"], json!({"context.ip": "9.9.9.9"}), "{found}");
    until("all of the spraying to be counted", async || {
        let found = story.violations("rule=password-spraying", 1).await.remove(0);
        if found["seen"] == 25.0 { Ok(()) } else { Err(found.to_string()) }
    })
    .await;
    let explained =
        story.at.get(&story.security, &format!("/v1/violations/{}/explain", found["id"].as_str().unwrap())).await;
    assert_eq!(explained["events"][0]["matched"], true, "{explained}");
}

/// P6: a trial over stored history finds what the stream found, event by event.
async fn trials_agree_with_the_stream(story: &Story) {
    let mut events = Vec::new();
    for number in 0..120_i64 {
        let user = format!("t{}", number % 7);
        let minute = 100 + number;
        let (kind, more) = match number % 6 {
            0 | 1 => ("user.sign_in_failed", json!({})),
            2 => {
                let device = format!("{user}-device-{}", number % 5);
                ("user.signed_in", json!({"context": {"ip": format!("8.8.{}.1", number % 11), "device_id": device}}))
            }
            3 => ("contacts.exported", json!({"records": number * 40})),
            4 => ("contact.deleted", json!({"object": {"type": "contact", "id": number.to_string()}})),
            _ => ("contact.viewed", json!({"records": number})),
        };
        events.push(story.event(&format!("trial-{number}"), kind, &user, minute / 4, &more));
    }
    story.send(&events).await;
    story.at.until("SELECT countIf(startsWith(event_id, 'trial-')) FROM events", 120).await;
    let rules = story.at.get(&story.security, "/v1/rules").await;
    let mut agreed = 0;
    for rule in rules["data"].as_array().unwrap() {
        let name = rule["name"].as_str().unwrap();
        let from = (story.begun - TimeDelta::days(1)).to_rfc3339_opts(SecondsFormat::Millis, true);
        let trial = story.change(&story.security, "POST", "/v1/rules/test", &json!({"name": name, "from": from})).await;
        let tried: BTreeSet<(String, String)> = trial["shown"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["event_id"].as_str().unwrap().starts_with("trial-"))
            .map(|one| (one["event_id"].as_str().unwrap().to_owned(), one["violation_id"].as_str().unwrap().to_owned()))
            .collect();
        let streamed: BTreeSet<(String, String)> = story
            .at
            .clickhouse
            .query(
                "SELECT event_id, violation_id FROM events ARRAY JOIN violations AS rule, violation_ids AS violation_id \
                 WHERE startsWith(event_id, 'trial-') AND rule = ?",
            )
            .bind(name)
            .fetch_all()
            .await
            .unwrap()
            .into_iter()
            .collect();
        if name != "password-spraying" {
            assert_eq!(tried, streamed, "{name}");
            agreed += streamed.len();
        }
    }
    assert!(agreed > 40, "{agreed} findings compared");
}

/// A tenant's own rules, in force: each view of an object counts for itself, and names are looked at.
async fn own_rules_are_in_force(story: &Story) {
    let per_object = "title: T\nid: 00000000-0000-4000-8000-000000000001\nlevel: low\nversion: 1\ncorrelation:\n  \
        type: event_count\n  rules: [seen]\n  group-by: [actor.id, object.id]\n  timespan: 30m\n  condition: {gte: 3}\n---\n\
        title: S\nname: seen\nlogsource: {product: usertrail}\ndetection:\n  s:\n    action: view\n  condition: s\n";
    let names = "title: N\nid: 00000000-0000-4000-8000-000000000002\nlevel: low\nversion: 1\nlogsource: {product: usertrail}\n\
        detection:\n  s:\n    action: sign_in_failed\n    actor.name: root\n  condition: s\n";
    for (name, yaml) in [("per-object", per_object), ("root-tried", names)] {
        story.change(&story.admin, "POST", "/v1/rules", &json!({"name": name, "yaml": yaml})).await;
    }
    // Enrichers follow the settings by themselves: until they do, the rules before hold.
    let mut tries = 0;
    until("the own rules to be in force", async || {
        tries += 1;
        let view = |number: i64| {
            let more = json!({"object": {"type": "deal", "id": tries.to_string()}});
            story.event(&format!("own-{tries}-{number}"), "deal.viewed", "probe", 150 + number, &more)
        };
        let root = json!({"actor": {"name": "root"}, "context": {"ip": "8.8.4.4"}});
        let tried = story.event(&format!("root-{tries}"), "user.sign_in_failed", "", 150, &root);
        story.send(&[view(0), view(1), view(2), tried]).await;
        for rule in ["per-object", "root-tried"] {
            let page = story.at.get(&story.security, &format!("/v1/violations?rule={rule}")).await;
            if page["data"].as_array().unwrap().is_empty() {
                return Err(page.to_string());
            }
        }
        Ok(())
    })
    .await;
}

/// P4: a rule that counts by object has windows of its own: whoever views seventy objects silences no other rule.
async fn floods_silence_no_other_rule(story: &Story) {
    let fail = |number: i64| story.event(&format!("emil-f{number}"), "user.sign_in_failed", "emil", 180, &Value::Null);
    let mut events: Vec<Value> = (0..9).map(fail).collect();
    events.extend((0..70).map(|number| {
        let more = json!({"object": {"type": "deal", "id": format!("d{number}")}});
        story.event(&format!("emil-v{number}"), "deal.viewed", "emil", 181, &more)
    }));
    events.push(fail(9));
    story.send(&events).await;
    story.violations("rule=brute-force&user_id=emil", 1).await;
    // What went before its time is counted.
    let mut dropped = 0.0;
    for enricher in &story.at.enrichers {
        dropped += story.at.metric(enricher, "usertrail_enrich_windows_dropped_total").await;
    }
    assert!(dropped >= 6.0, "{dropped}");
}

/// L5, K1, K9: a failed sign-in is one however it is spelled, in lists, counts and rules; and it makes nothing known.
async fn failed_sign_ins_make_nothing_known(story: &Story) {
    let spellings = [
        ("user.signed_in", json!({"outcome": "failure"})),
        ("user.sign_in_failed", json!({})),
        ("user.sign_in_failed", json!({"outcome": "success"})),
        ("sso.attempt", json!({"action": "sign_in", "outcome": "failure"})),
        ("sso.attempt", json!({"category": "sign_ins", "outcome": "failure"})),
    ];
    let mut events = Vec::new();
    for number in 0..10 {
        let (kind, mut more) = spellings[number % spellings.len()].clone();
        more["context"] = json!({"ip": "9.9.9.10", "device_id": "thief", "session_id": "thief-s"});
        events.push(story.event(&format!("dora-{number}"), kind, "dora", 190, &more));
    }
    story.send(&events).await;
    story.violations("rule=brute-force&user_id=dora", 1).await;
    let get = async |list: &str| story.at.get(&story.security, &format!("/v1/users/dora{list}")).await["data"].clone();
    let devices = get("/devices").await;
    assert_eq!((&devices[0]["sign_ins"], &devices[0]["failed_sign_ins"]), (&json!(0), &json!(10)), "{devices}");
    assert_eq!(get("/devices?signed_in=true").await, json!([]));
    assert_eq!(get("/sessions").await, json!([]));
    assert_eq!(get("/sign-ins?outcome=failure").await.as_array().unwrap().len(), 10);
    assert_eq!(get("").await["sign_ins"], 0);
    // The first that succeeds is the first that is known, also on the thief's device.
    let more = json!({"context": {"ip": "9.9.9.10", "device_id": "thief"}});
    story.send(&[story.event("dora-in", "user.signed_in", "dora", 191, &more)]).await;
    until("the sign-in to be stored", async || {
        let row = get("/sign-ins?outcome=success").await;
        let signals = &row[0]["signals"];
        if signals["first_sign_in"] == true && signals["failed_sign_ins_1h"] == 10.0 {
            Ok(())
        } else {
            Err(row.to_string())
        }
    })
    .await;
}

/// L5: failed sign-ins of names that nobody has are kept and counted, by address as well, and make no users.
async fn names_that_nobody_has_are_counted(story: &Story) {
    let mut events: Vec<Value> = (0..12)
        .map(|number| {
            let actor = match number % 2 {
                0 => json!({"name": format!("nobody-{number}")}),
                _ => json!({"id": "", "email": format!("nobody-{number}@acme.example")}),
            };
            let more = json!({"actor": actor, "context": {"ip": "9.9.9.11"}});
            story.event(&format!("nobody-{number}"), "user.sign_in_failed", "", 200, &more)
        })
        .collect();
    let nameless = json!({"actor": null, "outcome": "failure", "context": {"ip": "9.9.9.11"}});
    events.push(story.event("nobody-at-all", "user.signed_in", "", 201, &nameless));
    story.send(&events).await;
    until("all names to be counted", async || {
        let page = story.at.get(&story.security, "/v1/violations?rule=password-spraying").await;
        let found = page["data"].as_array().unwrap().iter().find(|one| one["group"]["context.ip"] == "9.9.9.11");
        if found.is_some_and(|found| found["seen"] == 12.0) { Ok(()) } else { Err(page.to_string()) }
    })
    .await;
    let kept = story.at.get(&story.security, "/v1/events?outcome=failure&ip=9.9.9.11&limit=100").await;
    let kept = kept["data"].as_array().unwrap();
    assert_eq!(kept.len(), 13);
    assert!(kept.iter().all(|event| event["actor"]["kind"] == "user"), "{kept:?}");
    let users = story.at.get(&story.security, "/v1/users?q=nobody").await;
    assert_eq!(users["data"], json!([]), "{users}");
    let found = story.at.get(&story.security, "/v1/events?q=nobody-3@acme.example").await;
    assert_eq!(found["data"][0]["id"], "nobody-3", "{found}");
}

/// J17: history makes users, devices and sessions, is what live events are held against, and breaks no rule.
async fn history_is_the_baseline(story: &Story) {
    const DAY: i64 = 24 * 60;
    let of = |id: &str, kind: &str, minutes: i64, device: &str, more: Value| {
        let mut event = story.event(id, kind, "fred", minutes, &more);
        event["context"] = json!({"ip": "8.8.8.8", "device_id": device, "session_id": format!("{device}-s")});
        event
    };
    let old = json!({"backfill": true});
    story
        .send(&[
            of("fred-1", "user.signed_in", -20 * DAY, "fred-phone", old.clone()),
            of(
                "fred-2",
                "contacts.exported",
                -20 * DAY + 1,
                "fred-phone",
                json!({"backfill": true, "records": 90_000}),
            ),
            of("fred-3", "user.signed_in", 210, "fred-phone", Value::Null),
            of("fred-4", "user.signed_in", 211, "fred-laptop", Value::Null),
            // History that comes when the user is known already.
            of("fred-5", "user.signed_in", -30 * DAY, "fred-tablet", old),
            of("fred-6", "user.signed_in", 212, "fred-tablet", Value::Null),
        ])
        .await;
    // The tables behind the views are written after the events.
    for table in ["users", "user_devices"] {
        story.at.until(&format!("SELECT sum(sign_ins) FROM {table} WHERE actor_id = 'fred'"), 5).await;
    }
    story.at.until("SELECT sum(events) FROM user_sessions WHERE actor_id = 'fred'", 6).await;
    let get = async |list: &str| story.at.get(&story.security, &format!("/v1/users/fred{list}")).await["data"].clone();
    let user = get("").await;
    let time = |minutes: i64| (story.begun + TimeDelta::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Secs, true);
    assert_eq!(user["first_seen_at"], time(-30 * DAY), "{user}");
    assert_eq!((&user["last_activity_at"], &user["sign_ins"]), (&json!(time(212)), &json!(5)), "{user}");
    let devices = get("/devices").await;
    assert_eq!(devices[0]["first_seen_at"], time(-30 * DAY), "the tablet: {devices}");
    assert_eq!((devices.as_array().unwrap().len(), get("/sessions").await.as_array().unwrap().len()), (3, 3));
    let sign_ins = get("/sign-ins").await;
    let new = |id: &str, signal: &str| {
        let row = sign_ins.as_array().unwrap().iter().find(|row| row["id"] == id).unwrap();
        row["signals"][signal] == true
    };
    assert!(new("fred-1", "first_sign_in") && !new("fred-3", "first_sign_in") && !new("fred-3", "new_device"));
    assert!(new("fred-4", "new_device") && !new("fred-6", "new_device"), "{sign_ins}");
    story.violations("user_id=fred&rule=mass-export", 0).await;
    let from = (story.begun - TimeDelta::days(25)).to_rfc3339_opts(SecondsFormat::Millis, true);
    let tried = json!({"name": "mass-export", "from": from});
    let trial = story.change(&story.security, "POST", "/v1/rules/test", &tried).await;
    let shown = trial["shown"].as_array().unwrap();
    assert!(shown.iter().any(|one| one["event_id"] == "fred-2"), "history is part of trials: {trial}");
}

async fn the_story(kind: Kind) {
    let story = Story::begin(kind).await;
    devices_are_blocked(&story).await;
    rules_block_unless_exempt(&story).await;
    violations_are_reviewed(&story).await;
    spraying_is_seen_across_users(&story).await;
    own_rules_are_in_force(&story).await;
    floods_silence_no_other_rule(&story).await;
    failed_sign_ins_make_nothing_known(&story).await;
    names_that_nobody_has_are_counted(&story).await;
    history_is_the_baseline(&story).await;
    trials_agree_with_the_stream(&story).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_staff_on_the_embedded_broker() {
    the_story(Kind::Embedded).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Apache Kafka; `make test` runs it where Java and Maven are"]
async fn security_staff_on_apache_kafka() {
    the_story(Kind::Apache).await;
}
