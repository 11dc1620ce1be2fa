//! CSV (RFC 4180).

use std::borrow::Cow;
use std::io::{self, Write};

use chrono::SecondsFormat;
use schemas::catalogue::Lang;
use schemas::zone::Zone;

use crate::export::format::Separator;
use crate::export::heading::Heading;
use crate::export::table::{Cell, Column};
use crate::export::words;

/// What Excel knows UTF-8 by.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// What a spreadsheet takes a cell for a formula by, as it stands or after its own clean-up; full-width forms, too.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Writes rows as CSV.
pub(super) struct Csv<W: Write> {
    writer: csv::Writer<W>,
    zone: Zone,
    lang: Lang,
    decimals: Lang,
}

impl<W: Write> Csv<W> {
    pub(super) fn open(mut to: W, heading: &Heading) -> io::Result<Self> {
        to.write_all(BYTE_ORDER_MARK)?;
        let Heading { zone, lang, separator, .. } = *heading;
        let writer =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).delimiter(separator.byte()).from_writer(to);
        // A decimal comma is for spreadsheets that take semicolons between cells; others read a point.
        let decimals = if separator == Separator::Semicolon { lang } else { Lang::En };
        Ok(Self { writer, zone, lang, decimals })
    }

    pub(super) fn header(&mut self, columns: &[Column]) -> io::Result<()> {
        self.writer
            .write_record(columns.iter().map(|column| words::key(column.name, self.lang).into_owned()))
            .map_err(io::Error::other)
    }

    pub(super) fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        for cell in cells {
            match cell {
                Cell::Empty
                | Cell::Word(_)
                | Cell::Code(..)
                | Cell::Translated(..)
                | Cell::Signals(_)
                | Cell::Group(_) => self.writer.write_field(""),
                Cell::Text(text) => {
                    let text = readable(text);
                    if text.starts_with(FORMULA) {
                        self.writer.write_field(format!("'{text}"))
                    } else {
                        self.writer.write_field(text.as_bytes())
                    }
                }
                Cell::Time(time) => {
                    let local = time.with_timezone(&self.zone).to_rfc3339_opts(SecondsFormat::Millis, true);
                    self.writer.write_field(local)
                }
                Cell::Whole(number) | Cell::Lasted(number) => self.writer.write_field(number.to_string()),
                Cell::Number(number) => self.writer.write_field(words::number(*number, self.decimals)),
                Cell::Flag(flag) => self.writer.write_field(if *flag { "true" } else { "false" }),
            }
            .map_err(io::Error::other)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(io::Error::other)
    }

    pub(super) fn finish(self) -> io::Result<W> {
        self.writer.into_inner().map_err(|error| error.into_error())
    }
}

/// A text in which every character that no text file has stands as U+FFFD: many programs end a file at NUL, or refuse it.
fn readable(text: &str) -> Cow<'_, str> {
    let unreadable = |letter: char| {
        letter.is_control() && !matches!(letter, '\t' | '\n' | '\r') || matches!(letter, '\u{fffe}' | '\u{ffff}')
    };
    if text.contains(unreadable) { text.replace(unreadable, "\u{fffd}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_text_file_has_is_replaced() {
        assert_eq!(
            readable("a\u{0}b\u{1b}[0m\u{7f}\u{85}\u{fffe}\u{ffff}"),
            "a\u{fffd}b\u{fffd}[0m\u{fffd}\u{fffd}\u{fffd}\u{fffd}"
        );
        for kept in ["", "a\tb\r\nc", "\u{feff}č\u{200b}\u{2028}😀"] {
            assert!(matches!(readable(kept), Cow::Borrowed(text) if text == kept), "{kept:?}");
        }
    }
}
