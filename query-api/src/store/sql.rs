//! Statements: one named query a file, beside what reads its rows; values always as server-side parameters.
//!
//! A file may hold the marker `/* clauses */`, where the optional conditions go. They are fragments from this crate,
//! never text from a caller. `/* order */` is where the order goes, for what is listed both ways. Leaving out what was not asked for (instead of `… = [] OR …`) keeps the conditions in a form
//! that the primary key and the skip indexes understand.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use clickhouse::Client;
use clickhouse::query::Query;

/// A named query.
#[derive(Debug, Clone, Copy)]
pub struct NamedQuery {
    /// File name without its ending, for logs and metrics.
    pub name: &'static str,
    /// The text.
    pub text: &'static str,
}

/// The query of a file that stands beside the one that names it.
macro_rules! query {
    ($name:literal) => {
        $crate::store::sql::NamedQuery { name: $name, text: include_str!(concat!($name, ".sql")) }
    };
}
pub(crate) use query;

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(String),
    Texts(Vec<String>),
    Ranks(Vec<u8>),
    Number(u32),
    Numbers(Vec<i64>),
}

/// Conditions and the values they name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Clauses {
    conditions: Vec<Cow<'static, str>>,
    order: &'static str,
    parts: Vec<(&'static str, Cow<'static, str>)>,
    values: Vec<(&'static str, Value)>,
}

impl Clauses {
    /// A condition without a value.
    pub fn plain(&mut self, condition: &'static str) {
        self.conditions.push(condition.into());
    }

    /// The order of the rows, for queries that leave it open.
    pub fn order(&mut self, order: &'static str) {
        self.order = order;
    }

    /// Puts a text where the query, or a part before, has the marker: for queries that leave open what they select.
    pub fn part(&mut self, marker: &'static str, text: impl Into<Cow<'static, str>>) {
        self.parts.push((marker, text.into()));
    }

    /// What another query finds beside each row, where the query has the marker. What both name is the same value: that of the first.
    pub fn joined(
        &mut self,
        marker: &'static str,
        (name, column): (&'static str, &'static str),
        query: NamedQuery,
        inner: Self,
    ) {
        let found = inner.render(query);
        self.parts.push((marker, format!("LEFT JOIN ({found}) AS {name} USING ({column})").into()));
        self.bind_unknown(inner);
    }

    /// A condition over one text.
    pub fn text(&mut self, condition: &'static str, name: &'static str, value: &str) {
        self.conditions.push(condition.into());
        self.bind_text(name, value);
    }

    /// A condition over a set of texts.
    pub fn texts(&mut self, condition: &'static str, name: &'static str, values: &[String]) {
        self.conditions.push(condition.into());
        self.bind_texts(name, values.to_vec());
    }

    /// A condition over a set of small numbers.
    pub fn ranks(&mut self, condition: &'static str, name: &'static str, values: &[u8]) {
        self.conditions.push(condition.into());
        self.values.push((name, Value::Ranks(values.to_vec())));
    }

    /// A condition over a time.
    pub fn time(&mut self, condition: &'static str, name: &'static str, time: DateTime<Utc>) {
        self.conditions.push(condition.into());
        self.bind_time(name, time);
    }

    /// A condition over a column of what another query finds, `IN` or `NOT IN`. What both name is the same value: that of the first.
    pub fn found(&mut self, (condition, column): (&'static str, &'static str), query: NamedQuery, inner: Self) {
        let found = inner.render(query);
        self.conditions.push(format!("{condition} (SELECT {column} FROM ({found}))").into());
        self.bind_unknown(inner);
    }

    fn bind_unknown(&mut self, inner: Self) {
        let unknown = |(name, _): &(&str, Value)| !self.values.iter().any(|(known, _)| known == name);
        let values: Vec<_> = inner.values.into_iter().filter(unknown).collect();
        self.values.extend(values);
    }

    /// A value that the query names by itself.
    pub fn bind_text(&mut self, name: &'static str, value: &str) {
        self.values.push((name, Value::Text(value.to_owned())));
    }

    /// Texts that the query names by itself.
    pub fn bind_texts(&mut self, name: &'static str, values: Vec<String>) {
        self.values.push((name, Value::Texts(values)));
    }

    /// A time that the query names by itself, `DateTime64(3, 'UTC')`.
    pub fn bind_time(&mut self, name: &'static str, time: DateTime<Utc>) {
        self.values.push((name, Value::Text(time.format("%Y-%m-%d %H:%M:%S%.3f").to_string())));
    }

    /// A number that the query names by itself.
    pub fn bind_number(&mut self, name: &'static str, number: u32) {
        self.values.push((name, Value::Number(number)));
    }

    /// Numbers that the query names by itself.
    pub fn bind_numbers(&mut self, name: &'static str, numbers: Vec<i64>) {
        self.values.push((name, Value::Numbers(numbers)));
    }

    /// The tenant that the statement is confined to; empty where it is not bound yet.
    pub fn tenant(&self) -> &str {
        let bound = self.values.iter().find(|(name, _)| *name == "tenant");
        match bound {
            Some((_, Value::Text(tenant))) => tenant,
            _ => "",
        }
    }

    /// The statement, ready to run.
    pub fn build(self, client: &Client, query: NamedQuery) -> Query {
        let text = self.render(query);
        self.bound(client.query(&text))
    }

