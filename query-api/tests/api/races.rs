//! Two processes of one installation: of two changes made from the same version the first wins, the other is refused.

use schemas::access::device_of_cookie;
use schemas::settings::Role;
use serde_json::{Value, json};

use crate::support::{Answer, World, with_two_processes};

/// Pairs of changes of a tenant and of decisions; of others fewer.
const PAIRS: usize = 30;
const FEW: usize = 8;

/// What one admin sends in a round: method, path and body. The second sends the other.
type Change = fn(round: usize, second: bool) -> (&'static str, String, Value);

const RULE: &str = "title: Odd\nid: 00000000-0000-4000-8000-000000000001\nversion: 1\nstatus: stable\nlogsource:\n  \
                    product: usertrail\ndetection:\n  it:\n    action: view\n  condition: it\nlevel: high\n";

fn name(round: usize, second: bool) -> String {
    format!("{round}-{second}")
}

const KINDS: [Change; 6] = [
    |round, second| ("PATCH", "/v1/tenants/acme".to_owned(), json!({ "name": name(round, second) })),
    |round, second| {
        let networks = json!([format!("10.{round}.{}.0/24", u8::from(second))]);
        ("PUT", "/v1/settings/trusted-proxies".to_owned(), json!({ "trusted_proxies": networks }))
    },
    |round, second| {
        ("PUT", "/v1/rules/odd".to_owned(), json!({ "yaml": format!("{RULE}# {}\n", name(round, second)) }))
    },
    |round, _| {
        let body =
            json!({ "name": format!("new-{round}"), "yaml": RULE.replace("000001", &format!("{:06}", 2 + round)) });
        ("POST", "/v1/rules".to_owned(), body)
    },
    |round, second| {
        ("PUT", "/v1/users/u-1/exemption".to_owned(), json!({ "owner": "ann", "reason": name(round, second) }))
    },
    |round, second| {
        (
            "PATCH",
            "/v1/alerts/endpoints/pager".to_owned(),
            json!({ "repeat_seconds": 60 + 2 * round + usize::from(second) }),
        )
    },
];

async fn admins(one: &World, other: &World) -> String {
    one.tenant("acme", |_| {}).await;
    let admin = one.key(Some("acme"), Role::Admin).await;
    follows(one, other).await;
    admin
}

/// Waits until the other process has read what this one has.
async fn follows(one: &World, other: &World) {
    let until = one.settings.applied_offset();
    tokio::time::timeout(std::time::Duration::from_secs(10), async {
        while other.settings.applied_offset() < until {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

async fn race(one: &World, other: &World, key: &str, [first, second]: [(&str, String, Value); 2]) -> [Answer; 2] {
    tokio::join!(one.send(first.0, &first.1, key, Some(first.2)), other.send(second.0, &second.1, key, Some(second.2)))
        .into()
}

/// P11, P4, K6, P5: of each pair one is in force and the other is refused, with what is in force instead; or one came after
/// the other, and both were. Every change that was answered with success is in the log of what staff did, made from the one
/// before it.
#[test]
fn two_admins_in_two_processes() {
    with_two_processes("races", async |one, other| {
        let admin = admins(&one, &other).await;
        let made = one.send("POST", "/v1/rules", &admin, Some(json!({ "name": "odd", "yaml": RULE }))).await;
        assert_eq!(made.status, 201, "{}", made.json);
        let endpoint = json!({ "id": "pager", "url": "http://127.0.0.1:9/hook" });
        let made = one.send("POST", "/v1/alerts/endpoints", &admin, Some(endpoint)).await;
        assert_eq!(made.status, 201, "{}", made.json);
        follows(&one, &other).await;
        let mut lost = 0;
        for (number, kind) in KINDS.iter().enumerate() {
            for round in 0..if number == 0 { PAIRS } else { FEW } {
                let before = one.settings.snapshot();
                let answers = race(&one, &other, &admin, [kind(round, false), kind(round, true)]).await;
                let path = kind(round, false).1;
                let won = answers.iter().filter(|answer| answer.status < 300).count();
                assert!(won >= 1, "{path}: {answers:?}");
                for answer in answers.iter().filter(|answer| answer.status >= 300) {
                    lost += 1;
                    assert_eq!(answer.status, 409, "{path}: {}", answer.json);
                    let code = answer.json["code"].as_str().unwrap();
                    assert!(code == "rule_exists" || !answer.json["current"].is_null(), "{path}: {}", answer.json);
                }
                follows(&one, &other).await;
                follows(&other, &one).await;
                let (seen, elsewhere) = (one.settings.snapshot(), other.settings.snapshot());
                assert_eq!(seen.tenant("acme"), elsewhere.tenant("acme"));
                assert_eq!(seen.exemption("acme", "u-1"), elsewhere.exemption("acme", "u-1"));
                assert!(seen.endpoints("acme").eq(elsewhere.endpoints("acme")));
                assert!(seen.rules("acme").eq(elsewhere.rules("acme")));
                // Each success is a version: none was overwritten by somebody who had not seen it.
                let version = |of: &runtime::settings::Snapshot| of.tenant("acme").unwrap().version;
                let rules = |of: &runtime::settings::Snapshot| of.rules("acme").count() as u64;
                if path.contains("tenants") || path.contains("proxies") {
                    assert_eq!(version(&seen), version(&before) + won as u64, "{answers:?}");
                } else if path.contains("rules") {
                    assert_eq!(rules(&seen), rules(&before) + won as u64, "{answers:?}");
                }
            }
        }
        assert!(lost > 0, "none raced");
    });
}

/// K11: decisions about a device are whole words: the last one holds, and the log of what staff did says which took whose place.
#[test]
fn decisions_about_a_device_form_a_chain() {
    with_two_processes("races_devices", async |one, other| {
        let admin = admins(&one, &other).await;
        let path = "/v1/users/u-1/devices/d-1/access";
        for round in 0..PAIRS {
            let change = |access: &str| {
                ("PUT", path.to_owned(), json!({ "access": access, "reason": format!("{round} {access}") }))
            };
            let answers = race(&one, &other, &admin, [change("block"), change("allow")]).await;
            assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
        }
        let events = one.staff_events("acme").into_iter().chain(other.staff_events("acme"));
        let steps: Vec<(String, String)> = events
            .filter_map(|event| {
                event
                    .split_once("access: ")
                    .and_then(|(_, change)| change.split_once(" → "))
                    .map(|(old, new)| (old.to_owned(), new.to_owned()))
            })
            .collect();
        assert_eq!(steps.len(), 2 * PAIRS);
        // Every decision but the last was replaced by exactly one other, and the first replaced none.
        let balance = |word: &str, steps: &[(String, String)]| {
            let came = steps.iter().filter(|(_, new)| new == word).count();
            let went = steps.iter().filter(|(old, _)| old == word).count();
            came as i64 - went as i64
        };
        assert_eq!(balance("null", &steps), -1);
        let last = one.access.get("acme", "u-1", &device_of_cookie("acme", "d-1")).unwrap().access.as_str();
        for word in ["block", "allow"] {
            assert_eq!(balance(&format!("\"{word}\""), &steps), i64::from(word == last), "{steps:?}");
        }
    });
}

/// P12: of two changes of a key's limits that cross, the second is refused: each that was answered with success was made from the
/// one before it.
#[test]
fn limits_of_a_key_form_a_chain() {
    with_two_processes("races_limits", async |one, other| {
        let admin = admins(&one, &other).await;
        let wanted = json!({ "role": "viewer", "name": "BI" });
        let made = one.send("POST", "/v1/tenants/acme/keys", &admin, Some(wanted)).await.json;
        let path = format!("/v1/tenants/acme/keys/{}/limits", made["id"].as_str().unwrap());
        let mut won = 0;
        for round in 0..PAIRS as u32 {
            follows(&one, &other).await;
            follows(&other, &one).await;
            let change = |number: u32| {
                let limits =
                    json!({ "events_per_second": number, "burst": number, "queries_per_second": 5, "query_burst": 5 });
                ("PUT", path.clone(), json!({ "limits": limits }))
            };
            let answers = race(&one, &other, &admin, [change(2 * round + 1), change(2 * round + 2)]).await;
            let statuses = answers.each_ref().map(|answer| answer.status);
            assert!(
                statuses.contains(&200) && statuses.iter().all(|status| [200, 409].contains(status)),
                "{answers:?}"
            );
            won += statuses.iter().filter(|status| **status == 200).count();
        }
        assert!(won < 2 * PAIRS, "none crossed");
        let events = one.staff_events("acme").into_iter().chain(other.staff_events("acme"));
        let steps: Vec<(String, String)> = events
            .filter_map(|event| {
                let (_, change) = event.split_once("limits: ")?;
                let (old, new) = change.split_once(" → ")?;
                Some((old.to_owned(), new.to_owned()))
            })
            .collect();
        assert_eq!(steps.len(), won);
        // No two were made from the same limits.
        let mut before: Vec<&String> = steps.iter().map(|(old, _)| old).collect();
        before.sort();
        before.dedup();
        assert_eq!(before.len(), won, "{steps:?}");
    });
}
