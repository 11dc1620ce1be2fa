//! The interface itself: who asks, what is asked, and the engine's answer on its way.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request as HttpRequest, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use futures::StreamExt as _;
use query_api::audit::read_log::ReadLog;
use query_api::http::caller::Caller;
use query_api::http::period::{Calendar, last_days};
use query_api::store::cutoffs::RetentionCutoffs;
use query_api::store::fair::Slot;
use runtime::config::Config;
use runtime::http::authenticated;
use runtime::http::body::{self, BodyTimes};
use runtime::limiter::{Limiter, Verdict};
use runtime::memory::MemoryBudget;
use runtime::principal::Principal;
use runtime::settings::{Settings, query_rate};
use schemas::settings::{Feature, Permission, Tenant};
use uuid::Uuid;

use crate::compressed::compressed;
use crate::failure::{Failure, Tail};
use crate::native::{self, Types};
use crate::refusal::Refusal;
use crate::request::Request;
use crate::rewrite::{MAX_BYTES, Parameter, RewriteContext, rewrite_at, zone};
use crate::selftest::{self, SelfTestError};
use crate::settings::{self, SettingPolicy};
use crate::store::{Filters, Reader, Statement, Store, message};
use crate::values;
use crate::views::View;
use crate::zones::Zones;

/// Memory of all statements that are being received, or wait for their turn.
const ALL_BYTES: usize = 32 * 1024 * 1024;
const EXCEPTION_CODE: &str = "x-clickhouse-exception-code";
/// Headers of the engine that clients read.
const PASSED_ON: &[&str] =
    &["content-type", EXCEPTION_CODE, "x-clickhouse-exception-tag", "x-clickhouse-format", "x-clickhouse-summary"];

