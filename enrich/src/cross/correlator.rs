//! One consumer of `enrich.cross`: windows of groups, and the events that they give rise to.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use chrono::DateTime;
use detect::correlate::Fire;
use detect::findings::violation_of;
use detect::rules::Rule;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::message::{BorrowedMessage, Header, Message as _, OwnedHeaders};
use rdkafka::producer::FutureRecord;
use rdkafka::{Offset, TopicPartitionList};
use runtime::config::Kafka;
use runtime::kafka::{Producer, ROOM, placed};
use runtime::ops::{Gate, Pulse};
use runtime::settings::Settings;
use runtime::unreadable::RecordPlace;
use schemas::topics::{self, headers};
use serde_json::json;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::groups::{Group, Groups};
use super::{CorrelationInput, CorrelationMatch, HORIZON_MS, MATCHED, OWN_KEY_ID};
use crate::batch::received_at;
use crate::membership::{Membership, fatal};
use crate::metrics::Metrics;
use crate::patience::Patience;
use crate::rulebook::RuleBook;
use crate::sending::send_together;

const IDLE: Duration = Duration::from_millis(100);
/// Wait before findings are sent again.
const AGAIN: Duration = Duration::from_secs(1);
const RECORDS_A_TURN: usize = 1000;
const TIMEOUT: Duration = Duration::from_secs(30);
/// How often windows that nothing falls into any more are dropped.
const SWEEP: Duration = Duration::from_secs(60);

struct Partition {
    /// Records before this offset were reported before: they only fill the windows.
    live_from: i64,
    /// The next record.
    next: i64,
    /// When its latest record arrived, milliseconds.
    clock: i64,
}

/// What a correlator is made of.
pub(crate) struct Parts {
    pub(crate) kafka: Kafka,
    pub(crate) settings: Settings,
    pub(crate) rules: RuleBook,
    pub(crate) producer: Producer,
    pub(crate) metrics: Metrics,
    /// Most bytes of what is known of groups.
    pub(crate) memory: usize,
    /// Opens once the group has given this process its share.
    pub(crate) joined: Gate,
}

/// See [`super`].
pub(crate) struct Correlator {
    parts: Parts,
    topic: String,
    consumer: Arc<BaseConsumer<Membership>>,
    partitions: HashMap<i32, Partition>,
    groups: Groups,
    /// How long it waits for rules.
    patience: Patience,
    swept: Instant,
    pulse: Pulse,
}

struct Found {
    tenant: String,
    id: String,
    value: Vec<u8>,
}

impl Correlator {
    /// Joins the group.
    pub(crate) fn join(parts: Parts) -> Result<Self> {
        let topic = parts.kafka.topic(topics::CROSS);
        let membership = Membership::new(parts.joined.clone());
        let group = format!("{}-across-users", parts.kafka.group());
        let consumer: BaseConsumer<Membership> = runtime::kafka::member_config(&parts.kafka, &group, "correlate")
            .create_with_context(membership)
            .context("a consumer for enrich.cross")?;
        consumer.subscribe(&[&topic])?;
        let (groups, swept, pulse) = (Groups::new(parts.memory), Instant::now(), Pulse::default());
        let partitions = HashMap::new();
        let patience = Patience::default();
        Ok(Self { parts, topic, consumer: Arc::new(consumer), partitions, groups, patience, swept, pulse })
    }

    /// Beats while it works.
    pub(crate) fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// Works until asked to stop.
    ///
    /// # Errors
    /// When the client brings nothing any more.
    pub(crate) fn run(mut self, stop: &CancellationToken, tasks: &Handle) -> Result<()> {
        let mut found = Vec::new();
        while !stop.is_cancelled() {
            self.pulse.beat();
            let taken = self.take_records(&mut found)?;
            // Reported before it is committed: after a crash reported twice, stored once.
            while !found.is_empty() && !stop.is_cancelled() {
                match tasks.block_on(self.report(&found)) {
                    Ok(()) => found.clear(),
                    Err(error) => {
                        tracing::warn!(error = format!("{error:#}"), "findings across users; retrying");
                        std::thread::sleep(AGAIN);
                    }
                }
            }
            if taken && found.is_empty() {
                self.commit();
            }
            self.sweep();
        }
        Ok(())
    }

