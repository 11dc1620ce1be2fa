//! Bodies that never end, over real connections (P12): each costs its sender alone.

use schemas::settings::Role;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::with_configured;

/// What takes a body.
const CHANGES: &[(&str, &str)] = &[
    ("POST", "/v1/rules"),
    ("PUT", "/v1/rules/mine"),
    ("PUT", "/v1/rules/mine/enabled"),
    ("POST", "/v1/rules/test"),
    ("PUT", "/v1/settings/detection"),
    ("PUT", "/v1/settings/event-types"),
    ("PUT", "/v1/settings/restore-endpoint"),
    ("PUT", "/v1/users/u/devices/d/access"),
    ("PUT", "/v1/users/u/exemption"),
    ("POST", "/v1/violations/v/review"),
    ("POST", "/v1/alerts/endpoints"),
    ("PATCH", "/v1/alerts/endpoints/pager"),
    ("POST", "/v1/alerts/silences"),
    ("POST", "/v1/tenants/acme/keys"),
    ("PATCH", "/v1/tenants/acme"),
];

fn head(method: &str, path: &str, key: &str, length: usize) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Length: {length}\r\n\r\n")
}

/// A half body is answered 408 wherever one is taken, and its connection is closed.
#[test]
fn half_a_body_ends_in_time() {
    let short = |config: &mut runtime::config::Config| config.http.stall_timeout_ms = 300;
    with_configured("bodies_time", short, async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let address = world.listen().await;
        let mut waiting = tokio::task::JoinSet::new();
        for (method, path) in CHANGES {
            let request = format!("{}{{\"a\":", head(method, path, &key, 100));
            waiting.spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.write_all(request.as_bytes()).await.unwrap();
                let mut answer = Vec::new();
                stream.read_to_end(&mut answer).await.unwrap();
                (method, path, String::from_utf8(answer).unwrap())
            });
        }
        let mut late = 0;
        while let Some(answered) = waiting.join_next().await {
            let (method, path, answer) = answered.unwrap();
            // Some look first whether there is what should be changed.
            let in_time = answer.starts_with("HTTP/1.1 408") && answer.contains("urn:usertrail:problem:too_slow");
            assert!(in_time || answer.starts_with("HTTP/1.1 404"), "{method} {path}: {answer}");
            late += usize::from(in_time);
        }
        assert!(late >= 10, "{late}");
    });
}

/// One key's bodies, each a byte short, take its part of the memory; another tenant's change goes through.
#[test]
fn half_bodies_take_a_part_of_the_memory_alone() {
    const BODY: usize = 1024 * 1024;
    with_configured(
        "bodies_memory",
        |_| {},
        async |world| {
            for tenant in ["noisy", "quiet"] {
                world.tenant(tenant, |_| {}).await;
            }
            let noisy = world.key(Some("noisy"), Role::Admin).await;
            let quiet = world.key(Some("quiet"), Role::Admin).await;
            let address = world.listen().await;
            let (answered, mut answers) = tokio::sync::mpsc::unbounded_channel();
            let mut senders = tokio::task::JoinSet::new();
            for _ in 0..40 {
                let (answered, head) = (answered.clone(), head("POST", "/v1/rules", &noisy, BODY));
                senders.spawn(async move {
                    let mut stream = TcpStream::connect(address).await.unwrap();
                    stream.write_all(head.as_bytes()).await.unwrap();
                    let _ = stream.write_all(&vec![b' '; BODY - 1]).await;
                    let mut answer = vec![0; 2000];
                    let length = stream.read(&mut answer).await.unwrap_or(0);
                    answered.send(String::from_utf8_lossy(&answer[..length]).into_owned()).unwrap();
                });
            }
            // A third of 64 MiB is 21 of them.
            for _ in 0..40 - 21 {
                let answer = answers.recv().await.unwrap();
                // One that is refused while it sends may see no more than that.
                assert!(answer.is_empty() || answer.contains("too_much_at_once"), "{answer}");
            }
            let large = format!("{}{{\"enabled\": true}}", " ".repeat(BODY / 2));
            let request =
                axum::http::Request::put("/v1/settings/logging").header("authorization", format!("Bearer {quiet}"));
            let request =
                request.header("content-type", "application/json").body(axum::body::Body::from(large)).unwrap();
            let answer = world.answer(request).await;
            assert_eq!(answer.status, 200, "{}", answer.json);
            senders.shutdown().await;
        },
    );
}
