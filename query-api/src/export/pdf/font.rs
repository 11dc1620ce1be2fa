//! The font of the pages: DejaVu Sans Condensed, which has Latin, Cyrillic, Greek, Hebrew and Arabic letters. What is used of it is embedded.
//!
//! Glyphs get their numbers in the subset when they are first used, so pages can be written before the subset is known.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use subsetter::GlyphRemapper;
use ttf_parser::{Face, GlyphId};

use crate::export::pdf::bidi::{self, Part};
use crate::export::pdf::file::{File, Id};

const NAME: &str = "UTRAIL+DejaVuSansCondensed";
/// What is shown for letters that the font doesn't have.
const UNKNOWN: char = '\u{fffd}';

/// The font, and what of it was used.
pub(super) struct Font {
    face: Face<'static>,
    remapper: GlyphRemapper,
    known: HashMap<char, Glyph>,
    /// By their numbers in the subset: the letters, and the width.
    used: Vec<(String, f32)>,
}

#[derive(Clone, Copy)]
struct Glyph {
    /// In the whole font.
    number: u16,
    /// In thousandths of the size.
    width: f32,
}

impl Font {
    pub(super) fn open() -> io::Result<Self> {
        let face = Face::parse(dejavu::sans_condensed::regular(), 0).map_err(io::Error::other)?;
        let mut font = Self { face, remapper: GlyphRemapper::new(), known: HashMap::new(), used: Vec::new() };
        // Number 0 is the glyph for what has none.
        font.used.push((UNKNOWN.to_string(), 600.0));
        Ok(font)
    }

    /// Width of a text in points.
    pub(super) fn width(&mut self, text: &str, size: f32) -> f32 {
        if !bidi::is_needed(text) {
            return text.chars().map(|letter| self.letter_width(letter, size)).sum();
        }
        let width = |part| match part {
            Part::Plain(text) => text.chars().map(|letter| self.letter_width(letter, size)).sum(),
            Part::Glyph(glyph) => self.thousandths(scaled(glyph.advance)) * size / 1000.0,
        };
        bidi::parts(text).into_iter().map(width).sum()
    }

    /// Width of a letter in points.
    pub(super) fn letter_width(&mut self, letter: char, size: f32) -> f32 {
        self.glyph(letter).width * size / 1000.0
    }

    /// What shows a text (ISO 32000-1, 9.4.3), from where the pen is.
    pub(super) fn show(&mut self, text: &str, size: f32) -> String {
        let mut shown = String::with_capacity(text.len() * 4 + 6);
        if bidi::is_needed(text) {
            for part in bidi::parts(text) {
                match part {
                    Part::Plain(text) => self.plain(text, &mut shown),
                    Part::Glyph(glyph) => self.shaped(&glyph, size, &mut shown),
                }
            }
        } else {
            self.plain(text, &mut shown);
        }
        shown
    }

    fn plain(&mut self, text: &str, shown: &mut String) {
        shown.push('<');
        for letter in text.chars() {
            let glyph = self.glyph(letter);
            let number = self.used(glyph, letter.encode_utf8(&mut [0; 4]));
            // Writing to a string can't fail.
            let _ = write!(shown, "{number:04X}");
        }
        shown.push_str("> Tj ");
    }

    /// A glyph in a place of its own. Where it is not, the pen is moved there, by thousandths to the left.
    fn shaped(&mut self, of: &bidi::Glyph<'_>, size: f32, shown: &mut String) {
        if of.number == 0 {
            return self.plain(of.letters, shown);
        }
        let width = self.advance(GlyphId(of.number));
        let number = self.used(Glyph { number: of.number, width }, of.letters);
        let [right, up, advance] = [of.right, of.up, of.advance].map(|units| self.thousandths(scaled(units)));
        let after = width + right - advance;
        let rise = up * size / 1000.0;
        let _ = write!(shown, "{rise:.2} Ts [{:.0} <{number:04X}> {after:.0}] TJ 0 Ts ", -right);
    }

