//! SHOW, DESCRIBE, EXISTS and USE, which clients send to look around, as queries of the catalogue.

use sqlparser::tokenizer::Token;

use crate::catalogue;
use crate::literals::{quoted, unescaped};
use crate::refusal::Refusal;
use crate::views::{DATABASE, View};

/// What is shown of the server, by its plural: the relation of `system`, and its column.
const LISTED: &[(&str, &str, &str)] = &[
    ("CLUSTERS", "clusters", "cluster"),
    ("DATABASES", "databases", "name"),
    ("DICTIONARIES", "dictionaries", "name"),
    ("ENGINES", "table_engines", "name"),
    ("FUNCTIONS", "functions", "name"),
    ("SCHEMAS", "databases", "name"),
    ("SETTINGS", "settings", "name"),
    ("TABLES", "tables", "name"),
];

/// `None` for any other statement.
pub(super) fn read(tokens: &[Token]) -> Result<Option<String>, Refusal> {
    let mut rest = Rest { tokens, at: 0 };
    let sql = if rest.word("SHOW") {
        show(&mut rest)?
    } else if rest.word("DESCRIBE") || rest.word("DESC") {
        let _ = rest.word("TABLE");
        match rest.relation()? {
            (Some(database), name) if database != DATABASE => {
                format!("DESCRIBE TABLE (SELECT * FROM {} AS `shown`)", catalogue::relation(&database, &name)?)
            }
            (_, name) => describe(view(&name)?)?,
        }
    } else if rest.word("EXISTS") {
        exists(&mut rest)?
    } else if rest.word("USE") {
        rest.database()?;
        "SELECT 1 AS `used` WHERE 0".to_owned()
    } else {
        return Ok(None);
    };
    match rest.tokens.get(rest.at) {
        None => Ok(Some(sql)),
        Some(token) => Err(Refusal::syntax(format!("Syntax error: `{token}` is not understood after this statement"))),
    }
}

fn show(rest: &mut Rest<'_>) -> Result<String, Refusal> {
    let _ = rest.word("EXTENDED");
    let full = rest.word("FULL");
    let _ = rest.word("TEMPORARY");
    if rest.word("CREATE") {
        return create(rest);
    }
    if rest.word("COLUMNS") || rest.word("FIELDS") {
        return describe(rest.view_from("SHOW COLUMNS")?);
    }
    if ["INDEX", "INDEXES", "INDICES", "KEYS"].iter().any(|word| rest.word(word)) {
        rest.view_from("SHOW INDEX")?;
        return Ok("SELECT '' AS `table`, 1 AS `non_unique`, '' AS `key_name`, '' AS `column_name` WHERE 0".to_owned());
    }
    let Some((_, relation, column)) = LISTED.iter().find(|(word, ..)| rest.word(word)) else {
        return Err(Refusal::not_implemented(
            "Only SHOW TABLES, DATABASES, COLUMNS, CREATE, FUNCTIONS, DICTIONARIES, INDEX and SETTINGS can be run",
        ));
    };
    if *relation == "tables" && (rest.word("FROM") || rest.word("IN")) {
        rest.database()?;
    }
    let like = like(rest, column)?;
    let limit = if rest.word("LIMIT") { format!(" LIMIT {}", rest.number()?) } else { String::new() };
    let found = catalogue::relation("system", relation)?;
    let shown = if full && *relation == "tables" { "`name`, 'VIEW' AS `table_type`" } else { &format!("`{column}`") };
    Ok(format!("SELECT {shown} FROM {found} AS `shown`{like} ORDER BY `{column}`{limit}"))
}

fn like(rest: &mut Rest<'_>, column: &str) -> Result<String, Refusal> {
    let not = rest.word("NOT");
    let function = match (rest.word("LIKE"), not) {
        (true, false) => "like",
        (true, true) => "notLike",
        (false, _) if rest.word("ILIKE") => {
            if not {
                "notILike"
            } else {
                "ilike"
            }
        }
        (false, true) => return Err(Refusal::syntax("LIKE is missing after NOT")),
        (false, false) => return Ok(String::new()),
    };
    Ok(format!(" WHERE {function}(`{column}`, {})", quoted(&rest.text()?)))
}

fn create(rest: &mut Rest<'_>) -> Result<String, Refusal> {
    if rest.word("DATABASE") {
        rest.database()?;
        return Ok(format!("SELECT 'CREATE DATABASE {DATABASE}' AS `statement`"));
    }
    let _ = rest.word("TABLE") || rest.word("VIEW");
    let view = rest.view()?;
    Ok(format!("SELECT {} AS `statement`", quoted(view.definition().as_bytes())))
}

fn exists(rest: &mut Rest<'_>) -> Result<String, Refusal> {
    if rest.word("DATABASE") {
        return Ok(format!("SELECT {} AS `result`", u8::from(rest.name()? == DATABASE)));
    }
    let _ = rest.word("TEMPORARY");
    let _ = rest.word("TABLE") || rest.word("VIEW") || rest.word("DICTIONARY");
    let (database, name) = rest.relation()?;
    let here = match database.as_deref() {
        None | Some(DATABASE) => View::named(&name).is_some(),
        Some(database) => catalogue::relation(database, &name).is_ok(),
    };
    Ok(format!("SELECT {} AS `result`", u8::from(here)))
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

fn view(name: &str) -> Result<&'static View, Refusal> {
    View::named(name).ok_or_else(|| Refusal::unknown_table(format!("There is no {name}; see SHOW TABLES")))
}

/// Whether a token is this word, without quotes.
pub(super) fn is(token: &Token, wanted: &str) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(wanted))
}

struct Rest<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Rest<'_> {
    fn next(&mut self) -> Option<&Token> {
        let found = self.tokens.get(self.at);
        self.at += 1;
        found
    }

    fn symbol(&mut self, wanted: &Token) -> bool {
        let found = self.tokens.get(self.at) == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, wanted: &str) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|token| is(token, wanted));
        self.at += usize::from(found);
        found
    }

    fn name(&mut self) -> Result<&str, Refusal> {
        match self.next() {
            Some(Token::Word(word)) => Ok(&word.value),
            _ => Err(Refusal::syntax("A name is missing")),
        }
    }

    fn text(&mut self) -> Result<Vec<u8>, Refusal> {
        match self.next() {
            Some(Token::SingleQuotedString(raw)) => Ok(unescaped(raw)),
            _ => Err(Refusal::syntax("A pattern is missing")),
        }
    }

    fn number(&mut self) -> Result<u64, Refusal> {
        match self.next() {
            Some(Token::Number(digits, _)) => digits.parse().map_err(|_| Refusal::syntax("A number is missing")),
            _ => Err(Refusal::syntax("A number is missing")),
        }
    }

    fn database(&mut self) -> Result<(), Refusal> {
        match self.name()? {
            DATABASE | "default" => Ok(()),
            other => Err(Refusal::unknown_database(format!("There is no database {other}"))),
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
        view(&name)
    }

    /// After FROM; the database may stand after a second one.
    fn view_from(&mut self, what: &str) -> Result<&'static View, Refusal> {
        if !(self.word("FROM") || self.word("IN")) {
            return Err(Refusal::syntax(format!("{what} needs FROM")));
        }
        let view = self.view()?;
        if self.word("FROM") || self.word("IN") {
            self.database()?;
        }
        Ok(view)
    }
}
