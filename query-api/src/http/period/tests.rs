use super::*;
use proptest::prelude::*;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn calendar(zone: &str, week_start: Weekday) -> Calendar {
    Calendar { zone: zone.parse().unwrap(), week_start }
}

fn resolved(query: &str, calendar: Calendar, now: &str) -> (String, String) {
    let mut params = Params::parse(Some(query)).unwrap();
    let period = PeriodSpec::take(&mut params).unwrap().resolve(calendar, utc(now)).unwrap();
    params.finish().unwrap();
    let show = |bound: Option<DateTime<Utc>>| bound.map_or("-".to_owned(), |t| t.to_rfc3339());
    (show(period.from).replace("+00:00", "Z"), show(period.to).replace("+00:00", "Z"))
}

fn pair(from: &str, to: &str) -> (String, String) {
    (from.to_owned(), to.to_owned())
}

/// J5: presets in the tenant's zone, at an instant when UTC shows another date than the tenant's wall.
#[test]
fn presets_use_the_local_date() {
    let prague = calendar("Europe/Prague", Weekday::Mon);
    let now = "2026-07-12T22:30:00Z"; // Monday 13 July, 00:30 in Prague.
    assert_eq!(resolved("period=today", prague, now), pair("2026-07-12T22:00:00Z", "2026-07-13T22:00:00Z"));
    assert_eq!(resolved("period=yesterday", prague, now), pair("2026-07-11T22:00:00Z", "2026-07-12T22:00:00Z"));
    assert_eq!(resolved("period=this_week", prague, now), pair("2026-07-12T22:00:00Z", "2026-07-19T22:00:00Z"));
    assert_eq!(resolved("period=last_week", prague, now), pair("2026-07-05T22:00:00Z", "2026-07-12T22:00:00Z"));
    assert_eq!(resolved("period=this_month", prague, now), pair("2026-06-30T22:00:00Z", "2026-07-31T22:00:00Z"));
    assert_eq!(resolved("period=last_month", prague, now), pair("2026-05-31T22:00:00Z", "2026-06-30T22:00:00Z"));
}

/// P8: the period before has the same kind, whatever the clock did in between, and ends where the period begins.
#[test]
fn the_period_before() {
    let begin = |query: &str, calendar: Calendar, now: &str| {
        let mut params = Params::parse(Some(query)).unwrap();
        let spec = PeriodSpec::take(&mut params).unwrap();
        let period = spec.resolve(calendar, utc(now)).unwrap();
        spec.begin_of_previous(calendar, period.from.unwrap(), period.to.unwrap())
    };
    let prague = calendar("Europe/Prague", Weekday::Mon);
    let now = "2026-10-26T12:00:00Z"; // The day after a day of 25 hours.
    assert_eq!(begin("period=today", prague, now), utc("2026-10-24T22:00:00Z"));
    assert_eq!(begin("period=yesterday", prague, now), utc("2026-10-23T22:00:00Z"));
    assert_eq!(begin("period=this_week", prague, now), utc("2026-10-18T22:00:00Z"));
    assert_eq!(begin("period=last_week", prague, now), utc("2026-10-11T22:00:00Z"));
    assert_eq!(begin("period=this_month", prague, now), utc("2026-08-31T22:00:00Z"));
    assert_eq!(begin("period=last_month", prague, now), utc("2026-07-31T22:00:00Z"));
    assert_eq!(begin("from=2026-10-25&to=2026-10-26", prague, now), utc("2026-10-22T22:00:00Z"));
    let instants = "from=2026-10-25T00:30:00Z&to=2026-10-25T02:00:00Z";
    assert_eq!(begin(instants, prague, now), utc("2026-10-24T23:00:00Z"));
}

/// J5: the same Sunday belongs to another week for a tenant whose week starts on Sunday or Saturday.
#[test]
fn the_week_starts_where_the_tenant_says() {
    let now = "2026-03-01T12:00:00Z"; // A Sunday.
    let week = |first| resolved("period=this_week", calendar("UTC", first), now);
    assert_eq!(week(Weekday::Mon), pair("2026-02-23T00:00:00Z", "2026-03-02T00:00:00Z"));
    assert_eq!(week(Weekday::Sun), pair("2026-03-01T00:00:00Z", "2026-03-08T00:00:00Z"));
    assert_eq!(week(Weekday::Sat), pair("2026-02-28T00:00:00Z", "2026-03-07T00:00:00Z"));
}

/// J5: a month of the new year, and the month before it.
#[test]
fn months_cross_the_year() {
    let utc = calendar("UTC", Weekday::Mon);
    let last = resolved("period=last_month", utc, "2027-01-31T23:59:59Z");
    assert_eq!(last, pair("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"));
    let this = resolved("period=this_month", utc, "2028-02-29T00:00:00Z");
    assert_eq!(this, pair("2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"));
}

