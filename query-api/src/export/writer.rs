//! Tables and rows in, bytes of a format out.

use std::io::{self, Write};

use schemas::catalogue::Lang;
use schemas::problem_texts;
use serde::Serialize;

use crate::export::csv::Csv;
use crate::export::format::Format;
use crate::export::heading::Heading;
use crate::export::parquet::Parquet;
use crate::export::pdf::Pdf;
use crate::export::table::{Cell, Column, Tabular};
use crate::export::xlsx::Xlsx;
use crate::export::{values, words};
use crate::log::words::of;
use crate::log::{field_names, signals};

/// Writes an export. Memory is bounded, however many rows there are.
pub struct Writer<W: Write + Send> {
    form: Form<W>,
    lang: Lang,
    /// Names of the columns that are wanted, in their order; none: all.
    wanted: Vec<String>,
    /// Places of these among all; none: all.
    places: Vec<usize>,
    tables: usize,
    rows: u64,
}

enum Form<W: Write + Send> {
    Csv(Box<Csv<W>>),
    Ndjson(W),
    Xlsx(Box<Xlsx<W>>),
    Pdf(Box<Pdf<W>>),
    Parquet(Box<Parquet<W>>),
}

impl<W: Write + Send> Writer<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn open(format: Format, to: W, heading: Heading) -> io::Result<Self> {
        let (lang, wanted) = (heading.lang, heading.columns.clone());
        let form = match format {
            Format::Csv => Form::Csv(Box::new(Csv::open(to, &heading)?)),
            Format::Ndjson => Form::Ndjson(to),
            Format::Xlsx => Form::Xlsx(Box::new(Xlsx::new(to, heading))),
            Format::Pdf => Form::Pdf(Box::new(Pdf::open(to, heading)?)),
            Format::Parquet => Form::Parquet(Box::new(Parquet::new(to))),
        };
        Ok(Self { form, lang, wanted, places: Vec::new(), tables: 0, rows: 0 })
    }

    /// Begins a table. CSV, NDJSON and Parquet hold one: the first; rows of others are left out.
    ///
    /// # Errors
    /// Those of the byte sink.
    pub fn table<T: Tabular>(&mut self, name: &'static str) -> io::Result<()> {
        self.tables += 1;
        let place = |wanted: &String| T::COLUMNS.iter().position(|column| column.name == wanted);
        self.places = self.wanted.iter().filter_map(place).collect();
        let chosen: Vec<Column> = self.places.iter().filter_map(|at| T::COLUMNS.get(*at)).copied().collect();
        // What was chosen by name is printed, too.
        let (columns, printed) =
            if chosen.is_empty() { (T::COLUMNS.to_vec(), T::PRINTED) } else { (chosen, &[] as &[&str]) };
        match &mut self.form {
            Form::Csv(csv) if self.tables == 1 => csv.header(&columns),
            Form::Parquet(parquet) if self.tables == 1 => parquet.header(&columns),
            Form::Xlsx(xlsx) => xlsx.table(name, columns),
            Form::Pdf(pdf) => pdf.table(name, &columns, printed),
            Form::Csv(_) | Form::Parquet(_) | Form::Ndjson(_) => Ok(()),
        }
    }

    /// A row of the table that was begun last.
    ///
    /// # Errors
    /// Those of the byte sink.
    pub fn row<T: Tabular + Serialize>(&mut self, row: &T) -> io::Result<()> {
        let several = self.holds_several();
        if self.tables > 1 && !several {
            return Ok(());
        }
        self.rows += 1;
        if let Form::Ndjson(to) = &mut self.form {
            serde_json::to_writer(&mut *to, row)?;
            return to.write_all(b"\n");
        }
        let mut cells: Vec<Cell<'_>> = Vec::with_capacity(T::COLUMNS.len());
        row.cells(&mut cells);
        if !self.places.is_empty() {
            let mut chosen = |at: &usize| cells.get_mut(*at).map(|cell| std::mem::replace(cell, Cell::Empty));
            cells = self.places.iter().map(|at| chosen(at).unwrap_or(Cell::Empty)).collect();
        }
        for cell in &mut cells {
            if several {
                self.word(cell);
            } else {
                as_value(cell);
            }
        }
        match &mut self.form {
            Form::Csv(csv) => csv.row(&cells),
            Form::Xlsx(xlsx) => xlsx.row(&cells),
            Form::Pdf(pdf) => pdf.row(&cells),
            Form::Parquet(parquet) => parquet.row(&cells),
            Form::Ndjson(_) => Ok(()),
        }
    }

    /// A cell as people read it: in words where programs read values.
    fn word(&self, cell: &mut Cell<'_>) {
        let lang = self.lang;
        let text: String = match cell {
            Cell::Word(word) => words::word(*word, lang).to_owned(),
            Cell::Code("phrase", said) => {
                problem_texts::worded("", said, lang).map_or_else(|| said.to_string(), Into::into)
            }
            Cell::Code(of, code) => values::value(of, code, lang),
            Cell::Signals(found) => signals::rendered(found, Some(lang)),
            Cell::Group(fields) => field_names::rendered(fields, lang),
            Cell::Translated(_, people) => of(lang, *people).to_owned(),
            _ => return,
        };
        *cell = Cell::Text(text.into());
    }

    /// A table with all its rows.
    ///
    /// # Errors
    /// Those of the byte sink.
    pub fn whole<T: Tabular + Serialize>(&mut self, name: &'static str, rows: &[T]) -> io::Result<()> {
        self.table::<T>(name)?;
        rows.iter().try_for_each(|row| self.row(row))
    }

    /// A table of figures that sum up those that follow. Formats that hold one table have it not.
    ///
    /// # Errors
    /// Those of the byte sink.
    pub fn summary<T: Tabular + Serialize>(&mut self, name: &'static str, rows: &[T]) -> io::Result<()> {
        if self.holds_several() { self.whole(name, rows) } else { Ok(()) }
    }

    fn holds_several(&self) -> bool {
        matches!(self.form, Form::Xlsx(_) | Form::Pdf(_))
    }

    /// How many rows were written.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Those of the byte sink.
    pub fn finish(self) -> io::Result<W> {
        match self.form {
            Form::Csv(csv) => csv.finish(),
            Form::Ndjson(to) => Ok(to),
            Form::Xlsx(xlsx) => xlsx.finish(),
            Form::Pdf(pdf) => pdf.finish(),
            Form::Parquet(parquet) => parquet.finish(),
        }
    }
}

/// A cell as programs read it. They compare values: a word would be one of these, and another one in each language.
fn as_value(cell: &mut Cell<'_>) {
    *cell = match std::mem::replace(cell, Cell::Empty) {
        Cell::Word(_) => Cell::Empty,
        Cell::Code(_, code) => Cell::Text(code),
        Cell::Signals(found) => Cell::Text(signals::rendered(found, None).into()),
        Cell::Group(fields) => fields.into(),
        Cell::Translated(programs, _) => programs.into(),
        Cell::Lasted(milliseconds) => Cell::Whole(milliseconds),
        other => other,
    };
}

/// A report that is not a list: one or several tables.
pub trait Report {
    /// Hands its tables over, one after the other. Formats that hold one table take the first.
    ///
    /// # Errors
    /// Those of `to`.
    fn tables<W: Write + Send>(&self, to: &mut Writer<W>) -> io::Result<()>;
}
