//! Files of exports, read back by readers of other makers (P9, T17, T18), with rows that try to be more than text.

use std::io::{Cursor, Write};

use calamine::{Data, Reader as _, Xlsx};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use lopdf::Document;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::RowAccessor as _;
use query_api::export::table::{Cell, Column, Kind, Tabular};
use query_api::export::{Format, Heading, Separator, Writer};
use query_api::http::period::Period;
use schemas::catalogue::Lang;
use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
struct Row {
    at: DateTime<Utc>,
    text: String,
    whole: u64,
    number: Option<f64>,
    lasted: u64,
    flag: bool,
}

impl Tabular for Row {
    const COLUMNS: &'static [Column] = &[
        Column::new("at", Kind::Time),
        Column::new("text", Kind::Text),
        Column::new("whole", Kind::Whole),
        Column::new("number", Kind::Number),
        Column::new("lasted_ms", Kind::Duration),
        Column::new("flag", Kind::Flag),
    ];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        row.extend([
            self.at.into(),
            (&self.text).into(),
            self.whole.into(),
            self.number.into(),
            self.lasted.into(),
            self.flag.into(),
        ]);
    }
}

const TEXTS: &[&str] = &[
    "plain",
    "",
    "Jana Nováková, Brno – žluťoučký kůň",
    "Юлия Щербакова: удалён договор № 5",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "a,\"b\"\r\nc;d",
    "<c t=\"str\"><f>1+1</f></c>&amp;",
    "bell \u{7} and _x0041_",
    " leading and trailing ",
    "日本語 🙂",
];

fn rows() -> Vec<Row> {
    let begin: DateTime<Utc> = "2026-03-28T22:30:00.250Z".parse().unwrap();
    let row = |(at, text): (usize, &&str)| Row {
        at: begin + TimeDelta::hours(at as i64),
        text: (*text).to_owned(),
        whole: if at == 0 { u64::MAX } else { at as u64 },
        number: (at % 2 == 0).then_some(at as f64 - 0.5),
        lasted: 90_061_000 * at as u64,
        flag: at % 3 == 0,
    };
    TEXTS.iter().enumerate().map(row).collect()
}

fn heading() -> Heading {
    Heading {
        title: "events".to_owned(),
        tenant_id: "acme".to_owned(),
        tenant: "Акме, s. r. o.".to_owned(),
        filter: "actor id: Nováková".to_owned(),
        period: Period { from: None, to: Some("2026-03-30T22:00:00Z".parse().unwrap()) },
        zone: "Europe/Prague".parse().unwrap(),
        columns: Vec::new(),
        created_at: "2026-11-22T20:00:00Z".parse().unwrap(),
        complete_until: None,
        lang: Lang::En,
        separator: Separator::Comma,
    }
}

fn written(format: Format, rows: &[Row]) -> Vec<u8> {
    let mut writer = Writer::open(format, Vec::new(), heading()).unwrap();
    writer.whole("events", rows).unwrap();
    let file = writer.finish().unwrap();
    keep(&format!("{}-rows.{}", rows.len(), format.as_str()), &file);
    file
}

/// Keeps a file in the folder `USERTRAIL_KEEP_FILES`, if that is set, to be looked at.
pub(crate) fn keep(name: &str, file: &[u8]) {
    if let Some(folder) = std::env::var_os("USERTRAIL_KEEP_FILES") {
        std::fs::write(std::path::Path::new(&folder).join(name), file).unwrap();
    }
}

/// P9: RFC 4180 with a byte order mark; no cell is a formula, numbers stay numbers.
#[test]
fn csv_is_read_back_and_holds_no_formula() {
    let file = written(Format::Csv, &rows());
    let file = file.strip_prefix("\u{feff}".as_bytes()).expect("the mark by which Excel knows UTF-8");
    let mut reader = csv::Reader::from_reader(file);
    assert_eq!(reader.headers().unwrap(), vec!["at", "text", "whole", "number", "lasted_ms", "flag"]);
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), TEXTS.len());
    for (record, row) in records.iter().zip(rows()) {
        let dangerous = row.text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝']);
        // A control character is none of a text.
        let text = row.text.replace('\u{7}', "\u{fffd}");
        let text = if dangerous { format!("'{text}") } else { text };
        assert_eq!(&record[1], text);
        assert_eq!(record[0].parse::<DateTime<Utc>>().unwrap(), row.at);
        assert_eq!(record[2].parse::<u64>().unwrap(), row.whole);
        assert_eq!(record[3].parse::<f64>().ok(), row.number);
    }
    // The tenant's zone, and its summer time from the night on.
    assert_eq!(&records[0][0], "2026-03-28T23:30:00.250+01:00");
    assert_eq!(&records[3][0], "2026-03-29T03:30:00.250+02:00");
    assert_eq!(&records[1][3], "", "a number below zero would be no formula, but there is none here");
    assert_eq!(&records[0][3], "-0.5");
}

