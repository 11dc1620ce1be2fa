//! Tokens: bounds before anything is parsed, and literals as ClickHouse reads and we write them.

use sqlparser::dialect::ClickHouseDialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use super::{numbers, rewriting};
use crate::literals::{name, quoted, unescaped};
use crate::refusal::Refusal;
use crate::types;

/// Longest statement, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// Most tokens of a statement. The parser needs stack and time for each.
const MAX_TOKENS: usize = 30_000;
/// Deepest nesting of brackets: the parser tries some readings twice at each level.
const MAX_BRACKETS: usize = 40;
/// Most parameters of a statement.
const MAX_PARAMETERS: usize = 1000;
/// Most pairs of a map.
const MAX_PAIRS: usize = 100;

/// A parameter `{name:Type}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, letters, digits and `_`.
    pub name: String,
    /// Its type, written by us.
    pub kind: String,
}

/// What the tokenizer makes of `?`, without the digits that may follow.
pub(super) const QUESTION: &str = "?";
/// Before the number of a part of a tuple, in the place of an index. No caller can write it.
pub(super) const PART: &str = "$.";
/// Before the number of a map. No caller can write it.
pub(super) const MAP: &str = "$m";

/// Texts by texts: `{'a': 'b'}`.
pub(super) type Map = Vec<(String, String)>;

/// A statement's tokens, without blanks and comments. Parameters are placeholders `$0`, `$1` … in their place, maps `$m0` ….
#[derive(Debug, Default)]
pub(super) struct Lexed {
    pub(super) tokens: Vec<Token>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) maps: Vec<Map>,
}

pub(super) fn lex(text: &str) -> Result<Lexed, Refusal> {
    if text.len() > MAX_BYTES {
        return Err(Refusal::too_large(format!("The statement is longer than {MAX_BYTES} bytes")));
    }
    let dialect = ClickHouseDialect {};
    let tokens = Tokenizer::new(&dialect, text).with_unescape(false).tokenize_with_location();
    let tokens = tokens.map_err(|error| Refusal::syntax(format!("Syntax error: {error}")))?;
    let mut reader = Reader { source: Source::of(text), lexed: Lexed::default(), depth: 0, end: 0, until: 0 };
    let blank = |token: &TokenWithSpan| matches!(token.token, Token::Whitespace(_));
    let mut tokens = tokens.into_iter().filter(|token| !blank(token)).peekable();
    while let Some(token) = tokens.next() {
        reader.token(token, &mut tokens)?;
        if reader.lexed.tokens.len() > MAX_TOKENS {
            return Err(Refusal::too_big(format!("The statement has more than {MAX_TOKENS} parts")));
        }
    }
    let Lexed { tokens, parameters, maps } = reader.lexed;
    let tokens = rewriting::rewritten(tokens)?;
    let mut depth = 0;
    tokens.iter().try_for_each(|token| nested(&mut depth, token))?;
    Ok(Lexed { tokens, parameters, maps })
}

fn nested(depth: &mut usize, token: &Token) -> Result<(), Refusal> {
    match token {
        Token::LParen | Token::LBracket => *depth += 1,
        Token::RParen | Token::RBracket => *depth = depth.saturating_sub(1),
        _ => {}
    }
    if *depth > MAX_BRACKETS {
        return Err(Refusal::too_deep(format!("Brackets are nested deeper than {MAX_BRACKETS}")));
    }
    Ok(())
}

/// The text, by the places that tokens have.
struct Source {
    letters: Vec<char>,
    lines: Vec<usize>,
}

impl Source {
    fn of(text: &str) -> Self {
        let letters: Vec<char> = text.chars().collect();
        let ends = letters.iter().enumerate().filter(|(_, letter)| **letter == '\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(ends).collect();
        Self { letters, lines }
    }

    fn at(&self, place: Location) -> usize {
        let index = |number: u64| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let line = self.lines.get(index(place.line)).copied().unwrap_or(usize::MAX);
        line.saturating_add(index(place.column)).min(self.letters.len())
    }
}

struct Reader {
    source: Source,
    lexed: Lexed,
    depth: usize,
    /// Where the last token ended.
    end: usize,
    /// What begins before is a part of a number that was read.
    until: usize,
}

impl Reader {
    fn token(&mut self, token: TokenWithSpan, rest: &mut impl Iterator<Item = TokenWithSpan>) -> Result<(), Refusal> {
        let (start, end) = (self.source.at(token.span.start), self.source.at(token.span.end));
        if start < self.until {
            return Ok(());
        }
        let adjacent = start == std::mem::replace(&mut self.end, end) && start > 0;
        nested(&mut self.depth, &token.token)?;
        let token = match token.token {
            Token::LBrace => return self.braces(&mut rest.map(|token| token.token)),
            Token::Placeholder(text) if text.starts_with(QUESTION) => {
                self.lexed.tokens.push(Token::Placeholder(QUESTION.to_owned()));
                return if text == QUESTION { Ok(()) } else { self.number(start + 1) };
            }
            token @ (Token::Placeholder(_) | Token::RBrace | Token::DollarQuotedString(_)) => {
                return Err(Refusal::syntax(format!(
                    "`{token}` is not understood here: write strings in single quotes and parameters as {{name:Type}}"
                )));
            }
            Token::Number(..) if adjacent && self.source.letters.get(start) == Some(&'.') && self.is_after_value() => {
                return self.part(start);
            }
            Token::Number(..) => return self.number(start),
            Token::HexStringLiteral(digits) => {
                if self.source.letters.get(start).is_some_and(char::is_ascii_digit) {
                    return self.number(start);
                }
                Token::SingleQuotedString(of_hexadecimal(&digits)?)
            }
            // `b'101'` is a literal to ClickHouse, a name with an alias to the parser.
            token @ Token::SingleQuotedString(_) if adjacent && self.is_after_prefix() => {
                return Err(Refusal::not_implemented(format!("This kind of literal can't be used here: {token}")));
            }
            Token::Word(word) => {
                name(&word.value)?;
                Token::Word(word)
            }
            token => token,
        };
        self.lexed.tokens.push(token);
        Ok(())
    }

