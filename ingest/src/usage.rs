//! How much tenants and their keys have used of their quotas, whichever processes took it.
//!
//! What is stored is counted by ClickHouse, by day of receipt; it is read in the background, of the tenants that send. What this process
//! took and may not be stored yet is added to it. A request waits for the store in one case: nothing is known of its tenant yet; and
//! not for long. While the store is away, what is known counts on.

mod counter;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use clickhouse::{Client, Row};
use runtime::freshness::Freshness;
use runtime::throttle::Throttle;
use schemas::settings::QuotaPeriod;
use serde::Deserialize;

use counter::Counter;

/// Between two readings.
const INTERVAL: Duration = Duration::from_secs(2);
/// Longest wait for one.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Longest that a request waits for the first one of its tenant.
const FIRST: Duration = Duration::from_secs(1);
/// Nobody waits again so soon after a reading that failed.
const PATIENCE: Duration = Duration::from_secs(10);
/// A tenant that has sent nothing for so long is forgotten.
const IDLE: TimeDelta = TimeDelta::hours(1);
/// Tenants asked for in one statement.
const AT_ONCE: usize = 200;

static FAILED: Throttle<&'static str> = Throttle::new(1, Duration::from_secs(60));

#[derive(Debug, Row, Deserialize)]
struct Stored {
    tenant: String,
    key_id: String,
    today: u64,
    this_month: u64,
}

/// What is used, as far as this process knows.
pub(crate) struct Usage {
    client: Client,
    freshness: Freshness,
    accounts: Mutex<HashMap<String, Account>>,
}

impl std::fmt::Debug for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Usage").field("tenants", &self.accounts().len()).finish_non_exhaustive()
    }
}

/// A quota, as it is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota {
    /// Its name in headers.
    pub(crate) name: &'static str,
    pub(crate) of_key: bool,
    pub(crate) period: QuotaPeriod,
    pub(crate) limit: u64,
}

/// Who uses it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) key: &'a str,
    /// The plan whose quotas hold for the tenant, where it has none of its own.
    pub(crate) plan: Option<&'a str>,
}

/// What is used of a quota that doesn't have as much left as was asked for.
#[derive(Debug)]
pub(crate) struct Exceeded {
    pub(crate) quota: Quota,
    pub(crate) used: u64,
}

