//! How far back a tenant sees, as its settings stand now.
//!
//! Rows leave the disk in whole partitions, some time after their retention has ended, and a row written under a longer
//! retention keeps it. So every query cuts off by itself: a shortening holds at once, everywhere.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use schemas::event::Category;
use schemas::settings::Retention;

use crate::store::sql::Clauses;

/// The oldest receipt that may be shown, by category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionCutoffs {
    sign_ins: DateTime<Utc>,
    changes: DateTime<Utc>,
    views: DateTime<Utc>,
    configuration: DateTime<Utc>,
    other: DateTime<Utc>,
}

impl RetentionCutoffs {
    /// No event occurs later than this after its receipt: enrichment takes a clock that is further ahead for wrong, and the
    /// time of receipt for the time of the event. Some hours more than the day it allows, so that clocks of ours may differ.
    pub const AHEAD: TimeDelta = TimeDelta::hours(26);

    /// The cutoffs at `now`.
    pub fn at(now: DateTime<Utc>, retention: &Retention) -> Self {
        let cutoff = |days: u16| now - TimeDelta::days(i64::from(days));
        Self {
            sign_ins: cutoff(retention.sign_ins),
            changes: cutoff(retention.changes),
            views: cutoff(retention.views),
            configuration: cutoff(retention.configuration),
            other: cutoff(retention.other),
        }
    }

    /// The cutoff of one category.
    pub fn of(&self, category: Category) -> DateTime<Utc> {
        match category {
            Category::SignIns => self.sign_ins,
            Category::Changes => self.changes,
            Category::Views => self.views,
            Category::Configuration => self.configuration,
            Category::Other => self.other,
        }
    }

    /// The cutoff of the category that is kept longest. It bounds every read, so that partitions are skipped.
    pub fn oldest(&self) -> DateTime<Utc> {
        self.all().into_iter().fold(self.other, DateTime::min)
    }

    /// The cutoff of the category that is kept shortest: what was received since then is there whatever its category.
    pub fn newest(&self) -> DateTime<Utc> {
        self.all().into_iter().fold(self.other, DateTime::max)
    }

    /// Binds the longest cutoff alone, for tables that bring all categories together.
    pub fn bind_oldest(&self, clauses: &mut Clauses) {
        clauses.bind_time("oldest", self.oldest());
    }

    /// Adds the cutoffs to a read of `events` or `violations`.
    pub fn add_to(&self, clauses: &mut Clauses) {
        self.bind_oldest(clauses);
        if self.oldest() == self.newest() {
            return;
        }
        clauses.plain(
            "received_at >= multiIf(category = 'sign_ins', {keep_sign_ins:DateTime64(3, 'UTC')}, \
             category = 'changes', {keep_changes:DateTime64(3, 'UTC')}, \
             category = 'views', {keep_views:DateTime64(3, 'UTC')}, \
             category = 'configuration', {keep_configuration:DateTime64(3, 'UTC')}, \
             {keep_other:DateTime64(3, 'UTC')})",
        );
        self.bind_each(clauses);
    }

    /// Binds the cutoff of each category, for queries that name them by themselves.
    pub fn bind_each(&self, clauses: &mut Clauses) {
        let names = ["keep_sign_ins", "keep_changes", "keep_views", "keep_configuration", "keep_other"];
        self.bind_as(names, clauses);
    }

    /// As [`bind_each`](Self::bind_each), for a retention that is only proposed.
    pub fn bind_proposed(&self, clauses: &mut Clauses) {
        let names =
            ["proposed_sign_ins", "proposed_changes", "proposed_views", "proposed_configuration", "proposed_other"];
        self.bind_as(names, clauses);
    }

    fn bind_as(&self, names: [&'static str; 5], clauses: &mut Clauses) {
        for (name, cutoff) in names.into_iter().zip(self.all()) {
            clauses.bind_time(name, cutoff);
        }
    }

    /// The days of receipt (UTC) on which some category's retention ends: of what was received then, a part is shown.
    pub fn last_days(&self) -> Vec<NaiveDate> {
        let mut days: Vec<_> = self.all().iter().map(DateTime::date_naive).collect();
        days.sort_unstable();
        days.dedup();
        days
    }

    fn all(&self) -> [DateTime<Utc>; 5] {
        [self.sign_ins, self.changes, self.views, self.configuration, self.other]
    }
}
