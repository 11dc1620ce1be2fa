use std::net::SocketAddr;

use axum::Router;
use axum::http::StatusCode as Status;
use axum::response::Redirect;
use axum::routing::post;
use chrono::DateTime;
use reqwest::header::HeaderValue;
use schemas::alerts::PendingKind;
use tokio::net::TcpListener;

use super::*;
use crate::book::Address;
use crate::samples::{endpoint, violation};

async fn receiver() -> SocketAddr {
    let router = Router::new()
        .route("/ok", post(|| async { "thanks" }))
        .route("/gone", post(|| async { Status::GONE }))
        .route("/moved", post(|| async { Redirect::permanent("/ok") }))
        .route("/busy", post(|| async { (Status::SERVICE_UNAVAILABLE, [("retry-after", "120")], "later\nplease") }))
        .route("/large", post(|| async { (Status::BAD_REQUEST, vec![b'x'; 10_000_000]) }))
        .route("/hangs", post(std::future::pending::<()>));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn attempt(allow_private: bool, url: &str) -> Attempt {
    let mut config = runtime::config::Config::defaults().unwrap().alert;
    (config.allow_private, config.timeout_ms) = (allow_private, 500);
    let key = Key { address: Address { tenant: "acme".into(), endpoint: "pager".into() }, violation: "v1".into() };
    let pending = Pending {
        kind: PendingKind::Violation,
        partition: 0,
        offset: 0,
        count: 1,
        reporting: 1,
        reported: 0,
        since: DateTime::UNIX_EPOCH,
        attempts: 0,
        due_at: DateTime::UNIX_EPOCH,
        violation: Some(violation("u1", 3)),
    };
    Sender::new(&config).unwrap().attempt(&endpoint(url), &key, &pending).await
}

/// P5: what each answer means.
#[tokio::test]
async fn answers_are_understood() {
    let address = receiver().await;
    let to = async |path: &str| attempt(true, &format!("http://{address}{path}")).await;
    let failed = Verdict::Failed { asked: None };
    let delivered = to("/ok").await;
    assert_eq!((delivered.verdict, delivered.status, delivered.reason.as_str()), (Verdict::Delivered, 200, ""));
    assert_eq!(to("/gone").await.verdict, Verdict::Gone);
    let moved = to("/moved").await;
    assert_eq!((moved.verdict, moved.status), (failed, 308));
    assert!(moved.reason.contains("redirects are not followed"), "{}", moved.reason);
    let busy = to("/busy").await;
    assert_eq!(busy.verdict, Verdict::Failed { asked: Some(Duration::from_secs(120)) });
    assert_eq!(busy.reason, "503 Service Unavailable: later please");
    let large = to("/large").await;
    assert!(large.verdict == failed && large.reason.len() < MAX_REASON_BYTES, "{}", large.reason);
    let plain = attempt(true, &format!("https://{address}/ok")).await;
    assert!(plain.verdict == failed && plain.reason.starts_with("can't connect"), "no TLS there: {}", plain.reason);
    let hangs = to("/hangs").await;
    assert_eq!((hangs.verdict, hangs.status, hangs.reason.as_str()), (failed, 0, "no answer in time"));
}

/// P5: neither by address nor by name is anything private reached; and the address, which may be a secret, is not told.
#[tokio::test]
async fn private_addresses_are_refused() {
    let port = receiver().await.port();
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433"] {
        let refused = attempt(false, &format!("http://{host}:{port}/ok?token=hidden")).await;
        assert_eq!((refused.verdict, refused.status), (Verdict::Failed { asked: None }, 0), "{host}");
        assert!(refused.reason.contains("is not a public address"), "{host}: {}", refused.reason);
        assert!(!refused.reason.contains("hidden"), "{}", refused.reason);
    }
    let closed = attempt(true, "http://127.0.0.1:1/hook?token=hidden").await;
    assert!(closed.reason.starts_with("can't connect") && !closed.reason.contains("hidden"), "{}", closed.reason);
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let now = httpdate::parse_http_date("Fri, 20 Nov 2026 09:30:00 GMT").unwrap();
    let read =
        |text: &'static str| retry_after(&HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]), now);
    assert_eq!(read("7"), Some(Duration::from_secs(7)));
    assert_eq!(read("Fri, 20 Nov 2026 09:31:00 GMT"), Some(Duration::from_secs(60)));
    assert_eq!(read("Fri, 20 Nov 2020 09:31:00 GMT"), Some(Duration::ZERO));
    assert_eq!(read("soon"), None);
    assert_eq!(retry_after(&HeaderMap::new(), now), None);
}