/// T18: typed cells, local times, a header that stays in sight, texts that stay texts.
#[test]
fn xlsx_is_read_back_with_its_types() {
    let file = written(Format::Xlsx, &rows());
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
    assert_eq!(book.sheet_names(), ["events", "About"]);
    let sheet = book.worksheet_range("events").unwrap();
    assert_eq!(sheet.height(), TEXTS.len() + 1);
    assert_eq!(sheet.rows().next().unwrap()[4], "lasted", "it is shown as hours, minutes and seconds");
    for (at, row) in rows().iter().enumerate() {
        let cells: Vec<&Data> = sheet.rows().nth(at + 1).unwrap().iter().collect();
        let local = row.at.with_timezone(&"Europe/Prague".parse::<schemas::zone::Zone>().unwrap()).naive_local();
        let Data::DateTime(time) = cells[0] else { panic!("{:?} is no time", cells[0]) };
        let read: NaiveDateTime = time.as_datetime().unwrap();
        assert!((read - local).num_milliseconds().abs() <= 1, "{read} {local}");
        // Calamine leaves Excel's escapes of control characters as they are.
        let text = row.text.replace('\u{7}', "_x0007_").replace("_x0041_", "_x005F_x0041_");
        match cells[1] {
            Data::String(read) => assert!(
                *read == text || *read == row.text || *read == row.text.replace('\r', "_x000D_"),
                "{read:?} {:?}",
                row.text
            ),
            Data::Empty => assert_eq!(row.text, ""),
            other => panic!("{other:?} is no text"),
        }
        match cells[2] {
            Data::Float(read) => assert_eq!(*read, row.whole as f64),
            // Doubles hold no such number.
            Data::String(read) => assert_eq!(*read, row.whole.to_string()),
            other => panic!("{other:?} is no number"),
        }
        assert_eq!(*cells[5], Data::Bool(row.flag));
    }
    assert!(book.worksheet_formula("events").unwrap().is_empty(), "no cell is a formula");
    let about = book.worksheet_range("About").unwrap();
    let about: Vec<String> = about.rows().map(|row| format!("{}: {}", row[0], row[1])).collect();
    assert!(about.contains(&"Tenant: Акме, s. r. o.".to_owned()), "{about:?}");
}

/// P9: one JSON object a line, as it was.
#[test]
fn ndjson_has_an_object_a_line() {
    let file = String::from_utf8(written(Format::Ndjson, &rows())).unwrap();
    let lines: Vec<serde_json::Value> = file.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected: Vec<serde_json::Value> = rows().iter().map(|row| serde_json::to_value(row).unwrap()).collect();
    assert_eq!(lines, expected);
}

/// P9: typed columns, in more than one row group.
#[test]
fn parquet_is_read_back_with_its_types() {
    let many: Vec<Row> = rows().into_iter().cycle().take(45_000).collect();
    let reader = SerializedFileReader::new(bytes(written(Format::Parquet, &many))).unwrap();
    assert!(reader.metadata().num_row_groups() > 1);
    let mut read = 0;
    for (record, row) in reader.get_row_iter(None).unwrap().zip(&many) {
        let record = record.unwrap();
        assert_eq!(record.get_timestamp_millis(0).unwrap(), row.at.timestamp_millis());
        match row.text.as_str() {
            "" => assert!(record.get_string(1).is_err()),
            text => assert_eq!(record.get_string(1).unwrap(), text),
        }
        assert_eq!(record.get_ulong(2).unwrap(), row.whole);
        assert_eq!(record.get_double(3).ok(), row.number);
        assert_eq!(record.get_bool(5).unwrap(), row.flag);
        read += 1;
    }
    assert_eq!(read, many.len());
}

fn bytes(file: Vec<u8>) -> axum::body::Bytes {
    file.into()
}

