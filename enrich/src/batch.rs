//! A batch under way: records of one partition, each ending as a row, as a retry of an event stored already, or as a
//! dead letter.

use std::time::Instant;

use anyhow::Result;
use rdkafka::message::Message;
use schemas::decode::{Attributes, decode};
use schemas::topics::{self, headers};

use crate::cross::OWN_KEY_ID;
use crate::dead_letter::DeadLetter;
use crate::ledger::Decision;
use crate::memory::Memory;
use crate::outgoing::Outgoing;
use crate::policy::Policies;
use crate::rows::Rows;
use crate::stages::{Received, Stages, Target};

/// The offsets `start..next` of a partition.
pub struct Batch {
    /// First offset.
    pub start: u64,
    /// Offset after the last.
    pub next: u64,
    /// Events to store.
    pub rows: Rows,
    /// Records that can't be stored.
    pub dead: Vec<DeadLetter>,
    /// Records whose event is stored already.
    pub duplicates: u64,
    /// Bytes of the records so far.
    pub bytes: usize,
    /// When the first record arrived here; for the time-based flush.
    pub opened: Option<Instant>,
    /// When the first record was received, milliseconds.
    pub oldest: i64,
    /// When the newest record was received, milliseconds.
    pub newest: i64,
    /// What it takes from outside.
    pub policies: Policies,
    /// What goes to topics once the rows are stored.
    pub outgoing: Vec<Outgoing>,
}

impl Batch {
    /// An empty batch that goes on at offset `start`.
    #[must_use]
    pub fn new(start: u64, policies: Policies) -> Self {
        Self {
            start,
            next: start,
            rows: Rows::default(),
            dead: Vec::new(),
            duplicates: 0,
            bytes: 0,
            opened: None,
            oldest: 0,
            newest: 0,
            policies,
            outgoing: Vec::new(),
        }
    }

    /// Whether no record is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.opened.is_none()
    }

    /// Takes a record through all stages.
    ///
    /// # Errors
    /// When the partition's memory fails: the batch has to be begun again with a memory restored anew.
    pub fn push(&mut self, record: &impl Message, stages: &mut Stages, memory: &mut Memory) -> Result<()> {
        let payload = record.payload().unwrap_or_default();
        let received_at = received_at(record);
        if self.opened.is_none() {
            self.opened = Some(Instant::now());
            self.oldest = received_at;
        }
        self.newest = self.newest.max(received_at);
        self.next = record.offset() as u64 + 1;
        self.bytes += payload.len();
        match self.enrich(record, payload, received_at, stages, memory) {
            Ok(()) => Ok(()),
            Err(Unfit::Record(reason, detail)) => {
                self.bytes += payload.len();
                self.dead.push(DeadLetter::new(record, reason, detail));
                Ok(())
            }
            Err(Unfit::Memory(error)) => Err(error),
        }
    }

    /// Ends the batch: what it made known of users goes to the changelog of `partition`.
    ///
    /// # Errors
    /// As for [`Self::push`].
    pub fn seal(&mut self, partition: i32, memory: &mut Memory) -> Result<()> {
        self.outgoing.extend(memory.state.seal()?.into_iter().map(|change| Outgoing {
            topic: topics::STATE,
            partition: Some(partition),
            key: change.key,
            value: change.value,
        }));
        Ok(())
    }

    fn enrich(
        &mut self,
        record: &impl Message,
        payload: &[u8],
        received_at: i64,
        stages: &mut Stages,
        memory: &mut Memory,
    ) -> Result<(), Unfit> {
        let meta = Meta::of(record);
        let tenant = meta.tenant.ok_or(("missing_tenant", "the record has no header `tenant`".to_owned()))?;
        let mut event = decode(payload, &meta.attributes)
            .map_err(|rejection| (rejection.code, format!("{}: {}", rejection.pointer, rejection.detail)))?;
        let facts = self.policies.of(tenant, received_at);
        if !facts.policy.known {
            return Err(("unknown_tenant", format!("no tenant `{tenant}` in the settings")).into());
        }
        if event.tenant.as_deref().is_some_and(|claimed| claimed != tenant) {
            return Err(("tenant_mismatch", format!("the event names another tenant than `{tenant}`")).into());
        }
        let received = Received {
            tenant,
            key_id: meta.key_id.unwrap_or_default(),
            received_at,
            partition: record.partition() as u16,
            offset: record.offset() as u64,
            found_by: meta.found_by && meta.key_id == Some(OWN_KEY_ID),
        };
        // An event without an id, sent straight to Kafka, is told by its place: the same place is the same event.
        let place;
        let id = match event.id.take() {
            Some(id) if !id.is_empty() => id,
            _ => {
                place = format!("{}-{}-{}", record.topic(), record.partition(), record.offset());
                schemas::event::Text::from(place.as_str())
            }
        };
        // What came through ingest was acknowledged under the settings of that moment, and stays accepted.
        if meta.key_id.is_none() && !facts.policy.logging && !is_object_history(&event, facts) {
            return Err(("logging_off", format!("logging is switched off for tenant `{tenant}`")).into());
        }
        if !memory.seen.insert(tenant, &id, received.offset, received_at) {
            self.duplicates += 1;
            return Ok(());
        }
        let mut target = Target { state: &mut memory.state, rows: &mut self.rows, outgoing: &mut self.outgoing };
        stages.run(&event, &id, &received, facts, &mut target).map_err(Unfit::Memory)
    }

    /// What the ledger records of this batch.
    #[must_use]
    pub fn decision(&self) -> Decision {
        Decision {
            start: self.start,
            end: self.next,
            rows: self.rows.len() as u64,
            duplicates: self.duplicates,
            dead: self.dead.len() as u64,
            tenants: self.policies.decided(),
        }
    }
}

