//! Settings of tenants and keys: the compacted topic `settings`, kept in memory by every role.
//!
//! A thread follows the topic; readers see the last snapshot it published and never wait. A change is written to the
//! topic and is in force here when [`Settings::put`] returns; in other processes a moment later. Of two changes that were
//! made from the same version the first in the topic wins, whichever processes made them: see `record`.

mod change;
mod detection;
mod ended;
mod record;
mod refused;
mod snapshot;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::Utc;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use schemas::settings::{ApiKey, Features, Invalid, KeyText, Limits, Plans, Quotas, Tenant};
use schemas::topics::{self, SettingsKey};
use subtle::ConstantTimeEq as _;
use tokio::sync::Mutex;

use crate::compacted::{self, APPLY_TIMEOUT, Follower, Log, Progress, SILENCE, WriteError};
use crate::config::Config;
use crate::limiter::Rate;
use crate::metrics::{Metrics, Name};
use crate::ops::Readiness;
use crate::principal::Principal;
use crate::problem::Problem;
use crate::shutdown::Shutdown;

pub use change::Bounds;
pub use snapshot::Snapshot;

use record::RecordKey;

/// A deletion is kept this long, milliseconds: longer than any change that was sent before it may be under way.
const KEEP_DELETIONS_MS: u64 = 24 * 3_600_000;
/// Most old deletions that are removed after one change.
const MAX_REMOVED: usize = 100;

/// Why a change is not in force.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// What should be written can't be.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Somebody else changed it first.
    #[error("it was changed meanwhile: the version in force is {current}")]
    Conflict {
        /// The version in force; 0 when there is none.
        current: u64,
    },
    /// There is nothing of that name.
    #[error("not found")]
    NotFound,
    /// The broker did not take it; whether it will be in force is not known.
    #[error("kafka: {0}")]
    Kafka(#[from] KafkaError),
    /// The broker took it, but it did not come back in time; it will be in force soon.
    #[error("written, but not yet read back after {} s", APPLY_TIMEOUT.as_secs())]
    NotApplied,
}

impl From<PutError> for Problem {
    fn from(error: PutError) -> Self {
        use axum::http::StatusCode;
        match error {
            PutError::Invalid(error) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_setting", error.detail).with_pointer(error.pointer)
            }
            PutError::Conflict { .. } => Self::new(StatusCode::CONFLICT, "version_conflict", error.to_string()),
            PutError::NotFound => Self::not_found("there is nothing of that name"),
            PutError::Kafka(_) | PutError::NotApplied => Self::unavailable(
                "settings_unavailable",
                "whether the change is in force is not known; read it, and send it again if it is not",
                Duration::from_secs(1),
            )
            .with_cause(error),
        }
    }
}

/// Why a credential is not accepted. Callers learn no more than that it isn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum AuthError {
    /// It does not have the form of a key.
    #[error("malformed key")]
    Malformed,
    /// No such key, or the wrong secret.
    #[error("unknown key")]
    Unknown,
    /// The key was revoked.
    #[error("revoked key")]
    Revoked,
    /// The key's tenant does not exist (any more).
    #[error("key of an unknown tenant")]
    NoTenant,
}

impl From<AuthError> for Problem {
    fn from(_: AuthError) -> Self {
        Self::unauthorized()
    }
}

/// The settings in force. Clones share them.
#[derive(Clone)]
pub struct Settings(Arc<Inner>);

struct Inner {
    snapshot: ArcSwap<Snapshot>,
    progress: Progress,
    /// Where changes are written; none: in this process alone.
    log: Option<Log>,
    defaults: Limits,
    /// One read-modify-write at a time in this process.
    writing: Mutex<()>,
    refusals: refused::Refusals,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("applied_offset", &self.applied_offset()).finish_non_exhaustive()
    }
}

impl Settings {
    /// Starts to follow the topic, which has to exist; see [`ready`](Self::ready).
    ///
    /// # Errors
    /// When the options of the configuration are not librdkafka's.
    pub fn spawn(config: &Config, shutdown: &Shutdown) -> Result<Self, KafkaError> {
        let topic = config.kafka.topic(topics::SETTINGS);
        let settings = Self::with_log(config.limits, Some(Log::new(&config.kafka, &topic)?));
        let follower = Reader { snapshot: Snapshot::default(), settings: settings.clone() };
        compacted::spawn(&config.kafka, topics::SETTINGS, shutdown, follower)?;
        Ok(settings)
    }

    /// Registers the count of records that could not be read.
    pub fn register(&self, metrics: &Metrics) {
        const UNREADABLE: Name = Name::new("settings_unreadable_records");
        self.0.progress.register(metrics, UNREADABLE);
    }

    /// Settings of this process alone, without a topic: for tests of what reads them.
    #[must_use]
    pub fn in_memory(defaults: Limits) -> Self {
        let settings = Self::with_log(defaults, None);
        settings.0.progress.caught_up();
        settings
    }

