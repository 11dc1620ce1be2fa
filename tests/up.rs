//! `usertrail up`: what a newcomer runs.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::Client;
use serde_json::Value;
use support::process::{Process, free_port, output};
use support::until;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

async fn events(http: &Client, up: &Process, key: &str) -> Option<u64> {
    let answer = http.get(up.url("/v1/events?limit=1")).bearer_auth(key).send().await.ok()?;
    let body: Value = answer.json().await.ok()?;
    let metrics = http.get(up.url("/metrics")).send().await.ok()?.text().await.ok()?;
    let stored = metrics.lines().find_map(|line| line.strip_prefix("usertrail_enrich_events_stored_total "))?;
    (!body["data"].as_array()?.is_empty()).then(|| stored.parse().ok())?
}

fn key(dir: &Path) -> Option<String> {
    std::fs::read_to_string(dir.join("demo-reader.key")).ok()
}

/// Days of history in these tests: enough for every weekday's rhythm to show, and few enough to be quick.
const DAYS: u64 = 8;

/// A page of the log or a list, which has to be answered.
async fn page(http: &Client, up: &Process, key: &str, path: &str) -> Value {
    let answer = http.get(up.url(path)).bearer_auth(key).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

/// What `up` keeps about the demo's history, beside its data.
fn history(data: &Path) -> Value {
    let text = std::fs::read_to_string(data.join("demo-history.json")).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// All events up to the end of the demo's history, oldest first.
async fn past(http: &Client, up: &Process, key: &str, history: &Value) -> Vec<Value> {
    let mut events = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/events?order=asc&limit=1000&to={}", history["until"].as_str().unwrap());
        let mut body = page(http, up, key, &(path + &cursor)).await;
        events.append(body["data"].as_array_mut().unwrap());
        match body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return events,
        }
    }
}

