//! Problems have words in every language.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::BTreeSet;
use std::path::Path;

use schemas::catalogue::Lang;
use schemas::problem_texts::{detail, title};

fn sources(folder: &Path, all: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

/// P16: every code that a problem is made with, as the sources of the roles have them.
#[test]
fn every_code_has_words() {
    let mut all = String::new();
    for role in ["runtime", "ingest", "query-api"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(role).join("src"), &mut all);
    }
    let mut codes = BTreeSet::new();
    for maker in [
        "Problem::new(",
        "Problem::bad_request(",
        "Problem::unavailable(",
        "Self::new(StatusCode",
        "Self::unavailable(",
    ] {
        for after in all.split(maker).skip(1) {
            // The first text among the arguments, unless it is the detail.
            let call: String = after.split_whitespace().collect::<Vec<_>>().join(" ");
            let code = call.split('"').nth(1).filter(|_| call.find('"').is_some_and(|at| at < 60));
            let is_code =
                |code: &&str| !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            codes.extend(code.filter(is_code).map(str::to_owned));
        }
    }
    codes.retain(|code| code.len() > 1);
    assert!(codes.len() > 40 && codes.contains("invalid_parameter"), "{codes:?}");
    let known: serde_json::Value = serde_json::from_str(include_str!("../problems.json")).unwrap();
    for code in codes.iter().chain(known["details"].as_object().unwrap().keys()) {
        let (ru, cs) = (detail(code, Lang::Ru), detail(code, Lang::Cs));
        assert!(ru.is_some_and(|text| text.chars().any(|c| ('а'..='я').contains(&c))), "{code} in ru");
        assert!(cs.is_some_and(|text| !text.chars().any(|c| ('а'..='я').contains(&c))), "{code} in cs");
    }
    for status in [400, 401, 403, 404, 405, 406, 408, 409, 413, 415, 422, 429, 500, 503] {
        assert!(title(status, Lang::Ru).is_some() && title(status, Lang::Cs).is_some(), "{status}");
    }
}
