//! From a body to events, unparsed: one event, an array, lines, CloudEvents.

use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use bytes::Bytes;
use runtime::problem::Problem;
use schemas::decode::{ATTRIBUTE_PREFIX, CLOUD_EVENT, split_array, without_bom};
use serde_json::value::RawValue;

const CE_HTTP_PREFIX: &str = "ce-";
const CE_SPECVERSION: HeaderName = HeaderName::from_static("ce-specversion");
/// Attributes that every CloudEvent has: who sends one of them means a CloudEvent.
const CE_REQUIRED: [HeaderName; 4] = [
    CE_SPECVERSION,
    HeaderName::from_static("ce-id"),
    HeaderName::from_static("ce-source"),
    HeaderName::from_static("ce-type"),
];

/// How events lie in a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framing {
    /// One, an array, or lines: the bytes show which.
    Json,
    /// One in each line.
    Lines,
    /// One CloudEvent, attributes and data.
    CloudEvent,
    /// An array of CloudEvents.
    CloudEvents,
    /// One, with its CloudEvents attributes in headers.
    CloudEventBinary {
        /// Name, as Kafka has it, and value.
        attributes: Vec<(String, String)>,
        /// Media type of the data.
        content_type: Option<String>,
    },
}

impl Framing {
    /// Reads `Content-Type` and the `ce-` headers.
    ///
    /// # Errors
    /// A media type that is none of ours (415), or attributes that are no CloudEvent 1.0's (400).
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let whole = headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or("?"));
        whole.map_or(Ok(()), check_charset)?;
        let kind = whole.map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        let framing = match kind.as_deref() {
            Some(CLOUD_EVENT) => Self::CloudEvent,
            Some("application/cloudevents-batch+json") => Self::CloudEvents,
            _ if CE_REQUIRED.iter().any(|name| headers.contains_key(name)) => return binary(headers, whole),
            Some(
                "application/x-ndjson"
                | "application/ndjson"
                | "application/jsonl"
                | "application/x-jsonlines"
                | "application/jsonlines",
            ) => Self::Lines,
            // Clients send these when nobody set a type (curl among them): the body is read by its bytes.
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
    pub fn event_type(&self) -> Option<&str> {
        match self {
            Self::CloudEvent | Self::CloudEvents => Some(CLOUD_EVENT),
            Self::CloudEventBinary { content_type, .. } => content_type.as_deref(),
            Self::Json | Self::Lines => None,
        }
    }

    /// Attributes that go with the one event of the body.
    #[must_use]
    pub fn attributes(&self) -> &[(String, String)] {
        match self {
            Self::CloudEventBinary { attributes, .. } => attributes,
            _ => &[],
        }
    }

    /// The bytes of each event; at least one, `max` at most. A batch of CloudEvents may be empty: the format says so, and who
    /// sends one has nothing to mend.
    ///
    /// # Errors
    /// No event (400), too many (413), or an array that is none (400).
    pub fn split(&self, body: &Bytes, max: usize) -> Result<Vec<Bytes>, Problem> {
        let body = &body.slice_ref(without_bom(body));
        let events = match self {
            Self::Lines => lines(body, max)?,
            Self::CloudEvent => vec![body.clone()],
            Self::CloudEvents => array(body, max)?,
            Self::CloudEventBinary { .. } if body.trim_ascii().is_empty() => vec![Bytes::from_static(b"{}")],
            Self::CloudEventBinary { .. } => vec![body.clone()],
            Self::Json => match body.trim_ascii_start().first() {
                Some(b'[') => match array(body, max) {
                    Err(problem) if problem.code() == "malformed_json" && mostly_lines(body) => lines(body, max)?,
                    events => events?,
                },
                Some(_) if is_lines(body) => lines(body, max)?,
                Some(_) => vec![body.clone()],
                None => Vec::new(),
            },
        };
        if events.is_empty() && *self != Self::CloudEvents {
            return Err(Problem::bad_request("no_events", "the body holds no event"));
        }
        Ok(events)
    }
}

