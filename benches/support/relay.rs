//! Between the query API and the engine: passes requests on, and keeps them with what the engine said of them.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use serde_json::Value;

/// A statement that the API sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Vec<u8>,
    begun: Instant,
    ended: Instant,
    /// Rows that the engine read for it.
    pub(crate) read_rows: u64,
    /// Bytes that the engine read for it, uncompressed.
    pub(crate) read_bytes: u64,
}

/// A relay in front of an engine.
#[derive(Clone)]
pub(crate) struct Relay {
    engine: String,
    http: reqwest::Client,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Relay {
    /// Opens one, and returns its address as well.
    pub(crate) async fn open(engine: String) -> (Self, String) {
        let relay = Self { engine, http: reqwest::Client::new(), sent: Arc::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(pass).with_state(relay.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (relay, address)
    }

    /// What was sent since it was asked last.
    pub(crate) fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }

    /// Sends a statement to the engine, without the API and without a relay, and reads its answer.
    async fn ask(&self, method: Method, uri: &Uri, headers: HeaderMap, body: Vec<u8>) -> reqwest::Response {
        let url = format!("{}{}", self.engine, uri.path_and_query().unwrap());
        let mut headers = headers;
        headers.remove("host");
        headers.remove("content-length");
        self.http.request(method, url).headers(headers).body(body).send().await.unwrap()
    }

    /// Sends statements to the engine again as the API sent them: those that overlapped at once, the others one after the
    /// other.
    pub(crate) async fn repeat(&self, statements: &[Sent]) {
        let mut rest = statements;
        while let Some(first) = rest.first() {
            let together = 1 + rest[1..].iter().take_while(|next| next.begun < first.ended).count();
            let asked = rest[..together].iter().map(|sent| async {
                let answer = self.ask(sent.method.clone(), &sent.uri, sent.headers.clone(), sent.body.clone()).await;
                assert!(answer.status().is_success());
                answer.bytes().await.unwrap()
            });
            futures::future::join_all(asked).await;
            rest = &rest[together..];
        }
    }
}

async fn pass(State(relay): State<Relay>, request: Request) -> Response {
    let begun = Instant::now();
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
    let answer = relay.ask(parts.method.clone(), &parts.uri, parts.headers.clone(), body.clone()).await;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let bytes = answer.bytes().await.unwrap();
    let summary = headers.get("x-clickhouse-summary").and_then(|value| value.to_str().ok()).unwrap_or("{}");
    let summary: Value = serde_json::from_str(summary).unwrap();
    let figure = |name: &str| summary[name].as_str().and_then(|text| text.parse().ok()).unwrap_or(0);
    relay.sent.lock().unwrap().push(Sent {
        method: parts.method,
        uri: parts.uri,
        headers: parts.headers,
        body,
        begun,
        ended: Instant::now(),
        read_rows: figure("read_rows"),
        read_bytes: figure("read_bytes"),
    });
    let mut response = Response::builder().status(status);
    for (name, value) in &headers {
        if name != "content-length" && name != "transfer-encoding" {
            response = response.header(name, value);
        }
    }
    response.body(Body::from(bytes)).unwrap()
}
