//! What a stream of events makes of addresses and devices: several events of one user, one after another.

use schemas::topics;
use serde_json::{Map, Value, json};

use crate::golden_payloads::Pipeline;
use crate::rows;

const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const WEBVIEW: &str = "Mozilla/5.0 (Linux; Android 13; SM-S918B Build/TP1A.220624.014; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/142.0.0.0 Mobile Safari/537.36";
const BRNO: &str = "2a00:1028:8380::1";
const SAO_PAULO: &str = "45.224.130.9";

/// A sign-in of one user, `minute` of its morning.
fn sign_in(minute: usize, context: &Value) -> Value {
    json!({
        "type": "user.signed_in",
        "occurred_at": format!("2026-11-20T{:02}:{:02}:00Z", 9 + minute / 60, minute % 60),
        "actor": {"id": "u1"},
        "context": context,
    })
}

fn stream(pipeline: &mut Pipeline, events: &[Value]) -> Vec<Map<String, Value>> {
    let batch = pipeline.stream(events);
    assert!(batch.dead.is_empty(), "{:?}", batch.dead);
    rows(&batch.rows.encode())
}

fn signal(row: &Map<String, Value>, name: &str) -> Option<f64> {
    let at = row["signals.name"].as_array().unwrap().iter().position(|found| found == name)?;
    row["signals.value"][at].as_f64()
}

fn broken(row: &Map<String, Value>) -> Vec<&str> {
    row["violations"].as_array().unwrap().iter().map(|rule| rule.as_str().unwrap()).collect()
}

/// P2: one address in many spellings is one address, stored in one form; what said more is kept.
#[tokio::test]
async fn spellings_of_one_address() {
    let mut pipeline = Pipeline::new().await;
    let spellings = [
        "89.24.56.7",
        "::ffff:89.24.56.7",
        "0:0:0:0:0:ffff:5918:3807",
        "89.24.56.7:443",
        " 89.24.56.7 ",
        "/89.24.56.7:50412",
        "[::ffff:89.24.56.7]:80",
        "1.1.1.1, 89.24.56.7",
        "89.24.56.7, 10.0.0.1",
    ];
    let events: Vec<Value> = (0..)
        .zip(spellings)
        .map(|(minute, ip)| sign_in(minute, &json!({"ip": ip, "device_id": "d1", "user_agent": CHROME})))
        .collect();
    for (row, sent) in stream(&mut pipeline, &events).iter().zip(spellings) {
        assert_eq!(
            (&row["ip"], &row["ip_prefix"]),
            (&json!("::ffff:89.24.56.7"), &json!("::ffff:89.24.56.7")),
            "{sent}"
        );
        assert_eq!(
            (&row["city"], signal(row, "ips_24h"), signal(row, "new_ip")),
            (&json!("Prague"), Some(1.0), None),
            "{sent}"
        );
        let is_alone = sent.parse::<std::net::IpAddr>().is_ok();
        let extra = if is_alone { String::new() } else { json!({"context.ip": sent}).to_string() };
        assert_eq!(row["extra"], extra.as_str(), "{sent}");
    }
}

/// P2: what can't be read, and what isn't known, is no address, and the event is kept.
#[tokio::test]
async fn no_address_is_none() {
    let mut pipeline = Pipeline::new().await;
    let sent = [
        json!("unknown"),
        json!("-"),
        json!("crm-worker"),
        json!("999.1.1.1"),
        json!("010.0.0.1"),
        json!(7),
        json!({}),
        json!([1]),
    ];
    let events: Vec<Value> = (0..).zip(&sent).map(|(minute, ip)| sign_in(minute, &json!({"ip": ip}))).collect();
    for (row, sent) in stream(&mut pipeline, &events).iter().zip(&sent) {
        assert_eq!(
            (&row["ip"], &row["ip_prefix"], &row["country"]),
            (&json!("::"), &json!("::"), &json!("")),
            "{sent}"
        );
        assert_eq!(row["extra"], json!({"context.ip": sent}).to_string(), "{sent}");
    }
    let unsaid = [sign_in(20, &json!({"ip": null})), sign_in(21, &json!({"ip": ""}))];
    for row in stream(&mut pipeline, &unsaid) {
        assert_eq!((&row["ip"], &row["extra"]), (&json!("::"), &json!("")));
    }
}

