//! The one task that owns the queue: takes findings in, sends out what is due, notes how it ended.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::try_join_all;
use runtime::backoff;
use runtime::kafka::placed;
use runtime::ops::Pulse;
use runtime::settings::Settings;
use runtime::shutdown::Shutdown;
use schemas::alerts::{AlertEndpoint, Pending, PendingKind};
use schemas::topics::SettingsKey;
use schemas::violation::Violation;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::consumer::ConsumerEvent;
use crate::log::{Delivery, DeliveryLog, Outcome};
use crate::metrics::Metrics;
use crate::policy::receivers;
use crate::queue::{Added, Address, DeliveryQueue, Job, Key, Place, Settled};
use crate::records::{Records, is_refused};
use crate::schedule::Schedule;
use crate::sender::{Attempt, Sender, Verdict, message_id};

/// Without anything due, the queue is looked at this often: settings may have changed.
const IDLE: Duration = Duration::from_secs(20);

/// Time for the last records to be acknowledged, at the end.
const FLUSH: Duration = Duration::from_secs(2);

/// Parts of the dispatcher.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) settings: Settings,
    pub(crate) records: Records,
    pub(crate) sender: Sender,
    pub(crate) schedule: Schedule,
    pub(crate) log: DeliveryLog,
    pub(crate) metrics: Metrics,
}

struct Made {
    job: Job,
    repeat: TimeDelta,
    attempt: Attempt,
}

pub(crate) struct Dispatcher {
    parts: Parts,
    queue: DeliveryQueue,
    notes: Receiver<ConsumerEvent>,
    made: UnboundedReceiver<Made>,
    make: UnboundedSender<Made>,
    shutdown: Shutdown,
    pulse: Pulse,
}

impl Dispatcher {
    pub(crate) fn new(parts: Parts, queue: DeliveryQueue, notes: Receiver<ConsumerEvent>, shutdown: Shutdown) -> Self {
        // As many as attempts may be under way.
        let (make, made) = unbounded_channel();
        Self { parts, queue, notes, made, make, shutdown, pulse: Pulse::default() }
    }

    /// Beats while it works.
    pub(crate) fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// Works until asked to stop; then waits for the attempts under way, `drain` at most.
    pub(crate) async fn run(mut self, drain: Duration) {
        let stop = self.shutdown.clone();
        loop {
            self.pulse.beat();
            self.send_due().await;
            let wait = self.until_next();
            tokio::select! {
                () = stop.requested() => break,
                Some(made) = self.made.recv() => self.settle(made).await,
                Some(note) = self.notes.recv() => self.take(note).await,
                () = tokio::time::sleep(wait) => {}
            }
        }
        // Without its notes, the consumer ends too.
        self.notes.close();
        let finished = tokio::time::timeout(drain, async {
            while self.queue.is_busy() {
                let Some(made) = self.made.recv().await else { break };
                self.settle(made).await;
            }
        });
        if finished.await.is_err() {
            tracing::warn!("attempts under way were left; their reports will be sent again");
        }
        let records = self.parts.records.clone();
        let _flushed = tokio::task::spawn_blocking(move || records.flush(FLUSH)).await;
    }

    fn until_next(&self) -> Duration {
        let next = self.queue.next_wake().map(|at| (at - Utc::now()).to_std().unwrap_or_default());
        next.map_or(IDLE, |wait| wait.min(IDLE))
    }

    async fn take(&mut self, note: ConsumerEvent) {
        match note {
            ConsumerEvent::Took(pending) => {
                for (key, pending) in pending {
                    self.queue.load(key, pending);
                }
            }
            ConsumerEvent::Left(partitions) => self.queue.leave(&partitions),
            ConsumerEvent::Read { found, tests, done } => {
                for (key, pending) in tests {
                    if self.queue.get(&key).is_none() {
                        self.queue.load(key, pending);
                    }
                }
                let changed = self.count(&found);
                let written = backoff::retry("writing what is pending", &self.shutdown, || self.write_all(&changed));
                if written.await.is_some() {
                    // Nobody hears it when the consumer has ended; then nothing is committed, and it is read again.
                    let _heard = done.send(());
                }
            }
        }
        self.parts.metrics.pending(self.queue.pending());
    }

    /// Counts findings for those who want them, and says which entries changed.
    fn count(&mut self, found: &[(Violation, Place)]) -> BTreeSet<Key> {
        let (settings, now) = (self.parts.settings.snapshot(), Utc::now());
        let mut changed = BTreeSet::new();
        for (violation, place) in found {
            for endpoint in receivers(&settings, violation) {
                let address = Address { tenant: endpoint.tenant.clone(), endpoint: endpoint.id.clone() };
                let key = Key { address, violation: violation.id.clone() };
                match self.queue.add(&key, violation, *place, now) {
                    Added::Counted => drop(changed.insert(key)),
                    Added::Known => {}
                    Added::Full => {
                        let reason = "too many reports wait for this endpoint".to_owned();
                        self.log(&key, None, Outcome::GivenUp, Attempt::none(reason));
                    }
                }
            }
        }
        changed
    }

