//! Values of parameters beside their types. The engine takes `2026-13-99` for a date, 1970-01-01, and numbers beyond their type for
//! others: what is no value of the type is refused before.

use std::net::{Ipv4Addr, Ipv6Addr};

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime};
use uuid::Uuid;

/// What the engine reads as true or false.
const BOOLEANS: &[&str] = &[
    "true", "false", "1", "0", "t", "f", "y", "n", "yes", "no", "on", "off", "enable", "disable", "enabled", "disabled",
];

const GREATEST_UINT256: &str = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
const GREATEST_INT256: &str = "57896044618658097711785492504343953926634992332820282019728792003956564819967";
/// Without its sign.
const LEAST_INT256: &str = "57896044618658097711785492504343953926634992332820282019728792003956564819968";

/// Whether a text is a value of a type, both as parameters have them.
pub(crate) fn fits(kind: &str, text: &str) -> bool {
    match applied(kind) {
        ("Nullable", Some(inner)) => text == "\\N" || fits(inner, text),
        ("LowCardinality", Some(inner)) => fits(inner, text),
        ("Array", Some(inner)) => {
            parts(text, '[', ']').is_some_and(|values| values.iter().all(|value| fits_quoted(inner, value)))
        }
        ("Tuple", Some(inner)) => parts(text, '(', ')').is_some_and(|values| {
            let kinds = split(inner, ',');
            kinds.len() == values.len()
                && kinds.iter().zip(&values).all(|(kind, value)| fits_quoted(kind.trim(), value))
        }),
        ("Map", Some(inner)) => parts(text, '{', '}').is_some_and(|pairs| {
            let kinds = split(inner, ',');
            pairs.iter().all(|pair| {
                let pair = split(pair, ':');
                pair.len() == kinds.len()
                    && kinds.iter().zip(&pair).all(|(kind, value)| fits_quoted(kind.trim(), value))
            })
        }),
        ("FixedString", Some(most)) => {
            most.trim().parse().is_ok_and(|most: usize| unescaped(text).is_some_and(|bytes| bytes <= most))
        }
        ("String", _) => unescaped(text).is_some(),
        (name, digits) if name.starts_with("Decimal") => {
            decimal_digits(name, digits).is_none_or(|digits| is_decimal(text, digits))
        }
        (name, _) => is_one(name, text),
    }
}

/// The same of a value within others, where times may, and texts have to stand in quotes.
fn fits_quoted(kind: &str, text: &str) -> bool {
    let text = text.trim();
    match (applied(kind), text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''))) {
        (("Nullable", Some(_)), None) if text.eq_ignore_ascii_case("NULL") => true,
        (("Nullable" | "LowCardinality", Some(inner)), _) => fits_quoted(inner, text),
        (("String" | "FixedString", _), None) => false,
        (_, quoted) => fits(kind, quoted.unwrap_or(text)),
    }
}

/// How many bytes a text has without its escapes; none where one doesn't end.
fn unescaped(text: &str) -> Option<usize> {
    let (mut bytes, mut rest) = (0, text.bytes());
    while let Some(byte) = rest.next() {
        if byte == b'\\' && rest.next()? == b'x' {
            rest.next()?;
            rest.next()?;
        }
        bytes += 1;
    }
    Some(bytes)
}

/// How many digits a decimal may have before its point and after it.
fn decimal_digits(name: &str, arguments: Option<&str>) -> Option<(i64, i64)> {
    let numbers: Option<Vec<i64>> = arguments
        .unwrap_or_default()
        .split(',')
        .filter(|text| !text.is_empty())
        .map(|text| text.trim().parse().ok())
        .collect();
    let (all, after) = match (name, numbers?.as_slice()) {
        ("Decimal", []) => (10, 0),
        ("Decimal", [all]) => (*all, 0),
        ("Decimal", [all, after]) => (*all, *after),
        ("Decimal32", [after]) => (9, *after),
        ("Decimal64", [after]) => (18, *after),
        ("Decimal128", [after]) => (38, *after),
        ("Decimal256", [after]) => (76, *after),
        _ => return None,
    };
    Some((all.saturating_sub(after), after))
}

fn is_decimal(text: &str, (before, after): (i64, i64)) -> bool {
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let unsigned = number.strip_prefix(['+', '-']).unwrap_or(number);
    let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let Ok(exponent) = exponent.parse::<i16>().map(i64::from) else { return false };
    if !plain(whole) || !plain(part) || whole.is_empty() && part.is_empty() {
        return false;
    }
    let length = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
    // What is before the point, and after it, once the exponent has moved that.
    let (leading, trailing) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
    let (before_it, after_it) = (length(leading) + exponent, length(trailing) - exponent);
    before_it <= before && after_it <= after
}

