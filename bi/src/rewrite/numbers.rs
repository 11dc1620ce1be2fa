//! Numbers as ClickHouse reads them. The parser reads others, and takes what it doesn't know for an alias: `0b101` would be
//! `0 AS b101`. So they are read here, of the text itself, and what is not a number from end to end is refused.

/// Most digits of a number that is written by its value.
const MAX_BITS: u32 = 64;

/// The number that begins a text, as it is written to the engine, and how many letters it has. `None` for what is none, or
/// is none from end to end.
pub(super) fn read(text: &[char]) -> Option<(String, usize)> {
    let mut rest = Rest { text, at: 0 };
    let written = match (text.first()?, text.get(1)) {
        ('0', Some('x' | 'X')) => rest.hexadecimal()?,
        ('0', Some('b' | 'B')) => rest.integer(2)?.to_string(),
        _ => rest.decimal()?,
    };
    let ends = rest.peek().is_none_or(|next| !(next.is_alphanumeric() || next == '_' || next == '.'));
    ends.then_some((written, rest.at))
}

/// `.1` after a value: a part of a tuple. How many letters it has, with its number.
pub(super) fn part(text: &[char]) -> Option<(u32, usize)> {
    let mut rest = Rest { text, at: 0 };
    rest.take(|letter| letter == '.')?;
    let digits = rest.digits(10, true)?;
    let ends = rest.peek().is_none_or(|next| !(next.is_alphanumeric() || next == '_'));
    digits.parse().ok().filter(|_| ends).map(|number| (number, rest.at))
}

struct Rest<'a> {
    text: &'a [char],
    at: usize,
}

impl Rest<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, is: impl Fn(char) -> bool) -> Option<char> {
        let found = self.peek().filter(|letter| is(*letter))?;
        self.at += 1;
        Some(found)
    }

    /// Digits with single underscores between them, which are left out.
    fn digits(&mut self, radix: u32, needed: bool) -> Option<String> {
        let mut digits = String::new();
        loop {
            while let Some(digit) = self.take(|letter| letter.is_digit(radix)) {
                digits.push(digit);
            }
            let next = self.text.get(self.at + 1).is_some_and(|letter| letter.is_digit(radix));
            if digits.is_empty() || self.peek() != Some('_') || !next {
                break;
            }
            self.at += 1;
        }
        (!needed || !digits.is_empty()).then_some(digits)
    }

    /// After the two letters of its prefix.
    fn integer(&mut self, radix: u32) -> Option<u64> {
        self.at = 2;
        let digits = self.digits(radix, true)?;
        (digits.len() <= MAX_BITS as usize).then(|| u64::from_str_radix(&digits, radix).ok())?
    }

    fn hexadecimal(&mut self) -> Option<String> {
        let whole = self.integer(16)?;
        let point = self.take(|letter| letter == '.').is_some();
        let fraction = if point { self.digits(16, false)? } else { String::new() };
        let power = match self.take(|letter| matches!(letter, 'p' | 'P')) {
            None => None,
            Some(_) => Some(self.signed()?),
        };
        match (point, power) {
            (false, None) => Some(whole.to_string()),
            (_, power) => {
                let power = power.unwrap_or_else(|| "0".to_owned());
                let fraction = fraction.to_ascii_lowercase();
                let point = if fraction.is_empty() { "" } else { "." };
                (fraction.len() <= 16).then(|| format!("0x{whole:x}{point}{fraction}p{power}"))
            }
        }
    }

    fn decimal(&mut self) -> Option<String> {
        let mut written = self.digits(10, false)?;
        if self.take(|letter| letter == '.').is_some() {
            let fraction = self.digits(10, written.is_empty())?;
            written = format!("{written}.{fraction}");
        }
        if written.is_empty() || written.len() > 100 {
            return None;
        }
        if self.take(|letter| matches!(letter, 'e' | 'E')).is_some() {
            written = format!("{written}e{}", self.signed()?);
        }
        Some(written)
    }

    /// An exponent.
    fn signed(&mut self) -> Option<String> {
        let minus = self.take(|letter| matches!(letter, '+' | '-')) == Some('-');
        let digits = self.digits(10, true).filter(|digits| digits.len() <= 6)?;
        Some(format!("{}{digits}", if minus { "-" } else { "" }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<String> {
        read(&text.chars().collect::<Vec<_>>()).map(|(written, _)| written)
    }

    #[test]
    fn numbers_are_read_as_clickhouse_reads_them() {
        for (text, written) in [
            ("0", "0"),
            ("10 ", "10"),
            ("1_000_000", "1000000"),
            ("1.5", "1.5"),
            ("1.", "1."),
            (".5)", ".5"),
            ("1e3", "1e3"),
            ("1_0.2_5E-0_3", "10.25e-03"),
            ("0b101", "5"),
            ("0B1_1", "3"),
            ("0xFF", "255"),
            ("0XfF", "255"),
            ("0xffffffffffffffff", "18446744073709551615"),
            ("0x1.8p3", "0x1.8p3"),
            ("0x1p-2", "0x1p-2"),
            ("0xA.", "0xap0"),
        ] {
            assert_eq!(number(text).as_deref(), Some(written), "{text}");
        }
        for bad in [
            "0b",
            "0b2",
            "0b12",
            "0b1z",
            "0x",
            "0xg",
            "0x1g",
            "0x1ffffffffffffffff",
            "0x1p",
            "1_",
            "1__0",
            "_1",
            ".",
            "1L",
            "1e",
            "1e+",
            "1abc",
            "1.5.2",
            "1..2",
            "1e5e5",
            "12三",
            "0o17",
            "1'",
        ] {
            let read = number(bad);
            assert!(read.is_none() || bad == "1'", "{bad}: {read:?}");
        }
        assert_eq!(number(&"9".repeat(101)), None);
    }

    #[test]
    fn parts_of_tuples_are_plain_numbers() {
        let part = |text: &str| part(&text.chars().collect::<Vec<_>>());
        assert_eq!((part(".1"), part(".12.3"), part(".2 ")), (Some((1, 2)), Some((12, 3)), Some((2, 2))));
        assert_eq!((part(".1e5"), part("."), part(".1a")), (None, None, None));
    }
}
