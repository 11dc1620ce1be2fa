//! `system`, as far as it says something of the views.

use super::kinds::numbers;
use super::{Relation, each_column, text};
use crate::functions::{AGGREGATES, FUNCTIONS};
use crate::types::{ALIASES, NESTED, NUMBERED, PLAIN};
use crate::views::VIEWS;

const DATABASE: &str = "'usertrail'";
const NO_ID: &str = "'00000000-0000-0000-0000-000000000000'";
const NO_TIME: &str = "'1970-01-01 00:00:00'";

/// The text of a relation; its name is in lower case.
pub(super) fn relation(name: &str) -> Option<String> {
    let found = match name {
        "databases" => databases(),
        "tables" => tables(),
        "columns" => columns(),
        "functions" => functions(),
        "data_type_families" => types(),
        "one" => Relation::of(&[("dummy", "UInt8")], vec![vec!["0".to_owned()]]),
        "time_zones" => Relation::of(&[("time_zone", "String")], vec![vec!["'UTC'".to_owned()]]),
        name => Relation::none(empty(name)?),
    };
    Some(found.subquery())
}

/// Relations of what there is none of here, with the columns that tools name.
fn empty(name: &str) -> Option<&'static [(&'static str, &'static str)]> {
    Some(match name {
        "settings" => &[
            ("name", "String"),
            ("value", "String"),
            ("changed", "UInt8"),
            ("description", "String"),
            ("min", "Nullable(String)"),
            ("max", "Nullable(String)"),
            ("readonly", "UInt8"),
            ("type", "String"),
            ("default", "String"),
            ("is_obsolete", "UInt8"),
        ],
        "dictionaries" => &[
            ("database", "String"),
            ("name", "String"),
            ("uuid", "UUID"),
            ("status", "String"),
            ("origin", "String"),
            ("type", "String"),
            ("source", "String"),
            ("comment", "String"),
        ],
        "clusters" => &[
            ("cluster", "String"),
            ("shard_num", "UInt32"),
            ("shard_weight", "UInt32"),
            ("replica_num", "UInt32"),
            ("host_name", "String"),
            ("host_address", "String"),
            ("port", "UInt16"),
            ("is_local", "UInt8"),
        ],
        "parts" => &[
            ("database", "String"),
            ("table", "String"),
            ("partition", "String"),
            ("name", "String"),
            ("active", "UInt8"),
            ("rows", "UInt64"),
            ("bytes", "UInt64"),
            ("bytes_on_disk", "UInt64"),
            ("modification_time", "DateTime"),
            ("min_date", "Date"),
            ("max_date", "Date"),
            ("min_time", "DateTime"),
            ("max_time", "DateTime"),
            ("partition_id", "String"),
            ("part_type", "String"),
            ("engine", "String"),
            ("marks", "UInt64"),
            ("data_compressed_bytes", "UInt64"),
            ("data_uncompressed_bytes", "UInt64"),
        ],
        "projection_parts_columns" => &[
            ("database", "String"),
            ("table", "String"),
            ("partition", "String"),
            ("name", "String"),
            ("active", "UInt8"),
            ("rows", "UInt64"),
            ("column", "String"),
            ("column_position", "UInt64"),
        ],
        "data_skipping_indices" => &[
            ("database", "String"),
            ("table", "String"),
            ("name", "String"),
            ("type", "String"),
            ("expr", "String"),
            ("granularity", "UInt64"),
        ],
        "projections" => &[("database", "String"), ("table", "String"), ("name", "String"), ("query", "String")],
        "mutations" => &[("database", "String"), ("table", "String"), ("mutation_id", "String"), ("is_done", "UInt8")],
        "build_options" => &[("name", "String"), ("value", "String")],
        "macros" => &[("macro", "String"), ("substitution", "String")],
        "roles" => &[("name", "String"), ("id", "UUID"), ("storage", "String")],
        "formats" => &[("name", "String"), ("is_input", "UInt8"), ("is_output", "UInt8")],
        "table_engines" => &[("name", "String"), ("supports_settings", "UInt8")],
        "table_functions" => &[("name", "String"), ("description", "String")],
        _ => return None,
    })
}

fn databases() -> Relation {
    Relation::of(&[("name", "String")], vec![vec![DATABASE.to_owned()]]).and(&[
        ("engine", "String", "'Atomic'"),
        ("data_path", "String", "''"),
        ("metadata_path", "String", "''"),
        ("uuid", "UUID", NO_ID),
        ("engine_full", "String", "'Atomic'"),
        ("comment", "String", "'The activity log of one tenant.'"),
        ("is_external", "UInt8", "0"),
    ])
}

