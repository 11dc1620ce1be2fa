//! A1 over SQL: what a sender wrote as escapes comes out as the characters, and is found by them.

use schemas::decode::{Attributes, Scratch, decode, unknown_fields};
use schemas::json::{canonical, kept, quoted};
use serde_json::{Value, json};

use crate::support::{World, with_world};

/// JSON as Python, PHP and others send it, and the text that it means.
const TEXTS: &[(&str, &str)] = &[
    (r#""\u041d\u043e\u0432\u0430\u044f \u0437\u0430\u044f\u0432\u043a\u0430""#, "Новая заявка"),
    (r#""P\u0159\u00edli\u0161""#, "Příliš"),
    (r#""\ud83d\ude00 \uD83D\uDC68\u200d\ud83d\udcbb""#, "😀 👨\u{200d}💻"),
    (r#""cut \ud83d""#, "cut \u{fffd}"),
    (r#""\ude00\ud83dx""#, "\u{fffd}\u{fffd}x"),
    (r#""a\u0000b""#, "a\0b"),
    (r#""\u0025\u005f\u005c\u0022\u002f\u0027\/""#, "%_\\\"/'/"),
    (r#""\u0061\u0009\u000A""#, "a\t\n"),
    (r#""e\u0301 \u00e9""#, "e\u{301} é"),
    (r#""\\u041d""#, "\\u041d"),
];

/// What an enricher makes a row of, from the bytes of an event.
async fn store(world: &World, event: &str) {
    let scratch = Scratch::default();
    let event = decode(event.as_bytes(), &Attributes::default(), &scratch).unwrap();
    let change = &event.changes.as_ref().unwrap()[0];
    let fields = unknown_fields(&event);
    let extra: Vec<String> = fields.iter().map(|(name, value)| format!("{}:{}", quoted(name), kept(value))).collect();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let (actor, object) = (event.actor.as_ref().unwrap(), event.object.as_ref().unwrap());
    let insert = "INSERT INTO events (tenant, event_id, type, category, occurred_at, received_at, actor_id, actor_name, object_name, \
        reason, `changes.path`, `changes.op`, `changes.old`, `changes.new`, extra, retention_days) \
        VALUES ('acme', ?, 'spelt', 'other', now64(3), now64(3), 'u', ?, ?, ?, ['p'], ['replace'], [?], [?], ?, 1825)";
    let insert = world.client.query(insert).bind(text(event.id.as_deref()));
    let insert = insert.bind(text(actor.name.as_deref())).bind(text(object.name.as_deref()));
    let insert = insert.bind(text(event.reason.as_deref())).bind(&*canonical(change.old.unwrap()));
    insert.bind(&*canonical(change.new.unwrap())).bind(format!("{{{}}}", extra.join(","))).execute().await.unwrap();
}

/// A text in a statement.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('\0', "\\0"))
}

/// A text in a pattern of LIKE, as it is.
fn pattern(text: &str) -> String {
    literal(&format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")))
}

#[test]
fn escapes_come_out_as_characters() {
    with_world("bi_spellings", async |world| {
        for (number, (sent, _)) in TEXTS.iter().enumerate() {
            store(&world, &format!(
                r#"{{"id":"e{number}","type":"spelt","actor":{{"id":"u","name":{sent}}},"object":{{"id":"1","name":{sent}}},"reason":{sent},
                    "changes":[{{"path":"p","old":{{"b":[{sent}],"a":1e400}},"new":{sent}}}],"crm":{{"deal":{{"stages":[ {sent} ]}},"n":1E400}}}}"#
            )).await;
        }
        let one = async |sql: &str| -> Value {
            let rows = world.rows(&format!("{sql} FORMAT JSONEachRow")).await;
            assert_eq!(rows.lines().count(), 1, "{sql}: {rows}");
            serde_json::from_str(&rows).unwrap_or_else(|error| panic!("{error}: {rows}"))
        };
        for (number, (sent, means)) in TEXTS.iter().enumerate() {
            let (id, value) = (format!("e{number}"), quoted(means));
            let columns =
                "object_name, toString(actor_name) AS name, toString(reason) AS why, old_values, new_values, extra";
            let row = one(&format!("SELECT {columns} FROM events WHERE event_id = '{id}'")).await;
            for column in ["object_name", "name", "why"] {
                assert_eq!(row[column], *means, "{sent}");
            }
            assert_eq!(row["new_values"], json!([value]), "{sent}");
            assert_eq!(row["old_values"], json!([format!("{{\"a\":\"1e400\",\"b\":[{value}]}}")]));
            assert_eq!(row["extra"], format!("{{\"crm\":{{\"deal\":{{\"stages\":[{value}]}},\"n\":\"1E400\"}}}}"));
            let (text, like, inside) = (literal(means), pattern(means), pattern(&value));
            for condition in [
                format!("object_name = {text}"),
                format!("actor_name = {text} AND reason IN ({text})"),
                format!("object_name LIKE {like}"),
                format!("object_name ILIKE {like}"),
                format!("position(object_name, {text}) = 1"),
                format!("has(new_values, {})", literal(&value)),
                format!("arrayExists(value -> value LIKE {inside}, old_values)"),
                format!("extra LIKE {inside}"),
                format!("JSONExtractString(extra, 'crm', 'deal', 'stages', 1) = {text}"),
                format!("JSONExtractString(new_values[1]) = {text}"),
                format!(
                    "JSONExtractString(old_values[1], 'b', 1) LIKE {like} AND JSONExtractString(old_values[1], 'a') = '1e400'"
                ),
            ] {
                let found = one(&format!(
                    "SELECT event_id FROM events WHERE type = 'spelt' AND {condition} AND event_id = '{id}'"
                ))
                .await;
                assert_eq!(found["event_id"], id, "{condition}");
                let all = world.rows(&format!("SELECT count() FROM events WHERE {condition}")).await;
                assert!(["1", "2"].contains(&all.trim_end()), "{condition}: {all}");
            }
        }
        // Nobody finds the spelling: there is none but the backslash that was one.
        let spelt = world
            .rows("SELECT event_id FROM events WHERE object_name LIKE '%\\\\\\\\u04%' OR extra LIKE '%\\\\\\\\u04%'")
            .await;
        assert_eq!(spelt.trim_end(), "e9");
    });
}
