//! How the modules of this crate hang together.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Modules below a folder, by their paths in the crate, with what they say without their tests.
fn read(folder: &Path, path: &str, modules: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_stem().unwrap().to_str().unwrap();
        let within = if path.is_empty() { name.to_owned() } else { format!("{path}::{name}") };
        if entry.is_dir() {
            read(&entry, &within, modules);
        } else if entry.extension().is_some_and(|ending| ending == "rs") && !["lib", "tests"].contains(&name) {
            let text = std::fs::read_to_string(&entry).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap().lines();
            let code: Vec<&str> = code.filter(|line| !line.trim_start().starts_with("//")).collect();
            modules.insert(within, code.join("\n"));
        }
    }
}

/// The paths of a use tree, or of one path.
fn tree<'a>(text: &mut &'a str, mut path: Vec<&'a str>, found: &mut Vec<Vec<&'a str>>) {
    loop {
        *text = text.trim_start();
        if let Some(rest) = text.strip_prefix('{') {
            *text = rest.trim_start();
            while !text.starts_with('}') {
                tree(text, path.clone(), found);
                *text = text.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
            }
            *text = &text[1..];
            return;
        }
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        assert!(end > 0, "no path: {}", &text[..text.len().min(80)]);
        path.push(&text[..end]);
        *text = &text[end..];
        match text.strip_prefix("::") {
            Some(rest) if rest.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '{') => *text = rest,
            _ => break,
        }
    }
    // `as`: the name is only here.
    if let Some(rest) = text.strip_prefix(" as ") {
        *text = rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    }
    found.push(path);
}

/// What each module takes from others of this crate.
fn imports(modules: &BTreeMap<String, String>) -> BTreeMap<&str, BTreeSet<&str>> {
    let module = |path: &[&str]| {
        let known = (1..=path.len()).rev().find_map(|length| modules.get_key_value(&path[..length].join("::")));
        known.map(|(name, _)| name.as_str())
    };
    let of = |(name, text): (&'_ String, &'_ String)| {
        let mut found = Vec::new();
        for mut rest in text.split("crate::").skip(1) {
            tree(&mut rest, Vec::new(), &mut found);
        }
        found.iter().filter_map(|path| module(path)).filter(|other| other != name).collect()
    };
    modules.iter().map(|(name, text)| (name.as_str(), of((name, text)))).collect()
}

/// Imports go one way: what two modules would take from each other stands below both.
#[test]
fn no_module_comes_back_to_itself() {
    let mut modules = BTreeMap::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut modules);
    let mut left = imports(&modules);
    assert!(left.len() > 100 && left["users::sign_ins"].contains("http::page"), "{left:?}");
    loop {
        let done: BTreeSet<&str> = left.iter().filter(|(_, takes)| takes.is_empty()).map(|(name, _)| *name).collect();
        if done.is_empty() {
            break;
        }
        left.retain(|name, _| !done.contains(name));
        left.values_mut().for_each(|takes| takes.retain(|other| !done.contains(other)));
    }
    assert!(left.is_empty(), "these lie in or before a circle: {left:#?}");
}