/// T17: every page says which it is of how many, and whose; letters of all our languages can be read and copied.
#[test]
fn pdf_has_numbered_pages_and_every_letter() {
    let many: Vec<Row> = rows().into_iter().cycle().take(500).collect();
    let file = written(Format::Pdf, &many);
    let document = Document::load_mem(&file).unwrap();
    let pages: Vec<u32> = document.get_pages().into_keys().collect();
    assert!(pages.len() > 5, "{} pages", pages.len());
    let first = document.extract_text(&pages[..1]).unwrap();
    for part in
        ["Events", "Акме, s. r. o.", "Nováková", "before 2026-03-31 00:00", "Юлия Щербакова", "žluťoučký", "page 1 of"]
    {
        assert!(unspaced(&first).contains(&unspaced(part)), "{part:?} is not on the first page: {first}");
    }
    let last = document.extract_text(&pages[pages.len() - 1..]).unwrap();
    let number = format!("page {} of", pages.len());
    for part in [&*number, "text", "whole", "Акме"] {
        assert!(unspaced(&last).contains(&unspaced(part)), "{part:?} is not on the last page: {last}");
    }
}

/// Where lines and columns end is up to the reader.
pub(crate) fn unspaced(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace()).collect()
}

fn file_of(format: Format, heading: Heading, rows: &[Row]) -> Vec<u8> {
    let mut writer = Writer::open(format, Vec::new(), heading).unwrap();
    writer.whole("events", rows).unwrap();
    writer.finish().unwrap()
}

fn row(at: &str, text: &str, number: f64) -> Row {
    Row { at: at.parse().unwrap(), text: text.to_owned(), whole: 7, number: Some(number), lasted: 0, flag: true }
}

/// P16: a file's own words are in the reader's language; numbers of CSV have a decimal comma where semicolons part cells.
#[test]
fn files_speak_the_readers_language() {
    let rows = [row("2026-03-28T22:30:00Z", "a;b", 0.5)];
    let czech = |separator| Heading { lang: Lang::Cs, separator, ..heading() };
    for (separator, expected) in [
        (
            Separator::Comma,
            "kdy,text,whole,number,lasted_ms,flag\r\n2026-03-28T23:30:00.000+01:00,a;b,7,0.5,0,true\r\n",
        ),
        (
            Separator::Semicolon,
            "kdy;text;whole;number;lasted_ms;flag\r\n2026-03-28T23:30:00.000+01:00;\"a;b\";7;0,5;0;true\r\n",
        ),
    ] {
        let file = String::from_utf8(file_of(Format::Csv, czech(separator), &rows)).unwrap();
        assert_eq!(file.strip_prefix('\u{feff}').unwrap(), expected);
    }
    let file = file_of(Format::Xlsx, czech(Separator::Comma), &rows);
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
    assert_eq!(book.sheet_names(), ["události", "O souboru"]);
    assert_eq!(book.worksheet_range("události").unwrap().rows().next().unwrap()[0], "kdy");
    let file = file_of(Format::Pdf, czech(Separator::Comma), &rows);
    let text = unspaced(&Document::load_mem(&file).unwrap().extract_text(&[1]).unwrap());
    for part in ["Události", "Organizace", "Období", "Vytvořeno", "kdy", "0,5", "ano", "strana1z"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let russian = Heading { lang: Lang::Ru, ..heading() };
    let file = file_of(Format::Pdf, russian, &rows);
    let text = unspaced(&Document::load_mem(&file).unwrap().extract_text(&[1]).unwrap());
    for part in ["События", "Организация", "Период", "когда", "да", "стр.1из"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[derive(Debug, Clone, Serialize)]
struct Coded;

impl Tabular for Coded {
    const COLUMNS: &'static [Column] = &[
        Column::new("action", Kind::Text),
        Column::new("device.kind", Kind::Text),
        Column::new("access", Kind::Text),
        Column::new("reason", Kind::Text),
        Column::new("text", Kind::Text),
    ];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        row.push(Cell::code("action", "sign_in_failed"));
        row.push(Cell::code("device_kind", "desktop"));
        row.push(Cell::code("access", ""));
        row.push(Cell::code("phrase", "can't connect: refused"));
        row.push("desktop".into());
    }
}

/// P16: closed values are words where people read them, and as they are where programs do.
#[test]
fn closed_values_are_words_for_people() {
    let file = |format, lang| {
        let mut writer = Writer::open(format, Vec::new(), Heading { lang, ..heading() }).unwrap();
        writer.whole("events", &[Coded]).unwrap();
        writer.finish().unwrap()
    };
    for (lang, words) in [
        (Lang::En, ["failed sign-in", "desktop", "can't connect: refused"]),
        (Lang::Ru, ["неудачный вход", "компьютер", "не удаётся соединиться: refused"]),
        (Lang::Cs, ["neúspěšné přihlášení", "počítač", "nelze se připojit: refused"]),
    ] {
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file(Format::Xlsx, lang))).unwrap();
        let sheet = book.sheet_names()[0].clone();
        let sheet = book.worksheet_range(&sheet).unwrap();
        let cells: Vec<String> = sheet.rows().nth(1).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(cells, [words[0], words[1], "", words[2], "desktop"], "{lang:?}");
        let pdf = Document::load_mem(&file(Format::Pdf, lang)).unwrap().extract_text(&[1]).unwrap();
        for word in words {
            assert!(unspaced(&pdf).contains(&unspaced(word)), "{word} is not in {pdf}");
        }
        let csv = String::from_utf8(file(Format::Csv, lang)).unwrap();
        assert!(csv.ends_with("\r\nsign_in_failed,desktop,,can't connect: refused,desktop\r\n"), "{csv}");
        let reader = SerializedFileReader::new(bytes(file(Format::Parquet, lang))).unwrap();
        let row = reader.get_row_iter(None).unwrap().next().unwrap().unwrap();
        assert_eq!(
            (row.get_string(0).unwrap().as_str(), row.get_string(1).unwrap().as_str()),
            ("sign_in_failed", "desktop")
        );
    }
}

