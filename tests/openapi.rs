//! The API's description: `schemas/openapi.json` is what the handlers of all roles say of themselves.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::Path;

use serde_json::Value;

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

/// What an operation does, as the first word of its summary.
const VERBS: &[&str] = &[
    "Change", "Check", "Create", "Decide", "Delete", "End", "Explain", "Get", "Grant", "List", "Preview", "Remove",
    "Replace", "Reset", "Restore", "Review", "Revoke", "Rotate", "Send", "Set", "Switch", "Test", "Turn", "Withdraw",
];
const LONGEST_SUMMARY: usize = 8;

fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

/// What is wrong with how an operation is called and described.
fn faults_of_words(operation: &Value) -> Vec<&'static str> {
    let summary = operation["summary"].as_str().unwrap_or_default();
    let first = summary.split(' ').next().unwrap_or_default();
    let checks = [
        (VERBS.contains(&first), "its summary does not begin with a verb in the imperative"),
        (summary.split_whitespace().count() <= LONGEST_SUMMARY, "its summary is too long"),
        (!summary.ends_with('.') && !summary.contains('\n'), "its summary is a sentence, not a name"),
        (operation["description"].as_str().is_some_and(|text| text.trim_end().ends_with('.')), "it has no description"),
    ];
    checks.into_iter().filter(|(holds, _)| !holds).map(|(_, fault)| fault).collect()
}

/// Every operation is called by what it does in a few words, and described.
#[test]
fn operations_are_named_and_described() {
    let document = serde_json::to_value(usertrail::commands::openapi_document()).unwrap();
    let mut summaries = std::collections::BTreeSet::new();
    for (name, operation) in operations(&document) {
        assert_eq!(faults_of_words(operation), Vec::<&str>::new(), "{name}: {}", operation["summary"]);
        assert!(summaries.insert(operation["summary"].to_string()), "{name}: {} is taken", operation["summary"]);
    }
    assert!(summaries.len() > 80, "{}", summaries.len());
    let named = |summary: &str, description: &str| {
        faults_of_words(&serde_json::json!({ "summary": summary, "description": description })).len()
    };
    assert_eq!(named("List events", "Newest first."), 0);
    for (summary, description) in [
        ("Lists events", "Newest first."),
        ("List events.", "Newest first."),
        ("List all events of this and of that and more", "Newest first."),
        ("List events", ""),
    ] {
        assert_eq!(named(summary, description), 1, "{summary}: {description}");
    }
}

/// Every body that is sent, and every answer in JSON that is not a problem, has an example; of files the format is example enough.
#[test]
fn bodies_have_examples() {
    let document = serde_json::to_value(usertrail::commands::openapi_document()).unwrap();
    let mut bodies = 0;
    for (name, operation) in operations(&document) {
        let sent = operation["requestBody"]["content"].as_object().into_iter().flatten();
        let answered = operation["responses"].as_object().unwrap().iter().filter(|(status, _)| status.starts_with('2'));
        let answered = answered.flat_map(|(_, answer)| answer["content"].as_object().into_iter().flatten());
        let answered = answered.filter(|(media_type, _)| *media_type == "application/json");
        for (media_type, content) in sent.chain(answered) {
            assert!(!content["example"].is_null(), "{name}: no example of {media_type}");
            bodies += 1;
        }
    }
    assert!(bodies > 100, "{bodies}");
}
