//! Searching events by what they say: words anywhere in them, and what one change was.
//!
//! There is no index for it. Of a table of a million events and 12 columns, a `text` index of ClickHouse 26.7 made searches
//! four to fourteen times faster (53 MB read became 0 to 4 MB), and the inserts of every event of every tenant 1.7 times
//! dearer, the merges 3.7 times, the table a third larger. A search reads the events of one tenant in one period, five
//! million a second with one core; that it finds parts of words, which inflected languages need, no index of words offers.

use std::net::Ipv6Addr;

use schemas::{address, json};
use serde_json::value::RawValue;

use crate::http::params::ParamError;
use crate::log::filter::EventFilter;
use crate::store::sql::Clauses;

/// Most words of one search.
pub(super) const MAX_WORDS: usize = 16;

/// A text as it is compared in a search: without case, in one normal form, full-width letters and ligatures as the letters that they
/// are, `ß` as `ss`, and all four of `I`, `ı`, `İ` and `i` as one, since Turkish pairs them otherwise than everybody else. What is
/// ASCII, as most is, costs no more than its lower case.
macro_rules! folded {
    ($text:literal) => {
        concat!(
            "if(length(",
            $text,
            ") = lengthUTF8(",
            $text,
            "), lower(",
            $text,
            "), \
            replaceAll(replaceAll(normalizeUTF8NFKCCasefold(",
            $text,
            "), 'i\u{307}', 'i'), 'ı', 'i'))"
        )
    };
}

/// What a search looks through: names, details and changes. Line breaks keep a word from being found across two.
macro_rules! every_word {
    ($text:literal) => {
        concat!(
            "arrayMin(multiSearchAllPositions(",
            folded!($text),
            ", arrayMap(word -> ",
            folded!("word"),
            ", {q:Array(String)}))) > 0"
        )
    };
}

/// Every word somewhere.
const EVERY_WORD: &str = every_word!(
    "concatWithSeparator('\\n', actor_name, actor_email, object_name, object_id, reason, payload, \
    arrayStringConcat(changes.path, '\\n'), arrayStringConcat(changes.old, '\\n'), \
    arrayStringConcat(changes.new, '\\n'))"
);

/// The same where a word has a quotation mark or a backslash, which JSON writes with one more.
const EVERY_WORD_QUOTED: &str = every_word!(
    "concatWithSeparator('\\n', actor_name, actor_email, object_name, object_id, reason, \
    arrayStringConcat(changes.path, '\\n'), replaceAll(replaceAll(concatWithSeparator('\\n', payload, \
    arrayStringConcat(changes.old, '\\n'), arrayStringConcat(changes.new, '\\n')), '\\\\\"', '\"'), '\\\\\\\\', '\\\\'))"
);

/// A text somewhere in what a user is called.
pub(crate) const USER: &str = concat!(
    "position(",
    folded!("concatWithSeparator('\\n', name, email, actor_id)"),
    ", ",
    folded!("{q:String}"),
    ") > 0"
);

/// One change of which all that was asked for is true. Letters that are composed otherwise are the same letters.
const ONE_CHANGE: &str = "arrayExists((path, old, new) -> \
    (empty({changed:Array(String)}) OR has(arrayMap(each -> normalizeUTF8NFC(each), {changed:Array(String)}), normalizeUTF8NFC(path))) \
    AND (empty({changed_from:Array(String)}) OR has(arrayMap(each -> normalizeUTF8NFC(each), {changed_from:Array(String)}), normalizeUTF8NFC(old))) \
    AND (empty({changed_to:Array(String)}) OR has(arrayMap(each -> normalizeUTF8NFC(each), {changed_to:Array(String)}), normalizeUTF8NFC(new))), \
    changes.path, changes.old, changes.new)";

/// The words of a search.
pub(super) fn words(text: Option<&str>) -> Result<Vec<String>, ParamError> {
    let mut words: Vec<String> = text.unwrap_or("").split_whitespace().map(str::to_owned).collect();
    if words.len() > MAX_WORDS {
        return Err(ParamError::bad("q", format!("at most {MAX_WORDS} words")));
    }
    if text.is_some() && words.is_empty() {
        return Err(ParamError::bad("q", "has no word"));
    }
    words.sort_unstable();
    words.dedup();
    Ok(words)
}

/// Addresses, each in the one form that the table has, which holds the unspecified one where there is none.
pub(super) fn addresses(texts: Vec<String>) -> Result<Vec<String>, ParamError> {
    let address = |text: String| match address::read_one(&text) {
        None if text.is_empty() => Ok(Ipv6Addr::UNSPECIFIED.to_string()),
        Some(address) => Ok(address::mapped(address).to_string()),
        None => Err(ParamError::bad("ip", "expected an IPv4 or IPv6 address")),
    };
    texts.into_iter().map(address).collect()
}

/// Adds the conditions.
pub(super) fn add_to(filter: &EventFilter, clauses: &mut Clauses) {
    if !filter.q.is_empty() {
        let is_quoted = filter.q.iter().any(|word| word.contains(['"', '\\']));
        clauses.texts(if is_quoted { EVERY_WORD_QUOTED } else { EVERY_WORD }, "q", &filter.q);
    }
    let (changed, from, to) = (&filter.changed, &filter.changed_from, &filter.changed_to);
    if changed.is_some() || from.is_some() || to.is_some() {
        clauses.plain(ONE_CHANGE);
        clauses.bind_texts("changed", changed.as_deref().map(paths).unwrap_or_default());
        clauses.bind_texts("changed_from", from.as_deref().map(values).unwrap_or_default());
        clauses.bind_texts("changed_to", to.as_deref().map(values).unwrap_or_default());
    }
    if !filter.ip.is_empty() {
        clauses.texts("ip IN {ip:Array(IPv6)}", "ip", &filter.ip);
    }
}

/// A path with its first slash and without.
fn paths(path: &str) -> Vec<String> {
    let bare = path.strip_prefix('/').unwrap_or(path);
    vec![bare.to_owned(), format!("/{bare}")]
}

/// A value in the spelling that it is stored in, if it is JSON, and as the text that JSON would quote: `10` and `"10"`.
fn values(value: &str) -> Vec<String> {
    let text = json::quoted(value);
    let Ok(value) = serde_json::from_str::<&RawValue>(value) else { return vec![text] };
    let value = json::canonical(value).into_owned();
    // Null is stored as what was not sent.
    let nothing = (value == "null").then(String::new);
    [text, value].into_iter().chain(nothing).collect()
}
