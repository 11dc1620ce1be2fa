//! What the handlers of a user's trace share: reading the rows around a period, and making activities of them.

use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use runtime::problem::Problem;
use schemas::settings::Tenant;

use crate::http::caller::Caller;
use crate::log::filter::EventFilter;
use crate::store::cutoffs::RetentionCutoffs;
use crate::store::sql::Clauses;
use crate::store::{Store, StoreError};
use crate::trace::activities::activities;
use crate::trace::activity::{Activity, SESSION};
use crate::trace::intervals::Interval;
use crate::trace::rows::{ActivityRow, USER_ACTIVITIES};
use crate::trace::{AFTER, BEFORE};

/// Longest period of figures and lists of activities: a quarter, and a day for its zone.
pub(crate) const LONGEST: TimeDelta = TimeDelta::days(93);
/// Most rows that figures and lists are made of: some 500 a day of the longest period.
pub(crate) const MOST_ROWS: u32 = 50_000;

/// Whose trace, of when, and who asks.
pub(crate) struct Trace<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) tenant: &'a Tenant,
    pub(crate) user: &'a str,
    pub(crate) period: Interval,
    pub(crate) now: DateTime<Utc>,
    /// Where the look-back of the tenant's plan begins.
    pub(crate) earliest: Option<DateTime<Utc>>,
}

impl Trace<'_> {
    /// The activities in and around the period, of all channels or of some; none if they take more than `most` rows.
    pub(crate) async fn activities(
        &self,
        store: &Store,
        channels: &[String],
        most: u32,
    ) -> Result<Option<Vec<Activity>>, StoreError> {
        let mut clauses = Clauses::default();
        clauses.bind_text("tenant", &self.tenant.id);
        clauses.bind_text("user_id", self.user);
        let from = instant(self.period.start()) - BEFORE;
        clauses.bind_time("read_from", from);
        clauses.bind_time("read_to", instant(self.period.end()) + AFTER);
        // Nothing is received long before it occurs.
        clauses.bind_time("received_from", from - RetentionCutoffs::AHEAD);
        clauses.bind_number("rows", most + 1);
        RetentionCutoffs::at(self.now, &self.tenant.retention).add_to(&mut clauses);
        EventFilter::visible_to(self.caller, &mut clauses);
        if let Some(earliest) = self.earliest {
            clauses.time("occurred_at >= {look_back:DateTime64(3, 'UTC')}", "look_back", earliest);
        }
        if channels.iter().any(|channel| channel == SESSION) {
            let either = "channel IN {channels:Array(String)} OR action IN ('sign_in', 'sign_out')";
            clauses.texts(either, "channels", channels);
        } else if !channels.is_empty() {
            clauses.texts("channel IN {channels:Array(String)}", "channels", channels);
        }
        let rows: Vec<ActivityRow> = store.rows(USER_ACTIVITIES, clauses).await?;
        if rows.len() > most as usize {
            return Ok(None);
        }
        Ok(Some(activities(rows, self.now.timestamp_millis())))
    }
}

/// Milliseconds as an instant.
pub(crate) fn instant(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

/// More than is shown.
pub(crate) fn too_many(most: u32, narrower: &str) -> Problem {
    let detail = format!("the user did more than {most} things then; {narrower}");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many_activities", detail).with_member("limit", most)
}
