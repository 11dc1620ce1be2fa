//! What clients may know of the server: relations of `system` and `information_schema` that tools read when they connect, made
//! of the documented views. The engine's own are never read.

use std::fmt::Write as _;

use crate::confine::{AGGREGATES, FUNCTIONS, quoted};
use crate::refusal::Refusal;
use crate::views::{DATABASE, VIEWS};

/// Rows of one relation, with names of columns and types.
struct Relation {
    columns: &'static [(&'static str, &'static str)],
    rows: Vec<Vec<String>>,
}

/// A relation of the server as a subquery over literals.
///
/// # Errors
/// When there is no such relation, or none that is shown here.
pub fn relation(database: &str, name: &str) -> Result<String, Refusal> {
    let found = match (database.to_ascii_lowercase().as_str(), name.to_ascii_lowercase().as_str()) {
        ("system", "databases") => databases(),
        ("system", "tables") => tables(),
        ("system", "columns") => columns(),
        ("system", "functions") => functions(),
        ("system", "settings") => none(SETTINGS),
        ("system", "data_type_families") => types(),
        ("system", "one") => Relation { columns: &[("dummy", "UInt8")], rows: vec![vec!["0".to_owned()]] },
        ("system", "dictionaries") => none(DICTIONARIES),
        ("system", "clusters") => none(CLUSTERS),
        ("system", "table_engines" | "table_functions") => none(&[("name", "String")]),
        ("system", _) => {
            return Err(Refusal::unknown_table(format!(
                "There is no system.{name}: of system, only what describes the views"
            )));
        }
        ("information_schema", "schemata") => schemata(),
        ("information_schema", "tables") => schema_tables(),
        ("information_schema", "columns") => schema_columns(),
        ("information_schema", _) => {
            return Err(Refusal::unknown_table(format!("There is no information_schema.{name}")));
        }
        _ => return Err(Refusal::unknown_database(format!("There is no database {database}"))),
    };
    Ok(found.subquery())
}

const SETTINGS: &[(&str, &str)] = &[
    ("name", "String"),
    ("value", "String"),
    ("changed", "UInt8"),
    ("description", "String"),
    ("readonly", "UInt8"),
    ("type", "String"),
];
const DICTIONARIES: &[(&str, &str)] =
    &[("database", "String"), ("name", "String"), ("status", "String"), ("type", "String"), ("comment", "String")];
const CLUSTERS: &[(&str, &str)] = &[("cluster", "String"), ("shard_num", "UInt32"), ("host_name", "String")];

