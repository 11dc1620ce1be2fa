//! Sends the demo's events to ingest: steadily, or as history, each batch until it is acknowledged.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Client, Response, StatusCode};
use schemas::catalogue::{Catalogue, CatalogueError};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::generator::{Generator, Pace};
use crate::people::people;

/// The demo's company is always the same.
const SEED: u64 = 2026;
const PEOPLE: usize = 60;
/// Most events in one request.
const BATCH: usize = 500;
/// How often what is due is sent.
const TICK: Duration = Duration::from_millis(200);
/// A sender that is further behind the clock than this leaves the gap open, instead of flooding a server that has just
/// come back.
const MAX_LAG: TimeDelta = TimeDelta::seconds(30);
/// Waits between attempts: doubling from the first to the last.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LAST_WAIT: Duration = Duration::from_secs(5);
/// Most events in one request of history.
const HISTORY_BATCH: usize = 1000;
/// How busy the company was in its past: events a second in the mean, some 1,800 a day.
pub(crate) const PAST_RATE: f64 = 1800.0 / 86_400.0;

/// A past of the demo's company. The same past is made of the same events, under the same ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    /// Its end.
    pub until: DateTime<Utc>,
    /// How many days it has.
    pub days: u32,
}

/// What became of the events sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Acknowledged by the server.
    pub accepted: u64,
    /// Refused by the server one by one.
    pub rejected: u64,
    /// Requests that had to be repeated.
    pub retries: u64,
}

/// Why nothing more can be sent.
#[derive(Debug)]
pub enum SendError {
    /// The catalogue that the events are made of is broken.
    Catalogue(CatalogueError),
    /// The HTTP client can't be made.
    Client(reqwest::Error),
    /// The server refuses for a reason that waiting doesn't cure.
    Refused {
        /// Its answer's status.
        status: u16,
        /// Its answer.
        answer: String,
    },
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Catalogue(_) => f.write_str("the event catalogue is broken"),
            Self::Client(_) => f.write_str("no HTTP client"),
            Self::Refused { status, answer } => write!(f, "the server refused the events: {status} {answer}"),
        }
    }
}

impl std::error::Error for SendError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Catalogue(source) => Some(source),
            Self::Client(source) => Some(source),
            Self::Refused { .. } => None,
        }
    }
}

/// Sends a steady load to the usertrail at `url` (its root) until it is asked to stop; what stops it before that is logged.
pub async fn run(url: &str, key: &str, rate_per_s: f64, shutdown: CancellationToken) {
    match load(url, key, rate_per_s, None, shutdown).await {
        Ok(report) => tracing::info!(?report, "the demo load has stopped"),
        Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "the demo load has stopped"),
    }
}

