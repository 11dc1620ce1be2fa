//! Numbers of JSON in one spelling, with all their digits.

use std::borrow::Cow;

/// Most zeros that a number is filled up with: beyond, it is written with an exponent.
const MAX_ZEROS: i64 = 30;
/// Digits that a whole number may have and surely be within the largest double.
pub(super) const SAFE_DIGITS: usize = 308;
/// Longest exponent that is reckoned with, in digits.
const MAX_EXPONENT_DIGITS: usize = 9;

/// Whether a number is a whole one in its one spelling: nearly every one.
pub(super) fn is_plain(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number).as_bytes();
    let zeros = digits.iter().rev().take_while(|digit| **digit == b'0').count();
    digits.iter().all(u8::is_ascii_digit)
        && digits.len() <= SAFE_DIGITS
        && i64::try_from(zeros).is_ok_and(|zeros| zeros <= MAX_ZEROS)
        && number != "-0"
}

/// Whether a number is one that readers of JSON can't hold: beyond the largest double, at which many of them refuse all that it is
/// part of.
pub(super) fn is_beyond(number: &str) -> bool {
    !is_plain(number) && number.parse::<f64>().is_ok_and(f64::is_infinite)
}

/// The one spelling of a number: `1.50` and `15e-1` are `1.5`, `1e400` stays what it is.
pub(super) fn canonical(number: &str) -> Cow<'_, str> {
    if is_plain(number) {
        return Cow::Borrowed(number);
    }
    match Decimal::read(number) {
        Some(decimal) => Cow::Owned(decimal.written()),
        // An exponent beyond all reckoning.
        None => Cow::Borrowed(number),
    }
}

/// `digits` times ten to the power of `exponent`, without zeros at either end.
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn read(number: &str) -> Option<Self> {
        let (negative, magnitude) = match number.strip_prefix('-') {
            Some(magnitude) => (true, magnitude),
            None => (false, number),
        };
        let (mantissa, exponent) = magnitude.split_once(['e', 'E']).unwrap_or((magnitude, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let significant = digits.trim_end_matches('0');
        if significant.is_empty() {
            return Some(Self { negative: false, digits: String::new(), exponent: 0 });
        }
        let power = exponent.trim_start_matches(['+', '-']).trim_start_matches('0');
        if power.len() > MAX_EXPONENT_DIGITS {
            return None;
        }
        let power: i64 = if power.is_empty() { 0 } else { power.parse().ok()? };
        let power = if exponent.starts_with('-') { -power } else { power };
        let exponent =
            power - i64::try_from(fraction.len()).ok()? + i64::try_from(digits.len() - significant.len()).ok()?;
        Some(Self { negative, digits: significant.trim_start_matches('0').to_owned(), exponent })
    }

    fn written(self) -> String {
        let Self { negative, digits, exponent } = self;
        if digits.is_empty() {
            return "0".to_owned();
        }
        let sign = if negative { "-" } else { "" };
        let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
        let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or_default());
        // Where the point is, counted from the first digit.
        let point = length + exponent;
        if (0..=MAX_ZEROS).contains(&exponent) {
            format!("{sign}{digits}{}", zeros(exponent))
        } else if exponent < 0 && point > 0 {
            let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or_default());
            format!("{sign}{whole}.{fraction}")
        } else if exponent < 0 && -point <= MAX_ZEROS {
            format!("{sign}0.{}{digits}", zeros(-point))
        } else {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            format!("{sign}{first}{dot}{rest}e{}", point - 1)
        }
    }
}
