//! Exports: lists and reports as files, streamed, in memory that doesn't depend on the number of rows.
//!
//! The store's cursor → what is shown of a row → [`crate::export::table::Tabular`] → a [`Writer`] in a thread of its own → chunks → the
//! body. Each step waits for the next one, so a client that doesn't read stops the query, and one that goes away ends it.
//! A file that could not be written to its end breaks the transfer off. How an export ended is an event of the tenant.

pub(crate) mod clock;
pub(crate) mod csv;
pub(crate) mod format;
pub(crate) mod heading;
pub(crate) mod parquet;
pub(crate) mod pdf;
pub(crate) mod sink;
pub mod table;
pub(crate) mod values;
pub(crate) mod words;
pub(crate) mod writer;
pub(crate) mod xlsx;
pub(crate) mod xlsx_parts;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::SecondsFormat;
use clickhouse::{RowOwned, RowRead};
use futures::stream;
use runtime::problem::{Problem, Spoken};
use schemas::settings::Tenant;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

pub(crate) use self::format::choose;
pub use self::format::{Format, Separator};
pub use self::heading::Heading;
pub use self::writer::{Report, Writer};
use crate::audit::{Audit, Details, StaffEvent};
use crate::export::sink::Sink;
use crate::export::table::Tabular;
use crate::http::caller::Caller;
use crate::http::params::ParamError;
use crate::store::fair::{Bounds, Slot, TenantSlots};
use crate::store::sql::{Clauses, NamedQuery};
use crate::store::{Store, StoreError};

/// Most rows of a PDF, whatever the configuration says: some thousand pages.
const MAX_PRINTED: u32 = 100_000;
/// Rows that are shown at a time: what they are shown with is asked for together.
const BATCH: usize = 250;
/// Batches between the store and the writer.
const WAITING: usize = 2;
/// Up to when a file is complete, where the file itself has no place for it; without the header that is not known.
const COMPLETE_UNTIL: HeaderName = HeaderName::from_static("complete-until");
/// The export of this answer records itself; reading it needs no event of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exported;

/// Places and bounds of exports, apart from those of pages.
#[derive(Debug)]
pub(crate) struct Exports {
    places: TenantSlots,
    max_rows: u32,
    longest: Duration,
}

impl Exports {
    pub(crate) fn new(limits: &runtime::config::Query) -> Self {
        Self {
            places: TenantSlots::new(Bounds {
                places: limits.export_places(),
                of_a_tenant: limits.export_places_of_a_tenant(),
                waiting: limits.max_waiting_per_tenant,
            }),
            max_rows: limits.export_max_rows,
            longest: Duration::from_millis(limits.export_timeout_ms),
        }
    }

    /// Most rows of a format.
    pub(crate) fn max_rows(&self, format: Format) -> u32 {
        if format == Format::Pdf { self.max_rows.min(MAX_PRINTED) } else { self.max_rows }
    }

    /// Waits for the tenant's turn. The place is to be kept until the file is written.
    async fn place(&self, tenant: &str) -> Result<Slot, Problem> {
        const PATIENCE: Duration = Duration::from_secs(5);
        match timeout(PATIENCE, self.places.enter(tenant)).await {
            Ok(Ok(place)) => Ok(place),
            _ => {
                let detail = "too many exports at the moment, of your tenant or of all; try again";
                Err(Problem::unavailable("busy", detail, Duration::from_secs(10)))
            }
        }
    }
}

/// An export as it was asked for.
pub(crate) struct Export {
    pub(crate) exports: Arc<Exports>,
    pub(crate) store: Store,
    pub(crate) audit: Arc<Audit>,
    pub(crate) caller: Caller,
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) format: Format,
    pub(crate) heading: Heading,
    /// Which list or report.
    pub(crate) list: &'static str,
    /// What it was narrowed to.
    pub(crate) filters: Vec<(String, String)>,
}

