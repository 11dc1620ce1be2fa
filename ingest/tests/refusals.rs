//! `POST /v1/events`: who and what is refused, before anything reaches Kafka.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, dead_code)]

mod common;

use common::{World, event, gzip, limits};
use schemas::settings::{ApiKey, Role, Tenant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// P11: no key, a wrong one, a revoked one, one of another role.
#[tokio::test(flavor = "multi_thread")]
async fn only_a_valid_key_of_the_right_role_may_send() {
    let world = World::start().await;
    let mut wrong = world.key.clone();
    wrong.replace_range(wrong.len() - 4.., "AAAA");
    for headers in [
        vec![],
        vec![("authorization", "Basic dTpw".to_owned())],
        vec![("authorization", "Bearer nonsense".to_owned())],
        vec![("authorization", format!("Bearer {wrong}"))],
    ] {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = world.send_as(&headers, event("a")).await;
        assert_eq!(answer.status, 401, "{headers:?}");
        assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
    }
    for role in [Role::Viewer, Role::Supervisor, Role::Security, Role::Admin, Role::Platform] {
        let bearer = format!("Bearer {}", world.new_key(role).await);
        assert_eq!(world.send_as(&[("authorization", &bearer)], event("a")).await.status, 403, "{role:?}");
    }
    assert_eq!(world.send(&[], event("a")).await.status, 202);
    let id = world.key.split('_').nth(1).unwrap();
    world.settings.revoke_key(Some("acme"), id).await.unwrap();
    assert_eq!(world.send(&[], event("a")).await.status, 401);
    assert_eq!(world.records().len(), 1);
}

/// L1: refused with a clear reason while logging is off; L16: the history of objects is kept regardless.
#[tokio::test(flavor = "multi_thread")]
async fn while_logging_is_off_only_object_history_passes() {
    let world = World::start().await;
    world.change_tenant(|tenant| tenant.logging = false).await;
    let view = r#"{"type":"contact.viewed","actor":{"id":"u"},"object":{"type":"contact","id":"1"}}"#;
    let refused = world.send(&[], view).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json["events"][0]["code"], "logging_off");
    assert!(refused.json["events"][0]["detail"].as_str().unwrap().contains("switched off"));
    let mixed = world.send(&[], format!("[{},{view}]", event("history"))).await;
    assert_eq!((&mixed.json["accepted"], &mixed.json["rejected"]), (&1.into(), &1.into()));
    world.change_tenant(|tenant| tenant.logging = true).await;
    assert_eq!(world.send(&[], view).await.status, 202);
    assert_eq!(world.records().len(), 2);
}

/// P11: the tenant comes from the key; a body that names another one is refused.
#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_id_in_the_body_is_refused() {
    let world = World::start().await;
    let body = r#"{"type":"a.b","actor":{"id":"u"},"tenant":"rival"}"#;
    let answer = world.send(&[], body).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.json["events"][0]["code"], "tenant_mismatch");
    assert_eq!(answer.json["events"][0]["pointer"], "/tenant");
    assert!(world.records().is_empty());
}

/// P12: counted in events, refused as a whole, reported in headers; a key's own limit besides its tenant's.
#[tokio::test(flavor = "multi_thread")]
async fn limits_count_events() {
    let world = World::with(|config| config.limits = limits(1, 1000)).await;
    let events = |count: usize| format!("[{}]", vec![event("a"); count].join(","));
    let first = world.send(&[], events(600)).await;
    assert_eq!(first.status, 202);
    assert_eq!(first.headers["ratelimit-policy"], "\"tenant\";q=1000;w=1000");
    assert_eq!(first.headers["ratelimit"], "\"tenant\";r=400;t=600");
    let second = world.send(&[], events(600)).await;
    assert_eq!((second.status.as_u16(), &second.json["code"]), (429, &"rate_limited".into()));
    let wait: u64 = second.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=200).contains(&wait), "{wait}");
    assert!(second.headers.contains_key("ratelimit"));
    let never = world.send(&[], events(1001)).await;
    assert_eq!((never.status.as_u16(), &never.json["code"]), (413, &"batch_over_limit".into()));
    assert_eq!(world.records().len(), 600, "nothing of a refused batch is accepted");

    world.change_tenant(|tenant| tenant.limits = Some(limits(1000, 2000))).await;
    let id = world.key.split('_').nth(1).unwrap();
    let keys = world.settings.keys(Some("acme"));
    let mut key = ApiKey::clone(keys.iter().find(|key| key.id == id).unwrap());
    key.limits = Some(limits(1, 900));
    world.settings.put_key(key).await.unwrap();
    let of_both = world.send(&[], events(600)).await;
    assert_eq!(of_both.headers["ratelimit-policy"], "\"key\";q=900;w=900, \"tenant\";q=2000;w=2");
    let refused = world.send(&[], events(600)).await;
    assert_eq!(refused.status, 429);
    assert!(refused.json["detail"].as_str().unwrap().contains("the key"));
}

