//! PDF (ISO 32000-1), written as it goes: each page when it is full, the font and the number of pages at the end.

pub(crate) mod bidi;
pub(crate) mod file;
pub(crate) mod font;
pub(crate) mod layout;

use std::fmt::Write as _;
use std::io::{self, Write};

use schemas::bidi::plain;
use schemas::catalogue::Lang;

use crate::export::heading::Heading;
use crate::export::pdf::file::{File, Id, text_string};
use crate::export::pdf::font::Font;
use crate::export::pdf::layout::{PADDING, SIZE};
use crate::export::table::{Cell, Column, Kind};
use crate::export::{clock, words};
use crate::log::words::cut;

/// A landscape page of 297 by 210 mm, in points.
const WIDTH: f32 = 842.0;
const HEIGHT: f32 = 595.0;
const MARGIN: f32 = 30.0;
const LEADING: f32 = 8.8;
/// Room that the header of a table is given when it is decided whether a row fits on a page.
const ROOM_OF_HEADER: f32 = 40.0;
/// Lines of a row at least before it goes on on the next page.
const LEAST_LINES: usize = 5;
/// Above and below the lines of a row together.
const ROW_PADDING: f32 = 3.2;
/// Where tables end, above the foot of the page.
const BOTTOM: f32 = MARGIN + 14.0;
const TITLE_SIZE: f32 = 14.0;
const HEADING_SIZE: f32 = 8.5;
/// Columns that hold sentences in the language of the file.
const SENTENCES: &[&str] = &["text", "details", "changes"];
/// Rows by which the widths of columns are decided.
const SAMPLE: usize = 200;

/// Writes rows as pages.
pub(super) struct Pdf<W: Write> {
    file: File<W>,
    font: Font,
    heading: Heading,
    ids: Ids,
    pages: Vec<Id>,
    /// What is drawn on the page so far.
    drawn: String,
    /// Where the next line goes, from the bottom.
    y: f32,
    /// Whether the page has no row yet.
    is_fresh: bool,
    table: Table,
}

/// Objects that are named before they are written.
struct Ids {
    catalog: Id,
    pages: Id,
    font: Id,
    total: Id,
    resources: Id,
}

/// The table that is being written.
#[derive(Default)]
struct Table {
    /// Columns by their places among all, and what they hold.
    columns: Vec<(usize, Column)>,
    /// Header and first rows, until widths are known.
    sample: Vec<Vec<String>>,
    widths: Vec<f32>,
}

impl<W: Write> Pdf<W> {
    pub(super) fn open(to: W, heading: Heading) -> io::Result<Self> {
        let mut file = File::open(to)?;
        let [catalog, pages, font, total, resources] = [(); 5].map(|()| file.reserve());
        let ids = Ids { catalog, pages, font, total, resources };
        let mut pdf = Self {
            file,
            font: Font::open()?,
            heading,
            ids,
            pages: Vec::new(),
            drawn: String::new(),
            y: HEIGHT - MARGIN,
            is_fresh: false,
            table: Table::default(),
        };
        pdf.head();
        Ok(pdf)
    }

    /// Title, tenant, period, filter.
    fn head(&mut self) {
        self.y -= TITLE_SIZE;
        let title = capitalised(&self.heading.title_in_words());
        self.text(MARGIN, self.y, TITLE_SIZE, &title);
        self.y -= 6.0;
        for (word, about) in self.heading.lines() {
            // Lines are broken at the size of tables, so room is counted in it.
            let room = (WIDTH - 2.0 * MARGIN - 60.0) * SIZE / HEADING_SIZE;
            let lines = layout::lines(&mut self.font, &plain(&about), room, cut(self.heading.lang));
            for (at, line) in lines.iter().enumerate() {
                self.y -= HEADING_SIZE + 3.0;
                if at == 0 {
                    self.text(MARGIN, self.y, HEADING_SIZE, word);
                }
                self.text(MARGIN + 60.0, self.y, HEADING_SIZE, line);
            }
        }
        self.y -= 10.0;
    }

    /// Begins a table; `printed` names the columns that a page has room for, none: all.
    pub(super) fn table(&mut self, name: &str, columns: &[Column], printed: &[&str]) -> io::Result<()> {
        self.end_table()?;
        let on_paper = |column: &Column| printed.is_empty() || printed.contains(&column.name);
        let columns: Vec<(usize, Column)> =
            columns.iter().copied().enumerate().filter(|(_, column)| on_paper(column)).collect();
        let lang = self.heading.lang;
        let names = columns.iter().map(|(_, column)| words::name(column.title(), lang)).collect();
        self.table = Table { columns, sample: vec![names], widths: Vec::new() };
        if name != self.heading.title {
            if self.y < BOTTOM + 60.0 {
                self.end_page()?;
            }
            self.y -= HEADING_SIZE + 8.0;
            self.text(MARGIN, self.y, HEADING_SIZE + 1.5, &capitalised(&words::name(name, lang)));
            self.y -= 5.0;
        }
        Ok(())
    }

