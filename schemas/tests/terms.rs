//! The texts keep to `docs/terms.md` (P16, C9).
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::{Path, PathBuf};

use schemas::catalogue::Lang;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// Every text of the data files, with its language.
fn texts() -> Vec<(Lang, String)> {
    fn collect(value: &serde_json::Value, found: &mut Vec<(Lang, String)>) {
        match value {
            serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
            serde_json::Value::Object(fields) => {
                fields.iter().for_each(|(name, value)| match (Lang::parse(name), value) {
                    (Some(lang), serde_json::Value::String(text)) => found.push((lang, text.clone())),
                    _ => collect(value, found),
                })
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    for file in std::fs::read_dir(root().join("schemas/catalogue")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        collect(&serde_json::from_str(&text).unwrap(), &mut found);
    }
    collect(&serde_json::from_str(&read("schemas/problems.json")).unwrap(), &mut found);
    let phrases: Vec<[String; 3]> = serde_json::from_str(&read("schemas/phrases.json")).unwrap();
    // Their English is what sources say.
    found.extend(phrases.into_iter().flat_map(|[_, ru, cs]| [(Lang::Ru, ru), (Lang::Cs, cs)]));
    found.extend(rules());
    found
}

/// Titles and descriptions of the shipped rules, line by line below the language's name.
fn rules() -> Vec<(Lang, String)> {
    let mut found = Vec::new();
    for file in std::fs::read_dir(root().join("detect/rules")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let mut lang = None;
        for line in text.lines().skip_while(|line| *line != "translations:").skip(1) {
            if !line.starts_with(' ') {
                break;
            }
            match line.strip_prefix("  ").and_then(|line| line.strip_suffix(':')).and_then(Lang::parse) {
                Some(named) => lang = Some(named),
                None => found.extend(lang.map(|lang| (lang, line.to_owned()))),
            }
        }
    }
    found
}

/// Collects the texts that stand in sources: what is quoted there, its language unknown.
fn quoted_in_sources(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            quoted_in_sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            found.extend(source.split('"').skip(1).step_by(2).filter(|text| !text.is_ascii()).map(str::to_owned));
        }
    }
}

struct Term {
    names: Vec<(Lang, String)>,
    not: Vec<String>,
}

fn terms() -> Vec<Term> {
    let page = read("docs/terms.md");
    let rows = page.lines().filter(|line| line.starts_with("| ")).skip(1);
    let terms = rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [_, en, ru, cs, not] = cells.as_slice() else { panic!("{row}") };
        let names = [(Lang::En, en), (Lang::Ru, ru), (Lang::Cs, cs)];
        Term {
            names: names.map(|(lang, name)| (lang, (*name).to_lowercase())).into(),
            not: not.split('`').skip(1).step_by(2).map(str::to_lowercase).collect(),
        }
    });
    terms.collect()
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|letter: char| !letter.is_alphabetic()).map(str::to_lowercase)
}

fn holds(text: &str, wanted: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(stem) => words(text).any(|word| word.starts_with(stem)),
        None => words(text).any(|word| word == wanted),
    }
}

#[test]
fn one_thing_has_one_name() {
    let (texts, terms) = (texts(), terms());
    assert!(terms.len() > 20 && texts.len() > 2000);
    let mut all: Vec<String> = texts.iter().map(|(_, text)| text.clone()).collect();
    quoted_in_sources(&root().join("query-api/src"), &mut all);
    for word in terms.iter().flat_map(|term| &term.not) {
        // `login` is a word of English names.
        let used = all.iter().find(|text| !text.is_ascii() && holds(text, word));
        assert_eq!(used, None, "{word} is not a term");
    }
    // And each name is used: its first word, but for the ending.
    for (lang, name) in terms.iter().flat_map(|term| &term.names) {
        let word = words(name).next().unwrap();
        let letters = word.chars().count();
        let stem: String = word.chars().take(letters.saturating_sub(2).max(2)).collect();
        let used = texts.iter().any(|(of, text)| of == lang && holds(text, &format!("{stem}*")));
        assert!(used || all.iter().any(|text| holds(text, &format!("{stem}*"))), "{lang}: {name} is used nowhere");
    }
}

#[test]
fn quotation_marks_are_those_of_the_language() {
    for (lang, text) in texts() {
        let foreign: &[char] = match lang {
            Lang::En => &['«', '»', '„'],
            Lang::Ru => &['“', '”', '„'],
            Lang::Cs => &['«', '»', '”'],
        };
        assert!(!text.contains(foreign) && !text.contains('"'), "{lang}: {text}");
    }
}

/// "the order “1042”", never "a order" or "order “1042”".
#[test]
fn english_has_its_articles() {
    for (_, text) in texts().into_iter().filter(|(lang, _)| *lang == Lang::En) {
        let words: Vec<String> = text.split([' ', '[', ']']).map(str::to_lowercase).collect();
        for pair in words.windows(2) {
            // What begins with u may go either way, and so may abbreviations.
            let vowel = pair[1].starts_with(['a', 'e', 'i', 'o']);
            let either = pair[1].starts_with('u') || pair[1] == "sms";
            assert!(either || !(pair[0] == "a" && vowel || pair[0] == "an" && !vowel), "{text}");
        }
        if let Some((before, _)) = text.split_once("[ “{object}”]") {
            let named =
                before.split(' ').rev().take(4).any(|word| ["the", "a", "an"].contains(&word.to_lowercase().as_str()));
            // "restored “Bolt”" names the thing alone.
            assert!(named || before.ends_with("restore") || before.ends_with("restored"), "{text}");
        }
    }
}
