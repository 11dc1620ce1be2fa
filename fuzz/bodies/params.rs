//! The query string and the cursors of the query API under arbitrary text.
//!
//! What must hold: no panic; the same text is read alike; a refusal names its parameter; what is accepted is within
//! bounds, and no text of a caller becomes part of a statement; an opened cursor is one that was sealed, with times that a
//! table can hold, whoever sealed it.

use chrono::{DateTime, Datelike as _, Utc, Weekday};
use query_api::http::cursor::{Binding, Position};
use query_api::http::params::{MAX_VALUE_BYTES, MAX_VALUES, ParamError, Params};
use query_api::http::period::{Calendar, Period, PeriodSpec, Width, buckets};
use query_api::log::filter::EventFilter;
use query_api::violations::filter::ViolationFilter;

const ZONES: &[&str] = &["Europe/Prague", "Asia/Kathmandu", "America/Sao_Paulo", "Pacific/Apia", "Africa/Casablanca"];
const BINDING: Binding<'static> = Binding { tenant: "acme", list: "events/occurred/desc", filter: "{}" };
const MOST_BUCKETS: usize = 500;

/// One input: a byte of switches, then the query string.
pub(crate) fn run(input: &[u8]) {
    let Some((&switches, rest)) = input.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    match switches % 3 {
        0 => events(text, usize::from(switches) / 3),
        1 => violations(text),
        _ => cursor(text),
    }
}

struct Asked {
    filter: EventFilter,
    period: PeriodSpec,
    cursor: Option<String>,
}

fn read(text: &str) -> Result<Asked, ParamError> {
    let mut params = Params::parse(Some(text))?;
    let filter = EventFilter::take(&mut params)?;
    let period = PeriodSpec::take(&mut params)?;
    params.one_of("order", &["desc", "asc", "received"])?;
    let limit = params.number("limit", 1, 1000)?;
    assert!(limit.is_none_or(|limit| (1..=1000).contains(&limit)));
    let cursor = params.one("cursor")?;
    params.finish()?;
    Ok(Asked { filter, period, cursor })
}

fn events(text: &str, zone: usize) {
    let asked = match (read(text), read(text)) {
        (Ok(asked), Ok(again)) => {
            assert_eq!(asked.filter, again.filter);
            assert_eq!(asked.period, again.period);
            asked
        }
        (Err(error), Err(again)) => {
            assert_eq!(error, again);
            let whole = matches!(error, ParamError::QueryTooLong | ParamError::NotUtf8(_));
            assert_eq!(error.parameter().is_none(), whole, "{error}");
            return;
        }
        _ => panic!("read differently the second time"),
    };
    let filter = &asked.filter;
    let closed = [&filter.class, &filter.event_type, &filter.category];
    assert!(closed.into_iter().flatten().all(|value| !value.is_empty()));
    // Of an open set, an empty value is asked for too: events without one.
    let open = [&filter.actor_id, &filter.object_type, &filter.object_id, &filter.action];
    let others = [&filter.module, &filter.location, &filter.channel];
    for list in closed.into_iter().chain(open).chain(others) {
        assert!(list.len() <= MAX_VALUES && list.is_sorted());
        assert!(list.iter().all(|value| value.len() <= MAX_VALUE_BYTES));
    }
    resolves(&asked.period, zone);
    if let Some(text) = &asked.cursor {
        opens_only_what_was_sealed(text);
    }
}

fn resolves(spec: &PeriodSpec, zone: usize) {
    let calendar = Calendar { zone: ZONES[zone % ZONES.len()].parse().unwrap(), week_start: Weekday::Sun };
    let now = DateTime::<Utc>::from_timestamp_millis(1_795_176_000_000).expect("a time");
    let Ok(period) = spec.resolve(calendar, now) else { return };
    let (Some(from), Some(to)) = (period.from, period.to) else { return };
    assert!(from < to);
    for width in [Width::Hour, Width::Day, Width::Week] {
        if let Some(starts) = buckets(calendar, (from, to), width, MOST_BUCKETS) {
            assert!(starts.len() <= MOST_BUCKETS && starts.first() == Some(&from));
            assert!(starts.windows(2).all(|pair| pair[0] < pair[1]) && starts.last().is_some_and(|last| *last < to));
        }
    }
}

fn violations(text: &str) {
    let read = || {
        let mut params = Params::parse(Some(text))?;
        let filter = ViolationFilter::take(&mut params)?;
        params.finish().map(|()| filter)
    };
    assert_eq!(read(), read());
}

/// Positions that nobody was given, sealed as whoever knows how could: what opens has times that a table can hold.
fn forged(text: &str) {
    let mut bytes = text.bytes().chain(std::iter::repeat(0));
    let mut time = || {
        let millis = bytes.by_ref().take(8).fold(0_i64, |sum, byte| sum.wrapping_mul(257).wrapping_add(byte.into()));
        // All sizes: from the days around the epoch to the ends of what chrono knows.
        DateTime::from_timestamp_millis(millis).or_else(|| DateTime::from_timestamp_millis(millis >> 12))
    };
    let (Some(at), from, to) = (time(), time(), time()) else { return };
    let position = Position { at, id: text.to_owned(), period: Period { from, to }, as_of: at };
    if let Ok(opened) = BINDING.open(&BINDING.seal(&position)) {
        let times = [Some(opened.at), opened.period.from, opened.period.to];
        assert!(times.into_iter().flatten().all(|time| (1900..2300).contains(&time.year())), "{opened:?}");
        assert!(opened.period.from.zip(opened.period.to).is_none_or(|(from, to)| from <= to));
    }
}

/// The text as a cursor, as parts of one that is sealed here, and with a byte of that changed.
fn cursor(text: &str) {
    opens_only_what_was_sealed(text);
    forged(text);
    let millis = text.bytes().fold(0_i64, |sum, byte| (sum * 31 + i64::from(byte)) % 7_258_118_400_000);
    let at = DateTime::from_timestamp_millis(millis).expect("a time");
    let period = Period { from: (millis % 2 == 0).then_some(at), to: (millis % 3 == 0).then_some(at) };
    let position = Position { at, id: text.to_owned(), period, as_of: at };
    let sealed = BINDING.seal(&position);
    assert_eq!(BINDING.open(&sealed), Ok(position));
    assert!(Binding { tenant: "other", ..BINDING }.open(&sealed).is_err());
    let place = millis as usize % sealed.len();
    let mut changed = sealed.clone().into_bytes();
    changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).expect("ASCII");
    assert!(BINDING.open(&changed).is_err());
    assert!(BINDING.open(&sealed[..place]).is_err());
}

fn opens_only_what_was_sealed(text: &str) {
    if let Ok(position) = BINDING.open(text) {
        assert_eq!(BINDING.seal(&position), text);
    }
}
