//! `docs/features.md`: every line has a test that is there and cites it, or says that it is not yet.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Bytes before a test in which its doc comment stands.
const HEAD: usize = 1500;

/// Whether a doc comment cites an id, by itself or within a range (`T8–T15`).
fn cites(doc: &str, id: &str) -> bool {
    let (letter, number) = id.split_at(1);
    let number: u32 = number.parse().unwrap();
    let words: Vec<&str> = doc.split(|c: char| !c.is_alphanumeric() && c != '–').collect();
    words.iter().any(|word| {
        let bound = |text: &str| text.strip_prefix(letter).and_then(|digits| digits.parse::<u32>().ok());
        match word.split_once('–') {
            Some((from, to)) => bound(from).zip(bound(to)).is_some_and(|(from, to)| (from..=to).contains(&number)),
            None => bound(word) == Some(number),
        }
    })
}

/// The doc comment above a function, without its attributes.
fn doc_of(source: &str, name: &str) -> Option<String> {
    let at = source.find(&format!("fn {name}("))?;
    let start = source.floor_char_boundary(at.saturating_sub(HEAD));
    let above = &source[start..at];
    let above = &above[..above.rfind('\n').unwrap_or_default()];
    let is_head = |line: &&str| line.trim_start().starts_with("///") || line.trim_start().starts_with("#[");
    let mut doc: Vec<&str> = above.lines().rev().take_while(is_head).collect();
    doc.reverse();
    Some(doc.join(" "))
}

#[test]
fn every_line_has_a_test_that_cites_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = std::fs::read_to_string(root.join("docs/features.md")).unwrap();
    let (mut seen, mut faults, mut current, mut shown) = (BTreeSet::new(), Vec::new(), None::<String>, true);
    for line in text.lines().chain(["- end"]) {
        if let Some(rest) = line.strip_prefix("- ") {
            if let Some(id) = current.as_ref().filter(|_| !shown) {
                faults.push(format!("{id} has neither a test nor a `Not yet`"));
            }
            let id = rest.split(' ').next().unwrap().to_owned();
            assert!(seen.insert(id.clone()), "{id} stands there twice");
            (current, shown) = (Some(id), false);
        } else if let (Some(id), Some((name, file))) =
            (&current, line.trim().strip_prefix("[`").and_then(|rest| rest.strip_suffix(')')?.split_once("`](../")))
        {
            shown = true;
            let doc = std::fs::read_to_string(root.join(file)).ok().and_then(|source| doc_of(&source, name));
            match doc {
                None => faults.push(format!("{id}: no test `{name}` in {file}")),
                Some(doc) if !cites(&doc, id) => faults.push(format!("{id}: `{name}` in {file} does not cite it")),
                Some(_) => {}
            }
        } else if line.trim().starts_with("*Not yet") {
            shown = true;
        }
    }
    assert!(seen.len() > 100, "{} lines", seen.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn ids_are_told_from_others() {
    assert!(cites("/// T8–T15: figures", "T11"));
    assert!(cites("/// J13, P16.", "P16"));
    assert!(!cites("/// J13, P16.", "P1"));
    assert!(!cites("/// T8–T10", "T11"));
}

/// Migrations that were applied are known by their checksums: their comments stay as they are.
const FIRST_CHANGEABLE: &str = "0010";

/// What a source says to people outside its tests: comments, and descriptions that go into documents.
fn said(path: &Path, source: &str) -> String {
    let source = source.split("\nmod tests {").next().unwrap_or_default();
    let mark = if path.extension().is_some_and(|extension| extension == "sql") { "--" } else { "//" };
    let lines = source.lines().filter_map(|line| match line.split_once(mark) {
        Some((before, comment)) if before.is_empty() || before.ends_with(char::is_whitespace) => Some(comment),
        _ => line.contains("description = \"").then_some(line),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let source = path.extension().is_some_and(|extension| extension == "rs" || extension == "sql");
        if path.is_dir() && !name.starts_with('.') && !["target", "tests", "node_modules"].contains(&name.as_str()) {
            sources(&path, found);
        } else if source && name != "tests.rs" && !(folder.ends_with("clickhouse") && *name < *FIRST_CHANGEABLE) {
            found.push(path);
        }
    }
}

/// The ids of the page are for the page and for tests: who reads a source or the API's document has no use for them.
#[test]
fn ids_stand_in_tests_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(root.join("docs/features.md")).unwrap();
    let ids: BTreeSet<&str> = page.lines().filter_map(|line| line.strip_prefix("- ")?.split(' ').next()).collect();
    let cited = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.filter(|word| ids.contains(word)).map(str::to_owned).collect()
    };
    let mut found = Vec::new();
    sources(&root, &mut found);
    found.push(root.join("schemas/openapi.json"));
    assert!(found.len() > 400, "{} sources", found.len());
    let mut faults = Vec::new();
    for path in found {
        let source = std::fs::read_to_string(&path).unwrap();
        let text = if path.extension().is_some_and(|kind| kind == "json") { source } else { said(&path, &source) };
        faults.extend(cited(&text).into_iter().map(|id| format!("{id} in {}", path.display())));
    }
    assert!(faults.is_empty(), "ids of features outside tests:\n{}", faults.join("\n"));

    assert_eq!(cited(&said(Path::new("a.rs"), "/// Who did it (L4).\nlet x = 1; // J10: why")), ["L4", "J10"]);
    assert_eq!(cited(&said(Path::new("a.rs"), "let cell = \"A2\";\nmod tests {\n/// L4.")), Vec::<String>::new());
    assert_eq!(cited(&said(Path::new("a.sql"), "SELECT 1 -- P15")), ["P15"]);
}
