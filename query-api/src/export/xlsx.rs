//! XLSX (ECMA-376), written as it goes: sheets first, then the parts that list them, which a ZIP archive may have last.
//!
//! Strings are inline, so that there is no table of them to keep, and always of type string, so that none is a formula.

use std::fmt::Write as _;
use std::io::{self, Write};

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use crate::export::heading::Heading;
use crate::export::table::{Cell, Column, Kind};
use crate::export::{clock, words, xlsx_parts as parts};
use crate::log::words::{cut, of};

/// Rows of a sheet below its header: Excel has 1,048,576 in all.
const MAX_ROWS: u32 = 1_048_575;
/// A sheet ends before its part needs ZIP64, which not every reader takes in a stream.
const MAX_BYTES: u64 = 3 * 1024 * 1024 * 1024;
/// Longest text of a cell, UTF-16 units.
const MAX_TEXT: usize = 32_767;
/// Largest whole number that a cell, which is a double, holds exactly.
const MAX_EXACT: u64 = 1 << 53;

/// Styles of cells, by their place in `cellXfs` of the style sheet.
const TIME: usize = 1;
const DURATION: u8 = 2;
const HEADER: u8 = 3;
/// From here on: times with an offset.
const FIRST_OFFSET: usize = 4;

/// Writes rows as a workbook.
pub(super) struct Xlsx<W: Write> {
    archive: ZipWriter<StreamWriter<W>>,
    heading: Heading,
    sheets: Vec<String>,
    /// Offsets that distinguish times, in the order of their styles.
    offsets: Vec<FixedOffset>,
    table: &'static str,
    columns: Vec<Column>,
    part: u32,
    /// Rows of a sheet below its header, at most.
    most_rows: u32,
    rows: u32,
    bytes: u64,
    line: String,
}

impl<W: Write> Xlsx<W> {
    pub(super) fn new(to: W, heading: Heading) -> Self {
        Self {
            archive: ZipWriter::new_stream(to),
            heading,
            sheets: Vec::new(),
            offsets: Vec::new(),
            table: "",
            columns: Vec::new(),
            part: 0,
            most_rows: MAX_ROWS,
            rows: 0,
            bytes: 0,
            line: String::new(),
        }
    }

    /// Begins a sheet.
    pub(super) fn table(&mut self, name: &'static str, columns: Vec<Column>) -> io::Result<()> {
        self.end_sheet()?;
        (self.table, self.columns, self.part) = (name, columns, 0);
        self.begin_sheet()
    }

    fn begin_sheet(&mut self) -> io::Result<()> {
        self.part += 1;
        let table = words::name(self.table, self.heading.lang);
        let name = if self.part == 1 { table } else { format!("{table} {}", self.part) };
        self.sheets.push(parts::sheet_name(&name));
        self.begin_part(&format!("xl/worksheets/sheet{}.xml", self.sheets.len()))?;
        self.archive.write_all(parts::sheet_head(&self.columns).as_bytes())?;
        (self.rows, self.bytes) = (0, 0);
        self.line.clear();
        self.line.push_str("<row>");
        for column in &self.columns {
            let name = words::name(column.title(), self.heading.lang);
            text(&mut self.line, &name, HEADER, "");
        }
        self.end_line()
    }