impl Usage {
    pub(crate) fn new(client: Client, freshness: Freshness) -> Self {
        Self { client, freshness, accounts: Mutex::default() }
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<String, Account>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it is known what a tenant used before this process took anything of it; not for long.
    pub(crate) async fn known(&self, tenant: &str) {
        {
            let mut accounts = self.accounts();
            let account = accounts.entry(tenant.to_owned()).or_insert_with(|| Account::new(Utc::now()));
            if account.read || account.tried.is_some_and(|tried| tried.elapsed() < PATIENCE) {
                return;
            }
        }
        if tokio::time::timeout(FIRST, self.read(&[tenant.to_owned()])).await.is_err() {
            self.tried(&[tenant.to_owned()]);
        }
    }

    /// Takes as many events of all these quotas, or of none. Gives what is used of each.
    pub(crate) fn take(&self, user: User<'_>, quotas: &[Quota], count: u64) -> Result<Vec<u64>, Exceeded> {
        let now = Utc::now();
        let mut accounts = self.accounts();
        let account = accounts.entry(user.tenant.to_owned()).or_insert_with(|| Account::new(now));
        account.asked = now;
        account.tenant.roll(now);
        let key = account.keys.entry(user.key.to_owned()).or_insert_with(|| Counters::new(now));
        key.roll(now);
        let used = |quota: &Quota| if quota.of_key { &*key } else { &account.tenant }.of(quota.period).used();
        let before: Vec<u64> = quotas.iter().map(used).collect();
        let beyond = |(quota, used): &(&Quota, &u64)| count > 0 && used.saturating_add(count) > quota.limit;
        if let Some((quota, used)) = quotas.iter().zip(&before).find(beyond) {
            return Err(Exceeded { quota: *quota, used: *used });
        }
        account.tenant.take(count);
        key.take(count);
        Ok(before.into_iter().map(|used| used.saturating_add(count)).collect())
    }

    /// Gives back what was taken and not sent.
    pub(crate) fn give_back(&self, user: User<'_>, count: u64) {
        if let Some(account) = self.accounts().get_mut(user.tenant) {
            account.tenant.give_back(count);
            if let Some(key) = account.keys.get_mut(user.key) {
                key.give_back(count);
            }
        }
    }

    /// Reads again and again what is stored.
    pub(crate) async fn follow(&self) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            self.read_all().await;
        }
    }

    /// Reads what is stored of the tenants that send.
    pub(crate) async fn read_all(&self) {
        let (idle, stored) = (Utc::now() - IDLE, self.freshness.complete_until());
        let tenants: Vec<String> = {
            let mut accounts = self.accounts();
            accounts.retain(|_, account| account.asked > idle || stored.is_none_or(|until| account.asked > until));
            accounts.keys().cloned().collect()
        };
        for tenants in tenants.chunks(AT_ONCE) {
            // One that hangs is given up, and the others are asked for all the same.
            if tokio::time::timeout(TIMEOUT, self.read(tenants)).await.is_err() {
                self.tried(tenants);
            }
        }
    }

    async fn read(&self, tenants: &[String]) {
        // Before the question, or it would be said of rows that the answer didn't see.
        let (now, complete) = (Utc::now(), self.freshness.complete_until());
        let statement = self
            .client
            .query(include_str!("usage.sql"))
            .param("tenants", tenants)
            .param("today", QuotaPeriod::Day.begins(now).to_string())
            .param("month", QuotaPeriod::Month.begins(now).to_string())
            .with_setting("max_execution_time", "5");
        match statement.fetch_all::<Stored>().await {
            Ok(rows) => self.apply(tenants, &rows, now, complete),
            Err(error) => {
                if let Some(left_out) = FAILED.admit("usage") {
                    tracing::warn!(%error, left_out, "what is used of quotas can't be read; what is known counts on");
                }
                self.tried(tenants);
            }
        }
    }

    fn apply(&self, tenants: &[String], rows: &[Stored], asked: DateTime<Utc>, complete: Option<DateTime<Utc>>) {
        let mut of_tenants = HashMap::<&str, [u64; 2]>::new();
        let mut of_keys = HashMap::<(&str, &str), [u64; 2]>::new();
        for row in rows {
            let sums = of_tenants.entry(&row.tenant).or_default();
            *sums = [sums[0] + row.today, sums[1] + row.this_month];
            of_keys.insert((&row.tenant, &row.key_id), [row.today, row.this_month]);
        }
        let reading = Reading { asked, answered: Utc::now(), complete };
        let mut accounts = self.accounts();
        for tenant in tenants {
            let Some(account) = accounts.get_mut(tenant) else { continue };
            account.read = true;
            account.tenant.read(of_tenants.get(tenant.as_str()).copied().unwrap_or_default(), reading);
            for (key, counters) in &mut account.keys {
                counters.read(of_keys.get(&(tenant, key)).copied().unwrap_or_default(), reading);
            }
            // Of a key that sends later, it is known from then on.
            for ((_, key), stored) in of_keys.iter().filter(|((of, _), _)| of == tenant) {
                account.keys.entry((*key).to_owned()).or_insert_with(|| {
                    let mut counters = Counters::new(asked);
                    counters.read(*stored, reading);
                    counters
                });
            }
        }
    }

    fn tried(&self, tenants: &[String]) {
        let mut accounts = self.accounts();
        for tenant in tenants {
            if let Some(account) = accounts.get_mut(tenant) {
                account.tried = Some(Instant::now());
            }
        }
    }
}

/// When the store was asked, when it had answered, and up to when all that was received was in the answer.
#[derive(Clone, Copy, Debug)]
struct Reading {
    asked: DateTime<Utc>,
    answered: DateTime<Utc>,
    complete: Option<DateTime<Utc>>,
}

/// What one tenant used.
struct Account {
    asked: DateTime<Utc>,
    /// Whether what is stored was read.
    read: bool,
    /// When it last couldn't be.
    tried: Option<Instant>,
    tenant: Counters,
    keys: HashMap<String, Counters>,
}

impl Account {
    fn new(now: DateTime<Utc>) -> Self {
        Self { asked: now, read: false, tried: None, tenant: Counters::new(now), keys: HashMap::new() }
    }
}

/// What was used in this day and in this month.
struct Counters([(NaiveDate, Counter); 2]);

impl Counters {
    fn new(now: DateTime<Utc>) -> Self {
        Self(QuotaPeriod::ALL.map(|period| (period.begins(now), Counter::new(now))))
    }

    fn of(&self, period: QuotaPeriod) -> &Counter {
        let [(_, day), (_, month)] = &self.0;
        match period {
            QuotaPeriod::Day => day,
            QuotaPeriod::Month => month,
        }
    }

    /// Begins anew what has ended.
    fn roll(&mut self, now: DateTime<Utc>) {
        for (period, (begins, counter)) in QuotaPeriod::ALL.into_iter().zip(&mut self.0) {
            if period.begins(now) > *begins {
                (*begins, *counter) = (period.begins(now), Counter::new(now));
            }
        }
    }

    fn take(&mut self, count: u64) {
        self.0.iter_mut().for_each(|(_, counter)| counter.take(count));
    }

    fn give_back(&mut self, count: u64) {
        self.0.iter_mut().for_each(|(_, counter)| counter.give_back(count));
    }

    fn read(&mut self, stored: [u64; 2], reading: Reading) {
        self.roll(reading.asked);
        for ((period, (begins, counter)), stored) in QuotaPeriod::ALL.into_iter().zip(&mut self.0).zip(stored) {
            // It may have ended while the store was asked.
            if *begins == period.begins(reading.asked) {
                counter.read(stored, reading.answered, reading.complete);
            }
        }
    }
}
