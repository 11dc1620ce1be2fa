//! Everything hostile at once, each bounded, on loopback alone. What they are answered is their own affair: they only count
//! what they did.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Keys, Target};

const LARGE: &str = "records near the largest message with nonsense, straight to Kafka";
const MADE_UP: &str = "records with nonsense headers and made-up tenants, straight to Kafka";
const CHANGES: &str = "changes of 47 rules of 55 KB";
const TOKENS: &str = "refused tokens and keys";
const GROUPS: &str = "events of the noisy tenant, each with an address and a user of its own";
const NOISE: &str = "malformed requests, TLS hellos on the plain port";

/// Connections that send nothing, or a header byte by byte.
const SILENT: usize = 820;
/// Connections that send one byte less than they announce.
const HALF_BODIES: usize = 64;
const HALF_BODY_BYTES: usize = 4 * 1024 * 1024;
/// Those who ask the noisy tenant's worst queries.
const QUERIES: usize = 16;
const STATEMENTS: usize = 8;
const EXPORTS: usize = 6;
const RULES: usize = 47;
const RULE_BYTES: usize = 55_000;
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;
type Counts = Arc<Mutex<BTreeMap<&'static str, u64>>>;

/// What runs.
pub(crate) struct Hostile {
    tasks: TaskTracker,
    did: Counts,
}

/// What each of them needs.
#[derive(Clone)]
struct Attacker {
    http: reqwest::Client,
    url: String,
    address: String,
    sql_address: String,
    brokers: String,
    noisy: Arc<Keys>,
    ruled: Arc<Keys>,
    stop: CancellationToken,
    did: Counts,
}

/// What an attacker does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deeds {
    /// All at once.
    All,
    /// One tenant changes its many large rules without a pause, and no more.
    Rules,
}

impl Hostile {
    pub(crate) fn start(deeds: Deeds, target: &Target, noisy: &Keys, ruled: &Keys, stop: &CancellationToken) -> Self {
        let (tasks, did) = (TaskTracker::new(), Counts::default());
        let copy = |keys: &Keys| {
            Arc::new(Keys { ingest: keys.ingest.clone(), admin: keys.admin.clone(), sql: keys.sql.clone() })
        };
        let attacker = Attacker {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            url: target.url(""),
            address: target.address.clone(),
            sql_address: target.sql.clone(),
            brokers: target.brokers.clone(),
            noisy: copy(noisy),
            ruled: copy(ruled),
            stop: stop.clone(),
            did: Arc::clone(&did),
        };
        let spawn = |work: Work| {
            let stop = stop.clone();
            tasks.spawn(async move { stop.run_until_cancelled(work).await });
        };
        let streams = [
            (LARGE, attacker.clone().large_records()),
            (MADE_UP, attacker.clone().made_up_records()),
            (CHANGES, attacker.clone().rules()),
            (TOKENS, attacker.clone().tokens()),
            (GROUPS, attacker.clone().groups()),
            (NOISE, attacker.clone().noise()),
        ];
        for (name, work) in streams {
            if deeds == Deeds::All || name == CHANGES {
                did.lock().unwrap().insert(name, 0);
                spawn(work);
            }
        }
        if deeds == Deeds::Rules {
            tasks.close();
            return Self { tasks, did };
        }
        for at in 0..SILENT {
            spawn(Box::pin(attacker.clone().silent(at)));
        }
        for at in 0..HALF_BODIES {
            spawn(Box::pin(attacker.clone().half_body(at)));
        }
        for at in 0..QUERIES {
            spawn(Box::pin(attacker.clone().query(at)));
        }
        for at in 0..STATEMENTS {
            spawn(Box::pin(attacker.clone().statement(at)));
        }
        for _ in 0..EXPORTS {
            spawn(Box::pin(attacker.clone().export()));
        }
        tasks.close();
        Self { tasks, did }
    }

    /// What was done, once all have stopped.
    pub(crate) async fn end(self) -> Vec<(&'static str, u64)> {
        self.tasks.wait().await;
        self.did.lock().unwrap().iter().map(|(name, count)| (*name, *count)).collect()
    }
}

impl Attacker {
    fn count(&self, what: &'static str, more: u64) {
        *self.did.lock().unwrap().entry(what).or_default() += more;
    }

    fn producer(&self) -> FutureProducer {
        ClientConfig::new()
            .set("bootstrap.servers", &self.brokers)
            .set("message.max.bytes", "1000000")
            .set("message.timeout.ms", "30000")
            .create()
            .unwrap()
    }

