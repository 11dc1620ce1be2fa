//! Ingest's splitter under arbitrary bodies, media types and CloudEvents headers.
//!
//! What must hold: no panic; what comes out lies in the body, in order, is never nothing and never more than allowed; an
//! array's elements are those that a JSON parser finds, and lines are the lines that are not blank.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use bytes::Bytes;
use ingest::framing::Framing;
use schemas::decode::{Attributes, Scratch, decode, without_bom};
use serde_json::value::RawValue;

const KINDS: &[&str] = &[
    "application/json",
    "application/x-ndjson",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "",
];

/// One input: a byte that picks the media type (or takes it from the first line), a byte for how many events are allowed
/// and whether there are `ce-` headers, then the lines for these, then the body.
pub(crate) fn run(input: &[u8]) {
    let [pick, switches, rest @ ..] = input else { return };
    let mut rest = rest;
    let mut line = || {
        let end = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        let line = HeaderValue::from_bytes(&rest[..end]);
        rest = rest.get(end + 1..).unwrap_or_default();
        line.ok()
    };
    let mut headers = HeaderMap::new();
    match KINDS.get(usize::from(*pick)) {
        Some(kind) => drop(headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind))),
        None => headers.extend(line().map(|value| (header::CONTENT_TYPE, value))),
    }
    if switches & 0x80 != 0 {
        headers.insert("ce-specversion", HeaderValue::from_static("1.0"));
        for name in ["ce-id", "ce-type", "ce-time", "ce-source"] {
            headers.extend(line().map(|value| (HeaderName::from_static(name), value)));
        }
    }
    let most = 1 + usize::from(switches & 0x0f);
    check(&headers, &Bytes::copy_from_slice(rest), most);
}

fn check(headers: &HeaderMap, body: &Bytes, most: usize) {
    let Ok(framing) = Framing::of(headers) else { return };
    let again = Framing::of(headers).expect("read once already");
    assert_eq!(framing, again);
    let Ok(events) = framing.split(body, most) else { return };
    // Only a batch of CloudEvents may be empty.
    let least = usize::from(framing != Framing::CloudEvents);
    assert!((least..=most).contains(&events.len()), "{} events, at most {most}", events.len());
    let attributes = framing.attributes().iter();
    let attributes = Attributes {
        content_type: framing.event_type(),
        cloud_event: attributes.map(|(name, value)| (name["ce_".len()..].into(), value.as_str())).collect(),
        ..Attributes::default()
    };
    for event in &events {
        let _ = decode(event, &attributes, &Scratch::default());
    }
    let body = &body.slice_ref(without_bom(body));
    let is_array = serde_json::from_slice::<Vec<&RawValue>>(body).is_ok();
    match framing {
        Framing::CloudEvents => is_the_array(body, &events),
        Framing::Json if is_array => is_the_array(body, &events),
        Framing::Lines => are_the_lines(body, &events),
        Framing::Json if events.len() > 1 => are_the_lines(body, &events),
        Framing::Json | Framing::CloudEvent => {
            assert!(events.len() == 1 && events[0].trim_ascii() == body.trim_ascii())
        }
        Framing::CloudEventBinary { .. } => {
            assert!(events.len() == 1 && (events[0] == *body || (events[0] == "{}" && body.trim_ascii().is_empty())));
        }
    }
}

fn is_the_array(body: &Bytes, events: &[Bytes]) {
    let parsed: Vec<&RawValue> = serde_json::from_slice(body).expect("split, so it is an array");
    assert_eq!(parsed.len(), events.len());
    assert!(parsed.iter().zip(events).all(|(element, event)| element.get().as_bytes() == event));
}

fn are_the_lines(body: &Bytes, events: &[Bytes]) {
    let lines = body.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    assert!(lines.eq(events.iter().map(|event| &event[..])));
}
