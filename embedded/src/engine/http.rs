//! ClickHouse's HTTP interface.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Method, Request as HttpRequest, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use runtime::http::authenticated;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::chdb::Stats;
use super::core::{Core, Watch};
use super::error::DbError;
use super::request::Request;
use super::run::{self, Insert, Part, Piece, Statement};
use super::{formats, sql};

/// Results up to this size are answered once they are complete, so that an error still decides the status.
const HELD_BACK: usize = 1 << 20;

/// The engine's HTTP interface.
pub(super) fn router(core: Arc<Core>) -> Router {
    Router::new().fallback(handle).with_state(core)
}

async fn handle(State(core): State<Arc<Core>>, http: HttpRequest<Body>) -> Response {
    let begun = Instant::now();
    let path = http.uri().path();
    let read = http.method() == Method::GET || http.method() == Method::HEAD;
    if read && (path == "/ping" || path == "/replicas_status" || (path == "/" && http.uri().query().is_none())) {
        return ([(header::CONTENT_TYPE, "text/html; charset=UTF-8")], "Ok.\n").into_response();
    }
    if path != "/" {
        let text = format!("There is no handle {path}\n\nUse / or /ping for health checks, and POST / for queries.\n");
        return (StatusCode::NOT_FOUND, text).into_response();
    }
    if !read && http.method() != Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let mut id = Uuid::now_v7().to_string();
    let mut response = match answer(&core, http, read, begun, &mut id).await {
        Ok(response) => response,
        Err(error) => failure(&core, &error),
    };
    let headers = response.headers_mut();
    for (name, value) in [("x-clickhouse-query-id", id.as_str()), ("x-clickhouse-timezone", "UTC")] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn failure(core: &Core, error: &DbError) -> Response {
    let code = HeaderValue::from(error.code);
    let headers = [
        (HeaderName::from_static("x-clickhouse-exception-code"), code),
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8")),
    ];
    (error.status(), headers, error.body(&core.version)).into_response()
}

async fn answer(
    core: &Arc<Core>,
    http: HttpRequest<Body>,
    readonly: bool,
    begun: Instant,
    id: &mut String,
) -> Result<Response, DbError> {
    let (parts, body) = http.into_parts();
    let mut request = Request::parse(&parts.uri, &parts.headers)?;
    request.admit(&parts.headers, core.config.password.as_deref())?;
    authenticated(&parts.extensions, None).map_err(|_| DbError::too_many_queries())?;
    if let Some(given) = request.query_id.take() {
        *id = given;
    }
    let mut body = Incoming { core, stream: body.into_data_stream(), taken: 0 };
    if let Some(boundary) = request.boundary.take() {
        let mut form = BytesMut::new();
        while let Some(piece) = body.next(core.config.max_query_bytes as u64).await? {
            form.extend_from_slice(&piece);
        }
        request.form(&boundary, &form)?;
    }
    let mut text = BytesMut::from(request.query.as_bytes());
    if !text.is_empty() {
        text.extend_from_slice(b"\n");
    }
    let mut complete = false;
    let head = loop {
        match sql::head(&text, complete) {
            sql::Head::Unclear => match body.next(core.config.max_query_bytes as u64).await? {
                Some(piece) => text.extend_from_slice(&piece),
                None => complete = true,
            },
            head => break head,
        }
    };
    match head {
        sql::Head::Insert { statement, format, data } if !readonly => {
            let rest = text.split_off(data).freeze();
            text.truncate(statement);
            insert(core, Insert { request, sql: text.to_vec(), format }, rest, body, begun).await
        }
        sql::Head::Insert { .. } => Err(DbError::new(
            164,
            "READONLY",
            "Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. You should use method POST for modifying queries",
        )),
        _ => {
            while let Some(piece) = body.next(core.config.max_query_bytes as u64).await? {
                text.extend_from_slice(&piece);
            }
            if text.iter().all(u8::is_ascii_whitespace) {
                return Err(DbError::syntax("Empty query"));
            }
            statement(core, request, text.to_vec(), readonly, begun).await
        }
    }
}

/// A request's body, bounded in size and in the time between its pieces.
struct Incoming<'a> {
    core: &'a Core,
    stream: BodyDataStream,
    taken: u64,
}

impl Incoming<'_> {
    async fn next(&mut self, limit: u64) -> Result<Option<Bytes>, DbError> {
        match tokio::time::timeout(self.core.config.client_timeout, self.stream.next()).await {
            Err(_) => Err(DbError::new(209, "SOCKET_TIMEOUT", "Timeout exceeded while reading the request's body")),
            Ok(None) => Ok(None),
            Ok(Some(Err(error))) => {
                Err(DbError::new(210, "NETWORK_ERROR", &format!("The request's body ended early: {error}")))
            }
            Ok(Some(Ok(piece))) => {
                self.taken += piece.len() as u64;
                if self.taken > limit {
                    return Err(DbError::too_large(&format!("The request's body is larger than {limit} bytes")));
                }
                Ok(Some(piece))
            }
        }
    }
}

