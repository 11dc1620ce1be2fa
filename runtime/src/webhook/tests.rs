use std::net::SocketAddr;

use axum::Router;
use axum::http::HeaderValue;
use axum::response::Redirect;
use axum::routing::post;
use tokio::net::TcpListener;

use super::*;

async fn receiver() -> SocketAddr {
    let router = Router::new()
        .route("/ok", post(|| async { "thanks" }))
        .route("/gone", post(|| async { StatusCode::GONE }))
        .route("/moved", post(|| async { Redirect::permanent("/ok") }))
        .route("/busy", post(|| async { (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "120")], "later\nplease") }))
        .route("/large", post(|| async { (StatusCode::BAD_REQUEST, vec![b'x'; 10_000_000]) }))
        .route("/hangs", post(std::future::pending::<()>));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn attempt(allow_private: bool, url: &str) -> Attempt {
    let webhooks = Webhooks::new(Outbound::new(allow_private), Duration::from_millis(500)).unwrap();
    webhooks.post(&Message { url, body: b"{}", signature: None }).await
}

fn answered(status: u16) -> End {
    End::Answered(StatusCode::from_u16(status).unwrap())
}

/// P5, J15: how each answer is understood, and what may be tried again soon.
#[tokio::test]
async fn answers_are_understood() {
    let address = receiver().await;
    let to = async |path: &str| attempt(true, &format!("http://{address}{path}")).await;
    let taken = to("/ok").await;
    assert!(taken.is_success() && taken.reason.is_empty(), "{taken:?}");
    let gone = to("/gone").await;
    assert!(gone.end == answered(410) && !gone.is_success() && !gone.may_pass(), "{gone:?}");
    let moved = to("/moved").await;
    assert!(moved.end == answered(308) && !moved.may_pass(), "{moved:?}");
    assert!(moved.reason.contains("redirects are not followed"), "{}", moved.reason);
    let busy = to("/busy").await;
    assert!(busy.end == answered(503) && busy.may_pass(), "{busy:?}");
    assert_eq!(busy.asked, Some(Duration::from_secs(120)));
    assert_eq!(busy.reason, "503 Service Unavailable: later please");
    let large = to("/large").await;
    assert!(large.end == answered(400) && large.reason.len() < MAX_REASON_BYTES, "{}", large.reason);
    let plain = attempt(true, &format!("https://{address}/ok")).await;
    assert!(plain.end == End::Unanswered && plain.reason.starts_with("can't connect"), "no TLS there: {plain:?}");
    let hangs = to("/hangs").await;
    assert!(hangs.end == End::Unanswered && hangs.may_pass() && hangs.status() == 0, "{hangs:?}");
    assert_eq!(hangs.reason, "no answer in time");
}

/// P5: neither by address nor by name is anything private reached; and the address, which may be a secret, is not disclosed.
#[tokio::test]
async fn private_addresses_are_refused() {
    let port = receiver().await.port();
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433"] {
        let refused = attempt(false, &format!("http://{host}:{port}/ok?token=hidden")).await;
        assert_eq!(refused.status(), 0, "{host}");
        assert!(refused.reason.contains("is not a public address"), "{host}: {}", refused.reason);
        assert!(!refused.reason.contains("hidden"), "{}", refused.reason);
    }
    let closed = attempt(true, "http://127.0.0.1:1/hook?token=hidden").await;
    assert!(closed.reason.starts_with("can't connect") && !closed.reason.contains("hidden"), "{}", closed.reason);
}

/// A secret that can't sign sends nothing.
#[tokio::test]
async fn what_cannot_be_signed_is_not_sent() {
    let address = receiver().await;
    let webhooks = Webhooks::new(Outbound::new(true), Duration::from_secs(5)).unwrap();
    let (url, secrets) = (format!("http://{address}/ok"), ["whsec_***".to_owned()]);
    let signature = Some(Signature { id: "msg_1", secrets: &secrets });
    let unsigned = webhooks.post(&Message { url: &url, body: b"{}", signature }).await;
    assert!(unsigned.end == End::Unsendable && !unsigned.may_pass(), "{unsigned:?}");
    assert!(unsigned.reason.contains("rotate it"), "{}", unsigned.reason);
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