    async fn produce(&self, producer: &FutureProducer, key: &str, value: &[u8], headers: &[(&str, Vec<u8>)]) {
        let all = headers
            .iter()
            .fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: Some(value) }));
        let record = FutureRecord::to("events.raw").key(key).payload(value).headers(all);
        let _ = producer.send(record, Duration::from_secs(5)).await;
    }

    /// Values near the largest message, and tenants of 200 KB of control characters.
    fn large_records(self) -> Work {
        Box::pin(async move {
            let producer = self.producer();
            let mut timer = tokio::time::interval(Duration::from_millis(500));
            for number in 0_u64.. {
                timer.tick().await;
                let (value, tenant) = match number % 3 {
                    0 => (vec![b'x'; 990_000], b"quiet".to_vec()),
                    1 => (b"{\"type\": 7}".to_vec(), vec![1; 200_000]),
                    _ => (format!("{}{}", "[".repeat(400_000), "]".repeat(400_000)).into_bytes(), b"noisy".to_vec()),
                };
                self.produce(&producer, "quiet/u-7", &value, &[("tenant", tenant)]).await;
                self.count(LARGE, 1);
            }
        })
    }

    /// Hundreds of tenants with long names, headers that are no text, events that are none.
    fn made_up_records(self) -> Work {
        Box::pin(async move {
            let producer = self.producer();
            let mut timer = tokio::time::interval(Duration::from_millis(100));
            for number in 0_u64.. {
                timer.tick().await;
                let some = (0..20).map(|at| {
                    let (producer, this) = (&producer, &self);
                    let tenant = format!("{}{number}-{at}", "made-up-".repeat(30));
                    let headers = vec![
                        ("tenant", tenant.into_bytes()),
                        ("ip", vec![0xff; 300]),
                        ("ce_type", b"\x00\x01".to_vec()),
                        ("content-type", vec![0xc3; 100]),
                    ];
                    async move {
                        this.produce(producer, "made-up", b"{\"type\":\"a.b\",\"actor\":{\"id\":\"u\"}}", &headers)
                            .await
                    }
                });
                futures::future::join_all(some).await;
                self.count(MADE_UP, 20);
            }
        })
    }

    /// One after the other, again and again.
    fn rules(self) -> Work {
        Box::pin(async move {
            let key = self.ruled.admin.clone();
            for number in 0_usize.. {
                let name = format!("big-{}", number % RULES);
                let yaml = rule(&name, number);
                let body = json!({"yaml": yaml});
                let change = self.http.put(format!("{}/v1/rules/{name}", self.url)).bearer_auth(&key).json(&body);
                let changed = self.send(change).await;
                if changed == Some(404) {
                    let body = json!({"name": name, "yaml": yaml});
                    self.send(self.http.post(format!("{}/v1/rules", self.url)).bearer_auth(&key).json(&body)).await;
                }
                self.count(CHANGES, 1);
                if changed.is_none_or(|status| status >= 400) {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        })
    }

    fn tokens(self) -> Work {
        Box::pin(async move {
            let mut timer = tokio::time::interval(Duration::from_millis(20));
            for number in 0_u64.. {
                timer.tick().await;
                let token = match number % 3 {
                    0 => format!("ut_{number:012}_{}", "a".repeat(43)),
                    1 => format!("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4{number}In0.c2ln"),
                    _ => "x".repeat(8000),
                };
                let path = if number.is_multiple_of(2) { "/v1/events" } else { "/v1/users" };
                self.send(self.http.get(format!("{}{path}", self.url)).bearer_auth(token)).await;
                self.count(TOKENS, 1);
            }
        })
    }

    /// Failed sign-ins, each from another address and of another user: groups and users without end.
    fn groups(self) -> Work {
        Box::pin(async move {
            let mut timer = tokio::time::interval(Duration::from_millis(200));
            for number in 0_u64.. {
                timer.tick().await;
                let events: Vec<Value> = (0..100)
                    .map(|at| {
                        let one = number * 100 + at;
                        let [_, a, b, c] = (one as u32).to_be_bytes();
                        json!({
                            "type": "user.sign_in_failed",
                            "actor": {"id": format!("victim-{one}")},
                            "context": {"ip": format!("20.{a}.{b}.{c}"), "device_id": format!("d-{one}")},
                        })
                    })
                    .collect();
                let request = self.http.post(format!("{}/v1/events", self.url)).bearer_auth(&self.noisy.ingest);
                self.send(request.json(&events)).await;
                self.count(GROUPS, 100);
            }
        })
    }

    fn noise(self) -> Work {
        Box::pin(async move {
            let mut timer = tokio::time::interval(Duration::from_millis(50));
            for number in 0_u64.. {
                timer.tick().await;
                let bytes: &[u8] = match number % 3 {
                    0 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                    1 => b"NOT HTTP AT ALL\r\n\r\n",
                    _ => b"POST /v1/events HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                };
                if let Ok(mut stream) = TcpStream::connect(&self.address).await {
                    let _ = stream.write_all(bytes).await;
                }
                self.count(NOISE, 1);
            }
        })
    }

    /// Sends nothing, or a header that never ends; when it is closed, it comes again.
    async fn silent(self, at: usize) {
        let address = if at.is_multiple_of(8) { &self.sql_address } else { &self.address };
        loop {
            if let Ok(mut stream) = TcpStream::connect(address).await {
                self.count("silent connections, and headers byte by byte", 1);
                if at.is_multiple_of(2) {
                    let mut nothing = [0; 16];
                    let _ = stream.read(&mut nothing).await;
                } else {
                    let _ = stream.write_all(b"GET /v1/events HTTP/1.1\r\nX-A: ").await;
                    while stream.write_all(b"a").await.is_ok() {
                        tokio::time::sleep(Duration::from_millis(900)).await;
                    }
                }
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// Announces a body and sends one byte less.
    async fn half_body(self, at: usize) {
        let (address, line, key, bytes) = match at % 8 {
            0 => (&self.address, "POST /v1/rules", &self.noisy.admin, 1 << 20),
            1 => (&self.sql_address, "POST /", &self.noisy.sql, 256 * 1024),
            _ => (&self.address, "POST /v1/events", &self.noisy.ingest, HALF_BODY_BYTES),
        };
        let head = format!(
            "{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\nContent-Length: {bytes}\r\n\r\n"
        );
        let piece = vec![b' '; 64 * 1024];
        loop {
            if let Ok(mut stream) = TcpStream::connect(address).await {
                let mut sent = stream.write_all(head.as_bytes()).await.is_ok();
                let mut left = bytes - 1;
                while sent && left > 0 {
                    let now = left.min(piece.len());
                    sent = stream.write_all(&piece[..now]).await.is_ok();
                    left -= now;
                }
                let mut answer = [0; 64];
                let _ = stream.read(&mut answer).await;
                self.count("bodies one byte short", 1);
            }
            // Refused ones would come again at once: what is measured is not how fast this machine copies.
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    }

    async fn query(self, at: usize) {
        let path = match at % 4 {
            0 => "/v1/events?limit=1000",
            1 => "/v1/events?q=nothing-like-this&limit=1000",
            2 => "/v1/statistics?by=action,country&distinct=users&interval=day&period=this_month",
            _ => "/v1/users?limit=1000",
        };
        loop {
            let status = self.send(self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.noisy.admin)).await;
            self.count("the noisy tenant's worst queries", 1);
            if status.is_none_or(|status| status != 200) {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }

    async fn statement(self, at: usize) {
        let deep = format!("SELECT {}1{}", "(".repeat(90), ")".repeat(90));
        let long = format!("SELECT {} 1", "1 + ".repeat(20_000));
        let sql = match at % 4 {
            0 => "SELECT count() FROM events a CROSS JOIN events b WHERE a.actor_id > b.actor_id".to_owned(),
            1 => "SELECT actor_id, uniqExact(device_id), groupArray(event_id) FROM events GROUP BY actor_id ORDER BY 2 DESC".to_owned(),
            2 => deep,
            _ => long,
        };
        loop {
            let request = self.http.post(format!("http://{}/", self.sql_address)).bearer_auth(&self.noisy.sql);
            let status = self.send(request.body(sql.clone())).await;
            self.count("heavy, deep and long statements", 1);
            if status.is_none_or(|status| status != 200) {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }

    /// Takes an export as slowly as it may.
    async fn export(self) {
        loop {
            let request = self.http.get(format!("{}/v1/events?format=ndjson", self.url)).bearer_auth(&self.noisy.admin);
            if let Ok(mut answer) = request.send().await {
                while let Ok(Some(_)) = answer.chunk().await {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            }
            self.count("exports, read slowly", 1);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// Sends, takes the whole answer, and says its status.
    async fn send(&self, request: reqwest::RequestBuilder) -> Option<u16> {
        let answer = request.timeout(PATIENCE).send().await.ok()?;
        let status = answer.status().as_u16();
        answer.bytes().await.ok()?;
        Some(status)
    }
}

/// A rule as large as one may be, other than the last time.
fn rule(name: &str, number: usize) -> String {
    let mut yaml = format!(
        "title: {name}\nid: {}\nstatus: stable\nversion: 1\nlevel: low\ndescription: Change {number}\nlogsource:\n  product: \
         usertrail\ndetection:\n  some:\n    object.name|contains:\n",
        uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, name.as_bytes())
    );
    let mut at = 0;
    while yaml.len() < RULE_BYTES {
        yaml += &format!("      - word-{number}-{at}-of-many\n");
        at += 1;
    }
    yaml + "  condition: some\n"
}
