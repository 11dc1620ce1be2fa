//! The document that is generated from the handlers, for its form; its text is a snapshot of the whole program's.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use serde_json::Value;

fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

/// Every operation says what it takes and gives, by example, and every problem that it may answer.
#[test]
fn operations_are_complete() {
    let document = serde_json::to_value(query_api::openapi()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["components"]["securitySchemes"]["key"].is_object());
    assert!(document["security"].as_array().is_some_and(|all| !all.is_empty()));
    let mut ids = std::collections::BTreeSet::new();
    for (name, operation) in operations(&document) {
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{name}: its id is taken");
        assert!(operation["summary"].is_string() || operation["description"].is_string(), "{name}: not described");
        let responses = operation["responses"].as_object().unwrap();
        for status in ["400", "401", "403", "404", "422", "429", "503"] {
            let problem = &responses[status]["content"]["application/problem+json"];
            assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem", "{name} {status}");
            assert!(problem["example"].is_object(), "{name} {status}: no example");
        }
        let (_, success) = responses.iter().find(|(status, _)| status.starts_with('2')).unwrap();
        assert!(success["content"]["application/json"]["example"].is_object(), "{name}: no example");
        for (_, body) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            assert!(body["example"].is_object(), "{name}: no example of a body");
        }
    }
}

/// Every schema that is referred to is there.
#[test]
fn references_resolve() {
    let document = serde_json::to_value(query_api::openapi()).unwrap();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"").skip(1) {
        let pointer = reference.split('"').next().unwrap().trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{pointer} is not there");
    }
}

/// P12, P15: headers that programs go by are described where they are given.
#[test]
fn headers_are_described() {
    let document = serde_json::to_value(query_api::openapi()).unwrap();
    let headers = |response: &Value| -> Vec<String> {
        response["headers"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    let mut files = 0;
    for (name, operation) in operations(&document) {
        let responses = &operation["responses"];
        assert_eq!(headers(&responses["429"]), ["RateLimit", "RateLimit-Policy", "Retry-After"], "{name}");
        assert_eq!(headers(&responses["503"]), ["Retry-After"], "{name}");
        let takes = |wanted: &str| {
            let mut parameters = operation["parameters"].as_array().into_iter().flatten();
            name.starts_with("get ") && parameters.any(|parameter| parameter["name"] == wanted)
        };
        let mut expected = Vec::new();
        if takes("format") {
            expected.extend(["Complete-Until", "Content-Disposition"]);
            files += 1;
        }
        if takes("accept-language") {
            expected.push("Content-Language");
        }
        expected.extend(["RateLimit", "RateLimit-Policy"]);
        let (_, success) = responses.as_object().unwrap().iter().find(|(status, _)| status.starts_with('2')).unwrap();
        assert_eq!(headers(success), expected, "{name}");
    }
    assert!(files > 10, "{files}");
    for (name, header) in document["components"]["headers"].as_object().unwrap() {
        assert!(header["description"].is_string() && header["schema"].is_object(), "{name}");
    }
}