impl Relation {
    fn subquery(&self) -> String {
        let mut text = "(SELECT ".to_owned();
        for (at, (name, kind)) in self.columns.iter().enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            let _ = match self.rows.is_empty() {
                true => write!(
                    text,
                    "{comma}CAST(defaultValueOfTypeName({}) AS {kind}) AS `{name}`",
                    quoted(kind.as_bytes())
                ),
                false => write!(text, "{comma}CAST(tupleElement(`row`, {}) AS {kind}) AS `{name}`", at + 1),
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

fn none(columns: &'static [(&'static str, &'static str)]) -> Relation {
    Relation { columns, rows: Vec::new() }
}

fn text(text: &str) -> String {
    quoted(text.as_bytes())
}

fn databases() -> Relation {
    Relation {
        columns: &[
            ("name", "String"),
            ("engine", "String"),
            ("data_path", "String"),
            ("metadata_path", "String"),
            ("uuid", "UUID"),
            ("engine_full", "String"),
            ("comment", "String"),
        ],
        rows: vec![vec![
            text(DATABASE),
            text("Atomic"),
            text(""),
            text(""),
            "'00000000-0000-0000-0000-000000000000'".to_owned(),
            text("Atomic"),
            text("The activity log of one tenant."),
        ]],
    }
}

fn tables() -> Relation {
    let row = |view: &crate::views::View| {
        let mut row = vec![text(DATABASE), text(view.name), text("View"), "0".to_owned()];
        row.extend((0..6).map(|_| text("")));
        row.extend([text(view.comment), "1".to_owned(), "NULL".to_owned(), "NULL".to_owned()]);
        row
    };
    Relation {
        columns: &[
            ("database", "String"),
            ("name", "String"),
            ("engine", "String"),
            ("is_temporary", "UInt8"),
            ("create_table_query", "String"),
            ("engine_full", "String"),
            ("primary_key", "String"),
            ("sorting_key", "String"),
            ("partition_key", "String"),
            ("sampling_key", "String"),
            ("comment", "String"),
            ("has_own_data", "UInt8"),
            ("total_rows", "Nullable(UInt64)"),
            ("total_bytes", "Nullable(UInt64)"),
        ],
        rows: VIEWS.iter().map(row).collect(),
    }
}

/// View, position from 1, column, type.
fn each_column() -> impl Iterator<Item = (&'static str, usize, &'static str, &'static str)> {
    VIEWS
        .iter()
        .flat_map(|view| view.columns.iter().enumerate().map(|(at, (name, kind))| (view.name, at + 1, *name, *kind)))
}

fn columns() -> Relation {
    let row = |(view, at, name, kind): (&str, usize, &str, &str)| {
        let mut row = vec![text(DATABASE), text(view), text(name), text(kind), at.to_string()];
        row.extend((0..4).map(|_| text("")));
        row.extend((0..4).map(|_| "0".to_owned()));
        row
    };
    Relation {
        columns: &[
            ("database", "String"),
            ("table", "String"),
            ("name", "String"),
            ("type", "String"),
            ("position", "UInt64"),
            ("default_kind", "String"),
            ("default_expression", "String"),
            ("comment", "String"),
            ("compression_codec", "String"),
            ("is_in_partition_key", "UInt8"),
            ("is_in_sorting_key", "UInt8"),
            ("is_in_primary_key", "UInt8"),
            ("is_in_sampling_key", "UInt8"),
        ],
        rows: each_column().map(row).collect(),
    }
}

fn functions() -> Relation {
    let named = |list: &'static str, aggregate: u8| {
        list.lines().map(move |name| vec![text(name), aggregate.to_string(), "0".to_owned(), text("")])
    };
    Relation {
        columns: &[
            ("name", "String"),
            ("is_aggregate", "UInt8"),
            ("case_insensitive", "UInt8"),
            ("alias_to", "String"),
        ],
        rows: named(FUNCTIONS, 0).chain(named(AGGREGATES, 1)).collect(),
    }
}

fn types() -> Relation {
    let mut names: Vec<&str> = each_column().filter_map(|(.., kind)| kind.split('(').next()).collect();
    names.sort_unstable();
    names.dedup();
    Relation {
        columns: &[("name", "String"), ("case_insensitive", "UInt8"), ("alias_to", "String")],
        rows: names.into_iter().map(|name| vec![text(name), "0".to_owned(), text("")]).collect(),
    }
}

fn schemata() -> Relation {
    Relation {
        columns: &[("catalog_name", "String"), ("schema_name", "String"), ("schema_owner", "String")],
        rows: vec![vec![text(DATABASE), text(DATABASE), text(DATABASE)]],
    }
}

fn schema_tables() -> Relation {
    let row = |view: &crate::views::View| {
        vec![text(DATABASE), text(DATABASE), text(view.name), text("VIEW"), text(view.comment)]
    };
    Relation {
        columns: &[
            ("table_catalog", "String"),
            ("table_schema", "String"),
            ("table_name", "String"),
            ("table_type", "String"),
            ("table_comment", "String"),
        ],
        rows: VIEWS.iter().map(row).collect(),
    }
}

fn schema_columns() -> Relation {
    let row = |(view, at, name, kind): (&str, usize, &str, &str)| {
        vec![text(DATABASE), text(DATABASE), text(view), text(name), at.to_string(), "0".to_owned(), text(kind)]
    };
    Relation {
        columns: &[
            ("table_catalog", "String"),
            ("table_schema", "String"),
            ("table_name", "String"),
            ("column_name", "String"),
            ("ordinal_position", "UInt64"),
            ("is_nullable", "UInt8"),
            ("data_type", "String"),
        ],
        rows: each_column().map(row).collect(),
    }
}
