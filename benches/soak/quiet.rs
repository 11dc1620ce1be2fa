//! The well-behaved tenant: it sends, and looks at its pages.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use chrono::Utc;
use runtime::config::Config;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{Keys, Target};

pub(crate) const EVENTS_A_SECOND: usize = 100;
const EVENTS_A_REQUEST: usize = 10;
pub(crate) const PAGE_EVERY: Duration = Duration::from_millis(250);
/// How often the table is asked how far it is; also the resolution of the result.
const POLL: Duration = Duration::from_millis(50);
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the last events may take.
const LAST: Duration = Duration::from_secs(120);
/// What it looks at, by turns.
const PAGES: &[(&str, &str)] = &[
    ("page: log, newest", "/v1/events?limit=50"),
    ("page: log of one user", "/v1/events?actor_id=u-7&limit=50"),
    ("page: users", "/v1/users?limit=50"),
    ("page: statistics of today", "/v1/statistics?by=action&period=today"),
    ("page: violations", "/v1/violations"),
    ("page: may this device in?", "/v1/access/check?user_id=u-7&device_id=d-7"),
];

/// The embedded engine's HTTP interface.
#[derive(Clone)]
pub(crate) struct Engine {
    pub(crate) http: reqwest::Client,
    pub(crate) url: String,
    pub(crate) password: String,
}

#[derive(Clone)]
pub(crate) struct Quiet {
    http: reqwest::Client,
    url: String,
    ingest: String,
    admin: String,
    engine: Engine,
}

/// What it saw; times are sorted.
pub(crate) struct Seen {
    /// From the acknowledgement until a query found it, for each event.
    pub(crate) stored: Vec<Duration>,
    /// Acknowledged, and not there in the end.
    pub(crate) lost: usize,
    /// From sending to the acknowledgement, for each request.
    pub(crate) sent: Vec<Duration>,
    /// Requests with events that were not acknowledged.
    pub(crate) refused: usize,
    pub(crate) pages: Vec<(&'static str, Vec<Duration>)>,
    /// Pages that were not answered, or with a problem, by what was said instead.
    pub(crate) failures: BTreeMap<String, usize>,
}

impl Seen {
    pub(crate) fn failed(&self) -> usize {
        self.failures.values().sum()
    }

    pub(crate) fn asked(&self) -> usize {
        self.failed() + self.pages.iter().map(|(_, times)| times.len()).sum::<usize>()
    }
}

/// The share of the times that are at most so long; `times` are sorted.
pub(crate) fn at(times: &[Duration], share: f64) -> Duration {
    let index = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
    times.get(index).copied().unwrap_or_default()
}

impl Quiet {
    pub(crate) fn new(target: &Target, keys: &Keys) -> Self {
        Self {
            http: target.http.clone(),
            url: target.url(""),
            ingest: keys.ingest.clone(),
            admin: keys.admin.clone(),
            engine: target.engine.clone(),
        }
    }

    /// Works for so long. `label` is part of its events' ids.
    pub(crate) async fn run(self, time: Duration, label: &'static str) -> Seen {
        let stop = CancellationToken::new();
        let watching = tokio::spawn(self.clone().watch(stop.clone()));
        let until = Instant::now() + time;
        let looking = tokio::spawn(self.clone().look(until));
        let (acknowledged, mut sent, refused) = self.send(until, label).await;
        let (mut pages, failures) = looking.await.unwrap();
        let (stored, lost) = self.stored(&acknowledged, label, stop, watching).await;
        sent.sort_unstable();
        pages.iter_mut().for_each(|(_, times)| times.sort_unstable());
        Seen { stored, lost, sent, refused, pages, failures }
    }

    /// Sends requests when they are due, whether or not those before were answered.
    async fn send(&self, until: Instant, label: &str) -> (HashMap<String, Instant>, Vec<Duration>, usize) {
        let mut timer =
            tokio::time::interval(Duration::from_secs(1) * EVENTS_A_REQUEST as u32 / EVENTS_A_SECOND as u32);
        let mut sending = tokio::task::JoinSet::new();
        let mut number = 0;
        while Instant::now() < until {
            timer.tick().await;
            let ids: Vec<String> = (number..number + EVENTS_A_REQUEST).map(|at| format!("{label}-{at}")).collect();
            number += EVENTS_A_REQUEST;
            let events: Vec<Value> = ids.iter().enumerate().map(|(at, id)| event(id, at)).collect();
            let request = self.http.post(format!("{}/v1/events", self.url)).bearer_auth(&self.ingest).json(&events);
            sending.spawn(async move {
                let sent = Instant::now();
                let answer = request.timeout(PATIENCE).send().await;
                let accepted = answer.is_ok_and(|answer| answer.status() == 202);
                accepted.then(|| (ids, Instant::now(), sent.elapsed()))
            });
        }
        let (mut acknowledged, mut times, mut refused) = (HashMap::new(), Vec::new(), 0);
        for answer in sending.join_all().await {
            let Some((ids, at, took)) = answer else {
                refused += 1;
                continue;
            };
            times.push(took);
            acknowledged.extend(ids.into_iter().map(|id| (id, at)));
        }
        (acknowledged, times, refused)
    }

