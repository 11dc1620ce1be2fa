//! The enricher in process on the golden mix: what an event costs it, against parsing and encoding alone, and where that
//! goes; and what inserting as `Native` saves against other formats.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs, reason = "a bench fails by stopping")]
#![allow(dead_code, reason = "each bench uses its own part of what they share")]

mod support;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use detect::rules::RuleSet;
use enrich::batch::Batch;
use enrich::device::{ClientHints, DeviceCache, DeviceInput, DeviceParser};
use enrich::geo::{GeoCache, GeoPaths, GeoReader};
use enrich::outgoing::Outgoing;
use enrich::partition::dedup_window::DedupWindow;
use enrich::partition::memory::Memory;
use enrich::patience::Patience;
use enrich::policy::{Arrived, Policies};
use enrich::rows::Rows;
use enrich::rulebook::RuleBook;
use enrich::stages::{Received, Shared, Stages, Target};
use enrich::state::Budget;
use rdkafka::Timestamp;
use rdkafka::message::{Header, OwnedHeaders, OwnedMessage};
use runtime::access::AccessList;
use runtime::config::Config;
use runtime::settings::Settings;
use schemas::address::counted;
use schemas::catalogue::Catalogue;
use schemas::decode::{Attributes, Scratch, decode};
use schemas::event::{Event, Text};
use schemas::identity;
use schemas::topics::{self, headers};
use serde_json::value::RawValue;
use support::formats::{self, Format};
use support::mix::{self, Sample};
use support::process::cpu_seconds;
use support::store::{Store, TABLES};
use support::{Table, argument, publish, thread_cpu};

/// Rows of a batch: the enricher's own default limit.
const THROUGH_INGEST: Arrived = Arrived { offset: 0, received_at: 0, through_ingest: true };
const BATCH: usize = 50_000;
/// Ids in a full window of the retries, as configured by default.
const WINDOW: u64 = 250_000;
/// The API key that events come with.
const KEY_ID: &str = "k3y0fthe5end";
/// When the records were received.
const RECEIVED_AT: i64 = 1_772_500_000_000;

/// What an event has gone through when the clock is stopped. Each goes one stage further than the one before it, so that
/// the difference is the stage's own, in the company it has in life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Path {
    ParseAndEncode,
    Decode,
    Classify,
    Seen,
    Geo,
    Device,
    Rows,
    Signals,
    Rules,
    Push,
    Encode,
}

const PATHS: [Path; 11] = [
    Path::ParseAndEncode,
    Path::Decode,
    Path::Classify,
    Path::Seen,
    Path::Geo,
    Path::Device,
    Path::Rows,
    Path::Signals,
    Path::Rules,
    Path::Push,
    Path::Encode,
];

/// Everything the paths are walked with.
struct Bench {
    samples: Vec<Sample>,
    records: Vec<OwnedMessage>,
    settings: Settings,
    catalogue: Catalogue,
    shared: Shared,
    without_rules: Shared,
}

impl Bench {
    async fn new(count: usize) -> Self {
        let samples = mix::events(count);
        let settings = Settings::in_memory(Config::defaults().unwrap().limits);
        for tenant in mix::tenants() {
            settings.put_tenant(tenant).await.unwrap();
        }
        let paths = GeoPaths { city: support::geo_files(), ..GeoPaths::default() };
        let shared = Shared {
            geo: Arc::new(GeoReader::open(paths).unwrap()),
            parser: Arc::new(DeviceParser::new().unwrap()),
            rules: RuleBook::shipped().unwrap(),
            access: AccessList::in_memory(),
            metrics: enrich::metrics::Metrics::new(&runtime::metrics::Metrics::default()),
        };
        Self {
            records: samples.iter().enumerate().map(|(at, sample)| record(sample, at)).collect(),
            samples,
            settings,
            catalogue: Catalogue::shipped().unwrap(),
            without_rules: Shared { rules: RuleBook::empty(), ..shared.clone() },
            shared,
        }
    }

    fn policies(&self, shared: &Shared) -> Policies {
        Policies::gather(&self.settings, &self.catalogue, &shared.rules)
    }

