//! How deep a rule's condition may nest. It is parsed, compiled and evaluated by recursion, so a text of a few kilobytes
//! could otherwise exhaust the stack and end the whole process.

use yaml_serde::{Mapping, Value};

/// Deepest nesting of brackets, and the most `not` in a row.
const MAX_NESTING: usize = 32;
/// Longest condition, in bytes.
const MAX_CONDITION_BYTES: usize = 4096;

/// Whether any condition of a document, or of a part of it, is too long or nests too deep. How deep the YAML itself nests
/// is bounded by its parser.
pub(super) fn is_excessive(document: &Mapping) -> bool {
    document.iter().any(|(name, value)| (name.as_str() == Some("condition") && condition(value)) || within(value))
}

fn within(value: &Value) -> bool {
    match value {
        Value::Mapping(fields) => is_excessive(fields),
        Value::Sequence(values) => values.iter().any(within),
        _ => false,
    }
}

fn condition(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            text.len() > MAX_CONDITION_BYTES || brackets(text) > MAX_NESTING || nots(text) > MAX_NESTING
        }
        Value::Sequence(alternatives) => alternatives.iter().any(condition),
        _ => false,
    }
}

fn brackets(text: &str) -> usize {
    let mut depth = 0_usize;
    let depths = text.bytes().map(|byte| {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth
    });
    depths.max().unwrap_or(0)
}

fn nots(text: &str) -> usize {
    let mut run = 0;
    let runs = text.split_whitespace().map(|word| {
        run = if word.eq_ignore_ascii_case("not") { run + 1 } else { 0 };
        run
    });
    runs.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excessive(condition: &str) -> bool {
        let yaml = format!("detection:\n  it:\n    action: view\n  condition: {condition}\n");
        is_excessive(&yaml_serde::from_str(&yaml).unwrap())
    }

    #[test]
    fn conditions_are_bounded_however_they_are_written() {
        let nested = |levels: usize| format!("{}it{}", "(".repeat(levels), ")".repeat(levels));
        assert!(!excessive("it"));
        assert!(!excessive(&nested(MAX_NESTING)));
        assert!(excessive(&nested(MAX_NESTING + 1)));
        assert!(excessive(&format!("\"{}it\"", r"\x28".repeat(40))));
        assert!(excessive(&format!("[it, \"{}\"]", nested(40))));
        assert!(excessive(&format!("{}it", "not ".repeat(40))));
        assert!(excessive(&format!("it{}", " and it".repeat(1000))));
    }
}
