//! A browser, as far as signing in needs one: it keeps cookies, and says where its requests come from.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::World;

/// What came back.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Page {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Cookies that were set, as their headers.
    pub(super) fn set(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect()
    }
}

/// A browser on this machine, or elsewhere.
#[derive(Clone)]
pub(super) struct Browser {
    pub(super) router: axum::Router,
    pub(super) cookies: BTreeMap<String, String>,
    pub(super) peer: SocketAddr,
    pub(super) host: &'static str,
    /// `Sec-Fetch-Site`; empty: it says nothing.
    pub(super) from: &'static str,
    pub(super) origin: &'static str,
}

impl Browser {
    pub(super) fn new(world: &World) -> Self {
        Self {
            router: world.router.clone(),
            cookies: BTreeMap::new(),
            peer: SocketAddr::from(([127, 0, 0, 1], 4000)),
            host: "localhost",
            from: "same-origin",
            origin: "",
        }
    }

    pub(super) async fn send(&mut self, method: &str, path: &str, kind: &str, body: String) -> Page {
        let mut request = Request::builder().method(method).uri(path).header("host", self.host);
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        for (name, value) in [
            ("cookie", cookies.join("; ").as_str()),
            ("sec-fetch-site", self.from),
            ("origin", self.origin),
            ("content-type", kind),
            ("user-agent", "a browser"),
        ] {
            if !value.is_empty() {
                request = request.header(name, value);
            }
        }
        let mut request = request.body(Body::from(body)).unwrap();
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let page = Page { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() };
        for set in page.set() {
            let (pair, rest) = set.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            match rest.contains("Max-Age=0") {
                true => drop(self.cookies.remove(name)),
                false => drop(self.cookies.insert(name.to_owned(), value.to_owned())),
            }
        }
        page
    }

    pub(super) async fn get(&mut self, path: &str) -> Page {
        self.send("GET", path, "", String::new()).await
    }

    pub(super) async fn delete(&mut self, path: &str) -> Page {
        self.send("DELETE", path, "", String::new()).await
    }

    /// Sends a key as the page does.
    pub(super) async fn form(&mut self, fields: &[(&str, &str)]) -> Page {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        let body = form.extend_pairs(fields).finish();
        self.send("POST", "/session", "application/x-www-form-urlencoded", body).await
    }

    /// Sends a key as a program does.
    pub(super) async fn json(&mut self, key: &str) -> Page {
        self.send("POST", "/session", "application/json", json!({ "key": key }).to_string()).await
    }

    /// Signs in, which has to succeed.
    pub(super) async fn signed_in(world: &World, key: &str) -> Self {
        let mut browser = Self::new(world);
        let page = browser.json(key).await;
        assert_eq!(page.status, 204, "{}", page.text);
        browser
    }

    /// The status of a read that any reader may do.
    pub(super) async fn reads(&mut self) -> u16 {
        self.get("/v1/catalogue").await.status
    }
}
