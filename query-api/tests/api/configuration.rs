//! The audit of the configuration (A1–A8).

use chrono::TimeDelta;
use schemas::settings::Role;
use serde_json::{Value, json};

use crate::support::{Event, ids, with_world};

fn changed(id: &str, days_ago: i64, set: impl FnOnce(&mut Event)) -> Event {
    let mut event = Event {
        event_type: "workflow.updated".to_owned(),
        class: "change",
        category: "configuration",
        module: "workflows",
        actor_name: "Petr Dvořák".to_owned(),
        object_type: "workflow",
        object_id: "12".to_owned(),
        object_name: "New lead".to_owned(),
        ..Event::sign_in(id, "u-3", TimeDelta::days(days_ago))
    };
    set(&mut event);
    event
}

/// A1, A4, A6, A7: newest first, of the last 90 days, narrowed by actor, module, class and object.
#[test]
fn changes_in_their_order() {
    with_world("configuration_list", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        world
            .insert(&[
                changed("old", 91, |_| {}),
                changed("a", 80, |event| event.actor_id = "u-4".to_owned()),
                changed("b", 3, |event| (event.class, event.module) = ("create", "billing")),
                changed("c", 2, |event| (event.class, event.object_id) = ("delete", "13".to_owned())),
                changed("none", 1, |event| event.category = "changes"),
            ])
            .await;
        let list = async |query: &str| ids(&world.pages(&format!("/v1/configuration?limit=2{query}"), &key).await);
        assert_eq!(list("").await, ["c", "b", "a"]);
        assert_eq!(list("&order=asc").await, ["a", "b", "c"]);
        assert_eq!(list("&order=asc&from=2020-01-01").await, ["old", "a", "b", "c"]);
        assert_eq!(list("&actor_id=u-4").await, ["a"]);
        assert_eq!(list("&module=billing").await, ["b"]);
        assert_eq!(list("&class=create,delete").await, ["c", "b"]);
        assert_eq!(list("&object_type=workflow&object_id=13").await, ["c"]);
        for (query, pointer) in [("class=destroy", "class"), ("q=x", "q"), ("order=received", "order")] {
            let answer = world.get(&format!("/v1/configuration?{query}"), &key).await;
            assert_eq!((answer.status, &answer.json["pointer"]), (400, &json!(pointer)), "{query}");
        }
        assert!(world.ok("/v1/configuration", &key).await["period"]["from"].is_string());
    });
}

/// A5, A8: edits, told one by one or found in the whole, and the product itself by its name.
#[test]
fn changes_are_shown_as_edits() {
    with_world("configuration_edits", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let change = |path: &str, op: &str, old: Value, new: Value| {
            let json = |value: Value| if value.is_null() { String::new() } else { value.to_string() };
            [path.to_owned(), op.to_owned(), json(old), json(new)]
        };
        let told = vec![
            change("conditions/operator", "replace", json!("AND"), json!("OR")),
            change("rotation/users/3", "add", Value::Null, json!("Jana Malá")),
            change("steps", "move", json!(3), json!(0)),
        ];
        let old = json!([{ "field": "country", "operator": "is", "value": "CZ" }, { "field": "age", "value": 1 }]);
        let new = json!([{ "field": "country", "operator": "is", "value": "SK" }]);
        let whole = vec![change("conditions", "replace", old, new)];
        world
            .insert(&[
                changed("told", 2, |event| event.changes = told),
                changed("whole", 1, |event| {
                    (event.changes, event.actor_kind, event.actor_id) = (whole, "system", String::new());
                }),
            ])
            .await;
        let rows = world.ok("/v1/configuration", &key).await["data"].clone();
        let texts = |row: &Value| -> Vec<(String, String)> {
            let text = |edit: &Value, field: &str| edit[field].as_str().unwrap().to_owned();
            row["edits"].as_array().unwrap().iter().map(|edit| (text(edit, "kind"), text(edit, "text"))).collect()
        };
        let pair = |kind: &str, text: &str| (kind.to_owned(), text.to_owned());
        assert_eq!(
            texts(&rows[0]),
            [
                pair("condition_removed", "Condition removed: age 1"),
                pair("condition_updated", "Condition changed (conditions #1): “country is CZ” → “country is SK”"),
            ]
        );
        assert_eq!(rows[0]["actor"]["label"], "System");
        assert_eq!(
            texts(&rows[1]),
            [
                pair("operator_switched", "conditions › operator: AND switched to OR"),
                pair("list_item_added", "rotation › users: added Jana Malá (position 4)"),
                pair("list_item_moved", "steps: moved from position 4 to 1"),
            ]
        );
        assert_eq!((&rows[1]["edits"][2]["from"], &rows[1]["edits"][2]["to"]), (&json!(3), &json!(0)));
        assert_eq!(rows[1]["actor"]["label"], "Petr Dvořák");
    });
}