    fn take_records(&mut self, found: &mut Vec<Found>) -> Result<bool> {
        let consumer = Arc::clone(&self.consumer);
        let mut records: Vec<BorrowedMessage<'_>> = Vec::new();
        for turn in 0..RECORDS_A_TURN {
            match consumer.poll(if turn == 0 { IDLE } else { Duration::ZERO }) {
                Some(Ok(record)) => {
                    for number in consumer.context().take_revoked() {
                        self.partitions.remove(&number);
                        self.groups.revoke(number);
                        records.retain(|before| before.partition() != number);
                    }
                    records.push(record);
                }
                Some(Err(error)) => {
                    tracing::warn!(%error, "reading enrich.cross");
                    fatal(&consumer)?;
                }
                None => break,
            }
        }
        if records.is_empty() {
            return Ok(false);
        }
        // What was changed before one of these was written holds for it.
        self.parts.settings.catch_up();
        let mut begun = HashSet::new();
        for record in &records {
            // After the first record of a partition it is gone back from there: what follows it here comes again.
            if !begun.contains(&record.partition()) && self.take(record, found) {
                begun.insert(record.partition());
            }
        }
        Ok(true)
    }

    /// Takes a record in. Whether its partition was gone back in.
    fn take(&mut self, record: &BorrowedMessage<'_>, found: &mut Vec<Found>) -> bool {
        let (number, offset) = (record.partition(), record.offset());
        if !self.partitions.contains_key(&number) {
            // The first record after the partition was assigned stands at the committed offset.
            match self.go_back(number, offset, received_at(record)) {
                Ok(next) => {
                    let partition = Partition { live_from: offset, next, clock: 0 };
                    self.partitions.insert(number, partition);
                }
                Err(error) => {
                    tracing::warn!(partition = number, error = format!("{error:#}"), "can't read what came before");
                    // Comes again: from here, once the past can be read.
                    let _ = self.consumer.seek(&self.topic, number, Offset::Offset(offset), TIMEOUT);
                }
            }
            return true;
        }
        let Some(partition) = self.partitions.get_mut(&number) else { return false };
        if offset < partition.next {
            return false;
        }
        partition.next = offset + 1;
        partition.clock = partition.clock.max(received_at(record));
        let (live, clock) = (offset >= partition.live_from, partition.clock);
        match CorrelationInput::read(record.payload(), received_at(record)) {
            Ok(counted) => {
                let fired = self.count((number, record.key().unwrap_or_default()), &counted, clock);
                if live {
                    found.extend(fired);
                }
            }
            Err(why) => {
                let place = RecordPlace { topic: topics::CROSS, partition: number, offset };
                self.parts.metrics.unreadable().report(place, &why);
            }
        }
        false
    }

    /// Counts an event in its group, and says what that fires.
    fn count(&mut self, key: (i32, &[u8]), counted: &CorrelationInput, arrived: i64) -> Vec<Found> {
        let settings = self.parts.settings.snapshot();
        let (rules, _) = self.parts.rules.current(&settings, &counted.tenant, &mut self.patience);
        // A rule that was switched off meanwhile, or a version with another shape, is not there.
        let Some((correlation, rule)) = rules.correlations().iter().find_map(|correlation| {
            let rule = rules.rules().get(usize::from(correlation.rule))?;
            (*rule.name == counted.rule).then_some((correlation, rule))
        }) else {
            return Vec::new();
        };
        let lang = settings.tenant(&counted.tenant).and_then(|tenant| tenant.languages.first().copied());
        let (title, limit) = (rule.title_in(lang.unwrap_or_default()), rules.limit(correlation.rule));
        let reporter = Reporter { counted, rule, title, limit };
        let (found, dropped) = self.groups.with(key, counted, (correlation, arrived), |group| {
            let fires = group.push(counted, correlation);
            fires.iter().filter_map(|fire| reporter.report(fire, group)).collect()
        });
        self.parts.metrics.windows_dropped(dropped);
        found
    }

    /// Goes back by the horizon from a record received at `at`, and says to which offset.
    fn go_back(&self, number: i32, offset: i64, at: i64) -> Result<i64> {
        let mut times = TopicPartitionList::new();
        times.add_partition_offset(&self.topic, number, Offset::Offset((at - HORIZON_MS).max(0)))?;
        let times = self.consumer.offsets_for_times(times, TIMEOUT).context("offsets by time")?;
        let elements = times.elements();
        let found = elements.first().context("no answer about offsets by time")?;
        found.error().context("offsets by time")?;
        let from = match found.offset() {
            Offset::Offset(earlier) => earlier.min(offset),
            // Times need not ascend: after a step of the clock none may be as late as the record's is taken for.
            _ => offset,
        };
        self.consumer.seek(&self.topic, number, Offset::Offset(from), TIMEOUT)?;
        Ok(from)
    }

