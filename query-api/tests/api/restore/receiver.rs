//! A tenant's application, as far as restores go; and the check of a signature, spelled out from the standard's text.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What is answered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reply {
    Status(u16, &'static str),
    Redirect,
    Hang,
    /// Taken, but not before [`Application::release`].
    Held,
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

    pub(crate) fn id(&self) -> &str {
        self.headers["webhook-id"].to_str().unwrap()
    }

    /// Whether a secret made one of the signatures.
    pub(crate) fn is_signed_by(&self, secret: &str) -> bool {
        let timestamp = self.headers["webhook-timestamp"].to_str().unwrap();
        let now = chrono::Utc::now().timestamp();
        assert!(now.abs_diff(timestamp.parse().unwrap()) < 300, "{timestamp} is in seconds");
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        assert!((24..=64).contains(&key.len()), "the standard asks for 24 to 64 bytes");
        let expected = hmac_sha256(&key, format!("{}.{timestamp}.{}", self.id(), self.text).as_bytes());
        let expected = format!("v1,{}", STANDARD.encode(expected));
        self.headers["webhook-signature"].to_str().unwrap().split(' ').any(|signature| signature == expected)
    }
}

/// RFC 2104, for keys of at most a block.
fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().to_vec()
}

/// Listens at a port of this machine.
#[derive(Clone)]
pub(crate) struct Application {
    inner: Arc<Inner>,
    port: u16,
}

struct Inner {
    requests: watch::Sender<Vec<Request>>,
    /// What comes next; when there is nothing left, 204.
    replies: Mutex<VecDeque<Reply>>,
    released: watch::Sender<bool>,
}

impl Application {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let inner = Arc::new(Inner {
            requests: watch::Sender::default(),
            replies: Mutex::default(),
            released: watch::Sender::new(false),
        });
        let router = Router::new().route("/restore", post(receive)).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { inner, port }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/restore", self.port)
    }

    pub(crate) fn replies(&self, replies: &[Reply]) {
        self.inner.replies.lock().unwrap().extend(replies);
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.inner.requests.borrow().clone()
    }

    pub(crate) async fn until_asked(&self, times: usize) {
        self.inner.requests.subscribe().wait_for(|requests| requests.len() >= times).await.unwrap();
    }

    pub(crate) fn release(&self) {
        self.inner.released.send_replace(true);
    }
}

async fn receive(State(application): State<Arc<Inner>>, headers: HeaderMap, text: String) -> Response {
    application.requests.send_modify(|requests| requests.push(Request { headers, text }));
    let reply = application.replies.lock().unwrap().pop_front();
    match reply.unwrap_or(Reply::Status(204, "")) {
        Reply::Status(status, text) => (StatusCode::from_u16(status).unwrap(), text).into_response(),
        Reply::Redirect => (StatusCode::FOUND, [(header::LOCATION, "/elsewhere")]).into_response(),
        Reply::Hang => std::future::pending().await,
        Reply::Held => {
            application.released.subscribe().wait_for(|released| *released).await.unwrap();
            StatusCode::OK.into_response()
        }
    }
}
