//! Conditions on views that come beside the statement, as Grafana's ad hoc filters do: `additional_table_filters`. Each is the
//! caller's own, so it is read and written like any other, around the view whose rows the tenant has; the engine's setting of
//! that name is ours alone.

use sqlparser::ast::Expr;
use sqlparser::dialect::ClickHouseDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::MAX_DEPTH;
use super::lexis::{Map, lex};
use crate::refusal::Refusal;
use crate::views::{DATABASE, View};

/// Most conditions.
const MAX_FILTERS: usize = 20;

/// The pairs of the setting's text, `{'events': 'bot = 0'}`.
///
/// # Errors
/// When it is none.
pub fn pairs(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let mut lexed = lex(text)?;
    match (lexed.tokens.as_slice(), lexed.maps.pop()) {
        ([Token::Placeholder(_)], Some(map)) => Ok(map),
        _ => Err(Refusal::bad_arguments("additional_table_filters is written {'view': 'condition'}")),
    }
}

/// Conditions by the views that they are of. Those of relations that don't exist mean nothing, as on a server.
pub(super) fn read(pairs: &Map) -> Result<Vec<(&'static str, Expr)>, Refusal> {
    if pairs.len() > MAX_FILTERS {
        return Err(Refusal::too_big(format!("More than {MAX_FILTERS} filters")));
    }
    let of_view = |(name, condition): &(String, String)| Some(condition_of(view(name)?.name, condition));
    pairs.iter().filter_map(of_view).collect()
}

fn view(name: &str) -> Option<&'static View> {
    let plain = name.replace(['`', '"'], "");
    let (database, name) = plain.split_once('.').unwrap_or((DATABASE, &plain));
    View::named(name).filter(|_| [DATABASE, "default"].contains(&database))
}

fn condition_of(view: &'static str, text: &str) -> Result<(&'static str, Expr), Refusal> {
    let lexed = lex(text)?;
    if !lexed.parameters.is_empty() || !lexed.maps.is_empty() {
        return Err(Refusal::not_implemented("A filter can't have parameters"));
    }
    let malformed = |error| Refusal::syntax(format!("Syntax error in a filter: {error}"));
    let mut parser = Parser::new(&ClickHouseDialect {}).with_recursion_limit(MAX_DEPTH).with_tokens(lexed.tokens);
    let condition = parser.parse_expr().map_err(malformed)?;
    match parser.peek_token().token {
        Token::EOF => Ok((view, condition)),
        token => Err(Refusal::syntax(format!("Syntax error in a filter: `{token}` is not understood after it"))),
    }
}