impl Export {
    /// All rows of a statement, as `show` shows them. `clauses` bind `rows` to one more than there may be.
    pub(crate) async fn rows<R, T, F>(
        self,
        query: NamedQuery,
        clauses: Clauses,
        show: impl Fn(Vec<R>) -> F + Send + Sync + 'static,
    ) -> Result<Response, Problem>
    where
        R: RowOwned + RowRead + Send + 'static,
        T: Tabular + Serialize + Send + 'static,
        F: Future<Output = Result<Vec<T>, Problem>> + Send,
    {
        self.check_columns::<T>()?;
        if self.caller.info().is_head() {
            return Ok(self.headed());
        }
        let place = self.exports.place(&self.tenant.id).await?;
        let deadline = self.deadline();
        let most = u64::from(self.exports.max_rows(self.format));
        let longest = self.exports.longest;
        if self.store.count(query, clauses.clone(), longest).await? > most {
            return Err(self.too_large(most));
        }
        let mut cursor = self.store.cursor::<R>(query, clauses, longest)?;
        // The first rows are read before anything is answered, so that a statement that fails is a problem of its own.
        let first = timeout_at(deadline, cursor.next(BATCH)).await;
        let mut rows = first.map_err(|_| StoreError::TimedOut(query.name))??;
        let (shown, arriving) = mpsc::channel::<Result<Vec<T>, String>>(WAITING);
        tokio::spawn(async move {
            while !rows.is_empty() {
                let batch = show(rows).await.map_err(|problem| format!("{problem:?}"));
                let failed = batch.is_err();
                if shown.send(batch).await.is_err() || failed {
                    return;
                }
                rows = match timeout_at(deadline, cursor.next(BATCH)).await {
                    Ok(Ok(rows)) => rows,
                    Ok(Err(error)) => return drop(shown.send(Err(error.to_string())).await),
                    Err(_) => return drop(shown.send(Err("it took too long".to_owned())).await),
                };
            }
            // Whoever waits for rows knows by this that there are no more.
            let _ = shown.send(Ok(Vec::new())).await;
        });
        let name = self.list;
        Ok(self.respond(place, deadline, move |writer| {
            writer.table::<T>(name)?;
            write_all(arriving, most, writer)
        }))
    }

    /// A report.
    pub(crate) async fn report(self, report: impl Report + Send + 'static) -> Result<Response, Problem> {
        if self.caller.info().is_head() {
            return Ok(self.headed());
        }
        let place = self.exports.place(&self.tenant.id).await?;
        let deadline = self.deadline();
        Ok(self.respond(place, deadline, move |writer| report.tables(writer)))
    }

    /// Refuses columns that rows of a kind don't have.
    pub(crate) fn check_columns<T: Tabular>(&self) -> Result<(), Problem> {
        let known = || T::COLUMNS.iter().map(|column| column.name);
        match self.heading.columns.iter().find(|name| !known().any(|known| known == *name)) {
            None => Ok(()),
            Some(name) => {
                let known: Vec<&str> = known().collect();
                Err(ParamError::bad("columns", format!("{name:?} is no column; there are {}", known.join(", "))).into())
            }
        }
    }

    /// What a HEAD is answered: no row is read, so nothing is said of how complete they are, and nothing is recorded.
    fn headed(&self) -> Response {
        // Of unknown length, as the file is.
        self.answer(Body::from_stream(stream::empty::<io::Result<Bytes>>()))
    }