    /// The number of a glyph in the subset.
    fn used(&mut self, glyph: Glyph, letters: &str) -> u16 {
        let number = self.remapper.remap(glyph.number);
        if usize::from(number) == self.used.len() {
            self.used.push((letters.to_owned(), glyph.width));
        }
        number
    }

    fn advance(&self, index: GlyphId) -> f32 {
        self.thousandths(f32::from(self.face.glyph_hor_advance(index).unwrap_or_default()))
    }

    fn glyph(&mut self, letter: char) -> Glyph {
        if let Some(known) = self.known.get(&letter) {
            return *known;
        }
        let index = self.face.glyph_index(letter).or_else(|| self.face.glyph_index(UNKNOWN)).unwrap_or_default();
        let glyph = Glyph { number: index.0, width: self.advance(index) };
        self.known.insert(letter, glyph);
        glyph
    }

    fn thousandths(&self, units: f32) -> f32 {
        units * 1000.0 / f32::from(self.face.units_per_em())
    }

    /// Writes the font as object `id`, with what it refers to.
    pub(super) fn write<W: Write>(self, file: &mut File<W>, id: Id) -> io::Result<()> {
        let subset = subsetter::subset(dejavu::sans_condensed::regular(), 0, &self.remapper);
        let subset = subset.map_err(|error| io::Error::other(error.to_string()))?;
        let [descendant, descriptor, program, unicode] = [(); 4].map(|()| file.reserve());
        file.stream(program, &format!("/Length1 {}", subset.len()), &subset)?;
        file.stream(unicode, "", self.to_unicode().as_bytes())?;
        let bounds = self.face.global_bounding_box();
        let [left, bottom, right, top] = [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max]
            .map(|units| self.thousandths(f32::from(units)).round());
        let [ascent, descent] =
            [self.face.ascender(), self.face.descender()].map(|units| self.thousandths(f32::from(units)).round());
        file.object(
            descriptor,
            &format!(
                "<< /Type /FontDescriptor /FontName /{NAME} /Flags 32 /FontBBox [{left} {bottom} {right} {top}] \
                 /ItalicAngle 0 /Ascent {ascent} /Descent {descent} /CapHeight {ascent} /StemV 80 \
                 /FontFile2 {program} 0 R >>"
            ),
        )?;
        let widths: Vec<String> = self.used.iter().map(|(_, width)| format!("{width:.0}")).collect();
        file.object(
            descendant,
            &format!(
                "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{NAME} /CIDToGIDMap /Identity \
                 /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> \
                 /FontDescriptor {descriptor} 0 R /W [0 [{}]] >>",
                widths.join(" ")
            ),
        )?;
        file.object(
            id,
            &format!(
                "<< /Type /Font /Subtype /Type0 /BaseFont /{NAME} /Encoding /Identity-H \
                 /DescendantFonts [{descendant} 0 R] /ToUnicode {unicode} 0 R >>"
            ),
        )
    }

    /// What letters the glyphs are, so that text can be searched and copied (ISO 32000-1, 9.10.3).
    fn to_unicode(&self) -> String {
        /// Most entries of a block, as the format has it.
        const BLOCK: usize = 100;
        let mut map = "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n\
             /CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n\
             /CMapName /Adobe-Identity-UCS def /CMapType 2 def\n\
             1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
            .to_owned();
        // A glyph that stands for no letters is a mark of those beside it.
        let mapped: Vec<_> = self.used.iter().enumerate().filter(|(_, (letters, _))| !letters.is_empty()).collect();
        for block in mapped.chunks(BLOCK) {
            let _ = writeln!(map, "{} beginbfchar", block.len());
            for (number, (letters, _)) in block {
                let units: String = letters.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
                let _ = writeln!(map, "<{number:04X}> <{units}>");
            }
            map.push_str("endbfchar\n");
        }
        map.push_str("endcmap CMapName currentdict /CMap defineresource pop end end\n");
        map
    }
}

#[expect(clippy::cast_precision_loss, reason = "measures of glyphs are small")]
fn scaled(units: i32) -> f32 {
    units as f32
}