    fn number(&mut self, start: usize) -> Result<(), Refusal> {
        let text = self.source.letters.get(start..).unwrap_or_default();
        let Some((written, letters)) = numbers::read(text) else {
            let shown: String = text.iter().take(30).take_while(|letter| !letter.is_whitespace()).collect();
            return Err(Refusal::syntax(format!("Syntax error: `{shown}` is not a number")));
        };
        self.end = start + letters;
        self.until = self.end;
        self.lexed.tokens.push(Token::Number(written, false));
        Ok(())
    }

    /// `t.1`, which the parser would read as `t` and a number. An index of our own stands for it.
    fn part(&mut self, start: usize) -> Result<(), Refusal> {
        let text = self.source.letters.get(start..).unwrap_or_default();
        let malformed = || Refusal::syntax("Syntax error: a part of a tuple is written t.1");
        let (number, letters) = numbers::part(text).ok_or_else(malformed)?;
        self.end = start + letters;
        self.until = self.end;
        let index = Token::Placeholder(format!("{PART}{number}"));
        self.lexed.tokens.extend([Token::LBracket, index, Token::RBracket]);
        Ok(())
    }

    fn is_after_value(&self) -> bool {
        matches!(self.lexed.tokens.last(), Some(Token::Word(_) | Token::RParen | Token::RBracket))
    }

    fn is_after_prefix(&self) -> bool {
        matches!(self.lexed.tokens.last(), Some(Token::Word(word))
            if word.quote_style.is_none() && word.value.len() <= 2 && word.keyword == Keyword::NoKeyword)
    }

    /// A parameter or a map.
    fn braces(&mut self, rest: &mut impl Iterator<Item = Token>) -> Result<(), Refusal> {
        let first = rest.next().ok_or_else(malformed_parameter)?;
        if matches!(first, Token::SingleQuotedString(_) | Token::RBrace) {
            let place = Token::Placeholder(format!("{MAP}{}", self.lexed.maps.len()));
            self.lexed.maps.push(map(first, rest)?);
            self.lexed.tokens.push(place);
            return Ok(());
        }
        let at = self.lexed.parameters.len();
        self.lexed.parameters.push(parameter(first, rest)?);
        let place = Token::Placeholder(format!("${at}"));
        // In brackets, for the parser takes all that follows an unbracketed right side of IN for a part of it.
        match self.lexed.tokens.last() {
            Some(Token::Word(word)) if word.keyword == Keyword::IN => {
                self.lexed.tokens.extend([Token::LParen, place, Token::RParen]);
            }
            _ => self.lexed.tokens.push(place),
        }
        if at >= MAX_PARAMETERS {
            return Err(Refusal::too_big("Too many parameters"));
        }
        Ok(())
    }
}

fn malformed_parameter() -> Refusal {
    Refusal::syntax("A parameter is written {name:Type}")
}

/// What `x'41'` says, as the tokenizer leaves what is between quotes.
fn of_hexadecimal(digits: &str) -> Result<String, Refusal> {
    let plain = digits.len().is_multiple_of(2) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !plain {
        return Err(Refusal::syntax("Syntax error: x'…' takes pairs of hexadecimal digits"));
    }
    let pairs = digits.as_bytes().chunks(2).map(|pair| format!("\\x{}", String::from_utf8_lossy(pair)));
    Ok(pairs.collect())
}

/// A map of texts, from its first token after the brace.
fn map(first: Token, rest: &mut impl Iterator<Item = Token>) -> Result<Map, Refusal> {
    let malformed = || Refusal::syntax("A map is written {'name': 'text'}");
    let mut pairs = Vec::new();
    let mut token = first;
    loop {
        let text = |token: Option<Token>| match token {
            Some(Token::SingleQuotedString(raw)) => Ok(String::from_utf8_lossy(&unescaped(&raw)).into_owned()),
            _ => Err(malformed()),
        };
        if token == Token::RBrace && pairs.is_empty() {
            return Ok(pairs);
        }
        let key = text(Some(token))?;
        if rest.next() != Some(Token::Colon) || pairs.len() >= MAX_PAIRS {
            return Err(malformed());
        }
        pairs.push((key, text(rest.next())?));
        match rest.next() {
            Some(Token::RBrace) => return Ok(pairs),
            Some(Token::Comma) => token = rest.next().ok_or_else(malformed)?,
            _ => return Err(malformed()),
        }
    }
}

/// What follows the brace of a parameter.
fn parameter(first: Token, tokens: &mut impl Iterator<Item = Token>) -> Result<Parameter, Refusal> {
    let malformed = malformed_parameter;
    let Token::Word(word) = first else { return Err(malformed()) };
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

#[cfg(test)]
mod tests {
    use super::*;

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