    pub(super) fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        if self.rows >= self.most_rows || self.bytes >= MAX_BYTES {
            self.end_sheet()?;
            self.begin_sheet()?;
        }
        self.line.clear();
        self.line.push_str("<row>");
        for (at, cell) in cells.iter().enumerate() {
            if let Some(kind) = self.columns.get(at).map(|column| column.kind) {
                self.cell(cell, kind);
            }
        }
        self.rows += 1;
        self.end_line()
    }

    fn cell(&mut self, cell: &Cell<'_>, kind: Kind) {
        // Writing to a string can't fail.
        let _ = match cell {
            Cell::Empty | Cell::Word(_) | Cell::Code(..) | Cell::Translated(..) | Cell::Signals(_) | Cell::Group(_) => {
                write!(self.line, "<c/>")
            }
            Cell::Text(of) => {
                text(&mut self.line, of, 0, cut(self.heading.lang));
                Ok(())
            }
            Cell::Time(time) => {
                let style = self.style(*time);
                write!(self.line, "<c s=\"{style}\"><v>{}</v></c>", self.days(*time))
            }
            Cell::Lasted(number) => self.duration(*number),
            Cell::Whole(number) if kind == Kind::Duration => self.duration(*number),
            Cell::Whole(number) if *number > MAX_EXACT => {
                text(&mut self.line, &number.to_string(), 0, "");
                Ok(())
            }
            Cell::Whole(number) => write!(self.line, "<c><v>{number}</v></c>"),
            Cell::Number(number) if number.is_finite() => write!(self.line, "<c><v>{number}</v></c>"),
            Cell::Number(_) => write!(self.line, "<c/>"),
            Cell::Flag(flag) => write!(self.line, "<c t=\"b\"><v>{}</v></c>", u8::from(*flag)),
        };
    }

    fn duration(&mut self, milliseconds: u64) -> std::fmt::Result {
        write!(self.line, "<c s=\"{DURATION}\"><v>{}</v></c>", duration_in_days(milliseconds))
    }

    /// How a time is shown: in an hour that comes twice with its offset.
    fn style(&mut self, time: DateTime<Utc>) -> usize {
        let Some(offset) = clock::ambiguous_offset(self.heading.zone, time) else { return TIME };
        let known = self.offsets.iter().position(|known| *known == offset);
        let at = known.unwrap_or(self.offsets.len());
        if known.is_none() {
            self.offsets.push(offset);
        }
        FIRST_OFFSET + at
    }

    /// Days since the eve of 1900, in the tenant's zone: Excel has no zones.
    fn days(&self, time: DateTime<Utc>) -> f64 {
        const DAY_MS: f64 = 86_400_000.0;
        let local = time.with_timezone(&self.heading.zone).naive_local();
        let epoch = NaiveDate::from_ymd_opt(1899, 12, 30).unwrap_or_default().and_time(chrono::NaiveTime::MIN);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of some thousand years are exact")]
        let since = (local - epoch).num_milliseconds() as f64;
        since / DAY_MS
    }

    fn end_line(&mut self) -> io::Result<()> {
        self.line.push_str("</row>");
        self.bytes += self.line.len() as u64;
        self.archive.write_all(self.line.as_bytes())
    }

    fn end_sheet(&mut self) -> io::Result<()> {
        if self.sheets.is_empty() {
            return Ok(());
        }
        self.archive.write_all(parts::SHEET_TAIL.as_bytes())
    }

    /// What the workbook is about, on a sheet of its own.
    fn about(&mut self) -> io::Result<()> {
        const COLUMNS: &[Column] = &[Column::new("about", Kind::Text), Column::new("value", Kind::Text)];
        self.table("About", COLUMNS.to_vec())?;
        let title = (of(self.heading.lang, ["Title", "Название", "Název"]), self.heading.title_in_words());
        for (word, about) in [title].into_iter().chain(self.heading.lines()) {
            self.row(&[word.into(), Cell::Text(about.into())])?;
        }
        Ok(())
    }

    fn begin_part(&mut self, name: &str) -> io::Result<()> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        self.archive.start_file(name, options).map_err(io::Error::other)
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        self.about()?;
        self.end_sheet()?;
        for (name, content) in parts::all(&self.sheets, &self.offsets) {
            self.begin_part(name)?;
            self.archive.write_all(content.as_bytes())?;
        }
        Ok(self.archive.finish().map_err(io::Error::other)?.into_inner())
    }
}

#[expect(clippy::cast_precision_loss, reason = "durations are far below 2^53 ms")]
fn duration_in_days(milliseconds: u64) -> f64 {
    milliseconds as f64 / 86_400_000.0
}

