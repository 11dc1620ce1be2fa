//! What clients may know of the server: relations of `system` and `information_schema` that tools read when they connect, made
//! of the documented views. The engine's own are never read.
//!
//! A relation has the columns of the server's that tools name. Most say nothing here: they are constants, beside the few that
//! differ from row to row.

mod kinds;
mod schema;
mod system;

use std::fmt::Write as _;

use crate::literals::quoted;
use crate::refusal::Refusal;
use crate::views::{VIEWS, View};

/// Values of the columns that differ, as texts of the statement.
type Rows = Vec<Vec<String>>;

/// A column: its name, its type, and its value where it is the same in each row.
struct Column {
    name: &'static str,
    kind: &'static str,
    constant: Option<&'static str>,
}

/// Columns that differ from row to row, then those that don't.
struct Relation {
    columns: Vec<Column>,
    rows: Rows,
}

/// A relation of the server as a subquery over literals.
///
/// # Errors
/// When there is no such relation, or none that is shown here.
pub fn relation(database: &str, name: &str) -> Result<String, Refusal> {
    let (database, name) = (database.to_ascii_lowercase(), name.to_ascii_lowercase());
    let found = match database.as_str() {
        "system" => system::relation(&name),
        "information_schema" => schema::relation(&name),
        _ => return Err(Refusal::unknown_database(format!("There is no database {database}"))),
    };
    let unknown =
        || Refusal::unknown_table(format!("There is no {database}.{name}: only what describes the views is there"));
    found.ok_or_else(unknown)
}

impl Relation {
    /// Of the columns that differ, each with its type, and the rows.
    fn of(columns: &[(&'static str, &'static str)], rows: Rows) -> Self {
        let columns = columns.iter().map(|(name, kind)| Column { name, kind, constant: None }).collect();
        Self { columns, rows }
    }

    /// One that is empty.
    fn none(columns: &[(&'static str, &'static str)]) -> Self {
        Self::of(columns, Vec::new())
    }

    /// With columns that say the same in each row.
    fn and(mut self, columns: &[(&'static str, &'static str, &'static str)]) -> Self {
        self.columns.extend(columns.iter().map(|(name, kind, constant)| Column {
            name,
            kind,
            constant: Some(constant),
        }));
        self
    }

    /// With its columns by names in capitals, too, as `information_schema` has them.
    fn in_both_cases(self) -> String {
        let names = self.columns.iter().map(|column| {
            let (name, upper) = (column.name, column.name.to_ascii_uppercase());
            format!("`{name}`, `{name}` AS `{upper}`")
        });
        let names: Vec<_> = names.collect();
        format!("(SELECT {} FROM {})", names.join(", "), self.subquery())
    }

    fn subquery(&self) -> String {
        let mut text = "(SELECT ".to_owned();
        for (at, Column { name, kind, constant }) in self.columns.iter().enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            let _ = match (constant, self.rows.is_empty()) {
                (Some(constant), _) => write!(text, "{comma}CAST({constant} AS {kind}) AS `{name}`"),
                (None, true) => {
                    let default = quoted(kind.as_bytes());
                    write!(text, "{comma}CAST(defaultValueOfTypeName({default}) AS {kind}) AS `{name}`")
                }
                (None, false) => write!(text, "{comma}CAST(tupleElement(`row`, {}) AS {kind}) AS `{name}`", at + 1),
            };
        }
        if self.rows.is_empty() {
            return text + " WHERE 0)";
        }
        let rows: Vec<_> = self.rows.iter().map(|row| format!("tuple({})", row.join(", "))).collect();
        let _ = write!(text, " FROM (SELECT arrayJoin(array({})) AS `row`))", rows.join(", "));
        text
    }
}

fn text(text: &str) -> String {
    quoted(text.as_bytes())
}

/// View, position from 1, column, type.
fn each_column() -> impl Iterator<Item = (&'static View, usize, &'static str, &'static str)> {
    let of_view = |view: &'static View| {
        view.columns.iter().enumerate().map(move |(at, (name, kind))| (view, at + 1, *name, *kind))
    };
    VIEWS.iter().flat_map(of_view)
}