/// P16: what is said of refused events has three languages, whether some of a request pass or none; codes and pointers stay.
#[tokio::test(flavor = "multi_thread")]
async fn refused_events_are_told_in_three_languages() {
    let world = World::start().await;
    let bad = [
        "{\"type\":1}",
        "{}",
        "{\"type\":\"a.b\",\"actor\":{}}",
        "{\"type\":\"a.b\",\"actor\":{\"id\":\"null\"}}",
        "{\"type\":\"a.b\",\"class\":\"destroy\"}",
        "{\"type\":\"a.b\",\"occurred_at\":\"yesterday\"}",
        "{\"type\":\"a.b\",\"tenant\":\"rival\"}",
        "{\"type\":\"a.b\",\"changes\":[{}]}",
        "{\"type\":\"a.b\",\"records\":-1}",
        "{\"type\":\"a.b\",\"type\":\"a.b\"}",
        "{",
    ];
    let json = [("content-type", "application/x-ndjson")];
    let good = "{\"type\":\"a.b\",\"actor\":{\"id\":\"u\"}}";
    for (body, status) in [(bad.join("\n"), 422), (format!("{}\n{good}", bad.join("\n")), 202)] {
        let english = world.send(&json, body.clone()).await;
        assert_eq!((english.status.as_u16(), english.headers["content-language"].to_str().unwrap()), (status, "en"));
        for (lang, letters) in [("ru", 'а'..='я'), ("cs", 'á'..='ž')] {
            let answer = world.send(&[json[0], ("accept-language", lang)], body.clone()).await;
            assert_eq!((answer.status.as_u16(), answer.headers["content-language"].to_str().unwrap()), (status, lang));
            for (at, sent) in bad.iter().enumerate() {
                let (told, said) = (&answer.json["events"][at], &english.json["events"][at]);
                for same in ["code", "pointer", "status", "index"] {
                    assert_eq!(told[same], said[same], "{sent}");
                }
                assert_eq!(told["detail_en"], said["detail"], "{sent}");
                assert!(said.get("detail_en").is_none(), "{sent}");
                let (code, detail) = (told["code"].as_str().unwrap(), told["detail"].as_str().unwrap());
                let by_code = schemas::problem_texts::detail(code, schemas::catalogue::Lang::parse(lang).unwrap());
                assert_ne!(Some(detail), by_code, "{}", said["detail"]);
                assert!(detail.chars().any(|letter| letters.contains(&letter)), "{detail}");
            }
        }
    }
}

/// P1: bounds on bytes, events and memory; bombs are refused.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_bounded() {
    let world = World::with(|config| {
        config.ingest.max_body_bytes = 2048;
        config.ingest.max_expanded_bytes = 64 * 1024;
        config.ingest.max_in_flight_bytes = 256 * 1024;
        config.ingest.max_events = 3;
    })
    .await;
    let refused = async |headers: &[(&str, &str)], body: Vec<u8>| {
        let answer = world.send(headers, body).await;
        let code = answer.json["code"].as_str().unwrap().to_owned();
        (answer.status.as_u16(), code, answer.json["limit"].as_u64().unwrap())
    };
    assert_eq!(refused(&[], vec![b' '; 3000]).await, (413, "body_too_large".into(), 2048));
    assert_eq!(refused(&[("content-length", "3000")], vec![]).await, (413, "body_too_large".into(), 2048));
    assert_eq!(refused(&[], b"{}\n{}\n{}\n{}".to_vec()).await, (413, "too_many_events".into(), 3));
    assert_eq!(refused(&[], b"[{},{},{},{}]".to_vec()).await, (413, "too_many_events".into(), 3));
    let zeros = vec![b' '; 1 << 18];
    assert_eq!(
        refused(&[("content-encoding", "gzip")], gzip(&zeros)).await,
        (413, "expanded_too_large".into(), 64 * 1024)
    );
    let bomb = zstd::encode_all(&*zeros, 19).unwrap();
    assert_eq!(refused(&[("content-encoding", "zstd")], bomb).await, (413, "expanded_too_large".into(), 64 * 1024));
    assert!(world.records().is_empty());
    assert_eq!(world.send(&[], event("after")).await.status, 202, "all memory was given back");
}

/// P1: what can't be read at all.
#[tokio::test(flavor = "multi_thread")]
async fn unreadable_bodies_are_told_apart() {
    let world = World::start().await;
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [u8], u16, &'a str);
    let cases: [Case<'_>; 7] = [
        (&[], b"", 400, "no_events"),
        (&[], b"[]", 400, "no_events"),
        (&[], b"[{},", 400, "malformed_json"),
        (&[], b"[\"\xff\"]", 400, "invalid_utf8"),
        (&[("content-encoding", "gzip")], b"not gzip", 400, "malformed_body"),
        (&[("content-encoding", "br")], b"x", 415, "unsupported_encoding"),
        (&[("content-type", "application/xml")], b"<a/>", 415, "unsupported_media_type"),
    ];
    for (headers, body, status, code) in cases {
        let answer = world.send(headers, body.to_vec()).await;
        assert_eq!((answer.status.as_u16(), &answer.json["code"]), (status, &code.into()), "{answer:?}");
    }
}

