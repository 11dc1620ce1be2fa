//! The log followed from the present on (P15, P13).

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt as _;
use schemas::settings::{Plan, Role};
use serde_json::Value;

use crate::support::{Event, World, encoded, ids, millis, rng, with_world};

/// An event of a user, received at some time, that occurred `ago` before.
fn received(id: &str, user: &str, at: DateTime<Utc>, ago: TimeDelta) -> Event {
    Event { received: at, occurred: at - ago, ..Event::sign_in(id, user, TimeDelta::zero()) }
}

/// Reads on until there is no more now; the ids, and the cursor to go on with.
async fn follow(world: &World, path: &str, key: &str, mut cursor: String) -> (Vec<String>, String) {
    let mut found = Vec::new();
    loop {
        let page = world.ok(&format!("{path}&cursor={cursor}"), key).await;
        found.extend(ids(page["data"].as_array().unwrap()));
        let follow = page["follow_cursor"].as_str().unwrap().to_owned();
        match page["next_cursor"].as_str() {
            Some(next) => {
                assert_eq!((next, &page["has_more"]), (follow.as_str(), &Value::Bool(true)));
                cursor = follow;
            }
            None => {
                assert_eq!(page["has_more"], false);
                return (found, follow);
            }
        }
    }
}

/// P15, C5: whoever follows gets each event that is received after the first page exactly once, in the order of receipt, through ties and
/// late events, while more are inserted, and nothing that others may still come before.
#[test]
fn nothing_is_lost_and_nothing_comes_twice() {
    with_world("following", async |world| {
        for tenant in ["acme", "other"] {
            world.tenant(tenant, |_| {}).await;
        }
        let (key, stranger) =
            (world.key(Some("acme"), Role::Viewer).await, world.key(Some("other"), Role::Viewer).await);
        let mut rng = rng(91);
        let begun = millis(Utc::now()) - TimeDelta::hours(1);
        let before: Vec<Event> = (0..20)
            .map(|n| received(&format!("old-{n}"), "u1", begun - TimeDelta::minutes(n), TimeDelta::zero()))
            .collect();
        world.insert(&before).await;
        let path = "/v1/events?actor_id=u1,u2&limit=3";
        // While it is not known what is complete, there is no present to begin at.
        assert!(world.ok(path, &key).await.get("follow_cursor").is_none());
        world.freshness.set(begun);
        let first = world.ok(path, &key).await;
        let mut cursor = first["follow_cursor"].as_str().unwrap().to_owned();
        assert_eq!((first["data"].as_array().unwrap().len(), &first["has_more"]), (3, &Value::Bool(true)));
        // Later pages and other orders have none.
        let second = format!("{path}&cursor={}", first["next_cursor"].as_str().unwrap());
        for path in [&second, &format!("{path}&order=asc"), &format!("{path}&order=received")] {
            assert!(world.ok(path, &key).await.get("follow_cursor").is_none(), "{path}");
        }
        assert_eq!(follow(&world, path, &key, cursor.clone()).await.0, Vec::<String>::new());

        let (mut wanted, mut found, mut until, mut number) = (Vec::new(), Vec::new(), begun, 0);
        for round in 0..25 {
            // Some are received within what is complete at the next look, some beyond; many at the same time.
            let next = until + TimeDelta::milliseconds(20);
            let mut inserted = Vec::new();
            for _ in 0..rng.random_range(0..12) {
                number += 1;
                let at = until + TimeDelta::milliseconds(rng.random_range(0..8) * 5);
                let ago = TimeDelta::minutes(rng.random_range(0..300));
                let user = ["u1", "u2", "u3"][rng.random_range(0..3)];
                inserted.push(received(&format!("new-{number:04}"), user, at, ago));
            }
            world.insert(&inserted).await;
            wanted.extend(inserted.into_iter().filter(|event| event.actor_id != "u3"));
            // What is still on its way is not handed out.
            if round % 3 != 0 {
                until = next;
                world.freshness.set(until);
            }
            let (more, on) = follow(&world, path, &key, cursor).await;
            found.extend(more);
            cursor = on;
        }
        world.freshness.set(until + TimeDelta::hours(1));
        found.extend(follow(&world, path, &key, cursor.clone()).await.0);
        let unique: BTreeSet<&String> = found.iter().collect();
        let expected: BTreeSet<&String> = wanted.iter().map(|event| &event.id).collect();
        assert_eq!((unique.len(), &unique), (found.len(), &expected));
        assert!(wanted.len() > 60, "{}", wanted.len());
        let at = |id: &String| wanted.iter().find(|event| event.id == *id).unwrap().received;
        assert!(found.windows(2).all(|pair| (at(&pair[0]), &pair[0]) < (at(&pair[1]), &pair[1])), "not by receipt");

        // It is bound to filter, order and tenant.
        for (path, key) in [
            (format!("/v1/events?actor_id=u1&cursor={cursor}"), &key),
            (format!("{path}&order=asc&cursor={cursor}"), &key),
            (format!("{path}&order=received&cursor={cursor}"), &key),
            (format!("{path}&period=today&cursor={cursor}"), &key),
            (format!("{path}&cursor={cursor}"), &stranger),
        ] {
            let answer = world.get(&path, key).await;
            assert_eq!((answer.status, &answer.json["code"]), (400, &"invalid_cursor".into()), "{path}");
        }
        assert_eq!(world.get(&format!("{path}&order=desc&cursor={cursor}"), &key).await.status, 200);
    });
}

/// J4: what is followed is of the look-back and of the period, however late it comes.
#[test]
fn the_look_back_and_the_period_hold() {
    with_world("following_plan", async |world| {
        world.tenant("acme", |tenant| (tenant.plan, tenant.retention.sign_ins) = (Plan::STANDARD, 1825)).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let begun = millis(Utc::now()) - TimeDelta::hours(1);
        world.freshness.set(begun);
        let from = encoded(&(begun - TimeDelta::hours(5)).to_rfc3339());
        let cursor = async |path: &str| world.ok(path, &key).await["follow_cursor"].as_str().unwrap().to_owned();
        let (all, some) = ("/v1/events?limit=10", format!("/v1/events?limit=10&from={from}"));
        let (of_all, of_some) = (cursor(all).await, cursor(&some).await);
        let at = begun + TimeDelta::minutes(1);
        world
            .insert(&[
                received("long-ago", "u1", at, TimeDelta::days(500)),
                received("yesterday", "u1", at, TimeDelta::days(1)),
                received("now", "u1", at, TimeDelta::zero()),
            ])
            .await;
        world.freshness.set(begun + TimeDelta::minutes(2));
        assert_eq!(follow(&world, all, &key, of_all).await.0, ["now", "yesterday"]);
        assert_eq!(follow(&world, &some, &key, of_some).await.0, ["now"]);
    });
}