/// A type's name, and what is in its brackets.
fn applied(kind: &str) -> (&str, Option<&str>) {
    match kind.split_once('(') {
        Some((name, rest)) => (name, rest.strip_suffix(')')),
        None => (kind, None),
    }
}

fn is_one(name: &str, text: &str) -> bool {
    if let Some(bits) = name.strip_prefix("UInt").and_then(|bits| bits.parse::<u32>().ok()) {
        return digits(text)
            && match bits {
                256 => is_at_most(text, GREATEST_UINT256),
                bits => text.parse::<u128>().is_ok_and(|number| bits == 128 || number >> bits == 0),
            };
    }
    if let Some(bits) = name.strip_prefix("Int").and_then(|bits| bits.parse::<u32>().ok()) {
        let (unsigned, greatest) = match text.strip_prefix('-') {
            Some(unsigned) => (unsigned, LEAST_INT256),
            None => (text, GREATEST_INT256),
        };
        let within = |number: i128| bits == 128 || (-(1 << (bits - 1))..1 << (bits - 1)).contains(&number);
        let fits = if bits == 256 { is_at_most(unsigned, greatest) } else { text.parse().is_ok_and(within) };
        return digits(unsigned) && fits;
    }
    match name {
        "Float32" | "Float64" => text.parse::<f64>().is_ok(),
        "Date" => date(text).is_some_and(|date| date <= day(2149, 6, 6) && date.year() >= 1970),
        "Date32" => date(text).is_some_and(|date| (1900..2300).contains(&date.year())),
        "DateTime" => match text.parse::<u32>() {
            Ok(_) => digits(text),
            Err(_) => time(text).is_some_and(|time| u32::try_from(time.and_utc().timestamp()).is_ok()),
        },
        "DateTime64" => is_timestamp(text) || time(text).is_some_and(|time| (1900..2300).contains(&time.year())),
        "Time" => is_clock(text),
        "IPv4" => text.parse::<Ipv4Addr>().is_ok(),
        "IPv6" => text.parse::<Ipv6Addr>().is_ok() || text.parse::<Ipv4Addr>().is_ok(),
        "UUID" => Uuid::try_parse(text).is_ok(),
        "Bool" => BOOLEANS.iter().any(|known| known.eq_ignore_ascii_case(text)),
        // Nothing is a value of `Nothing`, and no parameter has any other type.
        _ => false,
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether digits are those of a number that is no greater.
fn is_at_most(digits: &str, greatest: &str) -> bool {
    let digits = digits.trim_start_matches('0');
    (digits.len(), digits) <= (greatest.len(), greatest)
}

/// Hours, up to 999 of them, minutes and seconds.
fn is_clock(text: &str) -> bool {
    let parts: Vec<&str> = text.strip_prefix('-').unwrap_or(text).split(':').collect();
    let sixty = |part: &str| part.len() == 2 && digits(part) && part < "60";
    matches!(parts.as_slice(), [hours, minutes, seconds] if digits(hours) && hours.len() <= 3 && sixty(minutes) && sixty(seconds))
}

/// Seconds since 1970, and a part of one.
fn is_timestamp(text: &str) -> bool {
    let (seconds, part) = text.split_once('.').unwrap_or((text, "0"));
    let known = |seconds: i64| DateTime::from_timestamp(seconds, 0).is_some_and(|at| (1900..2300).contains(&at.year()));
    digits(seconds.strip_prefix('-').unwrap_or(seconds)) && digits(part) && seconds.parse().is_ok_and(known)
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

/// `2026-03-02` or `20260302`.
fn date(text: &str) -> Option<NaiveDate> {
    let form = if digits(text) && text.len() == 8 { "%Y%m%d" } else { "%Y-%m-%d" };
    let plain = text.len() <= 10 && text.starts_with(|first: char| first.is_ascii_digit());
    NaiveDate::parse_from_str(text, form).ok().filter(|_| plain)
}

/// A date with a time of the day, or without: its midnight.
fn time(text: &str) -> Option<NaiveDateTime> {
    let Some((before, after)) = text.split_once([' ', 'T']) else { return date(text)?.and_hms_opt(0, 0, 0) };
    let (clock, part) = after.split_once('.').unwrap_or((after, "0"));
    let [hour, minute, second] = clock.split(':').collect::<Vec<_>>().try_into().ok()?;
    let number = |text: &str| text.parse().ok().filter(|_| digits(text) && text.len() <= 2);
    date(before)?.and_hms_opt(number(hour)?, number(minute)?, number(second)?).filter(|_| digits(part))
}

/// The values between two brackets.
fn parts(text: &str, open: char, close: char) -> Option<Vec<&str>> {
    let inner = text.trim().strip_prefix(open)?.strip_suffix(close)?;
    Some(if inner.trim().is_empty() { Vec::new() } else { split(inner, ',') })
}

/// Splits outside of quotes and brackets.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut begin, mut depth, mut quoted, mut escaped) = (Vec::new(), 0, 0_u32, false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\'' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ if letter == separator && depth == 0 => {
                parts.push(&text[begin..at]);
                begin = at + letter.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_of_their_types() {
        for (kind, good, bad) in [
            ("UInt8", &["0", "255"][..], &["", "+7", "256", "-1", "1.5", "abc", "1 ", "0x1"][..]),
            ("Int8", &["-128", "127"], &["128", "-129", "--1", "-", "+5"]),
            ("UInt64", &["18446744073709551615"], &["18446744073709551616"]),
            (
                "UInt256",
                &["340282366920938463463374607431768211456", GREATEST_UINT256, "000"],
                &["-1", "", "115792089237316195423570985008687907853269984665640564039457584007913129639936"],
            ),
            (
                "Int256",
                &[GREATEST_INT256, "-57896044618658097711785492504343953926634992332820282019728792003956564819968"],
                &[
                    LEAST_INT256,
                    "-57896044618658097711785492504343953926634992332820282019728792003956564819969",
                    "-",
                    "+1",
                ],
            ),
            ("Time", &["08:15:30", "-100:00:00", "999:59:59"], &["", "8", "08:15", "08:61:00", "1000:00:00", "8:1:3x"]),
            ("Nothing", &[], &["", "x"]),
            ("Nullable(Nothing)", &["\\N"], &["", "NULL"]),
            ("Int128", &["-170141183460469231731687303715884105728"], &["170141183460469231731687303715884105728"]),
            ("Float64", &["1.5", "-1e3", "inf"], &["", "1,5", "x"]),
            ("Decimal(9, 2)", &["1.25", "-1.250", "1e3", "12.5e-1"], &["", "x", ".", "-", "1.234", "1e8", "1.25e-1"]),
            ("Decimal(5,2)", &["123.45", "+0123.4"], &["12345.6", "1e400", "1 "]),
            ("Decimal64(3)", &["0.125"], &["0.1255", "1234567890123456"]),
            ("Bool", &["true", "FALSE", "1", "0"], &["2", "", "maybe"]),
            ("Array(Bool)", &["[true, 0]"], &["[2]"]),
            ("FixedString(3)", &["abc", "", "a\\\\c"], &["abcd", "ab\\"]),
            ("String", &["a\\\\", "\\n", "plain"], &["\\", "a\\\\\\"]),
            ("Nullable(UInt8)", &["\\N", "1"], &["NULL", "256"]),
            ("Date", &["2026-03-02", "20260302"], &["2026-13-99", "2026-02-30", "1960-01-01", "2026-03", "never", ""]),
            ("Date32", &["1960-01-01"], &["2026-02-30", "1899-12-31", "2300-01-01"]),
            (
                "DateTime",
                &["2026-03-02 08:15:30", "2026-03-02", "1772439330"],
                &["2026-03-02 24:00:00", "2026-13-02 00:00:00", "2150-01-01 00:00:00"],
            ),
            (
                "DateTime64(3, 'Europe/Prague')",
                &["2026-03-02 08:15:30.125", "2026-03-02T08:15:30", "1772439330.5", "-5"],
                &[
                    "2026-03-02 08:61:00",
                    "2026-03-02T08:15:30Z",
                    "2026-03-02 08:15",
                    "99999999999999999",
                    "2026-03-02 08:15:30.",
                ],
            ),
            ("Nullable(Date)", &["\\N", "2026-03-02"], &["2026-13-99"]),
            (
                "Array(Date)",
                &["[]", "['2026-03-02', '2026-03-03']"],
                &["['2026-03-02','2026-13-99']", "['2026-03-02'", "2026-03-02"],
            ),
            ("Array(Nullable(UInt8))", &["[1, NULL]"], &["[1, 256]", "[1,,2]"]),
            ("Array(Array(Int8))", &["[[1], [], [2, 3]]"], &["[[1], [200]]"]),
            ("Array(String)", &["['a,b', 'it\\'s']"], &["a", "[a]"]),
            ("Array(Nullable(String))", &["[NULL, 'a']"], &["[a]"]),
            ("Map(String, UInt8)", &["{'a': 1, 'b:c': 2}"], &["{'a': 256}", "{'a'}"]),
            ("Tuple(UInt8, Date)", &["(1, '2026-03-02')"], &["(1, '2026-13-99')", "(1)"]),
            ("LowCardinality(Nullable(String))", &["", "x"], &[]),
            ("IPv6", &["::1", "192.0.2.1"], &["x"]),
            ("UUID", &["00000000-0000-0000-0000-000000000000"], &["0"]),
        ] {
            for (values, wanted) in [(good, true), (bad, false)] {
                for value in values {
                    assert_eq!(fits(kind, value), wanted, "{kind} {value:?}");
                }
            }
        }
    }
}
