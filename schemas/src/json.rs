//! JSON that is kept: in one spelling, whatever the sender's, so that what is stored can be searched, compared and read as the
//! value it is. Numbers keep every digit; one beyond the largest double is kept as a text, because many readers refuse all of a
//! document that it is part of.
//!
//! | form | of | texts and white space | numbers | members of objects |
//! |---|---|---|---|---|
//! | [`kept`] | payloads, unknown fields | in one spelling | as they were sent | as they were sent |
//! | [`canonical`] | values of changes, and what is asked of them | in one spelling | in one spelling | sorted by name, each once |

mod number;
mod value;

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::value::RawValue;

pub use self::value::{Map, Value};

/// Texts with their characters in place of escapes, no white space between values, U+FFFD for half of a surrogate pair.
#[must_use]
pub fn kept(json: &RawValue) -> Cow<'_, str> {
    if is_kept(json.get()) { Cow::Borrowed(json.get()) } else { Cow::Owned(written(json.get(), Form::Kept)) }
}

/// The one spelling of a value: equal values are equal texts. `1.0` is `1`, `[1, 2]` is `[1,2]`, members are in order of their
/// names; of several members of one name the last is meant, as most readers take it.
#[must_use]
pub fn canonical(json: &RawValue) -> Cow<'_, str> {
    let text = json.get();
    let is_canonical = match text.as_bytes() {
        [b'{' | b'[', ..] => false,
        [b'-' | b'0'..=b'9', ..] => number::is_plain(text),
        _ => !text.contains('\\'),
    };
    if is_canonical { Cow::Borrowed(text) } else { Cow::Owned(written(text, Form::Canonical)) }
}

/// A text as JSON.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    put_text(&mut out, text);
    out
}

/// Appends a text as JSON: escaped is what has to be, and nothing else.
pub fn put_text(out: &mut String, text: &str) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        out.push_str(escape);
        if escape.is_empty() {
            // Writing to a string can't fail.
            let _ = write!(out, "\\u{byte:04x}");
        }
        plain = at + 1;
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

/// JSON of which each half of a surrogate pair is U+FFFD, which takes its place in as many bytes; as it is where there is none. No
/// text can hold half a pair, and a sender that cuts its texts in the middle of an emoji means no harm.
#[must_use]
pub fn well_formed(json: &str) -> Cow<'_, str> {
    let mut whole = Cow::Borrowed(json);
    let bytes = json.as_bytes();
    let mut at = 0;
    while let Some(found) = json[at..].find('\\') {
        at += found;
        let is_half = match unit(bytes, at) {
            Some(first) if is_high(first) && unit(bytes, at + 6).is_some_and(is_low) => {
                at += 12;
                continue;
            }
            Some(unit) => is_high(unit) || is_low(unit),
            None => false,
        };
        if is_half {
            whole.to_mut().replace_range(at + 2..at + 6, "fffd");
        }
        // Past what was escaped, which may be a backslash; a character of several bytes is never escaped.
        at += 2;
        while !json.is_char_boundary(at.min(json.len())) {
            at += 1;
        }
        at = at.min(json.len());
    }
    whole
}

/// The UTF-16 unit of `\uXXXX` at a place.
fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let hex = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    hex.iter().try_fold(0, |unit, digit| Some(unit << 4 | u16::try_from(char::from(*digit).to_digit(16)?).ok()?))
}

const fn is_high(unit: u16) -> bool {
    matches!(unit, 0xd800..=0xdbff)
}

const fn is_low(unit: u16) -> bool {
    matches!(unit, 0xdc00..=0xdfff)
}

/// Whether there is nothing to write anew, in one pass without a branch: nearly every payload of most senders.
fn is_kept(json: &str) -> bool {
    let (mut in_text, mut odd, mut digits) = (false, false, 0_usize);
    for byte in json.bytes() {
        in_text ^= byte == b'"';
        let is_exponent = digits > 0 && byte | 0x20 == b'e';
        digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
        let is_long = digits > number::SAFE_DIGITS;
        odd |= byte == b'\\' || (!in_text && (byte <= b' ' || is_exponent || is_long));
    }
    !odd
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Kept,
    Canonical,
}

fn written(json: &str, form: Form) -> String {
    let mut out = String::with_capacity(json.len());
    write(&mut Reader(json), form, &mut out);
    out
}

