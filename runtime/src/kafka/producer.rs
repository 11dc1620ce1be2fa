//! A producer whose sends are awaited.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rdkafka::client::DefaultClientContext;
use rdkafka::config::{FromClientConfig, FromClientConfigAndContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::{BorrowedMessage, Message as _, ToBytes};
use rdkafka::producer::future_producer::Delivery;
use rdkafka::producer::{
    BaseProducer, BaseRecord, DeliveryResult, FutureRecord, NoCustomPartitioner, Producer as _, ProducerContext,
};
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{ClientConfig, ClientContext};
use tokio::sync::oneshot;

/// How long the polling thread sleeps while nothing comes. Acknowledgements wake it at once; a producer that is dropped ends
/// within this time.
const SLEEP: Duration = Duration::from_secs(1);
/// How long a send waits before it looks for room in the queue again.
const AGAIN: Duration = Duration::from_millis(20);

/// What became of a send.
pub type Acknowledged = Result<Delivery, KafkaError>;

/// A producer that reports of each record when Kafka has it. Clones share it.
///
/// As `rdkafka::producer::FutureProducer`, which wakes ten times a second and is busy for the last millisecond of each time: the
/// half of what a process took that had nothing to do.
pub struct Producer<C: ClientContext + 'static = DefaultClientContext> {
    base: Arc<Base<C>>,
}

/// The producer, and its thread's sign to end.
struct Base<C: ClientContext + 'static> {
    client: Arc<BaseProducer<Context<C>>>,
    ended: Arc<AtomicBool>,
}

impl<C: ClientContext + 'static> Drop for Base<C> {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

/// Hands each acknowledgement to whoever awaits it; the rest is the wrapped context's.
struct Context<C>(C);

impl<C: ClientContext> ClientContext for Context<C> {
    fn log(&self, level: rdkafka::config::RDKafkaLogLevel, facility: &str, message: &str) {
        self.0.log(level, facility, message);
    }

    fn stats(&self, statistics: Statistics) {
        self.0.stats(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(error, reason);
    }
}

impl<C: ClientContext> ProducerContext for Context<C> {
    type DeliveryOpaque = Box<oneshot::Sender<Acknowledged>>;

    fn delivery(&self, result: &DeliveryResult<'_>, waiting: Self::DeliveryOpaque) {
        let place = |message: &BorrowedMessage<'_>| Delivery {
            partition: message.partition(),
            offset: message.offset(),
            timestamp: message.timestamp(),
        };
        // Who does not wait any more does not want to know.
        let _ = waiting.send(match result {
            Ok(message) => Ok(place(message)),
            Err((error, _)) => Err(error.clone()),
        });
    }
}

impl<C: ClientContext + 'static> Clone for Producer<C> {
    fn clone(&self) -> Self {
        Self { base: Arc::clone(&self.base) }
    }
}

impl FromClientConfig for Producer {
    fn from_config(config: &ClientConfig) -> KafkaResult<Self> {
        Self::from_config_and_context(config, DefaultClientContext)
    }
}

impl<C: ClientContext + 'static> FromClientConfigAndContext<C> for Producer<C> {
    fn from_config_and_context(config: &ClientConfig, context: C) -> KafkaResult<Self> {
        let client: BaseProducer<_, NoCustomPartitioner> =
            BaseProducer::from_config_and_context(config, Context(context))?;
        let (client, ended) = (Arc::new(client), Arc::new(AtomicBool::new(false)));
        let (polled, stopped) = (Arc::clone(&client), Arc::clone(&ended));
        let poll = move || {
            while !stopped.load(Ordering::Relaxed) {
                polled.poll(SLEEP);
            }
        };
        let thread = std::thread::Builder::new().name("producer".to_owned()).spawn(poll);
        thread.map_err(|error| KafkaError::ClientCreation(format!("no thread for a producer: {error}")))?;
        Ok(Self { base: Arc::new(Base { client, ended }) })
    }
}

impl<C: ClientContext + 'static> Producer<C> {
    /// Sends a record, waiting for room in the client's queue for so long at most; returns where it is.
    ///
    /// # Errors
    /// [`RDKafkaErrorCode::QueueFull`] without room; what Kafka said, or that it did not within the configured time.
    pub async fn send<K, P>(&self, record: FutureRecord<'_, K, P>, room: Duration) -> Acknowledged
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
    {
        let until = Instant::now() + room;
        let mut record = record;
        let acknowledgement = loop {
            match self.queue(record) {
                Ok(acknowledgement) => break acknowledgement,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) if Instant::now() < until => {
                    record = back;
                    tokio::time::sleep(AGAIN).await;
                }
                Err((error, _)) => return Err(error),
            }
        };
        acknowledgement.await.unwrap_or(Err(KafkaError::Canceled))
    }

    /// Hands a record to the client's queue, in the order of the calls.
    ///
    /// # Errors
    /// The record again, if it is not in the queue.
    #[allow(clippy::result_large_err, reason = "the record itself comes back, to be tried again")]
    pub fn queue<'a, K, P>(
        &self,
        record: FutureRecord<'a, K, P>,
    ) -> Result<oneshot::Receiver<Acknowledged>, (KafkaError, FutureRecord<'a, K, P>)>
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
    {
        let FutureRecord { topic, partition, payload, key, timestamp, headers } = record;
        let (delivery_opaque, acknowledgement) = oneshot::channel();
        let delivery_opaque = Box::new(delivery_opaque);
        let sent =
            self.base.client.send(BaseRecord { topic, partition, payload, key, timestamp, headers, delivery_opaque });
        match sent {
            Ok(()) => Ok(acknowledgement),
            Err((error, BaseRecord { topic, partition, payload, key, timestamp, headers, .. })) => {
                Err((error, FutureRecord { topic, partition, payload, key, timestamp, headers }))
            }
        }
    }

    /// Waits until all that was queued is acknowledged; blocks the thread.
    ///
    /// # Errors
    /// When the time is up.
    pub fn flush(&self, limit: Duration) -> KafkaResult<()> {
        self.base.client.flush(limit)
    }

    /// How many records are queued and not acknowledged.
    #[must_use]
    pub fn in_flight(&self) -> i32 {
        self.base.client.in_flight_count()
    }

    /// The first offset of a partition that is kept, and the one after its last record; blocks the thread.
    ///
    /// # Errors
    /// When the broker doesn't say so in time.
    pub fn ends(&self, topic: &str, partition: i32, limit: Duration) -> KafkaResult<(i64, i64)> {
        self.base.client.client().fetch_watermarks(topic, partition, limit)
    }
}
