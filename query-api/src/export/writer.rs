//! Tables and rows in, bytes of a format out.

use std::io::{self, Write};

use schemas::catalogue::Lang;
use serde::Serialize;

use crate::export::csv::Csv;
use crate::export::format::Format;
use crate::export::heading::Heading;
use crate::export::parquet::Parquet;
use crate::export::pdf::Pdf;
use crate::export::table::{Cell, Tabular};
use crate::export::xlsx::Xlsx;
use crate::export::{values, words};
use crate::log::signals;
use crate::log::words::of;

/// Writes an export. Memory is bounded, however many rows there are.
pub struct Writer<W: Write + Send> {
    form: Form<W>,
    lang: Lang,
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
        let lang = heading.lang;
        let form = match format {
            Format::Csv => Form::Csv(Box::new(Csv::open(to, &heading)?)),
            Format::Ndjson => Form::Ndjson(to),
            Format::Xlsx => Form::Xlsx(Box::new(Xlsx::new(to, heading))),
            Format::Pdf => Form::Pdf(Box::new(Pdf::open(to, heading)?)),
            Format::Parquet => Form::Parquet(Box::new(Parquet::new(to))),
        };
        Ok(Self { form, lang, tables: 0, rows: 0 })
    }

    /// Begins a table. CSV, NDJSON and Parquet hold one: the first; rows of others are left out.
    ///
    /// # Errors
    /// Those of the byte sink.
    pub fn table<T: Tabular>(&mut self, name: &'static str) -> io::Result<()> {
        self.tables += 1;
        match &mut self.form {
            Form::Csv(csv) if self.tables == 1 => csv.header(T::COLUMNS),
            Form::Parquet(parquet) if self.tables == 1 => parquet.header(T::COLUMNS),
            Form::Xlsx(xlsx) => xlsx.table(name, T::COLUMNS),
            Form::Pdf(pdf) => pdf.table(name, T::COLUMNS, T::PRINTED),
            Form::Csv(_) | Form::Parquet(_) | Form::Ndjson(_) => Ok(()),
        }
    }

    /// A row of the table that was begun last.
    ///
    /// # Errors
    /// Those of the byte sink.
    pub fn row<T: Tabular + Serialize>(&mut self, row: &T) -> io::Result<()> {
        let several = matches!(self.form, Form::Xlsx(_) | Form::Pdf(_));
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
        // What people read has words where what programs read has the values.
        let lang = if several { self.lang } else { Lang::En };
        for cell in &mut cells {
            match cell {
                // Programs compare keys: a word would be one of the values, and another one in each language.
                Cell::Word(_) if !several => *cell = Cell::Empty,
                Cell::Word(word) => *cell = Cell::Text(words::word(*word, self.lang).into()),
                Cell::Code(of, code) => *cell = Cell::Text(values::value(of, code, lang).into()),
                Cell::Signals(found) => *cell = Cell::Text(signals::told(found, several.then_some(self.lang)).into()),
                Cell::Told(_, people) if several => *cell = of(lang, *people).into(),
                Cell::Told(programs, _) => *cell = (*programs).into(),
                Cell::Lasted(milliseconds) if !several => *cell = Cell::Whole(*milliseconds),
                _ => {}
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

    /// A table with all its rows.
    ///
    /// # Errors
    /// Those of the byte sink.
    pub fn whole<T: Tabular + Serialize>(&mut self, name: &'static str, rows: &[T]) -> io::Result<()> {
        self.table::<T>(name)?;
        rows.iter().try_for_each(|row| self.row(row))
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

/// A report that is not a list: one or several tables.
pub trait Report {
    /// Hands its tables over, one after the other. Formats that hold one table take the first.
    ///
    /// # Errors
    /// Those of `to`.
    fn tables<W: Write + Send>(&self, to: &mut Writer<W>) -> io::Result<()>;
}