/// Why there is no endpoint.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The client of the store can't be made.
    #[error("the client of the store: {0}")]
    Client(#[from] reqwest::Error),
    /// The self-test failed.
    #[error("the self-test failed, so SQL stays closed: {0}")]
    SelfTest(#[from] SelfTestError),
    /// The configuration names no such database.
    #[error("{0}")]
    Database(#[from] Refusal),
}

/// The endpoint. Clones share everything.
#[derive(Clone)]
pub struct Bi(Arc<Inner>);

struct Inner {
    store: Store,
    settings: Settings,
    limiter: Limiter,
    read_log: ReadLog,
    context: RewriteContext,
    zones: Zones,
    memory: MemoryBudget,
    times: BodyTimes,
}

/// How a client wants its result.
struct Shape {
    /// The version of Native blocks; 0 for as the engine writes them.
    revision: u64,
    compress: bool,
    types: Types,
}

impl Bi {
    /// An endpoint over the configured store, once its guards have been found to hold.
    ///
    /// # Errors
    /// [`StartError`]; then nothing may be listened for.
    pub async fn open(
        config: &Config,
        settings: Settings,
        limiter: Limiter,
        read_log: ReadLog,
    ) -> Result<Self, StartError> {
        let store = Store::new(config, Filters::On)?;
        let version = selftest::run(&store).await?;
        let context = RewriteContext { database: store.database()?, version };
        let (memory, times) = (MemoryBudget::new(ALL_BYTES), BodyTimes::from(&config.http));
        Ok(Self(Arc::new(Inner {
            store,
            settings,
            limiter,
            read_log,
            context,
            zones: Zones::default(),
            memory,
            times,
        })))
    }
}

/// What may be done with `/`.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS, POST");

/// The routes of a listener of its own.
pub fn router(bi: Bi) -> Router {
    Router::new().fallback(handle).with_state(bi)
}

async fn handle(State(bi): State<Bi>, http: HttpRequest<Body>) -> Response {
    let read = http.method() == Method::GET || http.method() == Method::HEAD;
    let path = http.uri().path();
    if read && (path == "/ping" || (path == "/" && http.uri().query().is_none_or(str::is_empty))) {
        return ([(header::CONTENT_TYPE, "text/html; charset=UTF-8")], "Ok.\n").into_response();
    }
    if path != "/" {
        return (StatusCode::NOT_FOUND, "There is nothing here; statements go to /, health checks to /ping.\n")
            .into_response();
    }
    if http.method() == Method::OPTIONS {
        return (StatusCode::NO_CONTENT, [(header::ALLOW, METHODS)]).into_response();
    }
    if !read && http.method() != Method::POST {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, METHODS)]).into_response();
    }
    let mut id = Uuid::now_v7().to_string();
    let mut response = bi.answer(http, &mut id).await.unwrap_or_else(IntoResponse::into_response);
    let about = [
        ("x-clickhouse-query-id", id.as_str()),
        ("x-clickhouse-timezone", "UTC"),
        ("x-clickhouse-server-display-name", "usertrail"),
    ];
    for (name, value) in about {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

impl Bi {
    async fn answer(&self, http: HttpRequest<Body>, id: &mut String) -> Result<Response, Refusal> {
        let (parts, body) = http.into_parts();
        let mut request = Request::parse(&parts.uri, &parts.headers)?;
        if let Some(given) = request.query_id.take() {
            *id = given;
        }
        // Before the body is read: nobody else may fill our memory.
        let (caller, tenant) = self.admit(&request)?;
        authenticated(&parts.extensions, Some(&tenant.id)).map_err(|_| Refusal::too_many_connections())?;
        let compress = request.compress;
        let http = HttpRequest::from_parts(parts, body);
        let response = self.asked(request, http, &caller, &tenant).await.unwrap_or_else(IntoResponse::into_response);
        // Clients that asked for compressed blocks read errors as such, too.
        if compress && !response.status().is_success() { Ok(squeezed(response).await) } else { Ok(response) }
    }

    async fn asked(
        &self,
        mut request: Request,
        http: HttpRequest<Body>,
        caller: &Caller,
        tenant: &Tenant,
    ) -> Result<Response, Refusal> {
        // Held as long as the text is.
        let mut held = self.0.memory.reservation(&tenant.id, caller.key_id());
        let (parts, body) = http.into_parts();
        let body = body::read(body, &parts.headers, MAX_BYTES, self.0.times, &mut held).await?;
        let body = std::str::from_utf8(&body).map_err(|_| Refusal::syntax("The statement is not UTF-8"))?;
        let text = if request.query.is_empty() { body.to_owned() } else { format!("{}\n{body}", request.query) };
        let filters = std::mem::take(&mut request.filters);
        // A place first: reading a statement takes a thread of its own.
        let place = self.0.store.place(&tenant.id).await?;
        let (rewritten, place) = rewrite_at(text.clone(), filters, self.0.context.clone(), place).await?;
        let views = rewritten.reads.iter().filter_map(|name| View::named(name));
        if let Some(view) = views.into_iter().find(|view| !caller.may(view.takes)) {
            let (name, takes) = (view.name, view.takes.as_str());
            return Err(Refusal::access_denied(format!("{name} takes the permission {takes}")));
        }
        for (name, value) in rewritten.settings {
            request.setting(name, value)?;
        }
        let now = Utc::now();
        let look_back =
            self.0.settings.features(tenant).look_back_days.map(|days| last_days(Calendar::of(tenant), now, days));
        let reader = Reader {
            tenant: tenant.id.clone(),
            keep: RetentionCutoffs::at(now, &tenant.retention),
            hidden: caller.hidden(),
            look_back: look_back.unwrap_or_default(),
        };
        self.zones_agree(
            &reader,
            (&rewritten.zones, &rewritten.zone_parameters),
            &request.parameters,
            &request.settings,
        )
        .await?;
        let format = rewritten.format.or(request.format).unwrap_or_else(|| "TabSeparated".to_owned());
        let mut parameters = request.parameters;
        parameters.retain(|(name, _)| rewritten.parameters.contains(name));
        if let Some(missing) =
            rewritten.parameters.iter().find(|name| !parameters.iter().any(|(given, _)| given == *name))
        {
            return Err(Refusal::unknown_parameter(format!("Substitution `{missing}` is not set")));
        }
        let wrong = |typed: &&Parameter| {
            parameters.iter().any(|(name, value)| *name == typed.name && !values::fits(&typed.kind, value))
        };
        if let Some(Parameter { name, kind }) = rewritten.typed.iter().find(wrong) {
            return Err(Refusal::bad_parameter(format!("The value of `{name}` is no {kind}")));
        }
        let statement = Statement {
            sql: rewritten.sql,
            parameters,
            format: settings::format(&format)?,
            settings: request.settings.into_iter().map(|(name, value, _)| (name, value)).collect(),
        };
        let revision = if statement.format == "Native" { request.revision } else { 0 };
        // Reading the log is an event, by whatever way, and whether it ended well or not: what was read before it failed
        // was read. What a client asks of the server when it connects is none, nor is what the engine could not begin.
        let read = |succeeded| {
            if !rewritten.reads.is_empty() {
                self.0.read_log.sql(caller, &tenant.id, (text.trim(), &statement.parameters), succeeded);
            }
        };
        let answer = self.0.store.run(&reader, &statement).await.inspect_err(|_| read(false))?;
        let own = own_words(&text, &statement.parameters);
        if answer.status().is_success() {
            read(true);
            let shape = Shape { revision, compress: request.compress, types: self.types(reader, statement) };
            return Ok(self.streamed(answer, place, own, shape).await);
        }
        let (status, mut headers) = head(&answer);
        let failure = Failure::of(&message(answer).await);
        if let Some(code) = headers.get_mut(EXCEPTION_CODE) {
            *code = failure.code().into();
        }
        if !failure.is_unbegun() {
            read(false);
        }
        let status = failure.status(status);
        tracing::debug!(%status, %failure, "the store refused a statement");
        Ok((status, headers, failure.told(&own)).into_response())
    }

    /// Whether the engine knows the zones that a statement names as the program does.
    async fn zones_agree(
        &self,
        reader: &Reader,
        (zones, zone_parameters): (&[&'static str], &[String]),
        parameters: &[(String, String)],
        settings: &[(String, String, SettingPolicy)],
    ) -> Result<(), Refusal> {
        let given = parameters.iter().filter(|(name, _)| zone_parameters.contains(name));
        let session = settings.iter().filter(|(name, ..)| name == "session_timezone").map(|(_, value, _)| value);
        let names = given.map(|(_, value)| value).chain(session.filter(|value| !value.is_empty()));
        let names = names.map(String::as_str).chain(zones.iter().copied());
        for name in names {
            self.0.zones.agree(&self.0.store, reader, zone(name)?).await?;
        }
        Ok(())
    }

    /// Types of the columns of a statement's result, once somebody waits for them.
    fn types(&self, reader: Reader, statement: Statement) -> Types {
        let store = self.0.store.clone();
        Box::pin(async move {
            let Statement { sql, parameters, settings, .. } = statement;
            let rows = |(name, _): &(String, String)| !["extremes", "limit", "offset"].contains(&name.as_str());
            let described = Statement {
                sql: format!("DESCRIBE TABLE ({sql})"),
                parameters,
                format: "TabSeparated",
                settings: settings.into_iter().filter(rows).collect(),
            };
            let answer = store.run(&reader, &described).await.ok().filter(|answer| answer.status().is_success())?;
            let text = answer.text().await.ok()?;
            let kind = |line: &str| line.split('\t').nth(1).map(|kind| kind.replace("\\'", "'"));
            text.lines().map(kind).collect()
        })
    }

    /// The key and its tenant, if the key may ask, and not too often.
    fn admit(&self, request: &Request) -> Result<(Caller, Arc<Tenant>), Refusal> {
        let key = request.key.as_deref().filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| Refusal::password_required("Give an API key as the password"))?;
        let unknown = || Refusal::authentication_failed("There is no such API key");
        let principal = self.0.settings.authenticate(key).map_err(|error| {
            self.0.settings.note_refusal(error);
            unknown()
        })?;
        if !principal.permissions.contain(Permission::QuerySql) {
            return Err(Refusal::access_denied("This takes an API key with the permission query_sql"));
        }
        let Some(id) = &principal.tenant else {
            return Err(Refusal::access_denied("This takes an API key of a tenant, not of the platform"));
        };
        let tenant = self.0.settings.tenant(id).ok_or_else(unknown)?;
        let features = self.0.settings.features(&tenant);
        for (feature, named) in [(Feature::Log, "the event log"), (Feature::Sql, "queries by SQL")] {
            if !features.has(feature) {
                return Err(Refusal::access_denied(format!("The tenant's plan doesn't include {named}")));
            }
        }
        self.count(&principal, &tenant)?;
        Ok((Caller::by_key(&self.0.settings, principal, Arc::clone(&tenant)).within(&features), tenant))
    }

    /// In the buckets of all other queries.
    fn count(&self, principal: &Principal, tenant: &Tenant) -> Result<(), Refusal> {
        let of_key = principal.limits.map(|limits| (format!("queries/key/{}", principal.key_id), query_rate(&limits)));
        let of_all = (format!("queries/tenant/{}", tenant.id), query_rate(&self.0.settings.limits(&tenant.id)));
        for (bucket, rate) in of_key.into_iter().chain([of_all]) {
            if let Verdict::RetryAfter { retry_after } = self.0.limiter.check(&bucket, rate, 1).verdict {
                let seconds = retry_after.as_secs() + 1;
                return Err(Refusal::quota_exceeded(format!("Too many queries; try again in {seconds} s")));
            }
        }
        Ok(())
    }

    /// The engine's answer, piece by piece as it comes. An error on the way is reported as one at the beginning would be.
    async fn streamed(&self, answer: reqwest::Response, place: Slot, own: String, shape: Shape) -> Response {
        enum Rest<S> {
            Pieces(S, Tail, Slot),
            Broken(io::Error),
            Ended,
        }
        let (status, headers) = head(&answer);
        // The engine ends by itself in half of that; the rest is for a client that takes its time.
        let until = tokio::time::Instant::now() + self.0.store.longest() * 2;
        let tail = Tail::of(headers.get("x-clickhouse-exception-tag"), own);
        let rest = Rest::Pieces(answer.bytes_stream(), tail, place);
        let stream = futures::stream::unfold(rest, move |rest| async move {
            let (mut pieces, mut tail, place) = match rest {
                Rest::Pieces(pieces, tail, place) => (pieces, tail, place),
                Rest::Broken(error) => return Some((Err(error), Rest::Ended)),
                Rest::Ended => return None,
            };
            match tokio::time::timeout_at(until, pieces.next()).await {
                Ok(Some(Ok(piece))) => {
                    let goes = tail.pass(&piece);
                    Some((Ok(goes), Rest::Pieces(pieces, tail, place)))
                }
                Ok(None) if !tail.has_failed() => Some((Ok(tail.end()), Rest::Ended)),
                // The client sees the answer break off as the engine's did.
                Ok(None) => Some((Ok(tail.end()), Rest::Broken(io::Error::other("the query failed")))),
                Ok(Some(Err(error))) => Some((Ok(tail.end()), Rest::Broken(io::Error::other(error.without_url())))),
                Err(_) => Some((Err(io::Error::from(io::ErrorKind::TimedOut)), Rest::Ended)),
            }
        });
        // What is held back leaves pieces empty.
        let full = |piece: &io::Result<axum::body::Bytes>| {
            std::future::ready(!piece.as_ref().is_ok_and(|piece| piece.is_empty()))
        };
        let mut stream = stream.filter(full).boxed();
        if shape.revision > 0 {
            let mut blocks = native::revised(stream, shape.revision, shape.types).boxed();
            stream = match blocks.next().await {
                Some(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                    tracing::debug!(%error, "no Native blocks of a result");
                    return Refusal::not_implemented("A column of this result can't be had as Native blocks; cast it")
                        .into_response();
                }
                first => futures::stream::iter(first).chain(blocks).boxed(),
            };
        }
        if shape.compress {
            stream = stream.map(|piece| piece.map(|piece| compressed(&piece))).boxed();
        }
        (status, headers, Body::from_stream(stream)).into_response()
    }
}

/// A response whose body is compressed blocks.
async fn squeezed(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let bytes = axum::body::to_bytes(body, MAX_BYTES).await.unwrap_or_default();
    Response::from_parts(parts, Body::from(compressed(&bytes)))
}

/// Returns the status and the headers that clients get.
fn head(answer: &reqwest::Response) -> (StatusCode, HeaderMap) {
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut headers = HeaderMap::new();
    for name in PASSED_ON {
        if let Some(value) = answer.headers().get(*name) {
            headers.insert(HeaderName::from_static(name), value.clone());
        }
    }
    (status, headers)
}

/// Returns what a caller wrote: an error may quote it.
fn own_words(text: &str, parameters: &[(String, String)]) -> String {
    parameters.iter().fold(text.to_owned(), |words, (_, value)| words + "\n" + value)
}
