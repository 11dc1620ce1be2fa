//! What names nobody is as if it wasn't sent, and a byte order mark is no part of what it stands before.
#![allow(clippy::unwrap_used, missing_docs)]

use schemas::decode::{Attributes, Scratch, decode};

/// P1: a name that names nothing takes no other's place; one with marks of direction is a name.
#[test]
fn names_that_name_nothing_are_absent() {
    let cases = [
        (" ", false),
        ("\\t", false),
        ("undefined", false),
        ("null", false),
        ("[object Object]", false),
        ("None", false),
        ("%{name}", false),
        ("\u{3164}", false),
        // Surnames.
        ("Null", true),
        ("Nil", true),
        ("Eva", true),
        ("\u{5d0}\u{200f}", true),
    ];
    for (name, kept) in cases {
        let json = format!(r#"{{"type":"a.b","actor":{{"id":"u","name":"{name}","email":"{name}"}}}}"#);
        let scratch = Scratch::default();
        let actor = decode(json.as_bytes(), &Attributes::default(), &scratch).unwrap().actor.unwrap();
        assert_eq!((actor.name.is_some(), actor.email.is_some()), (kept, kept), "{name:?}");
    }
}

/// P1: `data_base64` is base64 of a byte order mark and `{"actor":{"id":"u16"}}`.
#[test]
fn a_byte_order_mark_within_base64_is_no_data() {
    let json = r#"{"specversion":"1.0","id":"1","source":"/a","type":"a.b","data_base64":"77u/eyJhY3RvciI6eyJpZCI6InUxNiJ9fQ=="}"#;
    let attributes = Attributes { content_type: Some("application/cloudevents+json"), ..Attributes::default() };
    let scratch = Scratch::default();
    let event = decode(json.as_bytes(), &attributes, &scratch).unwrap();
    assert_eq!(event.actor.unwrap().id.as_deref(), Some("u16"));
}