    /// The file as an attachment, whatever is in it.
    fn answer(&self, body: Body) -> Response {
        let mut response = ([(header::CONTENT_TYPE, self.format.content_type())], body).into_response();
        let name = self.heading.file_name(self.format);
        // The name is letters, digits and dashes.
        if let Ok(disposition) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
            response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
        }
        let nosniff = HeaderName::from_static("x-content-type-options");
        response.headers_mut().insert(nosniff, HeaderValue::from_static("nosniff"));
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept, authorization"));
        response.extensions_mut().insert(Spoken(self.heading.lang));
        response
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.exports.longest
    }

    fn too_large(&self, most: u64) -> Problem {
        let instead = if self.format == Format::Pdf { "; other formats take more" } else { "" };
        let detail = format!(
            "a file of the format {} has at most {most} rows; narrow the period or the filter{instead}",
            self.format.as_str()
        );
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "export_too_large", detail).with_member("limit", most)
    }

    /// The answer, whose body is written meanwhile.
    fn respond(
        self,
        place: Slot,
        deadline: Instant,
        write: impl FnOnce(&mut Writer<Sink>) -> io::Result<()> + Send + 'static,
    ) -> Response {
        let (sink, body) = sink::pair(deadline);
        let mut response = self.answer(body);
        let until = self.heading.complete_until.map(|until| until.to_rfc3339_opts(SecondsFormat::Millis, true));
        if let Some(Ok(until)) = until.map(HeaderValue::try_from) {
            response.headers_mut().insert(COMPLETE_UNTIL, until);
        }
        response.extensions_mut().insert(Exported);
        let (format, heading) = (self.format, self.heading.clone());
        tokio::spawn(async move {
            let writing = tokio::task::spawn_blocking(move || whole(format, sink, heading, write));
            let (rows, result) = writing.await.unwrap_or_else(|error| (0, Err(io::Error::other(error))));
            drop(place);
            if let Err(error) = &result {
                tracing::warn!(tenant = %self.tenant.id, list = self.list, rows, %error, "an export broke off");
            }
            self.record(rows, result.err()).await;
        });
        response
    }

    /// What was exported, by whom, and how much of it went out.
    async fn record(&self, rows: u64, error: Option<io::Error>) {
        let event = StaffEvent {
            kind: "event_log.exported",
            object_type: "event_log",
            object_id: self.list.to_owned(),
            object_name: self.heading.title.clone(),
            reason: error.as_ref().map(ToString::to_string).unwrap_or_default(),
            changes: vec![("format".to_owned(), Value::Null, self.format.as_str().into())],
        };
        let details = Details {
            records: rows,
            outcome: if error.is_none() { "success" } else { "failure" },
            payload: Some(json!({
                "filter": grouped(&self.filters),
                "period": { "from": self.heading.period.from, "to": self.heading.period.to },
                "format": self.format.as_str(),
            })),
        };
        if let Err(problem) = self.audit.record_with(&self.caller, &self.tenant.id, event, details).await {
            tracing::error!(tenant = %self.tenant.id, list = self.list, rows, ?problem, "an export is not recorded");
        }
    }
}

/// A list whose rows are all there: one table, by its name.
pub(crate) struct Rows<T>(pub(crate) &'static str, pub(crate) Vec<T>);

impl<T: Tabular + Serialize> Report for Rows<T> {
    fn tables<W: io::Write + Send>(&self, to: &mut Writer<W>) -> io::Result<()> {
        to.whole(self.0, &self.1)
    }
}

/// Parameters as an object: each name once, with its values.
pub(crate) fn grouped(filters: &[(String, String)]) -> Value {
    let mut object = serde_json::Map::new();
    for (name, value) in filters {
        if let Value::Array(values) = object.entry(name.clone()).or_insert_with(|| json!([])) {
            values.push(value.clone().into());
        }
    }
    Value::Object(object)
}

/// Writes a file from its beginning to its end; returns the number of rows however it went.
fn whole(
    format: Format,
    sink: Sink,
    heading: Heading,
    write: impl FnOnce(&mut Writer<Sink>) -> io::Result<()>,
) -> (u64, io::Result<()>) {
    let mut writer = match Writer::open(format, sink, heading) {
        Ok(writer) => writer,
        Err(error) => return (0, Err(error)),
    };
    let result = write(&mut writer);
    let rows = writer.rows();
    (rows, result.and_then(|()| writer.finish()).and_then(Sink::end))
}

/// Writes rows as they arrive. An empty batch marks their end; without it they broke off.
fn write_all<T: Tabular + Serialize>(
    mut arriving: mpsc::Receiver<Result<Vec<T>, String>>,
    most: u64,
    writer: &mut Writer<Sink>,
) -> io::Result<()> {
    while let Some(batch) = arriving.blocking_recv() {
        let rows = batch.map_err(io::Error::other)?;
        if rows.is_empty() {
            return Ok(());
        }
        rows.iter().try_for_each(|row| writer.row(row))?;
        if writer.rows() > most {
            return Err(io::Error::other("more rows arrived than a file may have"));
        }
    }
    Err(io::Error::other("the rows broke off"))
}
