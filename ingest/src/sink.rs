//! Kafka: events go to the topic `events.raw`, and are done when they are acknowledged.
//!
//! Nothing is begun that the producer's queue might not take: a request reserves room for all of its events first.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::FutureRecord;
use runtime::config::Config;
use runtime::kafka::{self, placed};
use runtime::memory::Reservation;
use runtime::problem::Problem;
use runtime::retry_action::RetryAction;
use runtime::throttle::Throttle;
use schemas::topics::{self, headers};
use tokio::sync::Semaphore;

use crate::check::Passed;
use crate::metrics::Counts;

/// Most events handed to the producer and not yet acknowledged. What they take is bounded in bytes by the requests' budget.
const QUEUE_EVENTS: usize = 500_000;
/// How long a sender waits that found the queue full or Kafka away.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Lines about requests that Kafka did not acknowledge: while it is away, all.
static UNDELIVERED: Throttle<()> = Throttle::new(5, Duration::from_secs(10));

/// What goes beside each event of a request.
#[derive(Clone, Debug)]
pub(crate) struct RecordHeaders {
    pub(crate) tenant: String,
    pub(crate) key_id: Arc<str>,
    pub(crate) ip: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) traceparent: Option<String>,
    pub(crate) attributes: Vec<(String, String)>,
}

/// What the client library says of the brokers. `down` is a suspicion: it is lifted by the next acknowledgement.
#[derive(Clone, Debug, Default)]
struct Watch {
    down: Arc<AtomicBool>,
    fatal: Arc<AtomicBool>,
}

impl ClientContext for Watch {
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "kafka");
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AllBrokersDown) => self.down.store(true, Ordering::Relaxed),
            Some(RDKafkaErrorCode::Fatal) => self.fatal.store(true, Ordering::Relaxed),
            _ => {}
        }
    }
}

/// A producer, beside what is known of its brokers.
struct Producer {
    client: kafka::Producer<Watch>,
    watch: Watch,
}

impl Producer {
    fn new(config: &ClientConfig) -> Result<Self, KafkaError> {
        let watch = Watch::default();
        Ok(Self { client: kafka::Producer::from_config_and_context(config, watch.clone())?, watch })
    }
}

/// The producer, and the room in its queue.
pub(crate) struct Sink {
    config: ClientConfig,
    producer: RwLock<Arc<Producer>>,
    topic: String,
    queue: Arc<Semaphore>,
    counts: Counts,
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sink").field("topic", &self.topic).finish_non_exhaustive()
    }
}

impl Sink {
    pub(crate) fn new(config: &Config, counts: Counts) -> Result<Self, KafkaError> {
        let within = Duration::from_millis(config.ingest.delivery_timeout_ms);
        let mut options = runtime::kafka::producer_config_within(&config.kafka, within);
        // Twice the budget, because keys and headers come on top: the library's own bounds are never the ones reached.
        let kilobytes = (config.ingest.max_in_flight_bytes / 512).clamp(1024, i32::MAX as usize);
        options
            .set("queue.buffering.max.messages", QUEUE_EVENTS.to_string())
            .set("queue.buffering.max.kbytes", kilobytes.to_string());
        Ok(Self {
            producer: RwLock::new(Arc::new(Producer::new(&options)?)),
            config: options,
            topic: config.kafka.topic(topics::EVENTS_RAW),
            queue: Arc::new(Semaphore::new(QUEUE_EVENTS)),
            counts,
        })
    }

    /// Sends events; whether each was acknowledged, in their order. Once begun, it ends even if nobody waits for it.
    ///
    /// # Errors
    /// 503, with nothing sent.
    pub(crate) async fn send(
        &self,
        events: Vec<Passed>,
        beside: RecordHeaders,
        reservation: Reservation,
    ) -> Result<Vec<Sent>, Problem> {
        let producer = self.producer()?;
        let others_wait = self.queue.available_permits() < QUEUE_EVENTS;
        if producer.watch.down.load(Ordering::Relaxed) && others_wait {
            // Those that wait already will find out whether it is back.
            let detail = "Kafka can't be reached; nothing of this request was accepted, sending it again is safe";
            return Err(Problem::unavailable("broker_unreachable", detail, RETRY_AFTER));
        }
        let room = u32::try_from(events.len()).ok().and_then(|count| {
            let queue = Arc::clone(&self.queue);
            queue.try_acquire_many_owned(count).ok()
        });
        let Some(room) = room else {
            let detail = "the queue to Kafka is full; nothing of this request was accepted, sending it again is safe";
            return Err(Problem::unavailable("queue_full", detail, RETRY_AFTER));
        };
        let (topic, counts) = (self.topic.clone(), self.counts.clone());
        // A task of its own: a client that hangs up must not give room back that its events still take.
        let delivery = tokio::spawn(async move {
            let sent = deliver(&producer, &topic, events, &beside, &counts).await;
            drop((room, reservation));
            sent
        });
        delivery.await.map_err(Problem::internal)
    }

