//! A batch under way: records of one partition, each ending as a row, as a retry of an event stored already, or as a
//! dead letter.

use std::borrow::Cow;
use std::time::Instant;

use anyhow::Result;
use rdkafka::message::Message;
use schemas::decode::{ATTRIBUTE_PREFIX, Attributes, MAX_NAME_BYTES, Scratch, decode};
use schemas::event::{Millis, Text};
use schemas::settings::validate_tenant_id;
use schemas::topics::{self, headers};
use schemas::{identity, ids};

use crate::cross::OWN_KEY_ID;
use crate::dead_letter::DeadLetter;
use crate::outgoing::Outgoing;
use crate::partition::dedup_window::Arrival;
use crate::partition::ledger::Decision;
use crate::partition::memory::Memory;
use crate::policy::{Arrived, Policies};
use crate::record_headers;
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
    pub findings: Vec<Outgoing>,
    /// What goes to the changelog of the state once the findings are sent.
    pub states: Vec<Outgoing>,
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
            findings: Vec::new(),
            states: Vec::new(),
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
                let letter = DeadLetter::new(record, reason, detail);
                self.bytes += letter.size();
                self.dead.push(letter);
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
        self.states.extend(memory.state.seal()?.into_iter().map(|change| Outgoing {
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
        let meta = Meta::of(record)?;
        let tenant = meta.tenant.ok_or(("missing_tenant", "the record has no header `tenant`".to_owned()))?;
        if let Some(name) = meta.damaged {
            return Err(("invalid_utf8", format!("the header `{name}` is not UTF-8")).into());
        }
        let scratch = Scratch::default();
        let mut event = decode(payload, &meta.attributes, &scratch).map_err(|rejection| {
            let at = if rejection.pointer.is_empty() { String::new() } else { format!("{}: ", rejection.pointer) };
            (rejection.code, format!("{at}{}", rejection.detail))
        })?;
        let offset = record.offset() as u64;
        let arrived = Arrived { offset, received_at, through_ingest: meta.key_id.is_some() };
        let facts = self.policies.of(tenant, arrived, &mut stages.patience);
        let facts = facts.ok_or_else(|| ("unknown_tenant", format!("no tenant `{tenant}` in the settings")))?;
        if event.tenant.as_deref().is_some_and(|claimed| claimed != tenant) {
            return Err(("tenant_mismatch", format!("the event names another tenant than `{tenant}`")).into());
        }
        // An event without an id, sent straight to Kafka, is identified by its place: the same place is the same event.
        let place;
        let (id, is_identified_by_place) = match event.id.take() {
            Some(id) if !id.is_empty() => (id, false),
            _ => {
                place = ids::of_place(record.partition(), record.offset());
                (Text::from(place.as_str()), true)
            }
        };
        let key_id = meta.key_id.unwrap_or_default();
        let source = event.source.as_deref().unwrap_or_default();
        let identity = identity::identity(tenant, key_id, source, &id);
        let received = Received {
            tenant,
            key_id,
            received_at,
            partition: record.partition() as u16,
            offset,
            found_by: meta.found_by && key_id == OWN_KEY_ID,
            content: content_of(key_id, payload, &meta.attributes),
            identity: identity as u64,
        };
        // What came through ingest was acknowledged under the settings of that moment, and stays accepted.
        if meta.key_id.is_none() && !facts.policy.logging && !is_object_history(&event, facts) {
            return Err(("logging_off", format!("logging is switched off for tenant `{tenant}`")).into());
        }
        if !is_identified_by_place {
            match memory.seen.insert(identity, received.content, received.offset, received_at) {
                Arrival::New => {}
                Arrival::Repeated => {
                    self.duplicates += 1;
                    return Ok(());
                }
                Arrival::Conflict => {
                    let detail = "another event of the same sender and source has this id";
                    return Err(("conflict", detail.to_owned()).into());
                }
            }
        }
        let mut target = Target { state: &mut memory.state, rows: &mut self.rows, outgoing: &mut self.findings };
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

/// Returns a digest of what an event holds, to distinguish a retry from another event. The program's own events are
/// identified by their ids alone: nobody else has their space of ids, and who records a thing again records the time of doing so.
fn content_of(key_id: &str, payload: &[u8], attributes: &Attributes<'_>) -> u64 {
    if key_id == OWN_KEY_ID { 0 } else { identity::content(payload, attributes) }
}

/// Object change history is kept even while logging is off.
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

/// The headers of a record that matter. Their names are read in any case, as those of HTTP are: what is written by a
/// proxy or a library should not depend on its taste.
#[derive(Default)]
struct Meta<'a> {
    tenant: Option<&'a str>,
    key_id: Option<&'a str>,
    found_by: bool,
    attributes: Attributes<'a>,
    /// A CloudEvents attribute that is no text.
    damaged: Option<&'a str>,
}

impl<'a> Meta<'a> {
    /// Reads them; whoever writes straight to Kafka may write anything, so what is kept is checked first.
    fn of(record: &'a impl Message) -> Result<Self, (&'static str, String)> {
        let mut meta = Self::default();
        for header in record_headers::of(record) {
            let Some(header) = header else {
                return Err(("invalid_header", "the name of a header is not UTF-8".to_owned()));
            };
            let name = lower(header.key);
            let attribute = attribute(&name);
            let text = header.value.and_then(|value| std::str::from_utf8(value).ok());
            match &*name {
                headers::TENANT => {
                    meta.tenant = Some(tenant_of(meta.tenant, text)?);
                    continue;
                }
                headers::KEY_ID if header.value.is_some_and(|value| value.len() > MAX_NAME_BYTES) => {
                    return Err(("invalid_header", format!("`key-id` has more than {MAX_NAME_BYTES} bytes")));
                }
                _ => {}
            }
            let Some(value) = text else {
                if attribute.is_some() && header.value.is_some() {
                    meta.damaged = Some(header.key);
                }
                continue;
            };
            let attributes = &mut meta.attributes;
            match &*name {
                headers::KEY_ID => meta.key_id = Some(value),
                headers::FOUND_BY => meta.found_by = true,
                headers::ID => attributes.id = Some(value),
                headers::IP => attributes.ip = Some(value),
                headers::WRITTEN_AT => attributes.written_at = millis(value),
                headers::CONTENT_TYPE => attributes.content_type = Some(value),
                _ if attribute.is_some() => {
                    let name = match name {
                        Cow::Borrowed(name) => Cow::Borrowed(&name[ATTRIBUTE_PREFIX.len()..]),
                        Cow::Owned(name) => Cow::Owned(name[ATTRIBUTE_PREFIX.len()..].to_owned()),
                    };
                    attributes.cloud_event.push((name, value));
                }
                _ => {}
            }
        }
        // An attribute on its own, such as a trace context that a library adds, makes no CloudEvent.
        let means_one = |(name, _): &(Cow<'_, str>, &str)| ["specversion", "id", "source", "type"].contains(&&**name);
        if !meta.attributes.cloud_event.iter().any(means_one) {
            meta.attributes.cloud_event.clear();
        }
        Ok(meta)
    }
}

/// What a header `tenant` names, after another one or none; two that differ name nobody.
fn tenant_of<'a>(before: Option<&'a str>, named: Option<&'a str>) -> Result<&'a str, (&'static str, String)> {
    let shown = |text: &str| text[..text.floor_char_boundary(64)].escape_debug().to_string();
    let refused = |detail: String| Err(("invalid_tenant", detail));
    match (before, named) {
        (_, None) => refused("the header `tenant` is not UTF-8".to_owned()),
        (_, Some(named)) if validate_tenant_id(named).is_err() => {
            refused(format!("the header `tenant` names no tenant: `{}`", shown(named)))
        }
        (Some(before), Some(named)) if before != named => {
            refused(format!("two headers `tenant` name two tenants: `{}` and `{}`", shown(before), shown(named)))
        }
        (_, Some(named)) => Ok(named),
    }
}

fn millis(decimal: &str) -> Option<Millis> {
    decimal.parse().ok().map(Millis).filter(|at| (Millis(0)..=Millis::MAX).contains(at))
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// The name of the CloudEvents attribute that a header holds: after `ce_`, or `ce-` as in HTTP.
fn attribute(name: &str) -> Option<&str> {
    name.strip_prefix(ATTRIBUTE_PREFIX).or_else(|| name.strip_prefix("ce-")).filter(|name| !name.is_empty())
}