    async fn report(&self, found: &[Found]) -> Result<()> {
        let topic = self.parts.kafka.topic(topics::EVENTS_RAW);
        let all: Vec<&Found> = found.iter().collect();
        let sent = send_together(&all, |found| {
            let topic = &topic;
            async move {
                let headers = OwnedHeaders::new()
                    .insert(Header { key: headers::TENANT, value: Some(&found.tenant) })
                    .insert(Header { key: headers::KEY_ID, value: Some(OWN_KEY_ID) })
                    .insert(Header { key: headers::FOUND_BY, value: Some("correlation") });
                // By the finding: however often it is reported, it comes to one partition, which knows its id.
                let key = topics::event_key(&found.tenant, &found.id);
                let record = FutureRecord::to(topic).key(&key).payload(&found.value).headers(headers);
                placed(self.parts.producer.send(record, ROOM).await).map(drop)
            }
        });
        let sent = sent.await.context("writing to events.raw")?;
        for (found, reason) in sent.rejected {
            let (tenant, id) = (&found.tenant, &found.id);
            tracing::error!(tenant, id, reason, "a finding across users can't be written, and is left out");
            self.parts.metrics.rejected(topics::EVENTS_RAW);
        }
        sent.error.map_or(Ok(()), Err).context("writing to events.raw")
    }

    fn commit(&self) {
        let mut list = TopicPartitionList::new();
        for (&number, partition) in &self.partitions {
            if partition.next > partition.live_from
                && let Err(error) = list.add_partition_offset(&self.topic, number, Offset::Offset(partition.next))
            {
                tracing::warn!(partition = number, %error, "can't commit");
            }
        }
        if list.count() > 0
            && let Err(error) = self.consumer.commit(&list, CommitMode::Async)
        {
            tracing::warn!(%error, "can't commit; findings across users may be reported again");
        }
    }

    fn sweep(&mut self) {
        if self.swept.elapsed() < SWEEP {
            return;
        }
        self.swept = Instant::now();
        for (number, partition) in &self.partitions {
            self.groups.expire(*number, partition.clock);
        }
        self.parts.metrics.correlation_bytes(self.groups.bytes());
    }
}

/// What a group's finding is about, and how it is reported.
struct Reporter<'a> {
    counted: &'a CorrelationInput,
    rule: &'a Rule,
    title: &'a str,
    limit: Option<f64>,
}

impl Reporter<'_> {
    /// Returns one event for each end of a window that fires, and one more whenever a window turns out to hold more than was reported
    /// of the violation: that one counts for nothing but what was seen. The log's order is fixed, so a replay reports the same under
    /// the same ids.
    fn report(&self, fire: &Fire, from: &mut Group) -> Option<Found> {
        let Self { counted, rule, title, limit } = *self;
        let group = serde_json::to_string(&counted.group).ok()?;
        let (violation_id, window_at) = violation_of(&counted.tenant, rule, &group, fire.at);
        let is_new = from.fires_anew(fire.at);
        if !from.sees_more(window_at, fire.seen) && !is_new {
            return None;
        }
        let id = match is_new {
            true => format!("{violation_id}-{}", fire.at),
            false => format!("{violation_id}-{}-{}", fire.at, fire.seen),
        };
        let matched = CorrelationMatch {
            rule: rule.name.to_string(),
            title: title.to_owned(),
            version: rule.version,
            level: rule.level as u8,
            action: rule.action,
            seen: Some(fire.seen),
            limit,
            violation_id,
            window_at,
            group: counted.group.clone(),
            events: from.events().cloned().collect(),
        };
        let context: BTreeMap<&str, &str> =
            counted.group.get("context.ip").map(|ip| ("ip", ip.as_str())).into_iter().collect();
        let event = json!({
            "id": id,
            "type": MATCHED,
            "occurred_at": DateTime::from_timestamp_millis(fire.at)?.to_rfc3339(),
            "actor": {"kind": "system"},
            "object": {"type": "rule", "id": &*rule.name, "name": title},
            "context": context,
            "records": u8::from(is_new),
            "payload": matched,
        });
        Some(Found { tenant: counted.tenant.clone(), id, value: serde_json::to_vec(&event).ok()? })
    }
}