    /// CPU time of one walk of all events. Caches start empty, the window of retries full, as after a restart.
    fn walk(&self, path: Path) -> Duration {
        let mut memory = memory();
        for number in 0..WINDOW {
            memory.seen.insert(u128::from(number), 0, number, RECEIVED_AT);
        }
        let started;
        match path {
            Path::ParseAndEncode => {
                started = thread_cpu();
                self.parse_and_encode();
            }
            Path::Push | Path::Encode => {
                let mut stages = Stages::new(self.shared.clone());
                started = thread_cpu();
                self.push(&mut stages, &mut memory, path == Path::Encode);
            }
            Path::Rows | Path::Signals | Path::Rules => {
                let shared = if path == Path::Rules { &self.shared } else { &self.without_rules };
                started = thread_cpu();
                self.run_stages(shared, &mut memory, path != Path::Rows);
            }
            _ => {
                started = thread_cpu();
                self.first_stages(path, &mut memory.seen);
            }
        }
        thread_cpu() - started
    }

    /// The least that has to be done to an event: the same decoder, and the fields it has into the same blocks.
    fn parse_and_encode(&self) {
        for batch in self.samples.chunks(BATCH) {
            let mut rows = Rows::default();
            for (at, sample) in batch.iter().enumerate() {
                let scratch = Scratch::default();
                let event = decode(&sample.payload, &Attributes::default(), &scratch).unwrap();
                plain_row(&event, &sample.tenant, at as u64, &mut rows);
            }
            black_box(rows.encode());
        }
    }

    fn first_stages(&self, path: Path, seen: &mut DedupWindow) {
        let (mut policies, mut patience) = (self.policies(&self.shared), Patience::default());
        let database = self.shared.geo.snapshot();
        let (mut places, mut devices) = (GeoCache::new(65_536), DeviceCache::default());
        for (offset, sample) in (WINDOW..).zip(&self.samples) {
            let scratch = Scratch::default();
            let event = decode(&sample.payload, &Attributes::default(), &scratch).unwrap();
            if path >= Path::Classify {
                black_box(policies.of(&sample.tenant, THROUGH_INGEST, &mut patience).unwrap().classify(&event));
            }
            if path >= Path::Seen {
                let identity = identity::identity(&sample.tenant, KEY_ID, text(&event.source), text(&event.id));
                let content = identity::content(&sample.payload, &Attributes::default());
                black_box(seen.insert(identity, content, offset, RECEIVED_AT));
            }
            if path >= Path::Geo {
                black_box(event.ip().map(|ip| database.lookup(&mut places, ip)));
            }
            if path >= Path::Device {
                black_box(self.shared.parser.parse(&mut devices, &device_input(&event, &sample.tenant)));
            }
            black_box(event);
        }
    }

    /// History that was sent in later has neither signals nor findings: with `live` off, the same events are that.
    fn run_stages(&self, shared: &Shared, memory: &mut Memory, live: bool) {
        let (mut stages, mut patience) = (Stages::new(shared.clone()), Patience::default());
        for (offsets, batch) in (0..).map(|number| WINDOW + number * BATCH as u64).zip(self.samples.chunks(BATCH)) {
            let (mut policies, mut rows, mut outgoing) = (self.policies(shared), Rows::default(), Vec::new());
            for (offset, sample) in (offsets..).zip(batch) {
                let scratch = Scratch::default();
                let mut event = decode(&sample.payload, &Attributes::default(), &scratch).unwrap();
                if !live {
                    event.backfill = Some(true);
                }
                let facts = policies.of(&sample.tenant, THROUGH_INGEST, &mut patience).unwrap();
                let received = Received {
                    tenant: &sample.tenant,
                    key_id: "",
                    received_at: RECEIVED_AT,
                    partition: 0,
                    offset,
                    found_by: false,
                    content: 0,
                    identity: offset,
                };
                let identity = identity::identity(&sample.tenant, KEY_ID, text(&event.source), text(&event.id));
                memory.seen.insert(identity, 0, offset, RECEIVED_AT);
                let mut target = Target { state: &mut memory.state, rows: &mut rows, outgoing: &mut outgoing };
                stages.run(&event, text(&event.id), &received, facts, &mut target).unwrap();
            }
            outgoing.extend(memory.state.seal().unwrap().into_iter().map(|change| Outgoing {
                topic: schemas::topics::STATE,
                partition: Some(0),
                key: change.key,
                value: change.value,
            }));
            black_box((rows, outgoing));
        }
    }

