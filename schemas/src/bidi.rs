//! Marks of direction in texts from outside. In the middle of a sentence of ours such a mark would turn the words behind it, so that they
//! read as something else than was written: `Eva\u{202e}` deletes as `seteled`.

use std::borrow::Cow;

/// Marks, embeddings, overrides and isolates of the Unicode bidirectional algorithm (UAX 9).
const fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text without these, as it stands in a sentence. Letters that go from right to left do so by themselves.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() && text.contains(is_mark) { text.replace(is_mark, "").into() } else { text.into() }
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
}
