//! A caller's statement becomes one of ours.
//!
//! It is read by a parser into a tree, and a new text is written from the tree. What the writer has no words for is refused,
//! so that nothing of the caller's text reaches the engine as it was: names are quoted, literals escaped, comments gone,
//! functions are those of a list, relations are subqueries of ours. The structs of the tree are taken apart without `..`, so
//! that a newer parser's clauses don't compile before somebody has thought of them.

mod around;
mod calls;
mod dates;
mod endings;
mod expressions;
mod filters;
mod lexis;
mod numbers;
mod queries;
mod relations;
mod rewriting;
mod shows;
mod zones;

use std::collections::{BTreeSet, HashSet};

use sqlparser::ast::{Expr, Statement};
use sqlparser::dialect::ClickHouseDialect;
use sqlparser::parser::Parser;

pub use filters::pairs;
pub use lexis::{MAX_BYTES, Parameter};
pub(crate) use zones::known as zone;

use crate::literals::identifier;
use crate::refusal::Refusal;
use around::Around;
use relations::Named;

/// Deepest nesting that the parser follows, and the writer.
const MAX_DEPTH: usize = 100;
/// Most relations in one statement.
const MAX_RELATIONS: usize = 64;
/// Longest statement that is written, in bytes.
const MAX_WRITTEN: usize = 4 * 1024 * 1024;
/// Stack for the parser and the writer: both call themselves, and so does the drop of a long tree. Only what is used is
/// ever backed by memory.
const STACK_BYTES: usize = 64 * 1024 * 1024;
/// Before the names of parameters, so that none of a caller's is one of ours.
pub const PARAMETER_PREFIX: &str = "p_";

/// What the writer has to know besides the statement.
#[derive(Clone, Debug)]
pub struct RewriteContext {
    /// The database of the tables, quoted.
    pub database: String,
    /// The engine's version, for `version()`.
    pub version: String,
}

/// A statement of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// The text.
    pub sql: String,
    /// Parameters whose values the text needs, by the caller's names.
    pub parameters: Vec<String>,
    /// Every place where one stands, with the type that its value is of there.
    pub typed: Vec<Parameter>,
    /// Those of them that name time zones.
    pub zone_parameters: Vec<String>,
    /// Time zones that it names.
    pub zones: Vec<&'static str>,
    /// The caller's `FORMAT`.
    pub format: Option<String>,
    /// The caller's `SETTINGS`, not yet checked.
    pub settings: Vec<(String, String)>,
    /// The views that it reads; none where it reads only what is said of the server.
    pub reads: BTreeSet<&'static str>,
}

/// Writes a caller's statement anew. Filters are conditions on views, beside those of the statement's own settings.
///
/// # Errors
/// [`Refusal`] for everything that is not a query of the documented views.
pub async fn rewrite(
    text: String,
    filters: Vec<(String, String)>,
    context: RewriteContext,
) -> Result<Rewritten, Refusal> {
    rewrite_at(text, filters, context, ()).await.map(|(rewritten, ())| rewritten)
}

/// As [`rewrite`], on a thread with stack enough that holds the caller's `place` until it is done, also when whoever asked has
/// gone. So there are no more of these threads than places.
///
/// # Errors
/// As [`rewrite`].
pub async fn rewrite_at<P: Send + 'static>(
    text: String,
    filters: Vec<(String, String)>,
    context: RewriteContext,
    place: P,
) -> Result<(Rewritten, P), Refusal> {
    let (sender, answer) = tokio::sync::oneshot::channel();
    let work = move || {
        let rewritten = rewrite_here(&text, filters, &context);
        // Whoever asked may have gone.
        let _ = sender.send(rewritten.map(|rewritten| (rewritten, place)));
    };
    let thread = std::thread::Builder::new().name("bi-rewrite".to_owned()).stack_size(STACK_BYTES).spawn(work);
    thread.map_err(|error| Refusal::internal(format!("No thread to read the statement: {error}")))?;
    answer.await.map_err(|_| Refusal::internal("The statement could not be read"))?
}

