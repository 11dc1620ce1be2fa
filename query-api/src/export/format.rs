//! Which format an answer takes: `format=`, or else the `Accept` header (RFC 9110, 12.5.1).

use axum::http::StatusCode;
use runtime::problem::Problem;
use schemas::zone::Zone;

use crate::http::params::{ParamError, Params};

/// Most media ranges of an `Accept` header that are looked at.
const MAX_RANGES: usize = 64;

/// What an export is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, UTF-8 with a byte order mark, which Excel knows it by.
    Csv,
    /// A JSON object a line, as in the JSON answer.
    Ndjson,
    /// Office Open XML (ECMA-376).
    Xlsx,
    /// Pages to print.
    Pdf,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// Whether a file holds several tables; others have the first of them.
    #[must_use]
    pub const fn has_several_tables(self) -> bool {
        matches!(self, Self::Xlsx | Self::Pdf)
    }

    /// Every format.
    pub const ALL: [Self; 5] = [Self::Csv, Self::Ndjson, Self::Xlsx, Self::Pdf, Self::Parquet];

    /// As in `format=`; also the ending of the file's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Xlsx => "xlsx",
            Self::Pdf => "pdf",
            Self::Parquet => "parquet",
        }
    }

    /// For `Content-Type`.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; header=present; charset=utf-8",
            _ => self.media_type(),
        }
    }

    /// For `Accept`.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Pdf => "application/pdf",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// What stands between the cells of a CSV file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Separator {
    /// As in RFC 4180.
    #[default]
    Comma,
    /// As spreadsheets take it where a comma is the decimal sign.
    Semicolon,
}

impl Separator {
    /// What `separator=` may be.
    pub(crate) const NAMES: &[&str] = &["comma", "semicolon", ",", ";"];

    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
        }
    }

    /// `separator=`, which goes with CSV alone.
    pub(crate) fn take(params: &mut Params, format: Option<Format>) -> Result<Self, Problem> {
        let named = params.one_of("separator", Self::NAMES)?;
        if named.is_some() && format != Some(Format::Csv) {
            return Err(ParamError::bad("separator", "only CSV has one").into());
        }
        Ok(match named.as_deref() {
            Some("semicolon" | ";") => Self::Semicolon,
            _ => Self::Comma,
        })
    }
}

/// `time_zone=`: the zone that a file's times are shown in.
pub(crate) fn zone(params: &mut Params, format: Option<Format>) -> Result<Option<Zone>, Problem> {
    let Some(name) = params.one("time_zone")? else { return Ok(None) };
    if format.is_none() {
        return Err(ParamError::bad("time_zone", "goes with a file").into());
    }
    let unknown = || {
        let detail = "there is no time zone of this name in the IANA database (such as Europe/Prague)";
        ParamError::bad("time_zone", detail)
    };
    Ok(Some(name.parse().map_err(|_| unknown())?))
}

/// `columns=`: those that a file is to have, in their order; none: all. A line of NDJSON is an object as in the JSON answer, and has
/// no columns.
pub(crate) fn columns(params: &mut Params, format: Option<Format>) -> Result<Vec<String>, Problem> {
    let columns = params.in_order("columns")?;
    if !columns.is_empty() && format.is_none_or(|format| format == Format::Ndjson) {
        return Err(ParamError::bad("columns", "goes with the formats csv, xlsx, pdf and parquet").into());
    }
    Ok(columns)
}

/// What `format=` may be.
pub(crate) const NAMES: &[&str] = &["json", "csv", "ndjson", "xlsx", "pdf", "parquet"];

/// The format of an answer; none is JSON.
///
/// # Errors
/// 400 for an unknown `format=`; 406 when nothing that `Accept` takes is offered.
pub(crate) fn choose(params: &mut Params, accept: &str) -> Result<Option<Format>, Problem> {
    match params.one_of("format", NAMES)? {
        Some(name) => Ok(Format::ALL.into_iter().find(|format| format.as_str() == name)),
        None => negotiate(accept).ok_or_else(not_acceptable),
    }
}

fn not_acceptable() -> Problem {
    let kinds: Vec<&str> = Format::ALL.into_iter().map(Format::media_type).collect();
    let detail = format!("Accept takes none of application/json, {}", kinds.join(", "));
    Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", detail).with_pointer("Accept")
}

/// What `Accept` likes best of what is offered, JSON first among equals. The outer none: nothing.
fn negotiate(accept: &str) -> Option<Option<Format>> {
    if accept.trim().is_empty() {
        return Some(None);
    }
    let ranges: Vec<Range<'_>> = accept.split(',').take(MAX_RANGES).filter_map(Range::parse).collect();
    let offers = [None].into_iter().chain(Format::ALL.map(Some));
    let mut best: Option<(u16, Option<Format>)> = None;
    for offer in offers {
        let media_type = offer.map_or("application/json", Format::media_type);
        let liked = ranges.iter().filter_map(|range| Some((range.specificity(media_type)?, range.quality))).max();
        let quality = liked.map_or(0, |(_, quality)| quality);
        if quality > best.map_or(0, |(known, _)| known) {
            best = Some((quality, offer));
        }
    }
    best.map(|(_, offer)| offer)
}

/// A media range with its weight in thousandths.
struct Range<'a> {
    kind: &'a str,
    quality: u16,
}

impl<'a> Range<'a> {
    /// None for what is no media range, which is as if it were not there.
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let kind = parts.next().filter(|kind| kind.contains('/'))?;
        let mut weights = parts.filter_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let quality = match weights.next() {
            None => 1000,
            Some(weight) => {
                weight.parse::<f64>().ok().filter(|weight| (0.0..=1.0).contains(weight)).map(thousandths)?
            }
        };
        Some(Self { kind, quality })
    }

    /// How exactly the range names a type: 2 whole, 1 its first half, 0 anything; none where it doesn't.
    fn specificity(&self, media_type: &str) -> Option<u8> {
        let (half, _) = media_type.split_once('/')?;
        match self.kind.split_once('/')? {
            ("*", "*") => Some(0),
            (first, "*") if first.eq_ignore_ascii_case(half) => Some(1),
            _ if self.kind.eq_ignore_ascii_case(media_type) => Some(2),
            _ => None,
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1")]
fn thousandths(weight: f64) -> u16 {
    (weight * 1000.0).round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P9: JSON unless something else is liked better.
    #[test]
    fn the_best_liked_format_is_taken() {
        let csv = Some(Some(Format::Csv));
        for (accept, expected) in [
            ("", Some(None)),
            ("*/*", Some(None)),
            ("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", Some(None)),
            ("text/csv", csv),
            ("Text/CSV; header=present", csv),
            ("text/*", csv),
            ("application/*", Some(None)),
            ("text/csv;q=0.5, application/json;q=0.4", csv),
            ("text/csv;q=0.5, application/json;q=0.6", Some(None)),
            ("application/json;q=0, */*", csv),
            ("application/pdf, */*;q=0.1", Some(Some(Format::Pdf))),
            ("text/csv;q=0", None),
            ("text/html", None),
            ("nonsense", None),
            ("text/csv;q=7", None),
        ] {
            assert_eq!(negotiate(accept), expected, "{accept}");
        }
    }
}
