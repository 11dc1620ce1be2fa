//! `POST /v1/events`, step by step.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use axum::Json;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chrono::Utc;
use runtime::client_ip;
use runtime::http::{authenticated, body};
use runtime::memory::Reservation;
use runtime::problem::{AskedLang, Problem, Spoken};
use runtime::receipts::Refusal;
use schemas::catalogue::Lang;

use crate::access::{self, Sender};
use crate::answer::{Answer, EventResult};
use crate::check::{self, Context, Passed};
use crate::expand::{self, Encoding};
use crate::framing::Framing;
use crate::identity::Identity;
use crate::metrics::{Code, Encoding as EncodingLabel, StatusCode as StatusLabel};
use crate::quota::{self, Charge};
use crate::rate::Standing;
use crate::sink::{End, RecordHeaders, Sent};
use crate::{Ingest, rate};

/// Where events are sent.
pub(crate) const PATH: &str = "/v1/events";
/// Larger bodies are expanded and checked off the threads that serve connections.
const INLINE_BYTES: usize = 32 * 1024;

/// Send events
///
/// One event, an array, one event a line (NDJSON), or CloudEvents 1.0 (structured, batched, or binary with `ce-` headers);
/// plain, gzip or zstd. `202` means that Kafka has acknowledged every event that the answer calls accepted. Sent again with
/// the same event ids, or with the same `Idempotency-Key`, an event is stored once: it is the same event if API key, source,
/// id and content are the same, byte for byte. Another content under the same key, source and id is a conflict: refused within one request,
/// kept in the dead letter otherwise. `OPTIONS` with `WebHook-Request-Origin` answers the handshake of the CloudEvents web hook.
#[utoipa::path(
    post,
    path = "/v1/events",
    tag = "events",
    operation_id = "sendEvents",
    security(("key" = [])),
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters; a retry of the same body under the same key, with the same API key, gives the same event ids"),
        ("Content-Encoding" = Option<String>, Header, description = "gzip or zstd"),
        ("traceparent" = Option<String>, Header, description = "W3C trace context, carried along with the events"),
    ),
    request_body(
        description = "Each event as in event.schema.json",
        content(
            (serde_json::Value = "application/json", example = json!(crate::examples::event("evt-1"))),
            (String = "application/x-ndjson", example = json!(crate::examples::lines())),
            (serde_json::Value = "application/cloudevents+json", example = json!(crate::examples::cloud_event("evt-1"))),
            (Vec<serde_json::Value> = "application/cloudevents-batch+json", example = json!([crate::examples::cloud_event("evt-1"), crate::examples::cloud_event("evt-2")])),
        )
    ),
    responses(
        (status = 202, description = "Some or all events are accepted; each one's result", body = Answer,
            headers(("Quota-Warning" = Option<String>, description = "Quotas of which 80 or 100 percent are used, a structured field (RFC 9651): `\"tenant-day\";percent=80`. Absent below")),
            example = json!(crate::examples::answer())),
        (status = 400, description = "The body can't be read", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No valid key", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The key may not send events", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Too many bytes or events", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Unknown media type or encoding", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "No event is accepted; each one's result in `events`", body = Problem, content_type = "application/problem+json", example = json!(crate::examples::all_rejected())),
        (status = 429, description = "Over the limit of events, over a quota of the day or month (`quota_exceeded`, with `limit`, `used`, `remaining` and `resets_at`), or over what a key or tenant may send at once; nothing is accepted; see Retry-After", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Kafka did not acknowledge, or there is no room; says whether sending again is safe", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn events(State(ingest): State<Ingest>, request: Request) -> Response {
    let response = receive(&ingest, request).await.unwrap_or_else(IntoResponse::into_response);
    ingest.0.counts.requests.get_or_create(&StatusLabel { status: response.status().as_u16() }).inc();
    response
}

async fn receive(ingest: &Ingest, request: Request) -> Result<Response, Problem> {
    let shared = &*ingest.0;
    let (parts, body) = request.into_parts();
    let sender = access::sender(&shared.settings, &parts.headers)?;
    authenticated(&parts.extensions, Some(&sender.tenant.id))?;
    let taken = take(ingest, &sender, parts, body).await;
    if let Err(problem) = &taken {
        let pointer = problem.pointer().unwrap_or_default().to_owned();
        let refusal = Refusal { code: problem.code(), pointer, detail: problem.detail().to_owned() };
        let of = (sender.tenant.id.as_str(), &*sender.principal.key_id);
        shared.receipts.count(of, Utc::now(), 0, vec![refusal]);
    }
    taken
}

/// Takes a request of a sender who may send.
async fn take(ingest: &Ingest, sender: &Sender, parts: Parts, body: Body) -> Result<Response, Problem> {
    let shared = &*ingest.0;
    let encoding = Encoding::of(&parts.headers)?;
    let framing = Framing::of(&parts.headers)?;
    let identity = Identity::of(&parts.headers)?;
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let beside = beside(ingest, sender, &framing, &parts.headers, peer);

    let mut held = shared.memory.reservation(&sender.tenant.id, &sender.principal.key_id);
    let body = body::read(body, &parts.headers, shared.config.max_body_bytes, shared.times, &mut held).await?;
    shared.counts.bytes.get_or_create(&EncodingLabel { encoding: encoding.as_str() }).inc_by(body.len() as u64);
    let inline = body.len() <= INLINE_BYTES && encoding == Encoding::Identity;
    let (events, held) = {
        let (config, framing) = (shared.config.clone(), framing.clone());
        let unpack = move || unpack(body, encoding, &framing, &config, held);
        if inline { unpack() } else { tokio::task::spawn_blocking(unpack).await.map_err(Problem::internal)? }
    }?;
    shared.counts.expanded.inc_by(events.iter().map(|event| event.len() as u64).sum());

    let mut standings = rate::check(&shared.limiter, &shared.settings, sender, events.len())?;
    let checking = {
        let (ingest, sender) = (ingest.clone(), sender.clone());
        // It holds the memory of its events, too: whoever asked may have gone while it works.
        move || (check_all(&ingest, &sender, &framing, &identity, &events), held)
    };
    let (checked, held) =
        if inline { checking() } else { tokio::task::spawn_blocking(checking).await.map_err(Problem::internal)? };
    let count = checked.passed.iter().filter(|event| !event.repeated).count();
    let charge = quota::charge((&shared.usage, &shared.warnings), &shared.settings, sender, count).await?;
    standings.extend(&charge.standings);
    let AskedLang(lang) = AskedLang::found(&parts.extensions);
    let response = finish(ingest, checked, charge, (beside, held), lang.unwrap_or_default()).await;
    let mut response = response.unwrap_or_else(IntoResponse::into_response);
    response.headers_mut().extend(Standing::headers(&standings));
    Ok(response)
}

fn beside(
    ingest: &Ingest,
    sender: &Sender,
    framing: &Framing,
    headers: &HeaderMap,
    peer: Option<IpAddr>,
) -> RecordHeaders {
    let (config, tenant) = (&ingest.0.config, &sender.tenant);
    let writes = |address| {
        let ours = client_ip::is_in(&config.trusted_proxies, address).then_some(&config.proxy_header);
        ours.or_else(|| client_ip::is_in(&tenant.trusted_proxies, address).then_some(&tenant.proxy_header))
    };
    RecordHeaders {
        tenant: sender.tenant.id.clone(),
        key_id: sender.principal.key_id.clone(),
        ip: peer.and_then(|peer| client_ip::client_ip(peer, headers, writes)).map(|ip| ip.to_string()),
        content_type: framing.event_type().map(str::to_owned),
        traceparent: headers.get("traceparent").and_then(|value| value.to_str().ok()).and_then(traceparent),
        attributes: framing.attributes().to_vec(),
    }
}

/// A trace context of version 00; anything else is of no use to anybody and left out.
fn traceparent(value: &str) -> Option<String> {
    let lengths: Vec<usize> = value.split('-').map(str::len).collect();
    let hex = value.bytes().all(|byte| byte == b'-' || matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (lengths == [2, 32, 16, 2] && hex && value.starts_with("00-")).then(|| value.to_owned())
}

fn unpack(
    body: Bytes,
    encoding: Encoding,
    framing: &Framing,
    config: &runtime::config::Ingest,
    mut held: Reservation,
) -> Result<(Vec<Bytes>, Reservation), Problem> {
    let body = expand::expand(body, encoding, config.max_expanded_bytes, &mut held)?;
    Ok((framing.split(&body, config.max_events)?, held))
}

/// Which events pass, and the results of those that don't.
struct Checked {
    passed: Vec<Passed>,
    rejected: Vec<EventResult>,
    /// Whether the same request, sent again, would have the same ids.
    repeatable: bool,
}

fn check_all(ingest: &Ingest, sender: &Sender, framing: &Framing, identity: &Identity, events: &[Bytes]) -> Checked {
    let shared = &*ingest.0;
    let context = Context {
        tenant: &sender.tenant,
        catalogue: &shared.catalogue,
        attributes: check::attributes(framing),
        identity,
        key_id: &sender.principal.key_id,
    };
    let (mut passed, mut rejected) = (Vec::with_capacity(events.len()), Vec::new());
    let mut known = HashMap::with_capacity(events.len());
    for (index, event) in events.iter().enumerate() {
        match check::check(&context, index, event).and_then(|event| check::compare(&mut known, event)) {
            Ok(event) => passed.push(event),
            Err(rejection) => {
                shared.counts.rejected.get_or_create(&Code { code: rejection.code }).inc();
                rejected.push(EventResult::rejected(index, rejection));
            }
        }
    }
    let repeatable = matches!(identity, Identity::Repeatable(_)) || passed.iter().all(|event| !event.id_is_ours);
    Checked { passed, rejected, repeatable }
}

/// Sends what passed, and answers.
async fn finish(
    ingest: &Ingest,
    checked: Checked,
    charge: Charge<'_>,
    (beside, held): (RecordHeaders, Reservation),
    lang: Lang,
) -> Result<Response, Problem> {
    let Checked { passed, rejected, repeatable } = checked;
    let of = (beside.tenant.clone(), beside.key_id.clone());
    let noted = |answer: Answer| {
        let accepted = answer.accepted as u64;
        ingest.0.receipts.count((of.0.as_str(), &*of.1), Utc::now(), accepted, answer.refusals());
        answer.in_language(lang)
    };
    if passed.is_empty() {
        let answer = noted(Answer::new(rejected));
        // Of an empty batch nothing is wrong.
        let is_fine = answer.events.is_empty();
        return if is_fine {
            Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
        } else {
            Err(all_rejected(answer))
        };
    }
    let sent = match ingest.0.sink.send(passed, beside, held).await {
        Ok(sent) => sent,
        Err(problem) => {
            charge.settle(0);
            return Err(problem);
        }
    };
    let is_kept = |sent: &&Sent| !sent.event.repeated && !matches!(sent.end, End::Refused(_));
    charge.settle(sent.iter().filter(is_kept).count());
    let all_answered = sent.iter().all(|sent| sent.end != End::Unknown);
    let results = sent.into_iter().map(|Sent { event, end }| EventResult::sent(&event, end));
    let mut results: Vec<EventResult> = rejected.into_iter().chain(results).collect();
    results.sort_unstable_by_key(|result| result.index);
    let answer = noted(Answer::new(results));
    if all_answered && answer.accepted == 0 {
        return Err(all_rejected(answer));
    }
    if all_answered {
        let mut response = (StatusCode::ACCEPTED, Json(answer)).into_response();
        response.extensions_mut().insert(Spoken(lang));
        return Ok(response);
    }
    let detail = if repeatable {
        "Kafka did not acknowledge every event in time; sending the same request again is safe: each event is stored once"
    } else {
        "Kafka did not acknowledge every event in time; send those called unknown again with the ids given here: then \
         each is stored once"
    };
    let problem = Problem::unavailable("not_acknowledged", detail, std::time::Duration::from_secs(2));
    Err(with_results(problem.with_member("repeatable", repeatable), answer))
}

fn all_rejected(answer: Answer) -> Problem {
    let detail = if answer.events.len() == 1 { "the event was rejected" } else { "every event was rejected" };
    with_results(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "all_rejected", detail), answer)
}

fn with_results(problem: Problem, answer: Answer) -> Problem {
    problem
        .with_member("accepted", answer.accepted)
        .with_member("repeated", answer.repeated)
        .with_member("rejected", answer.rejected)
        .with_member("events", answer.events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_trace_context_is_carried_along() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(traceparent(good).as_deref(), Some(good));
        for bad in ["", "00-4bf9-00f0-01", &good.to_uppercase(), &good.replace("00-4", "01-4"), &format!("{good}-x")] {
            assert_eq!(traceparent(bad), None, "{bad}");
        }
    }
}
