//! `schemas/problems.json` has every code that the sources answer with, its members, and its words in every language.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::BTreeSet;
use std::path::Path;

use schemas::catalogue::Lang;
use schemas::problem_texts::{codes, detail, members, rejections, title};

/// Calls that make a problem, with which of their arguments is the code.
const PROBLEMS: &[(&str, usize)] = &[
    ("Problem::new(", 1),
    ("Problem::bad_request(", 0),
    ("Problem::unavailable(", 0),
    ("Self::new(", 1),
    ("Self::bad_request(", 0),
    ("Self::unavailable(", 0),
    ("unprocessable(", 0),
];
/// Codes that no call has as a text: of bodies that are no array, and why something can't be restored.
const FROM_ELSEWHERE: &[&str] = &["malformed_json", "no_restore_endpoint", "not_deleted_any_more", "not_restorable"];
/// Codes of the decoder that follow from what serde says, and of the broker that takes no event.
const OF_EVENTS_ELSEWHERE: &[&str] = &["duplicate_field", "invalid_record", "invalid_time", "invalid_type"];

fn read(folder: &Path, all: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            all.push_str(std::fs::read_to_string(path).unwrap().split("\nmod tests {").next().unwrap());
        }
    }
}

fn sources(crates: &[&str]) -> String {
    let mut all = String::new();
    for name in crates {
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src"), &mut all);
    }
    all
}

/// The arguments of a call, from behind its opening bracket.
fn arguments(call: &str) -> Vec<&str> {
    let (mut found, mut depth, mut quoted, mut from) = (Vec::new(), 0_u32, false, 0);
    let mut letters = call.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' if quoted => drop(letters.next()),
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth > 0 => depth -= 1,
            ',' | ')' if depth == 0 => {
                found.push(call[from..at].trim());
                from = at + 1;
                if letter == ')' {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

/// The texts that calls have as an argument.
fn texts<'a>(all: &'a str, calls: &[(&str, usize)]) -> BTreeSet<&'a str> {
    let found = calls.iter().flat_map(|(call, argument)| {
        all.split(call).skip(1).filter_map(|after| arguments(after).get(*argument).copied())
    });
    let texts = found.filter_map(|argument| argument.strip_prefix('"')?.strip_suffix('"'));
    texts.filter(|text| text.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())).collect()
}

fn set<'a>(texts: impl IntoIterator<Item = &'a (impl AsRef<str> + ?Sized + 'a)>) -> BTreeSet<&'a str> {
    texts.into_iter().map(AsRef::as_ref).collect()
}

#[test]
fn arguments_are_told_apart() {
    assert_eq!(
        arguments("StatusCode::X, \"a\", format!(\"(, \\\" {}\", b(1, 2))).with(3)"),
        ["StatusCode::X", "\"a\"", "format!(\"(, \\\" {}\", b(1, 2))"]
    );
}

/// The list is what the sources of the roles say: no code is missing, and none is left over.
#[test]
fn every_code_is_listed() {
    let all = sources(&["runtime", "ingest", "query-api", "bi"]);
    let mut used = texts(&all, PROBLEMS);
    used.extend(FROM_ELSEWHERE);
    assert!(FROM_ELSEWHERE.iter().all(|code| all.contains(&format!("\"{code}\""))));
    assert_eq!(used, set(codes().keys()));

    let all = sources(&["schemas", "ingest"]);
    let mut used = texts(&all, &[("Rejection::new(", 0)]);
    used.extend(OF_EVENTS_ELSEWHERE);
    assert_eq!(used, set(rejections()));
}

/// So are the members: each is described, and belongs to a code.
#[test]
fn every_member_is_listed() {
    let all = sources(&["runtime", "ingest", "query-api"]);
    assert_eq!(texts(&all, &[("with_member(", 0)]), set(members().keys()));
    assert_eq!(set(codes().values().flat_map(|code| &code.members)), set(members().keys()));
    for (name, member) in members() {
        assert!(member["description"].is_string() && !member["type"].is_null(), "{name}");
    }
    for (code, described) in codes() {
        assert!(described.about.ends_with('.'), "{code}");
    }
}

/// P16: every code has words in every language, and only codes have.
#[test]
fn every_code_has_words() {
    let known: serde_json::Value = serde_json::from_str(include_str!("../problems.json")).unwrap();
    let mut all = set(codes().keys());
    all.extend(set(rejections()));
    assert_eq!(set(known["details"].as_object().unwrap().keys()), all);
    for code in all {
        let (ru, cs) = (detail(code, Lang::Ru), detail(code, Lang::Cs));
        assert!(ru.is_some_and(|text| text.chars().any(|c| ('а'..='я').contains(&c))), "{code} in ru");
        assert!(cs.is_some_and(|text| !text.chars().any(|c| ('а'..='я').contains(&c))), "{code} in cs");
    }
    for status in [400, 401, 403, 404, 405, 406, 408, 409, 413, 415, 422, 429, 500, 503] {
        assert!(title(status, Lang::Ru).is_some() && title(status, Lang::Cs).is_some(), "{status}");
    }
}
