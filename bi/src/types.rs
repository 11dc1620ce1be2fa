//! Types that may be cast to. States of aggregate functions are not among them: the engine would read them from bytes that
//! the caller made.

use sqlparser::ast::DataType;

use crate::literals::quoted;
use crate::refusal::Refusal;

/// Types without arguments.
pub(crate) const PLAIN: &[&str] = &[
    "Bool", "Date", "Date32", "DateTime", "Decimal", "Float32", "Float64", "IPv4", "IPv6", "Int128", "Int16", "Int256",
    "Int32", "Int64", "Int8", "Nothing", "String", "Time", "UInt128", "UInt16", "UInt256", "UInt32", "UInt64", "UInt8",
    "UUID",
];
/// Types of types.
pub(crate) const NESTED: &[&str] = &["Array", "LowCardinality", "Map", "Nullable", "Tuple"];
/// Types with numbers, and with the name of a time zone.
pub(crate) const NUMBERED: &[&str] =
    &["DateTime", "DateTime64", "Decimal", "Decimal128", "Decimal256", "Decimal32", "Decimal64", "FixedString"];
/// Other words for them.
pub(crate) const ALIASES: &[(&str, &str)] = &[
    ("bigint", "Int64"),
    ("boolean", "Bool"),
    ("char", "String"),
    ("datetime32", "DateTime"),
    ("dec", "Decimal"),
    ("double", "Float64"),
    ("float", "Float32"),
    ("int", "Int32"),
    ("integer", "Int32"),
    ("numeric", "Decimal"),
    ("nvarchar", "String"),
    ("real", "Float32"),
    ("smallint", "Int16"),
    ("text", "String"),
    ("timestamp", "DateTime"),
    ("tinyint", "Int8"),
    ("varchar", "String"),
];
/// Deepest nesting of types.
const MAX_DEPTH: usize = 8;

/// The type of a cast, written by us.
pub(crate) fn written(kind: &DataType) -> Result<String, Refusal> {
    named(&kind.to_string())
}

/// A type from its text, written by us.
pub(crate) fn named(text: &str) -> Result<String, Refusal> {
    let mut rest = text.trim();
    let kind = parse(&mut rest, 0)?;
    if rest.trim().is_empty() { Ok(kind) } else { Err(unknown(text)) }
}

/// Names with types, `a String, b UInt8`.
pub(crate) fn columns(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let mut rest = text.trim();
    let mut columns = Vec::new();
    loop {
        let name = word(&mut rest).to_owned();
        if name.is_empty() || columns.len() >= 100 {
            return Err(unknown(text));
        }
        columns.push((name, parse(&mut rest, 0)?));
        let Some(after) = rest.trim_start().strip_prefix(',') else { break };
        rest = after;
    }
    if rest.trim().is_empty() { Ok(columns) } else { Err(unknown(text)) }
}

fn unknown(text: &str) -> Refusal {
    Refusal::unknown_type(format!("The type {} can't be used here", &text[..text.floor_char_boundary(100)]))
}

fn parse(rest: &mut &str, depth: usize) -> Result<String, Refusal> {
    let word = word(rest);
    let alias = ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(word)).map(|(_, name)| *name);
    let known = |names: &[&'static str]| names.iter().copied().find(|name| name.eq_ignore_ascii_case(word));
    let open = rest.trim_start().strip_prefix('(');
    let Some(inner) = open else {
        return alias.or_else(|| known(PLAIN)).map(str::to_owned).ok_or_else(|| unknown(word));
    };
    *rest = inner;
    if let Some(name) = known(NESTED) {
        if depth >= MAX_DEPTH {
            return Err(unknown(word));
        }
        let inner = list(rest, |rest| parse(rest, depth + 1))?;
        return Ok(format!("{name}({})", inner.join(", ")));
    }
    let name = alias.or_else(|| known(NUMBERED)).ok_or_else(|| unknown(word))?;
    let arguments = list(rest, argument)?;
    // A text's length means nothing to ClickHouse.
    if name == "String" { Ok(name.to_owned()) } else { Ok(format!("{name}({})", arguments.join(", "))) }
}

fn word<'a>(rest: &mut &'a str) -> &'a str {
    let text = rest.trim_start();
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(text.len());
    *rest = &text[end..];
    &text[..end]
}

fn list(rest: &mut &str, mut item: impl FnMut(&mut &str) -> Result<String, Refusal>) -> Result<Vec<String>, Refusal> {
    let mut items = vec![item(rest)?];
    loop {
        let text = rest.trim_start();
        if let Some(after) = text.strip_prefix(')') {
            *rest = after;
            return Ok(items);
        }
        *rest = text.strip_prefix(',').filter(|_| items.len() < 100).ok_or_else(|| unknown(text))?;
        items.push(item(rest)?);
    }
}

/// A number, or the name of a time zone in quotes.
fn argument(rest: &mut &str) -> Result<String, Refusal> {
    let text = rest.trim_start();
    if let Some(after) = text.strip_prefix('\'') {
        let (zone, after) = after.split_once('\'').ok_or_else(|| unknown(text))?;
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "/_+-".contains(letter);
        if zone.len() > 64 || !zone.chars().all(plain) {
            return Err(unknown(text));
        }
        *rest = after;
        return Ok(quoted(zone.as_bytes()));
    }
    let digits = word(rest);
    let number = digits.len() <= 6 && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if number { Ok(digits.to_owned()) } else { Err(unknown(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_written_by_us() {
        for (text, written) in [
            ("string", "String"),
            ("Array( Nullable(uint8) )", "Array(Nullable(UInt8))"),
            ("DateTime64(3,'Europe/Prague')", "DateTime64(3, 'Europe/Prague')"),
            ("VARCHAR(10)", "String"),
            ("Map(String, Array(Int8))", "Map(String, Array(Int8))"),
        ] {
            assert_eq!(named(text).unwrap(), written);
        }
        for bad in [
            "Identifier",
            "AggregateFunction(sum, UInt8)",
            "String) FROM secret --",
            "DateTime('UTC'), (SELECT 1)",
            "Nested(a String)",
            "FixedString(99999999)",
            "Dynamic",
            "",
        ] {
            assert!(named(bad).is_err(), "{bad}");
        }
    }
}
