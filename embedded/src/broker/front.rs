//! What stands before the embedded broker's storage: what consumers ask for most is kept in memory, and those who write wait in
//! line.
//!
//! What was written last is given as it was sent, without a look at the database: see `tail`.
//!
//! Nisshi lets a fetch that finds nothing wait by looking again, half of the time that is left later, some eighty times a
//! second for each consumer; each look is three statements of SQLite. Nobody else writes the database, so where a
//! partition ends is known, and a look costs nothing until something is produced.
//!
//! SQLite has one writer at a time, and no line: who finds it taken blocks its thread, and tries again after up to 100 ms. Those who
//! come often pass those who wait, and when all threads of the broker wait so, nobody is read for either. Here they wait in
//! their order, without a thread. Retention is not in the line: while it deletes, the first of the line waits for SQLite.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use nisshi_sans_io::create_topics_request::CreatableTopic;
use nisshi_sans_io::delete_groups_response::DeletableGroupResult;
use nisshi_sans_io::delete_records_request::DeleteRecordsTopic;
use nisshi_sans_io::delete_records_response::DeleteRecordsTopicResult;
use nisshi_sans_io::describe_cluster_response::DescribeClusterBroker;
use nisshi_sans_io::describe_configs_response::DescribeConfigsResult;
use nisshi_sans_io::describe_topic_partitions_response::DescribeTopicPartitionsResponseTopic;
use nisshi_sans_io::fetch_response::AbortedTransaction;
use nisshi_sans_io::incremental_alter_configs_request::AlterConfigsResource;
use nisshi_sans_io::incremental_alter_configs_response::AlterConfigsResourceResponse;
use nisshi_sans_io::record::deflated;
use nisshi_sans_io::txn_offset_commit_response::TxnOffsetCommitResponseTopic;
use nisshi_sans_io::{
    BatchAttribute, Compression, ConfigResource, ErrorCode, IsolationLevel, ListOffset, ScramMechanism,
};
use nisshi_storage::{
    ArcDynStorage, BrokerRegistrationRequest, Error, GroupDetail, ListOffsetResponse, MetadataResponse,
    NamedGroupDetail, OffsetCommitRequest, OffsetStage, ProducerIdResponse, Result, ScramCredential, Storage, TopicId,
    Topition, TxnAddPartitionsRequest, TxnAddPartitionsResponse, TxnOffsetCommitRequest, UpdateError, Version, inflate,
    message_timestamp_type,
};
use url::Url;
use uuid::Uuid;

use super::tail::Tails;

/// Most bytes that the records of a batch have together before they are compressed. Whoever reads has them in memory, librdkafka takes no
/// more than some 64 MiB of zstd, and a batch that nobody can read would stand before all that comes after it.
const MOST_INFLATED: usize = 16 << 20;
/// Most bytes of one record, compressed or not.
const MOST_RECORD: usize = 1 << 20;
/// How long something is believed that no change has made doubtful: whatever changed unnoticed holds up nobody for long.
const BELIEVED: Duration = Duration::from_secs(1);

/// The storage, what is remembered of it, and the line of its writers.
#[derive(Debug)]
pub(super) struct Front {
    inner: ArcDynStorage,
    remembered: Remembered,
    writers: tokio::sync::Mutex<()>,
}

impl Front {
    pub(super) fn new(inner: ArcDynStorage) -> Self {
        Self { inner, remembered: Remembered::default(), writers: tokio::sync::Mutex::default() }
    }

    /// The turn to write, in the order in which it was asked for; it ends when this is dropped.
    async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.writers.lock().await
    }
}

#[derive(Debug, Default)]
struct Remembered(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// How many changes there were: what was read before one is not kept after it.
    changes: u64,
    ends: HashMap<Topition, (Instant, OffsetStage)>,
    topics: HashMap<TopicId, (Instant, MetadataResponse)>,
    /// By the topic's name, of [`message_timestamp_type`] alone.
    timestamp_types: HashMap<String, (Instant, DescribeConfigsResult)>,
    tails: Tails,
}

/// The number of changes when something was not known, and is about to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Looked(u64);