/// No deeper than an event may be nested, or a value that is asked for is long.
fn write(reader: &mut Reader<'_>, form: Form, out: &mut String) {
    match reader.peek() {
        Some(b'{') => write_object(reader, form, out),
        Some(b'[') => {
            out.push('[');
            let mut first = true;
            while reader.item(b'[', b']', first) {
                if !first {
                    out.push(',');
                }
                first = false;
                write(reader, form, out);
            }
            out.push(']');
        }
        Some(b'"') => put_text(out, &reader.text()),
        Some(b'-' | b'0'..=b'9') => {
            let sent = reader.word();
            let number = if form == Form::Canonical { number::canonical(sent) } else { Cow::Borrowed(sent) };
            if number::is_beyond(sent) { put_text(out, &number) } else { out.push_str(&number) }
        }
        _ => out.push_str(reader.word()),
    }
}

fn write_object(reader: &mut Reader<'_>, form: Form, out: &mut String) {
    let mut members: Vec<(Cow<'_, str>, String)> = Vec::new();
    while reader.item(b'{', b'}', members.is_empty()) {
        let name = reader.name();
        let mut value = String::new();
        write(reader, form, &mut value);
        members.push((name, value));
    }
    if form == Form::Canonical {
        // Stable, and from the end: the last of several members of one name comes first.
        members.reverse();
        members.sort_by(|(one, _), (other, _)| one.cmp(other));
        members.dedup_by(|(later, _), (kept, _)| later == kept);
    }
    out.push('{');
    for (at, (name, value)) in members.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        put_text(out, name);
        out.push(':');
        out.push_str(value);
    }
    out.push('}');
}

/// Reads JSON that is known to be JSON.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn peek(&mut self) -> Option<u8> {
        self.0 = self.0.trim_ascii_start();
        self.0.bytes().next()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.0 = &self.0[1..];
        }
        found
    }

    /// Whether another item of a list or object follows; before the first one, steps into it.
    fn item(&mut self, open: u8, close: u8, first: bool) -> bool {
        let begun = if first { self.eat(open) } else { self.eat(b',') };
        match self.peek() {
            Some(byte) if byte == close => {
                self.eat(close);
                false
            }
            // What ends early was no JSON.
            next => begun && next.is_some(),
        }
    }

    fn name(&mut self) -> Cow<'a, str> {
        self.peek();
        let name = self.text();
        self.eat(b':');
        name
    }

    /// The text that begins here.
    fn text(&mut self) -> Cow<'a, str> {
        let inner = self.0.strip_prefix('"').unwrap_or(self.0);
        let mut end = 0;
        while let Some(found) = inner[end..].find(['"', '\\']) {
            end += found;
            if inner.as_bytes()[end] == b'"' {
                break;
            }
            end = (end + 2).min(inner.len());
        }
        self.0 = inner.get(end + 1..).unwrap_or_default();
        unescaped(&inner[..end])
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> &'a str {
        let end = self.0.find([',', ']', '}', ' ', '\n', '\r', '\t']).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        word
    }
}

fn unescaped(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find('\\') else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    let mut rest = &text[first..];
    while let Some(escape) = rest.strip_prefix('\\') {
        let (letter, mut used) = match escape.bytes().next() {
            Some(b'u') => match (unit(rest.as_bytes(), 0), unit(rest.as_bytes(), 6)) {
                (Some(high), Some(low)) if is_high(high) && is_low(low) => {
                    let pair = 0x1_0000 + ((u32::from(high) & 0x3ff) << 10 | (u32::from(low) & 0x3ff));
                    (char::from_u32(pair), 12)
                }
                (unit, _) => (unit.and_then(|unit| char::from_u32(unit.into())), 6),
            },
            Some(b'n') => (Some('\n'), 2),
            Some(b'r') => (Some('\r'), 2),
            Some(b't') => (Some('\t'), 2),
            Some(b'b') => (Some('\u{8}'), 2),
            Some(b'f') => (Some('\u{c}'), 2),
            Some(other) => (Some(char::from(other)), 2),
            None => (None, 1),
        };
        out.push(letter.unwrap_or(char::REPLACEMENT_CHARACTER));
        used = used.min(rest.len());
        rest = &rest[used..];
        let plain = rest.find('\\').unwrap_or(rest.len());
        out.push_str(&rest[..plain]);
        rest = &rest[plain..];
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests;
