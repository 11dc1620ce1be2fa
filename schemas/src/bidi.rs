//! Marks of direction in texts from outside. In the middle of a sentence of ours such a mark would turn the words behind it, so that they
//! read as something else than was written: `Eva\u{202e}` deletes as `seteled`.

use std::borrow::Cow;

use crate::ids::is_unseen;

/// Marks, embeddings, overrides and isolates of the Unicode bidirectional algorithm (UAX 9).
const fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text without these, as it stands in a sentence. Letters that go from right to left do so by themselves.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() && text.contains(is_mark) { text.replace(is_mark, "").into() } else { text.into() }
}

/// A text as people see it: without characters that show nothing, and each white space as any other. Two texts that are the same by
/// this read the same.
#[must_use]
pub fn seen(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return text.into();
    }
    let spaced = text.chars().map(|letter| if letter.is_whitespace() { ' ' } else { letter });
    spaced.filter(|letter| !letter.is_control() && !is_unseen(*letter)).collect::<String>().into()
}

/// Returns JSON in which characters that can't be recognised by their looks are escaped, as JSON writes them.
#[must_use]
pub fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter < '\u{7f}' || !(letter.is_whitespace() || letter.is_control() || is_unseen(letter)) {
            escaped.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            escaped.push_str(&format!("\\u{unit:04x}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_go_and_letters_stay() {
        assert_eq!(
            plain("a\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}b\u{2066}\u{2067}\u{2068}\u{2069}c"),
            "abc"
        );
        for kept in ["", "Eva", "Юлия", "דוד", "محمد", "a\u{200b}\u{200d}b"] {
            assert!(matches!(plain(kept), Cow::Borrowed(text) if text == kept), "{kept:?}");
        }
    }

    #[test]
    fn what_reads_the_same_is_told_apart() {
        for (one, other) in [
            ("ab", "a\u{202e}b"),
            ("a b", "a\u{a0}b"),
            ("ab\u{200b}", "a\u{2060}b"),
            ("", "\u{e0001}"),
            ("a", "a\u{7f}"),
        ] {
            assert_eq!(seen(one), seen(other));
            assert_ne!(escaped(one), escaped(other));
        }
        assert_ne!(seen("a b"), seen("ab"));
        assert_eq!(escaped("\"č\u{202e}\u{a0}\u{e0001} ד\""), "\"č\\u202e\\u00a0\\udb40\\udc01 ד\"");
    }
}
