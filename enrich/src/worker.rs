//! One consumer of `events.raw` and the partitions it owns. A partition's life:
//!
//! ```text
//!  first record ─► restoring ─► live: a batch fills ─► deciding, inserting ─► findings, dead letters ─► states ─► commit ─► …
//!                     ▲         (the next one fills meanwhile) │    (the next one is inserted meanwhile)     │
//!                     └──── another enricher decided first, or no answer ◄──────────────────────────────────┘
//! ```
//!
//! Everything here runs on one thread; what waits (ledger, ClickHouse, dead letters) runs as tasks that report back over
//! a channel. Reports about a partition that was lost meanwhile are recognised by their `epoch`, and dropped.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use runtime::backoff::Backoff;
use runtime::config::{Enrich, Kafka};
use runtime::ops::{Gate, Pulse};
use runtime::settings::Settings;
use runtime::shutdown::Shutdown;
use schemas::catalogue::Catalogue;
use schemas::topics;
use tokio::sync::oneshot;
use tokio_util::sync::DropGuard;

use crate::batch::{Batch, received_at};
use crate::delivery::{Delivery, Undelivered};
use crate::membership::{Membership, fatal};
use crate::partition::ledger::{Decision, Ledger};
use crate::partition::memory::Memory;
use crate::partition::restore::{Restored, Start, restore};
use crate::policy::Policies;
use crate::record_error::RecordError;
use crate::stages::{Shared, Stages};
use crate::state::{Budget, State as UserStates};

/// Records taken in one turn, so that the bookkeeping between turns is paid once for all of them.
const RECORDS_A_TURN: usize = 2048;
/// Bytes of the records of one turn: they are in memory until it is over.
const BYTES_A_TURN: usize = 8 << 20;
const IDLE: Duration = Duration::from_millis(5);
/// How often it is looked whether settings changed, while few records come.
const LOOK_AT_SETTINGS: Duration = Duration::from_millis(50);
/// With a backlog, a batch may grow this many times longer: its events are late already, and few large inserts, which
/// cost the store far less than many small ones, make up for it soonest.
const PATIENCE_WITH_BACKLOG: u32 = 4;
/// Events this much older than their arrival here were held up before.
const LATE: Duration = Duration::from_secs(2);
/// How often commits that were not confirmed are repeated.
const RECOMMIT: Duration = Duration::from_millis(500);
/// Most batches of a partition on their way: one that is inserted, one whose findings are sent, one whose states are sent.
const MOST_AWAY: usize = 3;
const SEEK_TIMEOUT: Duration = Duration::from_secs(5);

/// Everything a worker is made of.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) kafka: Kafka,
    pub(crate) enrich: Enrich,
    pub(crate) clickhouse: clickhouse::Client,
    pub(crate) settings: Settings,
    pub(crate) catalogue: Catalogue,
    pub(crate) shared: Shared,
    pub(crate) delivery: Delivery,
    pub(crate) budget: Budget,
}

impl Parts {
    /// The facts for a batch: those of the decision it repeats, or those of the moment.
    fn policies(&self, decided: Option<&Decision>) -> Policies {
        match decided {
            Some(decided) => Policies::pinned(&self.settings, &self.catalogue, &self.shared.rules, &decided.tenants),
            None => Policies::gather(&self.settings, &self.catalogue, &self.shared.rules),
        }
    }
}

enum State {
    /// Waiting for what was decided and stored before; records are skipped until then.
    Restoring,
    /// Restored; the consumer has yet to go back to the start.
    Seeking(Box<Restored>, Start),
    Live(Box<Live>),
}

struct Live {
    batch: Batch,
    memory: Memory,
    /// Away while a batch is decided and stored: one at a time, so that decisions form a chain.
    ledger: Option<Ledger>,
    /// Where batches start that are on their way, in their order.
    away: VecDeque<Start>,
    /// Everything before this offset is delivered.
    delivered: u64,
    /// Answers once the batch that was sealed last is delivered; never, if that failed.
    last: oneshot::Receiver<()>,
    /// With a stop of its own: when this life is over, nothing of its batches is sent any more, which could overtake what the next
    /// one sends.
    delivery: Delivery,
    _stop: DropGuard,
    /// The first batches repeat what was decided before.
    decided: VecDeque<Decision>,
    /// The batch is complete and waits for the one on its way; records are skipped until then.
    waiting: bool,
    /// Records were skipped: the consumer has to go back to the batch's end before it goes on.
    behind: bool,
}