/// K9: whoever takes another address of its /64 every minute has one; what is in 6to4 and NAT64 is where its IPv4 address is.
#[tokio::test]
async fn addresses_are_counted_by_what_somebody_has() {
    let mut pipeline = Pipeline::new().await;
    let with = |ip: String| json!({"ip": ip, "device_id": "d1", "user_agent": CHROME});
    let rotating: Vec<Value> =
        (0..30).map(|n| sign_in(n, &with(format!("2a00:1028:8380:7:{n:x}:1:2:{n:x}")))).collect();
    for row in stream(&mut pipeline, &rotating) {
        assert_eq!((signal(&row, "ips_24h"), signal(&row, "new_ip")), (Some(1.0), None), "{row:?}");
        assert_eq!((&row["ip_prefix"], signal(&row, "session_ip_changed")), (&json!("2a00:1028:8380:7::"), None));
    }
    let moving: Vec<Value> = (0..12).map(|n| sign_in(n, &with(format!("2a00:1028:8380:{n:x}::1")))).collect();
    let moving = stream(&mut pipeline, &moving);
    assert_eq!(signal(&moving[11], "ips_24h"), Some(12.0));
    assert!(broken(&moving[11]).contains(&"too-many-ips"), "{:?}", broken(&moving[11]));
    let inside = ["45.224.130.9", "64:ff9b::45.224.130.9", "2002:2de0:8209::1", "2002:2de0:8209:7::2"];
    let inside: Vec<Value> = (0..).zip(inside).map(|(n, ip)| sign_in(n, &with(ip.to_owned()))).collect();
    for row in stream(&mut pipeline, &inside) {
        assert_eq!((&row["city"], signal(&row, "ips_24h")), (&json!("São Paulo"), Some(1.0)), "{row:?}");
        assert_eq!(row["ip_prefix"], "::ffff:45.224.130.9");
    }
}

/// K10: Prague, then São Paulo 20 minutes later: the same browser is no proof of the same device, the same cookie is.
#[tokio::test]
async fn a_browser_that_thousands_have_does_not_excuse_a_journey() {
    let mut pipeline = Pipeline::new().await;
    let hints =
        json!({"ua": "\"Google Chrome\";v=\"142\"", "platform": "\"Windows\"", "platform_version": "\"15.0.0\""});
    for (name, context, impossible) in [
        ("no cookie", json!({"user_agent": CHROME}), true),
        ("no cookie, hints", json!({"user_agent": CHROME, "client_hints": hints}), true),
        ("no trace", json!({}), true),
        ("a model", json!({"user_agent": WEBVIEW}), false),
        ("a cookie", json!({"user_agent": CHROME, "device_id": "d1"}), false),
    ] {
        let at = |minute: usize, ip: &str| {
            let mut context = context.clone();
            context["ip"] = json!(ip);
            sign_in(minute, &context)
        };
        let found = stream(&mut pipeline, &[at(0, BRNO), at(20, SAO_PAULO)]);
        assert_eq!(broken(&found[1]).contains(&"impossible-travel"), impossible, "{name}: {:?}", broken(&found[1]));
        assert_eq!(broken(&found[1]).contains(&"unlikely-travel"), !impossible, "{name}: {:?}", broken(&found[1]));
    }
}

/// K11: a rule blocks a device that it knows, and none that thousands have.
#[tokio::test]
async fn nothing_blocks_what_thousands_have() {
    let mut pipeline = Pipeline::new().await;
    let block = || [("mass-export".to_owned(), schemas::violation::Action::Block)].into();
    pipeline.change_tenant(|tenant| tenant.detection.actions = block()).await;
    for (context, blocks) in [
        (json!({"user_agent": CHROME}), false),
        (json!({"user_agent": "curl/8.5.0"}), false),
        (json!({}), false),
        (json!({"user_agent": WEBVIEW}), true),
        (json!({"user_agent": CHROME, "device_id": "d1"}), true),
    ] {
        let event = json!({"type": "contacts.exported", "actor": {"id": "u1"}, "records": 5000, "context": context});
        let batch = pipeline.stream(&[event]);
        let row = rows(&batch.rows.encode()).remove(0);
        assert!(broken(&row).contains(&"mass-export"), "{context}");
        let at = broken(&row).iter().position(|rule| *rule == "mass-export").unwrap();
        assert_eq!(row["violation_actions"][at], if blocks { "block" } else { "flag" }, "{context}");
        assert_eq!(batch.findings.iter().any(|record| record.topic == topics::ACCESS), blocks, "{context}");
    }
}

/// K10: what topics report of a device comes with how sure its id is; of no device, nothing.
#[tokio::test]
async fn topics_say_how_sure_a_device_is() {
    let mut pipeline = Pipeline::new().await;
    let ask = || [("mass-export".to_owned(), schemas::violation::Action::Ask)].into();
    pipeline.change_tenant(|tenant| tenant.detection.actions = ask()).await;
    for (context, confidence) in [
        (json!({"user_agent": CHROME, "device_id": "d1"}), json!("high")),
        (json!({"user_agent": WEBVIEW}), json!("medium")),
        (json!({"user_agent": CHROME}), json!("low")),
        (json!({}), json!(null)),
    ] {
        let event = json!({"type": "contacts.exported", "actor": {"id": "u1"}, "records": 5000, "context": context});
        let batch = pipeline.stream(&[event]);
        let told = |topic: &str| {
            let record = batch.findings.iter().find(|record| record.topic == topic)?;
            Some(serde_json::from_slice::<Value>(&record.value).unwrap())
        };
        let violation = told(topics::VIOLATIONS).unwrap();
        assert_eq!(violation.get("device_confidence"), Some(&confidence), "{violation}");
        assert_eq!(violation["device_id"] == "", confidence.is_null(), "{violation}");
        match told(topics::ACCESS) {
            Some(decision) => assert_eq!(decision.get("device_confidence"), Some(&confidence), "{decision}"),
            None => assert!(confidence.is_null(), "{context}"),
        }
    }
}
