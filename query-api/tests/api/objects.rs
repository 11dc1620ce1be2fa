//! Histories of objects (L16).

use chrono::TimeDelta;
use schemas::settings::Role;
use serde_json::{Value, json};

use crate::support::{Event, encoded, ids, listed, rng, with_world};

const PATH: &str = "/v1/objects/task/7/history";

fn edit(number: i64, class: &'static str, changes: &[[&str; 4]]) -> Event {
    Event {
        event_type: "task.edited".to_owned(),
        class,
        category: "changes",
        actor_id: format!("u{}", number % 3),
        object_type: "task",
        object_id: "7".to_owned(),
        changes: changes.iter().map(|change| change.map(str::to_owned)).collect(),
        ..Event::sign_in(&format!("e{number:03}"), "u1", TimeDelta::hours(100 - number))
    }
}

/// L16: all edits of the object, by all actors, oldest first; views of it, other objects and other tenants are not in it.
#[test]
fn all_edits_of_one_object() {
    with_world("objects_history", async |world| {
        for tenant in ["acme", "other"] {
            world.tenant(tenant, |_| {}).await;
        }
        let key = world.key(Some("acme"), Role::Viewer).await;
        let mut events: Vec<Event> = (0..25).map(|number| edit(number, "change", &[])).collect();
        let wanted: Vec<String> = events.iter().map(|event| event.id.clone()).collect();
        events.push(edit(30, "other", &[]));
        events.push(Event { object_id: "8".to_owned(), ..edit(31, "change", &[]) });
        events.push(Event { object_type: "deal", ..edit(32, "change", &[]) });
        events.push(Event { tenant: "other".to_owned(), ..edit(33, "change", &[]) });
        world.insert(&events).await;

        assert_eq!(ids(&world.pages(&format!("{PATH}?limit=4"), &key).await), wanted);
        let newest: Vec<String> = wanted.iter().rev().cloned().collect();
        assert_eq!(ids(&world.pages(&format!("{PATH}?limit=7&order=desc"), &key).await), newest);
        let first = world.ok(&format!("{PATH}?limit=4"), &key).await;
        assert_eq!(first["object"]["edits"], 25);
        let cursor = first["next_cursor"].as_str().unwrap();
        let second = world.ok(&format!("{PATH}?limit=4&cursor={cursor}"), &key).await;
        assert_eq!(second["object"], Value::Null);
        // A cursor of one object is none of another.
        let other = world.get(&format!("/v1/objects/task/8/history?cursor={cursor}"), &key).await;
        assert_eq!((other.status, &other.json["code"]), (400, &json!("invalid_cursor")));
        assert_eq!(world.get("/v1/objects/task/99/history", &key).await.status, 404);
        assert_eq!(world.get("/v1/objects/task/7/history?order=received", &key).await.status, 400);
    });
}

/// L16, J15: what the object is by its history, and what it last was once it is deleted.
#[test]
fn the_state_is_what_the_changes_make() {
    with_world("objects_state", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let first = [
            edit(1, "create", &[["name", "add", "", "\"Call\""], ["users", "add", "", "[\"a\"]"]]),
            edit(2, "change", &[["name", "replace", "\"Call\"", "\"Call back\""], ["users/0", "add", "", "\"b\""]]),
        ];
        world.insert(&first).await;
        let object = |state: Value, deleted: bool, edits: usize| json!({ "state": state, "deleted": deleted, "edits": edits, "whole": true });
        let now = world.ok(PATH, &key).await;
        assert_eq!(now["object"], object(json!({ "name": "Call back", "users": ["b", "a"] }), false, 2));
        let deleted = edit(3, "delete", &[["name", "remove", "\"Call me back\"", ""]]);
        world.insert(&[deleted]).await;
        // The state is of all that is kept, though the page is of a part.
        let page = world.ok(&format!("{PATH}?limit=1&order=desc"), &key).await;
        assert_eq!(page["data"].as_array().unwrap().len(), 1);
        assert_eq!(page["object"], object(json!({ "name": "Call me back", "users": ["b", "a"] }), true, 3));
    });
}

