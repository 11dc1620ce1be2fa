//! The parts of a workbook that are the same in each, or only list the others.

use std::fmt::Write as _;

use chrono::FixedOffset;

use crate::export::table::{Column, Kind};

const XML: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const DOCUMENT: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const CONTENT: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// What a sheet ends with.
pub(super) const SHEET_TAIL: &str = "</sheetData></worksheet>";

/// What a sheet begins with: its first row stays in sight.
pub(super) fn sheet_head(columns: &[Column]) -> String {
    let mut head = format!(
        "{XML}<worksheet xmlns=\"{MAIN}\"><sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\"1\" \
         topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews><cols>"
    );
    for (number, column) in (1..).zip(columns) {
        let width = match column.kind {
            Kind::Text => 24,
            Kind::Time => 20,
            Kind::Whole | Kind::Number | Kind::Duration => 12,
            Kind::Flag => 9,
        };
        let _ = write!(head, "<col min=\"{number}\" max=\"{number}\" width=\"{width}\" customWidth=\"1\"/>");
    }
    head.push_str("</cols><sheetData>");
    head
}

/// The parts that follow the sheets, by their names in the archive.
pub(super) fn all(sheets: &[String], offsets: &[FixedOffset]) -> [(&'static str, String); 5] {
    [
        ("xl/workbook.xml", workbook(sheets)),
        ("xl/_rels/workbook.xml.rels", workbook_relations(sheets.len())),
        ("xl/styles.xml", styles(offsets)),
        ("_rels/.rels", relations()),
        ("[Content_Types].xml", content_types(sheets.len())),
    ]
}

/// A name that Excel takes: up to 31 characters, none of which has a meaning in references.
pub(super) fn sheet_name(name: &str) -> String {
    const LONGEST: usize = 31;
    let plain = |letter: char| if "[]:*?/\\'".contains(letter) { '-' } else { letter };
    name.chars().take(LONGEST).map(plain).collect()
}

/// Appends text as XML has it. Control characters, which XML can't hold, become the escapes that Excel reads (`_x0007_`),
/// and what only looks like such an escape has its underscore escaped.
pub(super) fn escape(to: &mut String, text: &str) {
    for (at, letter) in text.char_indices() {
        match letter {
            '&' => to.push_str("&amp;"),
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            '"' => to.push_str("&quot;"),
            '\t' | '\n' => to.push(letter),
            '_' if looks_escaped(&text.as_bytes()[at..]) => to.push_str("_x005F_"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(to, "_x{:04X}_", u32::from(letter));
            }
            _ => to.push(letter),
        }
    }
}

fn looks_escaped(text: &[u8]) -> bool {
    matches!(text, [b'_', b'x', digits @ .., ] if digits.len() > 4
        && digits[4] == b'_' && digits[..4].iter().all(u8::is_ascii_hexdigit))
}

fn workbook(sheets: &[String]) -> String {
    let mut text = format!("{XML}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{DOCUMENT}\"><sheets>");
    for (number, name) in (1..).zip(sheets) {
        text.push_str("<sheet name=\"");
        escape(&mut text, name);
        let _ = write!(text, "\" sheetId=\"{number}\" r:id=\"rId{number}\"/>");
    }
    text.push_str("</sheets></workbook>");
    text
}

fn workbook_relations(sheets: usize) -> String {
    let mut text = format!("{XML}<Relationships xmlns=\"{RELATIONS}\">");
    for number in 1..=sheets {
        let _ = write!(
            text,
            "<Relationship Id=\"rId{number}\" Type=\"{DOCUMENT}/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"
        );
    }
    let styles = sheets + 1;
    let _ = write!(text, "<Relationship Id=\"rId{styles}\" Type=\"{DOCUMENT}/styles\" Target=\"styles.xml\"/>");
    text.push_str("</Relationships>");
    text
}

/// Formats by their place: general, time, duration, header, and times with each of the offsets.
fn styles(offsets: &[FixedOffset]) -> String {
    let (mut formats, mut cells) = (String::new(), String::new());
    for (id, offset) in (166..).zip(offsets) {
        let _ = write!(
            formats,
            "<numFmt numFmtId=\"{id}\" formatCode=\"yyyy\\-mm\\-dd\\ hh:mm:ss\\ &quot;{offset}&quot;\"/>"
        );
        let _ = write!(
            cells,
            "<xf numFmtId=\"{id}\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>"
        );
    }
    let (formats_in_all, cells_in_all) = (2 + offsets.len(), 4 + offsets.len());
    format!(
        "{XML}<styleSheet xmlns=\"{MAIN}\">\
         <numFmts count=\"{formats_in_all}\"><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\\ hh:mm:ss\"/>\
         <numFmt numFmtId=\"165\" formatCode=\"[h]:mm:ss\"/>{formats}</numFmts>\
         <fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/></font>\
         <font><b/><sz val=\"11\"/><name val=\"Calibri\"/></font></fonts>\
         <fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill>\
         <fill><patternFill patternType=\"gray125\"/></fill></fills>\
         <borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
         <cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>\
         <cellXfs count=\"{cells_in_all}\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>\
         <xf numFmtId=\"164\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
         <xf numFmtId=\"165\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
         <xf numFmtId=\"0\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyFont=\"1\"/>{cells}</cellXfs>\
         <cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles>\
         </styleSheet>"
    )
}

fn relations() -> String {
    format!(
        "{XML}<Relationships xmlns=\"{RELATIONS}\"><Relationship Id=\"rId1\" Type=\"{DOCUMENT}/officeDocument\" \
         Target=\"xl/workbook.xml\"/></Relationships>"
    )
}

fn content_types(sheets: usize) -> String {
    let mut text = format!(
        "{XML}<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
         <Override PartName=\"/xl/workbook.xml\" ContentType=\"{CONTENT}.sheet.main+xml\"/>\
         <Override PartName=\"/xl/styles.xml\" ContentType=\"{CONTENT}.styles+xml\"/>"
    );
    for number in 1..=sheets {
        let _ = write!(
            text,
            "<Override PartName=\"/xl/worksheets/sheet{number}.xml\" ContentType=\"{CONTENT}.worksheet+xml\"/>"
        );
    }
    text.push_str("</Types>");
    text
}