    /// Writes an event of the program's own, about nobody in particular; whether Kafka has it.
    pub(crate) async fn own(&self, tenant: &str, value: String) -> bool {
        let Ok(producer) = self.producer() else { return false };
        let headers = OwnedHeaders::new_with_capacity(2)
            .insert(header(headers::TENANT, tenant))
            .insert(header(headers::KEY_ID, topics::OWN_KEY_ID));
        let key = topics::event_key(tenant, "");
        let record = FutureRecord::to(&self.topic).key(&key).payload(&value).headers(headers);
        placed(producer.client.send(record, Duration::ZERO).await).is_ok()
    }

    /// The producer; a new one after an error that the library says it can't recover from.
    fn producer(&self) -> Result<Arc<Producer>, Problem> {
        let current = Arc::clone(&self.producer.read().unwrap_or_else(PoisonError::into_inner));
        if !current.watch.fatal.load(Ordering::Relaxed) {
            return Ok(current);
        }
        let mut slot = self.producer.write().unwrap_or_else(PoisonError::into_inner);
        if slot.watch.fatal.load(Ordering::Relaxed) {
            tracing::error!("the producer failed for good; a new one takes its place");
            let new = Producer::new(&self.config).map_err(Problem::internal)?;
            *slot = Arc::new(new);
        }
        Ok(Arc::clone(&slot))
    }

    /// Waits until everything sent has been answered for.
    pub(crate) async fn flush(&self, limit: Duration) -> bool {
        let producer = Arc::clone(&self.producer.read().unwrap_or_else(PoisonError::into_inner));
        tokio::task::spawn_blocking(move || producer.client.flush(limit).is_ok()).await.unwrap_or(false)
    }
}

/// What became of an event that was sent.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) event: Passed,
    pub(crate) end: End,
}

/// What Kafka said of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It has it.
    Acknowledged,
    /// It will never take it: sending it again is of no use.
    Refused(&'static str),
    /// It didn't say in time.
    Unknown,
}

async fn deliver(
    producer: &Producer,
    topic: &str,
    events: Vec<Passed>,
    beside: &RecordHeaders,
    counts: &Counts,
) -> Vec<Sent> {
    let begun = Instant::now();
    let common = beside.headers();
    let queued: Vec<_> = events
        .into_iter()
        .map(|event| {
            let id = event.id_is_ours.then_some(event.id.as_str());
            let headers = match id {
                Some(id) => common.clone().insert(header(headers::ID, id)),
                None => common.clone(),
            };
            let record = FutureRecord::to(topic).key(&event.key).payload(&*event.value).headers(headers);
            let queued = producer.client.queue(record).map_err(|(error, _)| error);
            (event, queued)
        })
        .collect();
    counts.queue.set(i64::from(producer.client.in_flight()));

    let mut sent = Vec::with_capacity(queued.len());
    let mut failure = None;
    for (event, queued) in queued {
        // The client refuses each by itself; the broker a batch, whose other records may be other requests'.
        let (together, delivered) = match queued {
            Ok(delivery) => match delivery.await {
                Ok(sent) => (2, placed(sent).map(drop)),
                Err(_) => (2, Err(KafkaError::Canceled)),
            },
            Err(error) => (1, Err(error)),
        };
        let end = match delivered.as_ref().map_err(|error| RetryAction::of_kafka(error, together)) {
            Ok(()) => End::Acknowledged,
            Err(RetryAction::Reject(reason)) => End::Refused(reason),
            Err(_) => End::Unknown,
        };
        failure = failure.or(delivered.err());
        sent.push(Sent { event, end });
    }
    let acknowledged = sent.iter().filter(|sent| sent.end == End::Acknowledged).count();
    counts.produce_seconds.observe(begun.elapsed().as_secs_f64());
    counts.queue.set(i64::from(producer.client.in_flight()));
    counts.accepted.inc_by(acknowledged as u64);
    counts
        .repeated
        .inc_by(sent.iter().filter(|sent| sent.end == End::Acknowledged && sent.event.repeated).count() as u64);
    counts.undelivered.inc_by((sent.len() - acknowledged) as u64);
    producer.watch.down.store(acknowledged == 0, Ordering::Relaxed);
    if let Some(error) = failure
        && let Some(left_out) = UNDELIVERED.admit(())
    {
        tracing::error!(%error, events = sent.len(), acknowledged, left_out, "Kafka did not acknowledge all events");
    }
    sent
}

impl RecordHeaders {
    fn headers(&self) -> OwnedHeaders {
        let optional = [
            (headers::IP, self.ip.as_deref()),
            (headers::CONTENT_TYPE, self.content_type.as_deref()),
            (headers::TRACEPARENT, self.traceparent.as_deref()),
        ];
        let all = OwnedHeaders::new_with_capacity(6 + self.attributes.len())
            .insert(header(headers::TENANT, &self.tenant))
            .insert(header(headers::KEY_ID, &self.key_id));
        let all = optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .fold(all, |all, (name, value)| all.insert(header(name, value)));
        self.attributes.iter().fold(all, |all, (name, value)| all.insert(header(name, value)))
    }
}

fn header<'a>(key: &'a str, value: &'a str) -> Header<'a, &'a str> {
    Header { key, value: Some(value) }
}
