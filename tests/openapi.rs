//! The API's description: `schemas/openapi.json` is what the handlers of all roles say of themselves.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::Path;

const UPDATE: &str = "cargo run --quiet -- openapi > schemas/openapi.json";

/// Drift between the handlers and the committed document fails here, with the command that mends it.
#[test]
fn the_committed_document_is_the_handlers_own() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/openapi.json");
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let generated = usertrail::commands::openapi_document().to_pretty_json().unwrap();
    if committed.trim_end() == generated.trim_end() {
        return;
    }
    let differs = committed.lines().zip(generated.lines()).position(|(old, new)| old != new);
    let line = differs.unwrap_or_else(|| committed.lines().count().min(generated.lines().count()));
    panic!(
        "schemas/openapi.json is not what the handlers say, from line {} on:\n  committed: {}\n  generated: {}\nUpdate it with: {UPDATE}",
        line + 1,
        committed.lines().nth(line).unwrap_or("(end)").trim(),
        generated.lines().nth(line).unwrap_or("(end)").trim(),
    );
}
