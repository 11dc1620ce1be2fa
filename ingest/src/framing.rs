//! From a body to events, unparsed: one event, an array, lines, CloudEvents (P1).

use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use bytes::Bytes;
use runtime::problem::Problem;
use schemas::decode::{CLOUD_EVENT, split_array};
use schemas::topics::headers::CE_PREFIX;
use serde_json::value::RawValue;

const CE_HTTP_PREFIX: &str = "ce-";
const CE_SPECVERSION: HeaderName = HeaderName::from_static("ce-specversion");

/// How events lie in a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framing {
    /// One, an array, or lines: the bytes tell.
    Json,
    /// One in each line.
    Lines,
    /// One CloudEvent, attributes and data.
    CloudEvent,
    /// An array of CloudEvents.
    CloudEvents,
    /// One, with its CloudEvents attributes (name for Kafka, value) in headers.
    CloudEventBinary(Vec<(String, String)>),
}

impl Framing {
    /// Reads `Content-Type` and the `ce-` headers.
    ///
    /// # Errors
    /// A media type that is none of ours (415), or attributes that are no CloudEvent 1.0's (400).
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let kind = headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or("?"));
        let kind = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        let framing = match kind.as_deref() {
            Some(CLOUD_EVENT) => Self::CloudEvent,
            Some("application/cloudevents-batch+json") => Self::CloudEvents,
            _ if headers.contains_key(CE_SPECVERSION) => return binary(headers),
            Some(
                "application/x-ndjson"
                | "application/ndjson"
                | "application/jsonl"
                | "application/x-jsonlines"
                | "application/jsonlines",
            ) => Self::Lines,
            // What clients send that were told nothing (curl among them) is read by its bytes.
            None
            | Some("" | "application/json" | "text/json" | "text/plain" | "application/octet-stream")
            | Some("application/x-www-form-urlencoded") => Self::Json,
            Some(other) if other.starts_with("application/") && other.ends_with("+json") => Self::Json,
            Some(_) => {
                return Err(Problem::new(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    "unsupported_media_type",
                    "send application/json, application/x-ndjson, application/cloudevents+json or \
                     application/cloudevents-batch+json",
                )
                .with_pointer("Content-Type"));
            }
        };
        Ok(framing)
    }

    /// Media type that goes with each event.
    #[must_use]
    pub fn event_type(&self) -> Option<&'static str> {
        match self {
            Self::CloudEvent | Self::CloudEvents => Some(CLOUD_EVENT),
            Self::Json | Self::Lines | Self::CloudEventBinary(_) => None,
        }
    }

    /// Attributes that go with the one event of the body.
    #[must_use]
    pub fn attributes(&self) -> &[(String, String)] {
        match self {
            Self::CloudEventBinary(attributes) => attributes,
            _ => &[],
        }
    }

    /// The bytes of each event; at least one, `max` at most.
    ///
    /// # Errors
    /// No event (400), too many (413), or an array that is none (400).
    pub fn split(&self, body: &Bytes, max: usize) -> Result<Vec<Bytes>, Problem> {
        let events = match self {
            Self::Lines => lines(body, max)?,
            Self::CloudEvent => vec![body.clone()],
            Self::CloudEvents => array(body, max)?,
            Self::CloudEventBinary(_) if body.trim_ascii().is_empty() => vec![Bytes::from_static(b"{}")],
            Self::CloudEventBinary(_) => vec![body.clone()],
            Self::Json => match body.trim_ascii_start().first() {
                Some(b'[') => array(body, max)?,
                Some(_) if is_more_than_one(body) => lines(body, max)?,
                Some(_) => vec![body.clone()],
                None => Vec::new(),
            },
        };
        if events.is_empty() {
            return Err(Problem::bad_request("no_events", "the body holds no event"));
        }
        Ok(events)
    }
}

/// The attributes in their form for Kafka (`ce_id`), percent-decoded as the HTTP binding of CloudEvents asks.
fn binary(headers: &HeaderMap) -> Result<Framing, Problem> {
    let mut attributes = Vec::new();
    for (name, value) in headers {
        if let Some(name) = name.as_str().strip_prefix(CE_HTTP_PREFIX) {
            let value = percent_decoded(value.as_bytes()).ok_or_else(|| {
                Problem::bad_request("invalid_attribute", "the attribute is not UTF-8")
                    .with_pointer(format!("{CE_HTTP_PREFIX}{name}"))
            })?;
            attributes.push((format!("{CE_PREFIX}{name}"), value));
        }
    }
    let version = headers.get(CE_SPECVERSION).map(|version| version.as_bytes());
    if version != Some(b"1.0") {
        return Err(Problem::bad_request("unsupported_cloudevent", "CloudEvents 1.0 is accepted")
            .with_pointer(CE_SPECVERSION.as_str()));
    }
    Ok(Framing::CloudEventBinary(attributes))
}

fn percent_decoded(value: &[u8]) -> Option<String> {
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&first, after)) = rest.split_first() {
        let escaped = match (first, after) {
            (b'%', [high, low, tail @ ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| (high << 4 | low, tail)),
            _ => None,
        };
        let (byte, tail) = escaped.unwrap_or((first, after));
        decoded.push(byte);
        rest = tail;
    }
    String::from_utf8(decoded).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Whether a whole JSON value is followed by something else. A value that is not whole is for the decoder to complain of.
fn is_more_than_one(body: &[u8]) -> bool {
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<&RawValue>();
    matches!(values.next(), Some(Ok(_))) && !body[values.byte_offset()..].trim_ascii().is_empty()
}

/// Lines that are not blank.
fn lines(body: &Bytes, max: usize) -> Result<Vec<Bytes>, Problem> {
    let mut events = Vec::new();
    for line in body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
        if events.len() == max {
            return Err(too_many(max));
        }
        events.push(body.slice_ref(line));
    }
    Ok(events)
}

fn array(body: &Bytes, max: usize) -> Result<Vec<Bytes>, Problem> {
    let text = std::str::from_utf8(body).map_err(|error| {
        Problem::bad_request("invalid_utf8", format!("byte {} of the body is not UTF-8", error.valid_up_to()))
    })?;
    let elements = split_array(text, max).map_err(|rejection| match rejection.code {
        "too_many" => too_many(max),
        code => Problem::bad_request(code, rejection.detail),
    })?;
    Ok(elements.into_iter().map(|element| body.slice_ref(element.get().as_bytes())).collect())
}

fn too_many(max: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_many_events",
        format!("a request may have {max} events; nothing of it was accepted"),
    )
}

#[cfg(test)]
mod tests;
