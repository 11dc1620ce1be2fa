//! The golden payloads of `schemas/` as records of `events.raw`, and the stages that they go through: the shipped rules,
//! the real device patterns, and a geolocation database of a few networks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use enrich::batch::Batch;
use enrich::device::DeviceParser;
use enrich::geo::{GeoPaths, GeoReader};
use enrich::metrics::Metrics;
use enrich::partition::memory::Memory;
use enrich::policy::Policies;
use enrich::rulebook::RuleBook;
use enrich::stages::{Shared, Stages};
use enrich::state::Budget;
use rdkafka::message::{Header, OwnedHeaders, OwnedMessage, Timestamp};
use runtime::access::AccessList;
use runtime::config::Config;
use runtime::settings::Settings;
use schemas::catalogue::Catalogue;
use schemas::settings::Tenant;
use schemas::topics::{EVENTS_RAW, headers};
use serde_json::{Value, json};

use crate::testdb::TestDb;

/// 2026-11-20T12:00:00Z: when every record was received.
const RECEIVED_AT: i64 = 1_795_176_000_000;
/// Build date of the geolocation database, seconds.
const BUILT_AT: u64 = 1_793_491_200;

/// One payload and what travels beside it.
pub(crate) struct Golden {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    bytes: Vec<u8>,
    headers: BTreeMap<String, String>,
}

impl Golden {
    /// A payload that is in no file.
    pub(crate) fn new(json: &Value) -> Self {
        Self {
            name: "none".into(),
            path: PathBuf::new(),
            bytes: json.to_string().into_bytes(),
            headers: BTreeMap::new(),
        }
    }

    /// The record as ingest, or an application with Kafka access, writes it.
    pub(crate) fn record(&self, offset: i64) -> OwnedMessage {
        let mut all = OwnedHeaders::new().insert(Header { key: headers::TENANT, value: Some("demo") });
        for (key, value) in &self.headers {
            all = all.insert(Header { key, value: Some(value) });
        }
        let timestamp = Timestamp::LogAppendTime(RECEIVED_AT);
        OwnedMessage::new(Some(self.bytes.clone()), None, EVENTS_RAW.into(), timestamp, 3, offset, Some(all))
    }
}

/// The payloads of a folder of `schemas/`, by name.
pub(crate) fn folder(name: &str) -> Vec<Golden> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas").join(name);
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_suffix(".json")?.to_owned();
            let headers = std::fs::read(path.with_extension("headers.json"));
            let headers = headers.map(|text| serde_json::from_slice(&text).unwrap()).unwrap_or_default();
            (!name.contains('.')).then(|| Golden { name, bytes: std::fs::read(&path).unwrap(), headers, path })
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Everything between a record and its row.
pub(crate) struct Pipeline {
    settings: Settings,
    catalogue: Catalogue,
    rules: RuleBook,
    pub(crate) stages: Stages,
}

impl Pipeline {
    /// With the tenant `demo`, which logs.
    pub(crate) async fn new() -> Self {
        let settings = Settings::in_memory(Config::defaults().unwrap().limits);
        let mut tenant = Tenant::new("demo", "Demo company");
        tenant.logging = true;
        settings.put_tenant(tenant).await.unwrap();
        let rules = RuleBook::shipped().unwrap();
        let shared = Shared {
            geo: Arc::new(geo()),
            parser: Arc::new(DeviceParser::new().unwrap()),
            rules: rules.clone(),
            access: AccessList::in_memory(),
            metrics: Metrics::new(&runtime::metrics::Metrics::default()),
        };
        Self { settings, catalogue: Catalogue::shipped().unwrap(), rules, stages: Stages::new(shared) }
    }

    /// Changes the tenant.
    pub(crate) async fn change_tenant(&self, change: impl FnOnce(&mut Tenant)) {
        let mut tenant = Tenant::clone(&self.settings.tenant("demo").unwrap());
        change(&mut tenant);
        self.settings.put_tenant(tenant).await.unwrap();
    }

    /// A batch of events that come one after another.
    pub(crate) fn stream(&mut self, events: &[serde_json::Value]) -> Batch {
        let (mut batch, mut memory) = (self.batch(), memory());
        for (offset, event) in (0..).zip(events) {
            let (name, path, headers) = (String::new(), PathBuf::new(), BTreeMap::new());
            let golden = Golden { name, path, bytes: event.to_string().into_bytes(), headers };
            batch.push(&golden.record(offset), &mut self.stages, &mut memory).unwrap();
        }
        batch
    }

    /// An empty batch.
    pub(crate) fn batch(&self) -> Batch {
        Batch::new(0, Policies::gather(&self.settings, &self.catalogue, &self.rules))
    }

    /// A batch of one record.
    pub(crate) fn one(&mut self, golden: &Golden) -> Batch {
        let mut batch = self.batch();
        batch.push(&golden.record(17), &mut self.stages, &mut memory()).unwrap();
        batch
    }
}

/// Of a partition without a past.
pub(crate) fn memory() -> Memory {
    Memory::new(1000, Budget::new(1 << 24))
}

fn geo() -> GeoReader {
    let files = tempfile::tempdir().unwrap();
    let city = |country: &str, region: &str, city: &str, latitude: f64, longitude: f64, zone: &str| {
        json!({
            "country": {"iso_code": country},
            "subdivisions": [{"names": {"en": region}}],
            "city": {"names": {"en": city}},
            "location": {"accuracy_radius": 20, "latitude": latitude, "longitude": longitude, "time_zone": zone},
        })
    };
    let cities = TestDb::new("GeoLite2-City", 6, BUILT_AT)
        .with("89.24.56.0/24", city("CZ", "Prague", "Prague", 50.088, 14.4208, "Europe/Prague"))
        .with("45.224.128.0/17", city("BR", "São Paulo", "São Paulo", -23.5505, -46.6333, "America/Sao_Paulo"))
        .with("2804:14c::/32", city("BR", "São Paulo", "São Paulo", -23.5505, -46.6333, "America/Sao_Paulo"))
        .with("95.165.0.0/16", city("RU", "Moscow", "Moscow", 55.7558, 37.6176, "Europe/Moscow"))
        .with("2a00:1028::/32", city("CZ", "South Moravian", "Brno", 49.1952, 16.608, "Europe/Prague"));
    let networks = TestDb::new("GeoLite2-ASN", 6, BUILT_AT).with(
        "89.24.0.0/16",
        json!({"autonomous_system_number": 13036, "autonomous_system_organization": "T-Mobile Czech Republic a.s."}),
    );
    let anonymous = TestDb::new("GeoIP2-Anonymous-IP", 6, BUILT_AT)
        .with("185.220.101.0/24", json!({"is_anonymous": true, "is_tor_exit_node": true}));
    let write = |name: &str, database: TestDb| {
        let path = files.path().join(name);
        std::fs::write(&path, database.bytes()).unwrap();
        path
    };
    GeoReader::open(GeoPaths {
        city: vec![write("city.mmdb", cities)],
        asn: Some(write("asn.mmdb", networks)),
        anonymous: Some(write("anonymous.mmdb", anonymous)),
    })
    .unwrap()
}