/// Why a record does not become a row.
enum Unfit {
    /// A word and a sentence for the dead letter.
    Record(&'static str, String),
    /// Nothing is wrong with the record.
    Memory(anyhow::Error),
}

impl From<(&'static str, String)> for Unfit {
    fn from((reason, detail): (&'static str, String)) -> Self {
        Self::Record(reason, detail)
    }
}

/// Object change history is kept even while logging is off (L16).
fn is_object_history(event: &schemas::event::Event<'_>, facts: &mut crate::policy::Facts) -> bool {
    let has_object = event.object.as_ref().is_some_and(|object| object.id.as_deref().is_some_and(|id| !id.is_empty()));
    has_object && facts.classify(event).class != schemas::event::Class::Other
}

/// When the record was received, milliseconds. A producer's own timestamp can be anything; far-off ones are brought
/// into 2020 … 2199, so that they can't open partitions without end.
#[must_use]
pub fn received_at(record: &impl Message) -> i64 {
    const YEAR_2020: i64 = 1_577_836_800_000;
    record.timestamp().to_millis().unwrap_or_default().clamp(YEAR_2020, schemas::event::Millis::MAX.0)
}

/// The headers of a record that matter.
#[derive(Default)]
struct Meta<'a> {
    tenant: Option<&'a str>,
    key_id: Option<&'a str>,
    found_by: bool,
    attributes: Attributes<'a>,
}

impl<'a> Meta<'a> {
    fn of(record: &'a impl Message) -> Self {
        let mut meta = Self::default();
        for header in record.headers().into_iter().flat_map(rdkafka::message::Headers::iter) {
            let Some(value) = header.value.and_then(|value| std::str::from_utf8(value).ok()) else { continue };
            let attributes = &mut meta.attributes;
            match header.key {
                headers::TENANT => meta.tenant = Some(value),
                headers::KEY_ID => meta.key_id = Some(value),
                headers::FOUND_BY => meta.found_by = true,
                headers::ID => attributes.id = Some(value),
                headers::IP => attributes.ip = Some(value),
                headers::CONTENT_TYPE => attributes.content_type = Some(value),
                headers::CE_ID => attributes.ce_id = Some(value),
                headers::CE_TYPE => attributes.ce_type = Some(value),
                headers::CE_TIME => attributes.ce_time = Some(value),
                _ => {}
            }
        }
        meta
    }
}