/// JSON is UTF-8. What says that it is something else, other than a part of it, is refused before it looks malformed.
fn check_charset(content_type: &str) -> Result<(), Problem> {
    let parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let charset = parameters.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    let Some((_, charset)) = charset else { return Ok(()) };
    let charset = charset.trim().trim_matches('"').to_ascii_lowercase();
    if charset.starts_with("utf-16") || charset.starts_with("utf-32") || charset.starts_with("ucs") {
        let detail = format!("`{charset}` is not accepted; send UTF-8");
        let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_charset", detail);
        return Err(problem.with_pointer("Content-Type"));
    }
    Ok(())
}

/// The attributes in their form for Kafka (`ce_id`), read as the HTTP binding of CloudEvents asks (3.1.3.2): out of quotes,
/// then percent-decoded.
fn binary(headers: &HeaderMap, content_type: Option<&str>) -> Result<Framing, Problem> {
    let mut attributes = Vec::new();
    for (name, value) in headers {
        if let Some(name) = name.as_str().strip_prefix(CE_HTTP_PREFIX) {
            let value = percent_decoded(&unquoted(value.as_bytes())).ok_or_else(|| {
                Problem::bad_request("invalid_attribute", "the attribute is not UTF-8")
                    .with_pointer(format!("{CE_HTTP_PREFIX}{name}"))
            })?;
            attributes.push((format!("{ATTRIBUTE_PREFIX}{name}"), value));
        }
    }
    let version = attributes.iter().find(|(name, _)| name.ends_with("_specversion")).map(|(_, value)| value.as_str());
    if version != Some("1.0") {
        let detail = "an event with ce- headers is a CloudEvent 1.0, and has ce-specversion: 1.0";
        return Err(Problem::bad_request("unsupported_cloudevent", detail).with_pointer(CE_SPECVERSION.as_str()));
    }
    Ok(Framing::CloudEventBinary { attributes, content_type: content_type.map(str::to_owned) })
}

/// The text of a quoted string (RFC 9110, 5.6.4), or the value as it is.
fn unquoted(value: &[u8]) -> Vec<u8> {
    let [b'"', inner @ .., b'"'] = value.trim_ascii() else { return value.to_vec() };
    let mut text = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        text.push(if byte == b'\\' { bytes.next().copied().unwrap_or(byte) } else { byte });
    }
    text
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

/// Whether a body is lines: a whole JSON value followed by something else, or a malformed one in which lines are whole.
/// Any other malformed value is for the decoder to complain of.
fn is_lines(body: &[u8]) -> bool {
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<&RawValue>();
    match values.next() {
        Some(Ok(_)) => !body[values.byte_offset()..].trim_ascii().is_empty(),
        _ => {
            let (lines, whole) = whole_lines(body);
            lines > 1 && 2 * whole >= lines
        }
    }
}

/// Whether what is no array is lines, the first of which begins like one: most of them are whole, or all but that one,
/// after which an array can't go on.
fn mostly_lines(body: &[u8]) -> bool {
    let (lines, whole) = whole_lines(body);
    let first = body.trim_ascii().split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    2 * whole > lines || (whole > 0 && whole + 1 == lines && first != b"[" && !first.ends_with(b","))
}

/// How many lines there are that are not blank, and how many of them are a JSON object from their first character on. A
/// malformed object over several lines, as people write it, has hardly any: what is in it is indented, or ends with a comma.
fn whole_lines(body: &[u8]) -> (usize, usize) {
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines.fold((0, 0), |(lines, whole), line| {
        let is_whole = line.starts_with(b"{") && serde_json::from_slice::<&RawValue>(line).is_ok();
        (lines + 1, whole + usize::from(is_whole))
    })
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
    .with_member("limit", max)
}

#[cfg(test)]
mod tests;