fn tables() -> Relation {
    let row = |view: &crate::views::View| {
        vec![text(view.name), text(view.name), text(view.comment), text(&view.definition())]
    };
    Relation::of(
        &[("name", "String"), ("table", "String"), ("comment", "String"), ("create_table_query", "String")],
        VIEWS.iter().map(row).collect(),
    )
    .and(&[
        ("database", "String", DATABASE),
        ("uuid", "UUID", NO_ID),
        ("engine", "String", "'View'"),
        ("is_temporary", "UInt8", "0"),
        ("data_paths", "Array(String)", "array()"),
        ("metadata_path", "String", "''"),
        ("metadata_modification_time", "DateTime", NO_TIME),
        ("dependencies_database", "Array(String)", "array()"),
        ("dependencies_table", "Array(String)", "array()"),
        ("engine_full", "String", "''"),
        ("as_select", "String", "''"),
        ("partition_key", "String", "''"),
        ("sorting_key", "String", "''"),
        ("primary_key", "String", "''"),
        ("sampling_key", "String", "''"),
        ("storage_policy", "String", "''"),
        ("total_rows", "Nullable(UInt64)", "NULL"),
        ("total_bytes", "Nullable(UInt64)", "NULL"),
        ("total_bytes_uncompressed", "Nullable(UInt64)", "NULL"),
        ("parts", "Nullable(UInt64)", "NULL"),
        ("active_parts", "Nullable(UInt64)", "NULL"),
        ("lifetime_rows", "Nullable(UInt64)", "NULL"),
        ("lifetime_bytes", "Nullable(UInt64)", "NULL"),
        ("has_own_data", "UInt8", "0"),
        ("loading_dependencies_database", "Array(String)", "array()"),
        ("loading_dependencies_table", "Array(String)", "array()"),
        ("loading_dependent_database", "Array(String)", "array()"),
        ("loading_dependent_table", "Array(String)", "array()"),
    ])
}

fn columns() -> Relation {
    let rows = each_column().map(|(view, at, name, kind)| {
        let numbers = numbers(kind);
        let mut row = vec![text(view.name), text(name), text(kind), at.to_string()];
        row.extend([numbers.precision, numbers.radix, numbers.scale, numbers.datetime].map(str::to_owned));
        row
    });
    Relation::of(
        &[
            ("table", "String"),
            ("name", "String"),
            ("type", "String"),
            ("position", "UInt64"),
            ("numeric_precision", "Nullable(UInt64)"),
            ("numeric_precision_radix", "Nullable(UInt64)"),
            ("numeric_scale", "Nullable(UInt64)"),
            ("datetime_precision", "Nullable(UInt64)"),
        ],
        rows.collect(),
    )
    .and(&[
        ("database", "String", DATABASE),
        ("default_kind", "String", "''"),
        ("default_expression", "String", "''"),
        ("data_compressed_bytes", "UInt64", "0"),
        ("data_uncompressed_bytes", "UInt64", "0"),
        ("marks_bytes", "UInt64", "0"),
        ("comment", "String", "''"),
        ("is_in_partition_key", "UInt8", "0"),
        ("is_in_sorting_key", "UInt8", "0"),
        ("is_in_primary_key", "UInt8", "0"),
        ("is_in_sampling_key", "UInt8", "0"),
        ("compression_codec", "String", "''"),
        ("codec_expression", "String", "''"),
        ("character_octet_length", "Nullable(UInt64)", "NULL"),
    ])
}

fn functions() -> Relation {
    let named =
        |list: &'static str, aggregate: u8| list.lines().map(move |name| vec![text(name), aggregate.to_string()]);
    let rows = named(FUNCTIONS, 0).chain(named(AGGREGATES, 1)).collect();
    Relation::of(&[("name", "String"), ("is_aggregate", "UInt8")], rows).and(&[
        ("is_deterministic", "Nullable(UInt8)", "NULL"),
        ("case_insensitive", "UInt8", "0"),
        ("alias_to", "String", "''"),
        ("create_query", "String", "''"),
        ("origin", "String", "'System'"),
        ("description", "String", "''"),
        ("syntax", "String", "''"),
        ("arguments", "String", "''"),
        ("parameters", "String", "''"),
        ("returned_value", "String", "''"),
        ("examples", "String", "''"),
        ("introduced_in", "String", "''"),
        ("categories", "String", "''"),
    ])
}

/// The types of casts, and other words for them.
fn types() -> Relation {
    let mut names: Vec<&str> = [PLAIN, NESTED, NUMBERED].concat();
    names.sort_unstable();
    names.dedup();
    let names = names.into_iter().map(|name| vec![text(name), "0".to_owned(), text("")]);
    let aliases =
        ALIASES.iter().map(|(alias, name)| vec![text(&alias.to_ascii_uppercase()), "1".to_owned(), text(name)]);
    Relation::of(
        &[("name", "String"), ("case_insensitive", "UInt8"), ("alias_to", "String")],
        names.chain(aliases).collect(),
    )
}
