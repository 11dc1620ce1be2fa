//! The codes of problems (RFC 9457) with the members that each brings, and what problems are called in Russian and Czech:
//! `schemas/problems.json`, by status and code, and what they say in particular ([`phrases`]). English is where a problem is made.

mod phrases;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::catalogue::{Lang, Texts};

const FILE: &str = include_str!("../problems.json");

/// What a code of problems is about.
#[derive(Debug, Default, Deserialize)]
pub struct CodeDescription {
    /// What happened, a sentence.
    pub about: String,
    /// Members that a problem of this code may have, beside those that all have.
    #[serde(default)]
    pub members: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
struct ProblemTexts {
    problems: BTreeMap<String, CodeDescription>,
    members: BTreeMap<String, serde_json::Value>,
    rejections: Vec<String>,
    titles: HashMap<String, Texts>,
    details: HashMap<String, Texts>,
}

/// A test reads the file.
static TEXTS: LazyLock<ProblemTexts> = LazyLock::new(|| serde_json::from_str(FILE).unwrap_or_default());

/// Every code that a problem may have.
#[must_use]
pub fn codes() -> &'static BTreeMap<String, CodeDescription> {
    &TEXTS.problems
}

/// Members that problems of some codes have, with the JSON Schema of each.
#[must_use]
pub fn members() -> &'static BTreeMap<String, serde_json::Value> {
    &TEXTS.members
}

/// Every code that one event may be refused with.
#[must_use]
pub fn rejections() -> &'static [String] {
    &TEXTS.rejections
}

/// The title of an HTTP status.
#[must_use]
pub fn title(status: u16, lang: Lang) -> Option<&'static str> {
    text(&TEXTS.titles, &status.to_string(), lang)
}

/// What a problem of this code says.
#[must_use]
pub fn detail(code: &str, lang: Lang) -> Option<&'static str> {
    text(&TEXTS.details, code, lang)
}

/// What is said of a code in particular, in another language: its own words, or else what the code says by itself. None in English,
/// and where neither is known.
#[must_use]
pub fn worded(code: &str, said: &str, lang: Lang) -> Option<Cow<'static, str>> {
    phrases::phrase(said, lang).map(Cow::Owned).or_else(|| detail(code, lang).map(Cow::Borrowed))
}

fn text(texts: &'static HashMap<String, Texts>, key: &str, lang: Lang) -> Option<&'static str> {
    texts.get(key).map(|texts| texts.exact(lang)).filter(|text| !text.is_empty())
}