    /// The statement that counts the rows of a query, up to its limit, without putting them in order.
    pub fn counting(self, client: &Client, query: NamedQuery) -> Query {
        let text = counting(&self.render(query));
        self.bound(client.query(&text))
    }

    fn bound(self, mut statement: Query) -> Query {
        for (name, value) in self.values {
            statement = match value {
                Value::Text(text) => statement.param(name, text),
                Value::Texts(texts) => statement.param(name, texts),
                Value::Ranks(ranks) => statement.param(name, ranks),
                Value::Number(number) => statement.param(name, number),
                Value::Numbers(numbers) => statement.param(name, numbers),
            };
        }
        statement
    }

    fn render(&self, query: NamedQuery) -> String {
        let conditions: Vec<String> = self.conditions.iter().map(|condition| format!("AND ({condition})")).collect();
        let text = self.parts.iter().fold(query.text.to_owned(), |text, (marker, part)| text.replace(marker, part));
        text.replace("/* clauses */", &conditions.join("\n    ")).replace("/* order */", self.order)
    }
}

/// A listing's text is columns, a source, an order and a limit; of these the columns and the order don't count.
fn counting(text: &str) -> String {
    let unordered = text.rsplit_once("ORDER BY ").map_or(text, |(before, _)| before);
    format!("SELECT count() FROM ({}LIMIT {{rows:UInt32}})", unordered.replacen("SELECT ?fields", "SELECT 1", 1))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::log::rows::EVENTS_NEWEST;

    /// Every query, with the folder that it stands in.
    fn all() -> Vec<(PathBuf, NamedQuery)> {
        fn below(folder: &Path, found: &mut Vec<(PathBuf, NamedQuery)>) {
            for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    below(&path, found);
                } else if path.extension().is_some_and(|ending| ending == "sql") {
                    let name = path.file_stem().unwrap().to_str().unwrap().to_owned().leak();
                    let text = std::fs::read_to_string(&path).unwrap().leak();
                    found.push((folder.to_owned(), NamedQuery { name, text }));
                }
            }
        }
        let mut found = Vec::new();
        below(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut found);
        assert!(found.len() > 20, "{found:?}");
        found
    }

    /// Pitfall 25: every table that a query reads is narrowed to one tenant, explicitly.
    #[test]
    fn every_table_read_has_its_tenant_predicate() {
        for (_, query) in all() {
            let tables = [
                "alert_deliveries",
                "events",
                "tenant_quarters",
                "tenant_usage",
                "user_devices",
                "user_hours",
                "user_hours_distinct",
                "user_sessions",
                "users",
                "violation_reviews",
                "violations",
            ];
            let words: Vec<&str> = query.text.split_whitespace().collect();
            let reads = words.windows(2).filter(|pair| pair[0] == "FROM" && tables.contains(&pair[1])).count();
            let guarded = query.text.matches("WHERE tenant = {tenant:String}").count();
            assert!(reads > 0 || query.text.contains("/* counted */"), "{} reads no table", query.name);
            assert_eq!(reads, guarded, "{}", query.name);
        }
    }

    /// Every file is the query that a file beside it names.
    #[test]
    fn every_file_is_named() {
        for (folder, query) in all() {
            let named = format!("query!(\"{}\")", query.name);
            let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "rs"));
            let naming = files.filter(|path| std::fs::read_to_string(path).unwrap().contains(&named)).count();
            assert_eq!(naming, 1, "{}", query.name);
        }
    }

    #[test]
    fn question_marks_belong_to_the_client_crate() {
        for (_, query) in all() {
            assert!(!query.text.replace("?fields", "").contains('?'), "{}", query.name);
        }
    }

    /// P12: turns are by the tenant that the statement is confined to.
    #[test]
    fn the_tenant_is_the_one_that_is_bound() {
        let mut clauses = Clauses::default();
        assert_eq!(clauses.tenant(), "");
        clauses.bind_text("actor_id", "u-1");
        clauses.bind_text("tenant", "acme");
        assert_eq!(clauses.tenant(), "acme");
    }

    /// P9: an export counts its rows before it begins.
    #[test]
    fn listings_can_be_counted() {
        let listing = |query: &NamedQuery| query.text.trim_end().ends_with("\nLIMIT {rows:UInt32}");
        for query in all().into_iter().map(|(_, query)| query).filter(listing) {
            let (_, after) = query.text.rsplit_once("ORDER BY ").unwrap();
            let (order, rest) = after.split_once("\nLIMIT {rows:UInt32}").unwrap();
            assert!(!order.contains('\n') && rest.trim().is_empty(), "{}", query.name);
            let text = counting(query.text);
            assert!(text.contains("(--") && !text.contains("?fields"), "{text}");
            assert_eq!(query.text.matches("SELECT ?fields").count(), 1, "{}", query.name);
        }
    }

    #[test]
    fn clauses_go_where_the_marker_is() {
        let mut clauses = Clauses::default();
        clauses.plain("notEmpty(violations)");
        clauses.text("actor_id = {actor_id:String}", "actor_id", "'; DROP TABLE events --");
        let text = clauses.render(EVENTS_NEWEST);
        assert!(text.contains("AND (notEmpty(violations))\n    AND (actor_id = {actor_id:String})"), "{text}");
        assert!(!text.contains("DROP"), "{text}");
    }
}