/// A change while it is made: of a partition's end, or of anything. When it is over, even by being given up, what it may have
/// changed is not known any more, but for what it was itself.
struct Change<'a> {
    remembered: &'a Remembered,
    of: Option<&'a Topition>,
    /// Where the partition ended before, if that was known.
    before: Option<OffsetStage>,
    /// What was written.
    wrote: Option<deflated::Batch>,
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        let mut known = self.remembered.lock();
        known.changes += 1;
        let Some(topition) = self.of else {
            known.ends.clear();
            known.topics.clear();
            known.timestamp_types.clear();
            known.tails.clear();
            return;
        };
        known.ends.remove(topition);
        let Some(batch) = self.wrote.take() else { return };
        let (start, end) = (batch.base_offset, batch.max_offset() + 1);
        known.tails.keep(topition, batch);
        if let Some(OffsetStage { high_watermark, last_stable, log_start }) = self.before
            && high_watermark == start
            && last_stable == start
        {
            let stage = OffsetStage { high_watermark: end, last_stable: end, log_start };
            known.ends.insert(topition.clone(), (Instant::now(), stage));
        }
    }
}

impl Remembered {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn anything_changes(&self) -> Change<'_> {
        Change { remembered: self, of: None, before: None, wrote: None }
    }

    fn end_changes<'a>(&'a self, topition: &'a Topition) -> Change<'a> {
        Change { remembered: self, of: Some(topition), before: self.end(topition).ok(), wrote: None }
    }

    /// The records from an offset on, if all of them up to the end are in memory. Not while a transaction is open: then some of them are
    /// not for everybody.
    fn tail(
        &self,
        topition: &Topition,
        stage: OffsetStage,
        offset: i64,
        max_bytes: u32,
    ) -> Option<Vec<deflated::Batch>> {
        let end = stage.high_watermark();
        if stage.last_stable() == end { self.lock().tails.read(topition, offset, end, max_bytes) } else { None }
    }

    fn end(&self, topition: &Topition) -> Result<OffsetStage, Looked> {
        let known = self.lock();
        believed(&known.ends, topition).ok_or(Looked(known.changes))
    }

    fn keep_end(&self, looked: Looked, topition: &Topition, stage: OffsetStage) {
        let mut known = self.lock();
        if Looked(known.changes) == looked {
            known.ends.insert(topition.clone(), (Instant::now(), stage));
        }
    }

    fn topic(&self, topic: &TopicId) -> Result<MetadataResponse, Looked> {
        let known = self.lock();
        believed(&known.topics, topic).ok_or(Looked(known.changes))
    }

    fn timestamp_type(&self, topic: &str) -> Result<DescribeConfigsResult, Looked> {
        let known = self.lock();
        believed(&known.timestamp_types, topic).ok_or(Looked(known.changes))
    }

    fn keep_timestamp_type(&self, looked: Looked, topic: &str, answer: &DescribeConfigsResult) {
        let mut known = self.lock();
        if answer.error_code == i16::from(ErrorCode::None) && Looked(known.changes) == looked {
            known.timestamp_types.insert(topic.to_owned(), (Instant::now(), answer.clone()));
        }
    }

    /// Topics that aren't there are not remembered: anybody can ask for any number of them.
    fn keep_topic(&self, looked: Looked, topic: &TopicId, answer: &MetadataResponse) {
        let there = answer.topics().iter().all(|topic| topic.error_code == i16::from(ErrorCode::None));
        let mut known = self.lock();
        if there && Looked(known.changes) == looked {
            known.topics.insert(topic.clone(), (Instant::now(), answer.clone()));
        }
    }
}

fn believed<Q, K, V>(known: &HashMap<K, (Instant, V)>, key: &Q) -> Option<V>
where
    Q: Eq + Hash + ?Sized,
    K: Eq + Hash + Borrow<Q>,
    V: Clone,
{
    known.get(key).filter(|(since, _)| since.elapsed() < BELIEVED).map(|(_, value)| value.clone())
}

/// Refuses what is small only as long as it is compressed.
async fn check_inflated(batch: &deflated::Batch) -> Result<()> {
    if BatchAttribute::try_from(batch.attributes)?.compression == Compression::None {
        return Ok(());
    }
    let inflated = inflate(batch.clone()).await?;
    let sizes = inflated.records.iter().map(|record| usize::try_from(record.length).unwrap_or_default());
    let (largest, together) = sizes.fold((0, 0), |(largest, all), size| (size.max(largest), size + all));
    if largest > MOST_RECORD || together > MOST_INFLATED {
        return Err(Error::Api(ErrorCode::MessageTooLarge));
    }
    Ok(())
}