    fn with_log(defaults: Limits, log: Option<Log>) -> Self {
        Self(Arc::new(Inner {
            snapshot: ArcSwap::default(),
            progress: Progress::default(),
            log,
            defaults,
            writing: Mutex::new(()),
            refusals: refused::Refusals::default(),
        }))
    }

    fn publish(&self, snapshot: Snapshot) {
        let next_offset = snapshot.next_offset();
        self.0.snapshot.store(Arc::new(snapshot));
        self.0.progress.applied.send_replace(next_offset);
    }

    /// Returns once everything has been read that was in the topic at the start.
    pub async fn ready(&self) {
        self.0.progress.ready().await;
    }

    /// As [`ready`](Self::ready), but not for ever: whether it was read. It was not when Kafka has been silent for long.
    pub async fn ready_unless_silent(&self) -> bool {
        self.0.progress.ready_unless_silent().await
    }

    /// Makes it a condition that the topic can be read.
    pub fn watch(&self, readiness: &Readiness) {
        readiness.pulse("settings", &self.0.progress.pulse, SILENCE);
    }

    /// Whether [`ready`](Self::ready) returns at once.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.progress.is_ready()
    }

    /// Everything in force now. Cheap; hold on to it for several answers that must agree.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshot.load_full()
    }

    /// Whether nothing changed since this snapshot was taken.
    #[must_use]
    pub fn is_current(&self, snapshot: &Arc<Snapshot>) -> bool {
        Arc::ptr_eq(&self.0.snapshot.load(), snapshot)
    }

    /// Waits, on a thread that may, until everything is in force here that was in the topic when this was called: every change
    /// that was answered before. While Kafka is away or slow, what is known stays in force.
    pub fn catch_up(&self) {
        if let Some(log) = &self.0.log {
            log.catch_up(&self.0.progress);
        }
    }

    /// The offset after the last record applied.
    #[must_use]
    pub fn applied_offset(&self) -> i64 {
        *self.0.progress.applied.borrow()
    }

    /// Returns a receiver that is notified whenever something changed.
    #[must_use]
    pub fn changes(&self) -> tokio::sync::watch::Receiver<i64> {
        self.0.progress.applied.subscribe()
    }

    /// A tenant.
    #[must_use]
    pub fn tenant(&self, id: &str) -> Option<Arc<Tenant>> {
        self.0.snapshot.load().tenant(id).cloned()
    }

    /// The plans in force: those that the platform has defined, or else those that come with the program.
    #[must_use]
    pub fn plans(&self) -> Arc<Plans> {
        self.snapshot().plans().map_or_else(|| Arc::new(Plans::shipped()), Arc::clone)
    }

    /// What a tenant's plan allows.
    #[must_use]
    pub fn features(&self, tenant: &Tenant) -> Features {
        self.plans().features(&tenant.plan)
    }

    /// All tenants, by id.
    #[must_use]
    pub fn tenants(&self) -> Vec<Arc<Tenant>> {
        self.0.snapshot.load().tenants().cloned().collect()
    }

    /// The keys of a tenant, or of the platform (`None`); revoked ones too.
    #[must_use]
    pub fn keys(&self, tenant: Option<&str>) -> Vec<Arc<ApiKey>> {
        let snapshot = self.0.snapshot.load();
        snapshot.keys().filter(|key| key.tenant.as_deref() == tenant).cloned().collect()
    }

    /// The limits of a tenant: its own, or those of the installation.
    #[must_use]
    pub fn limits(&self, tenant: &str) -> Limits {
        self.0.snapshot.load().tenant(tenant).and_then(|tenant| tenant.limits).unwrap_or(self.0.defaults)
    }

    /// The quotas of a tenant: its own, or those of its plan.
    #[must_use]
    pub fn quotas(&self, tenant: &Tenant) -> Quotas {
        tenant.quotas.unwrap_or_else(|| self.features(tenant).quotas)
    }

    /// Returns who has a key; the secret is compared in constant time.
    ///
    /// # Errors
    /// [`AuthError`], for [`note_refusal`](Self::note_refusal). The caller gets 401 for all of them.
    pub fn authenticate(&self, bearer: &str) -> Result<Principal, AuthError> {
        /// Compared with when there is no such key, so that the time discloses nothing.
        const NOBODY: &str = "0000000000000000000000000000000000000000000000000000000000000000";
        let text = KeyText::parse(bearer).ok_or(AuthError::Malformed)?;
        let snapshot = self.0.snapshot.load();
        let key = snapshot.key(text.id());
        let hash = key.map_or(NOBODY, |key| key.hash.as_str());
        let same: bool = text.hash().as_bytes().ct_eq(hash.as_bytes()).into();
        let key = key.filter(|_| same).ok_or(AuthError::Unknown)?;
        principal(&snapshot, key)
    }

    /// Finds what a key permits now whose secret was shown before, by its id.
    ///
    /// # Errors
    /// [`AuthError`], when it does not hold any more.
    pub fn principal_of_key(&self, id: &str) -> Result<Principal, AuthError> {
        let snapshot = self.0.snapshot.load();
        principal(&snapshot, snapshot.key(id).ok_or(AuthError::Unknown)?)
    }

    /// Writes one setting (`None` deletes it) and returns once it is in force here. `made_from` is the version that the
    /// change was made from: [`Snapshot::version`] of the snapshot that was read for it. Prefer the checked
    /// [`put_tenant`](Self::put_tenant) and [`put_key`](Self::put_key).
    ///
    /// # Errors
    /// [`PutError`]; [`PutError::Conflict`] when another version is in force, in whichever process that was made.
    pub async fn put(&self, key: SettingsKey<'_>, made_from: u64, value: Option<&[u8]>) -> Result<(), PutError> {
        let setting = key.to_string();
        let current = self.snapshot().records().version(&setting);
        if made_from != current {
            return Err(PutError::Conflict { current });
        }
        let record = RecordKey::after(&setting, made_from);
        let value = record::value(value);
        match &self.0.log {
            Some(log) => {
                log.write(&record.to_string(), Some(value), &self.0.progress).await?;
                self.tidy(setting.clone());
            }
            None => {
                let changed = self.0.snapshot.rcu(|known| {
                    let mut snapshot = Snapshot::clone(known);
                    if let Err(why) = snapshot.apply(snapshot.next_offset(), &record.to_string(), Some(value)) {
                        tracing::error!(why, "a setting can't be read");
                    }
                    snapshot
                });
                self.0.progress.applied.send_replace(changed.next_offset() + 1);
            }
        }
        let snapshot = self.snapshot();
        match snapshot.records().won(&record) {
            Some(true) => Ok(()),
            Some(false) => Err(PutError::Conflict { current: snapshot.records().version(&setting) }),
            // So many versions later that nobody remembers: as good as not heard of.
            None => Err(PutError::NotApplied),
        }
    }

    /// Removes what is outdated from the topic. Nobody waits for it: what stays is removed with the next change.
    fn tidy(&self, setting: String) {
        let settings = self.clone();
        tokio::spawn(async move {
            let Some(log) = &settings.0.log else { return };
            let since = u64::try_from(Utc::now().timestamp_millis()).unwrap_or(0).saturating_sub(KEEP_DELETIONS_MS);
            for key in settings.snapshot().records().removable(&setting, since, MAX_REMOVED) {
                if let Err(error) = log.remove(&key).await {
                    tracing::debug!(key, %error, "an outdated record of a setting is not removed yet");
                    return;
                }
            }
        });
    }
}

