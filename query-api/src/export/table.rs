//! Lists and reports as tables: what an export writes, whatever its format.
//!
//! What is listed implements [`Tabular`]; a report that is not a list is one or several tables.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// What a column holds, which decides how a format writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// An instant, shown in the tenant's zone where the format has no instants.
    Time,
    /// A whole number.
    Whole,
    /// Any other number.
    Number,
    /// Milliseconds, shown as hours, minutes and seconds where the format can.
    Duration,
    /// Yes or no.
    Flag,
}

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Name, in snake case, as in the JSON answer; nested ones with a dot.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

impl Column {
    /// A column.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind }
    }

    /// Its name where durations are shown as such and not in milliseconds.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self.kind {
            Kind::Duration => self.name.strip_suffix("_ms").unwrap_or(self.name),
            _ => self.name,
        }
    }
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// There is none.
    Empty,
    /// Text.
    Text(Cow<'a, str>),
    /// A word of ours, in the reader's language.
    Word(Word),
    /// One of a set of values that have words, and what it is a value of; `phrase` for what the product says. Worded in files for people; programs
    /// read it as it is.
    Code(&'static str, Cow<'a, str>),
    /// What programs read, and what people read in its place, in the three languages.
    Translated(&'static str, [&'static str; 3]),
    /// What is new, far, fast or much about an event. Worded in files for people.
    Signals(&'a Map<String, Value>),
    /// What a rule grouped events by: fields and their values, as JSON. Worded in files for people.
    Group(&'a str),
    /// An instant.
    Time(DateTime<Utc>),
    /// A whole number, or the milliseconds of a column of durations.
    Whole(u64),
    /// Milliseconds in a column that has other numbers as well: as in a column of durations.
    Lasted(u64),
    /// Any other number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
}

/// What stands where a value has no text of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Of what has no value: no channel, no country.
    Nothing,
    /// Of all groups that are not named.
    Others,
}

impl<'a> Cell<'a> {
    /// The key of a group, and what it is a value of, if there is a closed set of these; an empty one is named.
    #[must_use]
    pub fn key(of: Option<&'static str>, key: &'a str) -> Self {
        match of {
            _ if key.is_empty() => Self::Word(Word::Nothing),
            Some(of) => Self::code(of, key),
            None => key.into(),
        }
    }
}

impl<'a> Cell<'a> {
    /// A value of a closed set; an empty one is none.
    #[must_use]
    pub fn code(of: &'static str, value: &'a str) -> Self {
        if value.is_empty() { Self::Empty } else { Self::Code(of, Cow::Borrowed(value)) }
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(Cow::Borrowed(text)) }
    }
}

impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Self {
        text.as_str().into()
    }
}

impl From<DateTime<Utc>> for Cell<'_> {
    fn from(time: DateTime<Utc>) -> Self {
        Self::Time(time)
    }
}

impl From<u64> for Cell<'_> {
    fn from(number: u64) -> Self {
        Self::Whole(number)
    }
}

impl From<f64> for Cell<'_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Cell<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<'a, T: Into<Self>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// What can be a row of a table.
pub trait Tabular {
    /// Its columns, in order. The same for every row.
    const COLUMNS: &'static [Column];
    /// Names of the columns that a printed page has room for; none: all of them.
    const PRINTED: &'static [&'static str] = &[];

    /// Appends one cell for each column.
    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>);
}