/// P9: characters that no text has break no reader of a file.
#[test]
fn control_characters_break_no_file() {
    let text = "a\u{0}b\u{8}\u{1b}[0m\u{7f}\u{9f}\u{fffe}\u{ffff}\tc\n";
    let rows = [row("2026-03-28T22:30:00Z", text, 0.5)];
    let csv = file_of(Format::Csv, heading(), &rows);
    assert!(!csv.contains(&0), "a NUL");
    let csv = String::from_utf8(csv).unwrap();
    assert!(csv.contains("a\u{fffd}b\u{fffd}\u{fffd}[0m\u{fffd}\u{fffd}\u{fffd}\u{fffd}\tc\n"), "{csv:?}");
    // A workbook has an escape of its own for them, so that nothing is lost; none is in the XML.
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file_of(Format::Xlsx, heading(), &rows))).unwrap();
    let sheet = book.worksheet_range("events").unwrap();
    assert!(sheet.rows().nth(1).unwrap()[1].to_string().starts_with('a'));
    let pdf = Document::load_mem(&file_of(Format::Pdf, heading(), &rows)).unwrap().extract_text(&[1]).unwrap();
    assert!(!pdf.contains(['\u{0}', '\u{1b}', '\u{ffff}']), "{pdf:?}");
    for format in [Format::Ndjson, Format::Parquet] {
        assert!(!file_of(format, heading(), &rows).is_empty());
    }
    let json: serde_json::Value = serde_json::from_slice(&file_of(Format::Ndjson, heading(), &rows)).unwrap();
    assert_eq!(json["text"], text);
    let reader = SerializedFileReader::new(bytes(file_of(Format::Parquet, heading(), &rows))).unwrap();
    assert_eq!(reader.get_row_iter(None).unwrap().next().unwrap().unwrap().get_string(1).unwrap(), text);
}

/// T18: the two hours that a clock shows alike are distinguished in every format.
#[test]
fn hours_that_come_twice_are_told_apart() {
    let rows = [row("2026-10-25T00:30:00Z", "first", 1.0), row("2026-10-25T01:30:00Z", "second", 1.0)];
    let csv = String::from_utf8(file_of(Format::Csv, heading(), &rows)).unwrap();
    assert!(
        csv.contains("2026-10-25T02:30:00.000+02:00,first") && csv.contains("2026-10-25T02:30:00.000+01:00,second")
    );
    let pdf = file_of(Format::Pdf, heading(), &rows);
    let text = unspaced(&Document::load_mem(&pdf).unwrap().extract_text(&[1]).unwrap());
    assert!(text.contains("02:30:00+02:00") && text.contains("02:30:00+01:00"), "{text}");
    let mut book = zip::ZipArchive::new(Cursor::new(file_of(Format::Xlsx, heading(), &rows))).unwrap();
    let mut part = |name: &str| std::io::read_to_string(book.by_name(name).unwrap()).unwrap();
    let styles = part("xl/styles.xml");
    assert!(styles.contains("&quot;+02:00&quot;") && styles.contains("&quot;+01:00&quot;"), "{styles}");
    let sheet = part("xl/worksheets/sheet1.xml");
    assert!(sheet.contains("<c s=\"4\"><v>46320.104166") && sheet.contains("<c s=\"5\"><v>46320.104166"), "{sheet}");
    let parquet = SerializedFileReader::new(bytes(file_of(Format::Parquet, heading(), &rows))).unwrap();
    let times: Vec<i64> =
        parquet.get_row_iter(None).unwrap().map(|row| row.unwrap().get_timestamp_millis(0).unwrap()).collect();
    assert_eq!(times[1] - times[0], 3_600_000);
}