/// Who has a key, as long as it holds.
fn principal(snapshot: &Snapshot, key: &ApiKey) -> Result<Principal, AuthError> {
    if key.revoked_at.is_some() {
        return Err(AuthError::Revoked);
    }
    if key.tenant.as_deref().is_some_and(|tenant| snapshot.tenant(tenant).is_none()) {
        return Err(AuthError::NoTenant);
    }
    Ok(Principal {
        tenant: key.tenant.as_deref().map(Arc::from),
        key_id: Arc::from(key.id.as_str()),
        permissions: key.all_permissions(),
        limits: key.limits,
        quotas: key.quotas,
        person: None,
    })
}

/// Follows the topic: what was read lately, until it is published.
struct Reader {
    snapshot: Snapshot,
    settings: Settings,
}

impl Follower for Reader {
    fn apply(&mut self, offset: i64, key: &str, value: Option<&[u8]>) -> Result<(), String> {
        self.snapshot.apply(offset, key, value)
    }

    fn skip(&mut self, offset: i64) {
        self.snapshot.skip(offset);
    }

    fn progress(&self) -> &Progress {
        &self.settings.0.progress
    }

    fn publish(&mut self) {
        self.settings.publish(self.snapshot.clone());
    }

    fn caught_up(&mut self) {
        if self.settings.0.progress.caught_up() {
            tracing::info!(offset = self.settings.applied_offset(), "settings read");
        }
    }
}

impl From<WriteError> for PutError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Kafka(error) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageSizeTooLarge) => {
                let detail = "the whole setting is too large for one record".to_owned();
                Self::Invalid(Invalid { pointer: String::new(), detail })
            }
            WriteError::Kafka(error) => Self::Kafka(error),
            WriteError::NotApplied => Self::NotApplied,
        }
    }
}

impl From<Limits> for Rate {
    /// The rate of events; those of queries and checks are [`query_rate`] and [`check_rate`].
    fn from(limits: Limits) -> Self {
        Self { per_second: limits.events_per_second, burst: limits.burst }
    }
}

/// The rate of queries.
#[must_use]
pub fn query_rate(limits: &Limits) -> Rate {
    Rate { per_second: limits.queries_per_second, burst: limits.query_burst }
}

/// The rate of asking whether a device may in. Who asks is about to send an event, so as often as events may be sent.
#[must_use]
pub fn check_rate(limits: &Limits) -> Rate {
    Rate::from(*limits)
}

#[cfg(test)]
mod tests;