/// As [`rewrite`], on the caller's stack.
fn rewrite_here(
    text: &str,
    mut filters: Vec<(String, String)>,
    context: &RewriteContext,
) -> Result<Rewritten, Refusal> {
    let mut lexed = lexis::lex(text)?;
    let mut endings = endings::take(&mut lexed)?;
    filters.append(&mut endings.filters);
    let around = around::take(&mut lexed.tokens)?;
    if around == Around::Nothing
        && let Some(shown) = shows::read(&lexed.tokens)?
    {
        return Ok(endings.of(shown, Vec::new()));
    }
    let mut parser = Parser::new(&ClickHouseDialect {}).with_recursion_limit(MAX_DEPTH).with_tokens(lexed.tokens);
    let statements = parser.parse_statements().map_err(|error| Refusal::syntax(format!("Syntax error: {error}")))?;
    let mut statements = statements.into_iter();
    let query = match (statements.next(), statements.next()) {
        (None, _) => return Err(Refusal::syntax("Empty query")),
        (Some(_), Some(_)) => return Err(Refusal::syntax("Syntax error: one statement at a time")),
        (Some(Statement::Query(query)), None) => query,
        (Some(_), None) => {
            return Err(Refusal::readonly("Only SELECT, SHOW, DESCRIBE, EXISTS and EXPLAIN can be run"));
        }
    };
    let mut writer = Writer {
        out: String::with_capacity(text.len() * 2),
        depth: 0,
        relations: 0,
        scopes: Vec::new(),
        named: Vec::new(),
        filters: filters::read(&filters)?,
        parameters: &lexed.parameters,
        used: HashSet::new(),
        zone_parameters: BTreeSet::new(),
        zones: BTreeSet::new(),
        reads: BTreeSet::new(),
        context,
    };
    writer.query(&query)?;
    let mut parameters: Vec<_> = writer.used.into_iter().collect();
    parameters.sort_unstable();
    let sql = around.written(writer.out);
    Ok(Rewritten {
        reads: writer.reads,
        typed: lexed.parameters.clone(),
        zone_parameters: writer.zone_parameters.into_iter().collect(),
        zones: writer.zones.into_iter().collect(),
        ..endings.of(sql, parameters)
    })
}

/// Writes the statement. Its parts are in [`queries`] and [`expressions`].
struct Writer<'a> {
    out: String,
    depth: usize,
    relations: usize,
    /// Names of common table expressions that may be read here, innermost last.
    scopes: Vec<HashSet<String>>,
    /// Relations that columns may be of here, by what they were called, innermost last.
    named: Vec<Vec<Named>>,
    /// Conditions on views that come beside the statement.
    filters: Vec<(&'static str, Expr)>,
    parameters: &'a [Parameter],
    used: HashSet<String>,
    zone_parameters: BTreeSet<String>,
    zones: BTreeSet<&'static str>,
    reads: BTreeSet<&'static str>,
    context: &'a RewriteContext,
}

type Written = Result<(), Refusal>;

impl Writer<'_> {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn name(&mut self, name: &str) -> Written {
        let quoted = identifier(name)?;
        self.put(&quoted);
        Ok(())
    }

    /// One level deeper.
    fn within(&mut self, write: impl FnOnce(&mut Self) -> Written) -> Written {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Refusal::too_deep(format!("The statement is nested deeper than {MAX_DEPTH}")));
        }
        if self.out.len() > MAX_WRITTEN {
            return Err(Refusal::too_big("The statement has too many parts"));
        }
        write(self)?;
        self.depth -= 1;
        Ok(())
    }

    fn separated<T>(
        &mut self,
        items: &[T],
        separator: &str,
        mut write: impl FnMut(&mut Self, &T) -> Written,
    ) -> Written {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.put(separator);
            }
            write(self, item)?;
        }
        Ok(())
    }
}

/// The refusal of a clause that can be read, but has no words here.
fn unsupported(what: &str) -> Refusal {
    Refusal::not_implemented(format!("{what} can't be used here"))
}

/// Refuses where something is there that has no words here.
fn absent(is: bool, what: &str) -> Written {
    if is { Ok(()) } else { Err(unsupported(what)) }
}

#[cfg(test)]
mod tests;
