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

/// P1: what events are grouped and asked for by has no white space around it, and nothing in it that nobody sees.
#[test]
fn keys_are_what_they_look_like() {
    for (pointer, json) in [
        ("/type", r#"{"type":"KEY","actor":{"id":"u"}}"#),
        ("/action", r#"{"type":"a.b","action":"KEY","actor":{"id":"u"}}"#),
        ("/channel", r#"{"type":"a.b","channel":"KEY","actor":{"id":"u"}}"#),
        ("/object/type", r#"{"type":"a.b","object":{"type":"KEY","id":"1"},"actor":{"id":"u"}}"#),
        ("/object/module", r#"{"type":"a.b","object":{"type":"a","id":"1","module":"KEY"},"actor":{"id":"u"}}"#),
    ] {
        let scratch = Scratch::default();
        let spaced = json.replace("KEY", r" user.deleted\u00a0");
        let event = decode(spaced.as_bytes(), &Attributes::default(), &scratch).unwrap();
        let object = event.object.as_ref();
        let read = match pointer {
            "/type" => &event.kind,
            "/action" => &event.action,
            "/channel" => &event.channel,
            "/object/type" => &object.unwrap().kind,
            _ => &object.unwrap().module,
        };
        assert_eq!(read.as_deref(), Some("user.deleted"), "{pointer}");
        for hidden in [r"\u200b", r"\u0000", r"\u202e", r"\ufeff", r"\u2060", r"\n\u0007"] {
            let json = json.replace("KEY", &format!("user.{hidden}deleted"));
            let refused = decode(json.as_bytes(), &Attributes::default(), &scratch).unwrap_err();
            assert_eq!((refused.code, &*refused.pointer), ("invalid_value", pointer), "{json}");
        }
    }
    for blank in ["", "  ", r"\t"] {
        let json = format!(r#"{{"type":"{blank}","actor":{{"id":"u"}}}}"#);
        let scratch = Scratch::default();
        let refused = decode(json.as_bytes(), &Attributes::default(), &scratch).unwrap_err();
        assert_eq!((refused.code, &*refused.pointer), ("missing_field", "/type"), "{json}");
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