    /// Returns once all are on all replicas.
    async fn write_all(&self, keys: &BTreeSet<Key>) -> Result<()> {
        let mut written = Vec::with_capacity(keys.len());
        for key in keys {
            written.extend(self.parts.records.write(key, self.queue.get(key)).await?);
        }
        for delivered in try_join_all(written).await? {
            match placed(delivered) {
                Err(error) if !is_refused(&error) => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes without waiting for the acknowledgement: what is lost here is sent twice.
    async fn note(&self, key: &Key, pending: Option<&Pending>) {
        if let Err(error) = self.parts.records.write(key, pending).await {
            tracing::warn!(%error, "a report may be sent twice");
        }
    }

    async fn send_due(&mut self) {
        let now = Utc::now();
        for key in self.queue.forget(now) {
            self.note(&key, None).await;
        }
        for job in self.queue.take_due(now) {
            let settings = self.parts.settings.snapshot();
            let endpoint =
                settings.endpoints(&job.key.address.tenant).find(|known| known.id == job.key.address.endpoint);
            match endpoint.filter(|endpoint| endpoint.enabled) {
                Some(endpoint) => self.send(job, Arc::clone(endpoint)).await,
                None => {
                    self.drop_endpoint(&job.key.address, "the endpoint was switched off or deleted").await;
                    // Gives its place back.
                    self.queue.settle(&job.key, Settled::Again { at: now });
                }
            }
        }
        self.parts.metrics.pending(self.queue.pending());
    }

    async fn send(&self, job: Job, endpoint: Arc<AlertEndpoint>) {
        if job.begins {
            self.note(&job.key, Some(&job.pending)).await;
        }
        let (sender, make) = (self.parts.sender.clone(), self.make.clone());
        let tenant = self.parts.settings.tenant(&job.key.address.tenant);
        let lang = tenant.and_then(|tenant| tenant.languages.first().copied()).unwrap_or_default();
        self.shutdown.spawn(async move {
            let attempt = sender.attempt(&endpoint, lang, &job.key, &job.pending).await;
            let repeat = TimeDelta::seconds(endpoint.repeat_seconds.into());
            // The dispatcher is gone only when the process ends.
            let _heard = make.send(Made { job, repeat, attempt });
        });
    }

    async fn settle(&mut self, made: Made) {
        let Made { job: Job { key, pending, .. }, repeat, attempt } = made;
        let now = Utc::now();
        let verdict = attempt.verdict;
        let (settled, outcome) = match verdict {
            Verdict::Delivered => {
                self.parts.metrics.delivered_after((now - pending.since).as_seconds_f64());
                (Settled::Over { next: now + repeat }, Outcome::Delivered)
            }
            Verdict::Gone => (Settled::Over { next: now + repeat }, Outcome::Gone),
            Verdict::Failed { asked } => self.again(&pending, asked, now, repeat),
        };
        self.log(&key, Some(&pending), outcome, attempt);
        let over = matches!(settled, Settled::Over { .. });
        self.queue.settle(&key, settled);
        if verdict == Verdict::Gone {
            self.disable(&key.address);
            self.drop_endpoint(&key.address, "the receiver answered 410").await;
        } else if over && pending.kind == PendingKind::Test {
            self.queue.remove(&key);
            self.note(&key, None).await;
        } else if let Some(kept) = self.queue.get(&key) {
            self.note(&key, Some(kept)).await;
        }
    }

    fn again(
        &self,
        pending: &Pending,
        asked: Option<Duration>,
        now: DateTime<Utc>,
        repeat: TimeDelta,
    ) -> (Settled, Outcome) {
        let failures = pending.attempts.saturating_add(1);
        match self.parts.schedule.next(pending.since, now, failures, asked, rand::random()) {
            Some(at) => (Settled::Again { at }, Outcome::Failed),
            None => (Settled::Over { next: now + repeat }, Outcome::GivenUp),
        }
    }

    /// Forgets everything for an endpoint; what waited is logged.
    async fn drop_endpoint(&mut self, address: &Address, why: &str) {
        for (key, pending) in self.queue.drop_endpoint(address) {
            if pending.count > pending.reported {
                self.log(&key, Some(&pending), Outcome::Dropped, Attempt::none(why.to_owned()));
            }
            self.note(&key, None).await;
        }
    }

    /// Switches an endpoint off. Nobody waits for it: until it is in force, the receiver may be asked again and say the same.
    fn disable(&self, address: &Address) {
        let settings = self.parts.settings.clone();
        let Address { tenant, endpoint } = address.clone();
        self.shutdown.spawn(async move {
            let snapshot = settings.snapshot();
            let known = snapshot.endpoints(&tenant).find(|known| known.id == endpoint).cloned();
            let Some(known) = known.filter(|known| known.enabled) else { return };
            let disabled_reason = "the receiver answered 410 Gone".to_owned();
            let known = AlertEndpoint { enabled: false, disabled_reason, updated_at: Utc::now(), ..(*known).clone() };
            let key = SettingsKey::AlertEndpoint(&tenant, &endpoint);
            let put = match serde_json::to_vec(&known) {
                Ok(value) => settings.put(key, snapshot.version(key), Some(&value)).await.map_err(anyhow::Error::from),
                Err(error) => Err(error.into()),
            };
            match put {
                Ok(()) => tracing::warn!(tenant, endpoint, "an endpoint was switched off: it answered 410"),
                Err(error) => tracing::error!(tenant, endpoint, %error, "an endpoint can't be switched off"),
            }
        });
    }

    fn log(&self, key: &Key, pending: Option<&Pending>, outcome: Outcome, attempt: Attempt) {
        self.parts.metrics.outcome(outcome.as_str());
        self.parts.log.push(Delivery {
            tenant: key.address.tenant.clone(),
            at: Utc::now(),
            message_id: pending.map(|pending| message_id(key, pending)).unwrap_or_default(),
            attempt: pending.map_or(0, |pending| pending.attempts.saturating_add(u32::from(attempt.was_made()))),
            endpoint: key.address.endpoint.clone(),
            violation_id: key.violation.clone(),
            outcome: outcome.as_str(),
            status: attempt.status,
            reason: attempt.reason,
            duration_ms: u32::try_from(attempt.duration.as_millis()).unwrap_or(u32::MAX),
        });
    }
}
