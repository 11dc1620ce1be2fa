//! A receiver of webhooks that does what real ones do: it fails, hangs, redirects, goes away and comes back. And the check
//! of a signature, spelled out from the standard's text.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What is answered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    Status(u16),
    Slowly(Duration),
    Redirect,
    Never,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Request {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(crate) fn violation(&self) -> String {
        self.json()["data"]["id"].as_str().unwrap().to_owned()
    }

    /// Whether a secret made one of the signatures.
    pub(crate) fn is_signed_by(&self, secret: &str) -> bool {
        let (id, timestamp) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        assert!(now.abs_diff(timestamp.parse().unwrap()) < 300, "{timestamp} is in seconds");
        let expected = hmac_sha256(&key(secret), format!("{id}.{timestamp}.{}", self.text).as_bytes());
        let expected = format!("v1,{}", STANDARD.encode(expected));
        self.header("webhook-signature").split(' ').any(|signature| signature == expected)
    }
}

fn key(secret: &str) -> Vec<u8> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    assert!((24..=64).contains(&key.len()), "the standard asks for 24 to 64 bytes");
    key
}

/// RFC 2104, for keys of at most a block.
fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().to_vec()
}

#[derive(Default)]
struct Inner {
    requests: Mutex<HashMap<String, Vec<Request>>>,
    /// What comes next at a path; the last goes on.
    answers: Mutex<HashMap<String, VecDeque<Answer>>>,
}

/// Listens at a port of this machine; each path is a receiver of its own.
#[derive(Clone)]
pub(crate) struct Receiver {
    inner: Arc<Inner>,
    port: u16,
    server: Arc<JoinHandle<()>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        Self::at(0).await
    }

    /// At a port; 0 takes a free one.
    pub(crate) async fn at(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let (inner, port) = (Arc::<Inner>::default(), listener.local_addr().unwrap().port());
        let router = Router::new().route("/{name}", post(receive)).with_state(Arc::clone(&inner));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { inner, port, server: Arc::new(server) }
    }

    /// Stops listening; returns the port.
    pub(crate) async fn leave(self) -> u16 {
        self.server.abort();
        while !self.server.is_finished() {
            tokio::task::yield_now().await;
        }
        self.port
    }

    /// Forgets what came to a path.
    pub(crate) fn forget(&self, name: &str) {
        self.inner.requests.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}/{name}", self.port)
    }

    pub(crate) fn answers(&self, name: &str, answers: &[Answer]) {
        let mut all = self.inner.answers.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(name.to_owned(), answers.iter().copied().collect());
    }

    pub(crate) fn requests(&self, name: &str) -> Vec<Request> {
        let all = self.inner.requests.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(name).cloned().unwrap_or_default()
    }
}

impl Inner {
    fn note(&self, name: &str, request: Request) -> Answer {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.entry(name.to_owned()).or_default().push(request);
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        match answers.get_mut(name) {
            Some(answers) if answers.len() > 1 => answers.pop_front().unwrap(),
            Some(answers) => answers[0],
            None => Answer::Status(204),
        }
    }
}

async fn receive(
    State(receiver): State<Arc<Inner>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    text: String,
) -> Response {
    let mut response = answer(receiver.note(&name, Request { headers, text })).await;
    // One that goes away leaves no connection behind.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn answer(answer: Answer) -> Response {
    match answer {
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::Slowly(time) => {
            tokio::time::sleep(time).await;
            StatusCode::OK.into_response()
        }
        Answer::Redirect => (StatusCode::FOUND, [(header::LOCATION, "/target")]).into_response(),
        Answer::Never => std::future::pending().await,
    }
}