/// The first offset that such a reader can't have yet.
fn end_of(stage: OffsetStage, isolation: IsolationLevel) -> i64 {
    match isolation {
        IsolationLevel::ReadCommitted => stage.last_stable(),
        IsolationLevel::ReadUncommitted => stage.high_watermark(),
    }
}

#[async_trait]
impl Storage for Front {
    async fn register_broker(&self, broker_registration: BrokerRegistrationRequest) -> Result<()> {
        let _turn = self.turn().await;
        let _change = self.remembered.anything_changes();
        self.inner.register_broker(broker_registration).await
    }

    async fn create_topic(&self, topic: CreatableTopic, validate_only: bool) -> Result<Uuid> {
        let _turn = self.turn().await;
        let _change = self.remembered.anything_changes();
        self.inner.create_topic(topic, validate_only).await
    }

    async fn incremental_alter_resource(&self, resource: AlterConfigsResource) -> Result<AlterConfigsResourceResponse> {
        let _turn = self.turn().await;
        let _change = self.remembered.anything_changes();
        self.inner.incremental_alter_resource(resource).await
    }

    async fn delete_records(&self, topics: &[DeleteRecordsTopic]) -> Result<Vec<DeleteRecordsTopicResult>> {
        let _turn = self.turn().await;
        let _change = self.remembered.anything_changes();
        self.inner.delete_records(topics).await
    }

    async fn delete_topic(&self, topic: &TopicId) -> Result<ErrorCode> {
        let _turn = self.turn().await;
        let _change = self.remembered.anything_changes();
        self.inner.delete_topic(topic).await
    }

    async fn brokers(&self) -> Result<Vec<DescribeClusterBroker>> {
        self.inner.brokers().await
    }

    async fn produce(&self, transaction_id: Option<&str>, topition: &Topition, batch: deflated::Batch) -> Result<i64> {
        check_inflated(&batch).await?;
        let _turn = self.turn().await;
        let mut change = self.remembered.end_changes(topition);
        let is_plain = transaction_id.is_none() && !batch.is_transactional() && !batch.is_control();
        let written = is_plain.then(|| batch.clone());
        let base_offset = self.inner.produce(transaction_id, topition, batch).await?;
        change.wrote = written.map(|batch| deflated::Batch { base_offset, ..batch });
        Ok(base_offset)
    }

    async fn fetch(
        &self,
        topition: &'_ Topition,
        offset: i64,
        min_bytes: u32,
        max_bytes: u32,
        isolation: IsolationLevel,
        max_wait: Duration,
    ) -> Result<Vec<deflated::Batch>> {
        // Nothing is asked for by a consumer that has read everything; most ask again and again.
        if let Ok(stage) = self.remembered.end(topition) {
            if offset >= end_of(stage, isolation) {
                return Ok(Vec::new());
            }
            if let Some(batches) = self.remembered.tail(topition, stage, offset, max_bytes) {
                return Ok(batches);
            }
        }
        self.inner.fetch(topition, offset, min_bytes, max_bytes, isolation, max_wait).await
    }

    async fn offset_stage(&self, topition: &Topition) -> Result<OffsetStage> {
        let looked = match self.remembered.end(topition) {
            Ok(stage) => return Ok(stage),
            Err(looked) => looked,
        };
        let stage = self.inner.offset_stage(topition).await?;
        self.remembered.keep_end(looked, topition, stage);
        Ok(stage)
    }

    async fn list_offsets(
        &self,
        isolation_level: IsolationLevel,
        offsets: &[(Topition, ListOffset)],
    ) -> Result<Vec<(Topition, ListOffsetResponse)>> {
        self.inner.list_offsets(isolation_level, offsets).await
    }

    async fn offset_commit(
        &self,
        group_id: &str,
        retention_time_ms: Option<Duration>,
        offsets: &[(Topition, OffsetCommitRequest)],
    ) -> Result<Vec<(Topition, ErrorCode)>> {
        let _turn = self.turn().await;
        self.inner.offset_commit(group_id, retention_time_ms, offsets).await
    }

