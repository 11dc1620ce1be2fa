//! What problems (RFC 9457) are called in Russian and Czech: `schemas/problems.json`, by status and code, and what they say in
//! particular ([`phrases`]). English is where a problem is made.

mod phrases;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::catalogue::{Lang, Texts};

const FILE: &str = include_str!("../problems.json");

#[derive(Debug, Default, Deserialize)]
struct ProblemTexts {
    titles: HashMap<String, Texts>,
    details: HashMap<String, Texts>,
}

/// A test reads the file.
static TEXTS: LazyLock<ProblemTexts> = LazyLock::new(|| serde_json::from_str(FILE).unwrap_or_default());

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