impl Live {
    /// Whether another batch may be sealed.
    fn has_room(&self) -> bool {
        self.ledger.is_some() && self.away.len() < MOST_AWAY
    }

    /// Whether the batch takes no more records. One that repeats a decision ends where that says, neither sooner nor later.
    fn is_complete(&self, limits: &Enrich) -> bool {
        match self.decided.front() {
            Some(decided) => self.batch.next >= decided.end,
            None => {
                let Batch { rows, bytes, policies, .. } = &self.batch;
                rows.len() >= limits.max_batch_rows || *bytes >= limits.max_batch_bytes || policies.is_full()
            }
        }
    }
}

struct Partition {
    epoch: u64,
    state: State,
}

enum Report {
    Restored(Box<Restored>, Start),
    /// A batch is stored: the next one may be decided.
    Stored(Ledger),
    /// Everything before this offset is stored, and all that follows from it sent.
    Delivered(u64),
    Undelivered(Undelivered),
    /// The partition can't be taken over by this version of the program.
    Failed(anyhow::Error),
}

pub(crate) struct Worker {
    parts: Parts,
    topic: String,
    consumer: Arc<BaseConsumer<Membership>>,
    stages: Stages,
    partitions: HashMap<i32, Partition>,
    epoch: u64,
    /// When no record was waiting last: there is no backlog.
    caught_up: Instant,
    /// When it was last looked whether settings changed.
    looked_at_settings: Instant,
    /// When it was last looked whether every commit is confirmed.
    looked_at_commits: Instant,
    failed: Option<anyhow::Error>,
    reports: Receiver<(i32, u64, Report)>,
    report: Sender<(i32, u64, Report)>,
    shutdown: Shutdown,
    pulse: Pulse,
}

impl Worker {
    /// Joins the group as the worker of that number; `joined` opens once it has its share.
    pub(crate) fn join(parts: Parts, number: usize, joined: Gate, shutdown: Shutdown) -> Result<Self> {
        let topic = parts.kafka.topic(topics::EVENTS_RAW);
        let member = format!("enrich-{number}");
        let consumer: BaseConsumer<Membership> =
            runtime::kafka::member_config(&parts.kafka, &parts.kafka.group(), &member)
                // Bounds what librdkafka holds ahead of us: memory doesn't grow with the lag.
                .set("queued.max.messages.kbytes", "16384")
                .create_with_context(Membership::new(joined))
                .context("a consumer for events.raw")?;
        consumer.subscribe(&[&topic])?;
        let (report, reports) = channel();
        let stages = Stages::new(parts.shared.clone());
        let consumer = Arc::new(consumer);
        let (partitions, caught_up) = (HashMap::new(), Instant::now());
        Ok(Self {
            parts,
            topic,
            consumer,
            stages,
            partitions,
            epoch: 0,
            caught_up,
            looked_at_settings: caught_up,
            looked_at_commits: caught_up,
            failed: None,
            reports,
            report,
            shutdown,
            pulse: Pulse::default(),
        })
    }

    /// Beats while it works.
    pub(crate) fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// Works until asked to stop; then stores what it has, within `drain`, and leaves the group.
    ///
    /// # Errors
    /// When the state of users can't be kept on this machine, the client brings nothing any more, or what was tried can't
    /// succeed until somebody acts.
    pub(crate) fn run(mut self, drain: Duration) -> Result<()> {
        while !self.shutdown.is_requested() {
            self.pulse.beat();
            self.take_records()?;
            self.keep_up(false);
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
        }
        let deadline = Instant::now() + drain;
        while self.is_busy() && Instant::now() < deadline {
            // Polled for the group's sake; what comes is left to the successor.
            drop(self.consumer.poll(IDLE));
            self.keep_up(true);
        }
        // The commits so far were asynchronous; for what is not confirmed this one waits, so that a restart repeats nothing.
        self.commit_what_is_stored(CommitMode::Sync);
        Ok(())
    }

