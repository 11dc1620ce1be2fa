//! Quotas: how many events may be sent in a day and in a month. Days and months are those of UTC: one calendar for bills,
//! for every process and for every tenant, which nobody begins anew by changing a time zone.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Invalid;
use crate::catalogue::Lang;

/// The largest quota: whole numbers up to here are exact in every JSON parser.
const MAX_QUOTA: u64 = 1_000_000_000_000_000;

/// Shares of a quota, in percent, at which a tenant is warned.
pub const WARNED_AT: [u8; 2] = [80, 100];

/// How many events may be sent in a day and in a month, of UTC; what is absent has no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Quotas {
    /// Events accepted in a day.
    #[schema(required = true, example = 100_000)]
    pub events_per_day: Option<u64>,
    /// Events accepted in a month.
    #[schema(required = true, example = 2_000_000)]
    pub events_per_month: Option<u64>,
}

impl Quotas {
    /// The quota of a period, if it has one.
    #[must_use]
    pub const fn of(self, period: QuotaPeriod) -> Option<u64> {
        match period {
            QuotaPeriod::Day => self.events_per_day,
            QuotaPeriod::Month => self.events_per_month,
        }
    }

    /// Whether there is any.
    #[must_use]
    pub fn any(self) -> bool {
        QuotaPeriod::ALL.iter().any(|period| self.of(*period).is_some())
    }

    /// Checks all of it; `at` is the pointer to it.
    ///
    /// # Errors
    /// The first field found wrong.
    pub fn validate(self, at: &str) -> Result<(), Invalid> {
        let fields = [("events_per_day", self.events_per_day), ("events_per_month", self.events_per_month)];
        match fields.into_iter().find(|(_, quota)| quota.is_some_and(|quota| !(1..=MAX_QUOTA).contains(&quota))) {
            None => Ok(()),
            Some((field, _)) => {
                Err(Invalid::new(format!("{at}/{field}"), format!("1 to {MAX_QUOTA}, or null for no bound")))
            }
        }
    }
}

/// What a quota is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuotaPeriod {
    /// A day of UTC.
    Day,
    /// A month of UTC.
    Month,
}

impl QuotaPeriod {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Day, Self::Month];

    /// Its first day.
    #[must_use]
    pub fn begins(self, now: DateTime<Utc>) -> NaiveDate {
        let today = now.date_naive();
        match self {
            Self::Day => today,
            Self::Month => today.with_day(1).unwrap_or(today),
        }
    }

    /// When the next one begins, and the quota anew.
    #[must_use]
    pub fn resets_at(self, now: DateTime<Utc>) -> DateTime<Utc> {
        let begins = self.begins(now);
        let next = match self {
            Self::Day => begins.checked_add_days(Days::new(1)),
            Self::Month => begins.checked_add_months(Months::new(1)),
        };
        next.unwrap_or(NaiveDate::MAX).and_time(NaiveTime::MIN).and_utc()
    }
}

/// Which quota it is that a tenant is warned of: a part of the payload of the warning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedQuota {
    /// Whose it is.
    #[serde(flatten)]
    pub of: QuotaOf,
    /// What it is for.
    pub period: QuotaPeriod,
    /// How many events.
    pub limit: u64,
}

/// Whose a quota is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum QuotaOf {
    /// One key's.
    Key {
        /// Its public part.
        key_id: String,
    },
    /// The tenant's own.
    Tenant,
    /// That of the tenant's plan.
    Plan {
        /// Its name.
        plan: String,
    },
}

impl NamedQuota {
    /// As people say it: `1000 events a day for the tenant`.
    #[must_use]
    pub fn in_words(&self, lang: Lang) -> String {
        let Self { of, period, limit } = self;
        let day = *period == QuotaPeriod::Day;
        match lang {
            Lang::En => {
                let (events, a) = (if *limit == 1 { "event" } else { "events" }, if day { "day" } else { "month" });
                let whose = match of {
                    QuotaOf::Key { key_id } => format!("for the API key {key_id}"),
                    QuotaOf::Tenant => "for the tenant".to_owned(),
                    QuotaOf::Plan { plan } => format!("by the plan {plan}"),
                };
                format!("{limit} {events} a {a} {whose}")
            }
            Lang::Ru => {
                let events = match (limit % 100, limit % 10) {
                    (11..=14, _) => "событий",
                    (_, 1) => "событие",
                    (_, 2..=4) => "события",
                    _ => "событий",
                };
                let whose = match of {
                    QuotaOf::Key { key_id } => format!("для ключа API {key_id}"),
                    QuotaOf::Tenant => "для организации".to_owned(),
                    QuotaOf::Plan { plan } => format!("по тарифному плану {plan}"),
                };
                format!("{limit} {events} в {} {whose}", if day { "день" } else { "месяц" })
            }
            Lang::Cs => {
                let events = match limit {
                    1 => "událost",
                    2..=4 => "události",
                    _ => "událostí",
                };
                let whose = match of {
                    QuotaOf::Key { key_id } => format!("pro klíč API {key_id}"),
                    QuotaOf::Tenant => "pro organizaci".to_owned(),
                    QuotaOf::Plan { plan } => format!("podle tarifu {plan}"),
                };
                format!("{limit} {events} {} {whose}", if day { "denně" } else { "měsíčně" })
            }
        }
    }
}

/// What is used of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuotaUse {
    /// The quota; null where there is none.
    #[schema(required = true)]
    pub limit: Option<u64>,
    /// Events since the period began. More than the limit where events were written straight to Kafka, which refuses none.
    pub used: u64,
    /// What is left of it; null where there is no quota.
    #[schema(required = true)]
    pub remaining: Option<u64>,
    /// The share that a warning is about, in percent: 80 or 100, whichever was reached last; null below, and where there is no quota.
    #[schema(required = true, example = 80)]
    pub warning: Option<u8>,
    /// When it begins anew.
    pub resets_at: DateTime<Utc>,
}

