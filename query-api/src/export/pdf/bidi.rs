//! Text from right to left: in which order its parts stand on paper (the Unicode bidirectional algorithm), and which forms its
//! letters take beside each other.

use std::sync::LazyLock;

use harfrust::{Buffer, Direction, Font, ShapeOptions, ShaperFont, shape};
use unicode_bidi::{BidiInfo, Direction as Base, get_base_direction};

/// For the lines of a text that begins from right to left, whichever letter is their first.
const RIGHT_TO_LEFT: char = '\u{200f}';
/// For those of one that begins from left to right.
const LEFT_TO_RIGHT: char = '\u{200e}';

static FONT: LazyLock<Option<Font>> = LazyLock::new(|| Font::new(dejavu::sans_condensed::regular().to_vec(), 0));

/// A part of a line, from left to right as it stands there.
#[derive(Debug)]
pub(super) enum Part<'a> {
    /// Letters one after the other.
    Plain(&'a str),
    /// A glyph.
    Glyph(Glyph<'a>),
}

/// A glyph of the font, its measures in units of the font.
#[derive(Debug)]
pub(super) struct Glyph<'a> {
    /// Its number in the font.
    pub(super) number: u16,
    /// What it stands for; empty where another glyph does.
    pub(super) letters: &'a str,
    pub(super) advance: i32,
    pub(super) right: i32,
    pub(super) up: i32,
}

/// Whether a text is anything but letters from left to right: Hebrew, Arabic, their neighbours and marks of direction.
pub(super) fn is_needed(text: &str) -> bool {
    let of_these = |letter: char| {
        matches!(letter, '\u{590}'..='\u{8ff}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
    };
    !text.is_ascii() && text.chars().any(of_these)
}

/// Whether a text begins from right to left.
pub(super) fn is_rtl(text: &str) -> bool {
    is_needed(text) && get_base_direction(text) == Base::Rtl
}

/// Has a sentence of ours, all of whose languages go from left to right, do so, though a name in another script begins it.
pub(super) fn sentence(text: String) -> String {
    if is_needed(&text) { format!("{LEFT_TO_RIGHT}{text}") } else { text }
}

/// Has all lines of a text go the way that it begins.
pub(super) fn directed(text: &str, lines: &mut [String]) {
    if is_needed(text) {
        let mark = if is_rtl(text) { RIGHT_TO_LEFT } else { LEFT_TO_RIGHT };
        for line in lines.iter_mut().skip(1) {
            line.insert(0, mark);
        }
    }
}

/// The parts of a line in their places.
pub(super) fn parts(line: &str) -> Vec<Part<'_>> {
    let info = BidiInfo::new(line, None);
    let mut parts = Vec::new();
    for paragraph in &info.paragraphs {
        let (levels, runs) = info.visual_runs(paragraph, paragraph.range.clone());
        for run in runs {
            let rtl = levels.get(run.start).is_some_and(|level| level.is_rtl());
            let Some(text) = line.get(run) else { continue };
            match rtl.then(|| glyphs(text)).flatten() {
                Some(glyphs) => parts.extend(glyphs.into_iter().map(Part::Glyph)),
                None => parts.push(Part::Plain(text.trim_start_matches(LEFT_TO_RIGHT))),
            }
        }
    }
    parts.retain(|part| !matches!(part, Part::Plain("")));
    parts
}

/// The glyphs of letters from right to left, the leftmost first.
fn glyphs(text: &str) -> Option<Vec<Glyph<'_>>> {
    let mut buffer = Buffer::new();
    buffer.push_str(text);
    buffer.guess_segment_properties();
    buffer.set_direction(Direction::RightToLeft);
    shape(&ShaperFont::new(FONT.as_ref()?), &mut buffer, ShapeOptions::new()).ok()?;
    let infos = buffer.glyph_infos();
    let mut begins: Vec<usize> = infos.iter().map(|info| info.cluster as usize).chain([text.len()]).collect();
    begins.sort_unstable();
    begins.dedup();
    let mut last = None;
    let glyph = |(info, at): (&harfrust::GlyphInfo, &harfrust::GlyphPosition)| {
        let begin = info.cluster as usize;
        let end = begins.iter().find(|next| **next > begin).copied().unwrap_or(text.len());
        // Of the glyphs of a cluster one stands for its letters.
        let is_first = last.replace(begin) != Some(begin);
        Glyph {
            number: u16::try_from(info.glyph_id).unwrap_or_default(),
            letters: text.get(begin..end).filter(|_| is_first).unwrap_or_default(),
            advance: at.x_advance,
            right: at.x_offset,
            up: at.y_offset,
        }
    };
    Some(infos.iter().zip(buffer.glyph_positions()).map(glyph).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> Vec<String> {
        let shown = |part: Part<'_>| match part {
            Part::Plain(text) => format!("[{text}]"),
            Part::Glyph(glyph) => glyph.letters.to_owned(),
        };
        parts(line).into_iter().map(shown).collect()
    }

    /// T17: Hebrew and Arabic are read from the right, numbers and Latin letters among them from the left.
    #[test]
    fn text_stands_as_it_is_read() {
        assert!(!is_needed("Nováková, Иванов") && !is_rtl("a שלום"));
        assert!(is_rtl("שלום a") && is_rtl("123 سلام"));
        assert_eq!(shown("שלום").concat(), "םולש");
        assert_eq!(shown("abc שלום def").concat(), "[abc ]םולש[ def]");
        assert_eq!(shown("שלום 123 עולם").concat(), "םלוע [123] םולש");
    }

    /// T17: a sentence in one of our languages stays in its order, whoever it is about and wherever its lines break; a name alone is
    /// read from where it begins.
    #[test]
    fn sentences_keep_their_order() {
        let text = sentence("דוד changed “a” to “שלום”".to_owned());
        assert!(!is_rtl(&text) && is_rtl("דוד (DEV)"));
        assert_eq!(shown(&text).concat(), "דוד[ changed “a” to “]םולש[”]");
        let mut lines = ["a ".to_owned(), "שלום b".to_owned()];
        directed("a שלום b", &mut lines);
        assert_eq!(shown(&lines[1]).concat(), "םולש[ b]");
        assert_eq!(sentence("Eva".to_owned()), "Eva");
    }

    /// T17: Arabic letters join: each of a word has another form than alone, and lam and alef are one glyph.
    #[test]
    fn arabic_letters_join() {
        let numbers = |text: &str| -> Vec<u16> {
            let number = |part: Part<'_>| match part {
                Part::Glyph(glyph) => glyph.number,
                Part::Plain(text) => panic!("{text} is not shaped"),
            };
            parts(text).into_iter().map(number).collect()
        };
        let (word, alone) = (numbers("محمد"), numbers("م")[0]);
        assert_eq!(word.len(), 4);
        assert!(!word.contains(&alone) && !word.contains(&0), "{word:?} {alone}");
        assert_eq!(numbers("لا").len(), 1);
    }
}
