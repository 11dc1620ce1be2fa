//! What ClickHouse's clients write and the parser doesn't know is written otherwise before it is parsed: `a ? b : c` as
//! `if(a, b, c)`, and `CAST(x, 'T')` as a call. Where this finds the wrong end of an expression, the parser finds a call that
//! isn't one: a statement may be refused for it, but never means something else.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, Word};

use super::lexis::QUESTION;
use crate::refusal::Refusal;

/// Most conditions `a ? b : c`: each is looked for from its place to both ends.
const MAX_CONDITIONS: usize = 200;

/// Words before which an expression ends.
const ENDS: &[&str] = &[
    "ARRAY",
    "AS",
    "ASC",
    "ASOF",
    "CROSS",
    "DESC",
    "ELSE",
    "END",
    "EXCEPT",
    "FORMAT",
    "FROM",
    "FULL",
    "GLOBAL",
    "GROUP",
    "HAVING",
    "INNER",
    "INTERSECT",
    "JOIN",
    "LEFT",
    "LIMIT",
    "NULLS",
    "OFFSET",
    "ON",
    "ORDER",
    "PREWHERE",
    "QUALIFY",
    "RIGHT",
    "SETTINGS",
    "STEP",
    "THEN",
    "TO",
    "UNION",
    "USING",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
];
/// Words after which an expression begins.
const BEGINNINGS: &[&str] = &[
    "BY", "CASE", "DISTINCT", "ELSE", "FROM", "HAVING", "LIMIT", "OFFSET", "ON", "PREWHERE", "QUALIFY", "SELECT",
    "STEP", "THEN", "TO", "WHEN", "WHERE",
];

pub(super) fn rewritten(mut tokens: Vec<Token>) -> Result<Vec<Token>, Refusal> {
    if tokens.iter().filter(|token| is_question(token)).count() > MAX_CONDITIONS {
        return Err(Refusal::too_big("Too many conditions of the kind a ? b : c"));
    }
    // The last one has no other after it, so its colon is the next.
    while let Some(at) = tokens.iter().rposition(is_question) {
        condition(&mut tokens, at)?;
    }
    casts(&mut tokens);
    Ok(tokens)
}

fn is_question(token: &Token) -> bool {
    matches!(token, Token::Placeholder(text) if text == QUESTION)
}

fn condition(tokens: &mut Vec<Token>, question: usize) -> Result<(), Refusal> {
    let malformed = || Refusal::syntax("Syntax error: a condition is written a ? b : c");
    let begin = beginning(&tokens[..question]);
    let colon = question + 1 + end(&tokens[question + 1..]);
    if begin == question || tokens.get(colon) != Some(&Token::Colon) {
        return Err(malformed());
    }
    let last = colon + 1 + end(&tokens[colon + 1..]);
    tokens.insert(last, Token::RParen);
    tokens[colon] = Token::Comma;
    tokens[question] = Token::Comma;
    tokens.splice(begin..begin, [Token::make_word("if", None), Token::LParen]);
    Ok(())
}

/// Where the expression begins that ends these tokens.
fn beginning(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    let mut cases = 0_usize;
    for (at, token) in tokens.iter().enumerate().rev() {
        match token {
            Token::RParen | Token::RBracket => depth += 1,
            Token::LParen | Token::LBracket if depth == 0 => return at + 1,
            Token::LParen | Token::LBracket => depth -= 1,
            _ if depth > 0 => {}
            token if is_word(token, &["END"]) => cases += 1,
            token if is_word(token, &["CASE"]) && cases > 0 => cases -= 1,
            _ if cases > 0 => {}
            Token::Comma | Token::Colon | Token::Arrow | Token::SemiColon => return at + 1,
            token if is_question(token) || is_word(token, BEGINNINGS) => return at + 1,
            _ => {}
        }
    }
    0
}

/// Where the expression ends that begins these tokens.
fn end(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    let mut cases = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        let called = tokens.get(at + 1) == Some(&Token::LParen);
        match token {
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket if depth == 0 => return at,
            Token::RParen | Token::RBracket => depth -= 1,
            _ if depth > 0 => {}
            Token::Comma | Token::Colon | Token::SemiColon => return at,
            token if is_word(token, &["CASE"]) => cases += 1,
            token if is_word(token, &["END"]) && cases > 0 => cases -= 1,
            _ if cases > 0 => {}
            // `left(a, 1)` is a call; `a LEFT JOIN` is not.
            token if is_word(token, &["LEFT", "RIGHT", "FORMAT", "ARRAY"]) && called => {}
            token if is_word(token, ENDS) => return at,
            _ => {}
        }
    }
    tokens.len()
}

fn is_word(token: &Token, words: &[&str]) -> bool {
    matches!(token, Token::Word(word)
        if word.quote_style.is_none() && words.iter().any(|known| word.value.eq_ignore_ascii_case(known)))
}

/// `CAST(x, 'T')` has a comma of its own where the other kind has an AS. A name in quotes is a call's to the parser.
fn casts(tokens: &mut [Token]) {
    for at in 0..tokens.len() {
        if !is_word(&tokens[at], &["CAST"]) || tokens.get(at + 1) != Some(&Token::LParen) {
            continue;
        }
        let inside = &tokens[at + 2..];
        let mut depth = 0_usize;
        let ends = inside.iter().find_map(|token| {
            match token {
                Token::LParen | Token::LBracket => depth += 1,
                Token::RParen | Token::RBracket if depth == 0 => return Some(false),
                Token::RParen | Token::RBracket => depth -= 1,
                Token::Comma if depth == 0 => return Some(true),
                token if depth == 0 && is_word(token, &["AS"]) => return Some(false),
                _ => {}
            }
            None
        });
        if ends == Some(true) {
            tokens[at] =
                Token::Word(Word { value: "CAST".to_owned(), quote_style: Some('`'), keyword: Keyword::NoKeyword });
        }
    }
}