    pub(super) fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        let heading = &self.heading;
        let of = |(at, column): &(usize, Column)| {
            let text = cells.get(*at).map_or_else(String::new, |cell| shown(cell, column.kind, heading));
            if SENTENCES.contains(&column.name) { bidi::sentence(text) } else { text }
        };
        let texts: Vec<String> = self.table.columns.iter().map(of).collect();
        if !self.table.widths.is_empty() {
            return self.line(&texts);
        }
        self.table.sample.push(texts);
        if self.table.sample.len() > SAMPLE { self.settle() } else { Ok(()) }
    }

    /// Decides widths and writes what waited for them.
    fn settle(&mut self) -> io::Result<()> {
        self.table.widths = layout::widths(&mut self.font, &self.table.sample, WIDTH - 2.0 * MARGIN);
        let mut rows = std::mem::take(&mut self.table.sample).into_iter();
        self.table.sample.extend(rows.next());
        self.header();
        rows.try_for_each(|row| self.line(&row))
    }

    fn end_table(&mut self) -> io::Result<()> {
        if self.table.widths.is_empty() && !self.table.sample.is_empty() { self.settle() } else { Ok(()) }
    }

    /// The header of the table, at the place where the page stands.
    fn header(&mut self) {
        let Some(names) = self.table.sample.first().cloned() else { return };
        let cells = self.broken(&names);
        let height = height(&cells);
        let _ = writeln!(
            self.drawn,
            "0.90 g {MARGIN} {:.2} {:.2} {height:.2} re f 0 g",
            self.y - height,
            WIDTH - 2.0 * MARGIN
        );
        self.draw(&cells, height);
    }

    /// A row of the table, on the next page if this one has no room for it. One that no page has room for goes on on the next.
    fn line(&mut self, texts: &[String]) -> io::Result<()> {
        let mut cells = self.broken(texts);
        let height_of_all = height(&cells);
        let fits_a_page = height_of_all < HEIGHT - MARGIN - BOTTOM - ROOM_OF_HEADER;
        if self.y - height_of_all < BOTTOM && !self.is_fresh && (fits_a_page || self.room() < LEAST_LINES) {
            self.end_page()?;
            self.header();
        }
        loop {
            let rest = split_off(&mut cells, self.room());
            self.draw(&cells, height(&cells));
            self.is_fresh = false;
            if rest.iter().all(Vec::is_empty) {
                return Ok(());
            }
            self.end_page()?;
            self.header();
            cells = rest;
        }
    }

    /// Lines that the page has room for.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a page has some lines")]
    fn room(&self) -> usize {
        ((self.y - BOTTOM - ROW_PADDING) / LEADING).max(1.0) as usize
    }

    fn broken(&mut self, texts: &[String]) -> Vec<Vec<String>> {
        let font = &mut self.font;
        let cut = cut(self.heading.lang);
        let fit = |(text, width): (&String, &f32)| layout::lines(font, text, width - 2.0 * PADDING, cut);
        texts.iter().zip(&self.table.widths).map(fit).collect()
    }

    fn draw(&mut self, cells: &[Vec<String>], height: f32) {
        let mut x = MARGIN;
        for (at, lines) in cells.iter().enumerate() {
            let width = self.table.widths.get(at).copied().unwrap_or_default();
            let number = self.table.columns.get(at).is_some_and(|(_, column)| is_number(column.kind));
            let mut y = self.y - LEADING;
            for line in lines {
                let right = number || bidi::is_rtl(line);
                let indent = if right { width - PADDING - self.font.width(line, SIZE) } else { PADDING };
                self.text(x + indent, y, SIZE, line);
                y -= LEADING;
            }
            x += width;
        }
        self.y -= height;
        let _ = writeln!(self.drawn, "0.8 G 0.3 w {MARGIN} {:.2} m {:.2} {:.2} l S", self.y, WIDTH - MARGIN, self.y);
    }

    fn text(&mut self, x: f32, y: f32, size: f32, text: &str) {
        if !text.is_empty() {
            let shown = self.font.show(text, size);
            let _ = writeln!(self.drawn, "BT /F {size} Tf {x:.2} {y:.2} Td {shown} ET");
        }
    }

    /// Writes the page, and begins the next one.
    fn end_page(&mut self) -> io::Result<()> {
        let [page, of_all] = match self.heading.lang {
            Lang::En => ["page", "of"],
            Lang::Ru => ["стр.", "из"],
            Lang::Cs => ["strana", "z"],
        };
        let number = format!("{page} {} {of_all} ", self.pages.len() + 1);
        let beside = format!("{} · {}", self.heading.tenant, self.heading.title_in_words());
        let beside = layout::lines(&mut self.font, &plain(&beside), WIDTH / 2.0, "");
        self.text(MARGIN, MARGIN, SIZE, beside.first().map_or("", |line| line));
        let x = WIDTH - MARGIN - 30.0;
        let before = x - self.font.width(&number, SIZE);
        self.text(before, MARGIN, SIZE, &number);
        let _ = writeln!(self.drawn, "q 1 0 0 1 {x:.2} {MARGIN:.2} cm /Total Do Q");
        let (content, page) = (self.file.reserve(), self.file.reserve());
        self.file.stream(content, "", self.drawn.as_bytes())?;
        let Ids { pages, resources, .. } = self.ids;
        self.file.object(
            page,
            &format!("<< /Type /Page /Parent {pages} 0 R /Resources {resources} 0 R /Contents {content} 0 R >>"),
        )?;
        self.pages.push(page);
        self.drawn.clear();
        (self.y, self.is_fresh) = (HEIGHT - MARGIN, true);
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        self.end_table()?;
        self.end_page()?;
        let Ids { catalog, pages, font, total, resources } = self.ids;
        // Every page draws this form, which can be made only now.
        let shown = self.font.show(&self.pages.len().to_string(), SIZE);
        let entries =
            format!("/Type /XObject /Subtype /Form /BBox [0 -3 60 12] /Resources << /Font << /F {font} 0 R >> >>");
        self.file.stream(total, &entries, format!("BT /F {SIZE} Tf 0 0 Td {shown} ET").as_bytes())?;
        self.font.write(&mut self.file, font)?;
        let forms = format!("<< /Font << /F {font} 0 R >> /XObject << /Total {total} 0 R >> >>");
        self.file.object(resources, &forms)?;
        let kids: Vec<String> = self.pages.iter().map(|page| format!("{page} 0 R")).collect();
        let tree = format!(
            "<< /Type /Pages /MediaBox [0 0 {WIDTH} {HEIGHT}] /Count {} /Kids [{}] >>",
            kids.len(),
            kids.join(" ")
        );
        self.file.object(pages, &tree)?;
        let lang = self.heading.lang;
        let shows_title = "/ViewerPreferences << /DisplayDocTitle true >>";
        self.file.object(catalog, &format!("<< /Type /Catalog /Pages {pages} 0 R /Lang ({lang}) {shows_title} >>"))?;
        let info = self.file.reserve();
        let title = text_string(&format!("{} · {}", capitalised(&self.heading.title_in_words()), self.heading.tenant));
        let created = self.heading.created_at.format("D:%Y%m%d%H%M%SZ");
        self.file.object(info, &format!("<< /Title {title} /Producer (usertrail) /CreationDate ({created}) >>"))?;
        self.file.finish(catalog, info)
    }
}