/// The demo comes up with a past, which a kill in the midst of it neither shortens nor doubles, and which is loaded once; it has
/// its data and its key again after each start; asked to stop, it exits 0. What it writes is short unless more is asked for.
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_survives_a_kill_and_ends_well() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let listen = format!("127.0.0.1:{}", free_port());
    let (few, days) = ("http.max_connections=100", DAYS.to_string());
    let quiet =
        ["up", "--demo", "--demo-days", &days, "--listen", &listen, "--data-dir", data.to_str().unwrap(), "--set", few];
    let mut up = Process::start(dir.path(), "up", &quiet).at(&listen);
    let http = Client::new();
    until("a part of the past", async || {
        let sent = history(&data)["sent"].as_u64().unwrap_or(0);
        if sent > 1000 { Ok(()) } else { Err(sent.to_string()) }
    })
    .await;
    let first_key = key(&data).unwrap();
    the_link_leads_in_once(&http, &up, &data).await;
    up.kill9_and_restart();
    up.until_ready(&http).await;
    assert_eq!(key(&data).unwrap(), first_key, "a restart keeps the demo's key");
    until("all of the past", async || {
        let known = history(&data);
        if known["done"] == true { Ok(()) } else { Err(format!("{known}\n{}", up.log_tail())) }
    })
    .await;
    let known = history(&data);
    until("the past to be in the log", async || {
        let events = past(&http, &up, &first_key, &known).await.len() as u64;
        if Some(events) == known["sent"].as_u64() { Ok(()) } else { Err(format!("{events} of {known}")) }
    })
    .await;
    the_past_is_history(&http, &up, &first_key, &known).await;
    let log = up.log();
    assert!(log.lines().count() < 40 && log.contains("usertrail is up at") && !log.contains(" INFO"), "{log}");

    up.kill9();
    up.restart_with(&[quiet.as_slice(), &["--verbose"]].concat());
    up.until_ready(&http).await;
    until("new events after the restart", async || match events(&http, &up, &first_key).await {
        Some(stored) if stored > 50 => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    assert_eq!(history(&data), known, "the past is loaded once");
    assert_eq!(past(&http, &up, &first_key, &known).await.len() as u64, known["sent"].as_u64().unwrap());
    assert!(up.log().contains(" INFO"), "{}", up.log_tail());
    the_address_itself_says_where_to_go(&http, &up).await;
    strangers_shut_nobody_out(&up, &listen, &first_key).await;
    up.signal("INT");
    assert_eq!(up.wait(), Some(0), "{}", up.log_tail());
}

/// C2: the link that it prints leads into the console once, as the demo company's administrator; what seals the cookie is its owner's
/// alone, and outlives a restart, which the link does not.
async fn the_link_leads_in_once(http: &Client, up: &Process, data: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let log = up.log();
    let link = log.lines().find_map(|line| line.trim().split_once("/sign-in?once=")).unwrap_or_else(|| panic!("{log}"));
    let path = format!("/sign-in?once={}", link.1);
    assert_eq!(up.url(""), link.0);
    let bare = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let entered = bare.get(up.url(&path)).send().await.unwrap();
    assert_eq!((entered.status().as_u16(), &entered.headers()["location"]), (303, &"/".parse().unwrap()));
    let set = entered.headers()["set-cookie"].to_str().unwrap().to_owned();
    let cookie = set.split(';').next().unwrap();
    let asked = http.get(up.url("/v1/tenants/demo")).header("cookie", cookie).header("sec-fetch-site", "same-origin");
    assert_eq!(asked.send().await.unwrap().status(), 200);
    let elsewhere =
        http.get(up.url("/v1/tenants/demo")).header("cookie", cookie).header("sec-fetch-site", "cross-site");
    assert_eq!(elsewhere.send().await.unwrap().status(), 403);
    let again = bare.get(up.url(&path)).send().await.unwrap();
    assert_eq!(again.headers()["location"], "/sign-in?failed=link");
    let mode = std::fs::metadata(data.join("console.seal-key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// J17: it has events of every day, once each, and makes users and devices known; it breaks no rule.
async fn the_past_is_history(http: &Client, up: &Process, key: &str, known: &Value) {
    let events = past(http, up, key, known).await;
    let texts = |name: &str| events.iter().map(|event| event[name].as_str().unwrap()).collect::<BTreeSet<_>>();
    assert_eq!(texts("id").len(), events.len(), "each has its own id");
    assert!(events.iter().all(|event| event["backfill"] == true));
    let days: BTreeSet<_> = texts("occurred_at").iter().map(|at| &at[..10]).collect();
    assert!(days.len() as u64 >= DAYS, "{days:?}");
    let until = known["until"].as_str().unwrap();
    let violations = page(http, up, key, &format!("/v1/violations?to={until}")).await;
    assert_eq!(violations["data"], serde_json::json!([]));
    let busiest = events.iter().rfind(|event| event["device"]["id"].is_string()).unwrap();
    let user = busiest["actor"]["id"].as_str().unwrap();
    let devices = page(http, up, key, &format!("/v1/users/{user}/devices")).await;
    let first =
        devices["data"].as_array().unwrap().iter().map(|device| device["first_seen_at"].as_str().unwrap()).min();
    assert!(first.unwrap() < until, "{devices}");
}

/// C1: `/` needs no key, and answers in JSON, in text for who wants text, and with the console for who comes with a browser; every way
/// that it names leads somewhere.
async fn the_address_itself_says_where_to_go(http: &Client, up: &Process) {
    let document: Value = http.get(up.url("/")).send().await.unwrap().json().await.unwrap();
    assert_eq!(document["roles"], serde_json::json!(["ingest", "enrich", "query-api", "alert"]));
    let page = http.get(up.url("/")).header("accept", "text/html,*/*").send().await.unwrap();
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(page.headers().contains_key("content-security-policy"));
    let text = http.get(up.url("/")).header("accept", "text/*,*/*").send().await.unwrap();
    assert!(text.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    let text = text.text().await.unwrap();
    for link in document["links"].as_array().unwrap() {
        let (method, path) = (link["method"].as_str().unwrap(), link["href"].as_str().unwrap());
        assert!(text.contains(path), "{text}");
        let answer = http.request(method.parse().unwrap(), up.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), if path.starts_with("/v1/") { 401 } else { 200 }, "{path}");
    }
}

/// Silent connections, half headers and invented keys, more than there is room for: who has a key is answered, by new
/// connections, and the log stays short.
async fn strangers_shut_nobody_out(up: &Process, address: &str, key: &str) {
    let http = Client::builder().pool_max_idle_per_host(0).build().unwrap();
    let is_answered = async || {
        let answer = http.get(up.url("/v1/events?limit=1")).bearer_auth(key).send().await;
        assert_eq!(answer.unwrap().status(), 200);
    };
    let mut strangers = Vec::new();
    for number in 0..820 {
        let mut stranger = TcpStream::connect(address).await.unwrap();
        if number % 2 == 0 {
            stranger.write_all(b"GET /v1/events HTTP/1.1\r\nX-A: b").await.unwrap();
        }
        strangers.push(stranger);
        if number % 100 == 99 {
            is_answered().await;
        }
    }
    for number in 0..300 {
        let token = if number % 2 == 0 { format!("ut_{number}") } else { format!("a{number}.b.c") };
        let answer = http.get(up.url("/v1/events")).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status(), 401);
    }
    is_answered().await;
    let metrics = http.get(up.url("/metrics")).send().await.unwrap().text().await.unwrap();
    let count =
        |name: &str| metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok()).unwrap_or(0);
    let closed = count("usertrail_http_connections_closed_total{listener=\"http\",reason=\"for_room\"}");
    let refused = count("usertrail_keys_refused_total{reason=\"malformed\"}");
    assert!(closed > 600 && refused == 150, "{closed} closed, {refused} refused\n{metrics}");
    let lines = up.log();
    let told = lines.lines().filter(|line| line.contains("was refused")).count();
    assert!((2..10).contains(&told), "{told} lines for 300 refusals");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", up.pid())).unwrap();
    let files: Vec<_> =
        limits.lines().find(|line| line.starts_with("Max open files")).unwrap().split_whitespace().collect();
    assert_eq!(files[3], files[4], "the soft limit is the hard one");
}

/// A bad configuration ends with exit code 64 and the key's name, before anything is bound.
#[test]
fn bad_configuration_names_the_key() {
    for (setting, expected) in [("kafka.brokerz=x", "brokerz"), ("enrich.flush_ms=0", "enrich.flush_ms")] {
        let ended = output(&["up", "--set", setting]);
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(64), "{said}");
        assert!(said.contains(expected), "{said}");
    }
}

/// What is given and would mean nothing is refused by its name; nothing is accepted and passed over.
#[test]
fn flags_that_would_mean_nothing_are_refused() {
    let listen = ["--listen", "127.0.0.1:1"];
    let data_dir = ["--data-dir", "elsewhere"];
    let of_up = |setting| ["--set", setting];
    let mut cases: Vec<(Vec<&str>, [&str; 2], &str)> = Vec::new();
    for command in ["migrate", "verify", "retain", "dead-letter list", "dead-letter replay", "rules list", "openapi"] {
        cases.push((command.split(' ').collect(), listen, "`--listen`"));
        cases.push((command.split(' ').collect(), data_dir, "`--data-dir`"));
    }
    cases.push((vec!["load", "--key", "ut_k"], listen, "`--listen`"));
    for command in ["ingest", "enrich", "query-api", "alert"] {
        cases.push((vec![command], data_dir, "`--data-dir`"));
    }
    for key in ["kafka.brokers", "kafka.partitions", "clickhouse.url", "clickhouse.password", "sql.user"] {
        let setting = Box::leak(format!("{key}=x").into_boxed_str());
        cases.push((vec!["up"], of_up(setting), key));
    }
    for (command, flag, expected) in cases {
        // Global flags stand before the command or behind it.
        for arguments in [[&command[..], &flag].concat(), [&flag, &command[..]].concat()] {
            let ended = output(&arguments);
            let said = String::from_utf8_lossy(&ended.stderr).into_owned();
            assert_eq!(ended.status.code(), Some(64), "{arguments:?}: {said}");
            assert!(said.contains(expected), "{arguments:?}: {said}");
        }
    }
    for arguments in [
        &["up", "--demo-rate", "5"][..],
        &["up", "--demo", "--demo-rate", "NaN"],
        &["up", "--demo-days", "5"],
        &["up", "--demo", "--demo-days", "-1"],
        &["load", "--key", "ut_k", "--rate", "-1"],
        &["dead-letter", "list", "--partition", "-1"],
        &["broker", "--broker-listen", "127.0.0.1:1"],
    ] {
        assert_eq!(output(arguments).status.code(), Some(2), "{arguments:?}");
    }
    // Where it listens, it says; where it may not, it ends.
    for command in ["broker", "engine"] {
        let ended = output(&[command, "--listen", "192.0.2.1:0", "--data-dir", env!("CARGO_TARGET_TMPDIR")]);
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(1), "{command}: {said}");
        assert!(said.contains("192.0.2.1") || said.contains("loopback"), "{command}: {said}");
    }
}