/// J5: days of 23, 25 and 23.5 hours; a day that begins at 01:00; a day that never was.
#[test]
fn daylight_saving() {
    let hours = |zone: &str, date: &str| {
        let zone: Zone = zone.parse().unwrap();
        let date: NaiveDate = date.parse().unwrap();
        (start_of_day(zone, plus_days(date, 1)) - start_of_day(zone, date)).num_minutes()
    };
    assert_eq!(hours("Europe/Prague", "2026-03-29"), 23 * 60);
    assert_eq!(hours("Europe/Prague", "2026-10-25"), 25 * 60);
    assert_eq!(hours("Australia/Lord_Howe", "2026-10-04"), 23 * 60 + 30);
    assert_eq!(hours("America/Sao_Paulo", "2018-11-04"), 23 * 60);
    assert_eq!(
        start_of_day("America/Sao_Paulo".parse().unwrap(), "2018-11-04".parse().unwrap()),
        utc("2018-11-04T03:00:00Z")
    );
    assert_eq!(hours("Pacific/Apia", "2011-12-30"), 0);
    // The clock goes back over midnight: the day starts at the first of its two midnights.
    assert_eq!(hours("America/St_Johns", "2006-10-29"), 25 * 60);
}

/// J5: presets over a change of the clock and over a midnight that never was.
#[test]
fn presets_over_daylight_saving() {
    let prague = calendar("Europe/Prague", Weekday::Mon);
    // The clock goes forward on Sunday 29 March 2026 and back on Sunday 25 October.
    let spring = resolved("period=today", prague, "2026-03-29T12:00:00Z");
    assert_eq!(spring, pair("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"));
    assert_eq!(resolved("period=yesterday", prague, "2026-03-30T12:00:00Z"), spring);
    let autumn = resolved("period=this_week", prague, "2026-10-25T12:00:00Z");
    assert_eq!(autumn, pair("2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z"));
    // In the hour that is there twice, it is still the same Sunday.
    for now in ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T22:59:59Z"] {
        assert_eq!(resolved("period=this_week", prague, now), autumn, "{now}");
        assert_eq!(resolved("period=today", prague, now), pair("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"));
    }
    assert_eq!(resolved("period=last_week", prague, "2026-10-25T23:00:00Z"), autumn);
    // São Paulo had no midnight on Sunday 4 November 2018, where a week of its begins.
    let sao_paulo = calendar("America/Sao_Paulo", Weekday::Sun);
    let week = pair("2018-11-04T03:00:00Z", "2018-11-11T02:00:00Z");
    assert_eq!(resolved("period=this_week", sao_paulo, "2018-11-04T03:00:00Z"), week);
    let before = pair("2018-10-28T03:00:00Z", "2018-11-04T03:00:00Z");
    assert_eq!(resolved("period=this_week", sao_paulo, "2018-11-04T02:59:59Z"), before);
    assert_eq!(resolved("period=last_week", sao_paulo, "2018-11-04T03:00:00Z"), before);
    assert_eq!(
        resolved("period=last_month", sao_paulo, "2018-12-31T12:00:00Z"),
        pair("2018-11-01T03:00:00Z", "2018-12-01T02:00:00Z")
    );
}

/// J4, A4: so many days, today included.
#[test]
fn the_last_days() {
    let prague = calendar("Europe/Prague", Weekday::Mon);
    let now = "2026-03-30T22:30:00Z"; // 31 March in Prague, after the change of the clock.
    assert_eq!(resolved("period=last_30_days", prague, now), pair("2026-03-01T23:00:00Z", "2026-03-31T22:00:00Z"));
    assert_eq!(resolved("period=last_90_days", prague, now), pair("2025-12-31T23:00:00Z", "2026-03-31T22:00:00Z"));
    assert_eq!(last_days(prague, utc(now), 1), utc("2026-03-30T22:00:00Z"));
    assert_eq!(last_days(prague, utc(now), 30), utc("2026-03-01T23:00:00Z"));
}

/// J5: custom bounds; a date as `to` includes its day, an instant does not include itself.
#[test]
fn custom_bounds() {
    let prague = calendar("Europe/Prague", Weekday::Mon);
    let now = "2026-07-13T00:00:00Z";
    assert_eq!(
        resolved("from=2026-03-29&to=2026-03-29", prague, now),
        pair("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")
    );
    assert_eq!(
        resolved("period=custom&from=2026-03-29T10:00:00%2B05:30", prague, now),
        pair("2026-03-29T04:30:00Z", "-")
    );
}

