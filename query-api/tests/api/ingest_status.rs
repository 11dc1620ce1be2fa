//! What became of what was sent (C4, P1).

use chrono::{TimeDelta, Utc};
use runtime::receipts::Refusal;
use schemas::settings::Role;
use serde_json::{Value, json};

use crate::support::{millis, with_world};

/// C4: an administrator sees what each key of the tenant sent lately, and why some of it was refused, in words; of no other tenant.
#[test]
fn refusals_are_shown_to_the_tenant() {
    with_world("ingest_status", async |world| {
        for tenant in ["acme", "other"] {
            world.tenant(tenant, |_| {}).await;
        }
        let admin = world.key(Some("acme"), Role::Admin).await;
        let sender = world.key(Some("acme"), Role::Ingest).await;
        let path = "/v1/ingest/status?lang=cs";
        // Elsewhere, other processes receive.
        let nothing = json!({ "since": null, "last_received": null, "keys": [] });
        assert_eq!(world.ok(path, &admin).await["data"], nothing);
        let now = millis(Utc::now());
        world.receipts.begin(now - TimeDelta::hours(3));
        let detail = "the value is empty";
        let refusal = Refusal { code: "invalid_parameter", pointer: "/type".to_owned(), detail: detail.to_owned() };
        world.receipts.count(("acme", &sender[3..15]), now, 7, vec![refusal.clone(), refusal.clone()]);
        world.receipts.count(("other", "zzz"), now, 9, vec![refusal]);
        let status = world.ok(path, &admin).await["data"].clone();
        assert_eq!(status["last_received"].as_str().unwrap().parse::<chrono::DateTime<Utc>>().unwrap(), now);
        let key = &status["keys"][0];
        assert_eq!((&key["key_id"], &key["label"]), (&json!(&sender[3..15]), &json!("test")));
        let counts = ["accepted_hour", "rejected_hour", "accepted_day", "rejected_day"].map(|name| key[name].as_u64());
        assert_eq!(counts, [Some(7), Some(2), Some(7), Some(2)]);
        assert_eq!((&key["codes"][0]["code"], &key["codes"][0]["count"]), (&json!("invalid_parameter"), &json!(2)));
        let last = &key["codes"][0]["last"];
        assert_eq!((&last["pointer"], &last["detail"]), (&json!("/type"), &json!("hodnota je prázdná")));
        assert_eq!(status["keys"].as_array().map(Vec::len), Some(1));
        let platform = world.key(None, Role::Platform).await;
        let other = world.ok("/v1/ingest/status?tenant=other", &platform).await["data"].clone();
        assert_eq!((&other["keys"][0]["accepted_day"], other["keys"][0].get("label")), (&json!(9), None::<&Value>));
        let security = world.key(Some("acme"), Role::Security).await;
        assert_eq!(world.get(path, &security).await.status, 403);
    });
}
