//! Times as a wall clock shows them. In an hour that comes twice, where a zone's clocks go back, they carry their offset.

use chrono::{DateTime, FixedOffset, MappedLocalTime, Offset as _, TimeZone as _, Utc};
use schemas::zone::Zone;

/// The offset of a time whose wall clock shows it a second time; none for all others.
pub(super) fn ambiguous_offset(zone: Zone, time: DateTime<Utc>) -> Option<FixedOffset> {
    let local = time.with_timezone(&zone);
    match zone.from_local_datetime(&local.naive_local()) {
        MappedLocalTime::Ambiguous(..) => Some(local.offset().fix()),
        _ => None,
    }
}

/// A time in a zone, by a pattern.
pub(super) fn shown(zone: Zone, time: DateTime<Utc>, pattern: &str) -> String {
    let mut text = time.with_timezone(&zone).format(pattern).to_string();
    if let Some(offset) = ambiguous_offset(zone, time) {
        text.push_str(&format!(" {offset}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T18: two moments that a wall clock shows as one are distinguished.
    #[test]
    fn hours_that_come_twice_carry_their_offset() {
        for (zone, time, text) in [
            ("Europe/Prague", "2026-10-24T23:30:00Z", "2026-10-25 01:30"),
            ("Europe/Prague", "2026-10-25T00:30:00Z", "2026-10-25 02:30 +02:00"),
            ("Europe/Prague", "2026-10-25T01:30:00Z", "2026-10-25 02:30 +01:00"),
            ("Europe/Prague", "2026-10-25T02:00:00Z", "2026-10-25 03:00"),
            // Half an hour there.
            ("Australia/Lord_Howe", "2026-04-04T14:40:00Z", "2026-04-05 01:40 +11:00"),
            ("Australia/Lord_Howe", "2026-04-04T15:10:00Z", "2026-04-05 01:40 +10:30"),
            // Over midnight, when Havana went back until 2025.
            ("America/Havana", "2025-11-02T04:30:00Z", "2025-11-02 00:30 -04:00"),
            ("America/Havana", "2025-11-02T05:30:00Z", "2025-11-02 00:30 -05:00"),
        ] {
            assert_eq!(shown(zone.parse().unwrap(), time.parse().unwrap(), "%Y-%m-%d %H:%M"), text, "{zone} {time}");
        }
    }
}
