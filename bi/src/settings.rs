//! Settings of clients: which are heeded, which are passed over, and formats. What is on no list is refused.

use crate::refusal::Refusal;

/// Parameters that say something about the connection, which means nothing here.
const PASSED_OVER: &[&str] = &[
    "add_http_cors_header",
    "async_insert",
    "buffer_size",
    "cancel_http_readonly_queries_on_client_close",
    "close_session",
    "connect_timeout",
    "decompress",
    "enable_http_compression",
    "http_headers_progress_interval_ms",
    "http_zlib_compression_level",
    "insert_deduplicate",
    "insert_quorum",
    "log_comment",
    "log_queries",
    "max_block_size",
    "max_insert_block_size",
    "max_threads",
    "network_compression_method",
    "network_zstd_compression_level",
    "quota_key",
    "readonly",
    "receive_timeout",
    "select_sequential_consistency",
    "send_progress_in_http_headers",
    "send_timeout",
    "session_check",
    "session_id",
    "session_timeout",
    "stacktrace",
    "use_client_time_zone",
    "use_query_cache",
    "wait_end_of_query",
    "wait_for_async_insert",
];

/// Settings that change how a result looks, or joins and casts of the caller's own.
const HEEDED: &[&str] = &[
    "date_time_output_format",
    "extremes",
    "group_by_use_nulls",
    "join_use_nulls",
    "limit",
    "offset",
    "output_format_arrow_string_as_string",
    "output_format_binary_write_json_as_string",
    "output_format_csv_crlf_end_of_line",
    "output_format_decimal_trailing_zeros",
    "output_format_json_escape_forward_slashes",
    "output_format_json_named_tuples_as_objects",
    "output_format_json_quote_64bit_floats",
    "output_format_json_quote_64bit_integers",
    "output_format_json_quote_decimals",
    "output_format_json_quote_denormals",
    "output_format_native_encode_types_in_binary_format",
    "output_format_native_write_json_as_string",
    "output_format_parquet_string_as_string",
    "output_format_write_statistics",
    "result_overflow_mode",
    "session_timezone",
    "transform_null_in",
];

/// Settings that are heeded up to what the configuration allows.
const BOUNDED: &[&str] =
    &["max_execution_time", "max_memory_usage", "max_result_bytes", "max_result_rows", "max_rows_to_read"];

/// Formats of results. None writes files, or reads a schema from one.
const FORMATS: &[&str] = &[
    "Arrow",
    "ArrowStream",
    "CSV",
    "CSVWithNames",
    "CSVWithNamesAndTypes",
    "JSON",
    "JSONColumns",
    "JSONColumnsWithMetadata",
    "JSONCompact",
    "JSONCompactColumns",
    "JSONCompactEachRow",
    "JSONCompactEachRowWithNames",
    "JSONCompactEachRowWithNamesAndTypes",
    "JSONCompactStrings",
    "JSONEachRow",
    "JSONLines",
    "JSONStrings",
    "JSONStringsEachRow",
    "Markdown",
    "MsgPack",
    "NDJSON",
    "Native",
    "Null",
    "ODBCDriver2",
    "Parquet",
    "Pretty",
    "PrettyCompact",
    "PrettyCompactMonoBlock",
    "PrettyCompactNoEscapes",
    "PrettyNoEscapes",
    "PrettySpace",
    "RowBinary",
    "RowBinaryWithNames",
    "RowBinaryWithNamesAndTypes",
    "TSKV",
    "TSV",
    "TSVRaw",
    "TSVWithNames",
    "TSVWithNamesAndTypes",
    "TabSeparated",
    "TabSeparatedRaw",
    "TabSeparatedWithNames",
    "TabSeparatedWithNamesAndTypes",
    "Values",
    "Vertical",
    "XML",
];

/// What a caller's setting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingPolicy {
    /// It means nothing here.
    PassedOver,
    /// It goes to the engine.
    Heeded,
    /// It goes to the engine if it asks for less than the configuration's.
    Bounded,
}

/// Whether a setting may be given.
///
/// # Errors
/// When it is on no list, or its value is none.
pub fn wish(name: &str, value: &str) -> Result<SettingPolicy, Refusal> {
    if name == "decompress" && is_on(value) {
        return Err(Refusal::not_implemented("Compressed statements are not supported: connect with decompress=0"));
    }
    if PASSED_OVER.contains(&name) {
        return Ok(SettingPolicy::PassedOver);
    }
    let heeded = HEEDED.contains(&name);
    if !heeded && !BOUNDED.contains(&name) {
        return Err(Refusal::unknown_setting(format!("The setting {} can't be given here", clip(name))));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./+".contains(&byte);
    if value.len() > 64 || !value.bytes().all(plain) {
        return Err(Refusal::bad_arguments(format!("The value of {name} can't be read")));
    }
    Ok(if heeded { SettingPolicy::Heeded } else { SettingPolicy::Bounded })
}

/// A format in the engine's own spelling.
///
/// # Errors
/// When it is on no list.
pub fn format(name: &str) -> Result<&'static str, Refusal> {
    let found = FORMATS.iter().find(|known| known.eq_ignore_ascii_case(name));
    found.copied().ok_or_else(|| Refusal::unknown_format(format!("The format {} can't be had here", clip(name))))
}

/// Whether a setting's value says yes.
#[must_use]
pub fn is_on(value: &str) -> bool {
    value == "1" || value.eq_ignore_ascii_case("true")
}

fn clip(text: &str) -> &str {
    &text[..text.floor_char_boundary(100)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted() {
        for list in [PASSED_OVER, HEEDED, BOUNDED, FORMATS] {
            assert!(list.is_sorted(), "{list:?}");
        }
    }

    #[test]
    fn what_is_on_no_list_is_refused() {
        assert_eq!(wish("session_id", "a' b"), Ok(SettingPolicy::PassedOver));
        assert_eq!(wish("max_execution_time", "5"), Ok(SettingPolicy::Bounded));
        assert_eq!(wish("session_timezone", "Europe/Prague"), Ok(SettingPolicy::Heeded));
        for (name, value) in [
            ("additional_table_filters", "{}"),
            ("additional_result_filter", "1"),
            ("optimize_move_to_prewhere", "1"),
            ("enable_analyzer", "0"),
            ("role", "x"),
            ("SQL_usertrail_tenant", "x"),
            ("decompress", "1"),
            ("session_timezone", "UTC' --"),
        ] {
            assert!(wish(name, value).is_err(), "{name}");
        }
        assert_eq!(format("jsoneachrow"), Ok("JSONEachRow"));
        for name in ["Template", "Protobuf", "SQLInsert", "CapnProto", "CustomSeparated", ""] {
            assert!(format(name).is_err(), "{name}");
        }
    }
}