async fn insert(
    core: &Arc<Core>,
    insert: Insert,
    first: Bytes,
    mut body: Incoming<'_>,
    begun: Instant,
) -> Result<Response, DbError> {
    let slot = core.slot().await?;
    let ticket = core.ticket();
    let watch = Watch::new(core, &ticket);
    let limit = core.config.max_body_bytes;
    let (pieces, answer) = run::insert(core, &ticket, slot, insert);
    let mut open = first.is_empty() || pieces.send(Piece::Data(first)).await.is_ok();
    while let Some(piece) = body.next(limit).await? {
        // What a failed insert leaves is read all the same: a client that is still sending would miss the answer.
        open = open && pieces.send(Piece::Data(piece)).await.is_ok();
    }
    // From here on the rows are complete, and the insert goes on without its client.
    watch.release();
    let _ = pieces.send(Piece::End).await;
    let stats = answer.await.map_err(|_| DbError::internal("The insert's thread died"))??;
    let mut response = StatusCode::OK.into_response();
    summary(&mut response, &stats, begun);
    Ok(response)
}

async fn statement(
    core: &Arc<Core>,
    request: Request,
    sql: Vec<u8>,
    readonly: bool,
    begun: Instant,
) -> Result<Response, DbError> {
    let seen = sql::statement(&sql);
    if seen.client_file {
        return Err(DbError::not_implemented("INTO OUTFILE and FROM INFILE are not allowed"));
    }
    let format = seen.format.or(request.default_format.clone()).unwrap_or_else(|| "TabSeparated".to_owned());
    let whole = request.whole;
    let slot = core.slot().await?;
    let ticket = core.ticket();
    let watch = Watch::new(core, &ticket);
    let work = Statement { request, sql, format: format.clone(), select: seen.select, readonly };
    let mut parts = run::statement(core, &ticket, slot, work);
    let mut held = Vec::new();
    let mut size = 0;
    let (ended, stats) = loop {
        match parts.recv().await {
            None => return Err(DbError::internal("The query's thread died")),
            Some(Part::Failed(error)) => return Err(error),
            Some(Part::End(stats)) => break (true, stats),
            Some(Part::Data(data, stats)) => {
                size += data.len();
                held.push(data);
                if whole && size > core.config.max_whole_bytes {
                    return Err(DbError::new(
                        396,
                        "TOO_MANY_ROWS_OR_BYTES",
                        "The result is too large for wait_end_of_query=1",
                    ));
                }
                if !whole && size >= HELD_BACK {
                    break (false, stats);
                }
            }
        }
    };
    let tag = Uuid::now_v7().simple().to_string();
    let tag = tag.get(16..).unwrap_or_default().to_owned();
    let body = if ended { collected(held) } else { streamed(core, held, parts, watch, tag.clone()) };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(formats::content_type(&format)));
    for (name, value) in [("x-clickhouse-format", format.as_str()), ("x-clickhouse-exception-tag", tag.as_str())] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    summary(&mut response, &stats, begun);
    Ok(response)
}

fn collected(held: Vec<Bytes>) -> Body {
    if let [only] = held.as_slice() {
        return Body::from(only.clone());
    }
    Body::from(held.concat())
}

/// The rest of a long result. An error in it is written the way ClickHouse does, and then the connection breaks.
fn streamed(core: &Arc<Core>, held: Vec<Bytes>, parts: mpsc::Receiver<Part>, watch: Watch, tag: String) -> Body {
    enum Rest {
        Parts(mpsc::Receiver<Part>, Watch),
        Broken,
        Ended,
    }
    let core = Arc::clone(core);
    let rest = futures::stream::unfold(Rest::Parts(parts, watch), move |rest| {
        let (core, tag) = (Arc::clone(&core), tag.clone());
        async move {
            match rest {
                Rest::Parts(mut parts, watch) => {
                    let error = match parts.recv().await {
                        Some(Part::Data(data, _)) => return Some((Ok(data), Rest::Parts(parts, watch))),
                        Some(Part::End(_)) => return None,
                        Some(Part::Failed(error)) => error,
                        None => DbError::internal("The query's thread died"),
                    };
                    Some((Ok(exception(&error.body(&core.version), &tag)), Rest::Broken))
                }
                Rest::Broken => {
                    // Lets the server send what it has before it breaks off.
                    tokio::task::yield_now().await;
                    Some((Err(io::Error::other("the query failed")), Rest::Ended))
                }
                Rest::Ended => None,
            }
        }
    });
    Body::from_stream(futures::stream::iter(held.into_iter().map(Ok)).chain(rest))
}

fn exception(message: &str, tag: &str) -> Bytes {
    let length = message.len();
    Bytes::from(format!("\r\n__exception__\r\n{tag}\r\n{message}{length} {tag}\r\n__exception__\r\n"))
}

fn summary(response: &mut Response, stats: &Stats, begun: Instant) {
    let text = serde_json::json!({
        "read_rows": stats.read_rows.to_string(),
        "read_bytes": stats.read_bytes.to_string(),
        "written_rows": stats.written_rows.to_string(),
        "written_bytes": stats.written_bytes.to_string(),
        "total_rows_to_read": "0",
        "result_rows": stats.result_rows.to_string(),
        "result_bytes": stats.result_bytes.to_string(),
        "elapsed_ns": begun.elapsed().as_nanos().to_string(),
    });
    if let Ok(value) = HeaderValue::from_str(&text.to_string()) {
        response.headers_mut().insert(HeaderName::from_static("x-clickhouse-summary"), value);
    }
}
