//! Signing in and out is on record.

use schemas::settings::Role;
use serde_json::{Value, json};

use super::browser::Browser;
use crate::support::with_world;

/// C2, P13: signing in, failing to, and signing out are events of the tenant, with address and browser; a key that is unknown, and
/// the platform's, are nobody's.
#[test]
fn signing_in_and_out_is_recorded() {
    with_world("console_recorded", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let sender = world.key(Some("acme"), Role::Ingest).await;
        let mut browser = Browser { peer: ([192, 0, 2, 7], 1).into(), ..Browser::new(&world) };
        assert_eq!(browser.json(&key).await.status, 204);
        assert_eq!(browser.delete("/session").await.status, 204);
        assert_eq!(browser.json(&format!("{}x", &key[..key.len() - 1])).await.status, 401);
        assert_eq!(browser.json(&sender).await.status, 403);
        assert_eq!(browser.json("ut_aaaaaaaaaaaa_nobody").await.status, 401);
        assert_eq!(browser.json(&world.key(None, Role::Platform).await).await.status, 204);
        let events = world.audit.recorded("acme");
        let told = |event: &Value| {
            let context = &event["context"];
            assert_eq!((&context["ip"], &context["user_agent"]), (&json!("192.0.2.7"), &json!("a browser")));
            let by = event["actor"]["id"].as_str().unwrap();
            let by = if by == &key[3..15] {
                "reader"
            } else {
                assert_eq!(by, &sender[3..15]);
                "sender"
            };
            let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            format!("{by} {} {} {}", text("type"), text("outcome"), text("reason")).trim().to_owned()
        };
        assert_eq!(
            events.iter().map(told).collect::<Vec<_>>(),
            [
                "reader console.signed_in",
                "reader console.signed_out",
                "reader console.sign_in_failed failure the key is not valid",
                "sender console.sign_in_failed failure the key may not read",
            ]
        );
        let session = &events[0]["context"]["session_id"];
        assert!(session.as_str().is_some_and(|id| id.len() == 32) && session == &events[1]["context"]["session_id"]);
        assert!(!events.iter().any(|event| event.to_string().contains(&key[16..])), "a secret is on record");
    });
}
