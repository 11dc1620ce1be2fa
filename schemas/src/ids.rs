//! Ids that name nobody and nothing: what a program writes where it has no value. They are told at the door, before all
//! that came without an id becomes one user, one object or one device.
//!
//! | what | example |
//! |---|---|
//! | blank | three spaces, a zero-width space |
//! | control characters, invisible ones, and such that turn the direction of writing | `u-1\u{0}` |
//! | a value that isn't there, in any case | `undefined`, `null`, `NaN`, `None`, `nil`, `(null)`, `[object Object]`, `{}` |
//! | the UUID of zeros | `00000000-0000-0000-0000-000000000000` |
//! | a template that was not filled in | `{{user_id}}`, `${user.id}`, `<%= id %>` |
//!
//! White space around an id is no part of it.

/// Values that aren't there, as programs write them, in lower case.
const ABSENT: &[&str] = &[
    "undefined",
    "null",
    "(null)",
    "<null>",
    "nil",
    "<nil>",
    "(nil)",
    "none",
    "nan",
    "infinity",
    "-infinity",
    "[object object]",
    "[object undefined]",
    "[object null]",
    "[object promise]",
    "{}",
    "[]",
    "''",
    "\"\"",
    "00000000-0000-0000-0000-000000000000",
];
/// The longest of them, in bytes.
const LONGEST: usize = 36;
/// How templates begin.
const TEMPLATES: &[&str] = &["{{", "${", "<%", "#{"];

/// Why `id`, without the white space around it, is none; nothing where it may be one.
#[must_use]
pub fn nonsense(id: &str) -> Option<&'static str> {
    if id.is_empty() {
        return Some("it is blank");
    }
    // Nearly every id is visible ASCII: one pass that needs no characters.
    if !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        if id.chars().all(|letter| letter.is_whitespace() || is_invisible(letter)) {
            return Some("it is blank");
        }
        if id.chars().any(|letter| letter.is_control() || is_invisible(letter)) {
            return Some("it has control characters or invisible ones");
        }
    }
    if id.len() <= LONGEST && ABSENT.iter().any(|absent| absent.eq_ignore_ascii_case(id)) {
        return Some("it is what programs write where there is no value");
    }
    TEMPLATES.iter().any(|begin| id.starts_with(begin)).then_some("it is a template that was not filled in")
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
            assert!(id.len() <= LONGEST && *id == id.to_lowercase(), "{id}");
        }
        let blank = ["", "  ", "\t", "\u{a0}\u{3000}", "\u{200b}"];
        let hidden = ["u\u{0}1", "u\n1", "u\u{7f}", "u\u{85}1", "u\u{202e}1", "u\u{feff}", "a\u{2066}b"];
        for id in blank.iter().chain(&hidden) {
            assert!(nonsense(id).is_some(), "{id:?}");
        }
    }

    #[test]
    fn what_may_be_an_id_is_let_be() {
        for id in
            ["0", "-1", "u-1", "Nullová", "nullable", "none@example.com", "Eva Nová", "客户", "{7}", "ناصر\u{200c}پور"]
        {
            assert_eq!(nonsense(id), None, "{id:?}");
        }
    }
}
