//! Ids that name nobody and nothing: what a program writes where it has no value. They are recognised at the door, before all
//! that came without an id becomes one user, one object or one device.
//!
//! | what | example |
//! |---|---|
//! | blank | three spaces, a zero-width space |
//! | control characters, invisible ones, and such that turn the direction of writing | `u-1\u{0}` |
//! | a value that isn't there, in any case | `undefined`, `null`, `NaN`, `None`, `nil`, `(null)`, `[object Object]`, `{}` |
//! | the UUID of zeros | `00000000-0000-0000-0000-000000000000` |
//! | a template that was not filled in | `{{user_id}}`, `${user.id}`, `%{[user][id]}`, `{id}`, `[[id]]`, `@id@`, `<%= id %>` |
//!
//! Names and e-mail addresses that name nothing are recognised alike, but may have invisible characters: marks of direction belong
//! to some. What programs write is recognised by its own spelling alone there: people are called Null, Nil and Nan.
//!
//! White space around an id is no part of it.
//!
//! And ids of events that only the program gives: of its place, to a record that has none.

use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;

use crate::topics::EVENTS_RAW;

/// Values that aren't there, as programs write them.
const ABSENT: &[&str] = &[
    "undefined",
    "null",
    "NULL",
    "(null)",
    "<null>",
    "nil",
    "<nil>",
    "(nil)",
    "None",
    "NaN",
    "Infinity",
    "-Infinity",
    "[object Object]",
    "[object Undefined]",
    "[object Null]",
    "[object Promise]",
    "{}",
    "[]",
    "''",
    "\"\"",
    "00000000-0000-0000-0000-000000000000",
];
/// The longest of them, in bytes.
const LONGEST: usize = 36;
/// How templates begin.
const TEMPLATES: &[&str] = &["{{", "${", "<%", "#{", "%{", "[["];
/// What stands around the name of a value that was not filled in.
const AROUND: &[(char, char)] = &[('{', '}'), ('@', '@'), ('%', '%')];

/// An id as it is kept: white space around it is no part of it. Whoever asks for one by hand may have sent it as it is.
#[must_use]
pub fn kept(id: &str) -> &str {
    id.trim()
}

/// Why `id`, without the white space around it, is none; nothing where it may be one.
#[must_use]
pub fn nonsense(id: &str) -> Option<&'static str> {
    stands_for_nothing(id, str::eq_ignore_ascii_case).or_else(|| hidden(id))
}

/// Why `text` may look like another; nothing where all of it can be seen.
pub(crate) fn hidden(text: &str) -> Option<&'static str> {
    // Nearly every one is visible ASCII: one pass that needs no characters.
    let is_hidden = !text.bytes().all(|byte| byte.is_ascii_graphic())
        && text.chars().any(|letter| letter.is_control() || is_invisible(letter));
    is_hidden.then_some("it has control characters or invisible ones")
}

/// Whether a name names nothing.
#[must_use]
pub fn names_nothing(name: &str) -> bool {
    stands_for_nothing(name.trim(), |absent, name| absent == name).is_some()
}

/// Whether a text shows nothing: it is empty, or all of it is white space and characters that aren't seen.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    let is_seen = |letter| !(char::is_whitespace(letter) || letter.is_control() || is_unseen(letter));
    !text.bytes().any(|byte| byte.is_ascii_graphic()) && !text.chars().any(is_seen)
}

fn stands_for_nothing(text: &str, is_written_as: impl Fn(&str, &str) -> bool) -> Option<&'static str> {
    if is_blank(text) {
        return Some("it is blank");
    }
    if text.len() <= LONGEST && ABSENT.iter().any(|absent| is_written_as(absent, text)) {
        return Some("it is what programs write where there is no value");
    }
    is_template(text).then_some("it is a template that was not filled in")
}

/// The id of an event that came without one straight to Kafka: its place, which no other event has.
#[must_use]
pub fn of_place(partition: i32, offset: i64) -> String {
    format!("{EVENTS_RAW}-{partition}-{offset}")
}

/// Whether an id is of that form. Nobody may send one: it would be that of another event, which is there or is still to come.
#[must_use]
pub fn is_of_place(id: &str) -> bool {
    let place = || id.strip_prefix(EVENTS_RAW)?.strip_prefix('-')?.split_once('-');
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    place().is_some_and(|(partition, offset)| is_number(partition) && is_number(offset))
}

/// Whether it is the place of a value: by how it begins, or as a bare name within signs (`{user.id}`). `{7}` may be an id.
fn is_template(text: &str) -> bool {
    TEMPLATES.iter().any(|begin| text.starts_with(begin))
        || AROUND.iter().any(|&(begin, end)| {
            let name = text.strip_prefix(begin).and_then(|text| text.strip_suffix(end));
            name.is_some_and(|name| {
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic() || b"._".contains(&byte))
            })
        })
}

/// Characters that show nothing: those that Unicode lets be ignored (a Hangul filler, a variation selector), and the blank
/// pattern of Braille. Within an id they may have their place.
pub(crate) fn is_unseen(letter: char) -> bool {
    is_invisible(letter)
        || letter == '\u{2800}'
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(letter)
}

/// Characters that can't be seen, or that turn the direction of what follows: two ids that look alike would differ.
const fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_id_is_told() {
        for id in ABSENT.iter().chain(TEMPLATES) {
            assert!(nonsense(id).is_some() && nonsense(&id.to_uppercase()).is_some(), "{id}");
            assert!(id.len() <= LONGEST, "{id}");
            assert!(names_nothing(id), "{id}");
        }
        let blank = ["", "  ", "\t", "\u{a0}\u{3000}", "\u{200b}"];
        let hidden = ["u\u{0}1", "u\n1", "u\u{7f}", "u\u{85}1", "u\u{202e}1", "u\u{feff}", "a\u{2066}b"];
        let unseen = [
            "\u{3164}",
            "\u{115f}",
            "\u{ffa0}",
            "\u{17b4}",
            "\u{34f}",
            "\u{fe0f}",
            "\u{2800}",
            "\u{2028}",
            "\u{200c}\u{200d}",
        ];
        let unfilled = ["%{id}", "%{[user][id]}", "{id}", "{user.id}", "[[id]]", "@id@", "%USER_ID%"];
        for id in blank.iter().chain(&hidden).chain(&unseen).chain(&unfilled) {
            assert!(nonsense(id).is_some(), "{id:?}");
        }
    }

    #[test]
    fn ids_of_places_are_told() {
        assert!(is_of_place(&of_place(3, 17)) && is_of_place("events.raw-03-17"));
        for id in ["events.raw", "events.raw-3", "events.raw-3-", "events.raw-3-x", "my.events.raw-3-17", "3-17"] {
            assert!(!is_of_place(id), "{id}");
        }
    }

    #[test]
    fn what_may_be_an_id_is_let_be() {
        for id in [
            "0",
            "-1",
            "u-1",
            "Nullová",
            "nullable",
            "none@example.com",
            "Eva Nová",
            "客户",
            "{7}",
            "ناصر\u{200c}پور",
            "❤\u{fe0f}",
            "@eva",
            "{3f2504e0-4f89}",
        ] {
            assert_eq!(nonsense(id), None, "{id:?}");
        }
    }
}