impl QuotaUse {
    /// Of a period.
    #[must_use]
    pub fn new(limit: Option<u64>, used: u64, resets_at: DateTime<Utc>) -> Self {
        let remaining = limit.map(|limit| limit.saturating_sub(used));
        Self { limit, used, remaining, warning: limit.and_then(|limit| warning(limit, used)), resets_at }
    }
}

/// The largest of the shares in [`WARNED_AT`] that are used of a quota.
#[must_use]
pub fn warning(limit: u64, used: u64) -> Option<u8> {
    let reached = |percent: &u8| u128::from(used) * 100 >= u128::from(limit) * u128::from(*percent);
    WARNED_AT.into_iter().rev().find(reached)
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, TimeZone as _};
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// P12, P16: a quota in words, which its members say as well.
    #[test]
    fn quotas_are_named() {
        let key = QuotaOf::Key { key_id: "k1".to_owned() };
        let plan = QuotaOf::Plan { plan: "free".to_owned() };
        for (of, period, limit, words, json) in [
            (
                key,
                QuotaPeriod::Day,
                1,
                [
                    "1 event a day for the API key k1",
                    "1 событие в день для ключа API k1",
                    "1 událost denně pro klíč API k1",
                ],
                serde_json::json!({"of": "key", "key_id": "k1", "period": "day", "limit": 1}),
            ),
            (
                QuotaOf::Tenant,
                QuotaPeriod::Month,
                1014,
                [
                    "1014 events a month for the tenant",
                    "1014 событий в месяц для организации",
                    "1014 událostí měsíčně pro organizaci",
                ],
                serde_json::json!({"of": "tenant", "period": "month", "limit": 1014}),
            ),
            (
                plan,
                QuotaPeriod::Day,
                3,
                [
                    "3 events a day by the plan free",
                    "3 события в день по тарифному плану free",
                    "3 události denně podle tarifu free",
                ],
                serde_json::json!({"of": "plan", "plan": "free", "period": "day", "limit": 3}),
            ),
        ] {
            let quota = NamedQuota { of, period, limit };
            assert_eq!([Lang::En, Lang::Ru, Lang::Cs].map(|lang| quota.in_words(lang)), words);
            assert_eq!(serde_json::to_value(&quota).unwrap(), json);
            let among = serde_json::json!({"percent": 80, "used": 1, "period": json["period"], "limit": limit, "of": json["of"],
                "key_id": json["key_id"], "plan": json["plan"]});
            assert_eq!(serde_json::from_value::<NamedQuota>(among).unwrap(), quota);
        }
    }

    /// P12: ends of months and years, leap days, and the nights in which clocks change somewhere.
    #[test]
    fn periods_end_with_days_and_months_of_utc() {
        for (now, day, month) in [
            ("2026-01-31T23:59:59.999Z", "2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z"),
            ("2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z", "2026-03-01T00:00:00Z"),
            ("2028-02-28T12:00:00Z", "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z"),
            ("2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("2026-03-29T00:59:59Z", "2026-03-30T00:00:00Z", "2026-04-01T00:00:00Z"),
            ("2026-10-25T01:30:00Z", "2026-10-26T00:00:00Z", "2026-11-01T00:00:00Z"),
        ] {
            assert_eq!(QuotaPeriod::Day.resets_at(at(now)), at(day), "{now}");
            assert_eq!(QuotaPeriod::Month.resets_at(at(now)), at(month), "{now}");
        }
    }

    proptest! {
        /// P12: every moment is in one period; the next begins where it ends; all of a period agree on it.
        #[test]
        fn periods_follow_one_another(seconds in 0_i64..4_102_444_800, later in 0_i64..2_678_400) {
            let now = Utc.timestamp_opt(seconds, 0).unwrap();
            for period in QuotaPeriod::ALL {
                let (begins, ends) = (period.begins(now).and_time(NaiveTime::MIN).and_utc(), period.resets_at(now));
                prop_assert!(begins <= now && now < ends);
                prop_assert_eq!(period.begins(ends), ends.date_naive());
                let length = (ends - begins).num_days();
                let lengths = if period == QuotaPeriod::Day { 1..=1 } else { 28..=31 };
                prop_assert!(lengths.contains(&length), "{}", length);
                let then = now + TimeDelta::seconds(later);
                prop_assert_eq!(then < ends, period.begins(then) == period.begins(now));
            }
        }
    }

    /// P12: as soon as four fifths are used, and as soon as all is; whatever the quota.
    #[test]
    fn warnings_begin_at_their_shares() {
        for (limit, used, expected) in [
            (10, 7, None),
            (10, 8, Some(80)),
            (10, 9, Some(80)),
            (10, 10, Some(100)),
            (10, 11, Some(100)),
            (1, 0, None),
            (1, 1, Some(100)),
            (3, 2, None),
            (u64::MAX, u64::MAX - 1, Some(80)),
            (u64::MAX, u64::MAX, Some(100)),
        ] {
            assert_eq!(warning(limit, used), expected, "{used} of {limit}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let of = |day, month| Quotas { events_per_day: day, events_per_month: month }.validate("/quotas");
        assert!(of(None, None).is_ok() && of(Some(1), Some(MAX_QUOTA)).is_ok());
        assert_eq!(of(Some(0), None).unwrap_err().pointer, "/quotas/events_per_day");
        assert_eq!(of(None, Some(MAX_QUOTA + 1)).unwrap_err().pointer, "/quotas/events_per_month");
    }
}