/// Sends `count` events (or endlessly many) at a steady rate.
///
/// # Errors
/// When the server refuses for good. Events that it refuses one by one are counted, and a server that is away is waited for.
pub async fn load(
    url: &str,
    key: &str,
    rate_per_s: f64,
    count: Option<u64>,
    shutdown: CancellationToken,
) -> Result<Report, SendError> {
    let mut sender = Sender::new(url, key, shutdown)?;
    let mut company = company(Utc::now())?.pace(Pace::Steady(rate_per_s));
    let mut left = count.unwrap_or(u64::MAX);
    while left > 0 && !sender.stop.is_cancelled() {
        let now = Utc::now();
        if now - company.clock() > MAX_LAG {
            company.skip_to(now);
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(BATCH);
        let batch = due(&mut company, now, most);
        if batch.is_empty() {
            tokio::select! {
                () = tokio::time::sleep(TICK) => {}
                () = sender.stop.cancelled() => {}
            }
            continue;
        }
        left -= batch.len() as u64;
        sender.send(batch).await?;
    }
    Ok(sender.report)
}

/// Sends a past of the demo's company, marked as history, so that there is something to look back on. The first `sent`
/// events are left out: they were acknowledged before. After each batch `on_sent` learns how many there are by now, and of when
/// the last one is.
///
/// # Errors
/// When the server refuses for good.
pub async fn backfill(
    url: &str,
    key: &str,
    history: History,
    sent: u64,
    shutdown: CancellationToken,
    mut on_sent: impl FnMut(u64, DateTime<Utc>),
) -> Result<Report, SendError> {
    let mut sender = Sender::new(url, key, shutdown)?;
    let start = history.until - TimeDelta::days(history.days.into());
    let mut company = company(start)?.pace(Pace::Daily(PAST_RATE)).backfill();
    for _ in 0..sent {
        company.next();
    }
    let mut sent = sent;
    loop {
        let batch = due(&mut company, history.until, HISTORY_BATCH);
        if batch.is_empty() {
            return Ok(sender.report);
        }
        sent += batch.len() as u64;
        sender.send(batch).await?;
        if sender.stop.is_cancelled() {
            return Ok(sender.report);
        }
        on_sent(sent, company.clock());
    }
}

fn company(start: DateTime<Utc>) -> Result<Generator, SendError> {
    let catalogue = Catalogue::shipped().map_err(SendError::Catalogue)?;
    Ok(Generator::new(SEED, &catalogue, people(SEED, PEOPLE), start))
}

/// The events up to a moment, `most` at most.
fn due(company: &mut Generator, until: DateTime<Utc>, most: usize) -> Vec<Value> {
    let mut batch = Vec::new();
    while batch.len() < most && company.upcoming() <= until {
        batch.extend(company.next());
    }
    batch
}

struct Sender {
    client: Client,
    url: String,
    key: String,
    stop: CancellationToken,
    report: Report,
}

/// What one request came to.
enum Outcome {
    Done,
    /// To be sent again under the same ids, after so long.
    Again(Vec<Value>, Option<Duration>),
}

impl Sender {
    fn new(url: &str, key: &str, stop: CancellationToken) -> Result<Self, SendError> {
        let client = Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(60))
            .build()
            .map_err(SendError::Client)?;
        let url = format!("{}/v1/events", url.trim_end_matches('/'));
        Ok(Self { client, url, key: key.to_owned(), stop, report: Report::default() })
    }

    /// Sends a batch until all of it has a fate. The ids make it safe to send it again; what is not acknowledged when it is
    /// time to stop is left out.
    async fn send(&mut self, mut batch: Vec<Value>) -> Result<(), SendError> {
        let mut wait = FIRST_WAIT;
        loop {
            let after = match self.attempt(batch).await? {
                Outcome::Done => return Ok(()),
                Outcome::Again(rest, after) => {
                    batch = rest;
                    after.unwrap_or(wait)
                }
            };
            self.report.retries += 1;
            tokio::select! {
                () = tokio::time::sleep(after) => wait = LAST_WAIT.min(wait * 2),
                () = self.stop.cancelled() => return Ok(()),
            }
        }
    }

    async fn attempt(&mut self, batch: Vec<Value>) -> Result<Outcome, SendError> {
        let request = self.client.post(&self.url).bearer_auth(&self.key).json(&batch).send();
        let response = tokio::select! {
            response = request => response,
            () = self.stop.cancelled() => return Ok(Outcome::Done),
        };
        let response = match response {
            Ok(response) => response,
            Err(error) => {
                tracing::debug!(%error, "ingest is away");
                return Ok(Outcome::Again(batch, None));
            }
        };
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            let after = retry_after(&response);
            return Ok(Outcome::Again(batch, after));
        }
        let answer = match response.bytes().await {
            Ok(answer) => answer,
            Err(_) => return Ok(Outcome::Again(batch, None)),
        };
        if status == StatusCode::UNPROCESSABLE_ENTITY {
            self.report.rejected += batch.len() as u64;
            tracing::warn!(answer = %String::from_utf8_lossy(&answer), "events were rejected");
            return Ok(Outcome::Done);
        }
        if !status.is_success() {
            let answer = String::from_utf8_lossy(&answer).chars().take(500).collect();
            return Err(SendError::Refused { status: status.as_u16(), answer });
        }
        Ok(self.read_fates(batch, &serde_json::from_slice(&answer).unwrap_or_default()))
    }

    /// Counts the fates in an answer. Events of unknown fate go again.
    fn read_fates(&mut self, batch: Vec<Value>, answer: &Value) -> Outcome {
        let total = batch.len() as u64;
        let count = |name: &str| answer.get(name).and_then(Value::as_u64);
        let fates = answer.get("events").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let status = |index: usize| fates.get(index).and_then(|fate| fate.get("status")).and_then(Value::as_str);
        let rejected = count("rejected").unwrap_or(0);
        if rejected > 0 {
            let first = fates.iter().find(|fate| fate.get("code").is_some());
            tracing::warn!(rejected, first = ?first, "events were rejected");
        }
        self.report.accepted += count("accepted").unwrap_or(total - rejected.min(total));
        self.report.rejected += rejected;
        let unknown: Vec<Value> = batch
            .into_iter()
            .enumerate()
            .filter(|(index, _)| status(*index) == Some("unknown"))
            .map(|(_, event)| event)
            .collect();
        if unknown.is_empty() { Outcome::Done } else { Outcome::Again(unknown, None) }
    }
}

/// What the server asks for, but a minute at most.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds: u64 = response.headers().get("retry-after")?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds.min(60)))
}
