//! A real identity provider beside the tests: the certified `oidc-provider`, run by node.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use runtime::config::Oidc;
use runtime::oidc::Clock;
use serde_json::Value;

/// A provider. It ends with this.
pub(crate) struct Provider {
    child: Child,
    port: u16,
}

impl Provider {
    /// One at a free port.
    pub(crate) fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { child: run(port), port }
    }

    /// The same provider, which has new keys and knows nothing of its old ones.
    pub(crate) fn start_again(&mut self) {
        self.stop();
        self.child = run(self.port);
    }

    pub(crate) fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The configuration that believes it: `rest` are further keys.
    pub(crate) fn believed(&self, rest: &str) -> Oidc {
        let text = format!(
            "issuer = \"{}\"\naudience = [\"usertrail\"]\nallow_http_loopback = true\nrole_claim = \"/realm/roles\"\n{rest}\n\
             [roles]\nwatch = \"viewer\"\nrun = \"admin\"",
            self.issuer()
        );
        toml::from_str(&text).unwrap()
    }

    /// A token of a client, which signs in now. `wanted` is a query: audience, alg, ttl.
    pub(crate) async fn token(&self, client: &str, wanted: &str) -> String {
        let resource = crate::support::encoded(&format!("https://any.example/?{wanted}"));
        let answer = reqwest::Client::builder()
            .no_proxy()
            .build()
            .unwrap()
            .post(format!("{}/token", self.issuer()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("grant_type=client_credentials&client_id={client}&client_secret=secret&resource={resource}"))
            .send()
            .await
            .unwrap();
        let json: Value = answer.json().await.unwrap();
        json["access_token"].as_str().unwrap_or_else(|| panic!("{json}")).to_owned()
    }

    /// A document that it serves.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.get(format!("{}{path}", self.issuer())).send().await.unwrap().json().await.unwrap()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It may have been stopped already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(port: u16) -> Child {
    let modules = embedded::cache::directory().join("oidc-provider-9.13.3");
    assert!(modules.is_dir(), "{} is missing: run `make deps`", modules.display());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oidc/provider.mjs");
    let mut child = Command::new("node")
        .args([script.as_os_str(), modules.as_os_str()])
        .arg(port.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let printed = BufReader::new(child.stdout.take().unwrap());
    assert!(printed.lines().map_while(Result::ok).any(|line| line == "ready"), "the provider did not start");
    child
}

/// A clock that a test moves: it shows the time until it is set, and stands still from then on.
#[derive(Clone, Default)]
pub(crate) struct Moved(Arc<AtomicI64>);

impl Moved {
    pub(crate) fn clock(&self) -> Clock {
        let set = Arc::clone(&self.0);
        Arc::new(move || match set.load(Ordering::Relaxed) {
            0 => Utc::now(),
            stopped => DateTime::from_timestamp_millis(stopped).unwrap(),
        })
    }

    /// So many seconds from the real time.
    pub(crate) fn to(&self, seconds: i64) {
        self.0.store(Utc::now().timestamp_millis() + seconds * 1000, Ordering::Relaxed);
    }
}
