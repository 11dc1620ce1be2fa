//! How busy a person is at an hour of the day.

use chrono::{DateTime, Datelike, Timelike, Utc, Weekday};

use crate::people::Person;

/// Mean of [`activity`] over a week, about: what a daily pace is scaled by.
pub(crate) const MEAN_ACTIVITY: f64 = 0.25;

/// The person's activity at a moment, from 0 (asleep) to 1 (in the middle of the morning's work).
pub(crate) fn activity(person: &Person, at: DateTime<Utc>) -> f64 {
    if !person.active {
        return 0.0;
    }
    let local = at.with_timezone(&person.office.zone());
    let hour = f64::from(local.num_seconds_from_midnight()) / 3600.0;
    let (start, end) = person.shift;
    let day = match local.weekday() {
        Weekday::Sat | Weekday::Sun if !person.weekends => 0.03,
        Weekday::Fri => 0.85,
        _ => 1.0,
    };
    let hours = if hour < start - 0.5 || hour > end + 3.0 {
        0.003
    } else if hour < start || hour > end {
        // Early birds, and an hour in the evening at home.
        0.06
    } else {
        let lunch = (hour - (start + 4.25)).abs() < 0.4;
        if lunch { 0.35 } else { 1.0 }
    };
    day * hours
}

/// Whether the person's working day is over, or has not begun.
pub(crate) fn off_duty(person: &Person, at: DateTime<Utc>) -> bool {
    let local = at.with_timezone(&person.office.zone());
    let hour = f64::from(local.num_seconds_from_midnight()) / 3600.0;
    hour < person.shift.0 - 0.5 || hour > person.shift.1
}
