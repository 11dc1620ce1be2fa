//! Literals and names, as ClickHouse reads them and as they are written for it.

use crate::refusal::Refusal;

/// Longest name, bytes.
const MAX_NAME: usize = 256;

/// A name that may stand in a statement.
pub(crate) fn name(text: &str) -> Result<&str, Refusal> {
    let odd = |letter: char| letter.is_control() || "`\"\\".contains(letter);
    if text.is_empty() || text.len() > MAX_NAME || text.contains(odd) {
        return Err(Refusal::syntax(format!(
            "Names have 1 to {MAX_NAME} bytes, without quotes, backslashes and control characters"
        )));
    }
    Ok(text)
}

/// The value of a literal, of what is between its quotes, as ClickHouse reads it.
pub(crate) fn unescaped(raw: &str) -> Vec<u8> {
    let mut bytes = raw.bytes().peekable();
    let mut value = Vec::with_capacity(raw.len());
    while let Some(byte) = bytes.next() {
        if byte == b'\'' {
            // The tokenizer leaves both quotes of a doubled one.
            let _ = bytes.next_if_eq(&b'\'');
            value.push(byte);
            continue;
        }
        if byte != b'\\' {
            value.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'x') => {
                let mut digit = || bytes.next_if(u8::is_ascii_hexdigit).and_then(|digit| (digit as char).to_digit(16));
                let number = digit().unwrap_or(0);
                let number = digit().map_or(number, |low| number * 16 + low);
                value.push(u8::try_from(number).unwrap_or(0));
            }
            Some(b'N') => {}
            Some(b'a') => value.push(7),
            Some(b'b') => value.push(8),
            Some(b'e') => value.push(27),
            Some(b'f') => value.push(12),
            Some(b'n') => value.push(b'\n'),
            Some(b'r') => value.push(b'\r'),
            Some(b't') => value.push(b'\t'),
            Some(b'v') => value.push(11),
            Some(b'0') => value.push(0),
            Some(other @ (b'\\' | b'\'' | b'"' | b'`' | b'/')) => value.push(other),
            // What is no escape keeps its backslash: `LIKE '100\%'` needs it.
            Some(other) => value.extend([b'\\', other]),
            None => value.push(b'\\'),
        }
    }
    value
}

/// A literal of exactly this value.
pub(crate) fn quoted(value: &[u8]) -> String {
    let plain = std::str::from_utf8(value).is_ok();
    let mut text = String::with_capacity(value.len() + 2);
    text.push('\'');
    let mut written = Vec::with_capacity(value.len());
    for byte in value {
        match byte {
            b'\'' | b'\\' => written.extend([b'\\', *byte]),
            0x20..=0x7e => written.push(*byte),
            0x80.. if plain => written.push(*byte),
            _ => written.extend(format!("\\x{byte:02X}").into_bytes()),
        }
    }
    text.push_str(&String::from_utf8_lossy(&written));
    text.push('\'');
    text
}

/// A quoted name; [`name`] has refused what could end it.
pub(crate) fn identifier(text: &str) -> Result<String, Refusal> {
    Ok(format!("`{}`", name(text)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_keep_their_value() {
        let cases: [(&str, &[u8], &str); 8] = [
            ("a''b", b"a'b", r"'a\'b'"),
            (r"a\'b", b"a'b", r"'a\'b'"),
            (r"a\\", br"a\", r"'a\\'"),
            (r"\x41\n", b"A\n", r"'A\x0A'"),
            (r"100\%", br"100\%", r"'100\\%'"),
            ("Žižka", "Žižka".as_bytes(), "'Žižka'"),
            (r"\xff", b"\xff", r"'\xFF'"),
            (r"a\", br"a\", r"'a\\'"),
        ];
        for (raw, value, written) in cases {
            assert_eq!(unescaped(raw), value, "{raw}");
            assert_eq!(quoted(value), written, "{raw}");
        }
    }
}