    async fn offset_fetch(
        &self,
        group_id: Option<&str>,
        topics: &[Topition],
        require_stable: Option<bool>,
    ) -> Result<BTreeMap<Topition, i64>> {
        self.inner.offset_fetch(group_id, topics, require_stable).await
    }

    async fn committed_offset_topitions(&self, group_id: &str) -> Result<BTreeMap<Topition, i64>> {
        self.inner.committed_offset_topitions(group_id).await
    }

    async fn metadata(&self, topics: Option<&[TopicId]>) -> Result<MetadataResponse> {
        let Some([topic]) = topics else { return self.inner.metadata(topics).await };
        let looked = match self.remembered.topic(topic) {
            Ok(known) => return Ok(known),
            Err(looked) => looked,
        };
        let known = self.inner.metadata(topics).await?;
        self.remembered.keep_topic(looked, topic, &known);
        Ok(known)
    }

    async fn upsert_user_scram_credential(
        &self,
        user: &str,
        mechanism: ScramMechanism,
        credential: ScramCredential,
    ) -> Result<()> {
        let _turn = self.turn().await;
        self.inner.upsert_user_scram_credential(user, mechanism, credential).await
    }

    async fn delete_user_scram_credential(&self, user: &str, mechanism: ScramMechanism) -> Result<()> {
        let _turn = self.turn().await;
        self.inner.delete_user_scram_credential(user, mechanism).await
    }

    async fn user_scram_credential(&self, user: &str, mechanism: ScramMechanism) -> Result<Option<ScramCredential>> {
        self.inner.user_scram_credential(user, mechanism).await
    }

    async fn describe_config(
        &self,
        name: &str,
        resource: ConfigResource,
        keys: Option<&[String]>,
    ) -> Result<DescribeConfigsResult> {
        let (ConfigResource::Topic, Some([key])) = (resource, keys) else {
            return self.inner.describe_config(name, resource, keys).await;
        };
        // What is asked for each time that something is produced.
        if key != message_timestamp_type::KEY {
            return self.inner.describe_config(name, resource, keys).await;
        }
        let looked = match self.remembered.timestamp_type(name) {
            Ok(known) => return Ok(known),
            Err(looked) => looked,
        };
        let known = self.inner.describe_config(name, resource, keys).await?;
        self.remembered.keep_timestamp_type(looked, name, &known);
        Ok(known)
    }

    async fn list_groups(&self) -> Result<Vec<NamedGroupDetail>> {
        self.inner.list_groups().await
    }

    async fn delete_groups(&self, group_ids: Option<&[String]>) -> Result<Vec<DeletableGroupResult>> {
        let _turn = self.turn().await;
        self.inner.delete_groups(group_ids).await
    }

    async fn describe_groups(
        &self,
        group_ids: Option<&[String]>,
        include_authorized_operations: bool,
    ) -> Result<Vec<NamedGroupDetail>> {
        self.inner.describe_groups(group_ids, include_authorized_operations).await
    }

    async fn describe_topic_partitions(
        &self,
        topics: Option<&[TopicId]>,
        partition_limit: i32,
        cursor: Option<Topition>,
    ) -> Result<Vec<DescribeTopicPartitionsResponseTopic>> {
        self.inner.describe_topic_partitions(topics, partition_limit, cursor).await
    }

    async fn group_with_version(&self, group_id: &str) -> Result<Option<(GroupDetail, Version)>> {
        self.inner.group_with_version(group_id).await
    }

    async fn update_group(
        &self,
        group_id: &str,
        detail: GroupDetail,
        version: Option<Version>,
    ) -> Result<Version, UpdateError<GroupDetail>> {
        let _turn = self.turn().await;
        self.inner.update_group(group_id, detail, version).await
    }

    async fn init_producer(
        &self,
        transaction_id: Option<&str>,
        transaction_timeout_ms: i32,
        producer_id: Option<i64>,
        producer_epoch: Option<i16>,
    ) -> Result<ProducerIdResponse> {
        let _turn = self.turn().await;
        self.inner.init_producer(transaction_id, transaction_timeout_ms, producer_id, producer_epoch).await
    }

    async fn txn_add_offsets(
        &self,
        transaction_id: &str,
        producer_id: i64,
        producer_epoch: i16,
        group_id: &str,
    ) -> Result<ErrorCode> {
        let _turn = self.turn().await;
        self.inner.txn_add_offsets(transaction_id, producer_id, producer_epoch, group_id).await
    }