    /// Asks for a page when it is due.
    async fn look(self, until: Instant) -> (Vec<(&'static str, Vec<Duration>)>, BTreeMap<String, usize>) {
        let mut timer = tokio::time::interval(PAGE_EVERY);
        let mut asking = tokio::task::JoinSet::new();
        let mut number = 0;
        while Instant::now() < until {
            timer.tick().await;
            let page = number % PAGES.len();
            number += 1;
            let request = self.http.get(format!("{}{}", self.url, PAGES[page].1)).bearer_auth(&self.admin);
            asking.spawn(async move {
                let asked = Instant::now();
                let answer = answer(request).await;
                (page, answer.map(|()| asked.elapsed()))
            });
        }
        let mut pages: Vec<(&'static str, Vec<Duration>)> = PAGES.iter().map(|(name, _)| (*name, Vec::new())).collect();
        let mut failures = BTreeMap::new();
        for (page, took) in asking.join_all().await {
            match took {
                Ok(took) => pages[page].1.push(took),
                Err(said) => *failures.entry(said).or_default() += 1,
            }
        }
        (pages, failures)
    }

    /// Asks again and again how far its rows are. A partition's rows become visible in the order of their offsets.
    async fn watch(self, stop: CancellationToken) -> Vec<(Instant, HashMap<u64, u64>)> {
        let sql = "SELECT kafka_partition, max(kafka_offset) FROM events WHERE tenant = 'quiet' \
                   AND received_at > now64(3) - 60 GROUP BY 1 FORMAT TabSeparated";
        let mut progress = Vec::new();
        let mut timer = tokio::time::interval(POLL);
        timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !stop.is_cancelled() {
            timer.tick().await;
            // The engine may be busy: then the events are as late as the answer.
            if let Some(text) = self.engine.ask(sql).await {
                let rows = text.lines().filter_map(|line| {
                    let (partition, offset) = line.split_once('\t')?;
                    Some((partition.parse().ok()?, offset.parse().ok()?))
                });
                progress.push((Instant::now(), rows.collect()));
            }
        }
        progress
    }

    /// For each event how long it took to be there, once all are or the time is up; and how many are not.
    async fn stored(
        &self,
        acknowledged: &HashMap<String, Instant>,
        label: &str,
        stop: CancellationToken,
        watching: tokio::task::JoinHandle<Vec<(Instant, HashMap<u64, u64>)>>,
    ) -> (Vec<Duration>, usize) {
        let sql = format!(
            "SELECT kafka_partition, kafka_offset, event_id FROM events WHERE tenant = 'quiet' \
             AND startsWith(event_id, '{label}-') FORMAT TabSeparated"
        );
        let begun = Instant::now();
        let mut text = String::new();
        while begun.elapsed() < LAST {
            text = self.engine.ask(&sql).await.unwrap_or_default();
            if text.lines().count() >= acknowledged.len() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        tokio::time::sleep(POLL * 4).await;
        stop.cancel();
        let progress = watching.await.unwrap();
        let mut waits: Vec<Duration> = text
            .lines()
            .filter_map(|line| {
                let mut fields = line.split('\t');
                let partition: u64 = fields.next()?.parse().ok()?;
                let offset: u64 = fields.next()?.parse().ok()?;
                let at = acknowledged.get(fields.next()?)?;
                let is_there =
                    |(_, far): &(Instant, HashMap<u64, u64>)| far.get(&partition).is_some_and(|last| *last >= offset);
                let first = progress.get(progress.partition_point(|moment| !is_there(moment)))?;
                Some(first.0.saturating_duration_since(*at))
            })
            .collect();
        waits.sort_unstable();
        let lost = acknowledged.len() - waits.len();
        (waits, lost)
    }
}

/// Takes a whole answer; or what went wrong, in a word.
async fn answer(request: reqwest::RequestBuilder) -> Result<(), String> {
    let text = async {
        let answer = request.timeout(PATIENCE).send().await?;
        let status = answer.status();
        answer.text().await.map(|text| (status, text))
    };
    match text.await {
        Ok((status, _)) if status.is_success() => Ok(()),
        Ok((status, text)) => {
            let problem: Value = serde_json::from_str(&text).unwrap_or_default();
            Err(format!("{} {}", status.as_u16(), problem["code"].as_str().unwrap_or_default()))
        }
        Err(error) if error.is_timeout() => Err("no answer in time".to_owned()),
        Err(_) => Err("no connection".to_owned()),
    }
}

impl Engine {
    pub(crate) async fn ask(&self, sql: &str) -> Option<String> {
        let database = Config::defaults().unwrap().clickhouse.database;
        let request = self.http.post(&self.url).query(&[("database", database.as_str())]);
        let request = request.header("x-clickhouse-user", "default").header("x-clickhouse-key", &self.password);
        let answer = request.timeout(PATIENCE).body(sql.to_owned()).send().await.ok()?;
        answer.error_for_status().ok()?.text().await.ok()
    }
}

fn event(id: &str, number: usize) -> Value {
    json!({
        "id": id,
        "type": if number == 0 { "user.signed_in" } else { "deal.viewed" },
        "occurred_at": Utc::now().to_rfc3339(),
        "actor": {"kind": "user", "id": format!("u-{number}"), "name": format!("User {number}")},
        "object": {"type": "deal", "id": format!("D-{number}"), "name": "Boiler"},
        "context": {"ip": "8.8.8.8", "device_id": format!("d-{number}"), "session_id": format!("s-{number}")},
    })
}
