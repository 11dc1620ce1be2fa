//! What tools want to know of a column's type besides its name.

/// Numbers of a type, as texts of the statement: `NULL` where it has none.
pub(super) struct Numbers {
    /// Whether it may be NULL.
    pub(super) is_nullable: bool,
    pub(super) precision: &'static str,
    pub(super) radix: &'static str,
    pub(super) scale: &'static str,
    pub(super) datetime: &'static str,
}

/// The numbers of a type of the views' columns.
pub(super) fn numbers(kind: &str) -> Numbers {
    let bare = kind.strip_prefix("LowCardinality(").and_then(|inner| inner.strip_suffix(')')).unwrap_or(kind);
    let (is_nullable, bare) = match bare.strip_prefix("Nullable(").and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => (true, inner),
        None => (false, bare),
    };
    let (precision, radix, scale, datetime) = match bare.split('(').next().unwrap_or_default() {
        "Bool" | "UInt8" => ("8", "2", "0", "NULL"),
        "UInt16" => ("16", "2", "0", "NULL"),
        "UInt32" => ("32", "2", "0", "NULL"),
        "UInt64" => ("64", "2", "0", "NULL"),
        "Float32" => ("23", "2", "NULL", "NULL"),
        "Float64" => ("52", "2", "NULL", "NULL"),
        "DateTime" => ("NULL", "NULL", "NULL", "0"),
        "DateTime64" => ("NULL", "NULL", "NULL", "3"),
        _ => ("NULL", "NULL", "NULL", "NULL"),
    };
    Numbers { is_nullable, precision, radix, scale, datetime }
}