/// P1: a depth bomb inside an array is one bad event, and costs no stack.
#[tokio::test(flavor = "multi_thread")]
async fn a_depth_bomb_is_one_bad_event() {
    let world = World::start().await;
    let bomb = format!("[{},{}{}]", event("good"), "[".repeat(30_000), "]".repeat(30_000));
    let answer = world.send(&[], bomb).await;
    assert_eq!((answer.status.as_u16(), &answer.json["events"][1]["code"]), (202, &"too_deep".into()), "{answer:?}");
}

/// P12: what one key has sent of requests that never end is its own part of the memory, and nobody else's.
#[tokio::test(flavor = "multi_thread")]
async fn half_sent_bodies_take_a_part_of_the_memory_alone() {
    const BODY: usize = 64 * 1024;
    let world = World::with(|config| {
        config.ingest.max_body_bytes = BODY;
        config.ingest.max_expanded_bytes = BODY;
        config.ingest.max_in_flight_bytes = 12 * BODY;
    })
    .await;
    let address = world.listen().await;
    let other_key = world.new_key(Role::Ingest).await;
    world.settings.put_tenant(Tenant { logging: true, ..Tenant::new("globex", "Globex") }).await.unwrap();
    let other_tenant = world.settings.create_key(Some("globex"), Role::Ingest, "test").await.unwrap().1.expose();

    let head = format!("POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: {BODY}\r\nAuthorization: Bearer ");
    let (answered, mut answers) = tokio::sync::mpsc::unbounded_channel();
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (request, answered) = (format!("{head}{}\r\n\r\n{}", world.key, " ".repeat(BODY - 1)), answered.clone());
        senders.spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            // Refused while it sends: what it still sends goes nowhere.
            let _ = stream.write_all(request.as_bytes()).await;
            let mut answer = vec![0; 2000];
            let length = stream.read(&mut answer).await.unwrap_or(0);
            answered.send(String::from_utf8_lossy(&answer[..length]).into_owned()).unwrap();
        });
    }
    for _ in 0..60 {
        let answer = answers.recv().await.unwrap();
        // One that is refused while it sends may see no more than that.
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 429"), "{answer}");
        assert!(answer.is_empty() || answer.contains("too_much_at_once") && answer.contains("retry-after"), "{answer}");
    }
    for key in [&other_key, &other_tenant] {
        let bearer = format!("Bearer {key}");
        assert_eq!(world.send_as(&[("authorization", &bearer)], event("other")).await.status, 202);
        let large = format!("{}{}", event("large"), " ".repeat(BODY / 2));
        assert_eq!(world.send_as(&[("authorization", &bearer)], large).await.status, 202);
    }
    senders.shutdown().await;
    while world.send(&[], format!("{}{}", event("own"), " ".repeat(BODY / 2))).await.status != 202 {
        tokio::task::yield_now().await;
    }
}

/// C4, P1: what was taken and refused is noted of each key, with the last reason of each kind in English, whatever language was asked for;
/// a request that is refused as a whole, too.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_noted() {
    let world = World::start().await;
    assert_eq!(world.send(&[], format!("[{},{}]", event("a"), event("b"))).await.status, 202);
    let nameless = r#"{"actor":{"id":"u"}}"#;
    for body in [format!("[{},{nameless}]", event("c")), nameless.to_owned()] {
        world.send(&[("accept-language", "cs")], body).await;
    }
    assert_eq!(world.send(&[("content-type", "text/plain")], "a").await.status, 415);
    assert_eq!(world.send_as(&[("authorization", "Bearer nonsense")], event("d")).await.status, 401);
    let (last, keys) = world.receipts.of("acme", chrono::Utc::now());
    assert!(last.is_some() && world.receipts.since().is_some());
    let id = world.key.split('_').nth(1).unwrap();
    let [key] = keys.as_slice() else { panic!("{keys:?}") };
    assert_eq!((key.key_id.as_str(), key.accepted_hour, key.rejected_day), (id, 3, 3));
    let codes: Vec<_> = key.codes.iter().map(|code| (code.last.code, code.count, code.last.pointer.as_str())).collect();
    assert_eq!(codes[0], ("missing_field", 2, "/type"));
    assert_eq!((codes[1].0, codes[1].1), ("unsupported_media_type", 1));
    assert!(key.codes[0].last.detail.is_ascii(), "{key:?}");
}