    fn push(&self, stages: &mut Stages, memory: &mut Memory, encode: bool) {
        for records in self.records.chunks(BATCH) {
            let mut batch = Batch::new(0, self.policies(&self.shared));
            for record in records {
                batch.push(record, stages, memory).unwrap();
            }
            batch.seal(0, memory).unwrap();
            assert_eq!(batch.rows.len(), records.len(), "every event of the mix is stored");
            if encode {
                black_box(batch.rows.encode());
            }
            black_box(batch);
        }
    }

    /// The enriched rows, as the enricher would insert them.
    fn blocks(&self) -> Vec<Bytes> {
        let (mut stages, mut memory) = (Stages::new(self.shared.clone()), memory());
        self.records
            .chunks(BATCH)
            .map(|records| {
                let mut batch = Batch::new(0, self.policies(&self.shared));
                records.iter().for_each(|record| batch.push(record, &mut stages, &mut memory).unwrap());
                batch.rows.encode().into()
            })
            .collect()
    }
}

/// As ingest writes it.
fn record(sample: &Sample, at: usize) -> OwnedMessage {
    let header = |key, value| Header { key, value: Some(value) };
    let beside = OwnedHeaders::new()
        .insert(header(headers::TENANT, sample.tenant.as_str()))
        .insert(header(headers::KEY_ID, KEY_ID))
        .insert(header(headers::IP, "198.51.100.7"));
    OwnedMessage::new(
        Some(sample.payload.clone()),
        Some(sample.key.clone().into_bytes()),
        topics::EVENTS_RAW.to_owned(),
        Timestamp::LogAppendTime(RECEIVED_AT),
        0,
        WINDOW as i64 + at as i64,
        Some(beside),
    )
}

fn text<'a>(text: &'a Option<Text<'_>>) -> &'a str {
    text.as_deref().unwrap_or_default()
}

fn device_input<'a>(event: &'a Event<'_>, tenant: &'a str) -> DeviceInput<'a> {
    let Some(context) = &event.context else { return DeviceInput { tenant, ..DeviceInput::default() } };
    let hints = context.client_hints.as_ref().map_or_else(ClientHints::default, |hints| ClientHints {
        ua: text(&hints.ua),
        mobile: text(&hints.mobile),
        platform: text(&hints.platform),
        platform_version: text(&hints.platform_version),
        model: text(&hints.model),
        full_version_list: text(&hints.full_version_list),
    });
    let (user_agent, cookie_id) = (text(&context.user_agent), text(&context.device_id));
    DeviceInput { user_agent, hints, accept_language: "", cookie_id, tenant }
}

/// The event's own fields as a row; what enrichment would add is empty.
/// Of a partition without a past, as configured by default.
fn memory() -> Memory {
    Memory::new(WINDOW, Budget::new(512 << 20))
}

fn plain_row(event: &Event<'_>, tenant: &str, offset: u64, rows: &mut Rows) {
    rows.tenant.push(tenant);
    rows.event_id.push(text(&event.id));
    rows.source.push(text(&event.source));
    rows.kind.push(text(&event.kind));
    rows.class.push(text(&event.class));
    rows.category.push(text(&event.category));
    rows.action.push(text(&event.action));
    rows.outcome.push(text(&event.outcome));
    rows.reason.push(text(&event.reason));
    rows.occurred_at.push(event.occurred_at.unwrap_or_default().0);
    rows.claimed_at.push(0);
    rows.received_at.push(RECEIVED_AT);
    rows.enriched_at.push(RECEIVED_AT);
    rows.location.push(text(&event.location));
    rows.channel.push(text(&event.channel));
    rows.started_at.push(event.started_at.unwrap_or_default().0);
    rows.duration_ms.push(event.duration_ms.unwrap_or_default());
    rows.records.push(event.records.unwrap_or_default());
    rows.backfill.push(event.backfill.unwrap_or_default().into());
    rows.key_id.push("");
    rows.content_hash.push(0);
    rows.payload.push(event.payload.map_or("", RawValue::get));
    rows.extra.push("");
    rows.retention_days.push(0);
    rows.kafka_partition.push(0);
    rows.kafka_offset.push(offset);
    rows.actor_standing.push(0);
    rows.object_standing.push(0);
    plain_actor_and_object(event, rows);
    for change in event.changes.iter().flatten() {
        rows.changes_path.elements.push(text(&change.path));
        rows.changes_op.elements.push(text(&change.op));
        rows.changes_old.elements.push(change.old.map_or("", RawValue::get));
        rows.changes_new.elements.push(change.new.map_or("", RawValue::get));
    }
    rows.changes_path.end_row();
    rows.changes_op.end_row();
    rows.changes_old.end_row();
    rows.changes_new.end_row();
    let context = event.context.as_ref();
    rows.ip.push(event.ip());
    rows.ip_prefix.push(event.ip().map(counted));
    rows.user_agent.push(context.map_or("", |context| text(&context.user_agent)));
    rows.session_id.push(context.map_or("", |context| text(&context.session_id)));
    rows.request_id.push(context.map_or("", |context| text(&context.request_id)));
    nothing_found(rows);
}

