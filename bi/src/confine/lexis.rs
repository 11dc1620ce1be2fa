//! Tokens: bounds before anything is parsed, and literals as ClickHouse reads and we write them.

use sqlparser::dialect::ClickHouseDialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::types;
use crate::refusal::Refusal;

/// Longest statement, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// Most tokens of a statement. The parser needs stack and time for each.
const MAX_TOKENS: usize = 30_000;
/// Deepest nesting of brackets: the parser tries some readings twice at each level.
const MAX_BRACKETS: usize = 40;
/// Longest name.
const MAX_NAME: usize = 256;
/// Most parameters of a statement.
const MAX_PARAMETERS: usize = 1000;

/// A parameter `{name:Type}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, letters, digits and `_`.
    pub name: String,
    /// Its type, written by us.
    pub kind: String,
}

/// A statement's tokens, without blanks and comments. Parameters are placeholders `$0`, `$1` … in their place.
#[derive(Debug)]
pub(super) struct Lexed {
    pub(super) tokens: Vec<Token>,
    pub(super) parameters: Vec<Parameter>,
}

pub(super) fn lex(text: &str) -> Result<Lexed, Refusal> {
    if text.len() > MAX_BYTES {
        return Err(Refusal::too_large(format!("The statement is longer than {MAX_BYTES} bytes")));
    }
    let dialect = ClickHouseDialect {};
    let tokens = Tokenizer::new(&dialect, text).with_unescape(false).tokenize();
    let tokens = tokens.map_err(|error| Refusal::syntax(format!("Syntax error: {error}")))?;
    let mut tokens = tokens.into_iter().filter(|token| !matches!(token, Token::Whitespace(_)));
    let mut lexed = Lexed { tokens: Vec::new(), parameters: Vec::new() };
    let mut depth: usize = 0;
    while let Some(token) = tokens.next() {
        match &token {
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket => depth = depth.saturating_sub(1),
            Token::LBrace => {
                let at = lexed.parameters.len();
                lexed.parameters.push(parameter(&mut tokens)?);
                let place = Token::Placeholder(format!("${at}"));
                // In brackets, for the parser takes all that follows an unbracketed right side of IN for a part of it.
                match lexed.tokens.last() {
                    Some(Token::Word(word)) if word.keyword == Keyword::IN => {
                        lexed.tokens.extend([Token::LParen, place, Token::RParen]);
                    }
                    _ => lexed.tokens.push(place),
                }
                if at >= MAX_PARAMETERS {
                    return Err(Refusal::too_big("Too many parameters"));
                }
                continue;
            }
            Token::Placeholder(_) | Token::RBrace | Token::DollarQuotedString(_) => {
                return Err(Refusal::syntax(format!(
                    "`{token}` is not understood here: write strings in single quotes and parameters as {{name:Type}}"
                )));
            }
            Token::Word(word) => name(&word.value).map(drop)?,
            _ => {}
        }
        if depth > MAX_BRACKETS {
            return Err(Refusal::too_deep(format!("Brackets are nested deeper than {MAX_BRACKETS}")));
        }
        lexed.tokens.push(token);
        if lexed.tokens.len() > MAX_TOKENS {
            return Err(Refusal::too_big(format!("The statement has more than {MAX_TOKENS} parts")));
        }
    }
    Ok(lexed)
}

/// What follows the brace of a parameter.
fn parameter(tokens: &mut impl Iterator<Item = Token>) -> Result<Parameter, Refusal> {
    let malformed = || Refusal::syntax("A parameter is written {name:Type}");
    let Some(Token::Word(word)) = tokens.next() else { return Err(malformed()) };
    let plain = word.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if word.quote_style.is_some() || !plain || word.value.len() > 64 {
        return Err(malformed());
    }
    let Some(Token::Colon) = tokens.next() else { return Err(malformed()) };
    let mut text = String::new();
    loop {
        match tokens.next().ok_or_else(malformed)? {
            Token::RBrace => break,
            Token::SingleQuotedString(zone) => text += &quoted(&unescaped(&zone)),
            token => text += &token.to_string(),
        }
    }
    Ok(Parameter { name: word.value, kind: types::named(&text)? })
}

/// A name that may stand in a statement.
pub(super) fn name(text: &str) -> Result<&str, Refusal> {
    let odd = |letter: char| letter.is_control() || "`\"\\".contains(letter);
    if text.is_empty() || text.len() > MAX_NAME || text.contains(odd) {
        return Err(Refusal::syntax(format!(
            "Names have 1 to {MAX_NAME} bytes, without quotes, backslashes and control characters"
        )));
    }
    Ok(text)
}

/// The value of a literal, of what is between its quotes, as ClickHouse reads it.
pub(super) fn unescaped(raw: &str) -> Vec<u8> {
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

    #[test]
    fn parameters_become_placeholders() {
        let lexed = lex("SELECT {a:UInt8}, {b : Array(Nullable(String))} -- {c:String}").unwrap();
        let kinds: Vec<_> = lexed.parameters.iter().map(|known| (known.name.as_str(), known.kind.as_str())).collect();
        assert_eq!(kinds, [("a", "UInt8"), ("b", "Array(Nullable(String))")]);
        for bad in ["{t:Identifier}", "{`t`:String}", "{t}", "{t:}", "{t:String", "{t:AggregateFunction(sum, UInt8)}"] {
            assert!(lex(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn statements_are_bounded() {
        assert_eq!(lex(&"(".repeat(50)).unwrap_err().name, "TOO_DEEP_AST");
        assert_eq!(lex(&"1 ".repeat(40_000)).unwrap_err().name, "TOO_BIG_AST");
        assert_eq!(lex(&" ".repeat(300_000)).unwrap_err().name, "QUERY_IS_TOO_LARGE");
        assert_eq!(lex("SELECT `a\\`").unwrap_err().name, "SYNTAX_ERROR");
        assert_eq!(lex("SELECT $$a$$").unwrap_err().name, "SYNTAX_ERROR");
        assert_eq!(lex("SELECT $1").unwrap_err().name, "SYNTAX_ERROR");
    }
}
