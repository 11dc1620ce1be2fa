//! Requests to addresses that tenants name: signed by Standard Webhooks (<https://www.standardwebhooks.com>), bounded in
//! time and size, sent to addresses that [`Outbound`] let through and to no other; and what the answers mean.

mod sign;

use std::error::Error as _;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use chrono::Utc;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use crate::outbound::{Outbound, Refused};

/// Most of an answer that is read, bytes.
const MAX_ANSWER_BYTES: usize = 4096;
/// Most of an answer that is quoted, characters.
const MAX_QUOTED_CHARS: usize = 200;
/// Longest reason, bytes.
const MAX_REASON_BYTES: usize = 500;

/// What is sent. The same message has the same bytes in every attempt. No `Debug`: it may hold
/// secrets.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// Address, which may be a secret.
    pub url: &'a str,
    /// JSON.
    pub body: &'a [u8],
    /// None: it goes unsigned.
    pub signature: Option<Signature<'a>>,
}

/// How a message is signed.
#[derive(Clone, Copy)]
pub struct Signature<'a> {
    /// Id of the message, the same in all its attempts (`webhook-id`), by which a receiver knows a repetition.
    pub id: &'a str,
    /// Each of them signs.
    pub secrets: &'a [String],
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The receiver answered.
    Answered(StatusCode),
    /// It did not: no connection, or no answer in time.
    Unanswered,
    /// It can't be sent, now or later: the address is refused as it is written, or a secret can't sign.
    Unsendable,
}

/// An attempt that was made.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// How it ended.
    pub end: End,
    /// Why it failed, at most 500 bytes, without the address; empty when it didn't.
    pub reason: String,
    /// How long the receiver asked to wait (`Retry-After`).
    pub asked: Option<Duration>,
    /// How long it took.
    pub duration: Duration,
}

impl Attempt {
    /// The answer's status; 0 without one.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self.end {
            End::Answered(status) => status.as_u16(),
            End::Unanswered | End::Unsendable => 0,
        }
    }

    /// Whether the receiver took it.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self.end, End::Answered(status) if status.is_success())
    }

    /// Whether the same may succeed a little later: nobody answered, or the receiver was busy or in trouble.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self.end {
            End::Answered(status) => {
                status.is_server_error()
                    || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
            }
            End::Unanswered => true,
            End::Unsendable => false,
        }
    }
}

/// There is no client: the system has no TLS to offer.
#[derive(Debug, thiserror::Error)]
#[error("the client for webhooks: {0}")]
pub struct ClientError(#[from] reqwest::Error);

/// Sends. Clones share connections.
#[derive(Clone, Debug)]
pub struct Webhooks {
    client: Client,
    outbound: Outbound,
}

impl Webhooks {
    /// A client whose attempts last `timeout` at most, from the name's resolution to the end of the answer.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn new(outbound: Outbound, timeout: Duration) -> Result<Self, ClientError> {
        let client = Client::builder()
            .user_agent(concat!("usertrail/", env!("CARGO_PKG_VERSION")))
            .timeout(timeout)
            .redirect(Policy::none())
            .referer(false)
            // A proxy would resolve names itself.
            .no_proxy()
            .dns_resolver(Arc::new(Checked(outbound)))
            .pool_max_idle_per_host(2)
            .build()?;
        Ok(Self { client, outbound })
    }

    /// Makes one attempt. Never fails: a failure is an attempt, too.
    pub async fn post(&self, message: &Message<'_>) -> Attempt {
        let begun = Instant::now();
        let (end, reason, asked) = match self.send(message).await {
            Ok(answer) => judge(answer).await,
            Err((end, reason)) => (end, reason, None),
        };
        Attempt { end, reason: bounded(reason), asked, duration: begun.elapsed() }
    }

    async fn send(&self, message: &Message<'_>) -> Result<Response, (End, String)> {
        // A host that is an address is connected to without the resolver.
        let url = self.outbound.parse(message.url).map_err(|refused| (End::Unsendable, refused.to_string()))?;
        let mut request = self.client.post(url).header(CONTENT_TYPE, "application/json");
        if let Some(Signature { id, secrets }) = message.signature {
            let timestamp = Utc::now().timestamp();
            let signed = sign::signatures(secrets, id, timestamp, message.body)
                .map_err(|_| (End::Unsendable, "the endpoint has a secret that can't sign; rotate it".to_owned()))?;
            request = request
                .header("webhook-id", id)
                .header("webhook-timestamp", timestamp)
                .header("webhook-signature", signed);
        }
        let sent = request.body(message.body.to_vec()).send().await;
        sent.map_err(|error| (End::Unanswered, describe(&error)))
    }
}

/// Resolves names to addresses that may be connected to. The connection is made to exactly these, so a name that resolves to
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

async fn judge(mut answer: Response) -> (End, String, Option<Duration>) {
    let status = answer.status();
    if status.is_success() {
        return (End::Answered(status), String::new(), None);
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
    (End::Answered(status), reason, asked)
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
