//! Parquet: typed columns, all of them optional, in row groups of bounded size.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

use crate::export::table::{Cell, Column, Kind};

/// A row group ends when it has this many rows …
const MAX_ROWS: usize = 20_000;
/// … or this many bytes of text.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// Writes rows as Parquet.
pub(super) struct Parquet<W: Write + Send> {
    writer: Opening<W>,
    columns: Vec<Values>,
    rows: usize,
    bytes: usize,
}

/// The file's schema has to be known before it begins.
enum Opening<W: Write + Send> {
    Not(Option<W>),
    Open(SerializedFileWriter<W>),
}

/// Values of a column that are there, and for each row whether there is one.
struct Values {
    data: Data,
    there: Vec<i16>,
}

enum Data {
    Text(Vec<ByteArray>),
    Whole(Vec<i64>),
    Number(Vec<f64>),
    Flag(Vec<bool>),
}

impl<W: Write + Send> Parquet<W> {
    pub(super) fn new(to: W) -> Self {
        Self { writer: Opening::Not(Some(to)), columns: Vec::new(), rows: 0, bytes: 0 }
    }

    pub(super) fn header(&mut self, columns: &[Column]) -> io::Result<()> {
        let Opening::Not(to) = &mut self.writer else { return Ok(()) };
        let Some(to) = to.take() else { return Ok(()) };
        let schema = schema(columns).map_err(io::Error::other)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by("usertrail".to_owned())
            .build();
        let writer = SerializedFileWriter::new(to, schema, Arc::new(properties)).map_err(io::Error::other)?;
        self.writer = Opening::Open(writer);
        self.columns = columns.iter().map(|column| Values::of(column.kind)).collect();
        Ok(())
    }

    pub(super) fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            self.bytes += column.push(cell);
        }
        self.rows += 1;
        if self.rows >= MAX_ROWS || self.bytes >= MAX_BYTES { self.group() } else { Ok(()) }
    }

    /// Writes what was gathered as a row group.
    fn group(&mut self) -> io::Result<()> {
        let Opening::Open(writer) = &mut self.writer else { return Ok(()) };
        let mut group = writer.next_row_group().map_err(io::Error::other)?;
        for column in &mut self.columns {
            column.write(&mut group).map_err(io::Error::other)?;
        }
        group.close().map_err(io::Error::other)?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        if self.rows > 0 {
            self.group()?;
        }
        match self.writer {
            Opening::Open(writer) => writer.into_inner().map_err(io::Error::other),
            Opening::Not(_) => Err(io::Error::other("a Parquet file has columns")),
        }
    }
}

impl Values {
    fn of(kind: Kind) -> Self {
        let data = match kind {
            Kind::Text => Data::Text(Vec::new()),
            Kind::Time | Kind::Whole | Kind::Duration => Data::Whole(Vec::new()),
            Kind::Number => Data::Number(Vec::new()),
            Kind::Flag => Data::Flag(Vec::new()),
        };
        Self { data, there: Vec::new() }
    }

    /// Appends a cell; what is of another kind than its column is left out. Returns the memory it takes, about.
    fn push(&mut self, cell: &Cell<'_>) -> usize {
        let mut bytes = 8;
        let there = match (&mut self.data, cell) {
            (Data::Text(values), Cell::Text(text)) => {
                bytes += text.len() + size_of::<ByteArray>();
                values.push(ByteArray::from(text.as_bytes().to_vec()));
                true
            }
            (Data::Whole(values), Cell::Whole(number)) => {
                // The same 64 bits; the schema says that they are unsigned.
                values.push(number.cast_signed());
                true
            }
            (Data::Whole(values), Cell::Time(time)) => {
                values.push(time.timestamp_millis());
                true
            }
            (Data::Number(values), Cell::Number(number)) => {
                values.push(*number);
                true
            }
            (Data::Flag(values), Cell::Flag(flag)) => {
                values.push(*flag);
                true
            }
            _ => false,
        };
        self.there.push(i16::from(there));
        bytes
    }

    fn write<W: Write + Send>(&mut self, group: &mut SerializedRowGroupWriter<'_, W>) -> Result<(), ParquetError> {
        let Some(mut column) = group.next_column()? else {
            return Err(ParquetError::General("more columns than the schema has".to_owned()));
        };
        self.write_to(&mut column)?;
        self.there.clear();
        column.close()
    }

    fn write_to(&mut self, column: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let there = Some(self.there.as_slice());
        match &mut self.data {
            Data::Text(values) => {
                column.typed::<ByteArrayType>().write_batch(values, there, None)?;
                values.clear();
            }
            Data::Whole(values) => {
                column.typed::<Int64Type>().write_batch(values, there, None)?;
                values.clear();
            }
            Data::Number(values) => {
                column.typed::<DoubleType>().write_batch(values, there, None)?;
                values.clear();
            }
            Data::Flag(values) => {
                column.typed::<BoolType>().write_batch(values, there, None)?;
                values.clear();
            }
        }
        Ok(())
    }
}

fn schema(columns: &[Column]) -> Result<TypePtr, ParquetError> {
    let fields: Result<Vec<TypePtr>, ParquetError> =
        columns.iter().map(|column| field(*column).map(Arc::new)).collect();
    Type::group_type_builder("rows").with_fields(fields?).build().map(Arc::new)
}

fn field(column: Column) -> Result<Type, ParquetError> {
    let unsigned = LogicalType::integer(64, false);
    let (physical, logical) = match column.kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
        Kind::Whole | Kind::Duration => (Physical::INT64, Some(unsigned)),
        Kind::Number => (Physical::DOUBLE, None),
        Kind::Flag => (Physical::BOOLEAN, None),
    };
    // A dot in a name would read as a path.
    Type::primitive_type_builder(&column.name.replace('.', "_"), physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}
