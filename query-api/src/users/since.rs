//! Users, devices and sessions within the look-back of a plan. What lasts is known by rollups of all of its life; where a
//! plan looks back no further than some days, its counts are of those days, and a beginning before them is not shown.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use runtime::problem::Problem;
use schemas::settings::Tenant;

use crate::http::caller::Caller;
use crate::http::page::ReadRequest;
use crate::log::filter::EventFilter;
use crate::store::Store;
use crate::store::cutoffs::RetentionCutoffs;
use crate::store::sql::Clauses;
use crate::users::rows::{DeviceRow, SEEN_SINCE, SeenRow, SessionRow, UserRow};

/// Whose, for whom, and since when.
#[derive(Clone)]
pub(crate) struct Since {
    store: Store,
    caller: Caller,
    tenant: Arc<Tenant>,
    keep: RetentionCutoffs,
    earliest: Option<DateTime<Utc>>,
}

/// A row that begins, and counts.
pub(crate) trait Lasting {
    /// Which it is of a user.
    const KEY: &'static str;

    /// By what it is found.
    fn key(&self) -> &str;

    /// Counts what was seen since `earliest`, nothing if nothing was. A beginning before is not known.
    fn begin(&mut self, earliest: DateTime<Utc>, seen: &SeenRow);
}

impl Since {
    pub(crate) fn of(store: &Store, reading: &ReadRequest) -> Self {
        Self {
            store: store.clone(),
            caller: reading.caller.clone(),
            tenant: Arc::clone(&reading.tenant),
            keep: reading.cutoffs(),
            earliest: reading.earliest,
        }
    }

    /// Cuts rows of some users to the look-back.
    pub(crate) async fn cut<R: Lasting>(&self, users: Vec<String>, rows: &mut [R]) -> Result<(), Problem> {
        self.cut_among(("actor_id IN {users:Array(String)}", "users", users), rows).await
    }

    /// As [`cut`](Self::cut), of rows that some condition over texts holds of.
    pub(crate) async fn cut_among<R: Lasting>(
        &self,
        (condition, name, values): (&'static str, &'static str, Vec<String>),
        rows: &mut [R],
    ) -> Result<(), Problem> {
        let Some(earliest) = self.earliest.filter(|_| !rows.is_empty()) else { return Ok(()) };
        let mut clauses = Clauses::default();
        clauses.bind_text("tenant", &self.tenant.id);
        clauses.texts(condition, name, &values);
        clauses.part("/* key */", R::KEY);
        clauses.time("occurred_at >= {look_back:DateTime64(3, 'UTC')}", "look_back", earliest);
        self.keep.add_to(&mut clauses);
        EventFilter::visible_to(&self.caller, &mut clauses);
        let seen: Vec<SeenRow> = self.store.rows(SEEN_SINCE, clauses).await?;
        let seen: HashMap<&str, &SeenRow> = seen.iter().map(|row| (row.key.as_str(), row)).collect();
        let nothing = SeenRow::default();
        for row in rows {
            let of_row = seen.get(row.key()).copied().unwrap_or(&nothing);
            row.begin(earliest, of_row);
        }
        Ok(())
    }
}

/// A time before a look-back is not shown, nor is another in its place.
pub(crate) fn forget(time: &mut DateTime<Utc>, earliest: DateTime<Utc>) {
    if *time < earliest {
        *time = DateTime::UNIX_EPOCH;
    }
}

/// The same of times that there need not be.
pub(crate) fn forget_any(times: [&mut Option<DateTime<Utc>>; 2], earliest: DateTime<Utc>) {
    for time in times {
        *time = time.filter(|time| *time >= earliest);
    }
}

impl Lasting for UserRow {
    const KEY: &'static str = "actor_id";

    fn key(&self) -> &str {
        &self.actor_id
    }

    fn begin(&mut self, earliest: DateTime<Utc>, seen: &SeenRow) {
        self.sign_ins = seen.sign_ins;
        for time in [&mut self.first_seen_at, &mut self.last_activity_at] {
            forget(time, earliest);
        }
    }
}

impl Lasting for DeviceRow {
    const KEY: &'static str = "device_id";

    fn key(&self) -> &str {
        &self.device_id
    }

    fn begin(&mut self, earliest: DateTime<Utc>, seen: &SeenRow) {
        forget(&mut self.first_seen_at, earliest);
        forget_any([&mut self.first_sign_in_at, &mut self.last_sign_in_at], earliest);
        (self.sign_ins, self.failed_sign_ins) = (seen.sign_ins, seen.failed_sign_ins);
    }
}

impl Lasting for SessionRow {
    const KEY: &'static str = "session_key";

    fn key(&self) -> &str {
        &self.session_key
    }

    fn begin(&mut self, earliest: DateTime<Utc>, seen: &SeenRow) {
        forget(&mut self.started_at, earliest);
        self.events = seen.events;
    }
}