/// L16, J15: what failed, or was only asked for, changed nothing: it is listed, and neither in the state nor among its edits.
#[test]
fn what_failed_changed_nothing() {
    with_world("objects_failed", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let deadline = |number, class, outcome, new: &str| Event {
            outcome,
            ..edit(number, class, &[["deadline", "replace", "", new]])
        };
        let first = [
            deadline(1, "create", "success", "\"2026-01-01\""),
            deadline(2, "change", "failure", "\"2027-01-01\""),
            deadline(3, "change", "unknown", "\"2028-01-01\""),
            Event { outcome: "failure", ..edit(4, "delete", &[["deadline", "remove", "\"2029-01-01\"", ""]]) },
        ];
        world.insert(&first).await;
        let object = |deleted: bool, edits: usize| json!({ "state": { "deadline": "2026-01-01" }, "deleted": deleted, "edits": edits, "whole": true });
        assert_eq!(world.ok(PATH, &key).await["object"], object(false, 1));
        world.insert(&[edit(5, "delete", &[])]).await;
        let page = world.ok(PATH, &key).await;
        assert_eq!((&page["object"], page["data"].as_array().unwrap().len()), (&object(true, 2), 5));

        let failed = Event { object_id: "9".to_owned(), ..deadline(6, "change", "failure", "1") };
        world.insert(&[failed]).await;
        let page = world.ok("/v1/objects/task/9/history", &key).await;
        assert_eq!(page["object"], json!({ "state": {}, "deleted": false, "edits": 0, "whole": true }));
        assert_eq!(ids(page["data"].as_array().unwrap()), ["e006"]);
    });
}

/// L2: what is no longer kept is neither listed nor counted.
#[test]
fn what_is_no_longer_kept_is_left_out() {
    with_world("objects_retention", async |world| {
        world.tenant("acme", |tenant| tenant.retention.changes = 30).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let mut old = Event::random(&mut rng(3), "acme", 1, TimeDelta::days(1));
        old = Event {
            occurred: old.occurred - TimeDelta::days(40),
            received: old.received - TimeDelta::days(40),
            ..edit(1, "create", &[])
        };
        world.insert(&[old, edit(2, "change", &[])]).await;
        assert_eq!(ids(&world.pages(PATH, &key).await), ["e002"]);
        assert_eq!(world.ok(PATH, &key).await["object"]["edits"], 1);
    });
}

/// J14, L13, L14: whatever ids are stored, their users, objects, devices and sessions can be asked for, by path and by query.
#[test]
fn whatever_is_stored_can_be_asked_for() {
    with_world("objects_odd_ids", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let long = "č".repeat(128);
        let odd = [
            "a/b",
            "/",
            "a b",
            ".",
            "..",
            "a.b",
            "100%",
            "%2F",
            "%",
            "a+b",
            "a,b",
            ",",
            "a'b\"c`d\\",
            "\\n",
            "a\tb\nc\rd\u{1}",
            "\u{7f}\u{85}x",
            "ž/č",
            "💥",
            "\u{202e}x",
            "a?b#c&d=e;f",
            "{id}",
            "[object Object]",
            "null",
            "undefined",
            "true",
            &long,
        ];
        let events: Vec<Event> = (0..)
            .zip(odd)
            .map(|(number, id)| Event {
                actor_id: id.to_owned(),
                object_id: id.to_owned(),
                device_id: id.to_owned(),
                session_id: id.to_owned(),
                ..edit(number, "change", &[])
            })
            .collect();
        world.insert(&events).await;
        for (event, id) in events.iter().zip(odd) {
            let code = encoded(id);
            let item = listed(id);
            let wanted = std::slice::from_ref(&event.id);
            for path in [
                format!("/v1/events?actor_id={item}"),
                format!("/v1/events?object_id={item}"),
                format!("/v1/events?device_id={item}"),
                format!("/v1/events?session_key={item}"),
                format!("/v1/objects/task/{code}/history"),
            ] {
                assert_eq!(ids(&world.pages(&path, &key).await), wanted, "{path}");
            }
            assert_eq!(world.ok(&format!("/v1/users/{code}"), &key).await["data"]["id"], id);
            let devices = world.ok(&format!("/v1/users/{code}/devices"), &key).await;
            assert_eq!(devices["data"][0]["id"], id, "{code}");
            let sessions = world.ok(&format!("/v1/users/{code}/sessions?device_id={item}"), &key).await;
            assert_eq!(sessions["data"][0]["key"], id, "{code}");
            // What events can't have any more is not decided about either: it is refused before, not after.
            let status = if schemas::ids::nonsense(id).is_some() { 400 } else { 200 };
            let access = format!("/v1/users/{code}/devices/{code}/access");
            let block = json!({ "access": "block" });
            let blocked = world.send("PUT", &access, &key, Some(block)).await;
            assert_eq!(blocked.status, status, "{code}: {}", blocked.json);
            let decided = world.ok(&access, &key).await;
            assert_eq!(decided["user_id"], id);
            assert_eq!(decided["access"] == "block", status == 200, "{code}: {decided}");
            let why = json!({ "owner": "ann", "reason": "odd" });
            let exempt = world.send("PUT", &format!("/v1/users/{code}/exemption"), &key, Some(why)).await;
            assert_eq!(exempt.status, status, "{code}: {}", exempt.json);
        }
    });
}
