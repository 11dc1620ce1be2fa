//! One attempt: a request to an address that was checked, bounded in time and size, and what its answer means.

use std::error::Error as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use chrono::Utc;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use runtime::config::Alert;
use runtime::outbound::{Outbound, Refused};
use schemas::alerts::{AlertEndpoint, Pending};

use crate::book::Key;
use crate::format::{Report, body};
use crate::sign::signatures;

/// Most of an answer that is read, bytes.
const MAX_ANSWER_BYTES: usize = 4096;
/// Most of an answer that is kept in the log, characters.
const MAX_QUOTED_CHARS: usize = 200;
/// Longest reason, bytes.
const MAX_REASON_BYTES: usize = 500;

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The receiver has it.
    Delivered,
    /// The receiver wants no more.
    Gone,
    /// To be tried again, no sooner than asked.
    Failed {
        /// The receiver's `Retry-After`.
        asked: Option<Duration>,
    },
}

/// An attempt that was made.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) verdict: Verdict,
    /// The answer's status; 0 without one.
    pub(crate) status: u16,
    /// Why it failed, at most 500 bytes; empty when it didn't.
    pub(crate) reason: String,
    pub(crate) duration: Duration,
}

impl Attempt {
    /// A report that ends without one.
    pub(crate) fn none(reason: String) -> Self {
        Self { verdict: Verdict::Failed { asked: None }, status: 0, reason, duration: Duration::ZERO }
    }

    /// Whether anything was sent.
    pub(crate) fn was_made(&self) -> bool {
        self.duration > Duration::ZERO
    }
}

/// Sends. Clones share connections.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    client: Client,
    outbound: Outbound,
    violation_url: Arc<str>,
}

impl Sender {
    pub(crate) fn new(config: &Alert) -> Result<Self> {
        let outbound = Outbound::new(config.allow_private);
        let client = Client::builder()
            .user_agent(concat!("usertrail/", env!("CARGO_PKG_VERSION")))
            .timeout(Duration::from_millis(config.timeout_ms))
            .redirect(Policy::none())
            .referer(false)
            // A proxy would resolve names itself.
            .no_proxy()
            .dns_resolver(Arc::new(Checked(outbound)))
            .pool_max_idle_per_host(2)
            .build()
            .context("the client for webhooks")?;
        Ok(Self { client, outbound, violation_url: config.violation_url.as_str().into() })
    }

    /// Makes one attempt. Never fails: a failure is an attempt, too.
    pub(crate) async fn attempt(&self, endpoint: &AlertEndpoint, key: &Key, pending: &Pending) -> Attempt {
        let begun = std::time::Instant::now();
        let (verdict, status, reason) = match self.send(endpoint, key, pending).await {
            Ok(answer) => judge(answer).await,
            Err(reason) => (Verdict::Failed { asked: None }, 0, reason),
        };
        Attempt { verdict, status, reason: bounded(reason), duration: begun.elapsed() }
    }

    async fn send(&self, endpoint: &AlertEndpoint, key: &Key, pending: &Pending) -> Result<Response, String> {
        let Some(violation) = &pending.violation else { return Err("there is nothing to tell".to_owned()) };
        // A host that is an address is connected to without the resolver.
        let url = self.outbound.parse(&endpoint.url).map_err(|refused| refused.to_string())?;
        let report = Report {
            kind: pending.kind,
            violation,
            count: pending.reporting,
            since: pending.since,
            violation_url: &self.violation_url,
        };
        let body = body(endpoint.format, &report);
        let mut request = self.client.post(url).header(CONTENT_TYPE, "application/json");
        if endpoint.format.is_signed() {
            let (id, timestamp) = (message_id(key, pending), Utc::now().timestamp());
            let signed = signatures(&endpoint.secrets, &id, timestamp, &body)
                .map_err(|_| "the endpoint has a secret that can't sign; rotate it".to_owned())?;
            request = request
                .header("webhook-id", id)
                .header("webhook-timestamp", timestamp)
                .header("webhook-signature", signed);
        }
        request.body(body).send().await.map_err(|error| describe(&error))
    }
}

/// The id of a report, the same in all its attempts (`webhook-id`).
pub(crate) fn message_id(key: &Key, pending: &Pending) -> String {
    format!("msg_{}_{}_{}", key.violation, key.address.endpoint, pending.since.timestamp_millis())
}

/// Resolves names to addresses that may be connected to. The connection is made to exactly these, so a name that tells
/// another address the next time gains nothing.
#[derive(Debug)]
struct Checked(Outbound);

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let outbound = self.0;
        Box::pin(async move {
            let found = outbound.resolve(name.as_str()).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

async fn judge(mut answer: Response) -> (Verdict, u16, String) {
    let status = answer.status();
    if status.is_success() {
        return (Verdict::Delivered, status.as_u16(), String::new());
    }
    let asked = retry_after(answer.headers(), SystemTime::now());
    let said = quoted(&read(&mut answer).await);
    let words = status.canonical_reason().unwrap_or("status");
    let reason = if status.is_redirection() {
        format!("{} {words}: redirects are not followed; enter the address that it leads to", status.as_u16())
    } else if said.is_empty() {
        format!("{} {words}", status.as_u16())
    } else {
        format!("{} {words}: {said}", status.as_u16())
    };
    let verdict = if status == StatusCode::GONE { Verdict::Gone } else { Verdict::Failed { asked } };
    (verdict, status.as_u16(), reason)
}

/// The beginning of the answer; what is wrong with the rest does not matter.
async fn read(answer: &mut Response) -> Vec<u8> {
    let mut text = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        let room = MAX_ANSWER_BYTES - text.len();
        text.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if text.len() >= MAX_ANSWER_BYTES {
            break;
        }
    }
    text
}

fn quoted(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let one_line: String = text.chars().map(|symbol| if symbol.is_control() { ' ' } else { symbol }).collect();
    one_line.trim().chars().take(MAX_QUOTED_CHARS).collect()
}

/// `Retry-After`: seconds, or a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => Some(httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default()),
    }
}

/// The innermost cause says what happened; the address is left out, since it may be a secret.
fn describe(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut last = None;
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<Refused>() {
            return refused.to_string();
        }
        last = Some(inner.to_string());
        cause = inner.source();
    }
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let what = if error.is_connect() { "can't connect" } else { "the request failed" };
    last.map_or_else(|| what.to_owned(), |last| format!("{what}: {last}"))
}

fn bounded(mut reason: String) -> String {
    reason.truncate(reason.floor_char_boundary(MAX_REASON_BYTES));
    reason
}

#[cfg(test)]
mod tests;
