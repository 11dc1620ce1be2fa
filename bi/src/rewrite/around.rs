//! DESCRIBE and EXPLAIN of a query. The query within is confined as any other; the engine says what it would answer with.

use sqlparser::tokenizer::Token;

use super::shows::is;
use crate::refusal::Refusal;

/// What stands around a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Around {
    Nothing,
    Describe,
    Explain,
}

/// Takes what stands around a query. `DESCRIBE` of a name is left to [`super::shows`].
pub(super) fn take(tokens: &mut Vec<Token>) -> Result<Around, Refusal> {
    match tokens.first() {
        Some(word) if is(word, "DESCRIBE") || is(word, "DESC") => Ok(describe(tokens)),
        Some(word) if is(word, "EXPLAIN") => explain(tokens),
        _ => Ok(Around::Nothing),
    }
}

fn describe(tokens: &mut Vec<Token>) -> Around {
    let from = 1 + usize::from(tokens.get(1).is_some_and(|word| is(word, "TABLE")));
    if tokens.get(from) == Some(&Token::LParen) && tokens.last() == Some(&Token::RParen) {
        tokens.pop();
        tokens.drain(..=from);
        return Around::Describe;
    }
    if tokens.get(from).is_some_and(begins) {
        tokens.drain(..from);
        return Around::Describe;
    }
    Around::Nothing
}

/// Of the other kinds some would show the statement as we write it, some what all tenants' rows take.
fn explain(tokens: &mut Vec<Token>) -> Result<Around, Refusal> {
    let from = 1 + usize::from(tokens.get(1).is_some_and(|word| is(word, "PLAN")));
    if !tokens.get(from).is_some_and(|token| begins(token) || *token == Token::LParen) {
        return Err(Refusal::not_implemented(
            "Only EXPLAIN SELECT … and EXPLAIN PLAN SELECT … can be run, without settings of EXPLAIN",
        ));
    }
    tokens.drain(..from);
    Ok(Around::Explain)
}

fn begins(token: &Token) -> bool {
    is(token, "SELECT") || is(token, "WITH")
}

impl Around {
    /// The engine's statement around a query of ours.
    pub(super) fn written(self, query: String) -> String {
        match self {
            Self::Nothing => query,
            Self::Describe => format!("DESCRIBE TABLE ({query})"),
            // Steps alone: descriptions name tables and conditions of ours, and count what all tenants have.
            Self::Explain => format!("EXPLAIN PLAN actions = 0, description = 0, indexes = 0, pretty = 0 {query}"),
        }
    }
}