    async fn txn_add_partitions(&self, partitions: TxnAddPartitionsRequest) -> Result<TxnAddPartitionsResponse> {
        let _turn = self.turn().await;
        self.inner.txn_add_partitions(partitions).await
    }

    async fn txn_offset_commit(&self, offsets: TxnOffsetCommitRequest) -> Result<Vec<TxnOffsetCommitResponseTopic>> {
        let _turn = self.turn().await;
        self.inner.txn_offset_commit(offsets).await
    }

    async fn txn_end(
        &self,
        transaction_id: &str,
        producer_id: i64,
        producer_epoch: i16,
        committed: bool,
    ) -> Result<ErrorCode> {
        let _turn = self.turn().await;
        let _change = self.remembered.anything_changes();
        self.inner.txn_end(transaction_id, producer_id, producer_epoch, committed).await
    }

    async fn maintain(&self, now: SystemTime) -> Result<()> {
        let _change = self.remembered.anything_changes();
        self.inner.maintain(now).await
    }

    async fn maintain_transactions(&self, now: SystemTime) -> Result<()> {
        // Of SQLite's storage it does nothing.
        self.inner.maintain_transactions(now).await
    }

    async fn aborted_transactions(
        &self,
        topition: &Topition,
        offset: i64,
        last_stable_offset: i64,
    ) -> Result<Vec<AbortedTransaction>> {
        self.inner.aborted_transactions(topition, offset, last_stable_offset).await
    }

    async fn cluster_id(&self) -> Result<String> {
        self.inner.cluster_id().await
    }

    async fn node(&self) -> Result<i32> {
        self.inner.node().await
    }

    async fn advertised_listener(&self) -> Result<Url> {
        self.inner.advertised_listener().await
    }

    async fn ping(&self) -> Result<()> {
        self.inner.ping().await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use nisshi_sans_io::record::{Record, inflated};

    use super::*;

    fn stage(high_watermark: i64) -> OffsetStage {
        OffsetStage { high_watermark, last_stable: high_watermark, log_start: 0 }
    }

    #[test]
    fn an_end_is_known_until_something_is_produced_there() {
        let (remembered, [a, b]) = (Remembered::default(), ["a", "b"].map(|topic| Topition::new(topic, 0)));
        for topition in [&a, &b] {
            let looked = remembered.end(topition).unwrap_err();
            remembered.keep_end(looked, topition, stage(7));
        }
        assert_eq!(remembered.end(&a), Ok(stage(7)));
        drop(remembered.end_changes(&a));
        assert!(remembered.end(&a).is_err());
        assert_eq!(remembered.end(&b), Ok(stage(7)), "another partition's end stays known");
        drop(remembered.anything_changes());
        assert!(remembered.end(&b).is_err());
    }

    /// As a client compresses it: a batch of so many records of so many bytes.
    fn zstd(records: usize, bytes: usize) -> deflated::Batch {
        let value = bytes::Bytes::from(vec![b'x'; bytes]);
        let attributes = BatchAttribute::default().compression(Compression::Zstd).into();
        let mut batch = inflated::Batch::builder().attributes(attributes).last_offset_delta(records as i32 - 1);
        for offset in 0..records {
            batch = batch.record(Record::builder().offset_delta(offset as i32).value(Some(value.clone())));
        }
        batch.build().and_then(TryInto::try_into).unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_batch_has_a_size_before_it_is_compressed() {
        for (records, bytes, fits) in
            [(1, 1 << 19, true), (1, 2 << 20, false), (16, 1 << 19, true), (20, 900_000, false)]
        {
            let batch = zstd(records, bytes);
            assert!(batch.record_data.len() < 1 << 20);
            assert_eq!(check_inflated(&batch).await.is_ok(), fits, "{records} of {bytes}");
        }
    }

    #[test]
    fn what_was_read_while_something_changed_is_not_kept() {
        let (remembered, topition) = (Remembered::default(), Topition::new("a", 0));
        let change = remembered.end_changes(&topition);
        let looked = remembered.end(&topition).unwrap_err();
        drop(change);
        remembered.keep_end(looked, &topition, stage(7));
        assert!(remembered.end(&topition).is_err());
    }
}