/// Appends a cell of text. Where it is too long to be whole, `cut` says so.
fn text(line: &mut String, of: &str, style: u8, cut: &str) {
    let _ = write!(line, "<c t=\"inlineStr\" s=\"{style}\"><is><t xml:space=\"preserve\">");
    let mut units = 0;
    let too_long = of.char_indices().find(|(_, letter)| {
        units += letter.len_utf16();
        units > MAX_TEXT
    });
    if too_long.is_some() {
        let mut units = "… ".len() + cut.len();
        let kept = of.char_indices().find(|(_, letter)| {
            units += letter.len_utf16();
            units > MAX_TEXT
        });
        parts::escape(line, &of[..kept.map_or(0, |(at, _)| at)]);
        parts::escape(line, &format!("… {cut}"));
    } else {
        parts::escape(line, of);
    }
    line.push_str("</t></is></c>");
}

#[cfg(test)]
mod tests {
    use calamine::{Reader as _, Xlsx as Read};

    use super::*;
    use crate::http::period::Period;
    use schemas::catalogue::Lang;

    const COLUMNS: &[Column] = &[Column::new("at", Kind::Whole), Column::new("text", Kind::Text)];
    const MOST: u32 = 6;

    /// A workbook of two tables of so many rows, with small sheets.
    fn book(rows: [u64; 2]) -> Read<io::Cursor<Vec<u8>>> {
        let heading = Heading {
            title: "events".to_owned(),
            tenant_id: "acme".to_owned(),
            tenant: "Acme".to_owned(),
            filter: String::new(),
            period: Period::default(),
            zone: schemas::zone::Zone::utc(),
            columns: Vec::new(),
            created_at: DateTime::UNIX_EPOCH,
            complete_until: None,
            lang: Lang::En,
            separator: crate::export::format::Separator::Comma,
        };
        let mut xlsx = Xlsx::new(Vec::new(), heading);
        assert_eq!(xlsx.most_rows, 1_048_575, "what Excel has, less the header");
        xlsx.most_rows = MOST;
        for (name, rows) in ["events", "points"].into_iter().zip(rows) {
            xlsx.table(name, COLUMNS.to_vec()).unwrap();
            (0..rows).try_for_each(|at| xlsx.row(&[at.into(), name.into()])).unwrap();
        }
        Read::new(io::Cursor::new(xlsx.finish().unwrap())).unwrap()
    }

    /// T18: rows beyond a sheet are on further ones, each with its header; none is lost or repeated at the border.
    #[test]
    fn a_full_sheet_goes_on_on_the_next() {
        for (rows, sheets) in [
            ([0, 0], vec!["events", "points"]),
            ([6, 1], vec!["events", "points"]),
            ([7, 6], vec!["events", "events 2", "points"]),
            ([18, 13], vec!["events", "events 2", "events 3", "points", "points 2", "points 3"]),
        ] {
            let mut book = book(rows);
            assert_eq!(book.sheet_names(), [sheets.clone(), vec!["About"]].concat(), "{rows:?}");
            let mut read = [Vec::new(), Vec::new()];
            for sheet in sheets {
                let range = book.worksheet_range(sheet).unwrap();
                let mut lines = range.rows();
                let header: Vec<String> = lines.next().unwrap().iter().map(ToString::to_string).collect();
                assert_eq!(header, ["time", "text"], "{sheet}");
                let of = usize::from(sheet.starts_with("points"));
                assert!(range.height() <= MOST as usize + 1, "{sheet} is too long");
                read[of].extend(lines.map(|line| (line[0].to_string(), line[1].to_string())));
            }
            let expected = ["events", "points"].into_iter().zip(rows);
            let expected = expected.map(|(name, rows)| (0..rows).map(|at| (at.to_string(), name.to_owned())).collect());
            assert_eq!(read.to_vec(), expected.collect::<Vec<Vec<_>>>(), "{rows:?}");
        }
    }
}