    fn commit_what_is_stored(&self, mode: CommitMode) {
        let mut list = TopicPartitionList::new();
        for (&number, partition) in &self.partitions {
            let State::Live(live) = &partition.state else { continue };
            if !self.consumer.context().is_committed(number, live.delivered)
                && let Err(error) =
                    list.add_partition_offset(&self.topic, number, Offset::Offset(live.delivered as i64))
            {
                tracing::warn!(partition = number, %error, "can't commit");
            }
        }
        if list.count() > 0
            && let Err(error) = self.consumer.commit(&list, mode)
        {
            tracing::warn!(%error, "can't commit; the last inserts will be repeated under their tokens");
        }
    }

    fn is_busy(&self) -> bool {
        self.partitions.values().any(|partition| match &partition.state {
            State::Restoring | State::Seeking(..) => false,
            State::Live(live) => {
                live.delivered < live.batch.start || (!live.batch.is_empty() && live.decided.is_empty())
            }
        })
    }

    fn take_records(&mut self) -> Result<()> {
        let consumer = Arc::clone(&self.consumer);
        let (mut records, mut bytes) = (Vec::new(), 0);
        while records.len() < RECORDS_A_TURN && bytes < BYTES_A_TURN {
            match consumer.poll(IDLE) {
                Some(Ok(record)) => {
                    // One poll can lose a partition, get it again and bring its first record: that belongs to a new life.
                    let revoked = self.forget_revoked();
                    records.retain(|before: &BorrowedMessage<'_>| !revoked.contains(&before.partition()));
                    bytes += record.payload_len();
                    records.push(record);
                }
                Some(Err(error)) => {
                    tracing::warn!(%error, "reading events.raw");
                    fatal(&consumer)?;
                }
                None => {
                    self.caught_up = Instant::now();
                    // While little comes, several turns share one look at the settings.
                    if records.is_empty() || self.looked_at_settings.elapsed() >= LOOK_AT_SETTINGS {
                        break;
                    }
                }
            }
        }
        if records.is_empty() {
            return Ok(());
        }
        // Whatever was changed and answered before one of these was sent is in the topics by now.
        self.looked_at_settings = Instant::now();
        self.parts.settings.catch_up();
        self.parts.shared.access.catch_up();
        for record in &records {
            self.take(record);
        }
        Ok(())
    }

    fn take(&mut self, record: &BorrowedMessage<'_>) {
        let number = record.partition();
        let Some(partition) = self.partitions.get_mut(&number) else {
            // The first record after the partition was assigned stands at the committed offset.
            let start = Start { partition: number, offset: record.offset() as u64, received_at: received_at(record) };
            return self.restore(start, Backoff::default());
        };
        let State::Live(live) = &mut partition.state else { return };
        if live.waiting || live.behind || (record.offset() as u64) < live.batch.next {
            return;
        }
        if let Some(end) = live.decided.front().map(|decided| decided.end)
            && record.offset() as u64 >= end
        {
            // Retention took the last records of what was decided: what is left of it is all there is.
            live.batch.next = end;
            live.behind = true;
            return self.seal(number);
        }
        if let Err(error) = live.batch.push(record, &mut self.stages, &mut live.memory) {
            return self.give_up(error.context("keeping the state of users"));
        }
        self.parts.shared.metrics.record();
        if live.is_complete(&self.parts.enrich) {
            self.seal(number);
        }
    }

    fn forget_revoked(&mut self) -> Vec<i32> {
        let revoked = self.consumer.context().take_revoked();
        for &number in &revoked {
            self.partitions.remove(&number);
            // A pause outlives the assignment: should the partition come back, its first record has to.
            self.flow(number, true);
            self.parts.shared.metrics.revoked(number);
        }
        revoked
    }

    /// Between turns: reports, lost partitions, and batches whose time has come.
    fn keep_up(&mut self, flush_all: bool) {
        self.forget_revoked();
        while let Ok((number, epoch, report)) = self.reports.try_recv() {
            if self.partitions.get(&number).is_some_and(|partition| partition.epoch == epoch) {
                self.on_report(number, report);
            }
        }
        // Without this a partition that gets no more events would look unfinished for ever.
        if self.looked_at_commits.elapsed() >= RECOMMIT {
            self.looked_at_commits = Instant::now();
            self.commit_what_is_stored(CommitMode::Async);
        }
        let age = Duration::from_millis(self.parts.enrich.flush_ms);
        let numbers: Vec<_> = self.partitions.keys().copied().collect();
        for number in numbers {
            match self.partitions.get(&number).map(|partition| &partition.state) {
                Some(State::Seeking(..)) => self.go_live(number),
                Some(State::Live(live)) if live.behind => self.catch_up(number),
                Some(State::Live(live)) => {
                    let due = live.batch.opened.is_some_and(|opened| {
                        let backlog = opened > self.caught_up && was_late(&live.batch, opened);
                        flush_all || opened.elapsed() >= age * if backlog { PATIENCE_WITH_BACKLOG } else { 1 }
                    });
                    if due && live.decided.is_empty() && live.has_room() {
                        self.seal(number);
                    }
                }
                Some(State::Restoring) | None => {}
            }
        }
    }

    fn on_report(&mut self, number: i32, report: Report) {
        let Some(partition) = self.partitions.get_mut(&number) else { return };
        match (report, &mut partition.state) {
            (Report::Restored(restored, start), state) => {
                *state = State::Seeking(restored, start);
                self.go_live(number);
            }
            (Report::Stored(ledger), State::Live(live)) => {
                live.ledger = Some(ledger);
                self.go_on(number);
            }
            (Report::Delivered(end), State::Live(live)) => {
                live.away.pop_front();
                live.delivered = end;
                self.commit(number, end);
                self.go_on(number);
            }
            (Report::Undelivered(Undelivered::Again), State::Live(live)) => {
                // Batches before this one may still be on their way: their users' states are not written yet.
                if let Some(&start) = live.away.front() {
                    self.restore(start, Backoff::default());
                }
            }
            (Report::Undelivered(Undelivered::Failed(error)) | Report::Failed(error), _) => self.give_up(error),
            (Report::Stored(_) | Report::Delivered(_) | Report::Undelivered(_), _) => {}
        }
    }

    /// Seals the batch that waited for room, if there is some now.
    fn go_on(&mut self, number: i32) {
        let Some(Partition { state: State::Live(live), .. }) = self.partitions.get_mut(&number) else { return };
        if live.waiting && live.has_room() {
            live.waiting = false;
            live.behind = true;
            self.seal(number);
            self.catch_up(number);
        }
    }

    /// Sends the partition's batch on its way, if there is room; a full batch then waits, paused.
    fn seal(&mut self, number: i32) {
        let Some(Partition { epoch, state: State::Live(live) }) = self.partitions.get_mut(&number) else { return };
        let epoch = *epoch;
        let Some(mut ledger) = live.ledger.take_if(|_| live.away.len() < MOST_AWAY) else {
            live.waiting = true;
            return self.flow(number, false);
        };
        if let Err(error) = live.batch.seal(number, &mut live.memory) {
            return self.give_up(error.context("keeping the state of users"));
        }
        self.stages.refresh();
        let decided = live.decided.pop_front();
        let next = Batch::new(live.batch.next, self.parts.policies(live.decided.front()));
        let batch = std::mem::replace(&mut live.batch, next);
        live.away.push_back(Start { partition: number, offset: batch.start, received_at: batch.oldest });
        let (done, last) = oneshot::channel();
        let before = std::mem::replace(&mut live.last, last);
        let (delivery, report) = (live.delivery.clone(), self.report.clone());
        // Nobody listens any more once the worker has stopped.
        let report = move |what| drop(report.send((number, epoch, what)));
        self.shutdown.spawn_part("delivery of a batch", async move {
            let delivered = async {
                let stored = delivery.store(number, batch, &mut ledger, decided).await?;
                report(Report::Stored(ledger));
                delivery.publish(number, &stored, before).await?;
                Ok(stored.end)
            };
            match delivered.await {
                Ok(end) => {
                    report(Report::Delivered(end));
                    let _ = done.send(());
                }
                Err(undelivered) => report(Report::Undelivered(undelivered)),
            }
        });
    }

    /// Nothing more can be decided here. What was not committed is decided by whoever takes the partitions over.
    fn give_up(&mut self, error: anyhow::Error) {
        self.failed.get_or_insert(error);
        self.partitions.clear();
    }

    /// Takes the partition up at `start`: from now on it is ours to finish what was decided there.
    fn restore(&mut self, start: Start, mut backoff: Backoff) {
        self.epoch += 1;
        let epoch = self.epoch;
        self.partitions.insert(start.partition, Partition { epoch, state: State::Restoring });
        self.flow(start.partition, false);
        let (parts, report) = (self.parts.clone(), self.report.clone());
        self.shutdown.spawn_part("takeover of a partition", async move {
            loop {
                let window = parts.enrich.dedup_window as u64;
                let unreadable = parts.shared.metrics.unreadable().clone();
                let state = UserStates::reporting_to(parts.budget.clone(), unreadable);
                match restore(&parts.kafka, &parts.clickhouse, start, window, state).await {
                    Ok(restored) => {
                        let _ = report.send((start.partition, epoch, Report::Restored(Box::new(restored), start)));
                        return;
                    }
                    Err(error) if error.downcast_ref().is_some_and(RecordError::is_newer) => {
                        let _ = report.send((start.partition, epoch, Report::Failed(error)));
                        return;
                    }
                    Err(error) => {
                        let (partition, error) = (start.partition, format!("{error:#}"));
                        tracing::warn!(partition, error, "can't take over the partition yet; retrying");
                    }
                }
                tokio::select! {
                    () = tokio::time::sleep(backoff.next_wait()) => {}
                    () = parts.delivery.stop.cancelled() => return,
                }
            }
        });
    }

    /// Goes back to the start of the partition, whose records were skipped meanwhile. Until that worked nothing is
    /// taken: a record that comes from further on must not be mistaken for the next one.
    fn go_live(&mut self, number: i32) {
        let Some(Partition { state, .. }) = self.partitions.get_mut(&number) else { return };
        let State::Seeking(_, start) = state else { return };
        let offset = Offset::Offset(start.offset as i64);
        if let Err(error) = self.consumer.seek(&self.topic, number, offset, SEEK_TIMEOUT) {
            tracing::warn!(partition = number, %error, "can't go back to the start of the partition yet; retrying");
            return;
        }
        let State::Seeking(restored, start) = std::mem::replace(state, State::Restoring) else { return };
        let Restored { memory, ledger, decided } = *restored;
        let batch = Batch::new(start.offset, self.parts.policies(decided.front()));
        let (done, last) = oneshot::channel();
        // Nothing is before the first batch.
        let _ = done.send(());
        let stop = self.parts.delivery.stop.child_token();
        let live = Live {
            batch,
            memory,
            ledger: Some(ledger),
            away: VecDeque::new(),
            delivered: start.offset,
            last,
            _stop: stop.clone().drop_guard(),
            delivery: Delivery { stop, ..self.parts.delivery.clone() },
            decided,
            waiting: false,
            behind: false,
        };
        *state = State::Live(Box::new(live));
        self.flow(number, true);
    }

    /// Goes back to where the batch under way ends, after records were skipped.
    fn catch_up(&mut self, number: i32) {
        let Some(Partition { state: State::Live(live), .. }) = self.partitions.get_mut(&number) else { return };
        match self.consumer.seek(&self.topic, number, Offset::Offset(live.batch.next as i64), SEEK_TIMEOUT) {
            Ok(()) => {
                live.behind = false;
                self.flow(number, true);
            }
            Err(error) => tracing::warn!(partition = number, %error, "can't go back yet; retrying"),
        }
    }

    /// Lets a partition's records come, or holds them back at the broker.
    fn flow(&self, number: i32, on: bool) {
        let mut list = TopicPartitionList::new();
        list.add_partition(&self.topic, number);
        let outcome = if on { self.consumer.resume(&list) } else { self.consumer.pause(&list) };
        if let Err(error) = outcome {
            tracing::warn!(partition = number, %error, on, "can't pause or resume the partition");
        }
    }

    fn commit(&self, number: i32, end: u64) {
        let mut list = TopicPartitionList::new();
        let outcome = list
            .add_partition_offset(&self.topic, number, Offset::Offset(end as i64))
            .and_then(|()| self.consumer.commit(&list, CommitMode::Async));
        if let Err(error) = outcome {
            // The successor repeats the insert under the same token: nothing is stored twice.
            tracing::warn!(partition = number, %error, "can't commit");
        }
    }
}

/// Whether the batch's first event was old when it arrived.
fn was_late(batch: &Batch, opened: Instant) -> bool {
    let age = chrono::Utc::now().timestamp_millis() - batch.oldest;
    u128::try_from(age).is_ok_and(|age| age > (opened.elapsed() + LATE).as_millis())
}
