//! `information_schema`, whose columns have names in both cases.

use super::kinds::numbers;
use super::{Relation, each_column, text};
use crate::views::VIEWS;

const DATABASE: &str = "'usertrail'";

/// The text of a relation; its name is in lower case.
pub(super) fn relation(name: &str) -> Option<String> {
    let found = match name {
        "schemata" => schemata(),
        "tables" => tables(),
        "views" => views(),
        "columns" => columns(),
        "key_column_usage" => Relation::none(&[
            ("constraint_catalog", "String"),
            ("constraint_schema", "String"),
            ("constraint_name", "Nullable(String)"),
            ("table_catalog", "String"),
            ("table_schema", "String"),
            ("table_name", "String"),
            ("column_name", "Nullable(String)"),
            ("ordinal_position", "UInt32"),
            ("position_in_unique_constraint", "Nullable(UInt32)"),
            ("referenced_table_schema", "Nullable(String)"),
            ("referenced_table_name", "Nullable(String)"),
            ("referenced_column_name", "Nullable(String)"),
        ]),
        "referential_constraints" => Relation::none(&[
            ("constraint_catalog", "String"),
            ("constraint_schema", "String"),
            ("constraint_name", "Nullable(String)"),
            ("unique_constraint_catalog", "String"),
            ("unique_constraint_schema", "String"),
            ("unique_constraint_name", "Nullable(String)"),
            ("match_option", "String"),
            ("update_rule", "String"),
            ("delete_rule", "String"),
            ("table_name", "String"),
            ("referenced_table_name", "String"),
        ]),
        "table_constraints" => Relation::none(&[
            ("constraint_catalog", "String"),
            ("constraint_schema", "String"),
            ("constraint_name", "String"),
            ("table_schema", "String"),
            ("table_name", "String"),
            ("constraint_type", "String"),
        ]),
        "statistics" => Relation::none(&[
            ("table_catalog", "String"),
            ("table_schema", "String"),
            ("table_name", "String"),
            ("non_unique", "Int32"),
            ("index_schema", "String"),
            ("index_name", "Nullable(String)"),
            ("seq_in_index", "UInt32"),
            ("column_name", "Nullable(String)"),
            ("collation", "Nullable(String)"),
            ("cardinality", "Nullable(UInt64)"),
            ("nullable", "String"),
            ("index_type", "String"),
        ]),
        _ => return None,
    };
    Some(found.in_both_cases())
}

fn schemata() -> Relation {
    Relation::of(&[("schema_name", "String")], vec![vec![DATABASE.to_owned()]]).and(&[
        ("catalog_name", "String", DATABASE),
        ("schema_owner", "String", DATABASE),
        ("default_character_set_catalog", "Nullable(String)", "NULL"),
        ("default_character_set_schema", "Nullable(String)", "NULL"),
        ("default_character_set_name", "Nullable(String)", "NULL"),
        ("sql_path", "Nullable(String)", "NULL"),
    ])
}

fn tables() -> Relation {
    let rows = VIEWS.iter().map(|view| vec![text(view.name), text(view.comment)]).collect();
    Relation::of(&[("table_name", "String"), ("table_comment", "String")], rows).and(&[
        ("table_catalog", "String", DATABASE),
        ("table_schema", "String", DATABASE),
        ("table_type", "String", "'VIEW'"),
        ("table_rows", "Nullable(UInt64)", "NULL"),
        ("data_length", "Nullable(UInt64)", "NULL"),
        ("index_length", "Nullable(UInt64)", "NULL"),
        ("table_collation", "Nullable(String)", "NULL"),
    ])
}

fn views() -> Relation {
    let rows = VIEWS.iter().map(|view| vec![text(view.name)]).collect();
    Relation::of(&[("table_name", "String")], rows).and(&[
        ("table_catalog", "String", DATABASE),
        ("table_schema", "String", DATABASE),
        ("view_definition", "String", "''"),
        ("check_option", "String", "'NONE'"),
        ("is_updatable", "String", "'NO'"),
        ("is_insertable_into", "String", "'NO'"),
    ])
}

fn columns() -> Relation {
    let rows = each_column().map(|(view, at, name, kind)| {
        let numbers = numbers(kind);
        let nullable = if numbers.is_nullable { "YES" } else { "NO" };
        let mut row = vec![text(view.name), text(name), at.to_string(), text(kind), text(nullable)];
        row.extend([numbers.precision, numbers.radix, numbers.scale, numbers.datetime].map(str::to_owned));
        row
    });
    Relation::of(
        &[
            ("table_name", "String"),
            ("column_name", "String"),
            ("ordinal_position", "UInt64"),
            ("data_type", "String"),
            ("is_nullable", "String"),
            ("numeric_precision", "Nullable(UInt64)"),
            ("numeric_precision_radix", "Nullable(UInt64)"),
            ("numeric_scale", "Nullable(UInt64)"),
            ("datetime_precision", "Nullable(UInt64)"),
        ],
        rows.collect(),
    )
    .and(&[
        ("table_catalog", "String", DATABASE),
        ("table_schema", "String", DATABASE),
        ("column_default", "Nullable(String)", "NULL"),
        ("character_maximum_length", "Nullable(UInt64)", "NULL"),
        ("character_octet_length", "Nullable(UInt64)", "NULL"),
        ("character_set_name", "Nullable(String)", "NULL"),
        ("collation_name", "Nullable(String)", "NULL"),
        ("domain_name", "Nullable(String)", "NULL"),
        ("extra", "Nullable(String)", "NULL"),
        ("column_key", "String", "''"),
        ("column_comment", "String", "''"),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_is_the_only_one() {
        assert_eq!(DATABASE, text(crate::views::DATABASE));
    }
}