fn plain_actor_and_object(event: &Event<'_>, rows: &mut Rows) {
    let actor = event.actor.as_ref();
    rows.actor_kind.push(actor.map_or("", |actor| text(&actor.kind)));
    rows.actor_id.push(actor.map_or("", |actor| text(&actor.id)));
    rows.actor_name.push(actor.map_or("", |actor| text(&actor.name)));
    rows.actor_email.push(actor.map_or("", |actor| text(&actor.email)));
    rows.actor_active.push(actor.and_then(|actor| actor.active).unwrap_or(true).into());
    let object = event.object.as_ref();
    rows.module.push(object.map_or("", |object| text(&object.module)));
    rows.object_type.push(object.map_or("", |object| text(&object.kind)));
    rows.object_id.push(object.map_or("", |object| text(&object.id)));
    rows.object_name.push(object.map_or("", |object| text(&object.name)));
    rows.object_url.push(object.map_or("", |object| text(&object.url)));
}

fn nothing_found(rows: &mut Rows) {
    for column in [
        &mut rows.country,
        &mut rows.region,
        &mut rows.city,
        &mut rows.geo_time_zone,
        &mut rows.as_org,
        &mut rows.ip_flags,
        &mut rows.browser,
        &mut rows.browser_version,
        &mut rows.os,
        &mut rows.os_version,
        &mut rows.device_kind,
        &mut rows.device_model,
        &mut rows.device_id,
        &mut rows.device_confidence,
    ] {
        column.push("");
    }
    rows.latitude.push(f32::NAN);
    rows.longitude.push(f32::NAN);
    rows.accuracy_km.push(0);
    rows.asn.push(0);
    rows.geo_build.push(0);
    rows.bot.push(0);
    rows.violations.end_row();
    rows.violation_levels.end_row();
    rows.violation_versions.end_row();
    rows.signals_name.end_row();
    rows.signals_value.end_row();
    rows.session_key.push("");
    rows.session_started_at.push(0);
    rows.last_activity_at.push(0);
    rows.violation_ids.end_row();
    rows.violation_windows.end_row();
    rows.violation_seen.end_row();
    rows.violation_limits.end_row();
    rows.violation_actions.end_row();
    rows.violation_groups.end_row();
}

fn main() {
    let count = argument("--events", 100_000) as usize;
    let rounds = argument("--rounds", 9);
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let bench = threads.block_on(Bench::new(count));
    let mut body = stage_costs(&bench, rounds);
    body += "\n";
    body += &threads.block_on(format_costs(&bench, rounds.div_ceil(3)));
    publish("stages", &body);
}

/// The paths by turns, so that whatever else the machine does meets all of them; the best round of each counts.
fn stage_costs(bench: &Bench, rounds: u64) -> String {
    let count = bench.samples.len();
    let mut best: BTreeMap<Path, Duration> = BTreeMap::new();
    for _ in 0..rounds {
        for path in PATHS {
            let cost = bench.walk(path);
            let least = best.entry(path).or_insert(cost);
            *least = cost.min(*least);
        }
    }
    let nanos = |path: Path| best[&path].as_nanos() as f64 / count as f64;
    let whole = nanos(Path::Encode);
    let ratio = whole / nanos(Path::ParseAndEncode);
    let mut table = Table::new(&["CPU per event", "µs", "of the whole"]);
    let mut row = |name: &str, nanos: f64| {
        table.row(&[name.to_owned(), format!("{:.2}", nanos / 1e3), format!("{:.0} %", nanos / whole * 100.0)]);
    };
    row("**parse and encode alone**", nanos(Path::ParseAndEncode));
    row("**the whole enricher**", whole);
    row("decode", nanos(Path::Decode));
    row("tenant's policy, catalogue", nanos(Path::Classify) - nanos(Path::Decode));
    row("seen before?", nanos(Path::Seen) - nanos(Path::Classify));
    row("geo", nanos(Path::Geo) - nanos(Path::Seen));
    row("device", nanos(Path::Device) - nanos(Path::Geo));
    row("row", nanos(Path::Rows) - nanos(Path::Device));
    row("signals, state", nanos(Path::Signals) - nanos(Path::Rows));
    row(&format!("{} rules", RuleSet::shipped().unwrap().rules().len()), nanos(Path::Rules) - nanos(Path::Signals));
    row("record: headers, bookkeeping", nanos(Path::Push) - nanos(Path::Rules));
    row("encode", nanos(Path::Encode) - nanos(Path::Push));
    let bytes: usize = bench.samples.iter().map(|sample| sample.payload.len()).sum();
    format!(
        "**{ratio:.2} times parse and encode alone** (aim: at most 2). {count} events of {} tenants, {} bytes each in the \
         mean, batches of {BATCH}, caches empty at the start, best of {rounds} rounds. Parse and encode alone is the same \
         decoder and the same `Native` block with the event's own fields, enrichment's columns empty. A stage's cost is \
         the difference between walking the path up to it and up to the one before.\n\n{}",
        mix::TENANTS,
        bytes / count,
        table.finish(),
    )
}