/// T17: Hebrew and Arabic can be read, searched and copied: every letter is named, and none is shown as unknown.
#[test]
fn text_from_right_to_left_is_whole() {
    let texts = ["שלום עולם 123", "مرحبا بالعالم", "لا إله", "Jan שלום Novák", "محمد (أحمد) 2026"];
    let rows: Vec<Row> = texts.iter().map(|text| row("2026-11-25T00:30:00Z", text, 1.0)).collect();
    let file = file_of(Format::Pdf, heading(), &rows);
    keep("right-to-left.pdf", &file);
    let text = Document::load_mem(&file).unwrap().extract_text(&[1]).unwrap();
    for letter in texts.concat().chars().filter(|letter| !letter.is_whitespace()) {
        assert!(text.contains(letter), "{letter} is not in {text}");
    }
    assert!(!text.contains('\u{fffd}'), "{text}");
}

/// An empty table is a whole file, too.
#[test]
fn no_rows_make_a_whole_file() {
    for format in Format::ALL {
        let file = written(format, &[]);
        match format {
            Format::Csv => assert_eq!(String::from_utf8(file).unwrap().lines().count(), 1),
            Format::Ndjson => assert!(file.is_empty()),
            Format::Xlsx => {
                let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
                assert_eq!(book.worksheet_range("events").unwrap().height(), 1);
            }
            Format::Pdf => assert_eq!(Document::load_mem(&file).unwrap().get_pages().len(), 1),
            Format::Parquet => {
                let reader = SerializedFileReader::new(bytes(file)).unwrap();
                assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
            }
        }
    }
}

/// A sink that breaks ends the writing.
#[test]
fn a_broken_sink_is_an_error() {
    struct Broken(usize);
    impl Write for Broken {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or_else(|| std::io::Error::other("gone"))?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for format in Format::ALL {
        let write = || -> std::io::Result<()> {
            let mut writer = Writer::open(format, Broken(600), heading())?;
            for _ in 0..200 {
                writer.whole("events", &rows())?;
            }
            writer.finish().map(drop)
        };
        assert!(write().is_err(), "{format:?}");
    }
}

/// Pitfall 23: what memory and time a large export takes: `cargo test -p query-api --test api -- --ignored --nocapture
/// --exact export_files::large_files_take_constant_memory`, alone in its process; rows by `USERTRAIL_EXPORT_ROWS`.
#[test]
#[ignore = "takes minutes"]
#[allow(clippy::print_stdout, reason = "what it measures")]
fn large_files_take_constant_memory() {
    struct Counting(u64);
    impl Write for Counting {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let count = std::env::var("USERTRAIL_EXPORT_ROWS").map_or(5_000_000, |rows| rows.parse().unwrap());
    let samples = rows();
    for format in Format::ALL {
        let count = if format == Format::Pdf { count.min(100_000) } else { count };
        let begun = std::time::Instant::now();
        let mut writer = Writer::open(format, Counting(0), heading()).unwrap();
        writer.table::<Row>("events").unwrap();
        let mut after_a_tenth = 0;
        for at in 0..count {
            let mut row = samples[at % samples.len()].clone();
            row.at += TimeDelta::seconds(at as i64);
            row.whole = at as u64;
            writer.row(&row).unwrap();
            if at == count / 10 {
                after_a_tenth = peak_kib();
            }
        }
        let bytes = writer.finish().unwrap().0;
        let (peak, seconds) = (peak_kib(), begun.elapsed().as_secs_f64());
        println!(
            "{:8} {count} rows, {} MiB in {seconds:.1} s ({:.0} rows/s); peak {} MiB after a tenth, {} MiB at the end",
            format.as_str(),
            bytes >> 20,
            count as f64 / seconds,
            after_a_tenth >> 10,
            peak >> 10
        );
        assert!(peak < after_a_tenth + 32 * 1024, "{format:?} grows with its rows");
    }
}

/// Most memory that this process ever had, KiB.
pub(crate) fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
