//! SHOW, DESCRIBE and EXISTS, which clients send to look around, as queries of the catalogue.

use sqlparser::tokenizer::Token;

use super::lexis::{quoted, unescaped};
use crate::catalogue;
use crate::refusal::Refusal;
use crate::views::{DATABASE, View};

/// `None` for any other statement.
pub(super) fn read(tokens: &[Token]) -> Result<Option<String>, Refusal> {
    let mut rest = Rest { tokens, at: 0 };
    let sql = if rest.word("SHOW") {
        show(&mut rest)?
    } else if rest.word("DESCRIBE") || rest.word("DESC") {
        let _ = rest.word("TABLE");
        describe(rest.view()?)?
    } else if rest.word("EXISTS") {
        let _ = rest.word("TABLE") || rest.word("VIEW");
        let (database, name) = rest.relation()?;
        let here = database.is_none_or(|database| database == DATABASE) && View::named(&name).is_some();
        format!("SELECT {} AS `result`", u8::from(here))
    } else {
        return Ok(None);
    };
    match rest.tokens.get(rest.at) {
        None => Ok(Some(sql)),
        Some(token) => Err(Refusal::syntax(format!("Syntax error: `{token}` is not understood after this statement"))),
    }
}

fn show(rest: &mut Rest<'_>) -> Result<String, Refusal> {
    let _ = rest.word("FULL");
    let relation = if rest.word("DATABASES") || rest.word("SCHEMAS") {
        "databases"
    } else if rest.word("TABLES") {
        if rest.word("FROM") || rest.word("IN") {
            let database = rest.name()?;
            if database != DATABASE {
                return Err(Refusal::unknown_database(format!("There is no database {database}")));
            }
        }
        "tables"
    } else if rest.word("COLUMNS") {
        if !(rest.word("FROM") || rest.word("IN")) {
            return Err(Refusal::syntax("SHOW COLUMNS needs FROM"));
        }
        return describe(rest.view()?);
    } else {
        return Err(Refusal::not_implemented("Only SHOW TABLES, SHOW DATABASES and SHOW COLUMNS can be run"));
    };
    let like =
        if rest.word("LIKE") { format!(" WHERE like(`name`, {})", quoted(&rest.text()?)) } else { String::new() };
    let found = catalogue::relation("system", relation)?;
    Ok(format!("SELECT `name` FROM {found} AS `shown`{like} ORDER BY `name`"))
}

/// The columns of DESCRIBE, as a server has them.
fn describe(view: &View) -> Result<String, Refusal> {
    let columns = catalogue::relation("system", "columns")?;
    Ok(format!(
        "SELECT `name`, `type`, '' AS `default_type`, '' AS `default_expression`, `comment`, '' AS `codec_expression`, \
         '' AS `ttl_expression` FROM {columns} AS `shown` WHERE `table` = {} ORDER BY `position`",
        quoted(view.name.as_bytes())
    ))
}

struct Rest<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Rest<'_> {
    fn symbol(&mut self, wanted: &Token) -> bool {
        let is = self.tokens.get(self.at) == Some(wanted);
        self.at += usize::from(is);
        is
    }

    fn word(&mut self, wanted: &str) -> bool {
        let is = matches!(self.tokens.get(self.at), Some(Token::Word(word))
            if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(wanted));
        self.at += usize::from(is);
        is
    }

    fn name(&mut self) -> Result<&str, Refusal> {
        let found = self.tokens.get(self.at);
        self.at += 1;
        match found {
            Some(Token::Word(word)) => Ok(&word.value),
            _ => Err(Refusal::syntax("A name is missing")),
        }
    }

    fn text(&mut self) -> Result<Vec<u8>, Refusal> {
        let found = self.tokens.get(self.at);
        self.at += 1;
        match found {
            Some(Token::SingleQuotedString(raw)) => Ok(unescaped(raw)),
            _ => Err(Refusal::syntax("A pattern is missing")),
        }
    }

    /// A database, if there is one, and the name of a relation.
    fn relation(&mut self) -> Result<(Option<String>, String), Refusal> {
        let first = self.name()?.to_owned();
        let parts = if self.symbol(&Token::Period) { (Some(first), self.name()?.to_owned()) } else { (None, first) };
        if self.tokens.get(self.at) == Some(&Token::LParen) {
            return Err(Refusal::not_implemented("Table functions can't be used here"));
        }
        Ok(parts)
    }

    fn view(&mut self) -> Result<&'static View, Refusal> {
        let (database, name) = self.relation()?;
        if let Some(database) = database.filter(|database| database != DATABASE) {
            return Err(Refusal::unknown_database(format!("There is no database {database}")));
        }
        View::named(&name).ok_or_else(|| Refusal::unknown_table(format!("There is no {name}; see SHOW TABLES")))
    }
}