/// The same rows inserted in each format by turns, into the same tables with their views.
async fn format_costs(bench: &Bench, rounds: u64) -> String {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::defaults().unwrap();
    let store = Store::start(dir.path(), &mut config).await;
    store.run("SYSTEM STOP MERGES").await;
    let columns = formats::columns();
    let statement = |format: Format| format!("INSERT INTO events ({columns}) FORMAT {format:?}");
    for (at, block) in bench.blocks().into_iter().enumerate() {
        store.insert(&statement(Format::Native), &format!("seed-{at}"), block).await;
    }
    let sum = "SELECT sum(cityHash64(* EXCEPT (enriched_at))) FROM events";
    let expected = store.number(sum).await;
    let dump = store.run(&format!("SELECT {columns} FROM events ORDER BY kafka_offset FORMAT RowBinary")).await;
    let rows = formats::read(&dump);
    assert_eq!(rows.len(), bench.samples.len());

    let mut costs: BTreeMap<&str, (f64, f64, usize)> = BTreeMap::new();
    for round in 0..rounds {
        for format in Format::ALL {
            for table in TABLES {
                store.run(&format!("TRUNCATE TABLE {table}")).await;
            }
            let started = thread_cpu();
            let blocks: Vec<Bytes> = rows.chunks(BATCH).map(|rows| format.encode(rows).into()).collect();
            let encoder = (thread_cpu() - started).as_secs_f64();
            let bytes = blocks.iter().map(Bytes::len).sum();
            let before = cpu_seconds(store.role.pid());
            for (at, block) in blocks.into_iter().enumerate() {
                store.insert(&statement(format), &format!("{format:?}-{round}-{at}"), block).await;
            }
            let engine = cpu_seconds(store.role.pid()) - before;
            assert_eq!(store.number(sum).await, expected, "{format:?} stores the same rows");
            let cost = costs.entry(name(format)).or_insert((encoder, engine, bytes));
            *cost = (cost.0.min(encoder), cost.1.min(engine), bytes);
        }
    }
    store.role.stop();

    let millions = rows.len() as f64 / 1e6;
    let native = costs[name(Format::Native)];
    let mut table = Table::new(&["CPU s per 1M rows", "encoder", "engine", "both", "against Native", "bytes a row"]);
    for format in Format::ALL {
        let (encoder, engine, bytes) = costs[name(format)];
        table.row(&[
            name(format).to_owned(),
            format!("{:.2}", encoder / millions),
            format!("{:.2}", engine / millions),
            format!("{:.2}", (encoder + engine) / millions),
            format!("{:.2}", (encoder + engine) / (native.0 + native.1)),
            format!("{}", bytes / rows.len()),
        ]);
    }
    format!(
        "The same {} rows in inserts of {BATCH}, into the same tables with their views, by format; the engine's CPU includes \
         sorting, compressing and writing. Best of {rounds} rounds.\n\n{}",
        rows.len(),
        table.finish()
    )
}

fn name(format: Format) -> &'static str {
    match format {
        Format::Native => "Native (ours)",
        Format::RowBinary => "RowBinary",
        Format::JSONEachRow => "JSONEachRow",
    }
}