#[expect(clippy::cast_precision_loss, reason = "lines are few")]
fn height(cells: &[Vec<String>]) -> f32 {
    let lines = cells.iter().map(Vec::len).max().unwrap_or(1);
    lines as f32 * LEADING + ROW_PADDING
}

/// Leaves so many lines of each cell, and hands the others over.
fn split_off(cells: &mut [Vec<String>], lines: usize) -> Vec<Vec<String>> {
    cells.iter_mut().map(|cell| cell.split_off(lines.min(cell.len()))).collect()
}

fn is_number(kind: Kind) -> bool {
    matches!(kind, Kind::Whole | Kind::Number | Kind::Duration)
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    first + letters.as_str()
}

/// A cell as people read it.
fn shown(cell: &Cell<'_>, kind: Kind, heading: &Heading) -> String {
    match cell {
        Cell::Empty | Cell::Word(_) | Cell::Code(..) | Cell::Translated(..) | Cell::Signals(_) | Cell::Group(_) => {
            String::new()
        }
        Cell::Text(text) => plain(text).into_owned(),
        Cell::Time(time) => clock::shown(heading.zone, *time, "%Y-%m-%d %H:%M:%S"),
        Cell::Lasted(milliseconds) => duration(*milliseconds),
        Cell::Whole(milliseconds) if kind == Kind::Duration => duration(*milliseconds),
        Cell::Whole(number) => number.to_string(),
        Cell::Number(number) => words::number(*number, heading.lang),
        Cell::Flag(flag) => words::flag(*flag, heading.lang).to_owned(),
    }
}

fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