#[test]
fn wrong_periods_are_refused_by_name() {
    let parse = |query: &str| {
        let spec = PeriodSpec::take(&mut Params::parse(Some(query)).unwrap())?;
        spec.resolve(calendar("UTC", Weekday::Mon), utc("2026-07-13T00:00:00Z"))
    };
    for (query, name) in [
        ("period=fortnight", "period"),
        ("period=custom", "period"),
        ("period=today&from=2026-01-01", "period"),
        ("from=yesterday", "from"),
        ("from=2026-02-30", "from"),
        ("to=9999-01-01", "to"),
        ("from=1969-12-31", "from"),
        ("from=2026-03-01T00:00:00", "from"),
        ("from=2026-03-02&to=2026-03-01", "to"),
    ] {
        assert_eq!(parse(query).unwrap_err().parameter(), Some(name), "{query}");
    }
}

const ZONES: &[&str] = &[
    "UTC",
    "Europe/Prague",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Asia/Beirut",
    "Pacific/Apia",
    "Pacific/Chatham",
    "America/St_Johns",
    "Atlantic/Azores",
    "America/Havana",
];

fn any_calendar() -> impl Strategy<Value = Calendar> {
    (prop::sample::select(ZONES), prop::sample::select(&[Weekday::Mon, Weekday::Sun, Weekday::Sat]))
        .prop_map(|(zone, first)| calendar(zone, first))
}

proptest! {
    /// J5: days follow one another without gap or overlap, and the first instant of a day is the first with its date.
    #[test]
    fn days_partition_time(calendar in any_calendar(), day in 3650i64..25_000) {
        let date = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap() + TimeDelta::days(day);
        let start = start_of_day(calendar.zone, date);
        let next = start_of_day(calendar.zone, plus_days(date, 1));
        prop_assert!(start <= next);
        prop_assert!(next - start <= TimeDelta::hours(26));
        if start < next {
            prop_assert_eq!(start.with_timezone(&calendar.zone).date_naive(), date);
            prop_assert!((start - TimeDelta::milliseconds(1)).with_timezone(&calendar.zone).date_naive() < date);
        }
    }

    /// J5: now lies in "today", "this week" and "this month", and each "last" ends where its "this" begins.
    #[test]
    fn presets_hold_now(calendar in any_calendar(), seconds in 315_532_800i64..2_145_916_800) {
        let now = DateTime::from_timestamp(seconds, 0).unwrap();
        for (this, last) in [
            (Preset::Today, Preset::Yesterday),
            (Preset::ThisWeek, Preset::LastWeek),
            (Preset::ThisMonth, Preset::LastMonth),
        ] {
            let current = preset_period(this, calendar, now);
            prop_assert!(current.from.unwrap() <= now && now < current.to.unwrap());
            prop_assert_eq!(preset_period(last, calendar, now).to, current.from);
        }
    }

    /// P8: buckets ascend, start at `from`, stay inside, and every inner edge is a local boundary.
    #[test]
    fn buckets_partition_the_period(
        calendar in any_calendar(),
        seconds in 315_532_800i64..2_145_916_800,
        hours in 1i64..400,
        width in prop::sample::select(&[Width::Minute, Width::Hour, Width::Day, Width::Week, Width::Month]),
    ) {
        let from = DateTime::from_timestamp_millis(seconds * 1000 + 7).unwrap();
        let to = from + TimeDelta::hours(hours);
        let starts = buckets(calendar, (from, to), width, 25_000).unwrap();
        prop_assert_eq!(starts[0], from);
        prop_assert!(starts.is_sorted_by(|a, b| a < b));
        prop_assert!(*starts.last().unwrap() < to);
        for start in &starts[1..] {
            let local = start.with_timezone(&calendar.zone);
            match width {
                Width::Minute => prop_assert_eq!(local.timestamp_subsec_millis() + local.second(), 0),
                // No minutes are looked at: a clock may be put forward by half an hour.
                Width::Hour => prop_assert_eq!(local.timestamp_subsec_millis() + local.second(), 0),
                Width::Day => prop_assert_eq!(*start, start_of_day(calendar.zone, local.date_naive())),
                Width::Week => prop_assert_eq!(
                    *start,
                    start_of_day(calendar.zone, start_of_week(local.date_naive(), calendar.week_start))
                ),
                Width::Month => prop_assert_eq!(
                    *start,
                    start_of_day(calendar.zone, first_of_month(local.date_naive()))
                ),
            }
        }
        let as_many = buckets(calendar, (from, to), width, starts.len());
        prop_assert_eq!(as_many.as_ref(), Some(&starts));
        if starts.len() > 1 {
            prop_assert_eq!(buckets(calendar, (from, to), width, starts.len() - 1), None);
        }
    }
}

/// J4: plans name periods as they are asked for.
#[test]
fn plans_name_the_presets() {
    let presets: Vec<&str> = PRESETS.iter().copied().filter(|name| *name != "custom").collect();
    assert_eq!(presets, schemas::settings::NAMED_PERIODS);
}
