use proptest::prelude::*;

use super::*;

fn framing(headers: &[(&str, &str)]) -> Result<Framing, Problem> {
    let headers =
        headers.iter().map(|(name, value)| (HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap()));
    Framing::of(&HeaderMap::from_iter(headers))
}

fn split(framing: &Framing, body: &str) -> Result<Vec<String>, &'static str> {
    let events = framing.split(&Bytes::copy_from_slice(body.as_bytes()), 3).map_err(|problem| problem.code())?;
    Ok(events.iter().map(|event| String::from_utf8(event.to_vec()).unwrap()).collect())
}

/// P1: one event, an array, lines: by the leading byte where the media type says no more than JSON.
#[test]
fn json_is_told_by_its_bytes() {
    let cases: [(&str, Result<&[&str], &str>); 25] = [
        (r#"{"a":1}"#, Ok(&[r#"{"a":1}"#])),
        ("{\n \"a\":1\n}\n", Ok(&["{\n \"a\":1\n}\n"])),
        ("{}\n{}", Ok(&["{}", "{}"])),
        (r#" [{"a":1}, {"b":[2]} ] "#, Ok(&[r#"{"a":1}"#, r#"{"b":[2]}"#])),
        ("[{},{},{}]", Ok(&["{}", "{}", "{}"])),
        ("[{},{},{},{}]", Err("too_many_events")),
        ("{}\n{}\n{}\n{}", Err("too_many_events")),
        ("[{},", Err("malformed_json")),
        ("[{}] x", Err("malformed_json")),
        ("", Err("no_events")),
        (" [ ] ", Err("no_events")),
        // One malformed event is an event that is refused, with a pointer, by the decoder.
        ("{\"a\":\n1", Ok(&["{\"a\":\n1"])),
        ("{\n \"b\": [\n {\"c\": 1}\n ]", Ok(&["{\n \"b\": [\n {\"c\": 1}\n ]"])),
        // A bad line spoils no other, not even the first one.
        ("{\"a\":\n{}", Ok(&["{\"a\":", "{}"])),
        ("# a comment\n{}\n{}", Ok(&["# a comment", "{}", "{}"])),
        ("[1\n{}\n{}", Ok(&["[1", "{}", "{}"])),
        ("[1\n{}", Ok(&["[1", "{}"])),
        ("[]\n{}", Ok(&["[]", "{}"])),
        ("[{}]\n{}", Ok(&["[{}]", "{}"])),
        ("[\n{},\n{}\n", Err("malformed_json")),
        ("[\n{}", Err("malformed_json")),
        ("[{},\n{}", Err("malformed_json")),
        // A byte order mark is no part of what comes after it.
        ("\u{feff}{\"a\":1}", Ok(&["{\"a\":1}"])),
        ("\u{feff}[{}, {}]", Ok(&["{}", "{}"])),
        ("\u{feff}{}\n{}", Ok(&["{}", "{}"])),
    ];
    for (body, expected) in cases {
        let expected = expected.map(|events| events.iter().map(ToString::to_string).collect());
        assert_eq!(split(&Framing::Json, body), expected, "{body}");
    }
}

/// P1: a bad line spoils no other.
#[test]
fn lines_are_events_whatever_they_hold() {
    assert_eq!(split(&Framing::Lines, "{}\r\n\n  {\"a\":\n"), Ok(vec!["{}".into(), "{\"a\":".into()]));
    assert_eq!(split(&Framing::Lines, "\u{feff}{}\r\n{}"), Ok(vec!["{}".into(), "{}".into()]));
    assert_eq!(split(&Framing::Lines, "\n\n"), Err("no_events"));
    assert_eq!(split(&Framing::Lines, "1\n2\n3\n4"), Err("too_many_events"));
}

/// P1: CloudEvents, structured, batched and binary.
#[test]
fn cloud_events_are_told_by_their_headers() {
    assert_eq!(
        framing(&[("content-type", "application/cloudevents+json; charset=UTF-8")]).unwrap(),
        Framing::CloudEvent
    );
    let batch = framing(&[("content-type", "application/cloudevents-batch+json")]).unwrap();
    assert_eq!(split(&batch, "[{},{}]"), Ok(vec!["{}".into(), "{}".into()]));
    assert_eq!(batch.event_type(), Some(CLOUD_EVENT));

    let binary = framing(&[("ce-specversion", "1.0"), ("CE-Id", "a%20b%C4%9B"), ("content-type", "application/json")]);
    let binary = binary.unwrap();
    assert!(binary.attributes().contains(&("ce_id".to_owned(), "a bě".to_owned())));
    assert_eq!(split(&binary, ""), Ok(vec!["{}".into()]));
    assert_eq!(binary.event_type(), Some("application/json"));
    for (value, expected) in [
        (r#""a \"b\" %41""#, r#"a "b" A"#),
        (r#""Euro %E2%82%AC \\""#, r"Euro € \"),
        ("plain", "plain"),
        (r#"a"b""#, r#"a"b""#),
        (r#"""#, r#"""#),
    ] {
        let quoted = framing(&[("ce-specversion", "\"1.0\""), ("ce-comment", value)]).unwrap();
        assert!(quoted.attributes().contains(&("ce_comment".to_owned(), expected.to_owned())), "{value} {quoted:?}");
    }
    // Who sends any of the attributes means a CloudEvent.
    assert_eq!(framing(&[("ce-id", "1")]).unwrap_err().code(), "unsupported_cloudevent");
    assert_eq!(framing(&[("ce-partition", "1")]).unwrap(), Framing::Json);
    assert_eq!(framing(&[("ce-specversion", "0.3")]).unwrap_err().code(), "unsupported_cloudevent");
    assert_eq!(framing(&[("ce-specversion", "1.0"), ("ce-id", "%ff")]).unwrap_err().code(), "invalid_attribute");
}

#[test]
fn other_media_types_are_refused() {
    for kind in ["text/html", "application/xml", "multipart/form-data; boundary=x", "application/avro"] {
        assert_eq!(framing(&[("content-type", kind)]).unwrap_err().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    for kind in ["application/json; charset=utf-8", "application/x-www-form-urlencoded", "application/vnd.acme+json"] {
        assert_eq!(framing(&[("content-type", kind)]).unwrap(), Framing::Json);
    }
    for kind in ["application/json; charset=utf-16", "application/x-ndjson;Charset=\"UTF-16LE\""] {
        assert_eq!(framing(&[("content-type", kind)]).unwrap_err().code(), "unsupported_charset", "{kind}");
    }
    assert_eq!(framing(&[]).unwrap(), Framing::Json);
    assert_eq!(framing(&[("content-type", "application/x-ndjson")]).unwrap(), Framing::Lines);
}

#[test]
fn bytes_that_are_not_utf8_are_told_where_the_whole_has_to_be() {
    let body = Bytes::from_static(b"[\"\xff\"]");
    assert_eq!(Framing::Json.split(&body, 3).unwrap_err().code(), "invalid_utf8");
    assert_eq!(Framing::Json.split(&Bytes::from_static(b"{\"\xff"), 3).unwrap().len(), 1);
}

#[test]
fn percent_signs_that_escape_nothing_stay() {
    for (text, expected) in [("100%", "100%"), ("%zz", "%zz"), ("%41%", "A%"), ("%4", "%4")] {
        assert_eq!(percent_decoded(text.as_bytes()).as_deref(), Some(expected));
    }
}

proptest! {
    /// No bytes make it panic, and no event is made of bytes that are not in the body.
    #[test]
    fn any_bytes_can_be_split(body in proptest::collection::vec(
        prop_oneof![3 => proptest::sample::select(b"{}[]\",:\n\\ 1a".to_vec()), 1 => any::<u8>()], 0..300)
    ) {
        let body = Bytes::from(body);
        for framing in [Framing::Json, Framing::Lines, Framing::CloudEvents, Framing::CloudEvent] {
            if let Ok(events) = framing.split(&body, 5) {
                // A batch of CloudEvents may be empty (JSON format 1.0.2, section 4), any other body may not.
                let least = usize::from(framing != Framing::CloudEvents);
                prop_assert!((least..=5).contains(&events.len()));
                prop_assert!(events.iter().map(Bytes::len).sum::<usize>() <= body.len());
            }
        }
    }

    /// What was joined by line breaks is split at them.
    #[test]
    fn lines_come_back(events in proptest::collection::vec("[a-z]{1,20}", 1..20)) {
        let body = Bytes::from(events.join("\n"));
        let back = Framing::Lines.split(&body, 20).unwrap();
        prop_assert_eq!(back, events);
    }
}
